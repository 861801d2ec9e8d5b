"""What is foreground in a picture: given boxes or masks as probabilities, and regions cut from probabilities."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""x, y, width, height in px; x and y of the upper left corner."""


class NoRegion(ValueError):
    """A picture has no region of the kind asked for.

    Parameters
    ----------
    expected, seen : str
        What was needed, and what was there instead.
    """

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"expected {expected}, saw {seen}")
        self.expected = expected
        self.seen = seen


def from_boxes(boxes: Sequence[Box], height: int, width: int) -> NDArray[np.float32]:
    """Probability 1 inside the union of boxes, each clipped to the picture, 0 outside.

    A pixel belongs to a box when its centre does; a box thinner than a pixel keeps the pixel that it lies in.

    Returns
    -------
    ndarray of float32, shape (height, width)

    Raises
    ------
    NoRegion
        Without boxes, for a number that is not finite or a side that is not positive, and when no box touches the
        picture.
    """
    if not len(boxes):
        raise NoRegion("at least one box", "none")
    out = np.zeros((height, width), dtype=np.float32)
    for x, y, w, h in boxes:
        if not np.isfinite((x, y, w, h)).all() or w <= 0 or h <= 0:
            raise NoRegion("boxes of finite numbers with positive width and height", f"{x:g}, {y:g}, {w:g}, {h:g}")
        out[_span(y, h, height), _span(x, w, width)] = 1
    if not out.any():
        raise NoRegion(f"a box inside the picture of {width} × {height} px", "all boxes outside")
    return out


def from_mask(mask: NDArray[np.generic], height: int, width: int) -> NDArray[np.float32]:
    """A mask (0 = background, anything else foreground) as probabilities at the size of the picture.

    Parameters
    ----------
    mask : ndarray of bool or a number, shape (rows, columns)
        Of any size: it is stretched over the picture, each pixel taking the nearest value.

    Returns
    -------
    ndarray of float32, shape (height, width)

    Raises
    ------
    NoRegion
        If the mask is not two-dimensional, or has no foreground.
    """
    if mask.ndim != 2 or not mask.size:
        raise NoRegion("a mask of rows × columns", f"shape {mask.shape}")
    rows = (np.arange(height) * 2 + 1) * mask.shape[0] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * mask.shape[1] // (2 * width)
    out = np.asarray(mask[np.ix_(rows, columns)] != 0, dtype=np.float32)
    if not out.any():
        raise NoRegion("a mask with foreground", "an empty mask")
    return out


def region_of(probability: NDArray[np.float32], threshold: float = 0.5) -> NDArray[np.bool_]:
    """Pixels with at least this probability, shape (h, w).

    Raises
    ------
    NoRegion
        If they are none, or the whole picture.
    """
    region = np.asarray(probability >= threshold)
    checked(region)
    return region


def checked(region: NDArray[np.bool_]) -> None:
    """Refuse a region that is empty or the whole picture: there is nothing to erase, or nothing left.

    Raises
    ------
    NoRegion
    """
    if region.ndim != 2 or region.dtype != np.bool_:
        raise NoRegion("a region of rows × columns of bool", f"{region.dtype} of shape {region.shape}")
    if not region.any():
        raise NoRegion("a region with some pixels", "an empty region")
    if region.all():
        raise NoRegion("a region that leaves some of the picture", "the whole picture")


def _span(start: float, length: float, limit: int) -> slice:
    """Pixels whose centres lie in [start, start + length), clipped; at least the one at ``start`` if that is inside."""
    low, high = int(np.ceil(start - 0.5)), int(np.ceil(start + length - 0.5))
    if high <= low:
        low, high = int(np.floor(start)), int(np.floor(start)) + 1
    return slice(min(max(low, 0), limit), min(max(high, 0), limit))
