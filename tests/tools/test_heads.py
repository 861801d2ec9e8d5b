"""Heads against scikit-learn on the same centred, scaled vectors: the same objective, the same answer."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tools.training.heads import Heads, fit_heads


def data(seed: int, n: int = 150, d: int = 12, k: int = 3, apart: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    vectors = rng.normal(size=(n, d)) + apart * rng.normal(size=(k, d))[labels]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def objective(heads: Heads, head: int, x: np.ndarray, y: np.ndarray, w: np.ndarray, strength: float) -> float:
    """C · Σ w · CE + ½‖W‖² + ½ · 10⁻³ · ‖b‖² in float64."""
    weights = heads.weights[head].astype(np.float64)
    return value_of(weights[:-1], weights[-1], x, y, w, strength)


def value_of(
    weights: np.ndarray, intercept: np.ndarray, x: np.ndarray, y: np.ndarray, w: np.ndarray, strength: float
) -> float:
    logits = x @ weights + intercept
    norm = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    loss = norm - logits[np.arange(len(y)), y]
    return float(strength * (w * loss).sum() + 0.5 * (weights**2).sum() + 0.5e-3 * (intercept**2).sum())


def reference(x: np.ndarray, y: np.ndarray, w: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's solution of the same objective: a column of √1000 is the intercept penalised a thousandth."""
    wide = np.hstack([x, np.full((len(x), 1), np.sqrt(1000.0))])
    fitted = LogisticRegression(C=strength, fit_intercept=False, tol=1e-10, max_iter=20000)
    fitted.fit(wide, y, sample_weight=w)
    coefficients = fitted.coef_ if len(fitted.coef_) > 1 else np.vstack([-fitted.coef_, fitted.coef_]) / 2
    return coefficients[:, :-1].T, coefficients[:, -1] * np.sqrt(1000.0)


def softmax(logits: np.ndarray) -> np.ndarray:
    exp = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(exp / exp.sum(1, keepdims=True))


@pytest.mark.parametrize("strength", [0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("shape", [(150, 12), (40, 64)])
def test_agrees_with_scikit_learn(strength: float, shape: tuple[int, int]) -> None:
    vectors, labels = data(0, *shape)
    ones = np.ones((1, len(labels)), dtype=np.float32)
    heads = fit_heads(vectors, labels[None], ones, 3, strength=strength, tolerance=1e-6, iterations=1000)
    x = ((vectors - heads.centre) / heads.scale).astype(np.float64)
    weights, intercept = reference(x, labels, ones[0], strength)
    best = value_of(weights, intercept, x, labels, ones[0], strength)
    assert objective(heads, 0, x, labels, ones[0], strength) == pytest.approx(best, rel=1e-4)
    assert heads.probabilities(vectors, 0) == pytest.approx(softmax(x @ weights + intercept), abs=5e-3)


def test_centred_vectors_have_mean_square_norm_one() -> None:
    vectors, labels = data(1)
    heads = fit_heads(vectors, labels[None], np.ones((1, len(labels)), dtype=np.float32), 3)
    x = (vectors - heads.centre) / heads.scale
    assert np.abs(x.mean(axis=0)).max() < 1e-6
    assert np.mean(np.sum(x**2, axis=1)) == pytest.approx(1.0, rel=1e-5)


def test_weights_count_as_repeated_pictures() -> None:
    vectors, labels = data(2)
    weight = np.random.default_rng(0).integers(0, 4, len(labels)).astype(np.float32)
    heads = fit_heads(vectors, labels[None], weight[None], 3, strength=5.0, tolerance=1e-6)
    x = ((vectors - heads.centre) / heads.scale).astype(np.float64)
    many = np.repeat(np.arange(len(labels)), weight.astype(int))
    weights, intercept = reference(x[many], labels[many], np.ones(len(many)), 5.0)
    assert heads.probabilities(vectors, 0) == pytest.approx(softmax(x @ weights + intercept), abs=5e-3)


def test_a_weight_of_zero_leaves_the_label_unseen() -> None:
    vectors, labels = data(3)
    weight = np.ones((1, len(labels)), dtype=np.float32)
    weight[0, :50] = 0
    other = labels.copy()
    other[:50] = -1
    a = fit_heads(vectors, labels[None], weight, 3)
    b = fit_heads(vectors, other[None], weight, 3)
    assert np.abs(a.weights - b.weights).max() == 0


def test_heads_side_by_side_equal_heads_one_by_one() -> None:
    vectors, labels = data(4)
    folds = np.arange(len(labels)) % 4
    weights = np.stack([(folds != f).astype(np.float32) for f in range(4)])
    several = np.repeat(labels[None], 4, axis=0)
    several[3] = (labels + 1) % 3
    together = fit_heads(vectors, several, weights, 3, tolerance=1e-6)
    for head in range(4):
        alone = fit_heads(vectors, several[head : head + 1], weights[head : head + 1], 3, tolerance=1e-6)
        assert together.probabilities(vectors, head) == pytest.approx(alone.probabilities(vectors, 0), abs=1e-3)


def test_the_gap_is_the_gradient_left() -> None:
    vectors, labels = data(5)
    ones = np.ones((1, len(labels)), dtype=np.float32)
    assert fit_heads(vectors, labels[None], ones, 3, tolerance=1e-4).gap <= 1e-4
    assert fit_heads(vectors, labels[None], ones, 3, iterations=1).gap > 1e-4


def test_probabilities_are_probabilities() -> None:
    vectors, labels = data(6)
    heads = fit_heads(vectors, labels[None], np.ones((1, len(labels)), dtype=np.float32), 3, strength=1e4)
    scores = heads.probabilities(vectors, 0)
    assert scores.sum(axis=1) == pytest.approx(np.ones(len(labels)))
    assert (scores >= 0).all()
    assert (scores.argmax(axis=1) == labels).mean() > 0.9


def test_identical_vectors_give_class_shares() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32)[:1], 10, axis=0)
    labels = np.array([0] * 7 + [1] * 3)
    heads = fit_heads(vectors, labels[None], np.ones((1, 10), dtype=np.float32), 2, strength=100.0)
    assert heads.probabilities(vectors, 0)[0] == pytest.approx([0.7, 0.3], abs=5e-3)


