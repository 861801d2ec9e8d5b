import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli

HEAVY = ("torch", "faiss", "streamlit", "langgraph", "pandas", "onnxruntime", "numpy", "scipy", "PIL", "plotly")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["advisor", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['advisor', *sys.argv[1:]]\n"
        "from app.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        f"print('heavy:', [name for name in {HEAVY} if name in sys.modules])"
    )
    for command in (
        [],
        ["import"],
        ["audit"],
        ["ask"],
        ["experiment", "run"],
        ["search"],
        ["status"],
        ["app"],
        ["demo"],
    ):
        out = subprocess.run(
            [sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True, check=True, timeout=60
        )

        assert "heavy: []" in out.stdout
        assert out.stderr == ""
        assert "advisor" in out.stdout


@pytest.mark.parametrize(
    "command",
    [
        "import",
        "audit",
        "ask",
        "experiment list",
        "experiment run",
        "search",
        "threshold",
        "predict",
        "predictions add",
        "status",
        "app",
        "demo",
    ],
)
def test_help_teaches_by_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *command.split(), "--help") == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"advisor {command}" in shown
    assert "--workspace" in shown


def test_exit_codes_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in ("0 done", "1 internal failure", "2 wrong use", "3 `audit --fail-on`"):
        assert words in text


def test_wrong_use_exits_with_2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, "nonsense") == 2
    assert run(monkeypatch, "audit", "--nonsense") == 2
    assert run(monkeypatch, "app", "--port", "99999") == 2
    assert run(monkeypatch, "ask", "  ", "--workspace", str(tmp_path)) == 2


@pytest.mark.parametrize("command", [["audit"], ["status"], ["ask", "why?"], ["experiment", "list"]])
def test_an_empty_workspace_is_one_message(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, *command, "--workspace", str(tmp_path / "none")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(":")[0] for line in err.splitlines()] == ["Expected", "Saw", "To do"]
    assert not (tmp_path / "none").exists()


def test_status_as_json(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "status", "--workspace", str(own_workspace), "--json", "-") == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["dataset"]["images"] == 90
    assert document["versions"][0]["version"] == 1
    assert document["subject"] == "baseline"
    assert {"schema_version", "case", "encoder", "seed", "headline"} <= document.keys()
    assert "Images per class" in err


def test_audit_prints_every_outcome_and_writes_the_same_as_json(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "audit.json"
    assert run(monkeypatch, "audit", "--workspace", str(own_workspace), "--json", str(file)) == 0
    shown = capsys.readouterr().out
    document = json.loads(file.read_text())
    for outcome in document["outcomes"]:
        assert outcome["status"] in {"found", "passed", "not_applicable", "failed"}
        assert outcome["code"] in shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_fail_on_decides_the_exit_code(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["audit", "--workspace", str(own_workspace), "--check", "image-quantity", "--json", "-"]
    assert run(monkeypatch, *base, "--fail-on", "low") == 3
    document = json.loads(capsys.readouterr().out)
    levels = {f["severity"]["level"] for o in document["outcomes"] for f in o["findings"]}
    assert levels
    if "high" not in levels:
        assert run(monkeypatch, *base, "--fail-on", "high") == 0


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["audit", "--check", "no-such"], "no-such"),
        (["audit", "--class", "Limes"], "Limes"),
        (["audit", "--group", "camera"], "camera"),
        (["experiment", "run", "no-such"], "no-such"),
        (["predict", "no-such.jpg"], "no-such.jpg"),
        (["threshold"], "none"),
        (["threshold", "--precision", "0.9", "--recall", "0.9"], "--precision and --recall"),
        (["threshold", "--precision", "95"], "precision 95"),
        (["threshold", "--precision", "0.9"], "60 judged pictures"),
        (["search", "--picture", "no-such.jpg"], "no-such.jpg"),
        (["search", "a hand"], "text tower"),
        (["search", "a hand", "--picture", "x.jpg"], "both"),
        (["search"], "neither"),
        (["experiment", "run", "relabel", "--argument", "nonsense"], "nonsense"),
        (["status", "--json", "/no/such/folder/x.json"], "/no/such/folder"),
    ],
)
def test_unknown_names_are_answered_with_what_there_is(
    arguments: list[str],
    seen: str,
    own_workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, *arguments, "--workspace", str(own_workspace)) == 2
    err = capsys.readouterr().err
    assert "Expected:" in err
    assert seen in err.split("Saw:")[1]
    assert "To do:" in err
    assert "Traceback" not in err


def test_experiments_are_listed_and_run(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--workspace", str(own_workspace), "--json", "-"]
    assert run(monkeypatch, "experiment", "list", *base) == 0
    listed = json.loads(capsys.readouterr().out)["experiments"]
    assert {"relabel", "merge-classes"} <= {entry["kind"] for entry in listed}
    assert run(monkeypatch, "experiment", "run", "merge-classes", "--pair", "Lemon", "Lime", *base) == 0
    out, err = capsys.readouterr()
    experiment = json.loads(out)["experiment"]
    assert experiment["arguments"] == {"pair": "Lemon|Lime"}
    assert experiment["verdict"] in {"helps", "hurts", "no_effect", "cannot_tell"}
    assert "balanced accuracy" in err


def test_pictures_like_one_are_found(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--workspace", str(own_workspace), "--json", "-"]
    assert run(monkeypatch, "search", "--picture", "*img*_05\u202e.png", "--most", "5", *base) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert len(document["found"]) == 5
    assert all(found["class"].startswith("Kiwi") for found in document["found"])
    assert "\u202e" not in err
    assert document["present"] is None


def test_leave_to_download_is_the_users_and_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "photos" / "a").mkdir(parents=True)
    seen: list[tuple[bool, str | None]] = []

    def spied(*_: object, fetching: object = None, **__: object) -> None:
        seen.append((fetching is not None, os.environ.get("HF_HUB_OFFLINE")))
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.importing.import_dataset", spied)
    for options in ([], ["--download"]):
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        assert (
            run(monkeypatch, "import", str(tmp_path / "photos"), "--workspace", str(tmp_path / "ws"), *options) == 130
        )
    assert seen == [(False, "1"), (True, None)]


def test_own_vectors_need_no_encoder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ["--encoder", "embedded", "--embeddings", "x.npz", "--workspace", str(tmp_path / "ws")]
    assert run(monkeypatch, "import", str(tmp_path), *asked) == 2
    assert "either --encoder or --embeddings" in capsys.readouterr().err
    assert run(monkeypatch, "import", str(tmp_path), "--embeddings", "x.npz", "--workspace", str(tmp_path / "ws")) == 2
    assert "a file of vectors" in capsys.readouterr().err


def test_a_fault_of_ours_is_one_line_and_a_file(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("planted \x1b[31m")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("app.status.status_document", broken)
    assert run(monkeypatch, "status", "--workspace", str(own_workspace)) == 1
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert err.startswith("Internal failure: ZeroDivisionError: planted \\x1b[31m.")
    (log,) = tmp_path.glob("advisor-*.log")
    assert str(log) in err
    assert "ZeroDivisionError: planted" in log.read_text()


def test_import_of_a_folder_that_does_not_exist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    assert run(monkeypatch, "import", str(tmp_path / "none"), "--workspace", str(workspace)) == 2
    assert "does not exist" in capsys.readouterr().err
    assert not workspace.exists()
