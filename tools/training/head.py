"""The first tier: a multinomial logistic regression on frozen vectors; seconds."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from embeddings.progress import Progress
from tools.case import Arrays
from tools.training.baseline import STRENGTH, Training
from tools.training.heads import fit_heads
from tools.training.job import Job, Trained


def train(job: Job, on_step: Progress) -> Trained:
    """Fit the head and score the pictures that judge it."""
    on_step("fitting the head", 0, 1)
    weights = fit(job.vectors, job.training)
    on_step("fitting the head", 1, 1)
    return Trained(scores_of(weights, job.case.space.vectors[job.judge], len(job.case.classes)), weights)


def fit(vectors: NDArray[np.float32], training: Training) -> Arrays:
    """The head as a linear map of unit vectors: ``head.weight`` (outputs, d), ``head.bias`` and ``head.parents``.

    The solver works on centred, scaled vectors; that is folded into weight and bias here.
    """
    rows, where = np.unique(training.rows, return_inverse=True)
    outputs = len(training.parents)
    labels, weights = np.zeros((1, len(rows)), np.int64), np.zeros((1, len(rows)), np.float32)
    labels[0, where] = training.labels
    np.add.at(weights[0], where, training.weights)
    found = fit_heads(vectors[rows], labels, weights, outputs, strength=STRENGTH)
    weight = found.weights[0, :-1].T.astype(np.float64) / found.scale
    bias = found.weights[0, -1] - weight @ found.centre.astype(np.float64)
    return {
        "head.weight": weight.astype(np.float32),
        "head.bias": bias.astype(np.float32),
        "head.parents": training.parents,
    }


def scores_of(
    weights: Mapping[str, NDArray[np.generic]], vectors: NDArray[np.float32], classes: int
) -> NDArray[np.float64]:
    """Probabilities of unit vectors, outputs of one class added up, shape (n, classes)."""
    weight, bias = (weights[f"head.{name}"].astype(np.float64) for name in ("weight", "bias"))
    logits = vectors.astype(np.float64) @ weight.T + bias
    return np.asarray(softmax(logits, axis=1) @ np.eye(classes)[weights["head.parents"]])
