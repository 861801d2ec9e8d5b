"""advisor inbox on the command line: its words, its documents, and the report that looks into the watched folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app import cli, history
from tests.app.test_change import Shell
from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tools.inbox import Inbox
from tools.workspace import Workspace


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    use_means(monkeypatch)
    monkeypatch.setattr(history, "user_name", lambda: "somebody")
    found = Shell(monkeypatch, capsys, tmp_path)
    found.run("import", orchard(tmp_path / "photos", each=8))
    return found


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    """Two of each kind, one called like an attack on a terminal; predictions beside them."""
    folder = tmp_path / "arrived"
    for kind, (name, colour) in enumerate(COLOURS.items()):
        for number in range(2):
            picture(folder / f"{name}{number}.png", 9000 + 10 * kind + number, colour)
    (folder / "plum1.png").rename(folder / "=cmd\x1b[31m<b>.png")
    rows = "".join(f"{name}0.png,{name},0.8\n" for name in COLOURS)
    (folder / "shop@7.csv").write_text(f"id,pred,score\n{rows}")
    return folder


def test_a_round_from_arrival_to_label_and_back(shell: Shell, arrived: Path, tmp_path: Path) -> None:
    told = shell.run("inbox", "add", arrived / "shop@7.csv")
    assert "6 pictures came in; 6 wait to be labelled" in told
    assert "Predictions: 3 kept" in told
    told = shell.run("inbox", "add", arrived, "--set", "camera=3")
    assert "0 pictures came in; 6 wait" in told
    assert "6 in the inbox already" in told
    listed = shell.json("inbox", "list", schema="inbox")
    assert listed["inbox"] == {
        "waiting": 6, "skipped": 0, "rejected": 0, "labelled": 0, "models": [{"name": "shop@7", "pictures": 3}]
    }  # fmt: skip
    assert "\x1b[31m" not in shell.run("inbox", "list")
    ranked = shell.json("inbox", "rank", "--order", "uncertainty", schema="inbox")
    assert len(ranked["pictures"]) == 6
    assert "plum 0." in shell.run("inbox", "rank", "--order", "unlike")
    sheet = tmp_path / "sheet.csv"
    assert shell.json("inbox", "sheet", sheet, "--order", "newest", schema="inbox")["sheet"] == str(sheet)
    lines = sheet.read_text("utf-8-sig").splitlines()
    words = {"apple0.png": "apple", "apple1.png": "reject", "pear0.png": "skip"}
    for number, line in enumerate(lines):
        word = next((word for name, word in words.items() if name in line), "")
        lines[number] = line.removesuffix('""') + f'"{word}"' if line.endswith('""') else line
    sheet.write_text("\n".join(lines))
    done = shell.json("inbox", "label", "--from", sheet, "--why", "looked", schema="inbox")
    assert done["change"]["kind"] == "append"
    assert done["change"]["why"] == "looked"
    assert (done["skipped"], done["rejected"]) == (1, 1)
    assert done["inbox"]["waiting"] == 3
    told = shell.run("inbox", "label", "plum0.png", "--as", "plum", "--split", "test", "--set", "camera=3")
    assert "test pictures from now on" in told
    assert "advisor change undo 2" in told
    data = Workspace.open(shell.workspace).dataset()
    assert data.metadata["camera"].tolist().count("3") == 1
    shell.run("change", "undo")
    assert shell.json("inbox", "list")["inbox"]["waiting"] == 3
    events = json.dumps(shell.json("history"))
    assert "6 pictures came into the inbox" in events
    assert "advisor inbox restore" in events


def test_decisions(shell: Shell, arrived: Path) -> None:
    shell.run("inbox", "add", arrived)
    told = shell.run("inbox", "reject", "apple0.png", "--why", "a thumb")
    assert "1 picture rejected" in told
    assert "inbox restore" in told
    rejected = shell.json("inbox", "list", "--rejected", schema="inbox")["pictures"]
    assert [(p["why"], p["who"], p["state"]) for p in rejected] == [("a thumb", "somebody", "rejected")]
    assert "1 rejected before" in shell.run("inbox", "add", arrived)
    assert shell.json("inbox", "restore", rejected[0]["sha256"][:8], schema="inbox")["inbox"]["waiting"] == 6


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("label", "apple0.png"), "pictures with --as CLASS, or --from FILE"),
        (("label", "apple0.png", "--as", "kiwi"), "kiwi"),
        (("label", "no.png", "--as", "apple"), "no.png"),
        (("add", "nowhere"), "nothing at nowhere"),
        (("add", "photos", "--set", "camera"), "COLUMN=VALUE"),
        (("rank", "--model", "shop@9"), "shop@9"),
        (("watch",), "none is remembered"),
        (("sheet", "s.csv"), "none that wait"),
        (("compare",), "pictures in the inbox"),
    ],
)
def test_wrong_use(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in shell.run("inbox", *arguments, code=2)


def test_a_new_class_is_asked_for(shell: Shell, arrived: Path) -> None:
    shell.run("inbox", "add", arrived)
    told = shell.run("inbox", "label", "apple0.png", "--as", "kiwi", "--new-class")
    assert "New here: kiwi" in told
    assert "kiwi" in Workspace.open(shell.workspace).dataset().classes


def test_added_pictures_are_shown_exported_and_opened(shell: Shell, arrived: Path, tmp_path: Path) -> None:
    shell.run("inbox", "add", arrived)
    shell.run("inbox", "label", "apple0.png", "--as", "apple")
    shell.run("export", tmp_path / "out", "--format", "folder")
    assert (tmp_path / "out" / "train" / "apple" / "apple0.png").read_bytes() == (arrived / "apple0.png").read_bytes()
    told = shell.run("export", tmp_path / "photos" / "out.csv")
    assert "1 picture from the inbox is not in it" in told
    assert ".inbox" not in (tmp_path / "photos" / "out.csv").read_text()
    before = Workspace.open(shell.workspace).dataset()
    shell.run("import", tmp_path / "photos" / "out.csv")
    assert Workspace.open(shell.workspace).dataset().fingerprint == before.fingerprint
    told = shell.run("export", tmp_path / "keep.txt", "--format", "keep-list")
    assert "1 picture from the inbox is not in it" in told
    shell.run("audit", "--try", "0", "--check", "image-quality")


def watched(shell: Shell, folder: Path, *options: str) -> dict[str, Any]:
    return shell.json("inbox", "watch", folder, "--once", "--settle", "0", *options, schema="inbox")


def test_a_watched_folder_is_looked_into_before_a_report(shell: Shell, arrived: Path, tmp_path: Path) -> None:
    camera = tmp_path / "camera"
    (camera / "new").mkdir(parents=True)
    found = watched(shell, camera, "--remember")
    assert found["arrived"]["new"] == 0
    shutil.copytree(arrived, camera / "new" / "day")
    (camera / "new" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    report = shell.json("report", "--out", tmp_path / "reports", "--try", "0", "--format", "json")
    sections = {s["id"]: [t["text"] for t in s["sentences"]] for s in report["sections"]}
    assert "6 new pictures" in sections["watched"][0]
    assert "1 files refused" in sections["watched"][0]
    assert sections["production"][0] == "Production pictures that came in so far: 6; waiting to be labelled: 6."
    assert "Unlike anything seen in training" in sections["production"][1]
    known = json.loads((Path(__file__).resolve().parents[2] / "docs/schemas/report.schema.json").read_text("utf-8"))
    plain = {k: v for k, v in report.items() if k not in ("files", "not_written")}
    jsonschema.validate(plain, known)
    assert len(Inbox(Workspace.open(shell.workspace)).pictures()) == 6


def test_a_folder_that_is_gone_is_told_in_the_report(shell: Shell, tmp_path: Path) -> None:
    camera = tmp_path / "camera"
    camera.mkdir()
    watched(shell, camera, "--remember")
    shutil.rmtree(camera)
    report = shell.json("report", "--out", tmp_path / "reports", "--try", "0", "--format", "json")
    failed = {f["step"]: f["error"] for f in report["failed"]}
    assert "a folder to watch" in failed["watched"]
    assert "failed" in report["headline"]
    assert shell.json("inbox", "watch", "--forget", schema="inbox")["watched"] is None
    again = shell.json("report", "--out", tmp_path / "reports", "--try", "0", "--format", "json")
    assert "watched" not in {f["step"] for f in again["failed"]}


def test_watching_goes_on_after_a_fault_and_ends_with_ctrl_c(
    shell: Shell, arrived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = tmp_path / "camera"
    camera.mkdir()
    rounds = iter(["gone", "back", "stop"])

    def nap(_: float) -> None:
        match next(rounds):
            case "gone":
                shutil.rmtree(camera)
            case "back":
                shutil.copytree(arrived, camera / "new")
            case "stop":
                raise KeyboardInterrupt

    monkeypatch.setattr("app.inbox_watching.time.sleep", nap)
    monkeypatch.setattr(
        sys, "argv",
        ["advisor", "inbox", "watch", str(camera), "--settle", "0", "--workspace", str(shell.workspace)],
    )  # fmt: skip
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    out, err = capsys.readouterr()
    assert "6 pictures came in" in out
    assert "a folder to watch" in err
