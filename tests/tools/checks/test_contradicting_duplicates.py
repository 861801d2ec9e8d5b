"""Copies under unlike labels are found set by set; copies that agree are silent."""

import numpy as np
import pytest

from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks.contradicting_duplicates import contradicting, unwinnable
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 120, "dog": 120, "hen": 120}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("contradicting-duplicates"), scope or Scope())


@pytest.mark.parametrize("exact", [True, False])
def test_unlike_labels_on_copies_are_found_set_by_set(exact: bool) -> None:
    case, truth = plant_copies(with_hashes(vector_case(SIZES)), 8, exact=exact, relabel=True)
    findings = outcome(case).findings
    assert sum(f.value("sets here") for f in findings) == 8
    assert {i for f in findings for i in f.images} == set(truth) | set(truth.values())
    for finding in findings:
        rows = [case.dataset.index[i] for i in finding.images]
        assert {case.classes[c] for c in case.targets[rows]} == set(finding.scope.classes)
        pairs = [set(finding.images[i : i + 2]) for i in range(0, len(rows), 2)]  # set by set
        assert all({copy, truth[copy]} in pairs for copy in truth if copy in finding.images)
        assert finding.severity.level in ("medium", "high")
        assert finding.recommendations[0].action == "relabel"


def test_many_of_them_block_trust() -> None:
    case, _ = plant_copies(with_hashes(vector_case(SIZES, separation=0.8)), 40, exact=True, relabel=True)
    assert {f.severity.level for f in outcome(case).findings} == {"high"}
    assert outcome(case).findings[0].value("judged pictures no model can get right") == 40


def test_agreeing_copies_and_no_copies_are_silent() -> None:
    agreeing, _ = plant_copies(with_hashes(vector_case(SIZES)), 8, exact=True)
    assert outcome(agreeing).status == "passed"
    clean = outcome(with_hashes(vector_case(SIZES)))
    assert clean.status == "passed"
    assert "two copies under unlike labels" in clean.measured.smallest_detectable


def test_scope_keeps_the_sets_that_touch_it() -> None:
    case, _ = plant_copies(with_hashes(vector_case(SIZES)), 30, exact=True, relabel=True)
    names = [set(f.scope.classes) for f in outcome(case, Scope(classes=("cat",))).findings]
    assert names
    assert all("cat" in n for n in names)


def test_one_class_is_not_applicable() -> None:
    assert outcome(vector_case({"cat": 30})).status == "not_applicable"


def test_ceiling_by_hand() -> None:
    # set 0: two A, one B; set 1: one A, one B, one C; set 2: two A
    targets, sets = np.array([0, 0, 1, 0, 1, 2, 0, 0]), np.array([0, 0, 0, 1, 1, 1, 2, 2])
    assert contradicting(targets, sets).tolist() == [True] * 6 + [False] * 2
    assert unwinnable(targets, sets, np.ones(8, dtype=np.bool_)) == 1 + 2
    assert unwinnable(targets, sets, np.arange(8) < 3) == 1
