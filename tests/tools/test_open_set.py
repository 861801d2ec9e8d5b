"""Pictures of none let be at equal recall: by hand, and the interval against redrawn pictures."""

import numpy as np
import pytest

from tools.measures import measured
from tools.open_set import Pool, let_be


def test_by_hand() -> None:
    # twenty known pictures, all right, with scores .99, .98, … .80; two classes of ten
    targets = np.concatenate([np.arange(20) % 2, [2, 2, 2, 2]])
    top = np.concatenate([0.99 - 0.01 * np.arange(20), [0.805, 0.815, 0.825, 0.5]])
    said = np.where(targets < 2, targets, 0)
    scores = np.where(np.arange(2) == said[:, None], top[:, None], 0.1)
    same = [[Pool(np.arange(24), scores)]]
    unsure = np.where(np.arange(24) >= 20, 0.5, 1.0)[:, None] * scores
    found = let_be(same, [[Pool(np.arange(24), unsure)]], targets, 2)
    # 95 % of a recall of 1 is 19 of 20: the threshold is .81, below which lie .805 and .5
    assert found.before[0] @ found.weights == pytest.approx(0.5)
    assert found.after[0] @ found.weights == pytest.approx(1.0)
    assert found.support.sum() == 4


def test_the_side_with_less_recall_sets_what_both_must_find() -> None:
    targets = np.concatenate([np.zeros(20, dtype=np.int64), np.ones(20, dtype=np.int64), np.full(10, 2)])
    top = np.linspace(0.99, 0.5, 50)[np.random.default_rng(0).permutation(50)]
    good = np.where(np.arange(2) == np.minimum(targets, 1)[:, None], top[:, None], 0.01)
    bad = good.copy()
    bad[:10] = bad[:10, ::-1]  # half of the first class is called the second: recall .75
    found = let_be([[Pool(np.arange(50), good)]], [[Pool(np.arange(50), bad)]], targets, 2)
    known = np.sort(top[:40])[::-1]
    cut = known[int(np.ceil(0.95 * 0.75 * 40 - 1e-9)) - 1]
    assert found.before[0] @ found.weights == pytest.approx((top[40:] < cut).mean())


def drawn(rng: np.random.Generator, known: int, foreign: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, and scores of two sides: the second keeps foreign pictures out a little better."""
    targets = np.concatenate([rng.integers(0, 2, known), np.full(foreign, 2)])
    shared = rng.normal(size=len(targets)) + np.where(targets < 2, 1.2, 0.0)
    sides = []
    for shift in (0.0, 0.3):
        top = 1 / (1 + np.exp(-(shared + 0.5 * rng.normal(size=len(targets)) - shift * (targets == 2))))
        right = rng.random(len(targets)) < 0.9
        said = np.where(right, np.minimum(targets, 1), 1 - np.minimum(targets, 1))
        sides.append(np.where(np.arange(2) == said[:, None], 0.5 + top[:, None] / 2, 0.2))
    return targets, sides[0], sides[1]


def test_the_interval_is_as_wide_as_redrawn_pictures_vary() -> None:
    rng, gains, halves = np.random.default_rng(0), [], []
    for _ in range(300):
        targets, first, second = drawn(rng, 200, 80)
        rows = np.arange(len(targets))
        metric = let_be([[Pool(rows, first)]], [[Pool(rows, second)]], targets, 2)
        found = measured(metric, rows, 0.95, 0.01, primary=True)
        gains.append(found.delta)
        halves.append((found.high - found.low) / 2)
    assert np.mean(halves) / (1.96 * np.std(gains)) == pytest.approx(1.0, abs=0.2)
    fixed = np.mean(np.abs(np.array(gains) - np.mean(gains)) <= np.array(halves))
    assert fixed >= 0.9


def test_a_model_that_is_merely_less_sure_gains_nothing() -> None:
    targets, first, _ = drawn(np.random.default_rng(1), 200, 80)
    rows = np.arange(len(targets))
    metric = let_be([[Pool(rows, first)]], [[Pool(rows, first * 0.5)]], targets, 2)
    assert np.array_equal(metric.before, metric.after)


def test_pictures_in_several_pools_are_averaged() -> None:
    targets, first, second = drawn(np.random.default_rng(2), 60, 20)
    rows = np.arange(80)
    both = let_be([[Pool(rows, first), Pool(rows, second)]], [[Pool(rows, first), Pool(rows, second)]], targets, 2)
    alone = [let_be([[Pool(rows, s)]], [[Pool(rows, s)]], targets, 2).before[0].mean() for s in (first, second)]
    assert both.before[0].mean() == pytest.approx(np.mean(alone))
    twice = np.concatenate([rows, rows[60:]])
    again = let_be([[Pool(twice, first[twice])]], [[Pool(twice, first[twice])]], targets, 2)
    assert again.before[0].mean() == pytest.approx(alone[0])
