"""Classes short of pictures are found with what they lack; enough pictures are silent."""

from dataclasses import replace

import pytest

from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 120, "dog": 120, "hen": 120}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("image-quantity"), scope or Scope())


@pytest.mark.parametrize(("keep", "below_floor"), [(49, 0), (20, 0), (14, 1), (1, 1)])
def test_a_thinned_class_is_found_with_its_size(keep: int, below_floor: int) -> None:
    (finding,) = outcome(thin_out(vector_case(SIZES), "dog", keep)).findings
    assert finding.scope.classes == ("dog",)
    assert finding.value("images of dog") == keep
    assert finding.value("missing of dog") == 50 - keep
    assert finding.value("classes below the floor") == below_floor
    assert finding.severity.level in ("medium", "high")
    assert len(finding.images) == keep
    (advice,) = finding.recommendations
    assert (advice.action, advice.target, advice.cost.images, advice.experiment) == ("collect", "dog", 50 - keep, None)


@pytest.mark.parametrize("seed", range(3))
def test_enough_pictures_are_silent(seed: int) -> None:
    result = outcome(vector_case({"cat": 50, "dog": 300}, seed=seed))
    assert result.status == "passed"
    assert {e.name: e.value for e in result.measured.evidence}["images of cat"] == 50


def test_only_training_pictures_count() -> None:
    case = vector_case({"cat": 60, "dog": 200}, test_share=0.25)
    (finding,) = outcome(case).findings
    assert finding.value("images of cat") == 45
    assert finding.value("missing of cat") == 5


def test_a_class_seen_only_in_test_has_no_training_picture() -> None:
    case = vector_case({"cat": 100, "dog": 100, "hen": 20}, test_share=0.5)
    case = thin_out(case, "hen", 0)
    (finding,) = outcome(case, Scope(classes=("hen",))).findings
    assert finding.value("images of hen") == 0
    assert finding.value("recall of hen") == 0


def test_a_burst_counts_once_beside_the_pictures() -> None:
    (finding,) = outcome(vector_case({"cat": 40, "dog": 100}, burst=5, burst_spread=0.05)).findings
    assert finding.value("images of cat") == 40
    assert finding.value("groups of cat") == pytest.approx(8, abs=1)
    assert "groups" in finding.summary


def test_errors_in_the_small_class_are_told_from_errors_anywhere() -> None:
    hidden = vector_case({"cat": 120, "dog": 120, "hen": 60}, separation=0.9, test_share=0.5, seed=1)
    (finding,) = outcome(thin_out(hidden, "hen", 6)).findings
    wrong = hidden.evaluation & (hidden.targets == 2)
    assert finding.value("error share of short classes") == pytest.approx(1 - finding.value("recall of hen"))
    assert finding.severity.level == "high"
    assert finding.severity.errors_explained is not None
    assert 0.2 < finding.severity.errors_explained <= 1
    assert wrong.sum() == 30
    harmless = outcome(thin_out(vector_case(SIZES, separation=4.0), "hen", 40)).findings[0]
    assert harmless.severity.errors_explained == 0
    assert harmless.severity.level == "medium"


def test_scope_restricts_the_classes() -> None:
    case = thin_out(thin_out(vector_case(SIZES), "dog", 20), "hen", 30)
    assert outcome(case).findings[0].scope.classes == ("dog", "hen")
    assert outcome(case, Scope(classes=("hen",))).findings[0].scope.classes == ("hen",)
    assert outcome(case, Scope(classes=("cat",))).status == "passed"


def test_many_small_classes_are_one_finding_with_the_smallest_named() -> None:
    sizes = {f"kind {i:02d}": 20 + i for i in range(12)}
    (finding,) = outcome(vector_case(sizes)).findings
    assert finding.value("classes short of pictures") == 12
    assert "kind 00 has 20" in finding.summary
    assert "kind 11" not in finding.summary
    assert len(finding.recommendations) == 12


def test_class_names_are_words_and_nothing_else() -> None:
    names = {"{0}|a: 7!r": 20, "<b>50": 100}
    (finding,) = outcome(vector_case(names)).findings
    assert "{0}|a: 7!r has 20" in finding.summary


def test_without_labels_it_is_not_applicable() -> None:
    case = vector_case(SIZES)
    result = outcome(replace(case, dataset=replace(case.dataset, labels=())))
    assert result.status == "not_applicable"
    assert "label" in result.reason
