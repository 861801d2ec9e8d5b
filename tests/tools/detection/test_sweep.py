"""Precision and recall at thresholds by hand, and goals chosen on one half and measured on the other."""

from pathlib import Path

import numpy as np
import pytest

from tests.tools.detection.conftest import drawn
from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.detection.keeping import Detector
from tools.detection.matching import Matches, match
from tools.detection.measuring import measure
from tools.detection.sweep import at, chosen, curve, over_overlaps, reach
from tools.registry import NotApplicable
from tools.tuning import Goal

PLACE = (10.0, 10.0, 20.0, 20.0)
SHIFTED = (15.0, 10.0, 20.0, 20.0)
"""Shares 15 of 25 columns with ``PLACE``: an overlap of .6."""


def pictures(n: int, labels: Boxes) -> BoxSet:
    side = np.full(n, 100, dtype=np.int64)
    ids = np.array([f"{number:03d}.jpg" for number in range(n)])
    return BoxSet(Path("/p"), ids, side, side, np.full(n, "test"), ("a", "b"), labels)


def paired(n: int, labels: Boxes, detected: Boxes) -> Matches:
    return match(pictures(n, labels), detected, np.ones(n, dtype=bool))


@pytest.fixture
def four() -> Matches:
    """A thing in each of four pictures: found well, found so-so, not found, found with a false alarm beside it."""
    labels = boxes_of([0, 1, 2, 3], [0, 0, 0, 1], [PLACE] * 4)
    detected = boxes_of(
        [0, 1, 3, 3], [0, 0, 1, 0], [PLACE, SHIFTED, PLACE, (60.0, 60.0, 20.0, 20.0)], [0.9, 0.8, 0.7, 0.6]
    )
    return paired(4, labels, detected)


def test_at_thresholds_by_hand(four: Matches) -> None:
    every = at(four, None, 0.5, 0.5)
    assert (every.right, every.said, every.there) == (3, 4, 4)
    assert (every.precision[0], every.recall[0], every.f1) == (0.75, 0.75, 0.75)
    strict = at(four, None, 0.5, 0.65)  # the shifted one no longer counts
    assert (strict.right, strict.said, strict.there) == (2, 4, 4)
    sure = at(four, None, 0.75, 0.5)  # leaves two, both right
    assert (sure.right, sure.said) == (2, 2)
    assert sure.precision[0] == 1
    assert sure.recall[0] == 0.5
    only_a = at(four, 0, 0.5, 0.5)
    assert (only_a.right, only_a.said, only_a.there) == (2, 3, 3)


def test_recall_never_rises_with_either_threshold() -> None:
    boxset, detected = drawn(5)
    matches = match(boxset, detected, np.ones(len(boxset), dtype=bool))
    assert (np.diff(curve(matches, None, 0.5)[:, 4]) <= 1e-12).all()
    assert (np.diff(over_overlaps(matches, None, 0.3)[:, 4]) <= 1e-12).all()


def sloppy(n: int = 200) -> Matches:
    """A thing a picture, found with a score above .5; a false alarm in each below .5, in a tenth above."""
    rng = np.random.default_rng(0)
    labels = boxes_of(list(range(n)), [0] * n, [PLACE] * n)
    alarms = np.where(np.arange(n) % 10 == 0, rng.uniform(0.5, 0.8, n), rng.uniform(0, 0.5, n))
    scores = rng.uniform(0.5, 1.0, n).tolist() + alarms.tolist()
    places = [PLACE] * n + [(60.0, 60.0, 20.0, 20.0)] * n
    return paired(n, labels, boxes_of([*range(n), *range(n)], [0] * 2 * n, places, scores))


def test_a_goal_is_reached_on_pictures_it_was_not_chosen_on() -> None:
    found = reach(sloppy(), 0, 0.5, Goal("precision", 0.9))
    assert found.status == "reached"
    assert found.precision[0] >= 0.9
    assert 0.3 < found.threshold < 0.85


def test_a_recall_above_what_is_ever_found_cannot_be_bought() -> None:
    n = 60
    labels = boxes_of(list(range(n)), [0] * n, [PLACE] * n)
    detected = boxes_of(list(range(30)), [0] * 30, [PLACE] * 30, [0.9] * 30)
    found = reach(paired(n, labels, detected), 0, 0.5, Goal("recall", 0.9))
    assert found.status == "impossible"
    assert found.threshold == float("inf")


def test_too_few_boxes_are_said(four: Matches) -> None:
    with pytest.raises(NotApplicable, match="20 labelled boxes in 10 pictures"):
        reach(four, 0, 0.5, Goal("precision", 0.9))


def test_thresholds_are_chosen_among_detections_only_although_half_is_missed() -> None:
    """What nothing finds must not lure any goal below the lowest score."""
    scores = np.linspace(0.99, 0.5, 50)
    right = np.arange(50) % 10 != 9
    for goal in (Goal("precision", 0.7), Goal("f-beta", 1.0), Goal("cost", 5.0)):
        assert 0.5 <= chosen(scores, right, 50, goal) <= 0.99, goal
    assert chosen(scores, right, 50, Goal("recall", 0.9)) == float("inf")
    n = 60
    labels = boxes_of(list(range(n)), [0] * n, [PLACE] * n)
    detected = boxes_of(list(range(40)), [0] * 40, [PLACE] * 40, np.linspace(0.99, 0.5, 40).tolist())
    found = reach(paired(n, labels, detected), 0, 0.5, Goal("precision", 0.6))
    assert found.status == "reached"
    assert found.threshold == 0.5
    assert found.recall[0] == pytest.approx(2 / 3, abs=0.05)


def test_the_score_of_the_best_f1_is_where_the_curve_is_highest() -> None:
    boxset, detected = drawn(8, n=120)
    measured = measure(boxset, Detector("finder", "", detected))
    every = [at(measured.matches, None, score, 0.5).f1 for score in np.linspace(0, 1, 101)]
    assert at(measured.matches, None, measured.score, 0.5).f1 == pytest.approx(max(every), abs=1e-9)
