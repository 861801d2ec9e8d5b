"""A library's own picture transform, with the arithmetic at its end left to the network where that changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.strips import middle

Floats = Callable[[Image.Image], NDArray[np.float32]]
Bytes = Callable[[Image.Image], NDArray[np.uint8]]
TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """How pictures become what a network takes.

    Attributes
    ----------
    whole : callable
        The library's transform: picture to floats (3, s, s).
    early : callable or None
        The same up to the last two steps: bytes (s, s, 3). None where the library's steps cannot be parted so.
    mean, std : tuple of float
        What the left-out steps subtract and divide by, on the scale 0–255.
    """

    whole: Floats
    early: Bytes | None
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """One picture (h, w, 3) prepared: bytes (s, s, 3) if the network scales them itself, else floats (3, s, s)."""
        image = Image.fromarray(middle(pixels))
        return self.whole(image) if self.early is None else self.early(image)

    def floats(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """A stack as ``__call__`` prepares them, as the library's floats (n, 3, s, s)."""
        if self.early is None:
            return np.require(batch, np.float32, ["C", "W"])
        mean, std = (np.array(values, dtype=np.float32) for values in (self.mean, self.std))
        shifted = (batch.astype(np.float32) - mean) / std
        return np.ascontiguousarray(shifted.transpose(0, 3, 1, 2), dtype=np.float32)

    def network(self, tower: Any) -> Any:
        """The torch module that takes what ``__call__`` prepares."""
        from embeddings.network import scaled

        return tower if self.early is None else scaled(tower, self.mean, self.std)


def parted(whole: Floats, early: Bytes | None, mean: Sequence[float], std: Sequence[float]) -> Preprocessing:
    """A transform whose scaling is left to the network, if on trial pictures nothing changes by it.

    Parameters
    ----------
    whole, early : callable
        As in ``Preprocessing``.
    mean, std : sequence of float
        On the scale 0–1, as libraries give them.
    """
    shift, scale = (tuple(float(255 * v) for v in values) for values in (mean, std))
    trial = Preprocessing(whole, early, shift, scale)
    if early is not None and all(_same(trial, picture) for picture in _trials()):
        return trial
    return Preprocessing(whole, None, shift, scale)


def _same(trial: Preprocessing, picture: Image.Image) -> bool:
    expected = trial.whole(picture)
    found = trial.floats(trial(np.asarray(picture))[None])[0]
    return found.shape == expected.shape and bool(np.abs(found - expected).max() <= TOLERANCE)


def _trials() -> list[Image.Image]:
    """Coarse noise, wide and high, larger and smaller than any network's input."""
    rng = np.random.default_rng(0)
    sizes = ((640, 400), (90, 120))
    return [Image.fromarray(rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)).resize(size) for size in sizes]
