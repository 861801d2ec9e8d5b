"""Folds keep groups whole, spread classes, and differ by seed only."""

import numpy as np
import pytest

from tools.folds import partition


def test_single_images_are_spread_as_evenly_as_can_be() -> None:
    targets = np.repeat([0, 1, 2], [100, 53, 7])
    folds = partition(targets, np.arange(160), 5, np.random.default_rng(0))
    table = np.array([[((folds == f) & (targets == c)).sum() for c in range(3)] for f in range(5)])
    assert (table[:, 0] == 20).all()
    assert sorted(table[:, 1].tolist()) == [10, 10, 11, 11, 11]
    assert sorted(table[:, 2].tolist()) == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_and_classes_are_near_even(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 60, 400)
    targets = groups % 4
    folds = partition(targets, groups, 5, rng)
    assert all(len(np.unique(folds[groups == g])) == 1 for g in np.unique(groups))
    for c in range(4):
        counts = np.bincount(folds[targets == c], minlength=5)
        assert counts.min() > 0.5 * counts.mean()
        assert counts.max() < 1.6 * counts.mean()


def test_unequal_groups_by_hand() -> None:
    # class 0 in groups of 4, 2, 2 and class 1 in groups of 3, 2, 1: largest first, both come out even
    targets = np.array([0] * 8 + [1] * 6)
    groups = np.repeat([5, 8, 1, 30, 20, 10], [4, 2, 2, 3, 2, 1])
    folds = partition(targets, groups, 2, np.random.default_rng(0))
    for fold in (0, 1):
        assert np.bincount(targets[folds == fold], minlength=2).tolist() == [4, 3]


def test_same_seed_same_folds_other_seed_other_folds() -> None:
    targets, groups = np.repeat([0, 1], 50), np.arange(100)
    first = partition(targets, groups, 5, np.random.default_rng(1))
    assert first.tolist() == partition(targets, groups, 5, np.random.default_rng(1)).tolist()
    assert first.tolist() != partition(targets, groups, 5, np.random.default_rng(2)).tolist()


def test_group_numbers_mean_nothing() -> None:
    targets, groups = np.repeat([0, 1], 30), np.repeat(np.arange(12), 5)
    a = partition(targets, groups, 3, np.random.default_rng(0))
    b = partition(targets, groups * 100 - 7, 3, np.random.default_rng(0))
    assert a.tolist() == b.tolist()


def test_fewer_groups_than_folds_is_refused() -> None:
    with pytest.raises(ValueError, match="3 groups cannot be spread over 5 folds"):
        partition(np.zeros(9, dtype=np.int64), np.repeat([0, 1, 2], 3), 5, np.random.default_rng(0))
