"""Let the rule that turns scores into an answer favour the classes that it now neglects; nothing is trained anew."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.experiments.reweight import IMBALANCE
from tools.findings import Cost
from tools.inner_folds import held_out_scores
from tools.kinds import Arguments
from tools.thresholds import threshold_for_f1
from tools.training.baseline import Training

FEWEST = 20
"""Training pictures of every class, to choose its threshold on."""
FOLDS = 3
LEAST = 0.02
"""Thresholds stay between this and its complement: a class of which the inner heads see nothing decides nothing."""
HOWS = {
    "prior": "each class's score divided by its share of the training pictures",
    "tuned": "each class's score held against a threshold of its own",
}
NEEDS = (
    f"classes of which the largest has {IMBALANCE:g} times the pictures of the smallest, or at least {FEWEST} training "
    "pictures of every class to choose thresholds on"
)
NOTE = (
    "Heads are the same before and after; shares and thresholds come from the training pictures of each fold alone. "
    "Thresholds for a goal, on your own model's scores: advisor threshold."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Shares where classes differ in size; thresholds where every class has enough to choose on."""
    counts = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    there = counts[counts > 0]
    if len(there) < 2:
        return ()
    hows = ["prior"] if there.max() > IMBALANCE * there.min() else []
    return tuple({"how": how} for how in [*hows, *(["tuned"] if there.min() >= FEWEST else [])])


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Nothing: only the rule differs."""
    return training


def adjust(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> NDArray[np.float64]:
    """One over each class's share (Saerens, Latinne & Decaestecker 2002), or over its threshold of best F1."""
    classes = len(case.classes)
    if arguments["how"] == "prior":
        counts = np.bincount(training.labels, minlength=classes)
        return np.asarray(len(training.labels) / np.maximum(counts, 1) / classes)
    scores = held_out_scores(case, training, rng, folds=FOLDS)
    if scores is None:
        return np.ones(classes)
    cuts = [threshold_for_f1(scores[:, c], training.labels == c) for c in range(classes)]
    return np.asarray(1 / np.clip(cuts, LEAST, 1 - LEAST))


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return HOWS[arguments["how"]]


def cost(case: Case, arguments: Arguments) -> Cost:
    """One setting of the service that uses the model."""
    return Cost(clicks=1, minutes=5)
