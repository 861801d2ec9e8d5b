"""How well foreground maps find what people marked, beside baselines that look at nothing.

Run ``python -m benchmarks.regions FOLDER`` on the folder that holds ``bccd`` and ``cookies``. The threshold of each
map is chosen on every other picture and judged on the rest, both ways round; intervals are 95 %, by bootstrap over
pictures.
"""

import argparse
import itertools
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from app.demo import scenes
from app.demo.canvas import Canvas
from app.demo.fruit import APPLES, CITRUS, put_fruit
from embeddings.embedded import EmbeddedEncoder
from embeddings.encoder import Encoder
from embeddings.foreground import foreground_maps, stretched
from embeddings.grabcut import refine
from embeddings.images import open_picture
from embeddings.regions import from_boxes, from_mask

Map = NDArray[np.float32]
Marked = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""Pixels, and what people (or the renderer) marked as foreground, at the same size."""

THRESHOLDS = np.linspace(0.02, 0.98, 49)
RESAMPLES = 2000
DRAWN = 90
CHUNK = 16


def cells(folder: Path) -> Iterator[Marked]:
    """bccd: blood cells, with the union of their boxes."""
    for path in sorted((folder / "bccd/BCCD/JPEGImages").glob("*.jpg")):
        pixels = open_picture(path).pixels
        boxes = []
        for box in ElementTree.parse(folder / f"bccd/BCCD/Annotations/{path.stem}.xml").iter("bndbox"):
            left, top, right, bottom = (float(box.findtext(k, "nan")) for k in ("xmin", "ymin", "xmax", "ymax"))
            if right > left and bottom > top:  # a few are empty
                boxes.append((left, top, right - left, bottom - top))
        yield pixels, from_boxes(boxes, *pixels.shape[:2]) > 0


def cracks(folder: Path) -> Iterator[Marked]:
    """cookies: broken ones, with the masks of their cracks."""
    for path in sorted((folder / "cookies/masks").glob("*.png")):
        pixels = open_picture(next((folder / "cookies").glob(f"*/broken/{path.stem}.jpg"))).pixels
        # The masks are green (35 of red) on nothing, which is read as white, with soft edges: half way is marked.
        yield pixels, from_mask(open_picture(path).pixels[..., 0] < 145, *pixels.shape[:2]) > 0


def fruit(count: int = DRAWN) -> Iterator[Marked]:
    """The demo's drawn fruit in hands, on plates and on tables, with the pixels that each fruit covers."""
    kinds = (*APPLES, *CITRUS)
    for number in range(count):
        covered: list[NDArray[np.bool_]] = []

        def watched(canvas: Canvas, *rest: object, seen: list[NDArray[np.bool_]] = covered) -> None:
            before = canvas.depth.copy()
            put_fruit(canvas, *rest)  # type: ignore[arg-type]
            seen.append(canvas.depth != before)

        scene = scenes.Scene(kinds[number % len(kinds)], scenes.SETTINGS[number // 6 % 3], False, (number, 6))
        with mock.patch.object(scenes, "put_fruit", watched):
            data = scenes.render(scene)
        pixels = np.asarray(Image.open(BytesIO(data)))
        yield pixels, from_mask(np.any(covered, axis=0), *pixels.shape[:2]) > 0


def centre_box(share: float, height: int, width: int) -> Map:
    """A box in the middle with the picture's proportions and this share of its area."""
    side = share**0.5
    return from_boxes([((1 - side) * width / 2, (1 - side) * height / 2, side * width, side * height)], height, width)


def local_contrast(pixels: NDArray[np.uint8]) -> Map:
    """Standard deviation of brightness within some 4 px, stretched to [0, 1]."""
    grey = pixels.mean(axis=2)
    spread = gaussian_filter(grey**2, 4) - gaussian_filter(grey, 4) ** 2
    return stretched(np.sqrt(np.maximum(spread, 0)).astype(np.float32))


def iou(found: NDArray[np.bool_], marked: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((found & marked).sum() / max(int((found | marked).sum()), 1))


def auroc(scores: Map, marked: NDArray[np.bool_]) -> float:
    """Share of pairs of a marked and an unmarked pixel that the scores order rightly; ties count half."""
    ranks, inside = rankdata(scores.ravel()), marked.ravel()
    many, few = int(inside.sum()), int((~inside).sum())
    return float((ranks[inside].sum() - many * (many + 1) / 2) / (many * few))


def crossed(by_threshold: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """IoU per picture at the threshold that the other half of the pictures chose; both choices in words.

    Parameters
    ----------
    by_threshold : ndarray, shape (pictures, thresholds)
    """
    out, chosen = np.empty(len(by_threshold)), []
    for judged in (0, 1):
        best = int(by_threshold[1 - judged :: 2].mean(axis=0).argmax())
        out[judged::2] = by_threshold[judged::2, best]
        chosen.append(f"{THRESHOLDS[best]:.2f}")
    return out, " and ".join(chosen)


def interval(values: NDArray[np.float64], rng: np.random.Generator) -> str:
    """Mean with its 95 % percentile interval over resampled pictures."""
    means = values[rng.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


class Comparison:
    """Every method on the same pictures, with what it costs.

    Attributes
    ----------
    overlaps : dict of str to list of ndarray, each shape (thresholds,)
        IoU of each picture at each threshold.
    ranking : dict of str to list of float
        AUROC over the pixels of each picture that has both kinds.
    seconds : dict of str to float
        Processor time.
    kept : int
        Maps that GrabCut returned as they were.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.overlaps: dict[str, list[NDArray[np.float64]]] = {}
        self.ranking: dict[str, list[float]] = {}
        self.seconds: dict[str, float] = {}
        self.kept = 0

    def add(self, pictures: Sequence[Marked]) -> None:
        """Measure a few more pictures."""
        pixels = [picture for picture, _ in pictures]
        shapes = [(float(marked.mean()), *marked.shape) for _, marked in pictures]
        self._judge("all foreground", pictures, lambda: [np.ones(shape[1:], dtype=np.float32) for shape in shapes])
        self._judge("centre box, marked area", pictures, lambda: [centre_box(*shape) for shape in shapes])
        self._judge("local contrast", pictures, lambda: [local_contrast(picture) for picture in pixels])
        self._judge("encoder's energy", pictures, lambda: foreground_maps(self.encoder, pixels, contrast=False))
        joined = self._judge("energy × border contrast", pictures, lambda: foreground_maps(self.encoder, pixels))
        self._judge(
            "GrabCut from that", pictures, lambda: [self._cut(*one) for one in zip(pixels, joined, strict=True)]
        )

    def _cut(self, pixels: NDArray[np.uint8], probability: Map) -> Map:
        found = refine(pixels, probability)
        self.kept += bool(found.reason)
        return found.probability

    def _judge(self, name: str, pictures: Sequence[Marked], method: Callable[[], list[Map]]) -> list[Map]:
        start = time.process_time()
        maps = method()
        self.seconds[name] = self.seconds.get(name, 0) + time.process_time() - start
        for found, (_, marked) in zip(maps, pictures, strict=True):
            # A quarter of the pixels judges as well, in a quarter of the time.
            scores, truth = found[::2, ::2], marked[::2, ::2]
            self.overlaps.setdefault(name, []).append(np.array([iou(scores >= t, truth) for t in THRESHOLDS]))
            if 0 < truth.mean() < 1:
                self.ranking.setdefault(name, []).append(auroc(scores, truth))
        return maps

    def report(self, title: str) -> None:
        """Print the table."""
        count = len(self.overlaps["all foreground"])
        print(f"\n{title}: {count} pictures; GrabCut fell back to its map in {self.kept}")
        heads = ("IoU, threshold crossed", "more than all foreground", "IoU at .5", "pixel AUROC")
        print(f"  {'':25}" + "".join(f"{head:26}" for head in heads) + f"{'thresholds':14} CPU-ms/picture")
        everything = np.stack(self.overlaps["all foreground"])[:, 0]
        for name, rows in self.overlaps.items():
            table = np.stack(rows)
            chosen, at = crossed(table)
            half = table[:, int(np.abs(THRESHOLDS - 0.5).argmin())]
            columns = (chosen, chosen - everything, half, np.array(self.ranking[name]))
            numbers = "".join(f"{interval(column, np.random.default_rng(0)):26}" for column in columns)
            print(f"  {name:25}{numbers}{at:14} {1000 * self.seconds[name] / count:10.1f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one table per data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1000, help="how many pictures of each data set to take at most")
    given = parser.parse_args(arguments)
    sets: dict[str, Iterable[Marked]] = {
        "bccd, union of boxes": cells(given.folder),
        "cookies, cracks": cracks(given.folder),
        "the demo's drawn fruit": fruit(),
    }
    with tempfile.TemporaryDirectory() as folder:
        encoder = EmbeddedEncoder(Path(folder))
        foreground_maps(encoder, [np.zeros((8, 8, 3), dtype=np.uint8)])  # exported before the clock runs
        for title, pictures in sets.items():
            comparison, chunk = Comparison(encoder), []
            for picture in track(itertools.islice(pictures, given.images), title, console=Console(stderr=True)):
                chunk.append(picture)
                if len(chunk) == CHUNK:
                    comparison.add(chunk)
                    chunk = []
            if chunk:
                comparison.add(chunk)
            comparison.report(title)


if __name__ == "__main__":
    main()
