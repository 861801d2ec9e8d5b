"""Train one label for each hidden kind of a class and add their scores up again."""

from dataclasses import replace

import numpy as np

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.subclasses import FEWEST, find_parts
from tools.training.baseline import Training


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Classes with enough training pictures to look for kinds in halves of them."""
    sizes = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    return tuple({"class": name} for number, name in enumerate(case.classes) if sizes[number] >= FEWEST)


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Look for kinds among these training pictures alone; unchanged where none is stable."""
    number = case.number(arguments["class"])
    mine = training.labels == number
    rows = training.rows[mine]
    parts, _ = find_parts(case.space.vectors[rows], case.derived.grouping.groups[rows], rng)
    if parts is None:
        return training
    labels, outputs = training.labels.copy(), len(training.parents)
    labels[mine] = np.where(parts.labels == 0, number, outputs + parts.labels - 1)
    added = np.full(int(parts.labels.max()), number, dtype=np.int64)
    return replace(training, labels=labels, parents=np.concatenate([training.parents, added]))


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return f"{arguments['class']}, split into the kinds it holds"


def cost(case: Case, arguments: Arguments) -> Cost:
    """Naming the kinds and confirming their pictures."""
    pictures = int((case.fit & (case.targets == case.number(arguments["class"]))).sum())
    return Cost(clicks=pictures // 10, minutes=5 + pictures / 60)
