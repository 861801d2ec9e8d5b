"""Ridge regression on class indicators in closed form: ranks changes of a training set at a fortieth of a head's cost.

Only a ranking may rest on it; verdicts are those of the logistic head (``tools.training.heads``).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from tools.training.baseline import Training
from tools.training.heads import Frame

PENALTY = 1.0
"""λ of Σ w ‖y − xW‖² + λ ‖W‖² in centred vectors of mean square norm 1."""


class RidgeFolds:
    """Ridge heads of training sets that differ little from known ones, of which the Gram matrices are kept.

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)
        Of the images of a case, then of pictures made for a trial.
    frame : Frame
    plain : sequence of Training
        Known training sets, all weights one.
    """

    def __init__(self, vectors: NDArray[np.float32], frame: Frame, plain: Sequence[Training]) -> None:
        centre, scale = frame
        self._x = np.ones((len(vectors), vectors.shape[1] + 1))
        self._x[:, :-1] = (vectors - centre) / scale
        self._plain = [np.bincount(t.rows, weights=t.weights, minlength=len(vectors)) for t in plain]
        self._dual = max(len(t.rows) for t in plain) < self._x.shape[1]
        if self._dual:
            self._kernel = self._x @ self._x.T
        else:
            used = np.maximum.reduce(self._plain)
            whole = self._gram(used)
            self._grams = [whole - self._gram(used - mine) for mine in self._plain]
            self._factors = [cho_factor(self._penalised(gram)) for gram in self._grams]

    def said(self, fold: int, training: Training, question: NDArray[np.int64]) -> NDArray[np.int64]:
        """The class said of each row asked about: the parent of the output with the highest value, shape (q,).

        Parameters
        ----------
        fold : int
            Which of the known training sets this one is near to.
        """
        weights: NDArray[np.float64] = np.bincount(
            training.rows, weights=training.weights, minlength=len(self._x)
        ).astype(np.float64)
        labels = np.zeros(len(self._x), dtype=np.int64)
        labels[training.rows] = training.labels
        outputs = np.unique(training.labels)
        rows = np.flatnonzero(weights)
        hot = (labels[rows, None] == outputs).astype(np.float64)
        if self._dual:
            system = self._kernel[np.ix_(rows, rows)] + np.diag(PENALTY / weights[rows])
            values = self._kernel[np.ix_(question, rows)] @ cho_solve(cho_factor(system), hot)
        else:
            sums = self._x[rows].T @ (hot * weights[rows, None])
            values = self._x[question] @ cho_solve(self._factor(fold, weights), sums)
        return np.asarray(training.parents[outputs[values.argmax(axis=1)]])

    def _factor(self, fold: int, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
        moved = weights - self._plain[fold]
        if not moved.any():
            return self._factors[fold]
        return cho_factor(self._penalised(self._grams[fold] + self._gram(moved)))

    def _gram(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.flatnonzero(weights)
        return np.asarray(self._x[rows].T @ (self._x[rows] * weights[rows, None]))

    def _penalised(self, gram: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(gram + PENALTY * np.eye(len(gram)))
