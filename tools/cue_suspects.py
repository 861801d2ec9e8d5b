"""Training pictures whose labels look wrong, and those among them that only break a link the model relies on."""

import numpy as np

from tools.case import Arrays, Case
from tools.cue_candidates import kept
from tools.cues import Tested
from tools.label_errors import find_suspects
from tools.training.baseline import plain_training


def contradicting(case: Case, test: Tested) -> tuple[int, int]:
    """Suspected labels of the pair's training pictures, and how many of these pictures are against the cue.

    A picture of A that looks like B in the cue, or of B that does not, is what such a model gets wrong; that it doubts
    the label then says nothing of the label.
    """
    rows = suspected_rows(case)
    rows = rows[np.isfinite(test.cue.values[rows])]
    a, b = (case.targets[rows] == case.number(name) for name in test.pair)
    looks_like_b = test.looks_like_b[rows]
    return int((a | b).sum()), int((a & looks_like_b).sum() + (b & ~looks_like_b).sum())


def suspected_rows(case: Case) -> np.ndarray:
    """Rows that the check for wrong labels flags, found as it finds them and kept."""

    def compute() -> Arrays:
        training = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
        groups, rng = case.derived.grouping.groups, case.rng("wrong-labels")
        found = find_suspects(case.space.vectors, training, groups, len(case.classes), rng)
        return {"rows": found.rows[found.flagged]}

    return np.asarray(kept(case, "suspected-labels", compute)["rows"], dtype=np.int64)
