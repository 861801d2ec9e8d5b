"""Calibration error by hand, its null, and the temperature that undoes a sharpening."""

import numpy as np
import pytest

from tools.calibration import (
    calibration,
    calibration_error,
    equal_mass_bins,
    fit_temperature,
    temperature_out_of_fold,
    tempered,
)


def test_error_by_hand() -> None:
    scores = np.array([0.5, 0.7, 0.9, 0.9, 1.0])
    correct = np.array([True, True, True, False, True])
    bins = np.array([0, 0, 1, 1, 1])
    # bin 0: |1 - 0.6| of 2; bin 1: |2/3 - 2.8/3| of 3 -> (0.8 + 0.8) / 5
    assert calibration_error(scores, correct, bins) == pytest.approx(0.32)
    assert calibration_error(scores, correct, np.zeros(5, dtype=np.int64)) == pytest.approx(0.0)


def test_bins_are_equally_full_and_keep_ties_together() -> None:
    bins = equal_mass_bins(np.linspace(0, 1, 100), 5)
    assert np.abs(np.bincount(bins) - 20).max() <= 1
    tied = equal_mass_bins(np.r_[np.full(90, 1.0), np.linspace(0.1, 0.5, 10)], 5)
    assert len(set(tied[:90].tolist())) == 1
    assert equal_mass_bins(np.linspace(0, 1, 15)).max() == 0  # too few for a second bin


def made(seed: int, n: int, burst: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = np.repeat(rng.uniform(0.4, 0.99, n // burst), burst)
    return scores, np.repeat(rng.random(n // burst), burst) < scores, np.arange(n) // burst


@pytest.mark.parametrize(("n", "burst"), [(80, 1), (400, 1), (600, 6)])
def test_perfect_calibration_is_seldom_doubted(n: int, burst: int) -> None:
    doubted = sum(calibration(*made(s, n, burst), np.random.default_rng(s)).p <= 0.05 for s in range(60))
    assert doubted <= 8  # 99 % quantile of 60 draws at 5 % is 8


def test_a_gap_is_measured_with_its_size() -> None:
    inside = 0
    for seed in range(20):
        scores, correct, groups = made(seed, 1500, 1)
        found = calibration(np.minimum(scores + 0.1, 1.0), correct, groups, np.random.default_rng(seed))
        truth = float(np.mean(np.minimum(scores + 0.1, 1.0) - scores))
        inside += found.low <= truth <= found.high
        assert found.p < 0.05
        assert found.error > found.chance
    assert inside >= 17


def test_one_group_says_nothing() -> None:
    found = calibration(
        np.full(30, 0.9), np.zeros(30, dtype=np.bool_), np.zeros(30, dtype=np.int64), np.random.default_rng(0)
    )
    assert (found.p, found.low, found.high) == (1.0, 0.0, 1.0)


def test_temperature_by_hand() -> None:
    # two classes, always (0.9, 0.1), three of four right: the likeliest is sigmoid(log 9 / T) = 3/4, T = 2
    probabilities = np.tile([0.9, 0.1], (4, 1))
    assert fit_temperature(probabilities, np.array([0, 0, 0, 1])) == pytest.approx(2.0, abs=0.01)
    assert tempered(probabilities, 2.0)[0].tolist() == pytest.approx([0.75, 0.25])


def test_temperature_comes_from_other_groups() -> None:
    rng = np.random.default_rng(0)
    probabilities = np.tile([0.9, 0.1], (200, 1))
    targets = (rng.random(200) < 0.25).astype(np.int64)
    groups = np.arange(200) // 2
    mended, temperature = temperature_out_of_fold(probabilities, targets, groups, rng)
    assert temperature == pytest.approx(fit_temperature(probabilities, targets))
    assert 2 <= len(np.unique(mended[:, 0].round(9))) <= 5  # one temperature a fold, none from its own pictures
    assert (mended.argmax(axis=1) == 0).all()
