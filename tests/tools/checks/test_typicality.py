"""A class of mostly untypical pictures is found with its share; equally hard classes and clean ones are silent."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.similar import halve
from benchmarks.planting.unrelated_labels import rename_at_random
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks import typicality
from tools.checks.typicality import can_be_told, lead, margins
from tools.findings import Outcome, Scope
from tools.registry import Check

SIZES = {"cat": 150, "dog": 150, "hen": 150}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, Check("typicality", "", typicality.check), scope or Scope())


def watered_down(share: float, seed: int = 0):
    """A share of the cats look like pictures of the other classes, spread over all four of them."""
    case = vector_case(dict.fromkeys(("cat", "dog", "hen", "owl", "pig"), 120), separation=5.0, seed=seed)
    rng = np.random.default_rng(seed)
    rows = rng.choice(120, round(share * 120), replace=False)
    vectors = case.space.vectors.copy()
    models = rng.choice(np.arange(120, 600), len(rows), replace=False)
    vectors[rows] = vectors[models] + 0.1 * rng.normal(size=(len(rows), vectors.shape[1]))
    vectors[rows] /= np.linalg.norm(vectors[rows], axis=1, keepdims=True)
    return replace(case, space=replace(case.space, vectors=vectors)), set(case.ids[rows].tolist())


def test_a_watered_down_class_is_found_with_its_examples() -> None:
    case, planted = watered_down(0.8)
    (finding,) = outcome(case).findings
    assert finding.scope.classes == ("cat",)
    assert finding.value("strong positives") < 0.45
    assert finding.value("strong positives of the others") > 0.6
    collect, look = finding.recommendations
    assert len(set(look.images) & planted) >= 10
    assert len(set(collect.images) & planted) <= 3
    assert finding.value("training pictures") == 120


@pytest.mark.parametrize("separation", [0.8, 3.0])
def test_classes_alike_in_difficulty_are_silent(separation: float) -> None:
    loud = sum(outcome(vector_case(SIZES, separation=separation, seed=s)).status == "found" for s in range(6))
    assert loud <= 1


def test_a_small_class_is_not_untypical_for_being_small() -> None:
    for seed in range(3):
        case = thin_out(vector_case(SIZES, separation=4.0, seed=seed), "hen", 25)
        assert outcome(case).status == "passed"


@pytest.mark.parametrize("seed", range(3))
def test_a_class_that_cannot_be_told_as_a_whole_has_no_typical_pictures(seed: int) -> None:
    two_names, _ = halve(vector_case(SIZES, separation=4.0, seed=seed), "dog", "wolf", seed=seed)
    unrelated, _ = rename_at_random(vector_case(SIZES, separation=4.0, seed=seed), "in stock", 0.2, seed=seed)
    for case, names in ((two_names, ("dog", "wolf")), (unrelated, ("in stock",))):
        assert not any(can_be_told(case, case.number(name)) for name in names)
        assert can_be_told(case, case.number("cat"))
        assert not {n for f in outcome(case).findings for n in f.scope.classes} & set(names)


def test_a_few_weak_pictures_are_no_finding() -> None:
    assert outcome(watered_down(0.2)[0]).status == "passed"


def test_scope_and_applicability() -> None:
    case, _ = watered_down(0.8)
    assert not outcome(case, Scope(classes=("dog",))).findings
    assert outcome(vector_case({"cat": 10, "dog": 10})).status == "not_applicable"


def test_lead_by_hand() -> None:
    scores = np.array([[0.2, 0.6, 0.2], [3.0, 1.0, 0.0]])
    assert lead(scores, np.array([1, 1])).tolist() == pytest.approx([0.4, 0.25 - 0.75])
    case = thin_out(vector_case({"cat": 60, "dog": 60}), "dog", 20)
    row = int(np.flatnonzero(case.targets == 1)[0])
    p = case.derived.baseline[row] / np.array([60, 20])
    assert margins(case)[row] == pytest.approx((p[1] - p[0]) / p.sum())
