"""Multinomial logistic regression on frozen vectors: many heads at once, exact to a stated tolerance.

All heads share one matrix of vectors and differ in rows' weights and labels (folds, repeats, variants), so one
matrix product serves all. L-BFGS (Liu & Nocedal 1989) is preconditioned by the inverse of the shared Gram matrix,
H0 = (XᵀX/n · p̄ + λI)⁻¹, which on unit vectors halves the cost and makes it depend little on C.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

MEMORY = 10
"""L-BFGS pairs kept; 10 is the usual choice and more did not pay here."""


@dataclass(frozen=True, eq=False)
class Heads:
    """Fitted heads.

    Attributes
    ----------
    weights : ndarray of float32, shape (heads, d + 1, k)
        Last row: the intercept.
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


def fit_heads(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
    classes: int,
    *,
    strength: float = 1.0,
    tolerance: float = 1e-4,
    iterations: int = 200,
    device: str = "cpu",
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
    tolerance : float
        Stop when every head's gradient norm is below tolerance · (1 + |objective|) (both per image).

    Returns
    -------
    Heads
    """
    n, d = vectors.shape
    heads = len(labels)
    centre = vectors.mean(axis=0)
    scale = float(np.sqrt(np.mean(np.sum((vectors - centre) ** 2, axis=1)))) or 1.0
    x = torch.ones(n, d + 1, device=device)
    x[:, :d] = torch.from_numpy((vectors - centre) / np.float32(scale))
    y = torch.from_numpy(np.ascontiguousarray(labels)).to(device).clamp(0, classes - 1)
    w = torch.from_numpy(np.ascontiguousarray(weights)).to(device)
    total = w.sum(dim=1).clamp_min(1e-9)
    w = w / total[:, None]
    penalty = torch.ones(d + 1, device=device)
    penalty[d] = 1e-3
    lam = (1.0 / (strength * total))[:, None, None] * penalty[None, :, None]
    hot = torch.nn.functional.one_hot(y, classes).permute(1, 0, 2).to(x.dtype)

    def evaluate(p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = (x @ p.permute(1, 0, 2).reshape(d + 1, heads * classes)).view(n, heads, classes)
        log_norm = torch.logsumexp(logits, dim=2)
        loss = (w.T * (log_norm - (logits * hot).sum(dim=2))).sum(dim=0)
        residual = (torch.exp(logits - log_norm[:, :, None]) - hot) * w.T[:, :, None]
        gradient = (x.T @ residual.view(n, heads * classes)).view(d + 1, heads, classes).permute(1, 0, 2)
        return loss + 0.5 * (lam * p * p).sum(dim=(1, 2)), gradient + lam * p

    precondition = _preconditioner(x, float(lam.mean()), classes)
    start = torch.zeros(heads, d + 1, classes, device=device)
    solution, gap = _lbfgs(evaluate, start, precondition, tolerance=tolerance, iterations=iterations)
    return Heads(solution.cpu().numpy(), centre, scale, gap)


def _preconditioner(x: torch.Tensor, lam: float, classes: int) -> Callable[[torch.Tensor], torch.Tensor]:
    n, width = x.shape
    mean_p = (1 / classes) * (1 - 1 / classes)
    if n < width:  # Woodbury: the small side is n × n
        inner = x @ x.T * (mean_p / n) + lam * torch.eye(n, device=x.device)
        factor = torch.linalg.cholesky(inner)

        def apply(g: torch.Tensor) -> torch.Tensor:
            flat = g.permute(1, 0, 2).reshape(width, -1)
            inside = torch.cholesky_solve(x @ flat, factor) * (mean_p / n)
            return ((flat - x.T @ inside) / lam).view(width, g.shape[0], -1).permute(1, 0, 2)

        return apply
    factor = torch.linalg.cholesky(x.T @ x * (mean_p / n) + lam * torch.eye(width, device=x.device))

    def solve(g: torch.Tensor) -> torch.Tensor:
        flat = g.permute(1, 0, 2).reshape(width, -1)
        return torch.cholesky_solve(flat, factor).view(width, g.shape[0], -1).permute(1, 0, 2)

    return solve


def _lbfgs(
    evaluate: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]],
    point: torch.Tensor,
    precondition: Callable[[torch.Tensor], torch.Tensor],
    *,
    tolerance: float,
    iterations: int,
) -> tuple[torch.Tensor, float]:
    """Batched L-BFGS; every head has its own step length (Armijo backtracking) and curvature pairs."""

    def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a * b).sum(dim=(1, 2))

    value, gradient = evaluate(point)
    pairs: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for _ in range(iterations):
        norms = gradient.norm(dim=(1, 2))
        if bool((norms <= tolerance * (1 + value.abs())).all()):
            break
        direction, alphas = gradient.clone(), []
        for s, dy, rho in reversed(pairs):
            alpha = rho * dot(s, direction)
            alphas.append(alpha)
            direction -= alpha[:, None, None] * dy
        direction = precondition(direction)
        for (s, dy, rho), alpha in zip(pairs, reversed(alphas), strict=True):
            direction += s * (alpha - rho * dot(dy, direction))[:, None, None]
        direction = -direction
        slope = dot(gradient, direction)
        step = torch.ones_like(value)
        for _ in range(20):
            trial, trial_gradient = evaluate(point + step[:, None, None] * direction)
            too_high = trial > value + 1e-4 * step * slope + 1e-7 * value.abs()
            if not bool(too_high.any()):
                break
            step = torch.where(too_high, step * 0.5, step)
        trial_point = point + step[:, None, None] * direction
        s, dy = trial_point - point, trial_gradient - gradient
        curvature = dot(s, dy)
        rho = torch.where(curvature > 1e-12, 1 / curvature.clamp_min(1e-12), torch.zeros_like(curvature))
        pairs = [*pairs[-(MEMORY - 1) :], (s, dy, rho)]
        point, value, gradient = trial_point, trial, trial_gradient
    gap = float((gradient.norm(dim=(1, 2)) / (1 + value.abs())).max())
    return point, gap
