"""Intervals, tests and corrections. Every function has a hand-computed test."""

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t


def wilson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927); (0, 1) for n = 0.

    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if n == 0:
        return 0.0, 1.0
    z = float(norm.ppf((1 + confidence) / 2))
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == n else centre + half)


def difference_of_shares(
    successes_a: int, n_a: int, successes_b: int, n_b: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Newcombe's hybrid score interval of p_a − p_b (Newcombe 1998, method 10).

    >>> low, high = difference_of_shares(56, 70, 48, 80)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    p_a, p_b = successes_a / n_a, successes_b / n_b
    low_a, high_a = wilson(successes_a, n_a, confidence)
    low_b, high_b = wilson(successes_b, n_b, confidence)
    delta = p_a - p_b
    return (
        delta - sqrt((p_a - low_a) ** 2 + (high_b - p_b) ** 2),
        delta + sqrt((high_a - p_a) ** 2 + (p_b - low_b) ** 2),
    )


def benjamini_hochberg(p_values: NDArray[np.float64], rate: float = 0.05) -> NDArray[np.bool_]:
    """Which hypotheses to reject at false-discovery rate ``rate`` (Benjamini & Hochberg 1995).

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])).tolist()
    [True, False, False, False]
    """
    m = len(p_values)
    if m == 0:
        return np.zeros(0, dtype=np.bool_)
    order = np.argsort(p_values)
    passed = np.flatnonzero(p_values[order] <= rate * np.arange(1, m + 1) / m)
    out = np.zeros(m, dtype=np.bool_)
    if len(passed):
        out[order[: passed[-1] + 1]] = True
    return out


def clustered_mean(
    values: NDArray[np.float64], clusters: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Weighted sum of values and its standard error when whole clusters were drawn, not images.

    Parameters
    ----------
    values : ndarray, shape (n,)
    clusters : ndarray of int, shape (n,)
        Images with one number come and go together.
    weights : ndarray, shape (n,)
        Sum to 1.

    Returns
    -------
    mean, standard_error : float
        Linearised cluster variance with the g / (g − 1) correction (Cameron & Miller 2015, eq. 11).
        Infinite with fewer than two clusters.
    """
    mean = float(values @ weights)
    _, codes = np.unique(clusters, return_inverse=True)
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < 2:
        return mean, float("inf")
    sums = np.bincount(codes, weights=weights * (values - mean), minlength=count)
    return mean, sqrt(count / (count - 1) * float(sums @ sums))


def clustered_share(
    hits: NDArray[np.bool_], clusters: NDArray[np.int64], confidence: float = 0.95
) -> tuple[float, float, float]:
    """A proportion with an interval that respects clusters: Wilson at the effective sample size.

    Returns
    -------
    share, low, high : float
        The effective size is n / design effect, never more than n (Korn & Graubard 1998 for score intervals).
    """
    n = len(hits)
    if n == 0:
        return 0.0, 0.0, 1.0
    values = hits.astype(np.float64)
    share, error = clustered_mean(values, clusters, np.full(n, 1 / n))
    share = float(np.count_nonzero(hits)) / n  # exact at 0 and 1, where the rounded sum of weights is not
    plain = share * (1 - share) / n
    if plain == 0.0 or not np.isfinite(error):
        effective = float(len(np.unique(clusters)))
    else:
        effective = n * min(1.0, plain / max(error * error, 1e-12))
    size = max(1, round(effective))
    low, high = wilson(share * size, size, confidence)
    return share, min(low, share), max(high, share)


def weighted_share(
    hits: NDArray[np.bool_], clusters: NDArray[np.int64], weights: NDArray[np.float64], confidence: float = 0.95
) -> tuple[float, float, float]:
    """A weighted proportion with an interval that respects clusters: Wilson at the effective sample size.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
    clusters : ndarray of int, shape (n,)
    weights : ndarray, shape (n,)
        Not negative, not all 0.

    Returns
    -------
    share, low, high : float
        Few hits or misses say little of the variance, so the effective size is never more than that of the weights of
        whole clusters, (Σ w)² / Σ w² (Kish 1965).
    """
    whole = weights / weights.sum()
    share, error = clustered_mean(hits.astype(np.float64), clusters, whole)
    share = min(max(share, 0.0), 1.0)
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=whole)
    size = 1 / float(sums @ sums)
    if np.isfinite(error) and error > 0:
        size = min(size, max(share * (1 - share), 1e-12) / (error * error))
    size = max(1.0, size)
    low, high = wilson(share * size, size, confidence)
    return share, min(low, share), max(high, share)


def quantile_of_normal(confidence: float, degrees: int | None = None) -> float:
    """Two-sided critical value: normal, or Student's t with ``degrees``.

    >>> round(quantile_of_normal(0.95), 2)
    1.96
    """
    if degrees is None:
        return float(norm.ppf((1 + confidence) / 2))
    return float(t.ppf((1 + confidence) / 2, degrees))


def paired_interval(
    differences: NDArray[np.float64],
    clusters: NDArray[np.int64],
    weights: NDArray[np.float64],
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Interval of a metric's change from paired per-image differences.

    Parameters
    ----------
    differences : ndarray, shape (repeats, n)
        Correct after − correct before, per repeat and image.
    clusters : ndarray of int, shape (n,)
    weights : ndarray, shape (n,)
        Sum to 1; 1/n for accuracy, 1/(k · n_class) for balanced accuracy.

    Returns
    -------
    mean, low, high : float
        Variance = cluster variance of the differences averaged over repeats + variance of the mean between
        repeats (measured coverage .95–.98, DECISIONS "Interval of an effect").
    """
    repeats = len(differences)
    mean, error = clustered_mean(differences.mean(axis=0), clusters, weights)
    between = float(np.var(differences @ weights, ddof=1)) / repeats if repeats > 1 else 0.0
    half = quantile_of_normal(confidence) * sqrt(error * error + between)
    return mean, mean - half, mean + half


def group_permutation_p(
    statistic: Callable[[NDArray[np.int64]], float],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    permutations: int = 499,
) -> float:
    """P-value of a statistic when whole groups are exchangeable.

    Parameters
    ----------
    statistic : callable
        Given, for each image, the row whose property it gets (shape (n,)), returns a number; larger = stronger.
        The identity order gives the observed value.
    groups : ndarray of int, shape (n,)
        A property that is constant in a burst must be permuted burst-wise: image-wise permutation flags it in
        86–100 % of null runs (DECISIONS "Groups").
    rng : Generator
    permutations : int

    Returns
    -------
    float
        (1 + number as large) / (1 + permutations) (Phipson & Smyth 2010).
    """
    rows = np.arange(len(groups))
    observed = statistic(rows)
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    larger = 0
    for _ in range(permutations):
        shuffled = rng.permutation(len(sizes))
        source = np.concatenate([order[starts[g] : starts[g] + sizes[g]] for g in shuffled])
        row_for = np.empty(len(groups), dtype=np.int64)
        row_for[order] = source
        larger += statistic(row_for) >= observed - 1e-12
    return (1 + larger) / (1 + permutations)


def clustered_auc(
    low_side: NDArray[np.float64],
    high_side: NDArray[np.float64],
    low_clusters: NDArray[np.int64],
    high_clusters: NDArray[np.int64],
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Chance that a score of one side exceeds one of the other (ties count half), whole clusters drawn.

    Parameters
    ----------
    low_side, high_side : ndarray, shapes (m,) and (n,)
        Scores; the area is near 1 where those of ``high_side`` are larger.
    low_clusters, high_clusters : ndarray of int, shapes (m,) and (n,)
        One number on both sides is one cluster.

    Returns
    -------
    auc, low, high : float
        Structural components summed by cluster (Obuchowski 1997). Where every pair is ordered alike the components
        have no spread and the interval is Wilson's with as many draws as the smaller side has clusters.
    """
    m, n = len(low_side), len(high_side)
    ordered_low, ordered_high = np.sort(low_side), np.sort(high_side)

    def below(values: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((np.searchsorted(of, values, "left") + np.searchsorted(of, values, "right")) / 2 / len(of))

    above = below(high_side, ordered_low)
    beneath = 1 - below(low_side, ordered_high)
    auc = float(above.mean())
    names, codes = np.unique(np.concatenate([low_clusters, high_clusters]), return_inverse=True)
    parts = np.concatenate([(beneath - auc) / m, (above - auc) / n])
    sums = np.bincount(codes, weights=parts, minlength=len(names))
    error = sqrt(len(names) / max(1, len(names) - 1) * float(sums @ sums))
    if error < 1e-12:
        draws = min(len(np.unique(low_clusters)), len(np.unique(high_clusters)))
        low, high = wilson(auc * draws, draws, confidence)
        return auc, low, high
    half = quantile_of_normal(confidence) * error
    return auc, max(0.0, auc - half), min(1.0, auc + half)
