"""Procedural noise: the grain of wood, peel, skin and crumb."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Floats = NDArray[np.float32]
Rng = np.random.Generator

_VOLUME_SIDE = 48


def linear(*rgb: float) -> Floats:
    """A colour given as sRGB 0-255, in linear light 0-1, shape (3,)."""
    return ((np.array(rgb, dtype=np.float32) / 255) ** 2.2).astype(np.float32)


def enlarge(field: Floats, width: int, height: int) -> Floats:
    """A field resampled bicubically to (height, width)."""
    return np.asarray(Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC))


def fractal(
    rng: Rng, side: int, scale: float, *, octaves: int = 4, gain: float = 0.5, stretch: tuple[float, float] = (1, 1)
) -> Floats:
    """Fractal value noise, shape (side, side), mean near 0, standard deviation 1.

    Parameters
    ----------
    scale : float
        Lumps across the frame in the first octave; each octave doubles it.
    stretch : tuple of float
        Multiplies the scale along x and y: (1, 12) gives horizontal fibres.
    """
    total = np.zeros((side, side), dtype=np.float32)
    for octave in range(octaves):
        columns = min(int(scale * stretch[0] * 2**octave) + 2, side)
        rows = min(int(scale * stretch[1] * 2**octave) + 2, side)
        total += gain**octave * enlarge(rng.standard_normal((rows, columns), dtype=np.float32), side, side)
    total -= total.mean()
    return np.asarray(total / (total.std() + np.float32(1e-6)), dtype=np.float32)


def ridges(rng: Rng, side: int, scale: float, *, octaves: int = 4) -> Floats:
    """Thin bright lines (veins, wrinkles, cracks) in 0-1, shape (side, side)."""
    return np.asarray(np.exp(-((fractal(rng, side, scale, octaves=octaves) / 0.12) ** 2)), dtype=np.float32)


@lru_cache(maxsize=1)
def _volume() -> Floats:
    noise = np.random.default_rng(7).standard_normal((_VOLUME_SIDE,) * 3, dtype=np.float32)
    smooth = ndimage.gaussian_filter(noise, 0.7, mode="wrap")
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def solid_noise(points: Floats, frequency: float, offset: Floats, *, octaves: int = 1) -> Floats:
    """Noise at points of a solid, so that textures have neither seam nor pole.

    Parameters
    ----------
    points : ndarray of float32, shape (3, n)
    frequency : float
        Lumps per unit of length, about.
    offset : ndarray of float32, shape (3,)
        Which part of the endless volume; drawn once per object.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    total = np.zeros(points.shape[1], dtype=np.float32)
    for octave in range(octaves):
        where = points * (frequency * 2**octave) + offset[:, None] * (octave + 1)
        total += 0.5**octave * ndimage.map_coordinates(_volume(), where, order=1, mode="grid-wrap", prefilter=False)
    return total


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def mix(first: Floats, second: Floats, share: Floats) -> Floats:
    """Colours (3,) or (..., 3) blended by a field of shares in 0-1."""
    return np.asarray(first + (second - first) * share[..., None], dtype=np.float32)
