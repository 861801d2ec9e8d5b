"""Boxes drawn by numbers: labels, and a detector that finds, misplaces, misnames, repeats and invents."""

from pathlib import Path

import numpy as np
import pytest

from tools.detection.boxes import Boxes, BoxSet, boxes_of


def drawn(seed: int, n: int = 40, crowds: bool = True) -> tuple[BoxSet, Boxes]:
    """A set of ``n`` pictures of 200 × 160 px with up to six things of three classes, and a faulty detector."""
    rng = np.random.default_rng(seed)
    label_rows: list[tuple[int, int, tuple[float, float, float, float], bool]] = []
    found: list[tuple[int, int, tuple[float, float, float, float], float]] = []
    for picture in range(n):
        for _ in range(int(rng.integers(0, 7))):
            w, h = rng.uniform(8, 60, 2)
            x, y = rng.uniform(0, 200 - w), rng.uniform(0, 160 - h)
            number = int(rng.integers(0, 3))
            label_rows.append((picture, number, (x, y, w, h), crowds and bool(rng.random() < 0.05)))
            for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
                shift = rng.normal(0, rng.choice([1, 6, 15]), 4)
                place = (x + shift[0], y + shift[1], max(2.0, w + shift[2]), max(2.0, h + shift[3]))
                named = number if rng.random() < 0.85 else int(rng.integers(0, 3))
                found.append((picture, named, place, float(np.round(rng.random(), 2))))  # rounded: ties happen
        found += [
            (picture, int(rng.integers(0, 3)), (*rng.uniform(0, 90, 2), 20.0, 20.0), float(rng.random()))
            for _ in range(int(rng.integers(0, 2)))
        ]
    labels = boxes_of(
        [r[0] for r in label_rows], [r[1] for r in label_rows], [r[2] for r in label_rows],
        flags={"crowd": [r[3] for r in label_rows]},
    )  # fmt: skip
    detected = boxes_of([r[0] for r in found], [r[1] for r in found], [r[2] for r in found], [r[3] for r in found])
    ids = np.array([f"p{number:03d}.jpg" for number in range(n)])
    full, tall = np.full(n, 200, dtype=np.int64), np.full(n, 160, dtype=np.int64)
    return BoxSet(Path("/pictures"), ids, full, tall, np.full(n, "test"), ("a", "b", "c"), labels), detected


@pytest.fixture
def pair() -> tuple[BoxSet, Boxes]:
    return drawn(0)
