"""Whether OpenCV decodes plain JPEGs to the very pixels that Pillow gives, and what decoding and measuring cost.

Run ``python -m benchmarks.decoding FOLDER``. Pixels are compared on every JPEG of the folder, at full size and at each
reduced one; times are processor time, best of 5 over 64 pictures, and over one of 12 megapixels made from the first.
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.files import LIMITS, read_file
from embeddings.images import decode
from embeddings.jpeg import SCALES
from embeddings.pipeline import DECODED_SIDE
from embeddings.properties import describe, measure, perceptual_hash

ENDINGS = (".jpg", ".jpeg")
TIMED, BEST_OF = 64, 5
LARGE = (4000, 3000)
by_pillow = mock.patch("embeddings.images.can_silence", return_value=False)
"""Inside this, OpenCV is left out, as where its lines cannot be kept from the terminal."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what agrees, and what each step costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    paths = sorted(path for path in given.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if not paths:
        parser.error(f"expected JPEGs in {given.folder}, saw none")
    agreement(paths)
    chosen = [paths[int(row)] for row in np.unique(np.linspace(0, len(paths) - 1, TIMED).astype(int))]
    files = [read_file(path, root=given.folder, limits=LIMITS) for path in chosen]
    pictures = [decode(data).pixels for data in files]
    large = io.BytesIO()
    Image.fromarray(pictures[0]).resize(LARGE, Image.Resampling.BICUBIC).save(large, "JPEG", quality=90)
    shape = " × ".join(map(str, pictures[0].shape[1::-1]))
    print(f"\nCPU-ms a picture, {len(files)} pictures, the first of {shape}:")
    for name, job in {
        "hashed and decoded": lambda: [decode(data) for data in files],
        f"{LARGE[0]} × {LARGE[1]}, reduced": lambda: [decode(large.getvalue(), smallest_side=DECODED_SIDE)],
    }.items():
        count = 1 if "reduced" in name else len(files)
        quick = best(job) / count
        with by_pillow:
            print(f"  {1000 * quick:6.2f}  {name}, by OpenCV; by Pillow {1000 * best(job) / count:.2f}")
    steps: tuple[Callable[[NDArray[np.uint8]], object], ...] = (describe, measure, perceptual_hash)
    for step in steps:
        cost = best(lambda step=step: [step(picture) for picture in pictures]) / len(files)  # type: ignore[misc]
        print(f"  {1000 * cost:6.2f}  {step.__name__}")


def agreement(paths: Sequence[Path]) -> None:
    """Print how many files have the same pixels both ways."""
    same = dict.fromkeys(SCALES, 0)
    for path in paths:
        data = read_file(path, root=path.parent, limits=LIMITS)
        side = min(decode(data).pixels.shape[:2])
        for scale in SCALES:
            quick = decode(data, smallest_side=side // scale).pixels
            with by_pillow:
                slow = decode(data, smallest_side=side // scale).pixels
            same[scale] += np.array_equal(quick, slow)
    for scale, count in sorted(same.items()):
        print(f"{count} of {len(paths)} JPEGs have bit for bit the same pixels at 1/{scale}")


def best(job: Callable[[], object]) -> float:
    """Least processor time of some runs, in seconds."""
    times = []
    for _ in range(BEST_OF):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
