"""What the encoders of OpenCLIP and transformers share: a torch model's picture tower, its digest and its scale."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoded, EncoderInfo, TextScale
from embeddings.precision import SUFFIX
from embeddings.preprocessing import Preprocessing
from embeddings.tower import How, Tower

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Parts:
    """What a library's loader hands over.

    Attributes
    ----------
    name : str
        As the user gave it, with the library's prefix and without ``:int8``.
    model : torch.nn.Module
        In evaluation mode, on ``device``.
    device : str
    preprocessing : Preprocessing
    settings : str
        The preprocessing in words; it is part of the fingerprint.
    has_text : bool
    """

    name: str
    model: Any
    device: str
    preprocessing: Preprocessing
    settings: str
    has_text: bool


class TowerEncoder:
    """An encoder but for its words, which each library reads in its own way.

    Parameters
    ----------
    parts : Parts
    features : callable
        Tensor (n, 3, s, s) to tensor (n, d), by the model's own code.
    energy : callable
        Model and pictures to non-negative energy per cell; see ``embeddings.attention``.
    how : How
        Where and with which precision the picture tower runs.
    """

    def __init__(
        self,
        parts: Parts,
        features: Callable[[Any], Any],
        energy: Callable[[Any, "torch.Tensor"], NDArray[np.float32]],
        how: How,
    ) -> None:
        self._model, self._device, self._energy = parts.model, parts.device, energy
        self._info = EncoderInfo(
            f"{parts.name}{SUFFIX * how.int8}",
            _digest(parts, how),
            _dimension(features, parts.preprocessing, parts.device),
            parts.has_text,
        )
        self._tower = Tower(features, parts.model, parts.preprocessing, self._info.fingerprint, how)

    @property
    def info(self) -> EncoderInfo:
        """Name, digest of all weights, of the preprocessing and of the precision, size."""
        return self._info

    @property
    def text_scale(self) -> TextScale | None:
        """The model's learned temperature, and its bias where it has one; None without a text tower."""
        if not hasattr(self._model, "logit_scale"):
            return None
        bias = getattr(self._model, "logit_bias", None)
        return TextScale(float(self._model.logit_scale.detach().exp()), 0.0 if bias is None else float(bias.detach()))

    @property
    def side_by_side(self) -> bool:
        """True on a CPU, where the picture tower was exported."""
        return self._tower.side_by_side

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """The library's own preprocessing, up to its scaling where the network does that."""
        return self._tower.preprocessing(pixels)

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        return self._tower.encode(batch)

    def encode_exactly(self, batch: NDArray[np.generic]) -> Encoded:
        """Unit vectors with 32-bit weights, whatever the encoder's own precision."""
        return self._tower.exact.encode(batch)

    def module(self) -> Any:
        """The picture tower in torch, with this encoder's own weights; ``embeddings.trainable.Trainable``."""
        return self._tower.module()

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """What the picture's vector is pooled from: attention of the last block, per patch."""
        import torch

        return self._energy(self._model, torch.from_numpy(self._tower.preprocessing.floats(batch)).to(self._device))


def _digest(parts: Parts, how: How) -> str:
    """Of preprocessing, weights as they lie in memory, and precision."""
    import torch

    digest = sha256(parts.settings.encode())
    for key, value in sorted(parts.model.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    if how.int8:
        digest.update(SUFFIX.encode())
    return digest.hexdigest()


def _dimension(features: Callable[[Any], Any], preprocessing: Preprocessing, device: str) -> int:
    """Length of a vector, from a black picture."""
    import torch

    trial = preprocessing.floats(preprocessing(np.zeros((64, 64, 3), np.uint8))[None])
    with torch.inference_mode():
        return int(features(torch.from_numpy(trial).to(device)).shape[1])
