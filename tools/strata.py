"""Two-by-two tables over strata: does something go wrong more often here than there, class by class taken together?"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom, norm

from tools.statistics import difference_of_shares, quantile_of_normal


@dataclass(frozen=True)
class Difference:
    """How much more often, over all strata.

    Attributes
    ----------
    here, there : float
        Shares; ``there`` is weighted as the strata are here, so that a mix of easy and hard strata explains nothing.
    n_here, n_there : int
        Units, of strata that have some on both sides.
    excess, low, high : float
        Difference of risks, with its interval.
    p : float
        One-sided, that ``here`` is no worse.
    """

    here: float
    there: float
    n_here: int
    n_there: int
    excess: float
    low: float
    high: float
    p: float


def stratified_difference(
    hits_here: NDArray[np.int64],
    here: NDArray[np.int64],
    hits_there: NDArray[np.int64],
    there: NDArray[np.int64],
    confidence: float = 0.95,
) -> Difference | None:
    """Compare shares of independent units within strata; arrays of shape (strata,).

    Returns
    -------
    Difference or None
        None where no stratum has units on both sides. One stratum: Fisher's exact test and Newcombe's interval. More:
        the Mantel-Haenszel test with continuity correction (Mantel & Haenszel 1959) and their risk difference with
        the variance of Sato, Greenland & Robins (1989), which holds for many small strata.
    """
    both = (here > 0) & (there > 0)
    a, n1, c, n0 = (np.asarray(v[both], dtype=np.float64) for v in (hits_here, here, hits_there, there))
    if not len(a):
        return None
    total, hits = n1 + n0, a + c
    share_here = float(a.sum() / n1.sum())
    share_there = float((n1 * c / n0).sum() / n1.sum())
    if len(a) == 1:
        low, high = difference_of_shares(int(a[0]), int(n1[0]), int(c[0]), int(n0[0]), confidence)
        p = float(hypergeom.sf(a[0] - 1, total[0], hits[0], n1[0]))
        return Difference(share_here, share_there, int(n1[0]), int(n0[0]), share_here - share_there, low, high, p)
    weight = (n1 * n0 / total).sum()
    excess = float(((a * n0 - c * n1) / total).sum() / weight)
    first = (n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / total**2
    second = (a * (n0 - c) + c * (n1 - a)) / (2 * total)
    half = quantile_of_normal(confidence) * sqrt(max(0.0, float(excess * first.sum() + second.sum()))) / float(weight)
    variance = (n1 * n0 * hits * (total - hits) / (total**2 * np.maximum(total - 1, 1))).sum()
    beyond = float((a - n1 * hits / total).sum())
    p = 1.0 if variance <= 0 or beyond <= 0 else float(norm.sf(max(0.0, beyond - 0.5) / sqrt(float(variance))))
    return Difference(share_here, share_there, int(n1.sum()), int(n0.sum()), excess, excess - half, excess + half, p)
