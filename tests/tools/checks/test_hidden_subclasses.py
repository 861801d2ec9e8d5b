"""Two planted kinds are found and counted; one kind stays one; errors on a kind raise the severity."""

import pytest

from benchmarks.planting.hidden_kinds import kinds_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks.hidden_subclasses import class_kinds
from tools.findings import Outcome, Scope
from tools.kmeans import adjusted_rand
from tools.registry import find_check


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("hidden-subclasses"), scope or Scope())


def test_two_kinds_are_found_with_their_number_and_members() -> None:
    case, kind = kinds_case()
    (finding,) = outcome(case, Scope(classes=("bad",))).findings
    assert finding.value("kinds found") == 2
    assert finding.recommendations[0].arguments == {"class": "bad"}
    kinds, _ = class_kinds(case, "bad")
    assert kinds is not None
    assert adjusted_rand(kinds.parts.labels, kind[kinds.rows]) > 0.9


def test_errors_on_one_kind_are_said_and_weighed() -> None:
    case, _ = kinds_case(distance=2.5, each=120, shift_second=5.0)
    (finding,) = outcome(case, Scope(classes=("bad",))).findings
    assert finding.scope.slice is not None
    assert finding.severity.level == "high"
    assert finding.value("share of all errors") > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_one_kind_stays_one(seed: int) -> None:
    case, _ = kinds_case(distance=0.0, seed=seed)
    result = outcome(case)
    assert result.status == "passed"
    assert "0.30" in result.reason


def test_small_classes_are_not_applicable() -> None:
    assert outcome(vector_case({"cat": 30, "dog": 30})).status == "not_applicable"
