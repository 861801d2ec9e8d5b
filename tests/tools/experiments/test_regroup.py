"""Random folds against folds that keep bursts: the ruler, not the model."""

import json

import numpy as np
import pytest

from app.printing import effect_blocks
from benchmarks.planting.vectors import vector_case
from tools.documents import effect_json
from tools.errors import UnknownName
from tools.experiments import regroup
from tools.kinds import kinds
from tools.settings import Settings
from tools.sides import plain_side
from tools.whatif import run_experiment

SIZES = {"cat": 120, "dog": 120, "hen": 120}


def test_bursts_flatter_random_folds_and_nothing_is_said_to_hurt() -> None:
    case = vector_case(SIZES, burst=4, separation=0.8, settings=Settings(repeats=2))
    effect = run_experiment(case, "regroup")
    assert effect.about == "ruler"
    assert effect.primary.verdict == "hurts"
    assert effect.primary.delta < -0.1
    first, second = effect.primary.before, effect.primary.after
    random = np.mean([case.derived.random_baseline.argmax(axis=1) == case.targets])
    kept = np.mean([case.derived.baseline.argmax(axis=1) == case.targets])
    assert (first, second) == pytest.approx((random, kept), abs=0.05)
    shown = " ".join(str(block) for block in effect_blocks("x", effect_json(effect)))
    assert "lower by this ruler" in shown
    assert "hurts" not in shown
    assert "The ruler changes here, not the model" in shown
    assert json.loads(json.dumps(effect_json(effect)))["about"] == "ruler"


def test_with_a_test_split_the_training_pictures_are_measured() -> None:
    case = vector_case(SIZES, burst=4, separation=0.8, test_share=0.4, settings=Settings(repeats=2))
    effect = run_experiment(case, "regroup")
    assert effect.primary.n == case.fit.sum()
    assert effect.primary.delta < -0.05
    assert effect.evaluated_on.startswith("held-out folds")


def test_folds_differ_by_repeat_and_cover_what_is_trained_on() -> None:
    case = vector_case(SIZES, burst=4, test_share=0.4)
    first, second = (regroup.folds(case, repeat) for repeat in (0, 1))
    assert ((first >= 0) == case.fit).all()
    assert not np.array_equal(first, second)


def test_single_pictures_have_one_ruler() -> None:
    case = vector_case(SIZES)
    assert plain_side(case).questions
    assert not kinds()["regroup"].eligible(case)
    with pytest.raises(UnknownName, match="it needs groups"):
        run_experiment(case, "regroup")


def test_it_is_no_change_to_train_with() -> None:
    other = {"regroup", "threshold", "encoder-swap", "add-negative", "add-class", "collect-more", "merge-classes"}
    assert not any(kinds()[name].trains for name in other)
    assert all(kinds()[name].trains for name in ("relabel", "remove", "camera-label", "group-balance"))
