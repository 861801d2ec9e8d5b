"""Planted flips, single and in bursts; a clean twin; too few pictures."""

import pytest

from benchmarks.planting.vectors import vector_case
from benchmarks.planting.wrong_labels import flip
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 80, "dog": 80, "hen": 80}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("wrong-labels"), scope or Scope())


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_single_flips_are_found_with_their_number(share: float) -> None:
    case, truth = flip(vector_case(SIZES, separation=3, test_share=0.25), share)
    (finding,) = outcome(case).findings
    found = set(finding.images)
    assert len(found & truth.keys()) >= 0.9 * len(truth)
    assert len(found & truth.keys()) >= 0.7 * len(found)
    assert abs(finding.value("labels that look wrong") - len(truth)) <= 0.35 * len(truth)


def test_whole_bursts_are_found() -> None:
    case, truth = flip(vector_case(SIZES, separation=3, burst=5), 0.1, bursts=True)
    (finding,) = outcome(case).findings
    assert len(set(finding.images) & truth.keys()) >= 0.7 * len(truth)
    assert finding.value("part of a whole series") >= 0.5 * len(truth)


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_twin_raises_nothing_above_low(seed: int) -> None:
    result = outcome(vector_case(SIZES, separation=3, seed=seed))
    assert all(f.severity.level == "low" for f in result.findings)
    assert result.measured.evidence[0].value > 0.8


def test_scope_keeps_to_the_pair() -> None:
    case, truth = flip(vector_case(SIZES, separation=3), 0.1)
    (finding,) = outcome(case, Scope(pair=("cat", "dog"))).findings
    labels = {i: case.classes[case.targets[case.dataset.index[i]]] for i in finding.images}
    assert set(labels.values()) <= {"cat", "dog"}
    assert all(truth.get(i, "cat") in ("cat", "dog") for i in finding.images)


def test_too_few_pictures_is_not_applicable() -> None:
    result = outcome(vector_case({"cat": 6, "dog": 90}))
    assert result.status == "not_applicable"
    assert "8" in result.reason
