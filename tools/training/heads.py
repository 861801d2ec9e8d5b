"""Multinomial logistic regression on frozen vectors: many heads at once, exact to a stated tolerance.

All heads share one matrix of vectors and differ in rows' weights and labels (folds, repeats, variants), so one
matrix product serves all (``tools.training.solver``). Heads that differ little from known ones may start there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frame = tuple[NDArray[np.float32], float]
"""Centre, shape (d,), and scale of vectors."""


@dataclass(frozen=True, eq=False)
class Heads:
    """Fitted heads.

    Attributes
    ----------
    weights : ndarray of float32, shape (heads, d + 1, k)
        Last row: the intercept; −∞ for outputs that a head does not have.
    centre : ndarray of float32, shape (d,)
    scale : float
        Vectors enter as (v − centre) / scale, so that C means the same for every encoder.
    gap : float
        Largest remaining gradient norm, relative to the objective.
    """

    weights: NDArray[np.float32]
    centre: NDArray[np.float32]
    scale: float
    gap: float

    def probabilities(self, vectors: NDArray[np.float32], head: int) -> NDArray[np.float64]:
        """Softmax scores of one head, shape (n, k)."""
        x = (vectors - self.centre) / self.scale
        logits = x @ self.weights[head, :-1] + self.weights[head, -1]
        logits -= logits.max(axis=1, keepdims=True)
        exp = np.exp(logits.astype(np.float64))
        return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def frame_of(vectors: NDArray[np.float32]) -> Frame:
    """Centre and scale that bring vectors, shape (n, d), to mean zero and mean square norm one."""
    centre = vectors.mean(axis=0)
    return centre, float(np.sqrt(np.mean(np.sum((vectors - centre) ** 2, axis=1)))) or 1.0


def fit_heads(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
    classes: int,
    *,
    strength: float = 1.0,
    tolerance: float | None = None,
    iterations: int = 300,
    device: str = "cpu",
    frame: Frame | None = None,
    start: NDArray[np.float32] | None = None,
    present: NDArray[np.bool_] | None = None,
) -> Heads:
    """Fit ``heads`` logistic regressions that share their vectors.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
    labels : ndarray of int64, shape (heads, n)
        Class numbers in 0…classes − 1; where the weight is 0 any value will do.
    weights : ndarray of float32, shape (heads, n)
        0 leaves a row out (held-out folds, removed images); others scale its loss.
    classes : int
    strength : float
        C of scikit-learn: minimises C · Σ w · CE + ½‖W‖², in centred vectors of mean norm 1; the intercept is
        penalised a thousandth as much.
    tolerance : float, optional
        Stop a head when its gradient norm is below tolerance · (1 + |objective|) (both per image); when left out, where
        its objective is within 1e-6 of the least (``PRECISION``).
    frame : Frame, optional
        Of ``vectors`` when left out. Heads that are compared, or that start from each other, need the same.
    start : ndarray of float32, shape (heads, d + 1, classes), optional
        ``weights`` of other heads in the same frame; zeros when left out. What is found does not depend on it beyond
        the tolerance.
    present : ndarray of bool, shape (heads, classes), optional
        Classes that each head tells apart, among them all that its rows have; every class when left out.

    Returns
    -------
    Heads
    """
    import torch

    from tools.training.solver import Problem, lbfgs, preconditioner

    n, d = vectors.shape
    centre, scale = frame_of(vectors) if frame is None else frame
    x = torch.ones(n, d + 1, device=device)
    x[:, :d] = torch.from_numpy((vectors - centre) / np.float32(scale))
    w = torch.from_numpy(np.ascontiguousarray(weights.T)).to(device)
    total = w.sum(dim=0).clamp_min(1e-9)
    penalty = torch.ones(d + 1, device=device)
    penalty[d] = 1e-3
    absent = None if present is None or present.all() else torch.from_numpy(~present).to(device)
    problem = Problem(
        x,
        torch.from_numpy(np.ascontiguousarray(labels.T)).to(device).clamp(0, classes - 1),
        w / total,
        penalty[:, None] / (strength * total),
        absent,
    )
    precondition = preconditioner(x, float(problem.penalty.mean()), classes)
    point = torch.zeros(d + 1, len(labels), classes, device=device)
    if start is not None:
        point += torch.from_numpy(np.ascontiguousarray(start.transpose(1, 0, 2))).to(device)
    solution, gap = lbfgs(problem, point, precondition, tolerance=tolerance, iterations=iterations)
    if absent is not None:
        solution[-1].masked_fill_(absent, -torch.inf)
    return Heads(np.ascontiguousarray(solution.cpu().numpy().transpose(1, 0, 2)), centre, scale, gap)
