"""Thresholds by hand; what is chosen on one half is measured on the other."""

import numpy as np
import pytest

from tools.thresholds import FEWEST_KEPT, crossed, f1_gain, halves, threshold_for_f1, threshold_for_precision


def test_lowest_threshold_that_clears_the_goal_by_hand() -> None:
    scores = np.linspace(1, 0.05, 20)
    hits = np.arange(20) < 12
    # 12 of 13 right is 0.923, 12 of 14 is 0.857
    assert threshold_for_precision(scores, hits, 0.9, caution=0.5) == pytest.approx(scores[12])
    # one-sided 80 % Wilson bounds: 12 of 12 0.944, 12 of 13 0.828
    assert threshold_for_precision(scores, hits, 0.9) == pytest.approx(scores[11])
    assert threshold_for_precision(scores, hits, 0.95) == np.inf


def test_too_few_kept_is_no_threshold() -> None:
    hits = np.arange(100) < FEWEST_KEPT - 1
    assert threshold_for_precision(np.linspace(1, 0, 100), hits, 0.95, caution=0.5) == np.inf


def test_ties_are_kept_together() -> None:
    scores = np.r_[np.full(15, 0.9), np.full(5, 0.5)]
    hits = np.r_[np.ones(12), np.zeros(8)].astype(np.bool_)
    assert threshold_for_precision(scores, hits, 0.9, caution=0.5) == np.inf  # 12 of 15
    assert threshold_for_precision(scores, hits, 0.8, caution=0.5) == 0.9


def test_best_f1_by_hand() -> None:
    # precision/recall: .9 -> 1, .5 (F .667); .6 -> .5, .5; .3 -> .667, 1 (F .8); .2 -> .5, 1
    assert threshold_for_f1(np.array([0.9, 0.6, 0.3, 0.2]), np.array([True, False, True, False])) == 0.3


def test_gain_of_f1_by_hand() -> None:
    positives = np.repeat([True, False], 50)
    before, after = np.arange(100) < 25, np.arange(100) < 50
    (value, low, high), p = f1_gain(positives, before, after, np.arange(100), np.random.default_rng(0))
    assert value == pytest.approx(1 - 2 * 25 / 75)
    assert 0.15 < low < value < high < 0.5
    assert p < 0.01
    (value, low, high), p = f1_gain(positives, before, before, np.arange(100), np.random.default_rng(0))
    assert (value, low, high, p) == (0, 0, 0, 1)


def test_nothing_is_claimed_where_it_was_chosen() -> None:
    shortfalls, optimism = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        scores = rng.uniform(0.5, 1, 300)
        hits = rng.random(300) < 0.85  # scores that say nothing: no threshold can lift 0.85 to 0.9
        groups = np.arange(300)
        half = halves(np.zeros(300, dtype=np.int64), groups, rng)
        found = crossed(scores, hits, half, groups, 0.9)
        naive = threshold_for_precision(scores, hits, 0.9, caution=0.5)
        if np.isfinite(naive):
            optimism.append(hits[scores >= naive].mean())
        if found.mask.any():
            shortfalls.append(found.precision[0])
    assert np.mean(optimism) >= 0.9  # what choosing and judging on the same pictures would claim
    assert len(shortfalls) == 0 or np.mean(shortfalls) < 0.88


def test_a_reachable_goal_is_reached_at_its_coverage() -> None:
    kept, reached = [], 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scores = rng.uniform(0.5, 1, 2000)
        hits = rng.random(2000) < scores
        half = halves(np.zeros(2000, dtype=np.int64), np.arange(2000), rng)
        found = crossed(scores, hits, half, np.arange(2000), 0.9)
        kept.append(found.kept[0])
        reached += found.reached
    assert np.mean(kept) == pytest.approx(0.4, abs=0.08)  # scores above 0.8 average 0.9; caution keeps a little less
    assert reached >= 12


def test_halves_keep_groups() -> None:
    groups = np.arange(200) // 5
    half = halves(np.arange(200) % 2, groups, np.random.default_rng(0))
    assert all(len(set(half[groups == g].tolist())) == 1 for g in range(40))
    assert set(halves(np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64), np.random.default_rng(0))) == {0}
