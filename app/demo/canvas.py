"""A depth-buffered canvas: objects are put on it, then lit together."""

import math
from dataclasses import dataclass

import numpy as np

from app.demo.noise import Floats

Box = tuple[slice, slice]


@dataclass(frozen=True)
class Camera:
    """An orthographic camera above a table; the frame spans -1 to 1 both ways.

    Attributes
    ----------
    side : int
        Pixels of the working frame.
    tilt : float
        Radians away from looking straight down; 0 = seen from above.
    """

    side: int
    tilt: float

    @property
    def up(self) -> Floats:
        """Normal of the table in camera coordinates (x right, y down, z to the viewer), shape (3,)."""
        return np.array([0, -math.sin(self.tilt), math.cos(self.tilt)], dtype=np.float32)

    def above(self, a: float, b: float, height: float) -> Floats:
        """Camera coordinates of a point over the table at (a, b), shape (3,)."""
        ground = np.array([a, b * math.cos(self.tilt), b * math.sin(self.tilt)])
        return np.asarray(ground + self.up * height, dtype=np.float32)

    def box(self, x: float, y: float, reach: float) -> Box:
        """Pixels within ``reach`` of (x, y), clipped to the frame."""
        return self._span(y - reach, y + reach), self._span(x - reach, x + reach)

    def _span(self, low: float, high: float) -> slice:
        ends = (int((v + 1) / 2 * self.side) for v in (low, high))
        start, stop = (min(max(v, 0), self.side) for v in ends)
        return slice(start, max(stop, start))

    def grid(self, box: Box) -> tuple[Floats, Floats]:
        """x and y of the pixels of a box."""
        axis = ((np.arange(self.side) + 0.5) * 2 / self.side - 1).astype(np.float32)
        x, y = np.meshgrid(axis[box[1]], axis[box[0]])
        return x, y


class Canvas:
    """What each pixel shows: depth, colour in linear light, normal, gloss.

    Attributes
    ----------
    depth : ndarray of float32, shape (side, side)
        Along the view, larger is nearer.
    albedo, normal : ndarray of float32, shape (side, side, 3)
    gloss, sharp : ndarray of float32, shape (side, side)
        Strength and narrowness of the highlight.
    """

    def __init__(self, camera: Camera) -> None:
        side = camera.side
        self.camera = camera
        self.depth: Floats = np.full((side, side), -9, dtype=np.float32)
        self.albedo: Floats = np.zeros((side, side, 3), dtype=np.float32)
        self.normal: Floats = np.zeros((side, side, 3), dtype=np.float32)
        self.normal[..., 2] = 1
        self.gloss: Floats = np.zeros((side, side), dtype=np.float32)
        self.sharp: Floats = np.full((side, side), 20, dtype=np.float32)

    def put(
        self, box: Box, *, mask: Floats, depth: Floats, albedo: Floats, normal: Floats, gloss: float, sharp: float
    ) -> None:
        """Show an object where it is nearer than what is already there.

        Parameters
        ----------
        box : tuple of slice
            Rows and columns the fields cover, h by w.
        mask, depth : ndarray, shape (h, w)
        albedo, normal : ndarray, shape (h, w, 3)
        """
        seen = (mask > 0.5) & (depth > self.depth[box])
        np.copyto(self.depth[box], depth, where=seen)
        np.copyto(self.albedo[box], albedo, where=seen[..., None])
        np.copyto(self.normal[box], normal, where=seen[..., None])
        self.gloss[box][seen] = gloss
        self.sharp[box][seen] = sharp


def bumped(normal: Floats, height: Floats, step: float, steepest: float = 1.2) -> Floats:
    """Normals tilted by the slope of a small height field.

    Parameters
    ----------
    normal : ndarray, shape (h, w, 3)
    height : ndarray, shape (h, w)
        In the units of the frame.
    step : float
        Size of a pixel in the same units.
    steepest : float
        Slopes are held below this, as fine relief flattens towards an outline.
    """
    if min(height.shape) < 2:
        return normal
    out = normal.copy()
    down, right = np.gradient(height, step)
    out[..., 0] -= np.clip(right, -steepest, steepest)
    out[..., 1] -= np.clip(down, -steepest, steepest)
    return unit(out)


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1 along the last axis."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(length, 1e-6), dtype=np.float32)
