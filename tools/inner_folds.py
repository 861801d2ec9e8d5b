"""Scores of a training set's own pictures by heads that did not see their groups: what decides a change inside it."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.folds import partition
from tools.training.baseline import Training, parent_scores


def held_out_scores(
    case: Case,
    training: Training,
    rng: np.random.Generator,
    *,
    folds: int,
    tolerance: float | None = None,
    vectors: NDArray[np.float32] | None = None,
) -> NDArray[np.float64] | None:
    """Scores of each training picture, shape (m, classes); None with fewer groups than folds.

    Parameters
    ----------
    training : Training
        Without pictures made for a trial.
    rng : Generator
        Deals the groups out.
    tolerance : float, optional
        As of ``tools.training.heads.fit_heads``.
    vectors : ndarray of float32, shape (n, d), optional
        What heads are fitted on; the case's own when left out.
    """
    groups = case.derived.grouping.groups[training.rows]
    if len(np.unique(groups)) < folds:
        return None
    part = partition(training.labels, groups, folds, rng)
    names = np.unique(part)
    inner = [training.only(part != name) for name in names]
    asked = [training.rows[part == name] for name in names]
    out = np.zeros((len(training.rows), len(case.classes)))
    known = case.space.vectors if vectors is None else vectors
    scores = parent_scores(known, inner, asked, len(case.classes), tolerance=tolerance)
    for name, found in zip(names, scores, strict=True):
        out[part == name] = found
    return out
