"""Let every class weigh the same in training, however many pictures it has."""

from dataclasses import replace

import numpy as np

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.training.baseline import Training

IMBALANCE = 2.0
"""Custom Vision's guide: smallest to largest at least 1 : 2."""


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Where the largest class has more than twice the pictures of the smallest."""
    counts = np.bincount(case.targets[case.fit])
    counts = counts[counts > 0]
    return ({},) if len(counts) > 1 and counts.max() > IMBALANCE * counts.min() else ()


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Weights n / (classes · pictures of the class)."""
    counts = np.bincount(training.labels, minlength=len(training.parents))
    each = len(training.labels) / np.maximum(counts, 1) / (counts > 0).sum()
    return replace(training, weights=(training.weights * each[training.labels]).astype(np.float32))


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return "all classes, weighted equally in training"


def cost(case: Case, arguments: Arguments) -> Cost:
    """One retraining."""
    return Cost(clicks=1, minutes=1)
