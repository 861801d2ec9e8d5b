"""Give every training picture whose label looks wrong the label that fits better."""

from dataclasses import replace
from hashlib import sha256

import numpy as np

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.label_errors import Suspects, case_suspects, find_suspects, without_confirmed
from tools.training.baseline import Training

FEWEST_PER_CLASS = 8


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Wherever two classes have enough pictures for held-out scores."""
    counts = np.bincount(case.targets[case.fit])
    return ({},) if (counts >= FEWEST_PER_CLASS).sum() >= 2 else ()


def suspects(case: Case, training: Training) -> Suspects:
    """Doubt the labels of this training set by nothing but itself; once for every change that asks."""
    key = f"suspects-{sha256(training.rows.tobytes() + training.labels.tobytes()).hexdigest()}"
    groups, classes = case.derived.grouping.groups, len(case.classes)

    def compute() -> Suspects:
        return without_confirmed(case, find_suspects(case.space.vectors, training, groups, classes, case.rng(key)))

    return case.derived.once(key, compute)


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Relabel the suspects found among these training pictures alone."""
    doubted = suspects(case, training)
    return replace(training, labels=np.where(doubted.flagged, doubted.suggested, training.labels))


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return "training labels that look wrong, given the label that fits better"


def cost(case: Case, arguments: Arguments) -> Cost:
    """About five seconds of a person's time per suspect (counted on all training pictures)."""
    count = int(case_suspects(case).flagged.sum())
    return Cost(clicks=count, minutes=count / 12)
