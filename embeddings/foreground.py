"""Foreground without annotation: where the encoder finds its evidence, times how unlike the border a colour is."""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder

GRID = 96
"""Rows and columns on which energy and contrast are joined; the map is then enlarged to the picture."""
RIM = 3
"""Width of the border, in cells of the grid, that speaks for the background."""
SPREAD = 9.0
"""Least variance of the border's colours, in squared 8-bit Lab units: on a plain backdrop noise is no object."""
CANVAS = 512
"""Side of the square that a picture is squashed into before ``prepare``; no encoder here looks at more."""
BATCH = 32
_margins: WeakKeyDictionary[Encoder, int] = WeakKeyDictionary()
"""Finding one costs as much as a map or two, and checks ask for a few maps at a time."""


def foreground_maps(
    encoder: Encoder, pictures: Sequence[NDArray[np.uint8]], *, contrast: bool = True
) -> list[NDArray[np.float32]]:
    """Foreground probability of every pixel.

    Energy (``encoder.saliency`` over the whole picture) and contrast (Mahalanobis distance in Lab from the colours of
    the picture's border, the boundary prior of Wei et al. 2012) are each stretched to [0, 1] and multiplied; then .5
    is put at the split of Otsu 1979. It orders pixels; it is not calibrated, so a share of pixels at .7 need not be
    foreground in 7 of 10.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (h, w, 3), RGB
        Of any sizes.
    contrast : bool
        Without it the encoder's energy alone.

    Returns
    -------
    list of ndarray of float32, shape (h, w), in [0, 1]
        One per picture, at its size. A picture without any contrast (one colour) is 0 everywhere.
    """
    import cv2

    margin = _margin(encoder)
    out: list[NDArray[np.float32]] = []
    for at in range(0, len(pictures), BATCH):
        part = pictures[at : at + BATCH]
        energy = encoder.saliency(np.stack([encoder.prepare(squashed(picture, margin)) for picture in part]))
        for picture, cells in zip(part, energy, strict=True):
            joined = stretched(cv2.resize(cells, (GRID, GRID), interpolation=cv2.INTER_LINEAR))
            if contrast:
                joined = joined * stretched(border_contrast(picture))
            size = (picture.shape[1], picture.shape[0])
            large = cv2.resize(split_at_half(joined), size, interpolation=cv2.INTER_LINEAR)
            out.append(np.clip(large, 0, 1).astype(np.float32))
    return out


def _margin(encoder: Encoder) -> int:
    """``hidden_margin``, found once for each encoder."""
    if encoder not in _margins:
        _margins[encoder] = hidden_margin(encoder)
    return _margins[encoder]


def hidden_margin(encoder: Encoder) -> int:
    """Pixels that ``prepare`` crops from each side of a square of ``CANVAS`` px.

    Found by showing it black squares with a white frame: the widest frame that leaves the result black.
    """
    plain = np.zeros((CANVAS, CANVAS, 3), dtype=np.uint8)
    black = np.asarray(encoder.prepare(plain), dtype=np.float64)
    whole = np.abs(np.asarray(encoder.prepare(plain + 255), dtype=np.float64) - black).max()
    unseen, seen = 0, CANVAS // 2
    while seen - unseen > 1:
        width = (unseen + seen) // 2
        framed = plain + 255
        framed[width:-width, width:-width] = 0
        change = np.abs(np.asarray(encoder.prepare(framed), dtype=np.float64) - black).max()
        unseen, seen = (unseen, width) if change > whole / 2 else (width, seen)
    return unseen


def squashed(picture: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    """The whole picture in a square, with a reflected margin around it for ``prepare`` to crop."""
    import cv2

    side = CANVAS - 2 * margin
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_REFLECT), dtype=np.uint8)


def border_contrast(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Distance of each colour from those at the border, in their standard deviations; shape (GRID, GRID)."""
    import cv2

    small = cv2.resize(picture, (GRID, GRID), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float64)
    rim = np.ones((GRID, GRID), dtype=np.bool_)
    rim[RIM:-RIM, RIM:-RIM] = False
    border = lab[rim]
    precision = np.linalg.inv(np.cov(border.T) + SPREAD * np.eye(3))
    away = lab - np.median(border, axis=0)
    return np.asarray(np.sqrt(np.einsum("hwi,ij,hwj->hw", away, precision, away)), dtype=np.float32)


def stretched(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 1st percentile to 0 and the 99th to 1; all 0 where they are equal."""
    low, high = np.percentile(values, (1, 99))
    if high - low <= 1e-6 * max(abs(high), 1e-6):
        return np.zeros_like(values)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)


def split_at_half(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values in [0, 1] with Otsu's threshold moved to .5, linear on both sides of it."""
    import cv2

    level, _ = cv2.threshold(np.round(values * 255).astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # cv2 calls what exceeds the level foreground, so the split lies half a step above it.
    split = min(max((level + 0.5) / 255, 1e-3), 1 - 1e-3)
    return np.asarray(np.interp(values, [0, split, 1], [0, 0.5, 1]), dtype=np.float32)
