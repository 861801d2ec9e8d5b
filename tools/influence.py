"""How much each training picture moves one answer of a head: influence functions of logistic regression.

Koh & Liang 2017 ("Understanding black-box predictions via influence functions"), for a head whose Hessian is exact;
representer points (Yeh et al. 2018) weigh the same residuals by likeness alone. To first order only: whoever removes
many pictures must fit again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.training.baseline import STRENGTH
from tools.training.heads import fit_heads

Values = NDArray[np.float64]
INTERCEPT = 1e-3
"""Share of the penalty that ``fit_heads`` puts on the intercept."""
ACCURACY, MOST_STEPS = 1e-8, 500
"""Relative residual, and most steps, of the conjugate gradients."""


@dataclass(frozen=True, eq=False)
class Head:
    """One fitted head and what it was fitted on.

    Attributes
    ----------
    inputs : ndarray of float64, shape (m, d + 1)
        Centred, scaled vectors and a constant.
    probabilities, hot : ndarray of float64, shape (m, k)
        Of the head, and of the labels.
    weights : ndarray of float64, shape (d + 1, k)
    penalty : ndarray of float64, shape (d + 1, 1)
        Of half the squared weights, beside the sum of the pictures' cross-entropies.
    centre : ndarray of float32, shape (d,)
    scale : float
    """

    inputs: Values
    probabilities: Values
    hot: Values
    weights: Values
    penalty: Values
    centre: NDArray[np.float32]
    scale: float

    def extended(self, vectors: NDArray[np.float32]) -> Values:
        """Vectors as the head takes them, shape (n, d + 1)."""
        return extended(vectors, self.centre, self.scale)

    def logits(self, vectors: NDArray[np.float32]) -> Values:
        """Shape (n, k)."""
        return np.asarray(self.extended(vectors) @ self.weights, dtype=np.float64)

    def pushes(self, vector: NDArray[np.float32], said: int, other: int) -> Values:
        """By how much each training picture raises the margin (said − other) of one picture.

        Parameters
        ----------
        vector : ndarray of float32, shape (d,)
        said, other : int
            Outputs.

        Returns
        -------
        ndarray of float64, shape (m,)
            The margin with all pictures less the margin without this one, to first order in its weight.
        """
        direction = np.zeros_like(self.weights)
        asked = self.extended(vector[None])[0]
        direction[:, said], direction[:, other] = asked, -asked
        solved = self._solve(direction)
        # Without a picture the least of the loss moves by H⁻¹ times its gradient, the product of input and residual.
        return np.asarray(-((self.inputs @ solved) * (self.probabilities - self.hot)).sum(axis=1), dtype=np.float64)

    def _solve(self, right: Values) -> Values:
        """H⁻¹ times a matrix of weights, by preconditioned conjugate gradients; H is never formed."""

        def hessian(weights: Values) -> Values:
            moved = self.probabilities * (self.inputs @ weights)
            moved -= self.probabilities * moved.sum(axis=1, keepdims=True)
            return np.asarray(self.inputs.T @ moved + self.penalty * weights, dtype=np.float64)

        return conjugate_gradients(hessian, right, self._preconditioner())

    def _preconditioner(self) -> Callable[[Values], Values]:
        """As ``tools.training.heads``: the shared Gram matrix at the mean curvature of an even guess."""
        count, width = self.inputs.shape
        classes = self.weights.shape[1]
        curvature = (1 - 1 / classes) / classes
        if count >= width:
            inverse = np.linalg.inv(curvature * self.inputs.T @ self.inputs + np.diagflat(self.penalty))
            return lambda g: np.asarray(inverse @ g, dtype=np.float64)
        scaled = self.inputs.T / self.penalty  # Woodbury: the small side is count × count
        inner = np.linalg.inv(np.eye(count) / curvature + self.inputs @ scaled)
        return lambda g: np.asarray(g / self.penalty - scaled @ (inner @ (scaled.T @ g)), dtype=np.float64)


def extended(vectors: NDArray[np.float32], centre: NDArray[np.float32], scale: float) -> Values:
    """Vectors as a head takes them, with a constant behind, shape (n, d + 1)."""
    moved = (vectors.astype(np.float64) - centre) / scale
    return np.concatenate([moved, np.ones((len(moved), 1))], axis=1)


def fitted_head(vectors: NDArray[np.float32], labels: NDArray[np.int64], classes: int) -> Head:
    """The baseline's head on some pictures, brought to its minimum by a last Newton step in 64 bits.

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)
    labels : ndarray of int64, shape (m,)
    """
    ones = np.ones((1, len(vectors)), dtype=np.float32)
    found = fit_heads(vectors, labels[None], ones, classes, strength=STRENGTH)
    inputs = extended(vectors, found.centre, found.scale)
    penalty = np.full((inputs.shape[1], 1), 1 / STRENGTH)
    penalty[-1] *= INTERCEPT
    hot = np.eye(classes)[labels]

    def at(weights: Values) -> Head:
        return Head(inputs, softmax(inputs @ weights), hot, weights, penalty, found.centre, found.scale)

    near = at(found.weights[0].astype(np.float64))
    gradient = inputs.T @ (near.probabilities - hot) + penalty * near.weights
    return at(near.weights - near._solve(gradient))


def softmax(logits: Values) -> Values:
    """Rows of probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def conjugate_gradients(product: Callable[[Values], Values], right: Values, near: Callable[[Values], Values]) -> Values:
    """Solve product(x) = right for a symmetric positive product, preconditioned by ``near``.

    >>> two = np.array([[2.0], [4.0]])
    >>> conjugate_gradients(lambda x: two * x, np.array([[2.0], [2.0]]), lambda g: g).round(9).tolist()
    [[1.0], [0.5]]
    """
    solution = np.zeros_like(right)
    residual = right.copy()
    ready = near(residual)
    direction, energy = ready, float((residual * ready).sum())
    goal = ACCURACY * float(np.linalg.norm(right))
    for _ in range(MOST_STEPS):
        if float(np.linalg.norm(residual)) <= goal:
            break
        image = product(direction)
        step = energy / float((direction * image).sum())
        solution = solution + step * direction
        residual = residual - step * image
        ready = near(residual)
        before, energy = energy, float((residual * ready).sum())
        direction = ready + (energy / before) * direction
    return solution
