"""A shifted split is told apart, named and blamed only where errors follow; alike splits are not."""

import numpy as np
import pytest

from benchmarks.planting.shifted_test import shifted_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.case import Case
from tools.checks.distribution_shift import STRENGTH, held_out_ridge
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("distribution-shift"), scope or Scope())


@pytest.mark.parametrize("split", ["test", "production"])
def test_a_shifted_split_is_told_apart_with_its_size(split: str) -> None:
    (finding,) = outcome(shifted_case(split=split, shift=2.0)).findings
    # two unit Gaussians two deviations apart: area Φ(2/√2) = .921
    assert finding.value(f"{split} told apart") == pytest.approx(0.921, abs=0.05)
    assert "darker" in finding.summary
    assert finding.severity.level == "low"


def test_errors_on_shifted_pictures_are_weighed() -> None:
    (finding,) = outcome(shifted_case(shift=4, harmful=4, share=0.4)).findings
    assert finding.value("excess of errors") > 0.03
    assert "errors follow" in finding.summary
    assert finding.severity.level == "high"


def test_the_class_that_differs_is_named() -> None:
    (finding,) = outcome(shifted_case(only="elm", shift=4)).findings
    assert finding.scope.classes == ("elm",)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("split", ["test", "production"])
def test_alike_splits_are_silent(seed: int, split: str) -> None:
    result = outcome(shifted_case(shift=0, split=split, seed=seed, burst=6))
    assert result.status == "passed"
    assert "0.60" in result.measured.smallest_detectable


def test_another_mix_of_classes_is_no_shift() -> None:
    case = vector_case({"cat": 200, "dog": 200}, separation=4.0)
    test = np.where(case.targets == 0, np.arange(400) % 5 == 0, np.arange(400) % 5 != 0)
    case.dataset.splits[:] = np.where(test, "test", "train")
    assert outcome(case).status == "passed"


def test_ridge_in_its_primal_form() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 5)).astype(np.float32)
    sides, folds = (rng.random((30, 2)) < 0.5).astype(float), np.arange(30) % 3
    found = held_out_ridge(vectors, sides, folds)
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    penalty = STRENGTH * float((centred**2).sum(axis=1).mean())
    for fold in range(3):
        held, x = folds == fold, centred[folds != fold]
        y = sides[~held] - sides[~held].mean(axis=0)
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(5), x.T @ y)
        np.testing.assert_allclose(found[held], centred[held] @ weights, atol=1e-8)


def test_without_a_second_split_it_is_not_applicable() -> None:
    assert outcome(vector_case({"cat": 60, "dog": 60})).status == "not_applicable"


def test_splits_without_a_class_in_common_are_not_applicable() -> None:
    case = vector_case(dict.fromkeys(("ash", "elm", "fir", "oak"), 40))
    case.dataset.splits[:] = np.where(case.targets < 2, "train", "test")
    assert outcome(case).status == "not_applicable"
