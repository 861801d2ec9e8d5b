"""Bursts make random folds look better; independent pictures do not; small sets are refused."""

import numpy as np
import pytest

from benchmarks.planting.fault import fresh
from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.similar import halve
from benchmarks.planting.vector_faults import CLOSE, UNTESTED
from benchmarks.planting.vectors import assemble, vector_case
from benchmarks.planting.wrong_labels import flip
from tools.audit import run_check
from tools.checks.grouped_images import in_mix_of_test
from tools.findings import Outcome, Scope
from tools.groups import Grouping
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


def test_another_mix_of_classes_is_no_other_kind_of_picture() -> None:
    # half of dog is called wolf and both are rare in training, so the test split holds more of what is confused
    for seed in range(4):
        clean = vector_case(SIZES, separation=3.0, test_share=0.4, seed=seed)
        case, _ = halve(thin_out(clean, "dog", 40, seed=seed), "dog", "wolf", seed=seed)
        assert not any("unlike" in f.title for f in outcome(case).findings)


@pytest.mark.parametrize("seed", [820, 824, 828, 831])
def test_a_thinned_class_that_is_right_out_of_fold_does_not_count_as_measured_exactly(seed: int) -> None:
    """28 pictures, all right, weigh as a third of the test split: that is less sure than 252 pictures are."""
    case = fresh(thin_out(fresh(CLOSE.make(seed), seed), "dog", 28, seed=seed), seed)
    assert not any("unlike" in f.title for f in outcome(case).findings)


def test_accuracy_in_the_mix_of_the_test_split_by_hand() -> None:
    names = ["a"] * 30 + ["b"] * 10 + ["a"] * 10 + ["b"] * 30 + ["c"] * 5
    case = assemble(np.random.default_rng(0).normal(size=(85, 8)), names, ["train"] * 40 + ["test"] * 45)
    scores = np.zeros((85, 3))
    scores[:, 0] = 1.0  # always "a": right on 30 of 30 and 0 of 10 in training, on 10 of 40 in test without "c"
    case.derived.__dict__["baseline"] = scores
    compared = in_mix_of_test(case)
    assert compared is not None
    assert [e.value for e in compared] == pytest.approx([0.25, 0.25])
    assert compared[1].n == 40


def test_two_partitions_of_single_pictures_are_no_bursts() -> None:
    case = vector_case(SIZES, separation=1.5, test_share=0.3)
    case.derived.__dict__["grouping"] = Grouping(np.arange(len(case.ids)), "similarity", 0.9)
    worse = case.derived.random_baseline.copy()
    worse[np.flatnonzero(case.fit)[:30]] *= -1
    case.derived.__dict__["baseline"] = worse
    assert not any("Bursts" in f.title for f in outcome(case).findings)


def test_thresholds_that_read_alike_are_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    case = vector_case(SIZES, separation=1.2, burst=6, burst_spread=0.4)
    steps = tuple(t + d for t in case.derived.thresholds() for d in (0.0, 1e-5))
    monkeypatch.setattr(case.derived, "thresholds", lambda: steps)
    (finding,) = outcome(case).findings
    assert len({e.name for e in finding.evidence}) == len(finding.evidence)


def test_few_pictures_is_not_applicable() -> None:
    assert outcome(vector_case({"cat": 20, "dog": 20})).status == "not_applicable"


@pytest.mark.parametrize("seed", [206, 207])
def test_the_worst_of_sixteen_thresholds_must_be_worse_than_chance_gives_in_sixteen(seed: int) -> None:
    """Single pictures, a seventh of the labels wrong, no test split: one threshold alone would have said so of 207."""
    clean = fresh(UNTESTED.make(seed), seed)
    case, _ = flip(clean, 0.15, seed=seed, alike=True)
    assert outcome(clean).status == outcome(fresh(case, seed)).status == "passed"
