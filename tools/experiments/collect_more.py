"""Take as many pictures again: what the last doubling of a class, or of every class, has brought."""

import numpy as np

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.training.baseline import Training

FEWEST_GROUPS = 10
"""Independent takes of a class; half of fewer is no class any more."""
NOTE = (
    "Before is trained on half of the takes (bursts stay whole), after on all of them. Another doubling of the same "
    "kind of pictures usually brings less than the last one did."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Each class with enough takes, and all together where every class has."""
    groups = case.derived.grouping.groups
    takes = [len(np.unique(groups[case.fit & (case.targets == c)])) for c in range(len(case.classes))]
    single = tuple({"class": name} for name, n in zip(case.classes, takes, strict=True) if n >= FEWEST_GROUPS)
    return ({}, *single) if len(single) == len(case.classes) else single


def start(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Half of the takes, drawn at random class by class."""
    groups, keep = case.derived.grouping.groups[training.rows], np.ones(len(training.rows), dtype=np.bool_)
    for number in [case.number(arguments["class"])] if arguments else range(len(case.classes)):
        mine = training.labels == number
        names = rng.permutation(np.unique(groups[mine]))
        keep &= ~mine | np.isin(groups, names[: (len(names) + 1) // 2])
    return training.only(keep)


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Everything there is."""
    return training


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return f"{arguments.get('class', 'every class')}, twice as many pictures"


def cost(case: Case, arguments: Arguments) -> Cost:
    """As many pictures again as there are."""
    mine = case.fit if not arguments else case.fit & (case.targets == case.number(arguments["class"]))
    return Cost(images=int(mine.sum()), minutes=mine.sum() / 2)
