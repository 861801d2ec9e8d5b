"""An encoder's preparation of pictures in the words of Pillow, so that a service can do it without this project."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from embeddings.encoder import Encoder

BLEEDS = (0.0, 1 / 16, 0.05, 0.0625, 0.025)
"""Shares cut off on every side before the central square is taken: a crop of 224 from 256 cuts a sixteenth."""
METHODS = ("BICUBIC", "BILINEAR", "LANCZOS")


@dataclass(frozen=True)
class PlainPreparation:
    """``ImageOps.fit(picture, (size, size), method, bleed)``, or ``picture.resize`` where ``squash`` is true.

    Attributes
    ----------
    size : int
        Pixels.
    method : str
        A name of ``PIL.Image.Resampling``.
    bleed : float
    squash : bool
        The whole picture, its proportions not kept.
    difference : float
        Mean absolute difference to the encoder's own preparation on trial pictures, of 255 levels.
    """

    size: int
    method: str
    bleed: float
    squash: bool
    difference: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def __call__(self, picture: Image.Image) -> NDArray[np.uint8]:
        """Bytes, shape (size, size, 3)."""
        to, how = (self.size, self.size), Image.Resampling[self.method]
        made = picture.resize(to, how) if self.squash else ImageOps.fit(picture, to, how, self.bleed)
        return np.asarray(made, dtype=np.uint8)


def plain_preparation(encoder: Encoder) -> PlainPreparation | None:
    """The one that comes nearest to the encoder's own; None where that gives no bytes of a square picture."""
    pictures = _trials()
    own = [encoder.prepare(np.asarray(picture)) for picture in pictures]
    shape = own[0].shape
    if own[0].dtype != np.uint8 or len(shape) != 3 or shape[0] != shape[1] or shape[2] != 3:
        return None
    best: PlainPreparation | None = None
    for method in METHODS:
        for squash, bleed in ((True, 0.0), *((False, b) for b in BLEEDS)):
            tried = PlainPreparation(shape[0], method, bleed, squash, 0.0)
            pairs = zip(pictures, own, strict=True)
            off = [np.abs(tried(p).astype(np.int64) - o.astype(np.int64)).mean() for p, o in pairs]
            if best is None or np.mean(off) < best.difference:
                best = PlainPreparation(shape[0], method, bleed, squash, float(np.mean(off)))
    return best


def _trials() -> list[Image.Image]:
    """Smooth noise, wide and high, larger and smaller than a network's input."""
    rng = np.random.default_rng(0)
    return [
        Image.fromarray(rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        for size in ((640, 400), (300, 500), (200, 180))
    ]
