"""Leave out every training picture whose label looks wrong."""

import numpy as np

from tools.case import Case
from tools.experiments import relabel
from tools.kinds import Arguments
from tools.training.baseline import Training

eligible = relabel.eligible
cost = relabel.cost


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Drop the suspects found among these training pictures alone."""
    return training.only(~relabel.suspects(case, training).flagged)


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return "training pictures whose label looks wrong, left out"
