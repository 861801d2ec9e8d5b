"""Use a column (camera, place, line): a label for each class and value, added up again, or all values weighing alike.

Labels of their own help where a class looks otherwise from each camera; weights help where a camera goes with a class.
Both at once were worse than weights alone (a cue in 90 % of 120 pictures a class: -0.3 against +3.0 points): what is
rare is then learnt from few pictures.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.training.baseline import Training

FEWEST_VALUES, MOST_VALUES = 2, 12
FEWEST = 8
"""Training pictures of a class and value that get a label of their own; fewer stay with the largest of the class."""
FEWEST_OF_VALUE = 20
LARGEST_WEIGHT = 8.0
"""As for a rare setting (``group-balance``)."""
HOWS = {
    "labels": "every class, with a label of its own for each value of",
    "weights": "every class, weighing all values alike of",
}
NEEDS = (
    f"a column of {FEWEST_VALUES} to {MOST_VALUES} values (camera, place, a recurring object), each seen in at least "
    f"two classes and in {FEWEST_OF_VALUE} training pictures; give it in the CSV that is imported"
)
NOTE = "The column is needed for the training alone: what is said of a picture is the class, whatever its value."


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Columns with few values, none of which goes with one class alone."""
    return tuple({"column": name, "how": how} for name in usable_columns(case) for how in HOWS)


def usable_columns(case: Case) -> Iterator[str]:
    """Names of categorical columns whose values cut across classes."""
    for name, column in case.dataset.metadata.items():
        values, targets = column[case.fit], case.targets[case.fit]
        names, counts = np.unique(values[values != ""], return_counts=True)
        if not FEWEST_VALUES <= len(names) <= MOST_VALUES or counts.min() < FEWEST_OF_VALUE:
            continue
        if min(len(np.unique(targets[values == one])) for one in names) < 2:
            continue
        cells = [[int(((values == one) & (targets == c)).sum()) for one in names] for c in range(len(case.classes))]
        if sum(sum(size >= FEWEST for size in sizes) >= 2 for sizes in cells) >= 2:
            yield name


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Split or weigh every output by the column; nothing is chosen, so nothing needs to be nested."""
    values = case.dataset.metadata[arguments["column"]][training.rows]
    labels, weights, parents = training.labels.copy(), training.weights.copy(), training.parents.tolist()
    for output, parent in enumerate(training.parents.tolist()):
        mine = training.labels == output
        large = _large_values(values[mine])
        if len(large) < 2:
            continue
        side = np.where(np.isin(values, large), values, large[0])
        for name in large:
            of = mine & (side == name)
            if arguments["how"] == "weights":
                weights[of] *= min(LARGEST_WEIGHT, mine.sum() / (len(large) * of.sum()))
            elif name != large[0]:
                labels[of] = len(parents)
                parents.append(parent)
    return replace(training, labels=labels, weights=weights, parents=np.array(parents, dtype=np.int64))


def _large_values(values: NDArray[np.str_]) -> list[str]:
    """Values with enough pictures, the most frequent first."""
    names, counts = np.unique(values[values != ""], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [str(names[i]) for i in order if counts[i] >= FEWEST]


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return f"{HOWS[arguments['how']]} {arguments['column']}"


def cost(case: Case, arguments: Arguments) -> Cost:
    """One tag per class and value, put on by the column."""
    values = len(np.unique(case.dataset.metadata[arguments["column"]][case.fit]))
    return Cost(clicks=values * len(case.classes), minutes=5)
