"""The commands retrain and versions, as a user runs them; one training is killed for real."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.retrain import read_change
from app.terminal import WrongUse
from benchmarks.planting.swapped_background import swapped_case

RUN = CliRunner()
FINE = ("retrain", "--tier", "fine-tune", "--blocks", "1", "--epochs", "3", "--batch", "8", "--patience", "3")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 drawn pictures in class folders, imported with the embedded encoder."""
    folder = tmp_path_factory.mktemp("retrain")
    (folder / "flat").mkdir()
    case = swapped_case(folder / "flat", agreement=0.7, each=8)
    for image, split, number in zip(case.ids, case.dataset.splits, case.targets, strict=True):
        to = folder / "photos" / str(split) / case.classes[number]
        to.mkdir(parents=True, exist_ok=True)
        (folder / "flat" / str(image)).rename(to / str(image))
    done = RUN.invoke(
        app, ["import", str(folder / "photos"), "--workspace", str(folder / "ws"), "--encoder", "embedded"]
    )
    assert done.exit_code == 0, done.output
    return folder / "ws"


def asked(workspace: Path, *words: str) -> Mapping[str, object]:
    done = RUN.invoke(app, [*words, "--workspace", str(workspace), "--json", "-"])
    assert done.exit_code == 0, done.output
    found: Mapping[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_a_training_killed_for_real_goes_on(workspace: Path) -> None:
    code = "from app.cli import main; main()"
    words = [sys.executable, "-c", code, *FINE, "--workspace", str(workspace)]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(workspace.glob("runs/*/checkpoint.pt")):
        assert running.poll() is None, "it ended before a checkpoint was seen"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert asked(workspace, "versions", "list")["versions"] == []
    done = asked(workspace, "retrain", "--resume")
    notes = done["version"]["notes"]  # type: ignore[index]
    assert any("resumed after 1 epochs" in note or "resumed after 2 epochs" in note for note in notes)
    assert not [left for left in workspace.glob("runs/*") if left.is_dir()]


@pytest.mark.slow
def test_a_life_of_versions(workspace: Path, tmp_path: Path) -> None:
    first = asked(workspace, "retrain")
    number = first["version"]["number"]  # type: ignore[index]
    again = asked(workspace, "retrain")
    assert again["already"]
    assert "was there already" in str(again["headline"])
    second = asked(workspace, "retrain", "--with", "augment:how=light")
    assert second["comparison"]["first"] == f"version {number}"  # type: ignore[index]
    assert "interval" in second["comparison"]["sentence"]  # type: ignore[index]
    asked(workspace, "versions", "publish", str(number))
    listed = asked(workspace, "versions", "list")["versions"]
    marks = {v["number"]: (v["in_use"], v["published"]) for v in listed}  # type: ignore[attr-defined]
    assert marks[number] == (False, True)
    assert marks[number + 1] == (True, False)
    asked(workspace, "versions", "restore", str(number))
    exported = asked(workspace, "versions", "export", str(number), "--to", str(tmp_path / "out"))
    assert "model.onnx" in exported["files"]  # type: ignore[operator]
    picture = next(workspace.parent.rglob("photos/test/apples/*.png"))
    said = asked(workspace, "predict", str(picture))
    assert said["speaker"] == f"version {number}"
    assert asked(workspace, "predict", str(picture), "--version", "0")["speaker"] == "baseline"


@pytest.mark.parametrize(
    ("words", "todo"),
    [
        (("retrain", "--blocks", "2"), "Add --tier fine-tune"),
        (("retrain", "--tier", "command"), "--command"),
        (("retrain", "--with", "nonsense"), "experiment list"),
        (("retrain", "--resume"), "advisor retrain"),
        (("versions", "restore", "99"), "Name one of these"),
        (("versions", "compare", "98", "99"), "Name one of these"),
        (("predict", ".", "--version", "99"), "Name one of these"),
        (("threshold", "--f-beta", "1", "--version", "99"), "Name one of these"),
    ],
)
def test_wrong_use_is_said(workspace: Path, words: tuple[str, ...], todo: str) -> None:
    asked(workspace, "retrain")
    done = RUN.invoke(app, [*words, "--workspace", str(workspace)])
    assert done.exit_code != 0
    assert done.exception is not None
    assert todo in str(done.exception)


def test_resume_takes_no_settings_and_discard_says_what_went(workspace: Path) -> None:
    done = RUN.invoke(app, ["retrain", "--resume", "--with", "relabel", "--workspace", str(workspace)])
    assert isinstance(done.exception, WrongUse)
    assert "settings it was started with" in str(done.exception)
    gone = asked(workspace, "retrain", "--discard")
    assert (gone["forgotten"], gone["headline"]) == (0, "Forgotten: 0 unfinished trainings")


def test_changes_on_the_command_line() -> None:
    assert read_change("split-class:class=a:b=c") == ("split-class", (("class", "a:b=c"),))
    with pytest.raises(WrongUse, match="KIND or KIND:NAME=VALUE"):
        read_change("relabel:oops")


def test_models_that_were_given_are_listed_and_compared(workspace: Path, tmp_path: Path) -> None:
    asked(workspace, "retrain")
    names = [p.relative_to(workspace.parent / "photos") for p in workspace.parent.rglob("photos/test/*/*.png")]
    for version, wrong in (("7", 3), ("8", 0)):
        rows = [
            f"{name.as_posix()},{'apples' if (name.parts[1] == 'apples') != (at < wrong) else 'citrus'},0.9"
            for at, name in enumerate(names)
        ]
        file = tmp_path / f"{version}.csv"
        file.write_text("\n".join(["id,pred,score", *rows]), encoding="utf-8")
        more = ("--production",) if version == "7" else ()
        asked(workspace, "predictions", "add", str(file), "--model", "shop", "--version", version, *more)
    models = asked(workspace, "predictions", "list")["models"]
    assert [(m["name"], m["serves"], m["explained"]) for m in models] == [  # type: ignore[attr-defined]
        ("shop@8", False, True), ("shop@7", True, False),
    ]  # fmt: skip
    found = asked(workspace, "versions", "compare", "shop@7", "shop")["comparison"]
    assert (len(found["better"]), len(found["worse"])) == (3, 0)  # type: ignore[index]
    assert "shop@8 against shop@7" in found["sentence"]  # type: ignore[index]
