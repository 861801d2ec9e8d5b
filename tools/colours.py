"""Pictures by colour: how much of the middle of a picture has a hue that people have a name for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.images import Unreadable, open_picture
from embeddings.progress import Progress, silent
from tools.case import Case

MOST_OPENED = 600
"""Pictures opened for one search; more are sampled evenly."""
SIDE = 64
MIDDLE = 0.25
"""Cut off at each side: surroundings have colours of their own."""
COLOURED, VISIBLE = 0.25, 0.15
"""Least saturation and value of a pixel with a hue: below, people call it grey or black."""
DARK_BROWN = 0.65
Planes = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def _hue(low: float, high: float) -> Callable[[Planes], NDArray[np.bool_]]:
    def fits(planes: Planes) -> NDArray[np.bool_]:
        hue, saturation, value = planes
        inside = (hue >= low) & (hue < high) if low < high else (hue >= low) | (hue < high)
        return inside & (saturation >= COLOURED) & (value >= VISIBLE)

    return fits


COLOURS: Mapping[str, Callable[[Planes], NDArray[np.bool_]]] = {
    "red": _hue(345, 15),
    "orange": _hue(15, 45),
    "yellow": _hue(45, 68),
    "green": _hue(68, 165),
    "blue": _hue(165, 260),
    "purple": _hue(260, 310),
    "pink": _hue(310, 345),
    "brown": lambda p: _hue(10, 45)(p) & (p[2] < DARK_BROWN),
    "black": lambda p: p[2] < VISIBLE,
    "white": lambda p: (p[1] < VISIBLE) & (p[2] > 0.85),
    "grey": lambda p: (p[1] < VISIBLE) & (p[2] >= VISIBLE) & (p[2] <= 0.85),
}
"""What a pixel must be for each name; hue in degrees, saturation and value 0 to 1."""


@dataclass(frozen=True, eq=False)
class ByColour:
    """Pictures with the most of a colour in their middle.

    Attributes
    ----------
    colour : str
    rows : tuple of int
        Most first.
    shares : tuple of float
        Of the middle's pixels, 0 to 1.
    opened : int
        Pictures that were looked at.
    """

    colour: str
    rows: tuple[int, ...]
    shares: tuple[float, ...]
    opened: int


def planes(pixels: NDArray[np.uint8]) -> Planes:
    """Hue (degrees), saturation and value of RGB pixels, shape (h, w, 3).

    >>> [float(p[0, 0]) for p in planes(np.array([[[0, 128, 0]]], dtype=np.uint8))]
    [120.0, 1.0, 0.501960813999176]
    """
    rgb = pixels.astype(np.float32) / 255
    value, least = rgb.max(axis=2), rgb.min(axis=2)
    spread = value - least
    safe = np.where(spread > 0, spread, 1)
    red, green, blue = (rgb[..., channel] for channel in range(3))
    hue = np.select(
        [value == red, value == green], [(green - blue) / safe % 6, (blue - red) / safe + 2], (red - green) / safe + 4
    )
    saturation = np.where(value > 0, spread / np.where(value > 0, value, 1), 0)
    return (hue * 60).astype(np.float32), saturation.astype(np.float32), value


def share_of(pixels: NDArray[np.uint8], colour: str) -> float:
    """Share of the middle of a picture that has a colour."""
    height, width = pixels.shape[:2]
    top, left = int(height * MIDDLE), int(width * MIDDLE)
    middle = pixels[top : height - top, left : width - left]
    return float(COLOURS[colour](planes(middle)).mean()) if middle.size else 0.0


def by_colour(case: Case, colour: str, rows: Sequence[int], *, on_step: Progress = silent) -> ByColour:
    """Rows of a case with the most of a colour first; pictures that cannot be read are left out."""
    some = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_OPENED)).astype(int))]
    found: list[tuple[float, int]] = []
    dataset = case.dataset
    for done, row in enumerate(some):
        if done % 20 == 0:
            on_step("looking at colours", done, len(some))
        image = str(case.ids[row])
        try:
            picture = open_picture(dataset.path(image), root=dataset.root_of(image), smallest_side=SIDE)
        except Unreadable:
            continue
        found.append((share_of(picture.pixels, colour), row))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return ByColour(colour, tuple(row for _, row in found), tuple(round(s, 4) for s, _ in found), len(found))
