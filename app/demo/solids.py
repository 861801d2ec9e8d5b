"""Fruit-like solids of revolution, traced per pixel."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.demo.canvas import Box, Canvas, bumped, unit
from app.demo.noise import Floats

_TABLE = 1024
_STEPS = 14


@dataclass(frozen=True)
class Profile:
    """Distance from the centre to the skin, by the cosine of the angle to the axis.

    Attributes
    ----------
    radius, slope : ndarray of float32, shape (1024,)
        Over cosines from -1 (lower pole) to 1 (stem); slope = d radius / d cosine.
    """

    radius: Floats
    slope: Floats

    @staticmethod
    def of(shape: Callable[[Floats], Floats]) -> "Profile":
        """Tabulate a shape given as a function of the cosine."""
        cosine = np.linspace(-1, 1, _TABLE, dtype=np.float32)
        radius = shape(cosine).astype(np.float32)
        return Profile(radius, np.gradient(radius, cosine).astype(np.float32))


@dataclass(frozen=True)
class Surface:
    """The visible points of a solid, for painting.

    Attributes
    ----------
    box : tuple of slice
    mask : ndarray of float32, shape (h, w)
    points : ndarray of float32, shape (3, h * w)
        Directions in the solid's own coordinates; the third is along the axis.
    depth : ndarray of float32, shape (h, w)
    normal : ndarray of float32, shape (h, w, 3)
    """

    box: Box
    mask: Floats
    points: Floats
    depth: Floats
    normal: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.mask.shape[0], self.mask.shape[1]


def basis(axis: Floats, turn: float) -> Floats:
    """A rotation whose third row is the axis and whose first two are turned about it, shape (3, 3)."""
    axis = unit(axis)
    helper = np.array([1, 0, 0] if abs(axis[0]) < 0.8 else [0, 1, 0], dtype=np.float32)
    first = unit(np.cross(axis, helper).astype(np.float32))
    second = np.cross(axis, first)
    c, s = math.cos(turn), math.sin(turn)
    return np.stack([c * first + s * second, -s * first + c * second, axis]).astype(np.float32)


def trace(canvas: Canvas, centre: Floats, radius: float, rotation: Floats, profile: Profile) -> Surface:
    """Find where each pixel's ray meets the solid.

    Parameters
    ----------
    centre : ndarray, shape (3,)
        In camera coordinates.
    radius : float
        What a radius of 1 in the profile measures in the frame.
    rotation : ndarray, shape (3, 3)
        From ``basis``.
    """
    widest = float(profile.radius.max()) * 1.01
    box = canvas.camera.box(float(centre[0]), float(centre[1]), radius * widest)
    x, y = canvas.camera.grid(box)
    x, y = (x - centre[0]) / radius, (y - centre[1]) / radius
    flat = x * x + y * y
    z = np.sqrt(np.clip(widest**2 - flat, 0, None))
    lean = x * rotation[2, 0] + y * rotation[2, 1]
    for _ in range(_STEPS):
        length = np.sqrt(flat + z * z) + np.float32(1e-6)
        cosine = (lean + z * rotation[2, 2]) / length
        row = np.clip((cosine + 1) * (_TABLE / 2), 0, _TABLE - 1).astype(np.int32)
        gap = length - profile.radius[row]
        z = z - 0.8 * gap
    mask = ((np.abs(gap) < 0.02) & (z > -0.6)).astype(np.float32)
    outward = np.stack([x, y, z], axis=-1) / length[..., None]
    slope = profile.slope[row] / length
    normal = unit(outward - slope[..., None] * (rotation[2] - cosine[..., None] * outward))
    normal[..., 2] = np.maximum(normal[..., 2], 0.02)
    points = (rotation @ outward.reshape(-1, 3).T).astype(np.float32)
    return Surface(box, mask, points, (centre[2] + z * radius).astype(np.float32), unit(normal))


def show(canvas: Canvas, surface: Surface, albedo: Floats, bump: Floats, *, gloss: float, sharp: float) -> None:
    """Put a painted solid on the canvas.

    Parameters
    ----------
    albedo : ndarray, shape (h * w, 3)
    bump : ndarray, shape (h * w,)
        Height of the fine relief, in units of the frame.
    """
    step = 2 / canvas.camera.side
    # beyond the outline the traced points are meaningless, so the relief fades out before it
    inner = np.clip(surface.normal[..., 2] * 4 - 0.6, 0, 1) * surface.mask
    normal = bumped(surface.normal, bump.reshape(surface.shape) * inner, step)
    canvas.put(
        surface.box,
        mask=surface.mask,
        depth=surface.depth,
        albedo=albedo.reshape(*surface.shape, 3),
        normal=normal,
        gloss=gloss,
        sharp=sharp,
    )
