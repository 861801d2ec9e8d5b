"""change, export and ledger on the command line: words, documents that fit their schemas, files left alone."""

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app import cli, history
from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tests.tools.test_ledger import misfiled
from tests.tools.test_moving import content, kill
from tools.exporting import writers
from tools.workspace import Workspace

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


class Shell:
    """Runs commands in one workspace and reads their documents."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._monkeypatch, self._capsys, self.workspace = monkeypatch, capsys, folder / "ws"

    def run(self, *arguments: object, code: int = 0) -> str:
        """What the command says, both streams."""
        out, err = self._end(arguments, code)
        return " ".join((out + err).split())

    def _end(self, arguments: tuple[object, ...], code: int) -> tuple[str, str]:
        given = ["advisor", *map(str, arguments), "--workspace", str(self.workspace)]
        self._monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = self._capsys.readouterr()
        assert int(end.value.code or 0) == code, out + err
        return out, err

    def json(self, *arguments: object, schema: str = "") -> dict[str, Any]:
        """The command's document, which must fit a schema."""
        document: dict[str, Any] = json.loads(self._end((*arguments, "--json", "-"), 0)[0])
        if schema:
            known = json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8"))
            jsonschema.Draft202012Validator.check_schema(known)
            jsonschema.validate(document, known)
        return document


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    use_means(monkeypatch)
    monkeypatch.setattr(history, "user_name", lambda: "somebody")
    return Shell(monkeypatch, capsys, tmp_path)


@pytest.fixture
def photos(shell: Shell, tmp_path: Path) -> Path:
    root = orchard(tmp_path / "photos", each=6)
    shell.run("import", root)
    return root


