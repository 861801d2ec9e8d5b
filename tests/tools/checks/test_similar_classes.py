"""One class under two names is found; separable classes are not, whatever their balance or bursts."""

import numpy as np
import pytest

from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.similar import halve
from benchmarks.planting.vectors import assemble, vector_case
from benchmarks.planting.wrong_labels import flip
from tools.audit import run_check
from tools.checks.similar_classes import confused_pairs, measure, mixed_neighbourhoods, without_doubted
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 120, "dog": 240, "hen": 120}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("similar-classes"), scope or Scope())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("burst", [1, 4])
def test_a_halved_class_is_found_with_its_errors(seed: int, burst: int) -> None:
    case, renamed = halve(vector_case(SIZES, separation=3.0, burst=burst, seed=seed), "dog", "wolf", seed=seed)
    assert renamed == pytest.approx(120, abs=burst)
    (finding,) = outcome(case).findings
    assert finding.scope.pair == ("dog", "wolf")
    assert finding.evidence[0].low is not None
    assert finding.evidence[0].low < 0.6
    assert abs(finding.value("balanced accuracy between the two") - 0.5) < 0.15
    between = np.isin(case.targets, [1, 3]) & np.isin(case.derived.predicted, [1, 3]) & case.derived.errors
    assert finding.value("errors between the two") == between.sum()
    assert finding.severity.level == "high"
    merge = finding.recommendations[0]
    assert (merge.experiment, dict(merge.arguments)) == ("merge-classes", {"pair": "dog|wolf"})
    assert abs(finding.value("look-alikes of the other class") - 0.5) < 0.15


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("burst", [1, 4])
def test_separable_classes_are_silent(seed: int, burst: int) -> None:
    result = outcome(vector_case(SIZES, separation=2.0, burst=burst, seed=seed))
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "balanced accuracy below about" in result.measured.smallest_detectable


@pytest.mark.parametrize("seed", range(4))
def test_wrong_labels_are_not_likeness_and_overlap_is_not_wrong_labels(seed: int) -> None:
    slips, _ = flip(vector_case(SIZES, separation=3.0, seed=seed), 0.15, seed=seed, alike=True)
    assert outcome(slips).status == "passed"
    assert outcome(vector_case(SIZES, separation=0.6, seed=seed)).status == "found"


@pytest.mark.parametrize("seed", range(3))
def test_a_small_separable_class_is_not_taken_for_a_similar_one(seed: int) -> None:
    case = thin_out(vector_case({"cat": 400, "dog": 400}, separation=1.6, seed=seed), "dog", 15, seed=seed)
    assert outcome(case).status == "passed"


def test_balanced_accuracy_by_hand() -> None:
    case, _ = halve(vector_case(SIZES, separation=3.0, seed=1), "dog", "wolf")
    a, b = case.number("dog"), case.number("wolf")
    pair = measure(case, a, b)
    scores = case.derived.baseline
    dogs, wolves = case.targets == a, case.targets == b
    prior = wolves.sum() / dogs.sum()
    right_dogs = (scores[dogs, b] < scores[dogs, a] * prior).mean()
    right_wolves = (scores[wolves, b] > scores[wolves, a] * prior).mean()
    assert pair.balanced == pytest.approx((right_dogs + right_wolves) / 2)
    assert pair.low < pair.balanced < pair.high
    assert len(pair.wrong) == round((1 - right_dogs) * dogs.sum() + (1 - right_wolves) * wolves.sum())


def test_a_pair_right_at_the_bar_has_p_of_a_half() -> None:
    labels = np.repeat([0, 1], 50)
    case = assemble(np.random.default_rng(0).normal(size=(100, 8)), ["a" if x == 0 else "b" for x in labels])
    scores = np.where(labels[:, None] == np.arange(2), 0.8, 0.2)
    scores[[0, 1, 2, 3, 4, 50, 51, 52, 53, 54]] = scores[[0, 1, 2, 3, 4, 50, 51, 52, 53, 54], ::-1]
    case.derived.__dict__["baseline"] = scores
    pair = measure(case, 0, 1)
    assert pair.balanced == pytest.approx(0.9)
    assert pair.p == pytest.approx(0.5)


def test_mixed_neighbourhoods_of_two_far_clusters_and_of_one() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    far = rng.normal(size=(80, 8)) + np.where(labels == 0, -9, 9)[:, None] * np.eye(8)[0]
    names = ["a" if x == 0 else "b" for x in labels]
    apart = assemble(far, names)
    together = assemble(rng.normal(size=(80, 8)), names)
    assert mixed_neighbourhoods(apart, 0, 1)[0] == 0
    assert 0.3 < mixed_neighbourhoods(together, 0, 1)[0] < 0.7


def test_the_family_is_every_pair_in_any_scope() -> None:
    case, _ = halve(vector_case(SIZES, separation=3.0, seed=2), "dog", "wolf")
    whole, (inside,) = outcome(case).findings, outcome(case, Scope(pair=("wolf", "dog"))).findings
    assert inside == whole[0]
    assert inside.value("pairs compared") == 6
    assert outcome(case, Scope(classes=("dog",))).findings == whole
    assert outcome(case, Scope(pair=("cat", "dog"))).status == "passed"


def test_only_pairs_that_are_mistaken_are_measured() -> None:
    case = vector_case({"cat": 60, "dog": 60, "hen": 60}, separation=6.0)
    assert confused_pairs(case, np.arange(3)) == []


def test_small_classes_are_not_applicable() -> None:
    result = outcome(vector_case({"cat": 100, "dog": 9}))
    assert result.status == "not_applicable"
    assert "10" in result.reason


def test_depth_by_hand() -> None:
    """Heads between two far clouds on a line: a picture under the wrong label lies as deep as its own cloud does."""
    labels = np.repeat([0, 1], 40)
    vectors = np.random.default_rng(0).normal(size=(80, 8)) * 0.3 + np.where(labels == 0, -3, 3)[:, None] * np.eye(8)[0]
    names = np.where(labels == 0, "a", "b")
    names[:4] = "b"
    found, depth = without_doubted(assemble(vectors, names.tolist()), 0, 1)
    assert found.balanced == 1.0
    assert found.n == 76
    assert depth == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("seed", [201, 203, 205])
def test_bursts_under_wrong_labels_are_not_likeness_even_in_mixed_surroundings(seed: int) -> None:
    clean = vector_case({"cat": 160, "dog": 160, "hen": 160}, separation=3.0, burst=4, test_share=0.3, seed=seed)
    case, _ = flip(clean, 0.2, seed=seed, bursts=True)
    assert outcome(clean).status == outcome(case).status == "passed"
    overlapping = vector_case(SIZES, separation=0.6, burst=4, seed=seed)
    assert outcome(overlapping).status == "found"
