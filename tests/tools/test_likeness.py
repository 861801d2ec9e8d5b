"""Likeness speaks of pictures that are alike in training too, and of shifts only where more lie far out than usual."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.shifted_test import shifted_case
from benchmarks.planting.similar import halve
from benchmarks.planting.vectors import vector_case
from benchmarks.planting.weak_slice import slice_case
from tools.likeness import far, mixed, share_mixed

SIZES = {"cat": 120, "dog": 240, "hen": 120}


def test_two_names_of_one_class_are_mixed() -> None:
    case, _ = halve(vector_case(SIZES, separation=3.0, test_share=0.3), "dog", "wolf")
    a, b = case.number("dog"), case.number("wolf")
    mine = case.derived.judged & (case.targets == a)
    assert mixed(case, a, b)[mine].mean() > 0.7
    assert not mixed(case, a, b)[~mine].any()
    assert share_mixed(case, a, b) == share_mixed(case, b, a) > 0.7
    assert share_mixed(case, case.number("cat"), case.number("hen")) < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_test_pictures_between_separable_classes_make_no_likeness(seed: int) -> None:
    case, part = slice_case(seed=seed)
    assert case.derived.errors[part & case.derived.judged].mean() > 0.3
    assert not mixed(case, 0, 1).any()


@pytest.mark.parametrize("seed", range(4))
def test_far_pictures_are_a_shift_only_where_there_are_more_of_them(seed: int) -> None:
    clean, shifted = (shifted_case(shift=s, harmful=s, seed=seed) for s in (0.0, 3.0))
    nothing, p_clean = far(clean, 0)
    beyond, p = far(shifted, 0)
    assert not nothing.any()
    assert beyond[shifted.derived.judged & (shifted.targets == 0)].mean() > 0.5
    assert p < 0.001 < 0.05 <= p_clean


def test_a_class_without_training_pictures_is_no_measure() -> None:
    case = shifted_case(shift=3.0, harmful=3.0)
    labels = tuple(
        x for x, s in zip(case.dataset.labels, case.dataset.splits, strict=True) if x.name != "ash" or s == "test"
    )
    bare = replace(case, dataset=replace(case.dataset, labels=labels))
    ash = bare.number("ash")
    assert not (bare.fit & (bare.targets == ash)).any()
    assert not far(bare, ash)[0].any()
    assert not mixed(bare, ash, bare.number("elm")).any()
    assert np.isin(bare.targets, [ash]).any()
