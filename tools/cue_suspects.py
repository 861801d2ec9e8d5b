"""Training pictures whose labels look wrong, and those among them that only break a link the model relies on."""

import numpy as np

from tools.case import Case
from tools.cues import Tested
from tools.label_errors import case_suspects


def contradicting(case: Case, test: Tested) -> tuple[int, int]:
    """Suspected labels of the pair's training pictures, and how many of these pictures are against the cue.

    A picture of A that looks like B in the cue, or of B that does not, is what such a model gets wrong; that it doubts
    the label then says nothing of the label.
    """
    found = case_suspects(case)
    rows = found.rows[found.flagged]
    rows = rows[np.isfinite(test.cue.values[rows])]
    a, b = (case.targets[rows] == case.number(name) for name in test.pair)
    looks_like_b = test.looks_like_b[rows]
    return int((a | b).sum()), int((a & looks_like_b).sum() + (b & ~looks_like_b).sum())
