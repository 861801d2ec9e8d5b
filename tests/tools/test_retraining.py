"""Versions are trained by a head on frozen vectors, with the changes that were tried; wrong recipes are refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.dataset import Label
from tools.retraining import retrain
from tools.training.job import prepare
from tools.training.recipe import Recipe, WrongRecipe
from tools.versions import Versions
from tools.workspace import Workspace


def test_a_head_is_the_baseline_and_is_judged_on_the_test_split(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    done = retrain(kept, case, Recipe())
    found = done.version.document
    rows = np.flatnonzero(case.evaluation)
    expected = (case.derived.baseline[rows].argmax(axis=1) == case.targets[rows]).mean()
    accuracy = next(m for m in found["metrics"] if m["name"] == "accuracy")
    assert accuracy["value"] == pytest.approx(expected, abs=0.02)
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert found["judged_on"] == len(rows)
    assert (done.version.number, done.already, done.before) == (1, False, None)


def test_weights_give_the_scores_that_were_kept(small: tuple[Workspace, Case]) -> None:
    from tools.training.head import scores_of

    kept, case = small
    version = retrain(kept, case, Recipe()).version
    versions = Versions(kept)
    said = versions.predictions(version, case.dataset)
    scores = scores_of(versions.weights(version), case.space.vectors[said.covered], 2)
    assert np.allclose(scores, said.probabilities[said.covered])


def test_without_a_test_split_groups_are_set_apart(tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=3)
    job = prepare(case, Recipe(), tmp_path)
    groups = case.derived.grouping.groups
    assert not set(groups[job.judge].tolist()) & set(groups[job.training.rows].tolist())
    assert "set apart by whole groups" in job.ruler
    assert len(job.judge) + len(job.training.rows) == 120


def test_changes_that_were_tried_are_done(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=5, test_share=0.5)
    plain = prepare(case, Recipe(), tmp_path).training
    wrong = case.targets.copy()
    wrong[plain.rows[:2]] = 1 - wrong[plain.rows[:2]]
    labels = tuple(Label(str(i), case.classes[number]) for i, number in zip(case.ids, wrong, strict=True))
    mislabelled = replace(case, dataset=replace(case.dataset, labels=labels))
    job = prepare(mislabelled, Recipe(changes=(("relabel", ()),)), tmp_path)
    mended, count = job.training, int((job.training.labels != wrong[plain.rows]).sum())
    assert job.notes == (f"relabel: {count} pictures with another label",)
    assert count >= 2
    assert mended.rows.tolist() == plain.rows.tolist()
    assert mended.labels[:2].tolist() == plain.labels[:2].tolist()
    changed = prepare(small[1], Recipe(changes=(("augment", (("how", "light"),)),)), tmp_path)
    assert len(changed.more) > 0
    assert (changed.training.rows >= len(small[1].ids)).sum() == len(changed.more)


def test_a_recipe_is_read_back() -> None:
    tuned = Recipe("fine-tune", blocks=1, epochs=3, augment=("light", "cut"))
    recipe = replace(tuned, changes=(("split-class", (("class", "a"),)), ("relabel", ())))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("drop-class", "a change of the training"),
        ("nothing", "a change"),
        ("split-class", "something to work on"),
    ],
)
def test_changes_that_do_not_fit_are_refused(
    small: tuple[Workspace, Case], tmp_path: Path, change: str, match: str
) -> None:
    with pytest.raises(WrongRecipe, match=match):
        prepare(small[1], Recipe(changes=((change, (("class", "x"),)),)), tmp_path)


def test_changes_in_an_order_that_makes_no_sense_are_refused(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    light = ("augment", (("how", "light"),))
    with pytest.raises(WrongRecipe, match="relabel before what makes pictures"):
        prepare(small[1], Recipe(changes=(light, ("relabel", ()))), tmp_path)
    assert len(prepare(small[1], Recipe(changes=(("relabel", ()), light)), tmp_path).more)
    with pytest.raises(WrongRecipe, match="one change that makes pictures"):
        prepare(small[1], Recipe(changes=(light, light)), tmp_path)


def test_settings_of_another_tier_are_refused() -> None:
    with pytest.raises(WrongRecipe, match="--tier fine-tune with blocks"):
        Recipe("head", blocks=2)
    with pytest.raises(WrongRecipe, match="predictions"):
        Recipe("command", command="python train.py")
    with pytest.raises(WrongRecipe, match="epochs of at least 1"):
        Recipe("fine-tune", epochs=0)
