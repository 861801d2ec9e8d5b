"""Labelled pictures with boxes, and the boxes that a detector put into them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.dataset import SPLITS, Skipped

FLAGS = ("truncated", "occluded", "difficult", "crowd")
"""What annotators may say of a box: cut by the picture's edge, partly hidden, hard to tell, many things at once."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of one kind: all labelled ones, or all that one detector gave.

    Attributes
    ----------
    pictures : ndarray of int64, shape (m,)
        Row of the picture in ``BoxSet.ids``; ascending.
    classes : ndarray of int64, shape (m,)
        Number of the class in ``BoxSet.classes``.
    places : ndarray of float64, shape (m, 4)
        x, y of the upper left corner, width, height: pixels of the upright picture, inside it, sides above 0.
    scores : ndarray of float64, shape (m,)
        A detector's scores, 0 to 1; ones for labels.
    flags : mapping of str to ndarray of bool, each shape (m,)
        Names of ``FLAGS`` that the format tells; empty for a detector's boxes.
    """

    pictures: NDArray[np.int64]
    classes: NDArray[np.int64]
    places: NDArray[np.float64]
    scores: NDArray[np.float64]
    flags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        m = len(self.pictures)
        columns = {"classes": self.classes, "scores": self.scores, **self.flags}
        if self.places.shape != (m, 4):
            raise ValueError(f"places must have the shape ({m}, 4), got {self.places.shape}")
        for name, column in columns.items():
            if column.shape != (m,):
                raise ValueError(f"{name} must have the shape ({m},), got {column.shape}")
        if m and (np.diff(self.pictures) < 0).any():
            raise ValueError("boxes must stand in the order of their pictures")
        if not np.isfinite(self.places).all() or (m and self.places[:, 2:].min() <= 0):
            raise ValueError("places must be finite, with sides above 0")

    def __len__(self) -> int:
        return len(self.pictures)

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """x1, y1, x2, y2 of each box, shape (m, 4)."""
        return np.hstack([self.places[:, :2], self.places[:, :2] + self.places[:, 2:]])

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Square pixels, shape (m,)."""
        return np.asarray(self.places[:, 2] * self.places[:, 3])

    def flag(self, name: str) -> NDArray[np.bool_]:
        """One of ``FLAGS``, shape (m,); False where the format does not tell."""
        return self.flags.get(name, np.zeros(len(self), dtype=bool))

    def only(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> "Boxes":
        """Some of the boxes: a mask of shape (m,), or ascending rows."""
        flags = {name: column[keep] for name, column in self.flags.items()}
        return Boxes(self.pictures[keep], self.classes[keep], self.places[keep], self.scores[keep], flags)


@dataclass(frozen=True, eq=False)
class Numbers:
    """How the label files number what a detector's results then name by number alone.

    Attributes
    ----------
    pictures : mapping of str to int
        COCO's ``image_id`` → row in ``BoxSet.ids``; empty where files of several splits use one id for two pictures.
    categories : mapping of str to int
        COCO's ``category_id`` → number of the class; empty where files use one id for two classes.
    positions : tuple of int
        YOLO's class number is the place here; the value is ours.
    """

    pictures: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class BoxSet:
    """Pictures with labelled boxes, not yet decoded. A picture without a box shows none of the classes.

    Attributes
    ----------
    root : Path
        Absolute folder that ids are relative to.
    ids : ndarray of str, shape (n,)
        See ``tools.dataset.encode_id``; sorted, unique.
    widths, heights : ndarray of int64, shape (n,)
        Pixels, after EXIF rotation.
    splits : ndarray of str, shape (n,)
        One of ``tools.dataset.SPLITS``.
    classes : tuple of str
        Sorted.
    labels : Boxes
    skipped : tuple of Skipped
        Every picture, or box, that was seen and left out, with its reason.
    notes : tuple of str
        What the format holds and was not read, and what was mended.
    numbers : Numbers
    """

    root: Path
    ids: NDArray[np.str_]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    splits: NDArray[np.str_]
    classes: tuple[str, ...]
    labels: Boxes
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    numbers: Numbers = field(default_factory=Numbers)

    def __post_init__(self) -> None:
        n = len(self.ids)
        if not len(self.widths) == len(self.heights) == len(self.splits) == n:
            raise ValueError("widths, heights and splits must have one row per picture")
        if len(set(self.ids.tolist())) != n:
            raise ValueError("ids must be unique")
        if unknown := set(self.splits.tolist()) - set(SPLITS):
            raise ValueError(f"splits must be among {SPLITS}, got {sorted(unknown)}")
        if len(self.labels) and (self.labels.pictures[-1] >= n or self.labels.classes.max() >= len(self.classes)):
            raise ValueError("a box names a picture or a class that is not there")

    def __len__(self) -> int:
        return len(self.ids)

    def in_split(self, *splits: str) -> NDArray[np.bool_]:
        """Which pictures stand in one of these splits, shape (n,)."""
        return np.isin(self.splits, splits)


def boxes_of(
    pictures: list[int],
    classes: list[int],
    places: list[tuple[float, float, float, float]],
    scores: list[float] | None = None,
    flags: Mapping[str, list[bool]] | None = None,
) -> Boxes:
    """Boxes from lists in any order, put into the order of their pictures (stable).

    >>> boxes_of([1, 0], [0, 0], [(0, 0, 2, 2), (1, 1, 3, 3)]).pictures.tolist()
    [0, 1]
    """  # fmt: skip
    order = np.argsort(np.asarray(pictures, dtype=np.int64), kind="stable")
    made = np.ones(len(pictures)) if scores is None else np.asarray(scores, dtype=np.float64)
    return Boxes(
        np.asarray(pictures, dtype=np.int64)[order],
        np.asarray(classes, dtype=np.int64)[order],
        np.asarray(places, dtype=np.float64).reshape(-1, 4)[order],
        made[order],
        {name: np.asarray(column, dtype=bool)[order] for name, column in (flags or {}).items()},
    )
