"""What the embedded encoder's vectors lose by the way its pictures are resized, and what each way costs.

Run ``python -m benchmarks.resizing FOLDER`` on a folder of ``split/class/picture`` with a split called test. Every way
gets the same decoded pixels; the accuracy is that of a logistic head (C = 100) on test, fitted on the other splits.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression

from app.edge import prepare_libraries
from embeddings.embedded import CROP, RESIZE, EmbeddedEncoder
from embeddings.images import ENDINGS, open_picture
from embeddings.pipeline import DECODED_SIDE

CHUNK = 64
PILLOW = "Pillow, bicubic"
Pixels = NDArray[np.uint8]


def pillow(pixels: Pixels) -> Pixels:
    """Shorter side to 256, centre crop of 224, as torchvision's recipe has it."""
    image = Image.fromarray(pixels)
    factor = RESIZE / min(image.size)
    image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)
    left, top = (image.width - CROP) // 2, (image.height - CROP) // 2
    return np.asarray(image.crop((left, top, left + CROP, top + CROP)))


def opencv(way: int) -> Callable[[Pixels], Pixels]:
    """The middle that such a crop keeps, resized by OpenCV."""

    def resized(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        kept = round(min(height, width) * CROP / RESIZE)
        top, left = (height - kept) // 2, (width - kept) // 2
        square = pixels[top : top + kept, left : left + kept]
        return np.asarray(cv2.resize(square, (CROP, CROP), interpolation=way), dtype=np.uint8)

    return resized


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    prepare_libraries()
    paths = sorted(path for path in given.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    parts = [path.relative_to(given.folder).parts for path in paths]
    test, kind = np.array([p[0] == "test" for p in parts]), np.array([p[1] for p in parts])
    if test.all() or not test.any():
        parser.error(f"expected pictures in test/ and in another split of {given.folder}")
    with tempfile.TemporaryDirectory() as folder:
        encoder = EmbeddedEncoder(Path(folder))
        ways: dict[str, Callable[[Pixels], Pixels]] = {
            PILLOW: pillow,
            "OpenCV, bilinear": opencv(cv2.INTER_LINEAR),
            "OpenCV, by area": opencv(cv2.INTER_AREA),
            "OpenCV, bicubic": opencv(cv2.INTER_CUBIC),
            "OpenCV, Lanczos": opencv(cv2.INTER_LANCZOS4),
            "the encoder's own": lambda pixels: np.asarray(encoder.prepare(pixels)),
        }
        vectors, seconds = encoded(encoder, paths, ways)
    print(f"{len(paths)} pictures, {int(test.sum())} of them test; cosine to Pillow's vectors")
    print("  mean    least   accuracy on test, right by it alone and by Pillow alone   CPU-ms a picture")
    expected: NDArray[np.bool_] | None = None
    for name, found in vectors.items():
        cosines = (found * vectors[PILLOW]).sum(axis=1)
        head = LogisticRegression(C=100, max_iter=2000).fit(found[~test], kind[~test])
        right = head.predict(found[test]) == kind[test]
        expected = right if expected is None else expected
        alone = f"{int((right & ~expected).sum())} and {int((expected & ~right).sum())}"
        cost = f"{1000 * seconds[name] / len(paths):5.2f}"
        print(f"  {cosines.mean():.4f}  {cosines.min():.4f}  {right.mean():.4f}, {alone:44} {cost}   {name}")


def encoded(
    encoder: EmbeddedEncoder, paths: Sequence[Path], ways: dict[str, Callable[[Pixels], Pixels]]
) -> tuple[dict[str, NDArray[np.float32]], dict[str, float]]:
    """Vectors by every way, shape (n, 1280) each, and the processor time that resizing took."""
    vectors: dict[str, list[NDArray[np.float32]]] = {name: [] for name in ways}
    seconds = dict.fromkeys(ways, 0.0)
    for at in range(0, len(paths), CHUNK):
        pixels = [open_picture(path, smallest_side=DECODED_SIDE).pixels for path in paths[at : at + CHUNK]]
        for name, way in ways.items():
            start = time.process_time()
            prepared = np.stack([way(picture) for picture in pixels])
            seconds[name] += time.process_time() - start
            vectors[name].append(encoder.encode(prepared).vectors)
    return {name: np.concatenate(found) for name, found in vectors.items()}, seconds


if __name__ == "__main__":
    main()
