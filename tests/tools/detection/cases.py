"""Cases whose pictures are the crops of labelled boxes, with a detector that finds what it is told to."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.detection.cropping import crop_names
from tools.detection.keeping import Detector
from tools.detection.measuring import Measured, measure


@dataclass(frozen=True)
class Given:
    """Boxes at hand, as a workspace's would be."""

    measured: Measured | None
    stamp: str = "given"


def scattered(seed: int = 0, n: int = 120) -> BoxSet:
    """Three to eight things of two classes a picture of 640 × 480, of sizes from 16 to 160 pixels; half are test."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, tuple[float, float, float, float]]] = []
    for picture in range(n):
        for _ in range(int(rng.integers(3, 9))):
            w, h = np.exp(rng.uniform(np.log(16), np.log(160), 2))
            x, y = rng.uniform(0, 640 - w), rng.uniform(0, 480 - h)
            rows.append((picture, int(rng.integers(0, 2)), (float(x), float(y), float(w), float(h))))
    labels = boxes_of([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    wide, tall = np.full(n, 640, dtype=np.int64), np.full(n, 480, dtype=np.int64)
    ids = np.array([f"{number:03d}.jpg" for number in range(n)])
    splits = np.where(np.arange(n) % 2, "test", "train")
    return BoxSet(Path("/p"), ids, wide, tall, splits, ("cat", "dog"), labels)


def case_of(boxset: BoxSet, detected: Boxes | None) -> Case:
    """A case of the crops' pictures, with vectors that tell the classes apart."""
    names, _ = crop_names(boxset)
    counts = np.bincount(boxset.labels.classes, minlength=2)
    case = vector_case({"cat": int(counts[0]), "dog": int(counts[1])}, separation=3.0)
    order = np.argsort(boxset.labels.classes, kind="stable")
    ids = np.array([names[row] for row in order])
    known = dict(zip(case.dataset.ids.tolist(), ids.tolist(), strict=True))
    labels = tuple(replace(label, image_id=known[label.image_id]) for label in case.dataset.labels)
    dataset, space = replace(case.dataset, ids=ids, labels=labels), replace(case.space, ids=ids)
    measured = None if detected is None else measure(boxset, Detector("finder", "1", detected))
    return replace(case, dataset=dataset, space=space, boxes=Given(measured))


def finds(boxset: BoxSet, found: NDArray[np.bool_]) -> Boxes:
    """A detector that finds just these labels, each with a score of its own."""
    boxes = boxset.labels.only(found)
    return replace(boxes, scores=np.random.default_rng(1).uniform(0.5, 1.0, len(boxes)))
