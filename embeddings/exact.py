"""Exact nearest vectors on the CPU: products in blocks of fixed size, of which a graph needs only half."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096
"""Vectors along one side of a block of products, 64 MiB of similarities. In smaller blocks the threads of the matrix
product, where it has several, wait more often (docs/decisions/0005-exact-neighbours.md)."""
ROUND = 64
"""Sides are multiples of this. At ragged edges the matrix product sums in another order, and equal vectors would get
similarities that differ in the last bit; the last block is filled up with zeros instead."""
CROWD = 4
"""More than this many times k new candidates per row, and a block is first cut to about its own k best."""
GROUPS = 4
"""Times k: groups whose maxima stand for a row when it is cut so; with more of them the cut is closer and dearer."""
NOTHING = np.uint64(np.iinfo(np.uint64).max)
LOW = np.uint64(0xFFFFFFFF)


def exact_graph(vectors: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The k best other rows of each row by inner product; each product serves both of its rows.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        n below 2**32.
    k : int
        From 1 to n − 1.

    Returns
    -------
    similarities : ndarray of float32, shape (n, k)
        Descending.
    rows : ndarray of int64, shape (n, k)
        Of equal similarities the lower row comes first and stays at the end of the list.

    Raises
    ------
    ValueError
        If a vector holds NaN.
    """
    best = _Best(len(vectors), k)
    side = _side(len(vectors), BLOCK)
    products = np.empty((side, side), dtype=np.float32)
    starts = range(0, len(vectors), side)
    with ThreadPoolExecutor(2) as pool:
        for upper in starts:
            left = _block(vectors, upper, side)
            for lower in starts[upper // side :]:
                # numpy multiplies a matrix by its own transpose in another way, with other roundings
                right = left.copy() if upper == lower else _block(vectors, lower, side)
                np.matmul(left, right.T, out=products)
                found = products[: len(vectors) - upper, : len(vectors) - lower]
                if upper == lower:
                    np.fill_diagonal(found, -np.inf)
                    best.offer(found, upper, lower)
                else:
                    mirrored = pool.submit(best.offer, found, lower, upper, by_column=True)
                    best.offer(found, upper, lower)
                    mirrored.result()
    return best.result()


def exact_nearest(
    base: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The k best rows of ``base`` for each query, as ``exact_graph`` gives them; shapes (q, k).

    Parameters
    ----------
    base : ndarray of float32, shape (n, d)
        n below 2**32.
    queries : ndarray of float32, shape (q, d)
    k : int
        From 1 to n.

    Raises
    ------
    ValueError
        If a vector holds NaN.
    """
    best = _Best(len(queries), k)
    across, down = _side(len(base), BLOCK), _side(len(queries), BLOCK)
    products = np.empty((down, across), dtype=np.float32)
    for first in range(0, len(queries), down):
        asked = _block(queries, first, down)
        for start in range(0, len(base), across):
            np.matmul(asked, _block(base, start, across).T, out=products)
            best.offer(products[: len(queries) - first, : len(base) - start], first, start)
    return best.result()


def _side(count: int, most: int) -> int:
    """Length of equal blocks, at most ``most`` each, that waste little on the last one."""
    blocks = -(-count // most)
    return -(-count // (blocks * ROUND)) * ROUND


def _block(vectors: NDArray[np.float32], start: int, side: int) -> NDArray[np.float32]:
    """Rows from ``start`` on; the last block is filled up with zeros."""
    part = np.ascontiguousarray(vectors[start : start + side], dtype=np.float32)
    if len(part) == side:
        return part
    out = np.zeros((side, vectors.shape[1]), dtype=np.float32)
    out[: len(part)] = part
    return out


class _Best:
    """The k best candidates of each owner so far.

    A candidate is one number: the similarity, turned so that larger ones sort first, above the row. So a plain sort
    puts the lower row first among equals. Each owner must be offered rows in ascending order.
    """

    def __init__(self, owners: int, k: int) -> None:
        self._k = k
        self._keys = np.full((owners, k), NOTHING, dtype=np.uint64)
        self._floor = np.full(owners, -np.inf, dtype=np.float32)  # what a candidate must exceed

    def offer(self, scores: NDArray[np.float32], owner: int, row: int, *, by_column: bool = False) -> None:
        """Take what is good enough from a block of similarities.

        Parameters
        ----------
        scores : ndarray of float32, shape (owners, rows), or (rows, owners) with ``by_column``
            Both at most 65,536 long.
        owner, row : int
            Number of the first owner and of the first row.
        """
        axis = 0 if by_column else 1
        owners = slice(owner, owner + scores.shape[1 - axis])
        chosen = scores > np.expand_dims(self._floor[owners], axis)
        count = np.count_nonzero(chosen)
        if not count:
            return
        if count > CROWD * self._k * scores.shape[1 - axis] and self._k < scores.shape[axis]:
            chosen &= scores >= _reached(scores, self._k, axis)
        down, across = np.divmod(np.flatnonzero(chosen), scores.shape[1])
        values = scores[down, across]
        mine, theirs = (across, down) if by_column else (down, across)
        if by_column:
            order = np.argsort(mine.astype(np.uint16), kind="stable")
            mine, theirs, values = mine[order], theirs[order], values[order]
        self._merge(owner, mine, _keys(values, theirs + row))

    def _merge(self, owner: int, mine: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
        """Put candidates, sorted by owner, beside what these owners have, and keep the k best."""
        counts = np.bincount(mine)
        touched = np.flatnonzero(counts)
        counts = counts[touched]
        line = np.repeat(np.arange(len(touched)), counts)
        place = np.arange(len(mine)) - np.repeat(np.cumsum(counts) - counts, counts)
        table = np.full((len(touched), self._k + int(counts.max())), NOTHING, dtype=np.uint64)
        touched += owner
        table[:, : self._k] = self._keys[touched]
        table[line, self._k + place] = keys
        table.partition(self._k - 1, axis=1)
        self._keys[touched] = table[:, : self._k]
        last = table[:, self._k - 1]
        self._floor[touched] = np.where(last == NOTHING, -np.inf, _similarities(last))

    def result(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Similarities, descending, and rows."""
        if (self._keys == NOTHING).any():
            raise ValueError("a vector holds NaN, so its neighbours are unknown; leave out such rows")
        self._keys.sort(axis=1)
        return _similarities(self._keys), (self._keys & LOW).astype(np.int64)


def _reached(scores: NDArray[np.float32], k: int, axis: int) -> NDArray[np.float32]:
    """A value that at least k entries along an axis reach: the k-th of the maxima of groups of them; axis kept."""
    groups = GROUPS * k
    deep = scores.shape[axis] // groups
    if deep > 1 and axis == 1:
        scores = scores[:, : deep * groups].reshape(len(scores), deep, groups).max(axis=1)
    elif deep > 1:
        scores = scores[: deep * groups].reshape(deep, groups, scores.shape[1]).max(axis=0)
    place = scores.shape[axis] - k
    return np.take(np.partition(scores, place, axis=axis), [place], axis=axis)


def _keys(similarities: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Numbers that ascend as similarities descend, then as rows ascend."""
    bits = (similarities + np.float32(0)).view(np.uint32)  # adding 0 makes -0 a 0
    return (_turned(bits).astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64)


def _similarities(keys: NDArray[np.uint64]) -> NDArray[np.float32]:
    return _turned((keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)


def _turned(bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Bits of float32 to descending integers, or back: negative numbers already descend, the others are mirrored."""
    return np.where(bits >> 31, bits, ~bits & np.uint32(0x7FFFFFFF))
