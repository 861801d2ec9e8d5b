"""Confident answers on foreign pictures are found with their share; classes left out in turn speak where none exist."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.outside import outside_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.case import Case
from tools.checks.negatives import leave_one_out, unlike_training
from tools.findings import Outcome, Scope
from tools.predictions import Predictions
from tools.registry import find_check
from tools.whatif import run_experiment


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("negatives"), scope or Scope())


def test_unlabelled_foreign_pictures_are_found_and_offered_as_a_class() -> None:
    case, outside = outside_case()
    finding = next(f for f in outcome(case).findings if "unlike" in f.title)
    assert finding.value("unlike pictures") == pytest.approx(60, abs=6)
    assert finding.value("confident on unlike pictures") > 0.9
    assert set(finding.images) <= set(case.ids[outside].tolist())
    assert {r.action for r in finding.recommendations} == {"add negative class", "add class"}
    assert finding.value("groups of look-alikes") == 1
    assert finding.severity.level == "low"
    negative = next(r for r in finding.recommendations if r.action == "add negative class")
    assert negative.change == ("add-negative", (("from", "unlabelled"),))
    assert run_experiment(case, "add-negative", negative.arguments).primary.verdict == "helps"


def test_a_negative_class_of_few_pictures_is_advised_but_not_to_be_tried() -> None:
    case, _ = outside_case(foreign=30)
    advised = [r for f in outcome(case).findings for r in f.recommendations if r.action == "add negative class"]
    assert advised
    assert all(r.experiment is None for r in advised)


def test_ordinary_unlabelled_pictures_are_not_foreign() -> None:
    case = vector_case({"ash": 200, "elm": 200, "oak": 200}, separation=3.0)
    hidden = set(case.ids[::3].tolist())
    labels = tuple(x for x in case.dataset.labels if x.image_id not in hidden)
    case = replace(case, dataset=replace(case.dataset, labels=labels))
    assert len(unlike_training(case)) <= 10  # one in a hundred of 200, and chance


def test_a_negative_class_called_a_thing_is_weighed_by_its_errors() -> None:
    case, outside = outside_case(labelled=True)
    said = np.where(outside, case.classes.index("ash"), case.targets)
    scores = np.where(said[:, None] == np.arange(4), 0.97, 0.01)
    case = replace(case, predictions=Predictions("theirs", "1", scores, said, True))
    finding = outcome(case).findings[0]
    assert finding.scope.classes == ("Other",)
    assert finding.value("confident on pictures of none") == 1.0
    assert finding.severity.level == "high"
    quiet = replace(case, predictions=Predictions("theirs", "1", np.full_like(scores, 0.25), said, True))
    assert not [f for f in outcome(quiet).findings if f.scope.classes]


def test_a_class_that_looks_like_another_is_taken_for_it_when_unseen() -> None:
    case = vector_case({"ash": 80, "elm": 80, "oak": 80}, separation=4.0, seed=3)
    left_out = leave_one_out(case, [])
    assert [x.number for x in left_out] == [0, 1, 2]
    for x in left_out:
        assert (case.targets[x.rows] == x.number).all()
        assert (x.said != x.number).all()
        assert not set(x.known.tolist()) & set(x.rows.tolist())
        assert np.median(x.nearness) < np.median(x.known_nearness)
    assert outcome(case).status in {"found", "passed"}


def test_without_anything_foreign_it_is_not_applicable() -> None:
    assert outcome(vector_case({"ash": 40, "elm": 40})).status == "not_applicable"
