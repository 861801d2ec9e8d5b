"""A detector with one planted kind of mistake; one without any; and cases without boxes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.detection.cases import case_of, finds, scattered
from tools.audit import run_check
from tools.case import Case
from tools.detection.boxes import Boxes, boxes_of
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("box-mistakes"), scope or Scope())


def misnamed(boxes: Boxes) -> Boxes:
    """Every fifth has the other class's name."""
    fifth = np.arange(len(boxes)) % 5 == 0
    return replace(boxes, classes=np.where(fifth, 1 - boxes.classes, boxes.classes))


def misplaced(boxes: Boxes) -> Boxes:
    """Every fifth lies half its width aside: an overlap of a third."""
    aside = np.where(np.arange(len(boxes)) % 5 == 0, 0.5 * boxes.places[:, 2], 0.0)
    return replace(boxes, places=boxes.places + np.stack([aside, 0 * aside, 0 * aside, 0 * aside], axis=1))


def missing(boxes: Boxes) -> Boxes:
    """Every fifth is gone."""
    return boxes.only(np.arange(len(boxes)) % 5 != 0)


def invented(boxes: Boxes) -> Boxes:
    """To every third one far above the picture's things, surer than all."""
    third = np.arange(len(boxes)) % 3 == 0
    rows = np.concatenate([np.arange(len(boxes)), np.flatnonzero(third)])
    places = boxes.places[rows].copy()
    places[len(boxes) :] = (0.0, 0.0, 3.0, 3.0)
    scores = np.concatenate([boxes.scores, np.full(int(third.sum()), 1.0)])
    pictures, classes = boxes.pictures[rows].tolist(), boxes.classes[rows].tolist()
    return boxes_of(pictures, classes, [tuple(place) for place in places.tolist()], scores.tolist())


@pytest.mark.parametrize(
    ("fault", "kind", "action"),
    [
        (misnamed, "classification", "look at"),
        (misplaced, "localisation", "look at"),
        (missing, "missed", "tune"),
        (invented, "background", "look at"),
    ],
)
def test_a_planted_kind_of_mistake_comes_first(fault: Callable[[Boxes], Boxes], kind: str, action: str) -> None:
    boxset = scattered(1, n=160)
    perfect = finds(boxset, np.ones(len(boxset.labels), dtype=bool))
    case = case_of(boxset, fault(perfect))
    told = outcome(case)
    assert told.status == "found"
    first = told.findings[0]
    assert first.scope.slice == kind
    assert first.recommendations[0].action == action
    gain = next(e for e in first.evidence if e.name == "gain")
    assert gain.low is not None
    assert gain.low >= 0.01
    assert first.value("gain") <= 1 - first.value("average precision") + 1e-9
    assert set(first.images) <= set(case.ids.tolist())
    assert bool(first.images) == (kind != "background")


def test_a_faultless_detector_is_passed() -> None:
    boxset = scattered(2)
    told = outcome(case_of(boxset, finds(boxset, np.ones(len(boxset.labels), dtype=bool))))
    assert told.status == "passed"
    assert "100.0 %" in told.measured.smallest_detectable


def test_without_boxes_or_for_one_class_it_does_not_apply() -> None:
    assert outcome(vector_case({"cat": 20, "dog": 20})).status == "not_applicable"
    boxset = scattered(2, n=20)
    case = case_of(boxset, finds(boxset, np.ones(len(boxset.labels), dtype=bool)))
    assert outcome(case, Scope(classes=("cat",))).status == "not_applicable"
    assert outcome(case_of(boxset, None)).status == "not_applicable"


def test_a_detector_that_is_wrong_everywhere_is_told_so_without_an_interval() -> None:
    """Pictures drawn anew all agree that everything is missed: no interval, and yet the finding."""
    boxset = scattered(3, n=40)
    nothing = finds(boxset, np.ones(len(boxset.labels), dtype=bool))
    elsewhere = np.tile([0.0, 0.0, 2.0, 2.0], (len(nothing), 1))
    told = outcome(case_of(boxset, replace(nothing, places=elsewhere)))
    first = told.findings[0]
    assert first.scope.slice == "missed"
    assert first.value("gain") == 1.0
    assert next(e for e in first.evidence if e.name == "gain").low is None
    one = scattered(3, n=8)  # four of them are judged
    few = finds(one, np.ones(len(one.labels), dtype=bool))
    few = replace(few, places=np.tile([0.0, 0.0, 2.0, 2.0], (len(few), 1)))
    assert outcome(case_of(one, few)).status == "passed"
