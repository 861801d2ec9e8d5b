"""Logits of the baseline heads for changed pictures; no head has seen the picture, nor its group, that it speaks of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays, Case
from tools.training.baseline import STRENGTH
from tools.training.heads import Heads, fit_heads


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Heads and which of them may speak of which picture.

    Attributes
    ----------
    heads : Heads
    head_of : ndarray of int64, shape (n,)
        Evaluation pictures in ``fit`` get the head of the folds without them, all others the head of all of ``fit``.
    """

    heads: Heads
    head_of: NDArray[np.int64]

    def logits(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of changed versions of pictures.

        Parameters
        ----------
        rows : ndarray of int64, shape (m,)
            The picture that each vector is a version of.
        vectors : ndarray of float32, shape (m, d)

        Returns
        -------
        ndarray of float64, shape (m, k)
        """
        out = np.empty((len(rows), self.heads.weights.shape[2]))
        for head in np.unique(self.head_of[rows]):
            mine = self.head_of[rows] == head
            weights = self.heads.weights[head].astype(np.float64)
            out[mine] = (vectors[mine] - self.heads.centre) / self.heads.scale @ weights[:-1] + weights[-1]
        return out


def held_out(case: Case) -> HeldOut:
    """The heads of the advisor's own baseline, kept; the case must have labels of two classes at least."""
    fit, folds = case.fit, case.derived.folds()
    names = [] if case.has_test else np.unique(folds[fit]).tolist()

    def compute() -> Arrays:
        weights = np.stack([folds[fit] != name for name in names] + [np.ones(int(fit.sum()), dtype=np.bool_)])
        labels = np.repeat(case.targets[fit][None], len(weights), axis=0)
        found = fit_heads(
            case.space.vectors[fit], labels, weights.astype(np.float32), len(case.classes), strength=STRENGTH
        )
        return {"weights": found.weights, "centre": found.centre, "scale": np.array([found.scale, found.gap])}

    arrays = case.derived.kept("held-out-heads", compute)
    scale, gap = arrays["scale"].astype(float).tolist()
    heads = Heads(arrays["weights"].astype(np.float32), arrays["centre"].astype(np.float32), scale, gap)
    head_of = np.full(len(case.ids), len(names), dtype=np.int64)
    for number, name in enumerate(names):
        head_of[folds == name] = number
    return HeldOut(heads, head_of)
