"""``advisor undo`` walks back through what was done; labels have a trail; confirmed findings are guarded."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import cli
from benchmarks.planting.vectors import vector_case
from tools.decisions import Decisions, about_finding
from tools.findings import Evidence, Finding, Severity
from tools.goals import goals_of
from tools.kept_slices import compare_on, keep_slice, kept_slices, rows_of
from tools.label_trail import label_trail
from tools.predictions import Predictions
from tools.registry import NotApplicable
from tools.settings import Settings
from tools.workspace import Workspace


def run(monkeypatch: pytest.MonkeyPatch, home: Path, *words: str, code: int = 0) -> dict[str, Any]:
    said = home.parent / "said.json"
    said.unlink(missing_ok=True)
    monkeypatch.setattr(sys, "argv", ["advisor", *words, "--workspace", str(home), "--json", str(said)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code or 0) == code
    return dict(json.loads(said.read_text())) if said.exists() else {}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    case = vector_case({"cat": 80, "dog": 80}, separation=3, test_share=0.5)
    digests = np.array([f"{row:064x}" for row in range(len(case.ids))])
    Workspace.open(tmp_path / "ws").save_dataset(replace(case.dataset, sha256=digests), case.space)
    return tmp_path / "ws"


def test_undo_walks_back_through_changes_goals_and_decisions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Workspace.open(home)
    before = kept.dataset().fingerprint
    picture = next(str(i) for i, s in zip(kept.dataset().ids, kept.dataset().splits, strict=True) if s == "train")
    run(monkeypatch, home, "change", "relabel", picture, "--to", "dog", "--why", "looked", "--by", "Ada")
    run(monkeypatch, home, "goal", "set", "--miss", "dog=20%")
    run(monkeypatch, home, "goal", "set", "--miss", "dog=10%")
    run(monkeypatch, home, "decide", "confirm-label", picture, "--who", "Ada")

    # what was done within one second has no order of its own, so undo until nothing is left
    for _ in range(4):
        run(monkeypatch, home, "undo")
    assert kept.dataset().fingerprint == before
    assert goals_of(kept) is None
    assert not Decisions(kept).standing()
    assert run(monkeypatch, home, "undo", code=2) == {}
    kinds = [event["kind"] for event in run(monkeypatch, home, "history")["events"]]
    assert kinds.count("goal") == 4  # the record stays: two set, two taken back
    assert kinds.count("change") == 2


def test_goals_are_taken_back_one_by_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Workspace.open(home)
    run(monkeypatch, home, "goal", "set", "--miss", "dog=20%")
    run(monkeypatch, home, "goal", "set", "--miss", "dog=10%")
    run(monkeypatch, home, "goal", "clear")
    held = []
    for _ in range(3):
        run(monkeypatch, home, "undo")
        goals = goals_of(kept)
        held.append(None if goals is None else goals.limits[0].most)
    assert held == [0.1, 0.2, None]


def test_a_picture_has_a_trail_of_labels(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Workspace.open(home)
    picture = str(kept.dataset().ids[kept.dataset().splits == "train"][0])
    run(monkeypatch, home, "change", "relabel", picture, "--to", "dog", "--why", "looked", "--by", "Ada")
    run(monkeypatch, home, "change", "undo")
    trail = label_trail(kept, picture)
    assert [(step.label, step.how) for step in trail] == [("cat", "imported"), ("dog", "changed"), ("cat", "changed")]
    assert (trail[1].who, trail[1].why, trail[1].version) == ("Ada", "looked", 2)
    assert len(run(monkeypatch, home, "history", picture)["labels"]) == 3
    run(monkeypatch, home, "history", "nothing.jpg", code=2)


def speaking(case: Any, rows: np.ndarray, name: str) -> Predictions:
    """A model that is right but for some rows."""
    said = case.targets.copy()
    said[rows] = 1 - said[rows]
    return Predictions(name, "1", np.eye(2)[said], said, True)


def test_a_confirmed_finding_is_guarded_for_good(home: Path) -> None:
    kept = Workspace.open(home)
    case = kept.case(Settings())
    tested = np.flatnonzero(case.evaluation)
    odd = tested[:30]
    spoken = frozenset(str(i) for i in case.ids[odd])
    finding = Finding(
        "weak-slices", "Errors gather in odd pictures", Severity("high", 0.5), "", (Evidence("n", 30, "images"),),
        errors=spoken, correct=frozenset(),
    )  # fmt: skip
    assert keep_slice(kept, case, finding) == 30
    few = replace(finding, errors=frozenset(sorted(spoken)[:5]), images=())
    with pytest.raises(NotApplicable, match="speaks of 5"):
        keep_slice(kept, case, few)
    assert kept_slices(kept) == ()
    Decisions(kept).take([about_finding(finding, "confirm", who="Ada", why="real")])
    (guarded,) = kept_slices(kept)
    assert rows_of(case, guarded).tolist() == odd.tolist()
    good, bad = speaking(case, odd[:0], "good"), speaking(case, odd[:20], "bad")
    found = compare_on(case, good, bad, rows_of(case, guarded))
    accuracy = next(m for m in found.measures if m.metric == "accuracy")
    assert (accuracy.n, accuracy.verdict) == (30, "hurts")
    assert accuracy.before == pytest.approx(1)
    assert accuracy.after == pytest.approx(1 / 3)
    Decisions(kept).undo(Decisions(kept).standing()[0].number)
    assert kept_slices(kept) == ()


def test_the_gate_closes_on_a_guarded_slice_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Workspace.open(home)
    case = kept.case(Settings())
    tested = np.flatnonzero(case.evaluation)
    for version, wrong in (("7", tested[40:52]), ("8", tested[:12])):
        said = speaking(case, wrong, "shop")
        kept.save_predictions(case.dataset, replace(said, version=version))
    assert not run(monkeypatch, home, "gate", "--model", "shop@8", "--against", "shop@7")["closed"]
    finding = Finding(
        "weak-slices", "Errors gather in odd pictures", Severity("high", 0.5), "", (Evidence("n", 20, "images"),),
        errors=frozenset(str(i) for i in case.ids[tested[:20]]), correct=frozenset(),
    )  # fmt: skip
    keep_slice(kept, case, finding)
    Decisions(kept).take([about_finding(finding, "confirm", who="", why="")])
    said = run(monkeypatch, home, "gate", "--model", "shop@8", "--against", "shop@7", code=4)
    assert said["closed"]
    assert "On the pictures of “Errors gather in odd pictures” (20 judged): 100.0 % right" in said["reasons"][0]
    assert said["slices"][0]["measure"]["delta"] == pytest.approx(-0.6)
