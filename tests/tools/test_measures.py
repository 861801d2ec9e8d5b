"""F1 and precision by hand and against scikit-learn; the interval of a ratio against a bootstrap."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score

from tools.measures import correct, macro_f1, measure, measured, precision, precision_metric, said, whole_metrics

TARGETS = np.array([0, 0, 0, 1, 1, 2])


def one_hot(predicted: np.ndarray, classes: int = 3) -> np.ndarray:
    return np.eye(classes)[predicted][None]


def test_said_by_hand() -> None:
    evaluation = np.array([False, True, True])
    scores = [np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.4, 0.6], [0.3, 0.7]])]
    questions = [np.array([1, 2]), np.array([1, 2])]
    together = said(questions, scores, evaluation, np.arange(2), 1)
    assert together.tolist() == [[[0.5, 0.5], [0.0, 1.0]]]
    assert correct(together, np.array([0, 1])).tolist() == [[0.5, 1.0]]
    assert said(questions, scores, evaluation, np.array([1, 1]), 2)[0].tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_f1_by_hand() -> None:
    predicted = one_hot(np.array([0, 0, 1, 1, 0, 2]))
    # hits 2, 1, 1; said + true 6, 4, 2: F1 2/3, 1/2, 1
    assert macro_f1(predicted, TARGETS).mean() == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert np.mean(precision(predicted, TARGETS, 0)) == pytest.approx(2 / 3)


def test_ratios_equal_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        targets, predicted = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
        values = one_hot(predicted, 4)
        assert macro_f1(values, targets).mean() == pytest.approx(f1_score(targets, predicted, average="macro"))
        each = precision_score(targets, predicted, average=None)
        assert [np.mean(precision(values, targets, c)) for c in range(4)] == pytest.approx(each)


def test_a_class_that_is_never_said_has_no_precision() -> None:
    never = one_hot(np.zeros(6, dtype=int))
    assert precision(never, TARGETS, 2) is None
    assert precision_metric("precision", never, one_hot(TARGETS), TARGETS, 2) is None


def test_the_interval_of_a_ratio_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(1)
    n = 400
    targets = rng.integers(0, 3, n)
    was = np.where(rng.random(n) < 0.7, targets, rng.integers(0, 3, n))
    now = np.where(rng.random(n) < 0.5, targets, was)
    metric = whole_metrics(one_hot(was), one_hot(now), targets)[2]
    found = measured(metric, np.arange(n), 0.95, 0.01, primary=False)
    drawn = []
    for _ in range(2000):
        rows = rng.integers(0, n, n)
        sides = [f1_score(targets[rows], p[rows], average="macro") for p in (was, now)]
        drawn.append(sides[1] - sides[0])
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.01)


def test_few_groups_and_no_spread_are_no_certainty() -> None:
    n = 200
    groups = np.arange(n)
    before, after = np.zeros((1, n)), np.zeros((1, n))
    two = np.arange(n) < 2
    after[0, two] = 1
    found = measure("recall", before, after, groups, two / 2, 0.95, 0.01, primary=False)
    assert (found.delta, found.verdict, found.n) == (1.0, "cannot_tell", 2)
    many = np.arange(n) < 40
    after[0, many] = 1
    all_of_them = measure("recall", before, after, groups, many / 40, 0.95, 0.01, primary=False)
    assert all_of_them.low == pytest.approx(40 / (40 + 1.959964**2))  # Wilson's bound of 40 of 40
    assert (all_of_them.high, all_of_them.verdict) == (1.0, "helps")
    half = np.where(many, 0.5, 0.0)[None]
    some = measure("recall", half, after, groups, many / 40, 0.95, 0.01, primary=False)
    share = 40 / (40 + 1.959964**2)
    assert some.low == pytest.approx(share * 0.5 - (1 - share) * 0.5)  # the others lose the half they had
    assert some.high == pytest.approx(share * 0.5 + (1 - share) * 0.5)
    assert measure("recall", after, after, groups, many / 40, 0.95, 0.01, primary=False).verdict == "no_effect"
    burst = np.where(many, 0, groups)
    assert measure("recall", after, after, burst, many / 40, 0.95, 0.01, primary=False).verdict == "cannot_tell"


def test_precision_rests_on_what_was_called_the_class() -> None:
    was, now = np.array([0, 0, 1, 1, 0, 2]), np.array([0, 0, 1, 1, 1, 2])
    metric = precision_metric("precision", one_hot(was), one_hot(now), TARGETS, 1)
    assert metric is not None
    assert metric.support.tolist() == [False, False, True, True, True, False]
