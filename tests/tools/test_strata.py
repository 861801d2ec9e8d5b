"""Stratified shares, by hand."""

from math import comb, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from tools.statistics import difference_of_shares
from tools.strata import Difference, stratified_difference


def compared(*strata: tuple[int, int, int, int]) -> Difference:
    table = np.array(strata, dtype=np.int64)
    found = stratified_difference(*table.T)
    assert found is not None
    return found


def test_one_stratum_is_fishers_exact_test() -> None:
    found = compared((3, 4, 1, 6))
    # of C(10, 4) = 210 ways to draw the four here from four hits and six misses: three hits 24, four hits 1
    assert found.p == pytest.approx((comb(4, 3) * comb(6, 1) + comb(4, 4)) / comb(10, 4))
    assert (found.here, found.there) == (0.75, pytest.approx(1 / 6))
    assert (found.low, found.high) == difference_of_shares(3, 4, 1, 6)


def test_two_strata_by_hand() -> None:
    found = compared((5, 10, 2, 10), (8, 20, 1, 10))
    # weights 10·10/20 = 5 and 20·10/30 = 6.667; differences .3 and .3
    assert found.excess == pytest.approx(0.3)
    assert found.here == pytest.approx(13 / 30)
    assert found.there == pytest.approx((10 * 0.2 + 20 * 0.1) / 30)
    # Sato: P = (100·2 − 100·5 + 0)/400 = −.75 and (400·1 − 100·8 + 200·(−10)/2)/900 = −1.5556
    #       Q = (5·8 + 2·5)/40 = 1.25 and (8·9 + 1·12)/60 = 1.4
    spread = sqrt(0.3 * (-0.75 - 1400 / 900) + 2.65) / (5 + 20 / 3)
    assert found.high - found.excess == pytest.approx(norm.ppf(0.975) * spread)
    # Mantel-Haenszel: O − E = (5 − 3.5) + (8 − 6) = 3.5; V = 10·10·7·13/(400·19) + 20·10·9·21/(900·29)
    variance = 9100 / 7600 + 37800 / 26100
    assert found.p == pytest.approx(norm.sf(3.0 / sqrt(variance)))


def test_a_mix_of_easy_and_hard_strata_explains_nothing() -> None:
    # raw shares .46 here and .14 there; within each stratum they are equal
    found = compared((45, 90, 5, 10), (1, 10, 9, 90))
    assert found.excess == pytest.approx(0)
    assert found.here == pytest.approx(found.there)
    assert found.p == 1.0


def test_strata_with_one_side_empty_say_nothing() -> None:
    assert stratified_difference(*np.array([(3, 4, 0, 0)], dtype=np.int64).T) is None
    assert compared((3, 4, 1, 6), (5, 9, 0, 0)) == compared((3, 4, 1, 6))


def test_the_null_is_rejected_at_most_at_its_rate() -> None:
    rng = np.random.default_rng(0)
    here, there = rng.integers(1, 4, 30), rng.integers(1, 4, 30)  # many small strata, each with its own rate
    rates = rng.uniform(0.1, 0.6, 30)
    runs = []
    for _ in range(400):
        found = stratified_difference(rng.binomial(here, rates), here, rng.binomial(there, rates), there)
        assert found is not None
        runs.append((found.p <= 0.05, found.low <= 0 <= found.high))
    rejected, covered = np.mean(runs, axis=0)
    assert rejected <= 0.08
    assert covered >= 0.92
