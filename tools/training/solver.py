"""The solver of heads: L-BFGS for many at once (Liu & Nocedal 1989), in torch, which takes seconds to load.

It is preconditioned by the inverse of the shared Gram matrix, H0 = (XᵀX/n · p̄ + λI)⁻¹, which on unit vectors halves the
cost and makes it depend little on C. Heads that are done leave the product.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

MEMORY = 10
"""L-BFGS pairs kept; 10 is the usual choice and more did not pay here."""
PRECISION = 1e-7
"""Decrease that the quasi-Newton model still promises, relative to the objective, at which a head is done. The model
promises too little by a factor of 2 to 10, so that the objective is within 1e-6 of a 64-bit reference
(``benchmarks/heads.py``); with 5e-5 left, one held-out picture in 800 is called otherwise."""
ALIGNED = 8
"""Columns of a product come in multiples of so many: with 250 it takes half as long again as with 256."""
SHRINK = 0.2
"""Share of the heads that must be done before the others are copied together: copying costs about one iteration."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Heads side by side, rows first.

    ``x`` has shape (n, d + 1), ``labels`` and ``weights`` (n, heads), ``penalty`` (d + 1, heads); ``absent`` marks
    outputs that a head does not have, shape (heads, k).
    """

    x: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    penalty: torch.Tensor
    absent: torch.Tensor | None

    def only(self, keep: torch.Tensor) -> "Problem":
        """The same with some heads left out; ``keep`` holds their numbers."""
        return replace(
            self,
            labels=self.labels[:, keep].contiguous(),
            weights=self.weights[:, keep].contiguous(),
            penalty=self.penalty[:, keep],
            absent=None if self.absent is None else self.absent[keep],
        )

    def evaluate(self, point: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Objectives, shape (heads,), and gradients, shape (d + 1, heads, k); n · heads · k numbers are held once."""
        width, heads, k = point.shape
        columns = -(-heads * k // ALIGNED) * ALIGNED
        flat = point.new_zeros(width, columns)
        flat[:, : heads * k] = point.reshape(width, heads * k)
        product = self.x @ flat
        logits = product[:, : heads * k].view(len(self.x), heads, k)
        if self.absent is not None:
            logits.masked_fill_(self.absent, -torch.inf)
        of_label = self.labels[:, :, None]
        logits.sub_(logits.amax(dim=2, keepdim=True))
        picked = logits.gather(2, of_label)[:, :, 0]
        residual = logits.exp_()
        norm = residual.sum(dim=2)
        own = norm.log().sub_(picked).masked_fill_(self.weights == 0, 0.0)  # 0 · ∞ of an absent label is NaN
        loss = (self.weights * own).sum(dim=0)
        residual.mul_((self.weights / norm)[:, :, None])
        residual.scatter_add_(2, of_label, -self.weights[:, :, None])
        shrunk = self.penalty[:, :, None] * point
        gradient = (self.x.T @ product)[:, : heads * k].reshape(width, heads, k) + shrunk
        return loss + 0.5 * (shrunk * point).sum(dim=(0, 2)), gradient


def preconditioner(x: torch.Tensor, lam: float, classes: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """What multiplies a gradient by H0."""
    n, width = x.shape
    mean_p = (1 / classes) * (1 - 1 / classes)
    if n < width:  # Woodbury: the small side is n × n
        inner = x @ x.T * (mean_p / n) + lam * torch.eye(n, device=x.device)
        factor = torch.linalg.cholesky(inner)

        def apply(g: torch.Tensor) -> torch.Tensor:
            flat = g.reshape(width, -1)
            inside = torch.cholesky_solve(x @ flat, factor) * (mean_p / n)
            return ((flat - x.T @ inside) / lam).view(g.shape)

        return apply
    factor = torch.linalg.cholesky(x.T @ x * (mean_p / n) + lam * torch.eye(width, device=x.device))
    return lambda g: torch.cholesky_solve(g.reshape(width, -1), factor).view(g.shape)


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per head, shape (heads,)."""
    return (a * b).sum(dim=(0, 2))


Pairs = list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]
"""Steps, differences of gradients, and one over their product."""


def lbfgs(
    problem: Problem,
    point: torch.Tensor,
    precondition: Callable[[torch.Tensor], torch.Tensor],
    *,
    tolerance: float | None,
    iterations: int,
) -> tuple[torch.Tensor, float]:
    """Batched L-BFGS; every head has its own step length (Armijo backtracking) and curvature pairs.

    Returns
    -------
    point : Tensor, shape (d + 1, heads, k)
    gap : float
        The largest gradient norm left over 1 + |objective|.
    """
    solution, left = torch.empty_like(point), torch.zeros(point.shape[1], device=point.device)
    alive = torch.arange(point.shape[1], device=point.device)
    value, gradient = problem.evaluate(point)
    pairs: Pairs = []
    for _ in range(iterations):
        gaps = _dot(gradient, gradient).sqrt() / (1 + value.abs())
        direction = _direction(gradient, pairs, precondition)
        slope = _dot(gradient, direction)
        going = -0.5 * slope > PRECISION * value.abs() if tolerance is None else gaps > tolerance
        if not bool(going.any()):
            break
        if float(going.float().mean()) <= 1 - SHRINK:
            solution[:, alive], left[alive] = point, gaps
            keep = torch.nonzero(going)[:, 0]
            alive, problem = alive[keep], problem.only(keep)
            point, value, gradient = point[:, keep], value[keep], gradient[:, keep]
            direction, slope = direction[:, keep], slope[keep]
            pairs = [(s[:, keep], dy[:, keep], rho[keep]) for s, dy, rho in pairs]
        trial_point, trial, trial_gradient = _stepped(problem, point, value, direction, slope)
        s, dy = trial_point - point, trial_gradient - gradient
        curvature = _dot(s, dy)
        rho = torch.where(curvature > 1e-12, 1 / curvature.clamp_min(1e-12), torch.zeros_like(curvature))
        pairs = [*pairs[-(MEMORY - 1) :], (s, dy, rho)]
        point, value, gradient = trial_point, trial, trial_gradient
    solution[:, alive], left[alive] = point, _dot(gradient, gradient).sqrt() / (1 + value.abs())
    return solution, float(left.max())


def _stepped(
    problem: Problem, point: torch.Tensor, value: torch.Tensor, direction: torch.Tensor, slope: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The next point, its objective and gradient; a head whose objective does not fall enough tries half the step."""
    step = torch.ones_like(value)
    trial_point = point + direction
    trial, trial_gradient = problem.evaluate(trial_point)
    for _ in range(20):
        too_high = trial > value + 1e-4 * step * slope + 1e-7 * value.abs()
        again = torch.nonzero(too_high)[:, 0]
        if not len(again):
            break
        step = torch.where(too_high, step * 0.5, step)
        trial_point[:, again] = point[:, again] + step[again, None] * direction[:, again]
        trial[again], trial_gradient[:, again] = problem.only(again).evaluate(trial_point[:, again])
    return trial_point, trial, trial_gradient


def _direction(
    gradient: torch.Tensor, pairs: Pairs, precondition: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """The two-loop recursion (Nocedal & Wright 2006, algorithm 7.4), from the preconditioner."""
    direction, alphas = gradient.clone(), []
    for s, dy, rho in reversed(pairs):
        alpha = rho * _dot(s, direction)
        alphas.append(alpha)
        direction -= alpha[:, None] * dy
    direction = precondition(direction)
    for (s, dy, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        direction += s * (alpha - rho * _dot(dy, direction))[:, None]
    return -direction
