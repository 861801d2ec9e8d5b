"""The sums give the heads that a direct solve gives; smaller training sets lie inside larger ones; gains by hand."""

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.folds import deal
from tools.learning import PENALTY, STEPS, Sums, _next_gain, curves, expected_gain, levels


def made(seed: int = 0, n: int = 120, q: int = 6, k: int = 3):
    rng = np.random.default_rng(seed)
    z = np.concatenate([rng.normal(size=(n, q - 1)), np.ones((n, 1))], axis=1).astype(np.float32)
    return rng, z, rng.integers(0, k, n), np.arange(n) // 2


def test_heads_from_sums_equal_direct_solves() -> None:
    rng, z, targets, groups = made()
    fold = deal(targets, groups, 5, rng)
    level, first = levels(targets, groups, fold, rng)
    part = Sums(z, targets, fold, level, first, 3).training(1)
    steps = np.array([0, 2, 1])
    rows = (fold != 1) & (level <= steps[targets])
    counts = np.bincount(targets[rows], minlength=3)
    weight = 1 / counts[targets[rows]]
    hot = np.eye(3)[targets[rows]]
    total = np.bincount(targets[fold != 1], minlength=3).sum()
    ridge = np.full(6, PENALTY * 3 / total)
    ridge[-1] *= 1e-3
    direct = np.linalg.solve((z[rows].T * weight) @ z[rows] + np.diag(ridge), (z[rows].T * weight) @ hot)
    assert np.allclose(part.head(steps), direct, atol=1e-4)
    assert part.pictures[np.arange(3), steps].tolist() == counts.tolist()


def test_steps_are_nested_shares_of_groups() -> None:
    rng = np.random.default_rng(0)
    targets, groups = np.repeat([0, 1], 80), np.arange(160) // 2
    level, first = levels(targets, groups, np.zeros(160, dtype=np.int64), rng)
    assert [int((level[targets == 0] <= s).sum()) for s in range(3)] == [20, 40, 80]
    assert first.sum() == 80
    assert all(len(set(level[groups == g].tolist())) == 1 for g in range(80))
    assert list(STEPS) == [0.25, 0.5, 1.0]


def test_folds_keep_groups_and_spread_classes() -> None:
    rng, _, targets, groups = made(n=400)
    targets = targets[groups]  # one class a group
    fold = deal(targets, groups, 5, rng)
    assert all(len(set(fold[groups == g].tolist())) == 1 for g in np.unique(groups))
    table = np.array([[np.sum((fold == f) & (targets == c)) for c in range(3)] for f in range(5)])
    assert (table.max(axis=0) - table.min(axis=0)).max() <= 2


def test_next_gain_by_hand() -> None:
    # errors 0.4, 0.2, 0.1 halve with each doubling: the next takes another 0.05
    assert _next_gain(np.array([[0.4, 0.2, 0.1]]), 10**9)[0] == pytest.approx(0.05)
    assert _next_gain(np.array([[0.3, 0.3, 0.3]]), 100)[0] == pytest.approx(0.0)
    assert _next_gain(np.array([[0.1, 0.1, 0.2]]), 10**9)[0] == pytest.approx(0.2 * (1 - 2**0.5))


def test_expected_gain_covers_the_truth() -> None:
    inside = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        u = rng.random(300)
        hits = np.stack([u > e for e in (0.4, 0.28, 0.196)]).astype(np.float64)  # times 0.7 a doubling
        gain, low, high = expected_gain(hits, np.arange(300), np.full(300, 1 / 300), rng)
        assert low <= gain <= high
        inside += low <= 0.196 * 0.3 <= high
    assert inside >= 25


def test_curves_rise_and_are_kept() -> None:
    case = vector_case({"a": 120, "b": 120, "c": 120}, separation=1.5)
    found = curves(case)
    assert found.pictures[0].tolist() == pytest.approx([24, 48, 96], abs=2)
    together = found.together.mean(axis=(0, 2))
    assert together[0] < together[2]
    assert found.trained.mean() > together[2]
    assert np.array_equal(curves(case).alone, found.alone)
    assert any(key.startswith("learning-curves") for key in case.store.kept)  # type: ignore[attr-defined]
