"""Which whole groups to hold out so that a share of every class, and of every known slice, is on the other side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ORDERS = 40
"""Random orders that are tried; the best is kept. Fewer where there are very many groups."""
STEPS = 100_000
"""Groups looked at over all orders, about; a second of work."""
SLICE_WEIGHT = 0.25
"""A stratum of a slice against one of a class: classes come first."""
UNTESTED = 10.0
"""Cost of a class without any test picture that could have some; more than any other deviation."""


@dataclass(frozen=True, eq=False)
class Strata:
    """Counts of each group in each class and slice.

    Attributes
    ----------
    table : ndarray of float64, shape (groups, strata)
        Classes first, then slices.
    classes : int
        How many of the strata are classes.
    codes : ndarray of int64, shape (m,)
        Group number of each picture.
    """

    table: NDArray[np.float64]
    classes: int
    codes: NDArray[np.int64]


def strata(
    targets: NDArray[np.int64], groups: NDArray[np.int64], classes: int, slices: tuple[NDArray[np.int64], ...] = ()
) -> Strata:
    """Count pictures by group and stratum.

    Parameters
    ----------
    targets, groups : ndarray of int64, shape (m,)
    classes : int
    slices : tuple of ndarray of int64, each shape (m,)
        A number per picture for each known setting; −1 = not known.
    """
    _, codes = np.unique(groups, return_inverse=True)
    columns = [(targets, classes), *((s, int(s.max(initial=-1)) + 1) for s in slices)]
    tables = []
    for values, count in columns:
        table = np.zeros((int(codes.max()) + 1, count))
        np.add.at(table, (codes[values >= 0], values[values >= 0]), 1.0)
        tables.append(table)
    return Strata(np.concatenate(tables, axis=1), classes, codes.astype(np.int64))


def hold_out(found: Strata, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which pictures to hold out, shape (m,); whole groups only.

    Groups are gone through in random orders, and one is held out where that brings the counts of its strata nearer to
    the wanted ones; the order that ends nearest is kept, so groups of every size have a chance. Of each class at
    least half of the groups, rounded up, stay: a class with a single group is not held out.
    """
    table, classes = found.table, found.classes
    totals = table.sum(axis=0)
    wanted = share * totals
    scale = np.where(totals > 0, 1 / np.maximum(wanted, 1e-9) ** 2, 0.0)
    scale[classes:] *= SLICE_WEIGHT
    has = table[:, :classes] > 0
    spare = has.sum(axis=0) // 2
    orders = int(np.clip(STEPS // max(1, len(table)), 3, ORDERS))
    best, least = np.zeros(len(table), dtype=np.bool_), np.inf
    for _ in range(orders):
        held, load, used = _one_order(table, has, wanted, scale, spare, rng.permutation(len(table)))
        missing = ((spare > 0) & (used == 0)).sum()
        cost = float(((load - wanted) ** 2 * scale).sum()) + UNTESTED * missing
        if cost < least:
            best, least = held, cost
    return np.asarray(best[found.codes])


def _one_order(
    table: NDArray[np.float64],
    has: NDArray[np.bool_],
    wanted: NDArray[np.float64],
    scale: NDArray[np.float64],
    spare: NDArray[np.int64],
    order: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    held = np.zeros(len(table), dtype=np.bool_)
    load, used = np.zeros_like(wanted), np.zeros_like(spare)
    for group in order.tolist():
        mine = has[group]
        if not mine.any() or (used[mine] >= spare[mine]).any():
            continue
        row = table[group]
        nearer = (row * (row + 2 * (load - wanted)) * scale).sum() < 0
        if nearer or (used[mine] == 0).any():
            held[group] = True
            load, used = load + row, used + mine
    return held, load, used


def deviation(found: Strata, held: NDArray[np.bool_], share: float) -> float:
    """Largest distance of a class's held-out share from the wanted one, as a share of its pictures."""
    names = np.unique(found.codes[held])
    totals = found.table[:, : found.classes].sum(axis=0)
    got = found.table[names][:, : found.classes].sum(axis=0)
    there = totals > 0
    return float(np.abs(got[there] / totals[there] - share).max())
