"""Errors that a used cue explains already are told once; a fault of its own keeps its severity."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.planting.cue import cue_case
from benchmarks.planting.fault import fresh
from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.pasted_cue import pasted_case
from benchmarks.planting.swapped_background import GridEncoder
from benchmarks.planting.vectors import assemble
from tools import cues
from tools.case import Case
from tools.findings import Finding, Scope
from tools.ladder import Climbed, ladder
from tools.told_by_cues import ALONG, MOVES, Told, told_by_cues
from tools.variety import Partition
from tools.variety_findings import error_tests, gathered_errors


def gathered(case: Case, shows: NDArray[np.bool_]) -> list[Finding]:
    """What is said of errors on the pictures that ``shows``."""
    partition = Partition("planted", np.arange(len(case.ids)), ("plain", "odd"), shows.astype(np.int64), "planted", 0)
    return list(gathered_errors(case, Scope(), "clutter", error_tests(case, partition)))


def test_shares_by_hand() -> None:
    assert Told(6, 12, "x").one_thing
    assert Told(6, 12, "x").left_of(0.4) is None
    assert not Told(5, 12, "x").one_thing
    assert Told(3, 12, "x").left_of(0.4) == pytest.approx(0.3)


def test_without_a_cue_changed_in_pictures_nothing_is_taken_away() -> None:
    case, against = cue_case()
    assert {c.rung for c in ladder(case)} == {"used"}
    assert told_by_cues(case, np.flatnonzero(case.derived.errors)) is None
    assert all(f.severity.level == "high" for f in gathered(case, np.isin(case.ids, list(against))))


def test_a_cue_taken_out_and_put_in_explains_both_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: a b b a, all wrong; the first two bear the cue of b. Only changing pictures shows the way back."""
    case = assemble(np.eye(4), ["a", "b", "b", "a"], ["test"] * 4)
    case.derived.__dict__["predicted"] = np.array([1, 0, 0, 1])
    bears = np.array([True, True, False, False])
    cue = cues.Cue("ring", "without a ring", "with a ring", bears.astype(np.float64), change="background")
    test = cues.Tested(cue, ("a", "b"), 0.9, 0.001, bears, (1, 1), (1, 1), 0.5, 1.0, 0.001)
    rows = np.arange(4)
    for rung, count in (("causal", 2), ("used", 1)):
        climbed = Climbed(test, rung)  # type: ignore[arg-type]
        monkeypatch.setattr("tools.told_by_cues.ladder", lambda case, climbed=climbed: (climbed,))
        told = told_by_cues(case, rows, of_pixels=True)
        assert told is not None
        assert told.count == count
        assert told.cues == "with a ring, as those of b mostly are"
    monkeypatch.setattr("tools.told_by_cues.ladder", lambda case: (Climbed(test, "causal"),))
    told = told_by_cues(case, rows[2:3])
    assert told is not None
    assert (told.count, told.cues, told.how_sure) == (1, "not with a ring, unlike most of b", MOVES)


def test_a_finding_of_pixels_gives_way_to_a_cue_of_pixels_that_was_told_from_chance() -> None:
    case, against = cue_case()
    wrong = np.flatnonzero(case.derived.errors)
    told = told_by_cues(case, wrong, of_pixels=True)
    assert told is not None
    assert told.one_thing
    assert told.how_sure == ALONG
    shows = np.isin(case.ids, list(against)).astype(np.int64)
    partition = Partition("light", np.arange(len(shows)), ("plain", "odd"), shows, "planted", 0, of_pixels=True)
    found = list(gathered_errors(case, Scope(), "variety-lighting", error_tests(case, partition)))
    assert found
    assert all(f.severity.level == "low" and "goes along with the label" in f.summary for f in found)
    clean, _ = cue_case(agreement=0.5)
    assert told_by_cues(clean, np.flatnonzero(clean.derived.errors), of_pixels=True) is None


@pytest.mark.slow
def test_the_cue_under_another_name_is_told_low_and_points_to_the_cue(tmp_path: Path) -> None:
    drawn, bears = pasted_case(tmp_path, agreement=0.95)
    case = fresh(drawn, 0)
    vars(case.eyes)["encoder"] = GridEncoder()
    assert "causal" in {c.rung for c in ladder(case)}
    wrong = np.flatnonzero(case.derived.errors)
    told = told_by_cues(case, wrong)
    assert told is not None
    assert told.of == len(wrong)
    contradicting = bears == (case.targets == case.number("apples"))
    found = gathered(case, contradicting)
    assert found
    for finding in found:
        assert finding.severity.level == "low"
        assert finding.value("errors of a cue") >= 0.5 * finding.value("errors here")
        assert "look at the cue first" in finding.summary


def test_a_fault_of_its_own_stays_loud() -> None:
    case, _ = cue_case(agreement=0.5)
    shows = np.arange(len(case.ids)) % 4 == 0
    found = gathered(mistaken(case, shows, 0.7, 0.05), shows)
    assert found
    assert all(f.severity.level == "high" and "cue" not in f.summary for f in found)
