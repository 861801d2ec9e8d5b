"""How near judged pictures lie to the training pictures of one class or another; pictures of one group never count."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from embeddings.index import nearest
from tools.case import Case
from tools.statistics import clustered_mean

NEIGHBOURS = 10
MIXED = (0.3, 0.7)
"""Between these shares of B among the nearest pictures of A and B, the surroundings do not say which it is."""
ALIKE = 0.10
"""Share of the two classes' training pictures in mixed surroundings from which the two count as alike; the same tenth
that ``similar-classes`` calls inseparable. Below it the pair as such is separable: an error always lies towards B, so
that its surroundings are mixed says no more than that it is an error."""
MOST_ASKED = 300
"""Training pictures of a class whose surroundings are looked at: its share is then known to a few points."""
FAR_QUANTILE = 0.05
"""Farther from A's training pictures than 95 % of A's own training pictures are from other groups of A."""
FAR_P = 0.05


def mixed(case: Case, a: int, b: int) -> NDArray[np.bool_]:
    """Pictures whose nearest training pictures of A and B, other groups only, are of both; none if the two are not
    alike in training.
    """
    out = np.zeros(len(case.ids), dtype=np.bool_)
    if share_mixed(case, a, b) >= ALIKE:
        base = np.flatnonzero(case.fit & np.isin(case.targets, [a, b]))
        rows = np.flatnonzero(case.derived.judged & (case.targets == a))
        out[rows] = _between(_neighbour_share(case, rows, base, b))
    return out


def share_mixed(case: Case, a: int, b: int) -> float:
    """Share of the training pictures of two classes, each counting half, in mixed surroundings; 0 without either."""
    first, second = sorted((a, b))
    return case.derived.once(f"mixed {first} {second}", lambda: _share_mixed(case, first, second))


def _share_mixed(case: Case, a: int, b: int) -> float:
    base = np.flatnonzero(case.fit & np.isin(case.targets, [a, b]))
    rng, shares = case.rng(f"alike-{a}-{b}"), []
    for number in (a, b):
        rows = rng.permutation(base[case.targets[base] == number])[:MOST_ASKED]
        if not len(rows):
            return 0.0
        shares.append(_between(_neighbour_share(case, rows, base, b)).mean())
    return float(np.mean(shares))


def _between(share: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((share >= MIXED[0]) & (share <= MIXED[1]))


def _neighbour_share(case: Case, rows: NDArray[np.int64], base: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    vectors, groups = case.space.vectors, case.derived.grouping.groups
    _, found = nearest(vectors[base], vectors[rows], min(4 * NEIGHBOURS, len(base)))
    other = groups[base[found]] != groups[rows][:, None]
    counted = other & (np.cumsum(other, axis=1) <= NEIGHBOURS)
    hits = (case.targets[base[found]] == number) & counted
    return np.asarray(hits.sum(axis=1) / np.maximum(counted.sum(axis=1), 1), dtype=np.float64)


def far(case: Case, a: int) -> tuple[NDArray[np.bool_], float]:
    """Pictures of A farther from A's training pictures (other groups) than nearly all training pictures of A are.

    Returns
    -------
    beyond : ndarray of bool, shape (n,)
        None where no more of the judged pictures of A than of its training pictures lie so far out: what errs lies far
        from its class without any shift, since it lies towards another.
    p : float
        One-sided, that judged pictures lie as near as training pictures do; both shares are uncertain, groups drawn
        whole.
    """
    return case.derived.once(f"far {a}", lambda: _far(case, a))


def _far(case: Case, a: int) -> tuple[NDArray[np.bool_], float]:
    vectors, groups = case.space.vectors, case.derived.grouping.groups
    base = np.flatnonzero(case.fit & (case.targets == a))
    out = np.zeros(len(case.ids), dtype=np.bool_)
    rows = np.flatnonzero(case.derived.judged & (case.targets == a))
    if len(base) < 2 or not len(rows):
        return out, 1.0

    def nearness(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        similarity, found = nearest(vectors[base], vectors[rows], min(4 * NEIGHBOURS, len(base)))
        other = groups[base[found]] != groups[rows][:, None]
        return np.asarray(np.where(other, similarity, -1.0).max(axis=1), dtype=np.float64)

    usual = nearness(base)
    limit = np.quantile(usual, FAR_QUANTILE)
    shares = [
        clustered_mean((near < limit).astype(np.float64), groups[where], np.full(len(near), 1 / len(near)))
        for near, where in ((nearness(rows), rows), (usual, base))
    ]
    (here, error), (there, usual_error) = shares
    spread = np.hypot(error, usual_error)
    p = float(norm.sf((here - there) / spread)) if spread > 0 else 1.0
    if p < FAR_P:
        out[rows] = nearness(rows) < limit
    return out, p
