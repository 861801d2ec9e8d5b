"""Leave a class out, and see whether the others are told apart better without it."""

import numpy as np

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.training.baseline import Training

NOTE = "Only pictures of the other classes count on either side: the class left out can no longer be said."


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Every class, where at least two others are left."""
    return tuple({"class": name} for name in case.classes) if len(case.classes) >= 3 else ()


def judged_on(case: Case, arguments: Arguments) -> np.ndarray:
    """Pictures of the other classes, shape (n,)."""
    return np.asarray(case.targets != case.number(arguments["class"]))


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Drop its pictures; nothing is chosen, so nothing needs to be nested."""
    return training.only(training.labels != case.number(arguments["class"]))


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return f"{arguments['class']}, left out"


def cost(case: Case, arguments: Arguments) -> Cost:
    """Deleting one tag."""
    return Cost(clicks=2, minutes=1)
