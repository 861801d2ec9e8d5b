"""A plain detector of blood cells, measured by ours and by pycocotools on the same boxes in the same run.

    python -m benchmarks.detector ../shared/data/bccd

``--answers FILE.csv`` keeps the detector's answers as the table that ``advisor import --predictions`` takes.
"""

import argparse
import contextlib
import csv
import io
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from embeddings.images import open_picture
from tools.dataset import decode_id
from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.detection.keeping import Detector
from tools.detection.matching import match
from tools.detection.measuring import boxes_json, measure
from tools.detection.precision import precisions
from tools.readers.boxes_choosing import read_boxes

Found = tuple[str, float, float, float, float, float]
PLACES = 6


def cells(pixels: NDArray[np.uint8]) -> list[Found]:
    """Class, x, y, width, height and score of what colours and distances give: purple blobs, and discs of dark ground.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    height, width = pixels.shape[:2]
    hue, saturation = np.moveaxis(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV), 2, 0)[:2]
    purple = ((hue > 110) & (hue < 165) & (saturation > 70)).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(
        np.asarray(cv2.morphologyEx(purple, cv2.MORPH_CLOSE, np.ones((9, 9))))
    )
    out: list[Found] = []
    for number in range(1, count):
        x, y, w, h, area = (float(value) for value in stats[number])
        strength = float(saturation[parts == number].mean()) / 255
        if area > 4000:
            out.append(("WBC", x - 0.12 * w, y - 0.12 * h, 1.24 * w, 1.24 * h, min(1.0, 0.5 + strength)))
        elif 150 <= area < 2500:
            out.append(("Platelets", x - 4, y - 4, w + 8, h + 8, min(1.0, 0.3 + strength)))
    smooth = np.asarray(cv2.GaussianBlur(pixels[..., 1], (0, 0), 2))
    _, dark = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    filled = ndimage.binary_fill_holes(np.asarray(dark) > 0)
    deep = np.asarray(cv2.GaussianBlur(cv2.distanceTransform(filled.astype(np.uint8), cv2.DIST_L2, 5), (0, 0), 5))
    for y, x in np.argwhere((deep == ndimage.maximum_filter(deep, size=51)) & (deep > 18)):
        radius = float(np.clip(1.28 * deep[y, x], 38, 60))
        left, top = max(0.0, x - radius), max(0.0, y - radius)
        right, bottom = min(float(width), x + radius), min(float(height), y + radius)
        out.append(("RBC", left, top, right - left, bottom - top, float(min(0.99, deep[y, x] / 55))))
    return [(c, *_inside(x, y, w, h, width, height), score) for c, x, y, w, h, score in out]


def _inside(x: float, y: float, w: float, h: float, width: int, height: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = max(0.0, x), max(0.0, y), min(float(width), x + w), min(float(height), y + h)
    return left, top, right - left, bottom - top


def detections(boxset: BoxSet, answers: Path | None) -> Boxes:
    """Every picture's cells; written as a table where asked for."""
    rows: list[tuple[int, int, tuple[float, float, float, float], float]] = []
    table: list[list[object]] = [["image", "class", "x", "y", "w", "h", "score"]]
    for row, name in enumerate(boxset.ids.tolist()):
        pixels = open_picture(boxset.root / decode_id(name), root=boxset.root).pixels
        for said, x, y, w, h, score in cells(pixels):
            rows.append((row, boxset.classes.index(said), (x, y, w, h), score))
            table.append([name, said, x, y, w, h, score])
    if answers is not None:
        with answers.open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows(table)
    return boxes_of([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows])


def by_pycocotools(boxset: BoxSet, detected: Boxes, pictures: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean average precision at .5, and over .5 to .95."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def annotations(boxes: Boxes) -> list[dict[str, Any]]:
        return [
            {
                "id": at + 1, "image_id": int(boxes.pictures[at]) + 1, "category_id": int(boxes.classes[at]) + 1,
                "bbox": boxes.places[at].tolist(), "area": float(boxes.areas[at]), "score": float(boxes.scores[at]),
                "iscrowd": int(boxes.flag("crowd")[at]),
            }
            for at in np.flatnonzero(pictures[boxes.pictures]).tolist()
        ]  # fmt: skip

    head = {
        "images": [{"id": int(row) + 1} for row in np.flatnonzero(pictures)],
        "categories": [{"id": number + 1, "name": name} for number, name in enumerate(boxset.classes)],
    }
    sides = []
    with contextlib.redirect_stdout(io.StringIO()):
        for boxes in (boxset.labels, detected):
            side = COCO()
            side.dataset = {**head, "annotations": annotations(boxes)}
            side.createIndex()
            sides.append(side)
        ruler = COCOeval(sides[0], sides[1], "bbox")
        ruler.evaluate()
        ruler.accumulate()
        ruler.summarize()
    return float(ruler.stats[1]), float(ruler.stats[0])


def main() -> None:
    """Print the headline, the two rulers' values and their processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--answers", type=Path)
    given = parser.parse_args()
    boxset = read_boxes(given.folder)
    detected = detections(boxset, given.answers)
    measured = measure(boxset, Detector("colours", "1", detected))
    print(boxes_json(measured)["headline"])
    pictures = np.zeros(len(boxset), dtype=bool)
    pictures[measured.matches.pictures] = True
    for every, words in ((pictures, "judged pictures"), (np.ones_like(pictures), "all pictures")):
        begun = time.process_time()
        half, mean = by_pycocotools(boxset, detected, every)
        theirs, begun = time.process_time() - begun, time.process_time()
        ours = precisions(match(boxset, detected, every), draws=0)[0]
        mine, begun = time.process_time() - begun, time.process_time()
        precisions(match(boxset, detected, every))
        drawn = time.process_time() - begun
        print(
            f"{int(every.sum())} {words}: pycocotools {half:.{PLACES}f} and {mean:.{PLACES}f} in {theirs:.2f} CPU-s; "
            f"ours {ours.at_half.value:.{PLACES}f} and {ours.mean.value:.{PLACES}f} in {mine:.2f} CPU-s, "
            f"{drawn:.2f} with 200 draws for intervals"
        )


if __name__ == "__main__":
    main()
