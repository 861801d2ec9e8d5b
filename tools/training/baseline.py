"""Heads for many training sets of one case at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.training.heads import Heads, fit_heads

STRENGTH = 10.0
"""C of the baseline head in centred vectors of mean norm 1: on grocery C = 3, 10, 100 differ by less than the
interval (.94–.96 out of fold, .77–.78 on test; benchmarks/baseline.py), so it is fixed
rather than chosen on the data it is judged on."""


@dataclass(frozen=True, eq=False)
class Training:
    """What one head is trained on.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Rows of the case; repeats allowed.
    labels : ndarray of int64, shape (m,)
        Output numbers, each a position in ``parents``.
    weights : ndarray of float32, shape (m,)
    parents : ndarray of int64, shape (outputs,)
        The class that each output counts as. Sub-classes have one parent; normally the identity.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    weights: NDArray[np.float32]
    parents: NDArray[np.int64]

    def only(self, keep: NDArray[np.bool_]) -> "Training":
        """The same with some rows left out; ``keep`` has shape (m,)."""
        return replace(self, rows=self.rows[keep], labels=self.labels[keep], weights=self.weights[keep])


def plain_training(rows: NDArray[np.int64], targets: NDArray[np.int64], classes: int) -> Training:
    """Given rows with their given labels, all of weight one."""
    weights = np.ones(len(rows), dtype=np.float32)
    return Training(rows, targets[rows], weights, np.arange(classes, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Fitted:
    """One head per training set.

    Attributes
    ----------
    trainings : tuple of Training
    heads : Heads
    """

    trainings: tuple[Training, ...]
    heads: Heads

    def scores(
        self, vectors: NDArray[np.float32], questions: Sequence[NDArray[np.int64]], classes: int
    ) -> list[NDArray[np.float64]]:
        """Probabilities summed over each parent's outputs; one array of shape (questions, classes) per head."""
        out = []
        for head, (training, rows) in enumerate(zip(self.trainings, questions, strict=True)):
            found = self.heads.probabilities(vectors[rows], head)[:, : len(training.parents)]
            if np.array_equal(training.parents, np.arange(classes)):
                out.append(found)
                continue
            merged = np.zeros((len(rows), classes))
            for output, parent in enumerate(training.parents):
                merged[:, parent] += found[:, output]
            out.append(merged)
        return out

    def as_start(self, trainings: Sequence[Training], outputs: int) -> NDArray[np.float32]:
        """Weights that say of each picture what these heads say, for heads with other outputs of the same parents.

        A parent's outputs start alike, so that their probabilities add up to the parent's; outputs of a parent that
        these heads lack, or never say, start at zero. A head that loses a class whole starts at zero altogether: from
        what it says of those pictures the way is longer (24 to 28 steps, not 18, for a class left out or merged into
        another). Shape (heads, d + 1, outputs).
        """
        known = self.heads.weights
        start = np.zeros((len(trainings), known.shape[1], outputs), dtype=np.float32)
        for head, (old, training) in enumerate(zip(self.trainings, trainings, strict=True)):
            if np.setdiff1d(old.parents[old.labels], training.parents[training.labels]).size:
                continue
            column = {int(parent): output for output, parent in reversed(list(enumerate(old.parents)))}
            sizes = np.bincount(training.parents)
            for output, parent in enumerate(training.parents.tolist()):
                # A class that the old head never says has an intercept of −∞, from which no step leads back.
                if parent in column and np.isfinite(known[head, -1, column[parent]]):
                    start[head, :, output] = known[head, :, column[parent]]
                    start[head, -1, output] -= np.log(sizes[parent])
        return start


def fit_trainings(
    vectors: NDArray[np.float32],
    trainings: Sequence[Training],
    *,
    tolerance: float | None = None,
    near: Fitted | None = None,
) -> Fitted:
    """Fit one head per training set; what a set holds no picture of, its head never says.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        All images of the case.
    trainings : sequence of Training
    near : Fitted, optional
        Heads of training sets that differ little from these, one for one: these start there, in the same frame.
    """
    used = np.unique(np.concatenate([t.rows for t in trainings]))
    position = np.full(len(vectors), -1, dtype=np.int64)
    position[used] = np.arange(len(used))
    outputs = max(len(t.parents) for t in trainings)
    labels = np.zeros((len(trainings), len(used)), dtype=np.int64)
    weights = np.zeros((len(trainings), len(used)), dtype=np.float32)
    present = np.zeros((len(trainings), outputs), dtype=np.bool_)
    for head, training in enumerate(trainings):
        where = position[training.rows]
        labels[head, where] = training.labels
        np.add.at(weights[head], where, training.weights)
        present[head, training.labels[training.weights > 0]] = True
    present[~present.any(axis=1)] = True  # no row at all: then every class is as likely
    from_there = None if near is None else near.as_start(trainings, outputs)
    frame = None if near is None else (near.heads.centre, near.heads.scale)
    heads = fit_heads(
        vectors[used], labels, weights, outputs, strength=STRENGTH, tolerance=tolerance,
        frame=frame, start=from_there, present=present,
    )  # fmt: skip
    return Fitted(tuple(trainings), heads)


def parent_scores(
    vectors: NDArray[np.float32],
    trainings: Sequence[Training],
    questions: Sequence[NDArray[np.int64]],
    classes: int,
    *,
    tolerance: float | None = None,
) -> list[NDArray[np.float64]]:
    """Fit one head per training set and score images with it.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        All images of the case.
    trainings : sequence of Training
    questions : sequence of ndarray of int64
        Rows to score with each head.
    classes : int
        Number of parent classes.

    Returns
    -------
    list of ndarray, each shape (questions, classes)
        Probabilities summed over each parent's outputs.
    """
    return fit_trainings(vectors, trainings, tolerance=tolerance).scores(vectors, questions, classes)
