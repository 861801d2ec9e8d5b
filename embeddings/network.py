"""A picture tower that runs: by ONNX Runtime on a CPU, one slice of a batch per core; by torch on a GPU."""

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.cores import usable_cores
from embeddings.progress import Progress, silent

SLICE = 8
"""Pictures that a thread takes at once on a CPU. Each core runs its own on one thread: with ViT-B/32, 70 ms of a core
per picture were measured so and 83 ms with a batch of 32 on two threads; with EfficientNet-Lite0, 10 ms so and 16 with
ONNX Runtime's default, whose threads wait for each other busily."""
LARGEST = 1.9e9
"""Bytes of weights above which a network stays in torch: one ONNX file holds at most 2 GB (Protocol Buffers)."""
ALIKE = 1e-3
"""Largest distance (1 - cosine) between exported and original vectors; an export that differs more is not used."""


class OnnxNetwork:
    """An exported network on the CPU.

    Parameters
    ----------
    file : callable
        Gives the path of the network when it is first needed, exporting it if it must.
    threads : int
        Runs side by side in one call; 0 = all cores.
    at_once : int
        Pictures per run: convolutions are fastest while their feature maps fit into the cache of a core.
    """

    def __init__(self, file: Callable[[], Path], *, threads: int = 0, at_once: int = SLICE) -> None:
        self._file = file
        self._at_once = at_once
        self._workers = threads or usable_cores()
        self._lock = Lock()
        self._session: Any = None

    def run(self, batch: NDArray[np.generic], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Named outputs for a stack of prepared pictures, each of shape (n, …)."""
        session = self._opened()  # before the pool, so that its threads do not wait for each other
        parts_of = [batch[at : at + self._at_once] for at in range(0, len(batch), self._at_once)]

        def one(part: NDArray[np.generic]) -> Any:
            return session.run(list(outputs), {"pictures": part})

        if len(batch) <= SLICE:  # one thread's share: the others have their own
            parts = [one(part) for part in parts_of]
        else:
            with ThreadPoolExecutor(self._workers) as pool:
                parts = list(pool.map(one, parts_of))
        return [np.concatenate(column).astype(np.float32, copy=False) for column in zip(*parts, strict=True)]

    def _opened(self) -> Any:
        with self._lock:
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = 1  # slices run side by side instead
                options.log_severity_level = 3
                path = str(self._file())
                self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            return self._session


class TorchNetwork:
    """A torch module, in half precision where the device is a GPU.

    Parameters
    ----------
    module : torch.nn.Module
        Takes a stack of prepared pictures, gives a tuple of tensors.
    names : sequence of str
        Of the outputs, in order.
    device : str
        ``cpu`` or ``cuda``.
    """

    def __init__(self, module: Any, names: Sequence[str], device: str) -> None:
        self._module = module.to(device).eval()
        self._names = tuple(names)
        self._device = device

    def run(self, batch: NDArray[np.generic], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Named outputs for a stack of prepared pictures, each of shape (n, …)."""
        import torch

        on_gpu = self._device == "cuda"
        pictures = torch.from_numpy(np.require(batch, requirements=["C", "W"]))  # torch warns of arrays that are not
        if on_gpu:  # pinned memory is copied while the card still computes
            pictures = pictures.pin_memory().to(self._device, non_blocking=True)
        with torch.inference_mode(), torch.autocast(self._device, dtype=torch.float16, enabled=on_gpu):
            found = dict(zip(self._names, self._module(pictures), strict=True))
        return [np.asarray(found[name].float().cpu().numpy(), dtype=np.float32) for name in outputs]


def scaled(tower: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    """A torch module that takes bytes (n, h, w, 3) and shifts and scales them before the tower does its work.

    Bytes are a quarter of the floats to keep and to copy, and the network does the arithmetic faster than numpy.

    Parameters
    ----------
    tower : torch.nn.Module
        Takes floats (n, 3, h, w), gives a tuple of tensors.
    mean, std : sequence of float
        Per channel, on the scale 0–255.
    """
    import torch

    class Scaled(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.tower = tower
            for name, values in (("mean", mean), ("std", std)):
                self.register_buffer(name, torch.tensor(values, dtype=torch.float32).reshape(1, 3, 1, 1))

        def forward(self, pictures: torch.Tensor) -> Any:
            return self.tower((pictures.permute(0, 3, 1, 2).float() - self.mean) / self.std)

    return Scaled()


def exported(
    file: Path,
    module: Callable[[], Any],
    example: NDArray[np.generic],
    names: Sequence[str],
    *,
    on_step: Progress = silent,
) -> Path:
    """The file itself if it is whole, else after exporting the module into it.

    Parameters
    ----------
    file : Path
        Beside it lies the digest of its bytes, so that a torn or changed file is noticed and made again.
    module : callable
        Builds the torch module; called only if it must be.
    example : ndarray, shape (2, …)
        A stack of prepared pictures, for shapes and to compare the two networks.
    names : sequence of str
        Of the outputs.

    Raises
    ------
    ExportFailed
        If ONNX cannot express the network, or the exported one gives other vectors.
    """
    return kept(file, lambda target: _export(target, module(), example, names), on_step=on_step)


class ExportFailed(RuntimeError):
    """The network has no faithful ONNX form; it can still run in torch."""


def kept(file: Path, make: Callable[[Path], None], *, on_step: Progress = silent) -> Path:
    """The file itself if its digest lies beside it, else as ``make`` writes it, whole or not at all."""
    sidecar = file.with_suffix(".sha256")
    if file.is_file() and sidecar.is_file() and _digest(file) == sidecar.read_text().strip():
        return file
    on_step("preparing the encoder, once", 0, 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as reserved:
        temporary = Path(reserved.name)
    try:
        make(temporary)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        digest = _digest(temporary)
        os.replace(temporary, file)
        sidecar.write_text(digest)
    finally:
        temporary.unlink(missing_ok=True)
    on_step("preparing the encoder, once", 1, 1)
    return file


def _digest(file: Path) -> str:
    with file.open("rb") as handle:
        return file_digest(handle, "sha256").hexdigest()


def _export(target: Path, module: Any, example: NDArray[np.generic], names: Sequence[str]) -> None:
    import torch

    weights = sum(p.numel() * p.element_size() for p in module.parameters())
    if weights > LARGEST:
        raise ExportFailed(f"its {weights / 1e9:.1f} GB of weights do not fit into one ONNX file")
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the fused attention of torch has no ONNX form
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # torch's TorchScript exporter is deprecated in favour of one that needs onnxscript and ten times as long.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module.eval(), (torch.from_numpy(example),), str(target), dynamo=False, opset_version=17,
                input_names=["pictures"], output_names=list(names),
                dynamic_axes={name: {0: "n"} for name in ("pictures", *names)},
            )  # fmt: skip
            expected = module(torch.from_numpy(example))[0].numpy()
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError, ValueError) as fault:
        raise ExportFailed(f"ONNX cannot express it ({type(fault).__name__})") from fault
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    found = OnnxNetwork(lambda: target).run(example, names[:1])[0]
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    if not ((found * expected).sum(axis=1) >= (1 - ALIKE) * lengths).all():
        raise ExportFailed("its ONNX form gives other vectors")
