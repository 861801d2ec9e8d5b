"""The commands that keep a workspace in order, as people and scripts run them."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app import cli
from tests.tools.accepted import SETTINGS
from tests.tools.coloured import orchard, use_means
from tools.importing import import_dataset
from tools.workspace import Workspace


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_means(monkeypatch)
    import_dataset(Workspace.open(tmp_path / "ws"), orchard(tmp_path / "photos"), SETTINGS)
    return tmp_path / "ws"


def run(monkeypatch: pytest.MonkeyPatch, place: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    document = place.parent / "out.json"
    document.unlink(missing_ok=True)
    line = ["advisor", *map(str, arguments), "--workspace", str(place), "--json", str(document)]
    monkeypatch.setattr(sys, "argv", line)
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(document.read_text()) if document.exists() else {}


def test_forget_asks_and_says_what_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(monkeypatch, place, "forget", "train/apple/*", "--dry-run")
    assert (code, document["pictures"], document["forgotten"]) == (0, 4, False)
    code, document = run(monkeypatch, place, "forget", "train/apple/*")
    assert (code, document) == (2, {})
    said = capsys.readouterr()
    assert "cannot be taken back" in said.err
    assert "backups made before, still hold them" in said.out
    listed = place.parent / "ids.csv"
    listed.write_text("id,why\ntrain/apple/1.png,x\n")
    code, document = run(monkeypatch, place, "forget", "--from", listed, "--yes", "--who", "Ada", "--delete-files")
    assert (code, document["headline"], document["cleared"]) == (0, "1 picture forgotten; 23 stay", True)
    assert not (place.parent / "photos/train/apple/1.png").exists()
    code, document = run(monkeypatch, place, "history")
    assert [(e["text"], e["who"], e["undo"]) for e in document["events"] if e["kind"] == "forget"] == [
        ("1 picture forgotten", "Ada", "")
    ]
    assert run(monkeypatch, place, "forget")[0] == 2
    assert run(monkeypatch, place, "forget", "x", "--from", listed)[0] == 2


def test_forget_takes_a_yes_from_a_person(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.keep.interactive", lambda: True)
    answers = iter(["n", "y"])
    monkeypatch.setattr("builtins.input", lambda *_: next(answers))
    assert run(monkeypatch, place, "forget", "train/apple/1.png")[0] == 2
    assert len(Workspace.open(place).dataset()) == 24
    assert run(monkeypatch, place, "forget", "train/apple/1.png")[0] == 0
    assert len(Workspace.open(place).dataset()) == 23


def test_backup_restore_relink_gc(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target, other = place.parent / "b.zip", place.parent / "other"
    assert run(monkeypatch, place, "backup", target)[0] == 0
    assert run(monkeypatch, place, "backup", target)[0] == 2
    shutil.move(place.parent / "photos", place.parent / "moved")
    code, document = run(monkeypatch, other, "restore", target)
    assert (code, document["images"], document["pictures_there"]) == (0, 24, False)
    assert "advisor relink NEW_ROOT" in capsys.readouterr().out
    code, document = run(monkeypatch, other, "relink", place.parent / "moved")
    assert (code, document["same"], document["missing"]) == (0, 24, [])
    code, document = run(monkeypatch, other, "gc", "--dry-run")
    assert (code, document["removed"]) == (0, 0)
    assert {"vectors", "arrays", "records"} <= {k["kind"] for k in document["kinds"]}
    assert run(monkeypatch, other, "restore", target)[0] == 2


def test_export_scores_beside_the_formats(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.audit.run_checks", lambda *_, **__: ())
    target = place.parent / "scores.csv"
    code, document = run(monkeypatch, place, "export", "scores", target)
    assert (code, document["scores"]["images"]) == (0, 24)
    assert target.read_text().startswith("id,sha256,split,label,")
    assert run(monkeypatch, place, "export", "scores", target)[0] == 2  # nothing is overwritten
    assert run(monkeypatch, place, "export", "scores", place.parent / "s.parquet", "--format", "folder")[0] == 2
    assert run(monkeypatch, place, "export", "labels", place.parent / "s.csv")[0] == 2
    code, document = run(monkeypatch, place, "export", place.parent / "labels.csv")
    assert (code, document["export"]["format"]) == (0, "csv")


@pytest.mark.parametrize("command", ["forget", "relink", "backup", "restore", "gc", "fetch custom-vision"])
def test_help_teaches_by_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["advisor", *command.split(), "--help"])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"advisor {command}" in shown
