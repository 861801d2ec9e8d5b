"""Measure with bursts kept in one fold instead of at random: how much of the figure is owed to pictures seen before."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost
from tools.folds import partition
from tools.kinds import Arguments
from tools.training.baseline import Training

WORTH_ASKING = 0.05
"""Share of the training pictures that have a companion in their group, below which both rulers are one."""
NEEDS = (
    f"groups (bursts, a --group column) of which at least {100 * WORTH_ASKING:g} % of the training pictures are part"
)
NOTE = (
    "The ruler changes here, not the model: before is what random folds say of it, after what folds say that keep "
    "groups whole. A lower figure after means that random folds flatter by so much, not that anything got worse; the "
    "figure after is the one to expect on new objects."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Where some training pictures come in groups, and groups enough to hold out."""
    groups = case.derived.grouping.groups[case.fit]
    if not len(groups):
        return ()
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return ({},) if (sizes[codes] > 1).mean() >= WORTH_ASKING and len(sizes) >= 2 * case.settings.folds else ()


def folds(case: Case, repeat: int) -> NDArray[np.int64]:
    """Folds that ignore groups, shape (n,)."""
    out = np.full(len(case.ids), -1, dtype=np.int64)
    alone = np.arange(int(case.fit.sum()))
    out[case.fit] = partition(case.targets[case.fit], alone, case.settings.folds, case.rng(f"regroup-{repeat}"))
    return out


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Nothing: only what is held out differs."""
    return training


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return "measured with groups of pictures kept whole instead of in random folds"


def cost(case: Case, arguments: Arguments) -> Cost:
    """Naming the column that says which pictures belong together."""
    return Cost(clicks=1, minutes=1)
