"""Variety of classes along one axis: how many modes, what a class lacks that others have, where errors gather.

Every count is of *takes*: the pictures of one class in one group (a burst, a video) are one take, so a hundred frames
of one object are no variety. Modes are fixed without labels or errors, or relative to the training pictures' usual.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr
from scipy.stats import hypergeom

from tools.case import Case

FEWEST_TAKES = 10
"""A class with fewer takes lacks much by chance."""
FEWEST_TOGETHER = 5
"""Judged takes on either side, below which shares of errors are not compared."""
USUAL = 0.2
"""Share of the other classes' takes from which on a mode is something that a class can lack."""
LACKING = 0.25
"""A class lacks a mode if its share is at most this part of the other classes' share."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Pictures told apart in one respect.

    Attributes
    ----------
    name : str
        What is told: ``exposure``, ``surround``.
    rows : ndarray of int64, shape (m,)
        Of the case: those looked at.
    modes : tuple of str
        Words that go after "pictures that are".
    of : ndarray of int64, shape (m,)
        Mode of each; -1 = cannot be told.
    how : str
        How modes are told, in one line.
    ordinary : int or None
        A mode that is merely the usual one: no hypothesis is spent on errors gathering there.
    narrow : bool
        Whether it is worth saying if all pictures have one mode.
    of_pixels : bool
        Measured on pixels, rather than read in words or given in a column.
    """

    name: str
    rows: NDArray[np.int64]
    modes: tuple[str, ...]
    of: NDArray[np.int64]
    how: str
    ordinary: int | None = None
    narrow: bool = False
    of_pixels: bool = False


@dataclass(frozen=True, eq=False)
class Takes:
    """The pictures of one class in one group, counted once.

    Attributes
    ----------
    of_class, mode : ndarray of int64, shape (t,)
        The mode that most of its pictures have.
    wrong : ndarray of bool, shape (t,)
        Whether at least half of its pictures are errors.
    row : ndarray of int64, shape (t,)
        One of its pictures that has the mode; an error where the take is wrong and one is.
    """

    of_class: NDArray[np.int64]
    mode: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    row: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lacks:
    """Every class against all others, mode by mode; arrays of shape (classes, modes).

    Attributes
    ----------
    counts : ndarray of int64
        Takes.
    elsewhere : ndarray of float64
        Share of the other classes' takes.
    p : ndarray of float64
        One-sided, that the class has no less of the mode than the others (Fisher's exact test); NaN where it is not
        asked: too few takes, or the mode is too rare in all of them.
    """

    counts: NDArray[np.int64]
    elsewhere: NDArray[np.float64]
    p: NDArray[np.float64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Takes of each class, shape (classes,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each mode in each class, shape (classes, modes)."""
        return np.asarray(self.counts / np.maximum(self.sizes, 1)[:, None])

    @property
    def large(self) -> NDArray[np.bool_]:
        """Where a mode that others usually have is nearly absent, whatever chance says."""
        usual = self.elsewhere >= USUAL
        return np.asarray(usual & (self.shares <= LACKING * self.elsewhere))


def takes_of(case: Case, partition: Partition, among: NDArray[np.bool_]) -> Takes:
    """Takes of the partition's pictures that are ``among`` (shape (n,)), have a label and a mode."""
    chosen = among[partition.rows] & (case.targets[partition.rows] >= 0) & (partition.of >= 0)
    rows = partition.rows[chosen]
    return takes(
        rows,
        case.targets[rows],
        case.derived.grouping.groups[rows],
        partition.of[chosen],
        case.derived.errors[rows],
        len(partition.modes),
    )


def takes(
    rows: NDArray[np.int64],
    targets: NDArray[np.int64],
    groups: NDArray[np.int64],
    of: NDArray[np.int64],
    errors: NDArray[np.bool_],
    modes: int,
) -> Takes:
    """Join pictures of one class and group to one take; all arrays of shape (m,).

    >>> groups, of = np.array([7, 7, 7, 8]), np.array([1, 1, 0, 0])
    >>> found = takes(np.arange(4), np.zeros(4, int), groups, of, np.eye(4)[1] > 0, 2)
    >>> found.mode.tolist(), found.wrong.tolist(), found.row.tolist()
    ([1, 0], [False, False], [1, 3])
    """
    order = np.lexsort((groups, targets))
    fresh = np.ones(len(rows), dtype=np.bool_)
    fresh[1:] = (np.diff(targets[order]) != 0) | (np.diff(groups[order]) != 0)
    code = np.empty(len(rows), dtype=np.int64)
    code[order] = np.cumsum(fresh) - 1
    count = int(fresh.sum())
    table = np.bincount(code * modes + of, minlength=count * modes).reshape(count, modes)
    mode = table.argmax(axis=1)
    size = table.sum(axis=1)
    wrong = 2 * np.bincount(code, weights=errors, minlength=count) >= size
    best = np.lexsort((~errors, of != mode[code], code))
    first = np.searchsorted(code[best], np.arange(count))
    return Takes(targets[order][fresh], mode, np.asarray(wrong), rows[best[first]])


def effective_modes(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponential of the entropy of shares along the last axis: 3 for three equal modes (Hill 1973, order 1).

    >>> effective_modes(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).round(3).tolist()
    [2.0, 1.0]
    """
    return np.asarray(np.exp(entr(shares).sum(axis=-1)))


def lacks_of(found: Takes, classes: int, modes: int) -> Lacks:
    """Compare each class with all others."""
    counts = np.bincount(found.of_class * modes + found.mode, minlength=classes * modes).reshape(classes, modes)
    sizes, of_mode = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    total = int(counts.sum())
    elsewhere = (of_mode - counts) / np.maximum(total - sizes, 1)
    p = hypergeom.cdf(counts, total, np.broadcast_to(of_mode, counts.shape), np.broadcast_to(sizes, counts.shape))
    # Both conditions look at margins only, which the test conditions on; so they do not choose by its outcome.
    asked = (sizes >= FEWEST_TAKES) & (total - sizes >= FEWEST_TAKES) & (of_mode >= LACKING * USUAL * total)
    return Lacks(counts, elsewhere, np.where(asked, p, np.nan))


def relative_to_class(case: Case, rows: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of rows less the median of their class's training pictures; NaN without a label or such pictures."""
    out = np.full(len(rows), np.nan)
    targets, training = case.targets[rows], case.fit[rows]
    for number in range(len(case.classes)):
        mine = targets == number
        if (mine & training).any():
            out[mine] = values[mine] - np.median(values[mine & training])
    return out


def binned(values: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """Number of the bin of each value, -1 for NaN; a value on an edge belongs above it."""
    return np.where(np.isnan(values), -1, np.digitize(values, edges)).astype(np.int64)
