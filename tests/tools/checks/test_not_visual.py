"""A label unrelated to the pictures is found; hard but visual classes, and rare ones, are not called invisible."""

import pytest

from benchmarks.planting.unrelated_labels import rename_at_random
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks import not_visual
from tools.findings import Outcome, Scope
from tools.registry import Check

SIZES = {"cat": 300, "dog": 300, "hen": 300}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, Check("not-visual", "", not_visual.check), scope or Scope())


def test_random_labels_are_found_with_their_area() -> None:
    found = 0
    for seed in range(4):
        case, ids = rename_at_random(vector_case(SIZES, separation=2.0, seed=seed), "in stock", 0.25, seed=seed)
        findings = outcome(case).findings
        assert {f.scope.classes for f in findings} <= {("in stock",)}
        for finding in findings:
            found += 1
            assert finding.value("training pictures") == len(ids)
            assert finding.value("area under the curve") == pytest.approx(0.5, abs=0.08)
            assert finding.value("labels wrong at least") > 0.7
            assert set(finding.images) <= ids
            assert finding.severity.level in ("medium", "high")
    assert found >= 3


def test_two_random_classes_are_one_finding() -> None:
    case, _ = rename_at_random(vector_case({"cat": 500}, separation=2.0), "dog", 0.5)
    (finding,) = outcome(case).findings
    assert set(finding.scope.classes) == {"cat", "dog"}


@pytest.mark.parametrize("separation", [0.6, 2.0])
def test_hard_but_visual_classes_are_silent(separation: float) -> None:
    for seed in range(3):
        assert outcome(vector_case(SIZES, separation=separation, seed=seed)).status == "passed"


def test_a_third_of_wrong_labels_is_not_invisible() -> None:
    case, _ = rename_at_random(vector_case(SIZES, separation=2.0), "dog", 0.25)
    assert outcome(case).status == "passed"


def test_rare_classes_do_not_apply() -> None:
    case, _ = rename_at_random(vector_case({"cat": 25, "dog": 25}, separation=2.0), "new", 0.2)
    assert outcome(case).status == "not_applicable"


def test_bursts_do_not_make_up_for_independent_pictures() -> None:
    case = vector_case({"cat": 200, "dog": 200}, separation=0.5, burst=10, burst_spread=0.05)
    assert outcome(case).status == "not_applicable"
    assert str(not_visual.FEWEST_GROUPS) in outcome(case).reason


def test_permutation_p_is_small_where_there_is_something() -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=2.0)
    assert not_visual.permutation_p(case, 0) == pytest.approx(1 / (1 + not_visual.PERMUTATIONS))
