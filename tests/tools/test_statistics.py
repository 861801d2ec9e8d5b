"""Every statistic against numbers worked out by hand or by another library."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, norm, t

from tools.statistics import (
    benjamini_hochberg,
    clustered_auc,
    clustered_mean,
    clustered_share,
    difference_of_shares,
    group_permutation_p,
    paired_interval,
    quantile_of_normal,
    weighted_share,
    wilson,
)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (8, 10), (10, 10), (263, 684)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_agrees_with_scipy(hits: int, n: int, confidence: float) -> None:
    expected = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    assert wilson(hits, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ],
)
def test_difference_of_shares_is_newcombes(a: tuple[int, int], b: tuple[int, int], expected: tuple[float, ...]) -> None:
    assert difference_of_shares(*a, *b) == pytest.approx(expected, abs=1e-4)


def test_difference_of_shares_turns_over_with_its_sides() -> None:
    low, high = difference_of_shares(7, 30, 20, 40)
    assert difference_of_shares(20, 40, 7, 30) == pytest.approx((-high, -low))


def test_benjamini_hochberg_by_hand() -> None:
    # limits .0125 .025 .0375 .05: the third smallest is the last to pass, and takes the second with it
    p = np.array([0.036, 0.2, 0.001, 0.026])
    assert benjamini_hochberg(p).tolist() == [True, False, True, True]
    assert benjamini_hochberg(np.array([])).tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_benjamini_hochberg_agrees_with_scipy(seed: int) -> None:
    p = np.random.default_rng(seed).random(60) ** 3
    assert benjamini_hochberg(p, 0.1).tolist() == (false_discovery_control(p) <= 0.1).tolist()


def test_clustered_mean_of_single_images_is_the_usual_error() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    mean, error = clustered_mean(values, np.arange(5), np.full(5, 0.2))
    assert mean == pytest.approx(0.6)
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(5))


def test_clustered_mean_by_hand() -> None:
    # mean 1/2; deviations summed per cluster: +1, −1 → each /4 → variance 2/(2−1) · 2/16
    mean, error = clustered_mean(np.array([1.0, 1.0, 0.0, 0.0]), np.array([7, 7, 9, 9]), np.full(4, 0.25))
    assert (mean, error) == pytest.approx((0.5, np.sqrt(2 * 2 / 16)))


def test_clustered_mean_of_one_cluster_knows_nothing() -> None:
    assert clustered_mean(np.array([1.0, 0.0]), np.array([3, 3]), np.array([0.5, 0.5])) == (0.5, float("inf"))


def test_clustered_share_of_single_images_is_nearly_wilson() -> None:
    hits = np.arange(100) < 30
    share, low, high = clustered_share(hits, np.arange(100))
    assert share == 0.3
    assert (low, high) == pytest.approx(wilson(30, 100), abs=2e-3)


def test_clustered_share_of_whole_bursts_is_wilson_of_the_bursts() -> None:
    # ten bursts of ten pictures, three bursts all right: error² = 10/9 · .021, plain = .0021, so n/deff = 9
    hits = np.repeat(np.arange(10) < 3, 10)
    share, low, high = clustered_share(hits, np.repeat(np.arange(10), 10))
    assert share == pytest.approx(0.3)
    assert (low, high) == pytest.approx(wilson(0.3 * 9, 9))


def test_clustered_share_without_any_variation_counts_the_bursts() -> None:
    share, low, high = clustered_share(np.ones(100, dtype=np.bool_), np.repeat(np.arange(5), 20))
    assert share == high == 1.0
    assert low == pytest.approx(wilson(5, 5)[0])
    assert clustered_share(np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64)) == (0.0, 0.0, 1.0)


def test_clustered_share_covers_the_truth_when_bursts_hang_together() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 8)
    covered = plain = 0
    for _ in range(400):
        hits = rng.random(320) < np.repeat(rng.beta(1.4, 0.6, 40), 8)  # mean .7, strongly alike within a burst
        _, low, high = clustered_share(hits, groups)
        covered += low <= 0.7 <= high
        naive = wilson(hits.sum(), 320)
        plain += naive[0] <= 0.7 <= naive[1]
    assert covered >= 366  # 95 % of 400 is 380; 366 is its 0.1 % quantile
    assert plain < 330


def test_quantiles() -> None:
    assert quantile_of_normal(0.9) == pytest.approx(norm.ppf(0.95))
    assert quantile_of_normal(0.95, 9) == pytest.approx(t.ppf(0.975, 9))


def test_paired_interval_by_hand() -> None:
    differences = np.array([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, -1.0]])
    mean, low, high = paired_interval(differences, np.arange(4), np.full(4, 0.25))
    # images: averages 1 0 0 0, mean 1/4, variance (1/4)²; repeats: means 1/2 and 0, variance 1/8, of their mean 1/16
    assert mean == 0.25
    assert (high - low) / 2 == pytest.approx(1.959964 * np.sqrt(1 / 16 + 1 / 16), rel=1e-6)


def test_paired_interval_of_one_repeat_has_no_part_between_repeats() -> None:
    _, low, high = paired_interval(np.array([[1.0, 0.0, 0.0, 0.0]]), np.arange(4), np.full(4, 0.25))
    assert (high - low) / 2 == pytest.approx(1.959964 / 4, rel=1e-6)


def test_permutation_p_by_hand() -> None:
    # observed order is the only best of 3! = 6, so about one permutation in six ties with it
    values = np.array([3.0, 2.0, 1.0])
    p = group_permutation_p(
        lambda rows: float(values @ values[rows]), np.arange(3), np.random.default_rng(0), permutations=5999
    )
    assert p == pytest.approx(1 / 6, abs=0.02)


def test_permutation_keeps_bursts_together() -> None:
    groups = np.array([4, 4, 9, 9, 9, 2])
    seen: list[np.ndarray] = []

    def watch(rows: np.ndarray) -> float:
        seen.append(groups[rows])
        return 0.0

    assert group_permutation_p(watch, groups, np.random.default_rng(0), permutations=50) == 1.0
    assert seen[0].tolist() == groups.tolist()
    for order in seen:
        assert sorted(order.tolist()) == sorted(groups.tolist())
    sources = {tuple(order[np.argsort(groups, kind="stable")].tolist()) for order in seen}
    runs = {len([1 for a, b in pairwise(s) if a != b]) for s in sources}
    assert runs == {2}  # three bursts, each in one piece


@pytest.mark.parametrize(("whole", "allowed"), [(True, (0, 12)), (False, (30, 100))])
def test_a_property_constant_per_burst_needs_whole_bursts(whole: bool, allowed: tuple[int, int]) -> None:
    flagged = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(30), 8)
        values, wrong = np.repeat(rng.normal(size=30), 8), np.repeat(rng.normal(size=30), 8)

        def strength(rows: np.ndarray, values: np.ndarray = values, wrong: np.ndarray = wrong) -> float:
            return abs(float(values[rows] @ (wrong - wrong.mean())))

        units = groups if whole else np.arange(240)
        flagged += group_permutation_p(strength, units, rng, permutations=99) <= 0.05
    assert allowed[0] <= flagged <= allowed[1]


@pytest.mark.parametrize("n", [3, 10, 30, 49])
def test_a_share_of_one_has_wilsons_interval_over_the_clusters(n: int) -> None:
    share, low, high = clustered_share(np.ones(n, dtype=bool), np.arange(n))
    assert (share, high) == (1.0, 1.0)
    assert low == pytest.approx(n / (n + 1.959964**2), abs=1e-6)


def test_clustered_auc_by_hand() -> None:
    # three against two: 5 of 6 pairs in order; components above = (2/3, 1), beneath = (1, 1, 1/2)
    auc, low, high = clustered_auc(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.9]), np.arange(3), np.arange(3, 5))
    spread = np.sqrt(5 / 4 * ((1 / 18) ** 2 * 2 + (1 / 9) ** 2 + (1 / 12) ** 2 * 2))
    assert auc == pytest.approx(5 / 6)
    assert low == pytest.approx(5 / 6 - 1.959964 * spread, abs=1e-6)
    assert high == 1.0


def test_clustered_auc_of_copies_is_no_surer_than_of_one_each() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30), rng.normal(0.8, 1, size=30)
    once = clustered_auc(a, b, np.arange(30), np.arange(30, 60))
    often = clustered_auc(
        np.repeat(a, 5), np.repeat(b, 5), np.repeat(np.arange(30), 5), np.repeat(np.arange(30, 60), 5)
    )
    assert often == pytest.approx(once)
    assert clustered_auc(a, a, np.arange(30), np.arange(30))[0] == pytest.approx(0.5)


def test_a_weighted_share_by_hand() -> None:
    # ten pictures alone, eight right, each counting the same; the variance .16 / 10 · 10 / 9 is that of nine pictures
    hits = np.array([True] * 8 + [False] * 2)
    share, low, high = weighted_share(hits, np.arange(10), np.ones(10))
    assert share == pytest.approx(0.8)
    assert (low, high) == pytest.approx(wilson(7.2, 9))
    # all right, four that count 1/8 each and ten that count 1/20: 1 / (4 / 64 + 10 / 400) = 11.43 pictures' worth
    share, low, high = weighted_share(np.ones(14, bool), np.arange(14), np.array([2.5] * 4 + [1.0] * 10))
    assert (share, high) == (1.0, 1.0)
    assert low == pytest.approx(1 / (1 + 1.959964**2 / 11.4286), abs=1e-4)
    # the same in two bursts is worth two
    low = weighted_share(np.ones(14, bool), np.repeat([0, 1], 7), np.ones(14))[1]
    assert low == pytest.approx(wilson(2, 2)[0])
