"""Bursts make random folds look better; independent pictures do not; small sets are refused."""

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble, vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 120, "dog": 120, "hen": 120}


def outcome(case) -> Outcome:
    return run_check(case, find_check("grouped-images"), Scope())


def test_bursts_with_a_test_of_new_objects_are_the_finding() -> None:
    case = vector_case(SIZES, separation=1.2, burst=6, burst_spread=0.25, test_share=0.3)
    findings = outcome(case).findings
    burst = next(f for f in findings if "Bursts" in f.title)
    assert burst.severity.level == "high"
    assert burst.value("promised too much by bursts") > 0.05
    objects = len(np.unique(np.flatnonzero(case.fit) // 6))
    assert burst.value("groups of pictures") == pytest.approx(objects, rel=0.5)


def test_a_shifted_test_split_is_said_apart() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200)
    test = np.arange(400) % 2 == 1
    vectors = rng.normal(size=(400, 32))
    vectors[:, 0] += np.where(labels == 0, -2.0, 2.0)
    vectors[test, 0] += 2.5
    case = assemble(vectors, ["a" if c == 0 else "b" for c in labels], ["test" if t else "train" for t in test])
    (shift,) = outcome(case).findings
    assert "unlike" in shift.title
    assert shift.scope.classes == ("a",)
    assert shift.value("lost between training and test") > 0.1


@pytest.mark.parametrize("test_share", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_independent_pictures_are_silent(seed: int, test_share: float) -> None:
    result = outcome(vector_case(SIZES, separation=2.5, seed=seed, test_share=test_share))
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "2.0 points" in result.reason


def test_without_a_test_split_bursts_show_as_a_range() -> None:
    case = vector_case(SIZES, separation=1.2, burst=6, burst_spread=0.4)
    (finding,) = outcome(case).findings
    assert finding.severity.level == "medium"
    assert finding.value("lowest accuracy of the range") < finding.value("accuracy in random folds")


def test_few_pictures_is_not_applicable() -> None:
    assert outcome(vector_case({"cat": 20, "dog": 20})).status == "not_applicable"
