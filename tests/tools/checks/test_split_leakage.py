"""Test pictures with a copy in training are counted and the metric is shown without them."""

import numpy as np
import pytest

from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 120, "dog": 120, "hen": 120}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("split-leakage"), scope or Scope())


def split(seed: int = 0, separation: float = 1.0):
    return with_hashes(vector_case(SIZES, separation=separation, test_share=0.3, seed=seed))


@pytest.mark.parametrize("exact", [True, False])
def test_planted_leaks_are_found_with_their_number_and_block_trust(exact: bool) -> None:
    case, truth = plant_copies(split(), 20, source="train", into="test", exact=exact)
    (finding,) = outcome(case).findings
    assert finding.value("leaked test pictures") == 20
    assert finding.value("leaked share of test") == pytest.approx(20 / 128)
    assert set(finding.images) == set(truth)
    assert finding.severity.level == "high"
    assert set(finding.recommendations[0].images) == set(truth.values())


def test_the_metric_with_and_without_is_the_share_of_correct_pictures() -> None:
    case, truth = plant_copies(split(), 40, source="train", into="test", exact=True)
    (finding,) = outcome(case).findings
    test = case.dataset.splits == "test"
    clean = test & ~np.isin(case.ids, list(truth))
    right = case.derived.predicted == case.targets
    assert finding.value("accuracy with them") == pytest.approx(right[test].mean())
    assert finding.value("accuracy without them") == pytest.approx(right[clean].mean())
    assert finding.value("change") == pytest.approx(right[clean].mean() - right[test].mean())
    assert finding.value("change") < 0


def test_few_leaks_are_low() -> None:
    case, _ = plant_copies(split(), 3, source="train", into="test")
    (finding,) = outcome(case).findings
    assert finding.severity.level == "low"


def test_val_leaks_are_reported_and_do_not_block_the_test_metric() -> None:
    case, truth = plant_copies(split(), 20, source="train", into="val", exact=True)
    (finding,) = outcome(case).findings
    assert finding.value("leaked val pictures") == 20
    assert set(finding.images) == set(truth)
    assert finding.severity.level == "low"


@pytest.mark.parametrize("into", ["train", "test"])
def test_copies_inside_one_split_do_not_leak(into: str) -> None:
    case, _ = plant_copies(split(), 20, source=into, into=into, exact=True)
    result = outcome(case)
    assert result.status == "passed"
    assert {e.name: e.value for e in result.measured.evidence}["leaked test pictures"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_burst_across_the_split_is_no_leak(seed: int) -> None:
    case = with_hashes(vector_case(SIZES, burst=5, burst_spread=0.15, seed=seed))
    splits = np.where(np.random.default_rng(seed).random(len(case.ids)) < 0.3, "test", "train")
    object.__setattr__(case.dataset, "splits", splits)
    assert outcome(case).status == "passed"


def test_scope_lists_only_its_classes() -> None:
    case, truth = plant_copies(split(), 20, source="train", into="test", exact=True)
    cats = {copy for copy, original in truth.items() if int(original[:5]) < 120}
    (finding,) = outcome(case, Scope(classes=("cat",))).findings
    assert set(finding.images) == cats
    assert finding.severity.level == "high"  # trust is the whole test's


def test_one_split_is_not_applicable() -> None:
    result = outcome(vector_case(SIZES))
    assert result.status == "not_applicable"
    assert "split" in result.reason
