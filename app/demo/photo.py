"""From lit scene to JPEG: exposure, lens, sensor, file."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from app.demo.noise import Floats, Rng

SIDE = 320
WORKING = 344  # drawn larger and reduced, so that outlines are smooth


@dataclass(frozen=True)
class Shot:
    """How a picture was taken.

    Attributes
    ----------
    exposure : float
        1 = well lit; the dark slice lies at a few hundredths.
    balance : tuple of float
        Gain of red, green, blue.
    blur, noise : float
        Standard deviations: pixels of the picture, and share of full scale at mid grey.
    quality : int
        JPEG quality.
    """

    exposure: float
    balance: tuple[float, float, float]
    blur: float
    noise: float
    quality: int


def draw_shot(rng: Rng, *, dark: bool) -> Shot:
    """A camera's settings; a dark one is underexposed and noisy."""
    warm = float(rng.normal(0, 0.05))
    return Shot(
        exposure=float(rng.uniform(0.018, 0.042)) if dark else float(np.exp(rng.normal(0.05, 0.22))),
        balance=(1 + warm, 1.0, 1 - warm),
        blur=float(rng.uniform(0.3, 0.75) if rng.uniform() < 0.8 else rng.uniform(0.9, 1.7)),
        noise=float(rng.uniform(0.03, 0.05)) if dark else float(rng.uniform(0.004, 0.022)),
        quality=int(rng.integers(62, 95)),
    )


def develop(scene: Floats, shot: Shot, rng: Rng) -> NDArray[np.uint8]:
    """Scene light to sRGB bytes, shape (320, 320, 3)."""
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    fall = 1 - np.float32(rng.uniform(0, 0.16)) * (axis[:, None] ** 2 + axis[None, :] ** 2)
    reduced = np.stack(
        [
            np.asarray(
                Image.fromarray(np.ascontiguousarray(scene[..., k])).resize((SIDE, SIDE), Image.Resampling.HAMMING)
            )
            for k in range(3)
        ],
        axis=-1,
    )
    reduced = ndimage.gaussian_filter(reduced, (shot.blur, shot.blur, 0), truncate=3)
    reduced *= fall[..., None]
    reduced *= np.array(shot.balance, dtype=np.float32) * np.float32(1.5 * shot.exposure)
    # a shoulder instead of a hard clip, so that highlights roll off as in a camera
    tone = (1 - np.exp(-np.clip(reduced, 0, None))) ** np.float32(1 / 2.2)
    grain = rng.standard_normal(tone.shape, dtype=np.float32)
    return np.asarray(np.clip((tone + grain * shot.noise) * 255, 0, 255), dtype=np.uint8)


def jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """The bytes of a JPEG file."""
    out = BytesIO()
    Image.fromarray(pixels).save(out, format="JPEG", quality=quality)
    return out.getvalue()
