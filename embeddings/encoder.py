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


@dataclass(frozen=True)
class TextScale:
    """How a two-tower model turns cosine similarities into logits: ``scale * cosine + bias``.

    Attributes
    ----------
    scale : float
        The learned inverse temperature: about 100 for CLIP (Radford et al. 2021), 118 for SigLIP.
    bias : float
        The learned bias of SigLIP (Zhai et al. 2023), about -13; 0 for CLIP.
    """

    scale: float
    bias: float


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows divided by their length, shape (n, d); a row of zeros stays one.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / lengths, dtype=np.float32)


@runtime_checkable
class Encoder(Protocol):
    """Pictures in, unit vectors out."""

    @property
    def info(self) -> EncoderInfo:
        """Name, fingerprint and size of the space."""
        ...

    @property
    def text_scale(self) -> TextScale | None:
        """How similarities to texts become logits; None without a text tower."""
        ...

    @property
    def side_by_side(self) -> bool:
        """Whether ``encode`` takes one core and may be called by several threads at once (true on a CPU)."""
        ...

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """One decoded picture (h, w, 3; RGB) to the array that ``encode`` takes stacks of. Thread-safe."""
        ...

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """A stack of prepared pictures to vectors."""
        ...

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """Where the encoder finds its evidence in prepared pictures.

        Returns
        -------
        ndarray of float32, shape (n, rows, columns)
            Non-negative energy per cell of the encoder's own grid, over the part of the picture that ``prepare`` keeps.
        """
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
    """The named encoder cannot be had here.

    Parameters
    ----------
    seen, todo : str
        What was found in its place, and what to do about it; the message is both.
    """

    def __init__(self, seen: str, todo: str) -> None:
        self.seen, self.todo = seen, todo
        super().__init__(f"{seen}; {todo}")

    @property
    def advice(self) -> str:
        """What to do, as a sentence."""
        return f"{self.todo[:1].upper()}{self.todo[1:]}."
