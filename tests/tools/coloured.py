"""Pictures of nine blocks of much one colour, and an encoder that needs no weights: the colour of each block."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings import resolve
from embeddings.encoder import Encoded, EncoderInfo

COLOURS = {"apple": (200, 40, 30), "pear": (60, 190, 40), "plum": (90, 30, 160)}


class Means:
    """The mean colour of each of nine blocks, made a unit vector."""

    text_scale = None
    side_by_side = True

    def __init__(self, name: str = "means", fingerprint: str = "a" * 64) -> None:
        self.info = EncoderInfo(name, fingerprint, 28, False)

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows, columns = (size // 3 * 3 for size in pixels.shape[:2])
        blocks = pixels[:rows, :columns].reshape(3, rows // 3, 3, columns // 3, 3).mean(axis=(1, 3))
        return (blocks.reshape(-1) / 255 - 0.4).astype(np.float32).reshape(27, 1, 1)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        vectors = np.concatenate([batch.reshape(len(batch), 27), np.ones((len(batch), 1), np.float32) / 9], axis=1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Encoded(vectors, np.zeros((len(batch), 0), np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError

    def saliency(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        raise NotImplementedError


def picture(path: Path, seed: int, colour: tuple[int, int, int], size: int = 24) -> Path:
    """A picture whose bytes no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    blocks = rng.integers(-70, 71, size=(3, 3, 3)).repeat(size // 3, axis=0).repeat(size // 3, axis=1)
    noise = blocks + rng.integers(-12, 13, size=(size, size, 3))
    Image.fromarray(np.clip(noise + np.array(colour), 0, 255).astype(np.uint8)).save(path)
    return path


def orchard(root: Path, each: int = 4, splits: Sequence[str] = ("train", "test")) -> Path:
    """Class folders of coloured pictures, ``train/apple/0.png`` … ``test/plum/3.png``."""
    for at, split in enumerate(splits):
        for kind, (name, colour) in enumerate(COLOURS.items()):
            for number in range(each):
                picture(root / split / name / f"{number}.png", 1000 * at + 100 * kind + number, colour)
    return root


def use_means(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every encoder asked for is the mean of each colour."""
    monkeypatch.setattr(resolve, "resolve_encoder", lambda name, **_: (Means(), f"Encoder: {name}."))
