"""Heads of many training sets: what a set lacks is never said, and heads may start from those of sets like them."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.training.baseline import fit_trainings, parent_scores, plain_training

CASE = vector_case({"cat": 60, "dog": 60, "hen": 60}, separation=1.2)
EVERYTHING = np.arange(len(CASE.ids))
PLAIN = plain_training(EVERYTHING, CASE.targets, 3)


def test_a_class_without_a_picture_is_never_said() -> None:
    without = PLAIN.only(PLAIN.labels != 1)
    both = parent_scores(CASE.space.vectors, [PLAIN, without], [EVERYTHING] * 2, 3)
    assert (both[0] > 0).all()
    assert (both[1][:, 1] == 0).all()
    assert both[1].sum(axis=1) == pytest.approx(np.ones(len(EVERYTHING)))


def test_no_picture_at_all_says_every_class_alike() -> None:
    nothing = PLAIN.only(np.zeros(len(EVERYTHING), dtype=np.bool_))
    said = parent_scores(CASE.space.vectors, [PLAIN, nothing], [EVERYTHING] * 2, 3)[1]
    assert said == pytest.approx(np.full((len(EVERYTHING), 3), 1 / 3), abs=1e-6)


def test_a_start_says_what_the_known_heads_say_though_a_class_is_split() -> None:
    known = fit_trainings(CASE.space.vectors, [PLAIN])
    labels = np.where((PLAIN.labels == 2) & (EVERYTHING % 2 == 0), 3, PLAIN.labels)
    split = replace(PLAIN, labels=labels, parents=np.array([0, 1, 2, 2]))
    start = replace(known.heads, weights=known.as_start([split], 4))
    said = replace(known, trainings=(split,), heads=start).scores(CASE.space.vectors, [EVERYTHING], 3)[0]
    assert said == pytest.approx(known.scores(CASE.space.vectors, [EVERYTHING], 3)[0], abs=1e-5)


def test_a_class_that_the_known_head_never_says_can_be_learned_from_it() -> None:
    without = PLAIN.only(PLAIN.labels != 1)
    near = fit_trainings(CASE.space.vectors, [PLAIN], near=fit_trainings(CASE.space.vectors, [without]))
    found = near.scores(CASE.space.vectors, [EVERYTHING], 3)[0]
    assert np.isfinite(found).all()
    # In the frame of the known head, whose centre leaves the class out, C means a little less or more.
    assert found == pytest.approx(parent_scores(CASE.space.vectors, [PLAIN], [EVERYTHING], 3)[0], abs=0.02)


def test_heads_that_start_near_end_where_others_end() -> None:
    rng = np.random.default_rng(0)
    folds = rng.integers(0, 4, len(EVERYTHING))
    sets = [PLAIN.only(folds != f) for f in range(4)]
    slipped = [replace(t, labels=np.where(rng.random(len(t.rows)) < 0.1, (t.labels + 1) % 3, t.labels)) for t in sets]
    known = fit_trainings(CASE.space.vectors, sets)
    near = fit_trainings(CASE.space.vectors, slipped, near=known).scores(CASE.space.vectors, [EVERYTHING] * 4, 3)
    cold = fit_trainings(CASE.space.vectors, slipped).scores(CASE.space.vectors, [EVERYTHING] * 4, 3)
    for a, b in zip(near, cold, strict=True):
        assert a == pytest.approx(b, abs=2e-3)
    again = fit_trainings(CASE.space.vectors, sets, near=known)
    assert np.array_equal(again.heads.weights, known.heads.weights)
