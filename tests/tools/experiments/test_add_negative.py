"""A class for pictures of none: helps where they are of a kind, silent where they look like a class."""

import numpy as np
import pytest

from benchmarks.planting.outside import outside_case
from benchmarks.planting.population import apart
from benchmarks.planting.vectors import vector_case
from benchmarks.planting.whatif_cells import Setting, built
from tools.errors import UnknownName
from tools.experiments import add_negative
from tools.kinds import kinds
from tools.open_set import NAME
from tools.outside import outside_of, taught
from tools.training.baseline import plain_training
from tools.whatif import run_experiment


def test_unlabelled_pictures_unlike_any_other_are_let_be() -> None:
    case, outside = outside_case(foreign=120)
    assert kinds()["add-negative"].eligible(case) == ({"from": "unlabelled"},)
    effect = run_experiment(case, "add-negative", {"from": "unlabelled"})
    assert effect.primary.metric == NAME
    assert effect.primary.verdict == "helps"
    assert effect.primary.after > 0.95
    assert effect.primary.n == pytest.approx(60, abs=3)  # half of them judge
    assert effect.changed == pytest.approx(60, abs=3)  # half of them teach
    assert all(m.verdict == "no_effect" for m in effect.measures if not m.primary)  # the classes are as well off
    assert add_negative.asked(case, {"from": "unlabelled"})[~outside].sum() == 0


@pytest.mark.parametrize("test", [True, False])
def test_a_class_can_play_the_part(test: bool) -> None:
    case, _, _ = built(apart(("cat", "dog", "hen", "other"), 4.0), [80] * 4, Setting(test, 1), 0)
    assert {"class": "other"} in kinds()["add-negative"].eligible(case)
    effect = run_experiment(case, "add-negative", {"class": "other"})
    assert effect.primary.verdict == "helps"
    assert effect.primary.n == 80
    metrics = {m.metric for m in effect.measures}
    assert "recall of cat" in metrics
    assert "recall of other" not in metrics


def test_pictures_that_look_like_a_class_cannot_be_let_be() -> None:
    """Half of the cats are called none of the classes: no head can tell them, at the recall that the cats must keep."""
    verdicts = []
    for seed in range(10):
        case = vector_case({"cat": 160, "dog": 80, "hen": 80}, separation=2.0, seed=seed)
        cats = np.flatnonzero(case.targets == 0)
        names = np.array([case.classes[t] for t in case.targets], dtype="U8")
        names[cats[::2]] = "none"
        verdicts.append(run_experiment(_named(case, names), "add-negative", {"class": "none"}).primary.verdict)
    assert verdicts.count("helps") <= 2


def _named(case, names):
    from dataclasses import replace

    from tools.dataset import Label

    labels = tuple(Label(str(i), str(name)) for i, name in zip(case.ids, names, strict=True))
    return replace(case, dataset=replace(case.dataset, labels=labels))


def test_neither_side_is_taught_what_judges() -> None:
    case, _ = outside_case(foreign=120)
    rows = np.flatnonzero(case.fit)
    plain = plain_training(rows, case.targets, 3)
    after = add_negative.change(case, plain, {"from": "unlabelled"}, np.random.default_rng(0))
    asked = np.flatnonzero(add_negative.asked(case, {"from": "unlabelled"}))
    assert not np.isin(asked, after.rows).any()
    groups = case.derived.grouping.groups
    assert not np.isin(groups[asked], groups[after.rows]).any()
    before = add_negative.start(case, plain, {"from": "unlabelled"}, np.random.default_rng(0))
    assert np.array_equal(before.rows, rows)


def test_many_pictures_of_none_weigh_no_more_than_a_class() -> None:
    case = vector_case({"cat": 20, "dog": 40, "hen": 300})
    plain = plain_training(np.arange(360), case.targets, 3)
    after = taught(case, plain, outside_of(case, case.targets == 2), even=True)
    assert after.weights[after.labels == 3].sum() == pytest.approx(30)
    assert after.parents.tolist() == [0, 1, 2, 3]
    plenty = taught(case, plain, outside_of(case, case.targets == 2), even=False)
    assert (plenty.weights == 1).all()


def test_three_classes_and_no_negatives_say_what_it_takes() -> None:
    with pytest.raises(UnknownName, match="it needs pictures of none of the classes"):
        run_experiment(vector_case({"cat": 40, "dog": 40, "hen": 40}), "add-negative", {"class": "hen"})
