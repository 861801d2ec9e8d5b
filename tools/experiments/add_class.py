"""Make a class of its own of some pictures (unlabelled ones, or a column's value), and see what it costs the others."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.outside import Outside, outside_of, taught, truth_of
from tools.training.baseline import Training

FEWEST, FEWEST_GROUPS = 20, 10
"""Pictures that teach the new class, pictures that judge it, and independent takes of either."""
FEWEST_LEFT = 8
"""Training pictures that every other class must keep."""
MOST_VALUES = 12
NEW = "recall of the new class"
NEEDS = (
    f"pictures that could be a class of their own: {2 * FEWEST} or more unlabelled ones, or a column with at most "
    f"{MOST_VALUES} values, one of which marks {FEWEST} or more pictures on either side of the split"
)
NOTE = (
    "The verdict is on the pictures of the other classes: what the new class costs them, or spares them. Before, none "
    "of the new class's pictures could be called by its name, so its own recall starts at 0."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """All unlabelled pictures as one class; values of columns that leave every class enough pictures."""
    options = [{"from": "unlabelled"}]
    for name, column in case.dataset.metadata.items():
        values = np.unique(column[column != ""])
        if 2 <= len(values) <= MOST_VALUES:
            options += [{"column": name, "value": str(value)} for value in values]
    return tuple(arguments for arguments in options if _fits(case, _of(case, arguments)))


def _fits(case: Case, outside: Outside) -> bool:
    groups = case.derived.grouping.groups
    parts = (case.fit & outside.labelled | outside.teach, case.evaluation & outside.labelled | outside.judge)
    if any(part.sum() < FEWEST or len(np.unique(groups[part])) < FEWEST_GROUPS for part in parts):
        return False
    left = np.bincount(case.targets[case.fit & ~outside.labelled], minlength=len(case.classes))
    there = np.bincount(case.targets[case.fit], minlength=len(case.classes)) > 0
    return bool((left[there] >= FEWEST_LEFT).all())


def _of(case: Case, arguments: Arguments) -> Outside:
    if "from" in arguments:
        return outside_of(case, case.targets < 0)
    return outside_of(case, case.dataset.metadata[arguments["column"]] == arguments["value"])


def truth(case: Case, arguments: Arguments) -> NDArray[np.int64]:
    """Pictures of the new class are of one class more than there are, shape (n,)."""
    return truth_of(case, _of(case, arguments))


def asked(case: Case, arguments: Arguments) -> NDArray[np.bool_]:
    """The unlabelled ones that judge, shape (n,)."""
    return _of(case, arguments).judge


def judged_on(case: Case, arguments: Arguments) -> NDArray[np.bool_]:
    """Pictures of the other classes, shape (n,)."""
    return np.asarray(truth(case, arguments) != len(case.classes))


def meant_for(case: Case, arguments: Arguments) -> dict[str, NDArray[np.bool_]]:
    """The new class's pictures."""
    return {NEW: truth(case, arguments) == len(case.classes)}


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Give them an output of their own; which they are is known beforehand, so nothing needs to be nested."""
    return taught(case, training, _of(case, arguments), even=False)


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    if "from" in arguments:
        return "the unlabelled pictures, as one class of their own"
    return f"pictures whose {arguments['column']} is {arguments['value']}, as a class of their own"


def cost(case: Case, arguments: Arguments) -> Cost:
    """A look at each unlabelled picture; one tag where a column already tells."""
    outside = _of(case, arguments)
    count = int((outside.teach | outside.judge).sum())
    return Cost(clicks=max(2, count), minutes=1 + count / 12)
