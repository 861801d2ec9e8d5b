"""The drill: hand-computed figures, what it plants, and that it is quick to tell a blind check from a seeing one."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.duplicates import with_hashes
from benchmarks.planting.vectors import vector_case
from tools.drill import Hits, copy_evidence, cue_evidence, drill, label_evidence, left, turned


def test_left_by_hand() -> None:
    # 20 flagged at precision .5 = 10 wrong ones found, which are .8 of all: 12.5 − 10; bounds: none, and 12 ÷ .5 − 12
    assert left(20, (0.5, 0.4, 0.6), (0.8, 0.5, 1.0)) == pytest.approx((2.5, 0.0, 12.0))


def test_turned_vectors_have_the_similarity_asked_for() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    moved = turned(vectors, np.array([0.9, 0.95, 1.0]), rng)
    np.testing.assert_allclose((vectors * moved).sum(axis=1), [0.9, 0.95, 1.0], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-6)


def test_separable_classes_give_back_what_was_planted() -> None:
    case = vector_case({"cat": 90, "dog": 90, "hen": 90}, separation=4, burst=3)
    slips, bursts = drill(case).labels
    assert slips.planted >= 30
    assert slips.recall >= 0.9
    assert bursts.planted >= 3
    assert bursts.recall >= 0.7
    by_name = {e.name: e for e in label_evidence(case, 10)}
    assert by_name["planted wrong labels found"].value == slips.recall
    assert by_name["found again"].value == slips.found


def test_labels_that_say_nothing_are_not_given_back() -> None:
    case = vector_case({"cat": 90, "dog": 90, "hen": 90}, separation=0)
    assert drill(case).labels[0].recall < 0.3


def test_copies_with_and_without_hashes() -> None:
    plain = vector_case({"cat": 120, "dog": 120}, separation=2)
    exact, near = drill(with_hashes(plain)).copies
    assert exact.recall == 1.0
    assert near.planted == 100
    assert near.recall >= 0.85  # the harshest edits lie beyond the thresholds
    assert drill(plain).copies[1].recall == 0.0  # only equal pixels count without a hash
    assert [e.value for e in copy_evidence(with_hashes(plain))] == [exact.recall, near.recall]


def test_a_planted_setting_is_recognised_where_classes_lie_close() -> None:
    near = drill(vector_case({"cat": 150, "dog": 150}, separation=1.0)).cue
    assert near.planted == 10
    assert near.found >= 5
    few = vector_case({"cat": 20, "dog": 20})
    assert drill(few).cue == Hits(0, 0)
    assert cue_evidence(few) == ()


def test_drills_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=3)
    first = drill(case).labels
    monkeypatch.setattr("tools.drill.find_suspects", None)
    assert drill(replace(case)).labels == first
