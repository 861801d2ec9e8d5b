"""Speed of files to vectors, beside the network alone and the loop one would write without this package.

Run as ``python -m benchmarks.encode FOLDER``. All numbers come from one run on one machine, taken in turns and as
medians of three, so that other load on the machine touches them alike.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.cache import VectorCache
from embeddings.cores import usable_cores
from embeddings.embedded import EmbeddedEncoder, plain_network
from embeddings.files import digest_file
from embeddings.images import ENDINGS, open_picture
from embeddings.pipeline import BATCH, DECODED_SIDE, encode_files
from embeddings.properties import measure, perceptual_hash

ROUNDS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=400, help="how many pictures of the folder to take")
    given = parser.parse_args(arguments)
    paths = chosen(given.folder, given.images)
    if len(paths) < BATCH:
        parser.error(f"expected at least {BATCH} pictures in {given.folder}, saw {len(paths)}")
    with tempfile.TemporaryDirectory() as folder:
        report(given.folder, paths, Path(folder))


def chosen(folder: Path, count: int) -> list[Path]:
    """Up to ``count`` pictures of different content, spread over the folder."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    first = {digest_file(path): path for path in reversed(found)}
    distinct = sorted(first.values())
    return [distinct[int(row)] for row in np.linspace(0, len(distinct) - 1, min(count, len(distinct)))]


def report(root: Path, paths: Sequence[Path], folder: Path) -> None:
    """Measure everything in turns and print it."""
    encoder = EmbeddedEncoder(folder / "models")
    prepared = np.stack([encoder.prepare(open_picture(path, smallest_side=DECODED_SIDE).pixels) for path in paths])
    encoder.encode(prepared[:BATCH])
    by_default = with_defaults(next((folder / "models").glob("*.onnx")))
    by_default(prepared[:BATCH])
    plain = plain_loop()
    plain(paths[:BATCH])
    jobs: dict[str, Callable[[int], object]] = {
        "end to end, cold: hash, decode, measure, encode, store": lambda turn: encode_files(
            encoder, paths, root=root, cache=VectorCache(folder / f"cold{turn}", encoder.info.fingerprint)
        ),
        "the same, known by content": lambda turn: encode_files(
            encoder, paths, root=root, cache=VectorCache(folder / f"cold{turn}", encoder.info.fingerprint)
        ),
        "network alone, pictures prepared before": lambda _: forward(encoder.encode, prepared),
        "network alone, with ONNX Runtime's defaults": lambda _: forward(by_default, prepared),
        "PIL and torch loop": lambda _: plain(paths),
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(ROUNDS):
        for name, job in jobs.items():
            start = time.perf_counter()
            job(turn)
            seconds[name].append(time.perf_counter() - start)
    print(f"{len(paths)} pictures, {usable_cores()} cores, medians of {ROUNDS}")
    for name, times in seconds.items():
        print(f"  {len(paths) / median(times):7.1f} images/s  {name}")
    cold, _, network, untuned, loop = (median(times) for times in seconds.values())
    print(f"  {network / cold:7.0%}           end to end, as a share of the network alone")
    print(f"  {untuned / cold:7.0%}           as a share of the network with ONNX Runtime's defaults")
    print(f"  {loop / cold:7.1f}           times as fast as the loop")
    share_of_work(encoder, root, paths, prepared)


def forward(network: Callable[[NDArray[np.float32]], object], prepared: NDArray[np.float32]) -> None:
    """The network over all batches."""
    for at in range(0, len(prepared), BATCH):
        network(prepared[at : at + BATCH])


def with_defaults(model: Path) -> Callable[[NDArray[np.float32]], object]:
    """The exported network as ONNX Runtime runs it when told nothing: all cores on one batch."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {"pictures": batch})


def share_of_work(encoder: EmbeddedEncoder, root: Path, paths: Sequence[Path], prepared: NDArray[np.float32]) -> None:
    """Print processor time per picture, stage by stage; what stages do beside the network sets the ratio's limit."""
    pictures = [open_picture(path, smallest_side=DECODED_SIDE).pixels for path in paths[:BATCH]]
    stages: dict[str, Callable[[int], object]] = {
        "hash the file": lambda row: digest_file(paths[row], root=root),
        "decode": lambda row: open_picture(paths[row], root=root, smallest_side=DECODED_SIDE),
        "measure properties and fingerprint": lambda row: (measure(pictures[row]), perceptual_hash(pictures[row])),
        "resize and scale": lambda row: encoder.prepare(pictures[row]),
        "network": lambda row: encoder.encode(prepared[row : row + 1]),
    }
    cost: dict[str, float] = {}
    for name, stage in stages.items():
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            for row in range(BATCH):
                stage(row)
            times.append((time.process_time() - start) / BATCH)
        cost[name] = median(times)
    total = sum(cost.values())
    print(f"processor time per picture, {total * 1000:.1f} ms in all:")
    for name, value in cost.items():
        print(f"  {value * 1000:7.2f} ms  {value / total:4.0%}  {name}")


def plain_loop() -> Callable[[Sequence[Path]], object]:
    """What one would write with torch: decode in full, resize, crop, batches of 32, one after the other."""
    import torch
    from torch.utils.data import DataLoader, Dataset
    from torchvision.transforms import v2  # type: ignore[import-untyped]

    transform = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(224),
            v2.ToDtype(torch.float32),
            v2.Normalize([127.0] * 3, [128.0] * 3),
        ]
    )
    network = plain_network()

    class Files(Dataset[torch.Tensor]):
        def __init__(self, paths: Sequence[Path]) -> None:
            self.paths = paths

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, row: int) -> torch.Tensor:
            return torch.as_tensor(transform(Image.fromarray(open_picture(self.paths[row]).pixels)))

    def run(paths: Sequence[Path]) -> list[torch.Tensor]:
        with torch.inference_mode():
            return [network.extract_features(batch).mean(dim=(2, 3)) for batch in DataLoader(Files(paths), BATCH)]

    return run


if __name__ == "__main__":
    main()
