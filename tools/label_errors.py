"""Which given labels are probably wrong: confident learning seen from two sides, confirmed by neighbours.

Out-of-fold scores with random folds find single slips but not a whole mislabelled burst, whose members vouch for each
other; scores with whole groups held out find bursts but doubt every rare view. So a single image is judged by random
folds and its neighbours, and a group as a whole by scores that never saw it (METHODS §2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.index import neighbour_graph
from tools.folds import partition
from tools.training.baseline import Training, parent_scores

NEIGHBOURS = 10
RANKING_TOLERANCE = 3e-3
"""Scores here only rank; a loose fit flags the same images (tests) at a third of the cost."""
FEWEST_DOUBT = 0.25
"""On grocery with planted slips and bursts: recall of singles .90–1.0, precision .68–.82 (benchmarks/baseline.py)."""
BURST_MARGIN = 0.5
"""A whole group is doubted only when its mean score for another class leads its own label's by this much."""
FEWEST_IN_BURST = 3


@dataclass(frozen=True, eq=False)
class Suspects:
    """Label doubts about some training images.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Rows of the case that were looked at.
    doubt : ndarray of float64, shape (m,)
        −1 … 1; larger = more likely wrong. Ranks all images, flagged or not.
    suggested : ndarray of int64, shape (m,)
        The class that fits better.
    flagged : ndarray of bool, shape (m,)
    burst : ndarray of bool, shape (m,)
        Flagged as part of a group that is doubted as a whole.
    """

    rows: NDArray[np.int64]
    doubt: NDArray[np.float64]
    suggested: NDArray[np.int64]
    flagged: NDArray[np.bool_]
    burst: NDArray[np.bool_]


def find_suspects(
    vectors: NDArray[np.float32],
    training: Training,
    groups: NDArray[np.int64],
    classes: int,
    rng: np.random.Generator,
    *,
    folds: int = 5,
) -> Suspects:
    """Doubt labels using nothing but the training images themselves.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        All images of the case.
    training : Training
        The images whose labels are judged, with plain labels.
    groups : ndarray of int64, shape (n,)
    classes : int
    rng : Generator

    Notes
    -----
    A refinement of confident learning (Northcutt, Jiang & Chuang 2021), whose class-wise thresholds need many
    images per class: a single image is a suspect when the held-out score and the neighbours both prefer
    another class and the blend of all three views leads by ``FEWEST_DOUBT``.
    """
    labels, own = training.labels, groups[training.rows]
    alone = _scores(vectors, training, np.arange(len(labels)), classes, folds, rng)
    apart = _scores(vectors, training, own, classes, folds, rng)
    votes = _neighbour_votes(vectors[training.rows], labels, own, classes)
    rows = np.arange(len(labels))

    def margins(scores: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        others = scores.copy()
        others[rows, labels] = -np.inf
        best = others.argmax(axis=1)
        return best, scores[rows, best] - scores[rows, labels]

    blended = 0.5 * alone + 0.25 * apart + 0.25 * votes
    suggested, doubt = margins(blended)
    single = (margins(alone)[1] > 0) & (doubt > FEWEST_DOUBT) & (votes[rows, labels] < votes[rows, suggested])
    burst = np.zeros(len(labels), dtype=np.bool_)
    for group in np.flatnonzero(np.bincount(own) >= FEWEST_IN_BURST):
        members = np.flatnonzero(own == group)
        for label in np.unique(labels[members]):
            same = members[labels[members] == label]
            if len(same) < FEWEST_IN_BURST:
                continue
            mean = apart[same].mean(axis=0)
            other = int(np.argmax(np.where(np.arange(classes) == label, -1.0, mean)))
            beyond = votes[same].mean(axis=0)
            if mean[other] - mean[label] > BURST_MARGIN and beyond[other] > beyond[label]:
                burst[same], suggested[same] = True, other
    return Suspects(training.rows, doubt, suggested, single | burst, burst)


def _scores(
    vectors: NDArray[np.float32],
    training: Training,
    groups: NDArray[np.int64],
    classes: int,
    folds: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    fold_of = partition(training.labels, groups, min(folds, len(np.unique(groups))), rng)
    names = np.unique(fold_of)
    inner = [training.only(fold_of != f) for f in names]
    questions = [training.rows[fold_of == f] for f in names]
    out = np.zeros((len(training.rows), classes))
    for f, found in zip(
        names, parent_scores(vectors, inner, questions, classes, tolerance=RANKING_TOLERANCE), strict=True
    ):
        out[fold_of == f] = found
    return out


def _neighbour_votes(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Share of each class among the nearest images of other groups, shape (m, classes); rows sum to 1."""
    graph = neighbour_graph(vectors, 3 * NEIGHBOURS)
    outside = groups[graph.neighbours] != groups[:, None]
    rank = np.cumsum(outside, axis=1)
    counted = outside & (rank <= NEIGHBOURS)
    votes = np.zeros((len(labels), classes))
    rows, columns = np.nonzero(counted)
    np.add.at(votes, (rows, labels[graph.neighbours[rows, columns]]), graph.similarities[rows, columns])
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, votes / np.maximum(total, 1e-9), 1 / classes)
