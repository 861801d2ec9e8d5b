"""What turns pictures into unit vectors: the protocol every encoder follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EncoderInfo:
    """What an embedding space needs to know of the encoder that made it.

    Attributes
    ----------
    name : str
        As the user names it: ``embedded``, ``open_clip:ViT-B-32/laion2b_s34b_b79k``, ``transformers:PATH``.
    fingerprint : str
        Hexadecimal digest of weights and preprocessing. Spaces with different fingerprints never mix.
    dimension : int
        Length of a vector.
    has_text : bool
        Whether free text can be encoded into the same space.
    """

    name: str
    fingerprint: str
    dimension: int
    has_text: bool


@dataclass(frozen=True, eq=False)
class Encoded:
    """Vectors of one batch.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, dimension)
        Unit length, in the order of the input.
    names : ndarray of float32, shape (n, 1000) or (n, 0)
        Scores (logits) over the ImageNet names, where the encoder has that head.
    """

    vectors: NDArray[np.float32]
    names: NDArray[np.float32]


@runtime_checkable
class Encoder(Protocol):
    """Pictures in, unit vectors out."""

    @property
    def info(self) -> EncoderInfo:
        """Name, fingerprint and size of the space."""
        ...

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One decoded picture (h, w, 3; RGB) to the array that ``encode`` takes. Thread-safe."""
        ...

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        """A stack of prepared pictures (n, 3, s, s) to vectors."""
        ...

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of texts, shape (n, dimension).

        Raises
        ------
        NoTextTower
            If ``info.has_text`` is false.
        """
        ...


class NoTextTower(RuntimeError):
    """The encoder has no text tower, so free words cannot be scored."""


class EncoderUnavailable(RuntimeError):
    """The named encoder cannot be had here; the message says what was looked for and what to do."""
