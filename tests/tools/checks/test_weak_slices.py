"""A weak part is found with its size and named by what is known of it; parts that are no harder are not."""

import pytest

from benchmarks.nulls import null_case
from benchmarks.planting.weak_slice import slice_case
from benchmarks.slices import flagged_at_random
from tools.audit import run_check
from tools.case import Case
from tools.checks.weak_slices import halves
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("weak-slices"), scope or Scope())


@pytest.mark.parametrize(("seed", "burst"), [(0, 1), (1, 1), (2, 2)])
def test_a_weak_part_is_found_with_its_size(seed: int, burst: int) -> None:
    case, part = slice_case(seed=seed, burst=burst, each=400)
    finding, *_ = outcome(case).findings
    judged = case.derived.judged & part
    assert finding.scope.classes == ("cup",)
    assert finding.value("pictures") == pytest.approx(judged.sum(), rel=0.3)
    assert finding.value("errors in the slice") == pytest.approx(case.derived.errors[judged].mean(), abs=0.15)
    wrong = case.ids[case.derived.errors & part]
    assert set(finding.images[: min(20, len(wrong))]) <= set(case.ids[case.derived.errors].tolist())
    assert finding.severity.level == "high"
    assert finding.recommendations[0].action == "collect"


def test_what_is_known_of_a_part_names_it() -> None:
    case, _ = slice_case(tagged=True, each=400)
    finding, *_ = outcome(case).findings
    assert finding.scope.slice is not None
    assert finding.scope.slice.startswith(("place = cellar", "brightness high"))
    assert "brighter" in finding.summary


@pytest.mark.parametrize("seed", range(4))
def test_a_part_that_is_no_harder_is_not_reported(seed: int) -> None:
    case, _ = slice_case(pull=0.0, seed=seed, tagged=True)
    assert outcome(case).status in {"passed", "not_applicable"}


def test_halves_share_no_group_and_the_scope_only_filters() -> None:
    case, _ = slice_case(burst=3, each=300)
    learnt, tested = halves(case)
    groups = case.derived.grouping.groups
    assert not set(groups[learnt.rows]) & set(groups[tested.rows])
    whole, _ = slice_case(each=400)
    assert outcome(whole, Scope(classes=("cup",))).findings == outcome(whole).findings
    assert outcome(whole, Scope(classes=("jug",))).status == "passed"


@pytest.mark.parametrize("majority", [0.5, 0.9])
def test_random_slices_are_seldom_flagged(majority: float) -> None:
    assert sum(flagged_at_random(majority, seed) for seed in range(20)) <= 4  # 99 % quantile of 20 at 5 %


def test_a_class_without_parts_shows_none_towards_the_other() -> None:
    cases = [null_case(majority=0.5, burst=1, seed=seed) for seed in range(30)]
    assert sum(outcome(case).status == "found" for case in cases) <= 5  # 99 % quantile of 30 at 5 %
