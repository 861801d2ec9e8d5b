"""Equal-area controls: a region's own shape at other places, for telling its effect from that of any such hole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.regions import checked

FLIPS: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1))
TOLERANCE = 0.05
"""Difference in mean distance from the centre, in half diagonals, that counts as matched in position."""
POOL = 64
"""Places, per control asked for, among which chance decides at least: neighbours one pixel apart are one place."""


@dataclass(frozen=True, eq=False)
class Controls:
    """Regions of the same area and shape elsewhere in the picture.

    Attributes
    ----------
    regions : ndarray of bool, shape (n, h, w)
    overlap : ndarray of float64, shape (n,)
        Share of the control that lies on the true region.
    mismatch : ndarray of float64, shape (n,)
        Absolute difference in mean distance of its pixels from the picture's centre, in half diagonals.
    wrapped : bool
        Whether they had to be moved around the edges of the picture, which cuts the shape in pieces.
    """

    regions: NDArray[np.bool_]
    overlap: NDArray[np.float64]
    mismatch: NDArray[np.float64]
    wrapped: bool


def random_controls(
    region: NDArray[np.bool_], rng: np.random.Generator, *, count: int = 8, most_overlap: float = 0.1
) -> Controls:
    """The region flipped and moved to ``count`` random places that lie as far from the centre as it does.

    Every flip and every whole-pixel shift is judged by two correlations (FFT). Shifts inside the picture with at most
    ``most_overlap`` come first; without enough of those, shifts around the edges; without those either, the shifts
    that overlap least, whose overlap is reported. Among them chance decides between the places matched within
    ``TOLERANCE``, or the best matched if those are few.

    Parameters
    ----------
    region : ndarray of bool, shape (h, w)
    rng : Generator
        The same state gives the same controls.
    count : int
        At least 1.
    most_overlap : float
        In [0, 1].

    Raises
    ------
    NoRegion
        If the region is empty or the whole picture.
    ValueError
        If more controls are asked for than there are places.
    """
    checked(region)
    overlap, distance, inside = _judged(region)
    if not 1 <= count <= overlap.size:
        raise ValueError(f"expected 1 to {overlap.size} controls for this picture, saw {count}")
    mismatch = np.abs(distance - float(_from_centre(*region.shape)[region].mean()))
    low = overlap <= most_overlap + 1e-9
    pool = np.flatnonzero(low & inside)
    wrapped = len(pool) < count
    if wrapped:
        pool = np.flatnonzero(low)
    if len(pool) < count:
        least = min(overlap.size, POOL * count)
        pool = np.argpartition(overlap, least - 1, axis=None)[:least]
    fits = mismatch.ravel()[pool]
    order = np.argsort(fits, kind="stable")
    enough = max(int((fits <= TOLERANCE).sum()), min(len(pool), POOL * count))
    chosen = rng.choice(pool[order[:enough]], size=count, replace=False)
    flips, rows, columns = np.unravel_index(chosen, overlap.shape)
    moved = [
        np.roll(np.flip(region, FLIPS[flip]), (int(row), int(column)), axis=(0, 1))
        for flip, row, column in zip(flips, rows, columns, strict=True)
    ]
    return Controls(np.stack(moved), overlap.ravel()[chosen], mismatch.ravel()[chosen], wrapped)


def _judged(region: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Overlap, mean distance from the centre, and whether nothing wraps, per flip and shift; shape (4, h, w)."""
    height, width = region.shape
    area = float(region.sum())
    target = np.fft.rfft2(region.astype(np.float64))
    place = np.fft.rfft2(_from_centre(height, width))
    overlap, distance = np.empty((4, height, width)), np.empty((4, height, width))
    inside = np.zeros((4, height, width), dtype=np.bool_)
    for number, axes in enumerate(FLIPS):
        flipped = np.flip(region, axes)
        shape = np.conj(np.fft.rfft2(flipped.astype(np.float64)))
        overlap[number] = np.round(np.fft.irfft2(target * shape, s=region.shape)) / area
        distance[number] = np.fft.irfft2(place * shape, s=region.shape) / area
        inside[number] = _stays(flipped, 0)[:, None] & _stays(flipped, 1)[None]
    return overlap, distance, inside


def _stays(region: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Shifts along one axis, modulo its length, that carry nothing across the edge."""
    used = np.unique(np.nonzero(region)[axis])
    length = region.shape[axis]
    out = np.zeros(length, dtype=np.bool_)
    out[np.arange(-used[0], length - used[-1]) % length] = True
    return out


def _from_centre(height: int, width: int) -> NDArray[np.float64]:
    """Distance of each pixel from the centre of the picture, in half diagonals."""
    y, x = np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    return np.asarray(np.hypot(y[:, None], x[None]) / (np.hypot(height, width) / 2))
