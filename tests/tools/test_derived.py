"""Groups, folds and the baseline of a case."""

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble, vector_case
from tools.case import MemoryStore
from tools.predictions import Predictions
from tools.settings import Settings

SIZES = {"cat": 60, "dog": 60}


def test_folds_keep_groups_whole_and_cover_fit() -> None:
    case = vector_case(SIZES, burst=5, test_share=0.3)
    folds, groups = case.derived.folds(), case.derived.grouping.groups
    assert ((folds >= 0) == case.fit).all()
    for group in np.unique(groups[case.fit]):
        assert len(np.unique(folds[case.fit & (groups == group)])) == 1


def test_the_users_column_wins_and_empty_values_stand_alone() -> None:
    rng = np.random.default_rng(0)
    column = np.array(["v1"] * 20 + ["v2"] * 20 + [""] * 20)
    case = assemble(
        rng.normal(size=(60, 8)), ["a", "b"] * 30, metadata={"video": column}, settings=Settings(group_column="video")
    )
    grouping = case.derived.grouping
    assert grouping.source == "column"
    assert len(np.unique(grouping.groups)) == 22


def test_no_image_is_scored_by_a_head_that_saw_it() -> None:
    """Labels drawn at random cannot be known out of fold; in fold a linear head knows them in 200 dimensions."""
    rng = np.random.default_rng(0)
    case = assemble(rng.normal(size=(120, 200)), [("a", "b")[i] for i in rng.integers(0, 2, 120)])
    assert (case.derived.baseline.argmax(axis=1) == case.targets).mean() < 0.65
    np.testing.assert_allclose(case.derived.baseline.sum(axis=1), 1)


def test_derived_arrays_are_taken_from_the_store() -> None:
    store = MemoryStore()
    from dataclasses import replace

    case = replace(vector_case(SIZES), store=store)
    first = case.derived.baseline
    key = next(k for k in store.kept if k.startswith("baseline-"))
    store.kept[key] = {"scores": first[::-1].copy()}
    np.testing.assert_array_equal(replace(case).derived.baseline, first[::-1])


def test_the_users_predictions_are_judged_on_test_only() -> None:
    from dataclasses import replace

    case = vector_case(SIZES, test_share=0.3)
    says = np.zeros(120, dtype=np.int64)
    predictions = Predictions("mine", "1", np.full((120, 2), 0.5), says, full_vectors=True)
    mine = replace(case, predictions=predictions)
    assert mine.subject == "user"
    assert (mine.derived.judged == mine.evaluation).all()
    assert mine.derived.errors.sum() == (case.evaluation & (case.targets == 1)).sum()
    assert np.isnan(mine.derived.scores[mine.fit]).all()
    assert mine.fingerprint != case.fingerprint


def test_test_nearness_is_empty_without_a_test_split() -> None:
    assert len(vector_case(SIZES).derived.test_nearness) == 0


@pytest.mark.parametrize("seed", range(3))
def test_independent_pictures_stay_ungrouped(seed: int) -> None:
    grouping = vector_case(SIZES, test_share=0.3, seed=seed).derived.grouping
    assert len(np.unique(grouping.groups)) > 100


def test_a_lone_test_split_is_judged_out_of_fold() -> None:
    rng = np.random.default_rng(0)
    case = assemble(rng.normal(size=(60, 8)), ["a", "b"] * 30, ["test"] * 60)
    assert not case.has_test
    assert case.fit.all()
    assert case.derived.judged.all()


def test_a_handful_of_predictions_does_not_speak_for_a_model() -> None:
    from dataclasses import replace

    case = vector_case({"cat": 200, "dog": 200}, test_share=0.5)
    says = np.full(400, -1, dtype=np.int64)
    says[np.flatnonzero(case.evaluation)[:3]] = 0
    few = replace(case, predictions=Predictions("m", "1", np.full((400, 2), np.nan), says, full_vectors=False))
    assert few.subject == "baseline"
    says = says.copy()
    says[np.flatnonzero(case.evaluation)[:30]] = 0
    enough = replace(case, predictions=Predictions("m", "1", np.full((400, 2), np.nan), says, full_vectors=False))
    assert enough.subject == "user"
