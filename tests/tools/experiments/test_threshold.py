"""Rules that favour neglected classes: by hand, nested, helping where a class is rare and silent where none is."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from benchmarks.planting.whatif_cells import NEAR, Setting, built
from tools.errors import UnknownName
from tools.experiments import threshold
from tools.kinds import kinds
from tools.settings import Settings
from tools.training.baseline import plain_training
from tools.whatif import run_experiment


def test_shares_by_hand() -> None:
    case = vector_case({"cat": 30, "dog": 10})
    training = plain_training(np.arange(40), case.targets, 2)
    factors = threshold.adjust(case, training, {"how": "prior"}, np.random.default_rng(0))
    assert factors == pytest.approx([40 / (30 * 2), 40 / (10 * 2)])  # shares .75 and .25 become as much


def test_thresholds_are_those_of_best_f1_on_inner_folds() -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=1.5)
    training = plain_training(np.flatnonzero(np.arange(120) % 3 > 0), case.targets, 2)
    factors = threshold.adjust(case, training, {"how": "tuned"}, np.random.default_rng(0))
    assert ((factors > 1) & (factors < 1 / threshold.LEAST + 1e-9)).all()
    flipped = np.where(np.isin(np.arange(120), training.rows), case.targets, 1 - case.targets)
    labels = tuple(
        replace(label, name=case.classes[number]) for label, number in zip(case.dataset.labels, flipped, strict=True)
    )
    other = replace(case, dataset=replace(case.dataset, labels=labels))
    assert (other.targets != case.targets).sum() == 40
    again = threshold.adjust(other, training, {"how": "tuned"}, np.random.default_rng(0))
    assert np.array_equal(factors, again)  # held-out labels are not looked at


def test_a_rare_class_gains_and_the_heads_are_the_same() -> None:
    case, _, _ = built(NEAR, [240, 24, 24], Setting(True, 1), 3, test=[80] * 3)
    effect = run_experiment(case, "threshold", {"how": "prior"})
    assert effect.primary.verdict == "helps"
    assert effect.primary.delta > 0.03
    assert next(m for m in effect.measures if m.metric == "recall of cat").delta < 0  # what it costs is shown
    assert effect.changed == pytest.approx(0.8 * 288, rel=0.02)
    assert run_experiment(case, "threshold", {"how": "tuned"}).primary.delta > 0


def test_nothing_to_gain_is_not_called_a_gain() -> None:
    verdicts = []
    for seed in range(12):
        case = vector_case({"cat": 60, "dog": 60}, separation=1.5, seed=seed, settings=Settings(repeats=2))
        assert kinds()["threshold"].eligible(case) == ({"how": "tuned"},)
        verdicts.append(run_experiment(case, "threshold", {"how": "tuned"}).primary.verdict)
    assert verdicts.count("helps") <= 2


def test_too_few_pictures_to_choose_on_say_what_it_takes() -> None:
    case = vector_case({"cat": 18, "dog": 12})
    with pytest.raises(UnknownName, match="threshold has nothing to work on here: it needs classes of which"):
        run_experiment(case, "threshold", {"how": "tuned"})
