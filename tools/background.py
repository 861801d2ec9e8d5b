"""How much the background alone tells of the label, and what the model says when it is exchanged (Xiao et al. 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays, Case
from tools.exchange import SWAPS, Exchange, Put
from tools.folds import partition
from tools.other_pictures import Pixels
from tools.registry import NotApplicable
from tools.scorers import scorer
from tools.statistics import clustered_mean, group_permutation_p, quantile_of_normal

RIDGE = 0.1
"""Of the readers, in units of the mean squared length: enough to rank, and a permutation costs one product."""


class Reader:
    """Reads classes from vectors by ridge regression on one-hot labels, out of fold, groups whole.

    Parameters
    ----------
    targets, groups : ndarray of int64, shape (m,)
    classes : int
    folds : ndarray of int64, shape (m,)
    """

    def __init__(self, targets: NDArray[np.int64], classes: int, folds: NDArray[np.int64]) -> None:
        self._targets, self._classes, self._folds = targets, classes, folds

    def smoother(self, learnt: NDArray[np.float32], read: NDArray[np.float32]) -> NDArray[np.float64]:
        """Matrix from one-hot labels to held-out scores, shape (m, m): learnt from one part, read from another."""
        m = len(learnt)
        out = np.zeros((m, m))
        for fold in np.unique(self._folds):
            held = self._folds == fold
            known = learnt[~held].astype(np.float64)
            centre = known.mean(axis=0)
            known -= centre
            gram = known @ known.T
            gram[np.diag_indices(len(gram))] += RIDGE * np.trace(gram) / len(gram)
            other = read[held].astype(np.float64) - centre
            weights = other @ known.T @ np.linalg.inv(gram)
            rows = np.full(weights.shape[1], 1 / weights.shape[1])
            out[np.ix_(held, ~held)] = weights - np.outer(weights.sum(axis=1), rows) + rows
        return out

    def said(self, smoother: NDArray[np.float64], source: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Class read for each row; with ``source`` the labels are those of other rows (for permutations)."""
        targets = self._targets if source is None else self._targets[source]
        known = np.eye(self._classes)[targets]
        folds, fold_of = np.unique(self._folds, return_inverse=True)
        share = np.stack([known[self._folds != fold].mean(axis=0) for fold in folds])[fold_of]
        return np.asarray(((smoother @ known) / np.maximum(share, 1e-9)).argmax(axis=1), dtype=np.int64)


def balanced(right: NDArray[np.bool_], targets: NDArray[np.int64]) -> float:
    """Mean over classes of the share that is right.

    >>> balanced(np.array([True, True, False, False]), np.array([0, 0, 0, 1]))
    0.3333333333333333
    """
    return float((right * balanced_weights(targets)).sum())


def balanced_weights(targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each row in the balanced accuracy; they sum to 1."""
    _, codes, counts = np.unique(targets, return_inverse=True, return_counts=True)
    return np.asarray(1 / (len(counts) * counts[codes]), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Readings:
    """What can be read from the parts of a sample of pictures.

    Attributes
    ----------
    rows, targets, groups : ndarray of int64, shape (m,)
    said : dict of str to ndarray of int64, each shape (m,)
        Class read out of fold from ``background``, ``foreground``, ``whole``, and ``shared``: from the background by a
        reader of foregrounds, which succeeds where the thing itself is in the background too.
    p : float
        That the background tells nothing of the label: labels of whole groups permuted.
    area : float
        Median share of the picture that is foreground.
    """

    rows: NDArray[np.int64]
    targets: NDArray[np.int64]
    groups: NDArray[np.int64]
    said: dict[str, NDArray[np.int64]]
    p: float
    area: float

    def accuracy(self, part: str, confidence: float) -> tuple[float, float, float]:
        """Balanced accuracy of a part, with an interval by groups."""
        right = (self.said[part] == self.targets).astype(np.float64)
        weights = balanced_weights(self.targets)
        value, error = clustered_mean(right, self.groups, weights)
        half = quantile_of_normal(confidence) * (error if np.isfinite(error) else 1.0)
        return value, max(0.0, value - half), min(1.0, value + half)


def read_parts(case: Case, fewest: int) -> Readings:
    """Read the classes of the shared sample from backgrounds, foregrounds and whole pictures.

    Parameters
    ----------
    fewest : int
        Classes with fewer pictures in the sample are left out.

    Raises
    ------
    NotApplicable
    """
    parts = case.derived.parts
    counts = np.bincount(case.targets[parts.rows], minlength=len(case.classes))
    keep = counts[case.targets[parts.rows]] >= fewest
    rows = parts.rows[keep]
    classes, targets = np.unique(case.targets[rows], return_inverse=True)
    if len(classes) < 2:
        raise NotApplicable(f"fewer than two classes have {fewest} pictures that could be parted")
    groups = case.derived.grouping.groups[rows]
    folds = partition(targets, groups, min(5, len(np.unique(groups))), case.rng("background-folds"))
    reader = Reader(targets, len(classes), folds)
    vectors = {"background": parts.background[keep], "foreground": parts.foreground[keep]}
    vectors["whole"] = case.space.vectors[rows]
    smoothers = {name: reader.smoother(part, part) for name, part in vectors.items()}
    smoothers["shared"] = reader.smoother(vectors["foreground"], vectors["background"])
    said = {name: classes[reader.said(smoother)] for name, smoother in smoothers.items()}

    def told(source: NDArray[np.int64]) -> float:
        return balanced(reader.said(smoothers["background"], source) == targets[source], targets[source])

    p = group_permutation_p(told, groups, case.rng("background-null"), 199)
    return Readings(rows, classes[targets], groups, said, p, float(np.median(parts.area)))


@dataclass(frozen=True, eq=False)
class Swapped:
    """What the held-out baseline, or the user's own network, says of pictures on other backgrounds.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
    same, other : ndarray of int64, shape (m, swaps)
        Class said on backgrounds of the own class, and of other classes.
    donors : ndarray of int64, shape (m, swaps)
        The other class whose background it was.
    """

    rows: NDArray[np.int64]
    same: NDArray[np.int64]
    other: NDArray[np.int64]
    donors: NDArray[np.int64]


def swap_backgrounds(case: Case) -> Swapped:
    """Put a sample of judged pictures on backgrounds of their own class and of others; kept in the case's store.

    Raises
    ------
    NotApplicable
    """
    arrays = case.derived.kept("swapped-backgrounds", lambda: _swapped(case))
    return Swapped(*(arrays[name].astype(np.int64) for name in ("rows", "same", "other", "donors")))


def swapped_of(case: Case, done: Sequence[Put[NDArray[np.int64]]]) -> Swapped:
    """From the class said of each picture: as it is, on backgrounds of its own class, then of others."""
    said = np.stack([one.found for one in done])
    others = np.array([one.other for one in done], dtype=np.int64)
    return Swapped(
        np.array([one.row for one in done], dtype=np.int64), said[:, 1 : 1 + SWAPS], said[:, 1 + SWAPS :],
        case.targets[others],
    )  # fmt: skip


def _swapped(case: Case) -> Arrays:
    asked = scorer(case)

    def ask(row: int, pictures: list[Pixels]) -> NDArray[np.int64]:
        said = asked.logits(row, pictures[1:]).argmax(axis=1)
        return np.concatenate([[-1], said])  # what is said of the picture as it is is known

    done = Exchange(case).put(ask, side=asked.side, side_by_side=asked.side_by_side)
    found = swapped_of(case, done)
    return {"rows": found.rows, "same": found.same, "other": found.other, "donors": found.donors}