def test_where_a_head_starts_does_not_matter() -> None:
    vectors, labels = data(7)
    ones = np.ones((2, len(labels)), dtype=np.float32)
    slipped = np.stack([labels, np.where(np.arange(len(labels)) % 20 == 0, (labels + 1) % 3, labels)])
    first = fit_heads(vectors, np.stack([labels, labels]), ones, 3, strength=10.0)
    cold = fit_heads(vectors, slipped, ones, 3, strength=10.0)
    warm = fit_heads(vectors, slipped, ones, 3, strength=10.0, start=first.weights, frame=(first.centre, first.scale))
    for head in range(2):
        assert warm.probabilities(vectors, head) == pytest.approx(cold.probabilities(vectors, head), abs=1e-3)
    assert np.array_equal(warm.weights[0], first.weights[0])  # nothing changed, nothing moved


def test_the_objective_is_that_of_a_reference_in_64_bits() -> None:
    vectors, labels = data(8, n=600, d=30, k=4)
    ones = np.ones((1, len(labels)), dtype=np.float32)
    heads = fit_heads(vectors, labels[None], ones, 4, strength=10.0)
    x = ((vectors - heads.centre) / heads.scale).astype(np.float64)
    best = value_of(*reference(x, labels, ones[0], 10.0), x, labels, ones[0], 10.0)
    assert objective(heads, 0, x, labels, ones[0], 10.0) == pytest.approx(best, rel=1e-6)


def test_outputs_that_a_head_lacks_are_never_said() -> None:
    vectors, labels = data(9)
    two = np.minimum(labels, 1)
    ones = np.ones((2, len(labels)), dtype=np.float32)
    mixed = fit_heads(
        vectors, np.stack([labels, two]), ones, 3, present=np.array([[True] * 3, [True, True, False]]), tolerance=1e-6
    )
    alone = fit_heads(vectors, two[None], ones[:1], 2, tolerance=1e-6)
    assert (mixed.probabilities(vectors, 1)[:, 2] == 0).all()
    assert mixed.probabilities(vectors, 1)[:, :2] == pytest.approx(alone.probabilities(vectors, 0), abs=1e-3)
    assert (mixed.probabilities(vectors, 0)[:, 2] > 0).all()
