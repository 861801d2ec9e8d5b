"""Planted copies are found one by one; bursts are not copies; unlike labels are left to another check."""

from dataclasses import replace

import pytest

from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.imbalance import subset
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 120, "dog": 120, "hen": 120}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("near-duplicates"), scope or Scope())


@pytest.mark.parametrize("exact", [True, False])
def test_planted_copies_are_found_with_their_number(exact: bool) -> None:
    case, truth = plant_copies(with_hashes(vector_case(SIZES)), 25, exact=exact)
    (finding,) = outcome(case).findings
    assert finding.value("redundant copies") == 25
    assert finding.value("sets of copies") == 25
    assert finding.value("pictures with a copy") == 50
    assert finding.value("identical pairs") == (25 if exact else 0)
    assert set(finding.images) == set(truth) | set(truth.values())
    assert finding.severity.level == "medium"  # 25 of 385 pictures: above a twentieth
    (advice,) = finding.recommendations
    assert (advice.experiment, dict(advice.arguments), advice.cost.clicks) == ("deduplicate", {}, 25)


def test_copies_stand_beside_their_originals() -> None:
    case, truth = plant_copies(with_hashes(vector_case(SIZES)), 3, exact=True)
    images = outcome(case).findings[0].images
    assert [{images[i], images[i + 1]} for i in (0, 2, 4)] == [
        {copy, original} for copy, original in sorted(truth.items(), key=lambda item: item[1])
    ]


def test_few_copies_are_low() -> None:
    case, _ = plant_copies(with_hashes(vector_case(SIZES)), 2)
    assert outcome(case).findings[0].severity.level == "low"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hashed", [True, False])
def test_bursts_are_silent(hashed: bool, seed: int) -> None:
    case = vector_case(SIZES, burst=6, burst_spread=0.15, seed=seed)
    result = outcome(with_hashes(case) if hashed else case)
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "mirrored" in result.measured.smallest_detectable or "unseen" in result.measured.smallest_detectable


def test_without_hashes_only_all_but_identical_vectors_count() -> None:
    near, _ = plant_copies(vector_case(SIZES), 10, similarity=0.995)
    assert outcome(near).status == "passed"
    nearer, _ = plant_copies(vector_case(SIZES), 10, similarity=0.9995)
    assert outcome(nearer).findings[0].value("redundant copies") == 10


def test_many_copies_of_one_picture_are_one_set() -> None:
    case = with_hashes(vector_case(SIZES))
    sha256 = case.dataset.sha256.copy()
    sha256[10:50] = sha256[10]  # more than the graph has neighbours
    (finding,) = outcome(replace(case, dataset=replace(case.dataset, sha256=sha256))).findings
    assert finding.value("sets of copies") == 1
    assert finding.value("redundant copies") == 39


def test_unlike_labels_on_copies_are_left_to_another_check() -> None:
    case, _ = plant_copies(with_hashes(vector_case(SIZES)), 8, exact=True, relabel=True)
    (finding,) = outcome(case).findings
    assert finding.value("redundant copies") == 8
    assert "label" not in finding.summary


def test_scope_keeps_the_sets_that_touch_it() -> None:
    case, truth = plant_copies(with_hashes(vector_case(SIZES)), 30, exact=True)
    cats = {copy for copy, original in truth.items() if int(original[:5]) < 120}
    finding = outcome(case, Scope(classes=("cat",))).findings[0]
    assert finding.value("redundant copies") == len(cats)
    assert cats <= set(finding.images)


def test_one_picture_is_not_applicable() -> None:
    case = vector_case(SIZES)
    assert outcome(subset(case, case.ids == case.ids[0])).status == "not_applicable"
