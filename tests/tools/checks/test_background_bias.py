"""Backgrounds that follow the label are found with what they are worth; where they do not, nothing above low."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.background import Reader, Readings, Swapped, balanced
from tools.case import Case
from tools.checks.background_bias import explained_errors, is_shared, measure_gap
from tools.findings import Outcome, Scope
from tools.registry import NotApplicable, find_check


@pytest.fixture(scope="module", autouse=True)
def grid() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
        yield


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("background-bias"), scope or Scope())


def test_planted_backgrounds_are_found_with_their_worth(tmp_path: Path) -> None:
    (finding,) = outcome(swapped_case(tmp_path, agreement=0.9, each=60)).findings
    assert finding.rung == "causal"
    assert finding.severity.level == "high"
    assert finding.value("background gap") > 0.3
    assert finding.value("right on own class's backgrounds") > 0.8
    assert {r.experiment for r in finding.recommendations} == {None, "augment", "group-balance"}


def test_a_balanced_twin_has_nothing_above_low(tmp_path: Path) -> None:
    result = outcome(swapped_case(tmp_path, agreement=0.5, each=40))
    assert all(f.severity.level == "low" and f.rung != "causal" for f in result.findings)
    gap = next(e for e in result.measured.evidence if e.name == "background gap")
    assert gap.low is not None
    assert gap.low <= 0


def test_without_pictures_it_is_not_applicable() -> None:
    result = outcome(vector_case({"cat": 60, "dog": 60}))
    assert result.status == "not_applicable"
    assert "encoder" in result.reason


def test_the_gap_by_hand() -> None:
    case = vector_case({"cat": 12, "dog": 12})
    rows = np.arange(24)
    own = case.targets[:, None]
    same, other = np.repeat(own, 2, axis=1), np.repeat(own, 2, axis=1)
    other[:12, 0] = 1 - other[:12, 0]  # one of two is wrong for half of the pictures
    gap = measure_gap(case, Swapped(rows, same, other, 1 - own.repeat(2, axis=1)))
    assert (gap.same, gap.other) == (1.0, 0.75)
    assert gap.gap == pytest.approx(0.25)
    assert gap.low < 0.25 < gap.high
    assert (gap.wrong, gap.named) == (12, 1.0)
    with pytest.raises(NotApplicable, match="fewer than"):
        measure_gap(case, Swapped(rows[:5], same[:5], other[:5], other[:5]))


def readings(targets: np.ndarray, **said: np.ndarray) -> Readings:
    rows = np.arange(len(targets))
    return Readings(rows, targets, rows, said, 0.01, 0.3)


def test_what_foregrounds_read_of_backgrounds_by_hand() -> None:
    targets = np.repeat([0, 1], 10)
    right, half = targets.copy(), targets.copy()
    half[[0, 1, 2, 3, 10, 11, 12, 13]] = 1 - half[[0, 1, 2, 3, 10, 11, 12, 13]]  # .6 right: a fifth of what .5–1 is
    assert not is_shared(readings(targets, background=right, shared=half))
    assert is_shared(readings(targets, background=right, shared=right))


def test_balanced_accuracy_by_hand() -> None:
    assert balanced(np.array([1, 1, 0, 0, 1], bool), np.array([0, 0, 0, 0, 1])) == pytest.approx(0.75)


def test_a_reader_is_out_of_fold_and_fair_to_small_classes() -> None:
    rng = np.random.default_rng(0)
    targets = np.repeat([0, 1], [45, 15])
    vectors = rng.normal(size=(60, 6)).astype(np.float32)
    reader = Reader(targets, 2, np.arange(60) % 5)
    noise = balanced(reader.said(reader.smoother(vectors, vectors)) == targets, targets)
    assert 0.3 < noise < 0.7
    vectors[:, 0] += 6 * targets
    assert balanced(reader.said(reader.smoother(vectors, vectors)) == targets, targets) > 0.9


def test_errors_that_the_background_explains_by_hand() -> None:
    case = vector_case({"cat": 20, "dog": 20}, separation=6)
    case.derived.__dict__["predicted"] = np.where(np.arange(40) < 4, 1, case.targets)
    said = case.targets.copy()
    said[:3] = 1  # three of four errors have the background of what was answered
    said[4:8] = 1  # as have four of the sixteen right pictures of cat
    found = explained_errors(case, readings(case.targets, background=said))
    assert found[:2] == (4, 3)
    assert found[2] == pytest.approx(3 / 4 - 4 / 16)
