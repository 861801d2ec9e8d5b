"""A class of its own: what it costs the others, what it spares them, and what it is recognised by."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.outside import outside_case
from benchmarks.planting.vectors import assemble, vector_case
from tools.case import Case
from tools.errors import UnknownName
from tools.experiments import add_class
from tools.kinds import kinds
from tools.settings import Settings
from tools.whatif import run_experiment


def fruit(*, apart: float, each: int = 80, seed: int = 0) -> Case:
    """Oranges and lemons, and clementines under the label orange, who lie ``apart`` deviations beyond the lemons."""
    rng = np.random.default_rng(seed)
    kind = np.repeat([0, 1, 2], 2 * each)
    vectors = rng.normal(size=(len(kind), 32))
    vectors[:, 0] += np.choose(kind, [-2.0, 0.0, apart])
    vectors[:, 1] += np.choose(kind, [0.0, 2.0, 0.0])
    names = np.array(["orange", "lemon", "orange"])[kind]
    product = np.array(["orange", "lemon", "clementine"])[kind]
    splits = np.where(np.arange(len(kind)) % 2 == 0, "train", "test")
    return assemble(
        vectors, names.tolist(), splits.tolist(), metadata={"product": product}, settings=Settings(repeats=2)
    )


CLEMENTINE = {"column": "product", "value": "clementine"}


def test_a_class_that_pulled_another_apart_is_better_off_alone() -> None:
    case = fruit(apart=4.0)
    effect = run_experiment(case, "add-class", CLEMENTINE)
    assert effect.primary.metric == "balanced accuracy"
    assert effect.primary.n == (case.evaluation & (case.dataset.metadata["product"] != "clementine")).sum()
    assert effect.primary.verdict == "helps"
    new = next(m for m in effect.measures if m.metric == add_class.NEW)
    assert new.before == 0
    assert new.after > 0.9
    assert new.n == 80


def test_a_class_that_looks_like_another_costs_it() -> None:
    """Every second orange becomes a clementine: nobody can tell them."""
    case = fruit(apart=-2.0)
    effect = run_experiment(case, "add-class", CLEMENTINE)
    assert effect.primary.verdict == "hurts"
    assert next(m for m in effect.measures if m.metric == "recall of orange").delta < -0.3


def test_unlabelled_pictures_as_a_class() -> None:
    case, _ = outside_case(foreign=120)
    effect = run_experiment(case, "add-class", {"from": "unlabelled"})
    assert effect.primary.verdict == "no_effect"  # far from the others: nothing lost
    new = next(m for m in effect.measures if m.metric == add_class.NEW)
    assert (new.before, new.verdict) == (0, "helps")
    assert new.after > 0.95
    assert 0 < new.low < new.high <= 1


def test_a_value_that_empties_a_class_or_is_too_rare_does_not_count() -> None:
    case = fruit(apart=4.0)
    assert set(map(str, kinds()["add-class"].eligible(case))) == {
        str({"column": "product", "value": value}) for value in ("clementine", "orange")
    }  # lemon is the whole of its class
    rare = np.where(np.arange(len(case.ids)) < 12, "x", "y")
    other = replace(case, dataset=replace(case.dataset, metadata={"rare": rare, "id": case.ids}))
    assert kinds()["add-class"].eligible(other) == ()
    with pytest.raises(UnknownName, match="it needs pictures that could be a class"):
        run_experiment(vector_case({"a": 40, "b": 40}), "add-class", CLEMENTINE)
