"""The threshold command: what it prints, and the file it writes for a service."""

import json
from pathlib import Path

import pytest

from app import threshold
from benchmarks.planting.vectors import vector_case
from tools.workspace import Workspace

SIZES = {"cat": 150, "dog": 150}


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, separation: float, *, whole: bool = False) -> Path:
    case = vector_case(SIZES, separation=separation, test_share=0.5)
    monkeypatch.setattr(threshold, "open_case", lambda *_, **__: (Workspace.open(tmp_path / "none"), case))
    export = tmp_path / "thresholds.json"
    threshold.run_threshold(
        {"precision": (0.9,), "recall": None}, classes=[], whole=whole, export=export, version=None,
        group=None, seed=None, workspace=tmp_path, json=None,
    )  # fmt: skip
    return export


def test_thresholds_are_shown_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = json.loads(run(monkeypatch, tmp_path, 2.5).read_text(encoding="utf-8"))
    out = capsys.readouterr().out
    assert "Precision of 90 %: reached for 2 of 2 classes" in out
    assert "highest score" in out
    assert set(written["classes"]) == set(SIZES)
    assert all(0 < found["threshold"] < 1 for found in written["classes"].values())
    assert f"{written['classes']['cat']['threshold']:.2f} (" in out
    assert written["answer_from"] is None


def test_a_goal_out_of_reach_is_said_with_the_best_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = json.loads(run(monkeypatch, tmp_path, 0.1).read_text(encoding="utf-8"))
    out = " ".join(capsys.readouterr().out.split())
    assert "not reached for any class" in out
    assert "best" in out
    assert written["classes"]["cat"]["threshold"] is None
