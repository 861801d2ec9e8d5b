"""Suspects among training pictures: singles, bursts, clean sets, and that nothing outside the training set matters."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.label_errors import Suspects, find_suspects
from tools.training.baseline import Training, plain_training

SIZES = {"cat": 80, "dog": 80, "hen": 80}


def look(case: Case, training: Training, seed: int = 0) -> Suspects:
    groups = case.derived.grouping.groups
    return find_suspects(case.space.vectors, training, groups, len(case.classes), np.random.default_rng(seed))


def flipped(training: Training, rows: np.ndarray, classes: int) -> Training:
    labels = training.labels.copy()
    labels[rows] = (labels[rows] + 1) % classes
    return replace(training, labels=labels)


@pytest.mark.parametrize("seed", range(3))
def test_single_flips(seed: int) -> None:
    case = vector_case(SIZES, separation=3, seed=seed)
    plain = plain_training(np.arange(240), case.targets, 3)
    wrong = np.random.default_rng(seed).choice(240, 12, replace=False)
    found = look(case, flipped(plain, wrong, 3))
    assert found.flagged[wrong].mean() >= 0.9
    assert (found.suggested == plain.labels)[wrong].mean() >= 0.9
    assert np.isin(np.flatnonzero(found.flagged), wrong).mean() >= 0.7
    assert np.isin(np.argsort(-found.doubt)[:12], wrong).mean() >= 0.8


def test_a_whole_burst_that_vouches_for_itself() -> None:
    case = vector_case(SIZES, separation=3, burst=6, burst_spread=0.1)
    plain = plain_training(np.arange(240), case.targets, 3)
    burst = np.arange(12, 18)
    found = look(case, flipped(plain, burst, 3))
    assert found.flagged[burst].mean() >= 0.8
    assert found.burst[burst].any()


@pytest.mark.parametrize("seed", range(3))
def test_few_flags_on_clean_labels(seed: int) -> None:
    case = vector_case(SIZES, separation=3, seed=seed)
    assert look(case, plain_training(np.arange(240), case.targets, 3)).flagged.mean() <= 0.03


def test_only_the_training_pictures_are_looked_at() -> None:
    case = vector_case(SIZES, separation=3)
    half = plain_training(np.arange(0, 240, 2), case.targets, 3)
    found = look(case, half)
    vectors = case.space.vectors.copy()
    vectors[1::2] = vectors[0]
    groups = case.derived.grouping.groups
    moved = find_suspects(vectors, half, groups, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(found.flagged, moved.flagged)
    np.testing.assert_allclose(found.doubt, moved.doubt, atol=1e-6)
