"""An encoder's preparation of pictures in the words of Pillow, so that a service can do it without this project."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.encoder import Encoder

PATCH = 6
BLEEDS = (0.0, 1 / 16, 0.05, 0.025)
"""Shares cut off on every side before the central square is taken: a crop of 224 from 256 cuts a sixteenth."""
METHODS = ("BICUBIC", "BILINEAR", "LANCZOS")


@dataclass(frozen=True)
class PlainPreparation:
    """``picture.resize((size, size), method, box)``, where the box is the central square, or all of the picture.

    Attributes
    ----------
    size : int
        Pixels.
    method : str
        A name of ``PIL.Image.Resampling``.
    bleed : float
        Share of the shorter side that is cut off on every side.
    whole : bool
        The box lies on whole pixels, as of a library that cuts before it resizes; half a pixel beside it moves every
        edge of a small picture.
    squash : bool
        The whole picture, its proportions not kept.
    difference : float
        Mean absolute difference to the encoder's own preparation on trial pictures, of 255 levels.
    """

    size: int
    method: str
    bleed: float
    whole: bool
    squash: bool
    difference: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def box(self, width: int, height: int) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of what is kept; None = all."""
        if self.squash:
            return None
        kept = min(width, height) * (1 - 2 * self.bleed)
        kept = round(kept) if self.whole else kept
        left, top = ((side - kept) / 2 for side in (width, height))
        left, top = (int(left), int(top)) if self.whole else (left, top)
        return left, top, left + kept, top + kept

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bytes of an RGB picture, shape (size, size, 3)."""
        to, how, picture = (self.size, self.size), Image.Resampling[self.method], Image.fromarray(pixels)
        return np.asarray(picture.resize(to, how, self.box(*picture.size)), dtype=np.uint8)


def plain_preparation(encoder: Encoder) -> PlainPreparation | None:
    """The one that comes nearest to the encoder's own; None where that gives no bytes of a square picture."""
    pictures = _trials()
    own = [encoder.prepare(picture) for picture in pictures]
    shape = own[0].shape
    if own[0].dtype != np.uint8 or len(shape) != 3 or shape[0] != shape[1] or shape[2] != 3:
        return None
    best: PlainPreparation | None = None
    for method in METHODS:
        for squash, bleed, whole in ((True, 0.0, False), *((False, b, w) for b in BLEEDS for w in (False, True))):
            tried = PlainPreparation(shape[0], method, bleed, whole, squash, 0.0)
            pairs = zip(pictures, own, strict=True)
            off = [np.abs(tried(p).astype(np.int64) - o.astype(np.int64)).mean() for p, o in pairs]
            if best is None or np.mean(off) < best.difference:
                best = replace(tried, difference=float(np.mean(off)))
    return best


def _trials() -> list[NDArray[np.uint8]]:
    """Patches about six pixels wide, so that edges count, wide and high, larger and smaller than a network's input."""
    rng = np.random.default_rng(0)
    out = []
    for width, height in ((640, 400), (300, 500), (463, 348), (200, 180)):
        patches = rng.integers(0, 256, (height // PATCH, width // PATCH, 3), dtype=np.uint8)
        picture = Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)
        out.append(np.asarray(picture, dtype=np.uint8))
    return out
