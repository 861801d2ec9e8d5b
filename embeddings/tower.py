"""The picture tower of a torch model as it runs here: exported for a CPU, in 8 bits if asked, by torch on a GPU."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.device import torch_device
from embeddings.encoder import Encoded, EncoderUnavailable, unit
from embeddings.network import ExportFailed, OnnxNetwork, TorchNetwork, exported, kept
from embeddings.precision import quantise
from embeddings.preprocessing import Preprocessing
from embeddings.progress import Progress, silent

OUTPUTS = ("vectors",)


@dataclass(frozen=True)
class How:
    """How a tower is to run.

    Attributes
    ----------
    cache : Path or None
        Folder for exported networks; None = run in torch, on whatever device there is.
    int8 : bool
        With 8-bit weights; on a CPU only.
    threads : int
        On a CPU; 0 = all cores.
    on_step : callable
        Told of the export, which happens once.
    """

    cache: Path | None = None
    int8: bool = False
    threads: int = 0
    on_step: Progress = silent


IN_TORCH = How()
"""Nothing is exported."""


class Tower:
    """From prepared pictures to unit vectors.

    Parameters
    ----------
    features : callable
        Tensor (n, 3, s, s) to tensor (n, d), by the model's own code.
    model : torch.nn.Module
        Holds the weights that ``features`` uses.
    preprocessing : Preprocessing
    fingerprint : str
        Of weights and preprocessing; names the exported file.
    how : How

    Raises
    ------
    EncoderUnavailable
        If 8-bit weights are asked for and there is a GPU, or no folder to keep them in, or no ONNX form.
    """

    def __init__(
        self, features: Callable[[Any], Any], model: Any, preprocessing: Preprocessing, fingerprint: str, how: How
    ) -> None:
        self._features, self._model, self._how = features, model, how
        self.preprocessing = preprocessing
        self._fingerprint = fingerprint
        self._device = torch_device()
        self._lock = Lock()
        if how.int8 and (self._device == "cuda" or how.cache is None):
            raise EncoderUnavailable(
                "8-bit weights are for machines without a GPU", "leave :int8 out of the encoder's name here"
            )

    @property
    def side_by_side(self) -> bool:
        """Whether several threads may encode at once, each on one core."""
        return self._device == "cpu" and self._how.cache is not None

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        with self._lock:  # several threads may be the first
            network = self._network
        return Encoded(unit(network.run(batch, OUTPUTS)[0]), np.zeros((len(batch), 0), dtype=np.float32))

    @cached_property
    def exact(self) -> "Tower":
        """The same tower with 32-bit weights, to measure what 8 bits cost."""
        how = How(self._how.cache, threads=self._how.threads, on_step=self._how.on_step)
        return Tower(self._features, self._model, self.preprocessing, self._fingerprint, how)

    @cached_property
    def _network(self) -> OnnxNetwork | TorchNetwork:
        if self._device == "cuda" or self._how.cache is None:
            return self._in_torch()
        try:
            file = self._exported(self._how.cache)
        except ExportFailed as fault:
            if self._how.int8:
                raise EncoderUnavailable(f"8-bit weights need an ONNX form, and {fault}", "leave :int8 out") from fault
            return self._in_torch()
        return OnnxNetwork(lambda: file, threads=self._how.threads)

    def _exported(self, cache: Path) -> Path:
        pixels = np.zeros((2, 300, 400, 3), np.uint8)
        pixels[0, ::7, ::3], pixels[1, :, 150:] = 255, (200, 120, 40)
        example = np.stack([self.preprocessing(picture) for picture in pixels])
        file = cache / f"tower-{self._fingerprint[:16]}.onnx"
        file = exported(file, self.module, example, OUTPUTS, on_step=self._how.on_step)
        if not self._how.int8:
            return file
        return kept(file.with_suffix(".int8.onnx"), lambda target: quantise(file, target), on_step=self._how.on_step)

    def _in_torch(self) -> TorchNetwork:
        return TorchNetwork(self.module(), OUTPUTS, self._device)

    def module(self) -> Any:
        """The torch module from prepared pictures to a tuple of their vectors, before these get unit length."""
        import torch

        features, model = self._features, self._model

        class Picture(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor]:
                return (features(pictures),)

        return self.preprocessing.network(Picture())
