"""A planted weakness of each kind is held up, an even detector shows none, and too few boxes are left alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.detection.conditions import Condition, _found, conditions, conditions_of
from tools.detection.matching import match

ALL = ("small", "large", "truncated", "occluded", "crowded", "off the centre", "slim")


def scattered(seed: int, n: int = 120) -> BoxSet:
    """Three to eight boxes of mixed sizes and forms a picture of 640 × 480, some at the edge and over each other."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, tuple[float, float, float, float]]] = []
    for picture in range(n):
        for _ in range(int(rng.integers(3, 9))):
            w, h = np.exp(rng.uniform(np.log(16), np.log(160), 2))
            x, y = rng.uniform(-20, 640 - w), rng.uniform(-20, 480 - h)
            rows.append((picture, (max(0.0, x), max(0.0, y), float(w), float(h))))
    ids = np.array([f"{number:03d}.jpg" for number in range(n)])
    labels = boxes_of([r[0] for r in rows], [0] * len(rows), [r[1] for r in rows])
    wide, tall = np.full(n, 640, dtype=np.int64), np.full(n, 480, dtype=np.int64)
    return BoxSet(Path("/p"), ids, wide, tall, np.full(n, "test"), ("a",), labels)


def measured(boxset: BoxSet, found: np.ndarray) -> dict[str, Condition]:
    """What a detector that finds just these labels shows."""
    detected = boxset.labels.only(found)
    told = conditions(boxset, match(boxset, detected, np.ones(len(boxset), dtype=bool)), 0.5)
    return {condition.name: condition for condition in told}


@pytest.mark.parametrize("name", ALL)
def test_a_planted_weakness_is_held_up(name: str) -> None:
    boxset = scattered(1)
    having = conditions_of(boxset, boxset.labels)[name][1]
    chance = np.random.default_rng(2).random(len(boxset.labels))
    told = measured(boxset, chance < np.where(having, 0.5, 0.95))
    assert told[name].held_up
    assert told[name].high < -0.2
    assert told[name].boxes == int(having.sum())


def test_an_even_detector_shows_no_weakness_more_often_than_chance() -> None:
    flagged = 0
    for seed in range(20):
        boxset = scattered(seed, n=60)
        chance = np.random.default_rng(100 + seed).random(len(boxset.labels))
        flagged += any(condition.held_up for condition in measured(boxset, chance < 0.8).values())
    assert flagged <= 4  # of 20 runs; one in twenty is expected


def test_a_class_that_is_hard_as_a_whole_lends_no_weakness_to_what_it_often_has() -> None:
    """Class b is mostly small, and hard to find at any size: its small things are found as often as its others."""
    boxset = scattered(6, n=200)
    rng = np.random.default_rng(7)
    small = conditions_of(boxset, boxset.labels)["small"][1]
    hard = rng.random(len(small)) < np.where(small, 0.8, 0.1)
    labels = replace(boxset.labels, classes=hard.astype(np.int64))
    boxset = replace(boxset, classes=("a", "b"), labels=labels)
    found = rng.random(len(small)) < np.where(hard, 0.3, 0.9)
    told = measured(boxset, found)["small"]
    assert found[small].mean() - found[~small].mean() < -0.25  # what a plain comparison would say
    assert told.high > 0
    assert not told.held_up


def test_standardised_by_hand() -> None:
    # class a: 1 of 2 with it, 3 of 4 without; class b: 0 of 4 with it, 1 of 2 without
    counts = np.array([[[1.0, 0.0]], [[2.0, 4.0]], [[3.0, 1.0]], [[4.0, 2.0]]])
    found, other = _found(counts)
    assert found[0] == pytest.approx(1 / 6)
    assert other[0] == pytest.approx((2 * 0.75 + 4 * 0.5) / 6)


def test_conditions_with_too_few_boxes_are_left_alone() -> None:
    boxset = scattered(3, n=4)
    assert measured(boxset, np.ones(len(boxset.labels), dtype=bool)) == {}


def test_by_hand() -> None:
    places = [
        (0.0, 50.0, 40.0, 40.0),
        (20.0, 50.0, 40.0, 40.0),
        (310.0, 230.0, 20.0, 20.0),
        (300.0, 400.0, 120.0, 30.0),
    ]
    labels: Boxes = boxes_of([0] * 4, [0] * 4, places, flags={"truncated": [False, True, False, False]})
    one = np.array([640]), np.array([480])
    boxset = BoxSet(Path("/p"), np.array(["a.jpg"]), *one, np.array(["test"]), ("a",), labels)
    told = {name: having.tolist() for name, (_, having) in conditions_of(boxset, labels).items()}
    assert told["small"] == [False, False, True, False]
    assert told["truncated"] == [False, True, False, False]  # what the annotator says comes before the edge
    assert told["occluded"] == [True, True, False, False]  # each covers half of the other
    assert told["off the centre"] == [True, True, False, True]
    assert told["slim"] == [False, False, False, True]
    assert told["crowded"] == [False] * 4
