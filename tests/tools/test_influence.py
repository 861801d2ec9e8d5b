"""Influence of training pictures against derivatives and refits made by another optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tools.influence import INTERCEPT, Head, fitted_head
from tools.training.baseline import STRENGTH


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 8)
    vectors = rng.normal(size=(24, 4)) + 1.5 * np.eye(3, 4)[labels]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def refitted(head: Head, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The least of the weighted objective by scipy, in 64 bits."""
    hot = np.eye(3)[labels]
    shape = head.weights.shape

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        point = flat.reshape(shape)
        logits = head.inputs @ point
        logits -= logits.max(axis=1, keepdims=True)
        log_norm = np.log(np.exp(logits).sum(axis=1, keepdims=True))
        loss = (weights * (log_norm[:, 0] - (logits * hot).sum(axis=1))).sum()
        penalty = np.full((shape[0], 1), 1 / STRENGTH)
        penalty[-1] *= INTERCEPT
        residual = weights[:, None] * (np.exp(logits - log_norm) - hot)
        gradient = head.inputs.T @ residual + penalty * point
        return float(loss + 0.5 * (penalty * point**2).sum()), gradient.ravel()

    found = minimize(objective, head.weights.ravel(), jac=True, method="BFGS", options={"gtol": 1e-10})
    return np.asarray(found.x.reshape(shape))


def margin(head: Head, weights: np.ndarray, vector: np.ndarray) -> float:
    logits = head.extended(vector[None])[0] @ weights
    return float(logits[0] - logits[1])


def test_the_head_is_the_least_of_the_objective(planted: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = planted
    head = fitted_head(vectors, labels, 3)
    np.testing.assert_allclose(head.weights, refitted(head, labels, np.ones(24)), atol=1e-5)


def test_a_push_is_the_derivative_of_the_margin(planted: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = planted
    head = fitted_head(vectors, labels, 3)
    asked = vectors[3]
    pushes = head.pushes(asked, 0, 1)
    for row in range(0, 24, 5):
        lower, upper = (np.ones(24) for _ in range(2))
        lower[row], upper[row] = 1 - 1e-3, 1 + 1e-3
        ends = [margin(head, refitted(head, labels, w), asked) for w in (lower, upper)]
        assert pushes[row] == pytest.approx((ends[1] - ends[0]) / 2e-3, rel=2e-3, abs=2e-5)


def test_leaving_one_out_moves_the_margin_as_foretold(planted: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = planted
    head = fitted_head(vectors, labels, 3)
    asked = vectors[3]
    pushes, moved = head.pushes(asked, 0, 1), []
    for row in range(24):
        weights = np.ones(24)
        weights[row] = 0
        moved.append(margin(head, head.weights, asked) - margin(head, refitted(head, labels, weights), asked))
    assert np.corrcoef(pushes, moved)[0, 1] > 0.95
    assert np.argmax(pushes) == np.argmax(moved)
    slope = float(np.dot(pushes, moved) / np.dot(pushes, pushes))
    assert slope > 1  # first order falls short of a whole picture, and of few pictures by far


def test_few_and_many_pictures_are_solved_alike() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(40) % 2
    wide = rng.normal(size=(40, 60)).astype(np.float32)
    narrow = wide[:, :6]
    for vectors in (wide, narrow):
        head = fitted_head(vectors, labels, 2)
        probabilities = head.probabilities
        size = head.weights.size
        hessian = np.zeros((size, size))
        for x, p in zip(head.inputs, probabilities, strict=True):
            hessian += np.kron(np.outer(x, x), np.diag(p) - np.outer(p, p))
        hessian += np.kron(np.diagflat(head.penalty), np.eye(2))
        direction = np.zeros_like(head.weights)
        direction[:, 0], direction[:, 1] = head.extended(vectors[:1])[0], -head.extended(vectors[:1])[0]
        solved = np.linalg.solve(hessian, direction.ravel()).reshape(direction.shape)
        expected = -((head.inputs @ solved) * (probabilities - head.hot)).sum(axis=1)
        np.testing.assert_allclose(head.pushes(vectors[0], 0, 1), expected, rtol=1e-5, atol=1e-9)
