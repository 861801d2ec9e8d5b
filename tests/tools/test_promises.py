"""Old model against new on the same pictures; the promise beside what came of it; the track record by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.test_following import advice
from tools.case import Case
from tools.changes import History
from tools.dataset import Label
from tools.effects import Measure
from tools.following import Followed, Passage
from tools.ledger import Promise
from tools.promises import Comparison, Outcome, kept_promise
from tools.reckoning import Entry, track_record
from tools.settings import Settings
from tools.statistics import wilson
from tools.training.baseline import parent_scores, plain_training
from tools.workspace import Workspace

SIZES = {"a": 60, "b": 60, "c": 60}


def relabelled(case: Case, new: dict[int, str]) -> Case:
    labels = tuple(Label(x.image_id, new.get(case.dataset.index[x.image_id], x.name)) for x in case.dataset.labels)
    return replace(case, dataset=replace(case.dataset, version=2, labels=labels))


def laid(old: Case, new: Case) -> Comparison:
    return Comparison(Passage(old.dataset, new, History()), old.space)


def test_the_figures_are_those_of_two_heads_on_the_same_pictures() -> None:
    """One fold and one repeat, computed once more by hand."""
    settings = Settings(folds=2, repeats=1)
    old = vector_case(SIZES, separation=2.0, test_share=0.5, settings=settings, seed=3)
    rows = np.flatnonzero(old.fit & (old.targets == 0))[:10]
    new = relabelled(old, dict.fromkeys(rows.tolist(), "b"))
    comparison = laid(old, new)
    outcome = comparison.step()
    assert outcome is not None
    assert outcome.measure.n == 90
    folds = comparison.case.derived.folds(0)
    test = np.flatnonzero(old.evaluation)
    by_hand = []
    for targets in (old.targets, new.targets):
        right = np.zeros(len(test))
        for fold in (0, 1):
            training = plain_training(np.flatnonzero((folds >= 0) & (folds != fold)), targets, 3)
            (scores,) = parent_scores(old.space.vectors, [training], [test], 3)
            right += (scores.argmax(axis=1) == new.targets[test]) / 2
        by_hand.append(np.mean([right[new.targets[test] == c].mean() for c in range(3)]))
    assert outcome.measure.before == pytest.approx(by_hand[0], abs=1e-9)
    assert outcome.measure.after == pytest.approx(by_hand[1], abs=1e-9)
    assert outcome.measure.low < outcome.measure.delta < outcome.measure.high


def test_nothing_changed_changes_nothing() -> None:
    old = vector_case(SIZES, test_share=0.5)
    outcome = laid(old, relabelled(old, {})).step()
    assert outcome is not None
    assert (outcome.measure.delta, outcome.measure.low, outcome.measure.high) == (0.0, 0.0, 0.0)
    assert outcome.measure.verdict == "no_effect"


def test_leaving_random_pictures_out_is_seldom_said_to_help() -> None:
    helped = 0
    for seed in range(20):
        old = vector_case(SIZES, separation=2.0, test_share=0.5, seed=seed, settings=Settings(folds=3, repeats=2))
        rng = np.random.default_rng(seed)
        keep = ~old.fit | (rng.random(len(old.ids)) > 0.2)
        data = old.dataset
        ids = set(old.ids[keep].tolist())
        parts = {n: getattr(data, n)[keep] for n in ("ids", "sha256", "widths", "heights", "splits")}
        fewer = replace(data, version=2, **parts, labels=tuple(x for x in data.labels if x.image_id in ids))
        space = replace(old.space, ids=fewer.ids, vectors=old.space.vectors[keep], names=old.space.names[keep])
        outcome = laid(old, replace(old, dataset=fewer, space=space)).step()
        assert outcome is not None
        helped += outcome.measure.verdict == "helps"
    assert helped <= 3  # 99 % quantile of 20 trials at 5 %


def test_too_few_common_pictures_are_not_measured() -> None:
    old, new = vector_case(SIZES, test_share=0.5), vector_case(SIZES, test_share=0.5, seed=1)
    other = replace(new.dataset, version=2, sha256=np.array([f"x{i}" for i in range(len(new.ids))]))
    assert laid(old, replace(new, dataset=other)).step() is None


def test_a_picture_that_was_trained_on_then_is_no_test_picture() -> None:
    old = vector_case(SIZES, test_share=0.5)
    splits = old.dataset.splits.astype("<U10")
    moved = np.flatnonzero(old.fit)[:5]
    splits[moved] = "test"
    new = replace(old, dataset=replace(old.dataset, version=2, splits=splits))
    outcome = laid(old, new).step()
    assert outcome is not None
    assert outcome.measure.n == 90


def test_a_split_class_is_judged_as_its_parent() -> None:
    old = vector_case(SIZES, test_share=0.5, separation=6.0)
    rows = np.flatnonzero(old.targets == 0)
    new = relabelled(old, {int(r): f"a {1 + i % 2}" for i, r in enumerate(rows)})
    comparison = laid(old, new)
    assert comparison.together == (("a", "a 1", "a 2"),)
    outcome = comparison.step()
    assert outcome is not None
    assert outcome.measure.after > 0.9  # telling the halves apart, which nobody can, is not asked


def test_classes_that_one_side_lacks_leave_the_other_as_good() -> None:
    """The first class by name is new, so that rows held out of a fold carry a label that the old side never had."""
    old = vector_case(SIZES, test_share=0.5, separation=6.0)
    rows = np.flatnonzero(old.targets == 0)
    outcome = laid(old, relabelled(old, {int(r): ("A 1", "A 2")[i % 2] for i, r in enumerate(rows)})).step()
    assert outcome is not None
    assert outcome.measure.before > 0.9
    assert outcome.measure.after > 0.9


def test_few_corrected_labels_do_not_make_two_classes_one() -> None:
    old = vector_case(SIZES, test_share=0.5)
    rows = np.flatnonzero(old.targets == 0)[:5]
    assert laid(old, relabelled(old, dict.fromkeys(rows.tolist(), "b"))).together == ()


def test_what_one_piece_of_advice_did_alone() -> None:
    old = vector_case(SIZES, test_share=0.5)
    rows = np.flatnonzero(old.fit & (old.targets == 0)).tolist()
    new = relabelled(old, {rows[0]: "b", rows[1]: "b", rows[2]: "c"})
    comparison = laid(old, new)
    some = comparison.alone(advice("relabel", rows[:2]))
    assert some.labels[rows[:3]].tolist() == [1, 1, 0]
    assert comparison.of(advice("relabel", rows[:2]))[1] is False
    assert comparison.of(advice("relabel", rows[:3]))[1] is True


@pytest.mark.parametrize(
    ("promised", "low", "high", "verdict", "whole", "expected"),
    [
        ("helps", 0.02, 0.06, "helps", True, "kept"),
        ("helps", 0.02, 0.06, "helps", False, "kept"),
        ("helps", -0.01, 0.05, "cannot_tell", True, "cannot tell"),
        ("helps", -0.01, 0.005, "no_effect", True, "not kept"),
        ("helps", -0.05, -0.01, "hurts", True, "not kept"),
        ("helps", -0.05, -0.01, "hurts", False, "cannot tell"),
        ("helps", 0.001, 0.009, "no_effect", True, "not kept"),
        ("hurts", -0.05, -0.01, "hurts", True, "kept"),
        ("hurts", 0.08, 0.1, "helps", True, "not kept"),
        ("hurts", -0.05, 0.05, "cannot_tell", True, "cannot tell"),
        ("no_effect", -0.005, 0.005, "no_effect", True, "kept"),
        ("no_effect", 0.02, 0.05, "helps", True, "not kept"),
        ("no_effect", -0.02, 0.05, "cannot_tell", True, "cannot tell"),
        ("cannot_tell", 0.02, 0.05, "helps", True, "cannot tell"),
    ],
)
def test_kept_or_not(promised: str, low: float, high: float, verdict: str, whole: bool, expected: str) -> None:
    promise = Promise("balanced accuracy", 0.8, 0.84, 0.01, 0.07, promised)
    found = Measure("m", 0.8, 0.8 + (low + high) / 2, low, high, 0.0, verdict, 200)  # type: ignore[arg-type]
    assert kept_promise(promise, found, whole=whole)[0] == expected


def entry(
    number: int, verdict: str | None, *, delta: float = 0.03, promised: str = "helps", extent: str = "fully",
    experiment: str | None = None,
) -> Entry:  # fmt: skip
    promise = Promise("balanced accuracy", 0.8, 0.84, 0.01, 0.07, promised)
    measure = Measure("balanced accuracy", 0.8, 0.8 + delta, delta - 0.01, delta + 0.01, 0.0, "helps", 200)
    given = advice("relabel", id=str(number), promise=promise, experiment=experiment)
    followed = Followed(extent, 1, 1, "")  # type: ignore[arg-type]
    return Entry(given, (1,), followed, Outcome(measure, ""), True, "", verdict)  # type: ignore[arg-type]


def test_the_track_record_by_hand() -> None:
    entries = [
        entry(1, "kept"),
        entry(2, "kept", delta=0.09),
        entry(3, "not kept", delta=0.0),
        entry(4, "cannot tell"),
        entry(5, "kept", promised="hurts"),  # no promised gain, but an interval
        entry(6, None, extent="not"),
        entry(7, "kept", extent="partly"),
        entry(8, "kept", experiment="split-class"),
        entry(9, "kept", experiment="split-class"),  # the same change, advised twice
    ]
    record = track_record(entries, 0.95)
    assert (record.given, record.followed) == (9, 8)
    assert (record.kept.hits, record.kept.of, record.undecided) == (4, 5, 1)
    assert (record.kept.low, record.kept.high) == wilson(4, 5)
    assert (record.covered.hits, record.covered.of) == (4, 6)


def test_no_record_without_anything_followed() -> None:
    record = track_record([entry(1, None, extent="not")], 0.95)
    assert (record.kept.of, record.covered.of, record.followed) == (0, 0, 0)
    assert (record.kept.low, record.kept.high) == (0.0, 1.0)


def test_what_was_measured_is_remembered(tmp_path: Path) -> None:
    old = vector_case(SIZES, test_share=0.5)
    new = relabelled(old, {int(np.flatnonzero(old.fit)[0]): "b"})
    workspace = Workspace.open(tmp_path / "ws")
    passage = Passage(old.dataset, new, History())
    first = Comparison(passage, old.space, workspace).step()

    def steps(*_: object) -> None:
        raise AssertionError("computed again")

    assert Comparison(passage, old.space, workspace).step(on_step=steps) == first
