"""Pictures of no class here are found one by one; clean classes, bursts and hard classes are silent."""

import numpy as np
import pytest

from benchmarks.planting.off_class import plant_off_class
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks import outliers
from tools.checks.outliers import outside_similarity, set_apart, tail_p
from tools.findings import Outcome, Scope
from tools.registry import Check

SIZES = {"cat": 150, "dog": 150, "hen": 150}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, Check("outliers", "", outliers.check), scope or Scope())


@pytest.mark.parametrize("burst", [1, 5])
def test_planted_pictures_are_found(burst: int) -> None:
    found = planted = false = 0
    for seed in range(5):
        case, truth = plant_off_class(vector_case(SIZES, separation=4.0, burst=burst, seed=seed), 6, seed=seed)
        images = {i for f in outcome(case).findings for i in f.images}
        groups = case.derived.grouping.groups[np.isin(case.ids, list(images - truth))]
        found, planted, false = found + len(images & truth), planted + 6, false + len(np.unique(groups))
    assert found >= 0.9 * planted
    assert false <= 3


@pytest.mark.parametrize("count", [15, 40])
def test_many_odd_pictures_do_not_hide_one_another(count: int) -> None:
    found = false = 0
    for seed in range(4):
        case, truth = plant_off_class(vector_case(SIZES, separation=4.0, seed=seed), count, seed=seed)
        images = set(case.ids[outliers.measure(case).odd].tolist())
        found, false = found + len(images & truth), false + len(images - truth)
    assert found >= 0.9 * 4 * count
    assert false <= 0.05 * 4 * count


def test_a_void_by_hand() -> None:
    # gaps of the largest, times rank: 1·1, 2·1, 3·6 | then 97 steps of 1/96, times 4, 5, …
    z = np.concatenate([np.linspace(0, 1, 97), [7.0, 8.0, 9.0]])
    assert np.flatnonzero(set_apart(z)).tolist() == [97, 98, 99]
    assert not set_apart(np.concatenate([np.linspace(0, 1, 97), [1.5, 1.6, 1.7]])).any()  # a void narrower than 1
    assert not set_apart(np.concatenate([np.linspace(0, 1, 80), np.full(20, 7.0)])).any()  # a fifth: a kind of its own


def test_voids_are_rare_where_the_tail_is_exponential() -> None:
    rng = np.random.default_rng(0)
    assert sum(set_apart(rng.exponential(size=300)).any() for _ in range(400)) <= 9  # 99 % quantile of 400 at 1 %


@pytest.mark.parametrize("burst", [1, 5])
def test_clean_classes_are_silent(burst: int) -> None:
    loud = sum(
        outcome(vector_case(SIZES, separation=s, burst=burst, seed=seed)).status == "found"
        for s in (1.0, 4.0)
        for seed in range(8)
    )
    assert loud <= 2  # 5 % of 16, 99 % quantile about 3


def test_a_finding_counts_what_it_names() -> None:
    case, truth = plant_off_class(vector_case(SIZES, separation=4.0), 6)
    (finding,) = outcome(case).findings
    assert finding.value("outliers") == len(finding.images)
    assert finding.value("distance of theirs") > 1.5 * finding.value("usual distance")
    assert set(finding.images) <= truth
    only = outcome(case, Scope(classes=("cat",))).findings
    assert all(case.targets[case.dataset.index[i]] == case.number("cat") for f in only for i in f.images)


def test_a_wrong_label_is_no_outlier() -> None:
    case = vector_case(SIZES, separation=4.0)
    vectors = case.space.vectors
    vectors[:5] = vectors[150:155] + 0.01  # cats that look like dogs
    vectors[:5] /= np.linalg.norm(vectors[:5], axis=1, keepdims=True)
    assert outcome(case).status == "passed"


def test_similarity_to_others_by_hand() -> None:
    neighbours = np.array([[1, 2, 3, 4]])
    similarities = np.array([[0.9, 0.6, 0.3, 0.0]])
    groups = np.array([0, 0, 1, 2, 3])
    assert outside_similarity(neighbours, similarities, groups, 3)[0] == pytest.approx((0.6 + 0.3 + 0.0) / 3)
    # two of another group only: the least similarity known stands for the third
    groups = np.array([0, 0, 1, 2, 0])
    assert outside_similarity(neighbours, similarities, groups, 3)[0] == pytest.approx((0.6 + 0.3 + 0.0) / 3)


def test_tail_of_exponential_distances_is_exact() -> None:
    rng = np.random.default_rng(0)
    distance = rng.exponential(size=40_000)
    p, limit = tail_p(distance, np.zeros(40_000, dtype=np.int64), 1000)
    far = distance > 3  # truth: exp(-x)
    assert np.allclose(np.log(p[far]), -distance[far], rtol=0.06)
    assert limit[0] == pytest.approx(np.log(1000 / 0.05), rel=0.06)
    assert tail_p(distance[:50], np.zeros(50, dtype=np.int64), 50)[0].tolist() == [1.0] * 50


def test_few_pictures_do_not_apply() -> None:
    assert outcome(vector_case({"cat": 20, "dog": 20})).status == "not_applicable"
