"""Metrics by hand."""

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble
from tools.metrics import balanced_weights, quality


def test_metrics_by_hand() -> None:
    names = ["a"] * 6 + ["b"] * 4
    case = assemble(np.random.default_rng(0).normal(size=(10, 16)), names)
    predicted = np.array([0, 0, 0, 0, 0, 1, 1, 1, 0, 0])
    found = quality(case, predicted, np.ones(10, dtype=bool), "by hand")
    assert found.accuracy.value == pytest.approx(0.7)
    assert found.balanced_accuracy.value == pytest.approx((5 / 6 + 1 / 2) / 2)
    recall = {e.name: (e.value, e.n) for e in found.recall}
    assert recall["recall of a"] == (pytest.approx(5 / 6), 6)
    assert recall["recall of b"] == (pytest.approx(0.5), 4)
    precision = {e.name: (e.value, e.n) for e in found.precision}
    assert precision["precision of a"] == (pytest.approx(5 / 7), 7)
    assert precision["precision of b"] == (pytest.approx(2 / 3), 3)
    for evidence in (found.accuracy, found.balanced_accuracy, *found.recall, *found.precision):
        assert evidence.low is not None
        assert evidence.low <= evidence.value <= evidence.high


def test_balanced_weights_make_balanced_accuracy() -> None:
    targets = np.array([0, 0, 0, 1])
    weights = balanced_weights(targets)
    assert weights.sum() == pytest.approx(1)
    assert np.array([1, 0, 0, 1]) @ weights == pytest.approx((1 / 3 + 1) / 2)


def test_without_a_single_error_balanced_accuracy_still_has_an_interval() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(20, 16)), ["a"] * 10 + ["b"] * 10)
    found = quality(case, case.targets, np.ones(20, dtype=bool), "by hand").balanced_accuracy
    assert found.value == 1.0
    assert found.high == 1.0
    assert found.low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)  # Wilson at 10 of 10, both classes
