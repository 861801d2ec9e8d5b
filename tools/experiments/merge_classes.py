"""Train two classes as one, and count them as one."""

from dataclasses import replace

import numpy as np

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments, pair_of
from tools.training.baseline import Training


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Every pair, where at least three classes are left to tell apart."""
    names = case.classes
    if len(names) < 3:
        return ()
    return tuple({"pair": f"{a}|{b}"} for i, a in enumerate(names) for b in names[i + 1 :])


def counted_as(case: Case, arguments: Arguments) -> np.ndarray:
    """The class that each class is judged as, before and after: B counts as A. Shape (k,)."""
    a, b = (case.number(name) for name in pair_of(case, arguments))
    judged = np.arange(len(case.classes))
    judged[b] = a
    return judged


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """One label for both; nothing is chosen, so nothing needs to be nested."""
    return replace(training, labels=counted_as(case, arguments)[training.labels])


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return " and ".join(pair_of(case, arguments)) + ", trained and counted as one class"


def cost(case: Case, arguments: Arguments) -> Cost:
    """Renaming one tag."""
    return Cost(clicks=2, minutes=1)
