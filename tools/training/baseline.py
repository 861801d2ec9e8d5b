"""Heads for many training sets of one case at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.training.heads import fit_heads

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


def parent_scores(
    vectors: NDArray[np.float32],
    trainings: Sequence[Training],
    questions: Sequence[NDArray[np.int64]],
    classes: int,
    *,
    tolerance: float = 1e-4,
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
    used = np.unique(np.concatenate([t.rows for t in trainings]))
    position = np.full(len(vectors), -1, dtype=np.int64)
    position[used] = np.arange(len(used))
    outputs = max(len(t.parents) for t in trainings)
    labels = np.zeros((len(trainings), len(used)), dtype=np.int64)
    weights = np.zeros((len(trainings), len(used)), dtype=np.float32)
    for head, training in enumerate(trainings):
        where = position[training.rows]
        labels[head, where] = training.labels
        np.add.at(weights[head], where, training.weights)
    heads = fit_heads(vectors[used], labels, weights, outputs, strength=STRENGTH, tolerance=tolerance)
    scores = []
    for head, (training, rows) in enumerate(zip(trainings, questions, strict=True)):
        found = heads.probabilities(vectors[rows], head)[:, : len(training.parents)]
        merged = np.zeros((len(rows), classes))
        for output, parent in enumerate(training.parents):
            merged[:, parent] += found[:, output]
        scores.append(merged)
    return scores
