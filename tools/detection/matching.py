"""Which detected box stands for which labelled box, at every overlap threshold, as COCO's own evaluation decides.

Lin et al. 2014 ("Microsoft COCO"): within a picture and a class, detections take labels in the order of their scores,
each the free one it overlaps most. What lies on a region labelled as a crowd counts neither for nor against.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tools.detection.boxes import Boxes, BoxSet

OVERLAPS: NDArray[np.float64] = np.round(np.arange(0.05, 1.0, 0.05), 2)
"""Overlap thresholds (intersection over union) that are looked at; 0.5 to 0.95 are COCO's ten."""
MOST_PER_PICTURE = 100
"""Detections of a class that count in one picture, the best scored: COCO's limit."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Detections and labels of the measured pictures, paired.

    Attributes
    ----------
    classes : tuple of str
        As in the box set.
    pictures : ndarray of int64, shape (n,)
        Rows, in the box set, of the pictures that were measured, with and without boxes.
    labels, detected : Boxes
        l labels; d detections, within a picture by falling score.
    label_of : ndarray of int64, shape (19, d)
        For each of ``OVERLAPS``, the row of the label a detection found; -1 = none.
    found_by : ndarray of int64, shape (19, l)
        The row of the detection that found a label; -1 = none.
    on_crowd : ndarray of bool, shape (19, d)
        Detections that lie on a crowd: not counted.
    left_out : int
        Detections beyond ``MOST_PER_PICTURE``.
    """

    classes: tuple[str, ...]
    pictures: NDArray[np.int64]
    labels: Boxes
    detected: Boxes
    label_of: NDArray[np.int64]
    found_by: NDArray[np.int64]
    on_crowd: NDArray[np.bool_]
    left_out: int = 0

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Labels that can be missed (no crowds), shape (l,)."""
        return ~self.labels.flag("crowd")

    @cached_property
    def seats(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Place in ``pictures`` of each label's, shape (l,), and each detection's picture, shape (d,)."""
        return (
            np.searchsorted(self.pictures, self.labels.pictures),
            np.searchsorted(self.pictures, self.detected.pictures),
        )

    def right(self, overlap: int) -> NDArray[np.bool_]:
        """Detections that found a label of their class at ``OVERLAPS[overlap]``, shape (d,)."""
        return np.asarray((self.label_of[overlap] >= 0) & ~self.on_crowd[overlap])

    def wrong(self, overlap: int) -> NDArray[np.bool_]:
        """Detections that found none and do not lie on a crowd, shape (d,)."""
        return np.asarray((self.label_of[overlap] < 0) & ~self.on_crowd[overlap])


def overlap_row(overlap: float) -> int:
    """Row of an overlap threshold in ``OVERLAPS``.

    Raises
    ------
    ValueError
        If it is none of them.

    >>> overlap_row(0.5)
    9
    """
    rows = np.flatnonzero(np.isclose(OVERLAPS, overlap))
    if not len(rows):
        raise ValueError(f"overlap thresholds are 0.05, 0.1 … 0.95, got {overlap}")
    return int(rows[0])


def overlaps(
    first: NDArray[np.float64], second: NDArray[np.float64], crowd: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Intersection over union of two lists of boxes.

    Parameters
    ----------
    first : ndarray of float64, shape (a, 4)
        x, y, width, height.
    second : ndarray of float64, shape (b, 4)
    crowd : ndarray of bool, shape (b,), optional
        For these the intersection is divided by the first box's own area, as COCO does for crowds.

    Returns
    -------
    ndarray of float64, shape (a, b)

    >>> overlaps(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 2, 2], [5, 5, 1, 1]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    own = np.prod(first[:, 2:], axis=1)[:, None]
    union = own + np.prod(second[:, 2:], axis=1)[None] - both
    if crowd is not None:
        union = np.where(crowd[None], own, union)
    return np.asarray(both / union)


def match(boxset: BoxSet, detected: Boxes, pictures: NDArray[np.bool_]) -> Matches:
    """Pair the detections of some pictures with their labels.

    Parameters
    ----------
    boxset : BoxSet
    detected : Boxes
        One detector's, of any of its pictures.
    pictures : ndarray of bool, shape (n,)
        Which to measure.

    Returns
    -------
    Matches
    """
    labels = boxset.labels.only(pictures[boxset.labels.pictures])
    inside = detected.only(pictures[detected.pictures])
    order = np.lexsort((-inside.scores, inside.pictures))  # stable: equal scores keep the order they were given in
    ranked = inside.only(order)
    keep = _within_limit(ranked)
    found = ranked.only(keep)
    label_of = np.full((len(OVERLAPS), len(found)), -1, dtype=np.int64)
    found_by = np.full((len(OVERLAPS), len(labels)), -1, dtype=np.int64)
    on_crowd = np.zeros((len(OVERLAPS), len(found)), dtype=bool)
    crowd = labels.flag("crowd")
    for rows, cols in _cells(found, labels):
        free = np.ones((len(OVERLAPS), len(cols)), dtype=bool)
        shared = overlaps(found.places[rows], labels.places[cols], crowd[cols])
        for at, row in enumerate(rows):
            best = _best(shared[at], free, crowd[cols])
            for level in np.flatnonzero(best >= 0):
                column = cols[best[level]]
                label_of[level, row], on_crowd[level, row] = column, crowd[column]
                if not crowd[column]:
                    free[level, best[level]] = False
                    found_by[level, column] = row
    return Matches(
        boxset.classes, np.flatnonzero(pictures), labels, found, label_of, found_by, on_crowd, int((~keep).sum())
    )


def _best(shared: NDArray[np.float64], free: NDArray[np.bool_], crowd: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which label one detection takes at each threshold, shape (19,); a crowd only where no other is left.

    Of equal overlaps the last is taken, as in COCO's code.
    """
    enough = free & (shared[None] >= OVERLAPS[:, None] - 1e-10)
    out = np.full(len(OVERLAPS), -1, dtype=np.int64)
    for kind in (crowd, ~crowd):
        ranked = np.where(enough & kind[None], shared[None], -1.0)[:, ::-1]
        if ranked.shape[1]:
            last = ranked.shape[1] - 1 - ranked.argmax(axis=1)
            out = np.where(ranked.max(axis=1) >= 0, last, out)
    return out


def _cells(found: Boxes, labels: Boxes) -> "list[tuple[NDArray[np.int64], NDArray[np.int64]]]":
    """Rows of detections and of labels that share a picture and a class, where there are both."""
    classes = 1 + max((int(b.classes.max()) for b in (found, labels) if len(b)), default=0)
    keys = found.pictures * classes + found.classes
    wanted = labels.pictures * classes + labels.classes
    by_key: dict[int, list[int]] = {}
    for row, key in enumerate(wanted.tolist()):
        by_key.setdefault(key, []).append(row)
    rows: dict[int, list[int]] = {}
    for row, key in enumerate(keys.tolist()):
        if key in by_key:
            rows.setdefault(key, []).append(row)
    return [(np.asarray(mine), np.asarray(by_key[key])) for key, mine in rows.items()]


def _within_limit(ranked: Boxes) -> NDArray[np.bool_]:
    """The first ``MOST_PER_PICTURE`` of each class in each picture, shape (d,)."""
    seen: dict[tuple[int, int], int] = {}
    keep = np.ones(len(ranked), dtype=bool)
    for row, key in enumerate(zip(ranked.pictures.tolist(), ranked.classes.tolist(), strict=True)):
        seen[key] = seen.get(key, 0) + 1
        keep[row] = seen[key] <= MOST_PER_PICTURE
    return keep
