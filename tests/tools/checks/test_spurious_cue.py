"""A planted setting is found, named by its property and pointed at; a balanced twin is silent."""

import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("spurious-cue"), scope or Scope())


def test_a_measured_cue_is_used_and_its_pictures_are_named() -> None:
    case, against = cue_case()
    finding = next(f for f in outcome(case).findings if f.scope.pair == ("apples", "citrus"))
    assert finding.rung == "used"
    assert finding.scope.slice == "border_brightness"
    assert finding.severity.level == "high"
    assert finding.errors is not None
    assert len(finding.errors & against) >= 0.9 * len(finding.errors)


def test_a_cue_without_a_property_is_found_as_a_kind_of_the_class() -> None:
    case, against = cue_case(measured=False, each=250, strength=6)
    used = [f for f in outcome(case).findings if f.rung == "used"]
    assert used
    assert all(f.scope.slice is not None and f.scope.slice.startswith("kinds of") for f in used)
    assert all(f.errors is not None and len(f.errors & against) >= 0.9 * len(f.errors) for f in used)


def test_without_counterexamples_use_is_not_measurable() -> None:
    case, _ = cue_case(agreement=0.985, strength=0.3)
    rungs = {f.rung for f in outcome(case).findings}
    assert rungs <= {"used", "not_measurable"}


@pytest.mark.parametrize("seed", range(6))
def test_a_balanced_twin_is_silent(seed: int) -> None:
    case, _ = cue_case(agreement=0.5, seed=seed)
    assert not outcome(case).findings


def test_without_confusion_it_is_not_applicable() -> None:
    result = outcome(vector_case({"cat": 60, "dog": 60}, separation=6))
    assert result.status == "not_applicable"