@pytest.mark.parametrize(
    "command",
    ["relabel", "remove", "split", "merge", "sheet", "list", "show", "undo", "write"],
)
def test_help_teaches_by_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["advisor", "change", command, "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    shown = capsys.readouterr().out
    assert f"advisor change {command}" in shown
    assert "--workspace" in shown


def test_help_names_every_format(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["advisor", "export", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    shown = capsys.readouterr().out
    assert all(f"{name}:" in shown for name in writers())


def test_relabel_list_show_undo(shell: Shell, photos: Path) -> None:
    before = content(photos)
    said = shell.run("change", "relabel", "train/apple/1.png", "--to", "pear", "--why", "I looked")
    assert "Change 1: 1 picture relabelled (apple → pear) (dataset version 1 → 2)" in said
    assert "No file was touched." in said
    assert "Take it back: advisor change undo 1" in said
    document = shell.json("change", "list", schema="change")
    (entry,) = document["changes"]
    assert (entry["why"], entry["by"], entry["stands"]) == ("I looked", "somebody", True)
    shown = shell.json("change", "show", 1, schema="change")
    assert shown["change"]["edits"] == [{"image": "train/apple/1.png", "before": "apple", "after": "pear"}]
    undone = shell.json("change", "undo", "--by", "me", schema="change")
    assert undone["change"]["undoes"] == 1
    assert "taken back" in shell.run("change", "list")
    assert content(photos) == before
    versions = shell.json("status")["versions"]
    assert [v["change"] for v in versions] == [None, 1, 2]


def test_wrong_use(shell: Shell, photos: Path) -> None:
    assert "one of images, --from, --suggested" in shell.run("change", "relabel", code=2)
    assert "images together with --to CLASS" in shell.run("change", "relabel", "train/apple/1.png", code=2)
    assert "images together with --to CLASS" in shell.run("change", "relabel", "--suggested", "--to", "pear", code=2)
    assert "--new-class" in shell.run("change", "relabel", "train/apple/1.png", "--to", "peer", code=2)
    assert "--test-too" in shell.run("change", "relabel", "test/apple/1.png", "--to", "pear", code=2)
    assert "number of a change" in shell.run("change", "show", 7, code=2)
    assert "advisor change list" in shell.run("change", "undo", code=2)
    assert "Saw: none" in shell.run("change", "relabel", "--suggested", code=2)
    assert "Saw: none" in shell.run("change", "sheet", photos.parent / "s.csv", code=2)
    assert shell.json("change", "list")["headline"] == "Nothing was changed yet"


def test_test_pictures_change_only_when_asked_and_it_is_said_what_that_means(shell: Shell, photos: Path) -> None:
    said = shell.run("change", "relabel", "test/apple/1.png", "--to", "pear", "--test-too")
    assert "1 of these are test pictures. They are the ruler" in said


def test_a_merge_and_a_rename(shell: Shell, photos: Path) -> None:
    assert "apple and pear merged as pome (24 pictures)" in shell.run(
        "change", "merge", "apple", "pear", "--as", "pome"
    )
    assert "plum renamed to prune" in shell.run("change", "merge", "plum", "--as", "prune")
    assert shell.json("status")["dataset"]["classes"] == {"pome": 24, "prune": 12}


def test_duplicates_and_contradictions(shell: Shell, tmp_path: Path) -> None:
    root = orchard(tmp_path / "photos", each=6)
    first = (root / "train" / "apple" / "0.png").read_bytes()
    (root / "train" / "apple" / "copy.png").write_bytes(first)
    (root / "train" / "pear" / "wrong.png").write_bytes((root / "train" / "plum" / "0.png").read_bytes())
    shell.run("import", root)
    document = shell.json("change", "remove", "--suggested", "duplicates", schema="change")
    assert [e["image"] for e in document["change"]["edits"]] == ["train/apple/copy.png"]
    assert any("unlike labels" in note for note in document["notes"])
    document = shell.json("change", "remove", "--suggested", "contradictions", schema="change")
    assert {e["image"] for e in document["change"]["edits"]} == {"train/pear/wrong.png", "train/plum/0.png"}


def test_a_sheet_that_a_person_filled_in(shell: Shell, tmp_path: Path) -> None:
    truth = misfiled(tmp_path / "photos", each=30, wrong=4)
    shell.run("import", tmp_path / "photos")
    sheet = tmp_path / "sheet.csv"
    assert "12 pictures to decide about" in shell.run("change", "sheet", sheet)
    with sheet.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"]: row["suggested"] for row in rows} == truth
    for number, row in enumerate(rows):
        row["decision"] = ("accept", "reject", "")[number % 3]
    with sheet.open("w", newline="", encoding="utf-16") as file:  # as a spreadsheet saves it
        table = csv.DictWriter(file, list(rows[0]), delimiter=";")
        table.writeheader()
        table.writerows(rows)
    said = shell.run("change", "relabel", "--from", sheet, "--why", "reviewed")
    assert "4 pictures relabelled" in said
    assert "4 labels confirmed" in said
    assert "4 pictures without a decision stay as they are" in said
    again = tmp_path / "again.csv"
    assert "4 pictures to decide about" in shell.run("change", "sheet", again)
    assert "4 pictures whose label a person confirmed" in shell.run("change", "relabel", "--suggested")


def test_files_move_only_after_a_dry_run_and_a_yes(shell: Shell, photos: Path) -> None:
    before = content(photos)
    said = shell.run("change", "remove", "train/apple/1.png", "--write")
    assert "1 file to be moved" in said
    assert ".left-out-by-advisor/train/apple/1.png" in said
    assert "Nothing was moved; to move these files, add --yes" in said
    assert content(photos) == before
    planned = shell.json("change", "write", schema="change")
    assert planned["written"] is False
    assert planned["moves"][0]["left_out"] is True
    assert "Change 2: 1 file moved" in shell.run("change", "write", "--yes")
    assert not (photos / "train" / "apple" / "1.png").exists()
    assert "say so already" in shell.run("change", "write", code=2)
    assert "--write" in shell.run("change", "undo", code=2)
    assert "add --yes" in shell.run("change", "undo", "--write")
    shell.run("change", "undo", "--write", "--yes")
    assert content(photos) == before
    shell.run("change", "undo", 1)
    assert shell.json("status")["dataset"]["images"] == 36


def test_undo_and_write_in_one_go(shell: Shell, photos: Path) -> None:
    before = content(photos)
    shell.run("change", "relabel", "train/apple/1.png", "--to", "plum")
    assert "The files say so already" in shell.run("change", "undo", "--write", "--yes")
    assert content(photos) == before


def test_an_interrupted_run_is_finished_or_taken_back(shell: Shell, photos: Path) -> None:
    before = content(photos)
    shell.run("change", "relabel", "train/apple/1.png", "train/apple/2.png", "--to", "plum")
    kill(shell.workspace, 2, "link")
    assert "advisor change write" in shell.run("import", photos, code=2)
    assert "1 file of an interrupted run moved back" in shell.run("change", "undo", "--write")
    assert content(photos) == before
    kill(shell.workspace, 2, "link")
    assert "An interrupted run was finished" in shell.run("change", "write")
    assert len([p for p in content(photos) if p.startswith("train/plum/")]) == 8


def test_an_import_says_what_became_of_the_changes(shell: Shell, photos: Path) -> None:
    shell.run("change", "relabel", "train/apple/1.png", "train/apple/2.png", "--to", "pear")
    (photos / "train" / "apple" / "1.png").rename(photos / "train" / "plum" / "was_apple.png")
    picture(photos / "train" / "plum" / "new.png", 99, COLOURS["plum"])
    said = shell.run("import", photos)
    assert "Accepted changes made again on what the files say: 1 label, 0 pictures left out" in said
    assert "1 file with a new label of its own, which stands" in said
    assert "train/apple/1.png plum 1 pear" in said
    document = shell.json("import", photos)
    assert document["replayed"] is None  # nothing is new
    assert "made again" in shell.run("change", "list")


def test_export(shell: Shell, photos: Path, tmp_path: Path) -> None:
    shell.run("change", "remove", "train/apple/1.png")
    document = shell.json("export", tmp_path / "keep.txt", "--format", "keep-list")
    assert document["export"]["images"] == 35
    assert len((tmp_path / "keep.txt").read_text().splitlines()) == 35
    assert "35 pictures of dataset version 2 written" in shell.run("export", tmp_path / "out", "--format", "folder")
    assert "is there already" in shell.run("export", tmp_path / "out", "--format", "folder", code=2)
    assert "--link with --format folder" in shell.run("export", tmp_path / "x.csv", "--link", code=2)
    assert "csv, folder, keep-list" in shell.run("export", tmp_path / "y", "--format", "coco", code=2)


def test_the_ledger(shell: Shell, tmp_path: Path) -> None:
    misfiled(tmp_path / "photos", each=30, wrong=4)
    shell.run("import", tmp_path / "photos")
    assert "No advice was given yet: run advisor audit" in shell.run("ledger")
    shell.json("ledger", schema="ledger")
    shell.run("audit", "--check", "wrong-labels", "--check", "image-quantity")
    assert "nothing followed yet" in shell.run("ledger")
    shell.json("ledger", schema="ledger")
    shell.run("change", "relabel", "--suggested")
    said = shell.run("ledger")
    assert "Fully followed: 12 of 12 relabelled" in said
    assert "Measured change inside the promised interval: " in said
    document = shell.json("ledger", schema="ledger")
    assert document["track_record"]["followed"] == 1
    relabel = next(e for e in document["entries"] if e["action"] == "relabel")
    assert relabel["followed"] == {"extent": "fully", "done": 12, "of": 12, "words": "12 of 12 relabelled"}
    assert relabel["measured"]["n"] == 90
    remove = next(e for e in document["entries"] if e["action"] == "remove")
    assert remove["followed"]["words"] == "0 of 12 taken out, 12 relabelled instead"
    assert remove["measured"] is None
    assert document["steps"][0]["measured"]["n"] == 90


def test_asking_enters_advice_too(shell: Shell, tmp_path: Path) -> None:
    misfiled(tmp_path / "photos", each=30, wrong=4)
    shell.run("import", tmp_path / "photos")
    shell.run("ask", "which labels are wrong?")
    assert {e["by"] for e in shell.json("ledger", schema="ledger")["entries"]} == {"ask"}


def test_names_that_try_to_be_something_else(shell: Shell, small_workspace: Path, tmp_path: Path) -> None:
    shell.workspace = tmp_path / "copy"
    shutil.copytree(small_workspace, shell.workspace)
    image = next(i for i in Workspace.open(shell.workspace).dataset().ids.tolist() if i.startswith("train/0/"))
    said = shell.run("change", "relabel", image, "--to", "Lemon", "--why", "a\x1b[31mb")
    assert "\u202e" not in said
    assert "\x1b" not in said
    assert "\\u202e" in said
