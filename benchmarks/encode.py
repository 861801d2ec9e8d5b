"""Speed of files to vectors, beside the network alone and the loops one would write with the libraries.

Run as ``python -m benchmarks.encode FOLDER``. All numbers come from one run on one machine, taken in turns and as
medians, so that other load on the machine touches them alike. ViT-B/32 runs with random weights, written to a
checkpoint and loaded through the product: speed does not depend on what the weights are, the meaning of vectors does,
so its neighbour recall says what 8 bits cost a network of that shape, not what they cost CLIP.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.encode_loops import embedded_loop, open_clip_loop
from embeddings.cache import VectorCache
from embeddings.cores import usable_cores
from embeddings.device import torch_device
from embeddings.embedded import EmbeddedEncoder
from embeddings.encoder import Encoder
from embeddings.files import LIMITS, digest_file, read_file
from embeddings.images import ENDINGS, decode, open_picture
from embeddings.open_clip import OpenClipEncoder
from embeddings.pipeline import BATCH, DECODED_SIDE, encode_files
from embeddings.precision import neighbour_recall
from embeddings.properties import describe
from embeddings.tower import How

ROUNDS = 3
VIT = "ViT-B-32"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=400, help="how many pictures of the folder to take")
    parser.add_argument("--vit-images", type=int, default=96, help="how many of them for ViT-B/32 on a CPU; 0 = none")
    given = parser.parse_args(arguments)
    paths = chosen(given.folder, given.images)
    if len(paths) < 32:
        parser.error(f"expected at least 32 pictures in {given.folder}, saw {len(paths)}")
    device = torch_device()
    first = open_picture(paths[0])
    print(f"{len(paths)} pictures, the first of {first.width} x {first.height}; {usable_cores()} cores; {device}")
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedEncoder(Path(folder) / "models")
        report("embedded (EfficientNet-Lite0)", given.folder, paths, Path(folder), embedded, embedded_loop())
        share_of_work(embedded, given.folder, paths)
        if given.vit_images:
            vit(given.folder, paths if device == "cuda" else paths[: given.vit_images], Path(folder))
    if device == "cpu":
        print("no GPU was at hand: the GPU's path was not measured")


def chosen(folder: Path, count: int) -> list[Path]:
    """Up to ``count`` pictures of different content, spread over the folder."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    first = {digest_file(path): path for path in reversed(found)}
    distinct = sorted(first.values())
    return [distinct[int(row)] for row in np.linspace(0, len(distinct) - 1, min(count, len(distinct)))]


def vit(root: Path, paths: Sequence[Path], folder: Path) -> None:
    """ViT-B/32 with 32-bit and, on a CPU, 8-bit weights."""
    import open_clip
    import torch

    torch.manual_seed(0)
    checkpoint = folder / "vit.pt"
    torch.save(open_clip.create_model(VIT).state_dict(), checkpoint)
    loop = open_clip_loop(VIT, checkpoint)
    exact = OpenClipEncoder(f"{VIT}/{checkpoint}", how=How(folder / "models"))
    found = report("ViT-B/32", root, paths, folder, exact, loop)
    if torch_device() == "cuda":
        return
    quick = OpenClipEncoder(f"{VIT}/{checkpoint}", how=How(folder / "models", int8=True))
    vectors = report("ViT-B/32, 8-bit weights", root, paths, folder, quick, loop)
    print(f"  {neighbour_recall(vectors, found):8.1%} of the 10 nearest with 32 bits are kept with 8 (random weights)")


def report(
    title: str,
    root: Path,
    paths: Sequence[Path],
    folder: Path,
    encoder: Encoder,
    loop: Callable[[Sequence[Path]], object],
) -> NDArray[np.float32]:
    """Measure one encoder in turns with its loop, print, and give its vectors."""
    pixels = [open_picture(path, smallest_side=DECODED_SIDE).pixels for path in paths]
    prepared = np.stack([encoder.prepare(p) for p in pixels])
    encoder.encode(prepared[:32])
    loop(paths[:32])
    fingerprint = encoder.info.fingerprint
    size = 32 if encoder.side_by_side else BATCH

    def caches(turn: int) -> VectorCache:
        return VectorCache(folder / f"{fingerprint[:8]}-{turn}", fingerprint)

    def network() -> list[NDArray[np.float32]]:
        return [encoder.encode(prepared[at : at + size]).vectors for at in range(0, len(prepared), size)]

    jobs: dict[str, Callable[[int], object]] = {
        "files to vectors, cold": lambda turn: encode_files(encoder, paths, root=root, cache=caches(turn)),
        "the same, known by content": lambda turn: encode_files(encoder, paths, root=root, cache=caches(turn)),
        "network alone, pictures in memory": lambda _: network(),
        "the library's plain loop": lambda _: loop(paths),
    }
    walls: dict[str, list[float]] = {name: [] for name in jobs}
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(ROUNDS):
        for name, job in jobs.items():
            start, used = time.perf_counter(), time.process_time()
            job(turn)
            walls[name].append(time.perf_counter() - start)
            spent[name].append(time.process_time() - used)
    n = len(paths)
    print(f"\n{title}: {n} pictures, medians of {ROUNDS}")
    for name in jobs:
        print(
            f"  {n / median(walls[name]):8.1f} images/s {1000 * median(spent[name]) / n:8.2f} CPU-ms a picture  {name}"
        )
    cold, _, alone, plain = ((median(walls[name]), median(spent[name])) for name in jobs)
    print(f"  {alone[0] / cold[0]:8.0%} of the network alone, by the clock; {alone[1] / cold[1]:.0%} by CPU time")
    print(f"  {plain[0] / cold[0]:8.1f} times as fast as the loop, by the clock; {plain[1] / cold[1]:.1f} by CPU time")
    return np.concatenate(network())


def share_of_work(encoder: EmbeddedEncoder, root: Path, paths: Sequence[Path]) -> None:
    """Print processor time per picture, stage by stage; what stages do beside the network sets the ratio's limit."""
    some = paths[:64]
    data = [read_file(path, root=root, limits=LIMITS) for path in some]
    pictures = [decode(d, smallest_side=DECODED_SIDE).pixels for d in data]
    prepared = [encoder.prepare(p)[None] for p in pictures]
    stages: dict[str, Callable[[int], object]] = {
        "read the file": lambda row: read_file(some[row], root=root, limits=LIMITS),
        "hash and decode": lambda row: decode(data[row], smallest_side=DECODED_SIDE),
        "measure properties and fingerprint": lambda row: describe(pictures[row]),
        "resize": lambda row: encoder.prepare(pictures[row]),
        "network": lambda row: encoder.encode(prepared[row]),
    }
    cost = {name: min(_seconds(stage, len(some)) for _ in range(5)) for name, stage in stages.items()}
    total = sum(cost.values())
    print(f"\nCPU time of one picture of the embedded encoder, {total * 1000:.1f} ms in all (best of 5):")
    for name, value in cost.items():
        print(f"  {value * 1000:7.2f} ms  {value / total:4.0%}  {name}")


def _seconds(stage: Callable[[int], object], count: int) -> float:
    start = time.process_time()
    for row in range(count):
        stage(row)
    return (time.process_time() - start) / count


if __name__ == "__main__":
    main()
