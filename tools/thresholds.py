"""Thresholds for a goal: chosen on some groups, measured on the others, never claimed where they were chosen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.folds import deal
from tools.statistics import clustered_share

CAUTION = 0.8
"""A threshold is taken only if its precision clears the goal with this one-sided confidence where it is chosen: taken
at the point estimate it would miss the goal elsewhere half of the time and more (the winner's curse)."""
FEWEST_KEPT = 10
DRAWS = 400

Interval = tuple[float, float, float]
"""Value, low, high."""


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """What a threshold reaches on pictures it was not chosen on.

    Attributes
    ----------
    goal : float
        Precision aimed at, 0–1.
    threshold : float
        Mean of those chosen on the two halves; inf where neither half has one.
    precision : tuple of float
        Share right among the kept, low, high.
    kept : tuple of float
        Share kept of all pictures asked about, low, high.
    withheld : tuple of float
        Share right among the others, low, high.
    mask : ndarray of bool, shape (n,)
        The kept pictures.
    """

    goal: float
    threshold: float
    precision: Interval
    kept: Interval
    withheld: Interval
    mask: NDArray[np.bool_]

    @property
    def reached(self) -> bool:
        """Whether the goal was met on the other half, by the point estimate."""
        return bool(self.mask.any()) and self.precision[0] >= self.goal


def threshold_for_precision(
    scores: NDArray[np.float64], hits: NDArray[np.bool_], goal: float, *, caution: float = CAUTION
) -> float:
    """Lowest threshold at which the share of hits among scores ≥ it clears a goal; inf if there is none.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
    hits : ndarray of bool, shape (n,)
    goal : float
    caution : float
        One-sided confidence of the Wilson bound that must clear the goal; 0.5 = the point estimate.

    Examples
    --------
    >>> threshold_for_precision(np.linspace(1, 0.05, 20), np.arange(20) < 12, 0.9, caution=0.5).round(2).item()
    0.4
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    count = np.arange(1, len(ordered) + 1)
    share = np.cumsum(hits[order]) / count
    z = max(0.0, float(norm.ppf(caution)))
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    low = (share + z * z / (2 * count) - half) / (1 + z * z / count)
    last_of_tie = np.append(ordered[1:] < ordered[:-1], True)
    good = np.flatnonzero((low >= goal - 1e-12) & last_of_tie & (count >= FEWEST_KEPT))
    return float(ordered[good[-1]]) if len(good) else float("inf")


def threshold_for_f1(scores: NDArray[np.float64], positives: NDArray[np.bool_]) -> float:
    """Threshold with the best harmonic mean of precision and recall; of equals the highest.

    >>> threshold_for_f1(np.array([0.9, 0.6, 0.3, 0.2]), np.array([True, False, True, False]))
    0.3
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    true = np.cumsum(positives[order])
    f1 = 2 * true / (np.arange(1, len(ordered) + 1) + max(int(positives.sum()), 1))
    last_of_tie = np.append(ordered[1:] < ordered[:-1], True)
    return float(ordered[np.argmax(np.where(last_of_tie, f1, -1.0))])


def halves(targets: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Half (0 or 1) of each image, whole groups together, classes spread; all 0 with a single group."""
    return deal(targets, groups, 2, rng)


def crossed(
    scores: NDArray[np.float64],
    hits: NDArray[np.bool_],
    half: NDArray[np.int64],
    groups: NDArray[np.int64],
    goal: float,
    confidence: float = 0.95,
) -> Tradeoff:
    """Choose a threshold for a precision on each half and measure it on the other.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
    hits : ndarray of bool, shape (n,)
        Whether keeping the picture is right.
    half : ndarray of int64, shape (n,)
        0 or 1.
    groups : ndarray of int64, shape (n,)
    """
    chosen = [threshold_for_precision(scores[half != h], hits[half != h], goal) for h in (0, 1)]
    mask = scores >= np.array(chosen)[half]
    finite = [t for t in chosen if np.isfinite(t)]
    return Tradeoff(
        goal,
        float(np.mean(finite)) if finite else float("inf"),
        clustered_share(hits[mask], groups[mask], confidence),
        clustered_share(mask, groups, confidence),
        clustered_share(hits[~mask], groups[~mask], confidence),
        mask,
    )


def f1_gain(
    positives: NDArray[np.bool_],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> tuple[Interval, float]:
    """Change of F1 between two ways of saying yes, with a group bootstrap.

    Parameters
    ----------
    positives, before, after : ndarray of bool, shape (n,)
        What is true, what was said, what would be said.

    Returns
    -------
    gain : tuple of float
        Value, low, high (percentile).
    p : float
        One-sided, that there is no gain.
    """
    of_interest = positives | before | after
    codes = np.unique(groups[of_interest], return_inverse=True)[1]
    count = int(codes.max()) + 1 if len(codes) else 1
    parts = (positives & before, before, positives & after, after, positives)
    table: NDArray[np.float64] = np.stack(
        [np.bincount(codes, weights=part[of_interest], minlength=count) for part in parts], axis=1
    ).astype(np.float64)

    def gain(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        f1 = [2 * sums[:, i] / np.maximum(sums[:, i + 1] + sums[:, 4], 1e-12) for i in (0, 2)]
        return np.asarray(f1[1] - f1[0])

    draws = rng.standard_exponential((DRAWS, count)) @ table  # Bayesian bootstrap (Rubin 1981)
    values, value = gain(draws), float(gain(table.sum(axis=0)[None])[0])
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return (value, min(value, float(low)), max(value, float(high))), float((1 + (values <= 0).sum()) / (1 + DRAWS))
