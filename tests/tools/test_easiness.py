"""The standardised difference by hand; a change of classes is no change of simplicity; groups widen the interval."""

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble
from tools.easiness import TRAITS, harder_half, simplicity_gap, traits_of


def made(entropy: list[float], names: list[str], splits: list[str]):
    rng = np.random.default_rng(0)
    properties = {"entropy": np.array(entropy, dtype=np.float32)}
    return assemble(rng.normal(size=(len(names), 16)), names, splits, properties=properties)


def test_gap_by_hand() -> None:
    case = made([7, 7, 5, 5, 7, 9, 7, 9], ["a", "a", "b", "b"] * 2, ["test"] * 4 + ["train"] * 4)
    test = case.dataset.splits == "test"
    (trait,) = traits_of(case)
    gap = simplicity_gap(case, trait, test, ~test)
    # means 6 and 8; variances 1 and 1: two deviations simpler, since fewer tones are simpler
    assert gap.effect == pytest.approx(2.0)
    assert (gap.mean, gap.other) == pytest.approx((6.0, 8.0))
    assert gap.low < 2 < gap.high


def test_other_shares_of_classes_are_no_difference() -> None:
    names = ["a"] * 90 + ["b"] * 10 + ["a"] * 10 + ["b"] * 90
    rng = np.random.default_rng(1)
    entropy = np.where(np.array(names) == "a", 5.0, 8.0) + rng.normal(0, 0.1, 200)
    case = made(entropy.tolist(), names, ["test"] * 100 + ["train"] * 100)
    test = case.dataset.splits == "test"
    assert abs(simplicity_gap(case, TRAITS[0], test, ~test).effect) < 0.3


def test_hard_half_is_taken_within_each_class() -> None:
    values = np.array([1.0, 2.0, 3.0, 9.0, 8.0, 7.0])
    hard = harder_half(values, np.arange(6), np.array([0, 0, 0, 1, 1, 1]))
    assert hard.tolist() == [True, True, False, False, True, True]
