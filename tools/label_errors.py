"""Which given labels are probably wrong: confident learning seen from two sides, confirmed by neighbours.

Out-of-fold scores with random folds find single slips but not a whole mislabelled burst, whose members vouch for each
other; scores with whole groups held out find bursts but doubt every rare view. So pictures of one group that share a
label are judged together, by scores that never saw the group, and any other picture alone, by random folds. Heads are
fitted twice, the second time without what the first doubted (METHODS §2; figures: benchmarks/labels.py).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.index import NeighbourGraph, neighbour_graph
from tools.case import Arrays, Case
from tools.folds import partition
from tools.training.baseline import STRENGTH, Training, plain_training
from tools.training.heads import fit_heads

NEIGHBOURS = 10
RANKING_TOLERANCE = 3e-3
"""Scores here only rank; a loose fit flags the same images (tests) at a third of the cost."""
SPARE, ITERATIONS = 16, 3
"""Directions beyond those wanted, and rounds, of the randomised search for the main directions."""
DIRECTIONS = 128
"""Principal directions heads are fitted on: ranks planted flips in grocery as 1,280 do, at a third of the cost."""
MOST_FITTED = 10_000
"""Heads are fitted on at most this many pictures, drawn by whole groups; all are scored."""
VOTE = 0.2
"""Weight of the neighbours beside the scores; .1 to .3 rank alike on grocery."""
RIVAL = 0.1
"""How much the best other class counts beside the given one: none ranks random slips best, more ranks slips between
look-alikes best (planted in grocery, average precision of 2–15 % slips: .97–.99 and .90–.92 for 0 to .25)."""
ENOUGH_DOUBT = 0.77
"""On grocery (benchmarks/labels.py, 20 seeds): of 5 % random slips .98 are found at precision .74, of 5 % slips to the
nearest class .91 at .72, of bursts among 8 % of the groups .90 at .68. At 2 % precision falls to .50–.53, because some
ten to twenty of its 758 untouched labels are flagged too; of what planting adds, .88–.95 is planted."""
BURST = 4
"""From this many on, pictures of one group under one label are judged by held-out groups alone; pairs and threes in
part."""
FEWEST_IN_BURST = 3
INSEPARABLE = 0.6
"""Where held-out scores tell two classes apart less often than this, a doubt between them says nothing of the label;
``similar-classes`` reports the pair. Planted swaps of 15 % leave more than that."""


@dataclass(frozen=True, eq=False)
class Suspects:
    """Label doubts about some training images.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Rows of the case that were looked at.
    doubt : ndarray of float64, shape (m,)
        0 … 1; larger = more likely wrong. Ranks all images, flagged or not.
    suggested : ndarray of int64, shape (m,)
        The class that fits better.
    flagged : ndarray of bool, shape (m,)
    burst : ndarray of bool, shape (m,)
        Flagged as part of a group that is doubted as a whole.
    alone, apart : ndarray of float64, shape (m, classes)
        Held-out scores of the first fit, in random folds and with whole groups held out.
    """

    rows: NDArray[np.int64]
    doubt: NDArray[np.float64]
    suggested: NDArray[np.int64]
    flagged: NDArray[np.bool_]
    burst: NDArray[np.bool_]
    alone: NDArray[np.float64]
    apart: NDArray[np.float64]


def case_suspects(case: Case) -> Suspects:
    """Suspects among all training pictures of a case, computed once and kept in its store."""
    names = Suspects.__dataclass_fields__

    def compute() -> Arrays:
        training = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
        found = find_suspects(
            case.space.vectors, training, case.derived.grouping.groups, len(case.classes), case.rng("wrong-labels"),
            graph=case.derived.graph,
        )  # fmt: skip
        return {name: getattr(found, name) for name in names}

    kept = case.derived.kept("suspects", compute)
    return without_confirmed(case, Suspects(**{name: kept[name] for name in names}))  # type: ignore[arg-type]


def without_confirmed(case: Case, suspects: Suspects) -> Suspects:
    """A label that a person has confirmed is no suspect; it keeps its place in the ranking."""
    return replace(suspects, flagged=suspects.flagged & ~case.confirmed_rows[suspects.rows])


def find_suspects(
    vectors: NDArray[np.float32],
    training: Training,
    groups: NDArray[np.int64],
    classes: int,
    rng: np.random.Generator,
    *,
    folds: int = 5,
    graph: NeighbourGraph | None = None,
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
    graph : NeighbourGraph, optional
        Of all images of the case; left out, the neighbours among the training images are searched.

    Notes
    -----
    A refinement of confident learning (Northcutt, Jiang & Chuang 2021), whose class-wise thresholds need many
    images per class. Doubt grows as the score of the given label falls and, a tenth as much, as the best other
    class's rises; doubts between two classes that scores cannot tell apart are not flagged.
    """
    labels, own = training.labels, np.unique(groups[training.rows], return_inverse=True)[1].astype(np.int64)
    heads = _Heads(vectors[training.rows], labels, own, classes, folds, rng)
    block = np.unique(own * classes + labels, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(block)[block]
    together = np.clip((sizes - 1) / (BURST - 1), 0, 1)[:, None]
    votes = _neighbour_votes(vectors, training, own, classes, graph)
    beyond = _block_means(votes, block)

    def blended(alone: NDArray[np.float64], apart: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = (1 - VOTE) * _block_means(apart, block) + VOTE * beyond
        single = (1 - VOTE) * alone + VOTE * votes
        return np.asarray(together * whole + (1 - together) * single)

    alone, apart = heads.scores(np.ones(len(labels), dtype=np.bool_))
    first = doubt_of(blended(alone, apart), labels)[0] > ENOUGH_DOUBT
    cleaned = heads.scores(~first)
    held_out = (apart + cleaned[1]) / 2
    doubt, suggested = doubt_of(blended((alone + cleaned[0]) / 2, held_out), labels)
    flagged = (doubt > ENOUGH_DOUBT) & ~_inseparable(held_out, labels, suggested, doubt > ENOUGH_DOUBT)
    share = np.bincount(block, weights=flagged)[block] / sizes
    burst = flagged & (sizes >= FEWEST_IN_BURST) & (share > 0.5)
    return Suspects(training.rows, doubt, suggested, flagged, burst, alone, apart)


def doubt_of(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Doubt in 0 … 1 and the best other class.

    >>> doubt, other = doubt_of(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 0]))
    >>> doubt.tolist(), other.tolist()
    ([1.0, 0.0], [1, 1])
    """
    rows = np.arange(len(labels))
    others = scores.copy()
    others[rows, labels] = -1.0
    best = others.argmax(axis=1)
    return (RIVAL * scores[rows, best] + 1 - scores[rows, labels]) / (1 + RIVAL), best


def _block_means(scores: NDArray[np.float64], block: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each image's scores replaced by the mean over its block."""
    sums = np.stack([np.bincount(block, weights=column) for column in scores.T], axis=1)
    return np.asarray((sums / np.bincount(block)[:, None])[block])


def _inseparable(
    scores: NDArray[np.float64], labels: NDArray[np.int64], suggested: NDArray[np.int64], doubted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Images doubted between two classes that scores hardly tell apart, shape (m,)."""
    out = np.zeros(len(labels), dtype=np.bool_)
    ends = np.stack([np.minimum(labels, suggested), np.maximum(labels, suggested)], axis=1)
    for a, b in np.unique(ends[doubted], axis=0):
        first, second = (scores[labels == c][:, [a, b]] for c in (a, b))
        sides = [(s[:, 0] > s[:, 1]).mean() if len(s) else 1.0 for s in (first, second[:, ::-1])]
        if np.mean(sides) < INSEPARABLE:
            out |= (ends == (a, b)).all(axis=1)
    return out


class _Heads:
    """Held-out scores of one training set, in random folds and with whole groups held out."""

    def __init__(
        self, vectors: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], classes: int,
        folds: int, rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.labels, self.groups, self.classes, self.folds, self.rng = labels, groups, classes, folds, rng
        self.fitted = _sample(groups, rng)
        self.vectors = _principal(vectors, self.fitted)

    def scores(self, keep: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores (alone, apart), each shape (m, classes), by heads fitted on the images in ``keep`` alone.

        Folds are drawn anew every time, so that one unlucky draw does not decide.
        """
        count = int(self.groups.max()) + 1
        views = [_random_folds(self.labels, self.folds, self.rng)]
        if 1 < count < len(self.labels):
            views.append(partition(self.labels, self.groups, min(self.folds, count), self.rng))
        weights = np.concatenate([[(fold != f) & keep for f in range(int(fold.max()) + 1)] for fold in views])
        labels = np.broadcast_to(self.labels[self.fitted], (len(weights), int(self.fitted.sum())))
        heads = fit_heads(
            self.vectors[self.fitted], labels, weights[:, self.fitted].astype(np.float32), self.classes,
            strength=STRENGTH, tolerance=RANKING_TOLERANCE,
        )  # fmt: skip
        out, head = [], 0
        for fold in views:
            found = np.zeros((len(fold), self.classes))
            for f in range(int(fold.max()) + 1):
                found[fold == f] = heads.probabilities(self.vectors[fold == f], head)
                head += 1
            out.append(found)
        return out[0], out[-1]


def _sample(groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """All images, or whole groups of them up to about ``MOST_FITTED``."""
    if len(groups) <= MOST_FITTED:
        return np.ones(len(groups), dtype=np.bool_)
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    return np.isin(groups, order[np.cumsum(sizes[order]) <= MOST_FITTED])


def _principal(vectors: NDArray[np.float32], sample: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Coordinates along the main directions of a sample, shape (m, at most ``DIRECTIONS``)."""
    inside = vectors[sample]
    if vectors.shape[1] <= DIRECTIONS:
        return vectors
    centre = inside.mean(axis=0)
    x = inside - centre
    most = min(DIRECTIONS, len(x))
    # Randomised subspace iteration (Halko, Martinsson & Tropp 2011): an exact eigendecomposition takes ten times as
    # long, and a what-if asks for one per fold. A seed of its own, so that equal pictures give equal directions.
    found = np.random.default_rng(0).normal(size=(x.shape[1], min(most + SPARE, *x.shape))).astype(np.float32)
    for _ in range(ITERATIONS):
        found = np.linalg.qr(x.T @ (x @ found))[0]
    directions = found @ np.linalg.svd(x @ found, full_matrices=False)[2].T[:, :most]
    return np.ascontiguousarray((vectors - centre) @ directions, dtype=np.float32)


def _random_folds(labels: NDArray[np.int64], folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Folds that deal each class out like cards, shape (m,)."""
    order = np.lexsort((rng.random(len(labels)), labels))
    out = np.empty(len(labels), dtype=np.int64)
    out[order] = np.arange(len(labels)) % min(folds, len(labels))
    return out


def _neighbour_votes(
    vectors: NDArray[np.float32],
    training: Training,
    groups: NDArray[np.int64],
    classes: int,
    graph: NeighbourGraph | None,
) -> NDArray[np.float64]:
    """Share of each class among the nearest training images of other groups, shape (m, classes); rows sum to 1."""
    rows, labels = training.rows, training.labels
    if graph is None:
        graph = neighbour_graph(vectors[rows], 3 * NEIGHBOURS)
        near, similar = graph.neighbours, graph.similarities
    else:
        position = np.full(len(vectors), -1, dtype=np.int64)
        position[rows] = np.arange(len(rows))
        near, similar = position[graph.neighbours[rows]], graph.similarities[rows]
    outside = (near >= 0) & (groups[near] != groups[:, None])
    counted = outside & (np.cumsum(outside, axis=1) <= NEIGHBOURS)
    at, columns = np.nonzero(counted)
    flat = np.bincount(
        at * classes + labels[near[at, columns]], weights=similar[at, columns], minlength=len(rows) * classes
    )
    votes = flat.reshape(len(rows), classes)
    total = votes.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, votes / np.maximum(total, 1e-9), 1 / classes))
