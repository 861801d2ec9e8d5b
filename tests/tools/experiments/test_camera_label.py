"""One label for each class and value of a column: cells by hand, classes that look otherwise from each camera."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.vectors import assemble, vector_case
from tools.case import Case
from tools.errors import UnknownName
from tools.experiments import camera_label
from tools.kinds import kinds
from tools.settings import Settings
from tools.training.baseline import plain_training
from tools.whatif import run_experiment


def cameras(*, turned: float, each: int = 60, seed: int = 0) -> Case:
    """Two classes; from above one lies left of the other, from the side right: ``turned`` 0 plants nothing."""
    rng = np.random.default_rng(seed)
    label = np.repeat([0, 1], 4 * each)
    side = np.tile(np.repeat([0, 1], 2 * each), 2)
    vectors = rng.normal(size=(len(label), 32))
    vectors[:, 0] += (label - 0.5) * 1.5
    vectors[:, 1] += turned * (label - 0.5) * (1 - 2 * side) * 2
    vectors[:, 2] += (side - 0.5) * 6
    names = np.array(["above", "side"])[side]
    splits = np.where(np.arange(len(label)) % 2 == 0, "train", "test")
    return assemble(
        vectors, np.array(["a", "b"])[label].tolist(), splits.tolist(), metadata={"camera": names},
        settings=Settings(repeats=2),
    )  # fmt: skip


def test_cells_by_hand() -> None:
    values = np.array(["x"] * 20 + ["y"] * 10 + ["z"] * 3 + [""] * 2 + ["x"] * 9 + ["y"] * 26)
    case = assemble(np.random.default_rng(0).normal(size=(70, 8)), ["a"] * 35 + ["b"] * 35, metadata={"c": values})
    plain = plain_training(np.arange(70), case.targets, 2)
    after = camera_label.change(case, plain, {"column": "c", "how": "labels"}, np.random.default_rng(0))
    assert after.parents.tolist() == [0, 1, 0, 1]
    # z and missing values of a stay with x, its most frequent; b's most frequent is y
    assert np.bincount(after.labels).tolist() == [25, 26, 10, 9]
    assert (after.weights == 1).all()
    even = camera_label.change(case, plain, {"column": "c", "how": "weights"}, np.random.default_rng(0))
    assert np.array_equal(even.labels, plain.labels)
    assert even.parents.tolist() == [0, 1]
    for cell in range(4):
        assert even.weights[after.labels == cell].sum() == pytest.approx(35 / 2)


def test_labels_by_camera_help_where_classes_look_otherwise_from_each() -> None:
    case = cameras(turned=3.0)
    effect = run_experiment(case, "camera-label", {"column": "camera", "how": "labels"})
    assert effect.primary.verdict == "helps"
    assert effect.primary.delta > 0.05
    assert "needed for the training alone" in effect.notes[1]


def test_they_do_nothing_where_the_camera_changes_nothing() -> None:
    verdicts = [
        run_experiment(
            cameras(turned=0.0, seed=s), "camera-label", {"column": "camera", "how": "labels"}
        ).primary.verdict
        for s in range(10)
    ]
    assert verdicts.count("helps") <= 2


def test_weights_mend_a_camera_that_goes_with_the_label() -> None:
    case, _ = cue_case(each=300, seed=2)
    setting = np.where(case.dataset.properties["border_brightness"] > 0.5, "plate", "hand")
    case = replace(case, dataset=replace(case.dataset, metadata={"held": setting}))
    effect = run_experiment(case, "camera-label", {"column": "held", "how": "weights"})
    assert effect.primary.verdict == "helps"
    as_they_are = run_experiment(case, "camera-label", {"column": "held", "how": "labels"})
    assert as_they_are.primary.delta < 0  # rare cells alone are learnt from few pictures


def test_columns_that_are_the_label_or_have_many_values_do_not_count() -> None:
    case = cameras(turned=0.0)
    columns = {
        "label": np.array([case.classes[t] for t in case.targets]),
        "name": case.ids,
        "one": np.full(len(case.ids), "x"),
        "rare": np.where(np.arange(len(case.ids)) < 10, "x", "y"),
    }
    other = replace(case, dataset=replace(case.dataset, metadata=columns))
    assert not kinds()["camera-label"].eligible(other)
    with pytest.raises(UnknownName, match="it needs a column of 2 to 12 values"):
        run_experiment(vector_case({"a": 40, "b": 40}), "camera-label", {"column": "camera", "how": "weights"})
