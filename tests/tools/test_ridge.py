"""Ridge in closed form: by hand in both forms, with rows weighed, left out, relabelled, and classes split."""

from dataclasses import replace

import numpy as np
import pytest

from tools.training.baseline import Training, plain_training
from tools.training.heads import frame_of
from tools.training.ridge import PENALTY, RidgeFolds


def data(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    vectors = rng.normal(size=(n, d)) + 0.8 * rng.normal(size=(3, d))[labels]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def by_hand(vectors: np.ndarray, training: Training, question: np.ndarray) -> np.ndarray:
    centre, scale = frame_of(vectors)
    x = np.hstack([(vectors - centre) / scale, np.ones((len(vectors), 1))]).astype(np.float64)
    rows, w = training.rows, training.weights.astype(np.float64)
    hot = np.eye(len(training.parents))[training.labels]
    gram = (x[rows].T * w) @ x[rows] + PENALTY * np.eye(x.shape[1])
    values = x[question] @ np.linalg.solve(gram, (x[rows].T * w) @ hot)
    return training.parents[values.argmax(axis=1)]


@pytest.mark.parametrize("shape", [(120, 10), (60, 200)])
def test_by_hand(shape: tuple[int, int]) -> None:
    vectors, labels = data(*shape)
    folds = np.arange(len(labels)) % 4
    plain = [plain_training(np.flatnonzero(folds != f), labels, 3) for f in range(4)]
    ridge = RidgeFolds(vectors, frame_of(vectors), plain)
    rng = np.random.default_rng(1)
    for fold, training in enumerate(plain):
        asked = np.flatnonzero(folds == fold)
        changed = (
            training,
            training.only(rng.random(len(training.rows)) > 0.2),
            replace(training, weights=rng.uniform(0.5, 3, len(training.rows)).astype(np.float32)),
            replace(training, labels=(training.labels + (rng.random(len(training.rows)) < 0.2)) % 3),
            replace(
                training, labels=np.where(training.rows % 2 == 0, training.labels, 3), parents=np.array([0, 1, 2, 1])
            ),
        )
        for one in changed:
            assert np.array_equal(ridge.said(fold, one, asked), by_hand(vectors, one, asked))


def test_a_class_without_a_picture_is_never_said() -> None:
    vectors, labels = data(90, 8)
    plain = plain_training(np.arange(90), labels, 3)
    ridge = RidgeFolds(vectors, frame_of(vectors), [plain])
    assert 1 not in ridge.said(0, plain.only(plain.labels != 1), np.arange(90))
