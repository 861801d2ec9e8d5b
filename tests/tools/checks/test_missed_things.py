"""Small things that are missed are found with what they explain; an even detector is passed; no boxes, no check."""

import numpy as np

from tests.tools.detection.cases import case_of, finds, scattered
from tools.audit import run_check
from tools.case import Case
from tools.detection.conditions import conditions_of
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("missed-things"), scope or Scope())


def planted() -> tuple[Case, float]:
    """Of small things half are found, of others nineteen in twenty; and the share of misses that this explains."""
    boxset = scattered(3, n=200)
    small = conditions_of(boxset, boxset.labels)["small"][1]
    found = np.random.default_rng(4).random(len(small)) < np.where(small, 0.5, 0.95)
    judged = boxset.splits[boxset.labels.pictures] == "test"
    extra = (small & judged).sum() * (found[~small & judged].mean() - found[small & judged].mean())
    return case_of(boxset, finds(boxset, found)), float(extra / (~found & judged).sum())


def test_small_things_that_are_missed_are_found_with_what_they_explain() -> None:
    case, explained = planted()
    told = outcome(case)
    assert told.status == "found"
    finding = next(f for f in told.findings if f.scope.slice == "small")
    assert "small in the picture" in finding.title
    assert abs(finding.value("difference") + 0.45) < 0.1
    assert abs(finding.value("share of misses") - explained) < 0.05
    assert finding.severity.level == "high"
    assert finding.images
    assert set(finding.images) <= set(case.ids.tolist())
    assert finding.recommendations[0].action == "collect"
    assert "share of training boxes" in {e.name for e in finding.evidence}


def test_the_pictures_shown_are_missed_things_of_the_classes_asked_for() -> None:
    case, _ = planted()
    finding = next(f for f in outcome(case, Scope(classes=("dog",))).findings if f.scope.slice == "small")
    assert {case.classes[case.targets[case.dataset.index[i]]] for i in finding.images} == {"dog"}


def test_a_detector_that_misses_evenly_is_passed_and_says_how_finely_it_was_looked() -> None:
    boxset = scattered(5, n=200)
    found = np.random.default_rng(6).random(len(boxset.labels)) < 0.8
    told = outcome(case_of(boxset, finds(boxset, found)))
    assert told.status == "passed"
    assert "points at best" in told.measured.smallest_detectable


def test_no_boxes_no_detector_and_too_few_boxes_are_not_applicable() -> None:
    boxset = scattered(7, n=6)
    case = case_of(boxset, None)
    assert outcome(case).status == "not_applicable"
    assert "--predictions" in outcome(case).reason
    few = outcome(case_of(boxset, finds(boxset, np.ones(len(boxset.labels), dtype=bool))))
    assert few.status == "not_applicable"
    assert "too few" in few.reason
