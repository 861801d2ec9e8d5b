"""advisor split and advisor shoot on the command line: words, documents that fit their schemas, pages that are safe."""

import csv
import re
from pathlib import Path

import pytest

from app import history, shoot, shoot_list
from app.shoot_list import list_blocks, list_csv
from app.shoot_pages import list_page
from tests.app.test_change import Shell
from tests.tools.coloured import COLOURS, picture, use_means
from tools import ladder
from tools.registry import NotApplicable
from tools.settings import Settings
from tools.workspace import Workspace


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    use_means(monkeypatch)
    for module in (history, shoot, shoot_list):
        monkeypatch.setattr(module, "user_name", lambda: "somebody")
    monkeypatch.setattr(ladder, "backgrounds_of", no_backgrounds)
    return Shell(monkeypatch, capsys, tmp_path)


def no_backgrounds(*_: object) -> None:
    """The encoder of colours does not tell what is in front."""
    raise NotApplicable("this encoder has no saliency")


def stall(root: Path, each: int = 24) -> Path:
    """Apples and pears; the border of most apples is dark and of most pears bright, and some of either are alike."""
    for kind, name in enumerate(("apple", "pear")):
        for number in range(each):
            usual = number % 6 != 0
            draw(root / "train" / name / f"{number}.png", kind, usual, 100 * kind + number)
        for number in range(each):
            draw(root / "test" / name / f"{number}.png", kind, number % 2 == 0, 1000 + 100 * kind + number)
    return root


def draw(path: Path, kind: int, usual: bool, seed: int) -> None:
    """A fruit whose setting (all of the picture's light) usually says what it is, and whose own colour hardly does."""
    bright = (kind == 1) == usual
    level = 150 if bright else 90
    tint = (level + (9 if kind == 0 else -9), level, level + 20)
    picture(path, seed, tint)


def test_a_test_set_is_proposed_locked_and_given_back(shell: Shell, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    for kind, (name, colour) in enumerate(COLOURS.items()):
        for number in range(10):
            picture(root / name / f"{number}.png", 100 * kind + number, colour, size=63)
    shell.run("import", root)
    said = shell.run("split")
    assert "of balanced accuracy would be seen with 80 %" in said
    assert "photograph new objects for the test set: apple ×" in said
    document = shell.json("split", "--size", 9, "--accept", "--why", "first", schema="split")
    held = document["proposal"]["images"]
    assert document["accepted"]
    assert document["change"]["kind"] == "lock"
    assert [e["image"] for e in document["change"]["edits"]] == held
    assert "test set of" in shell.run("history")
    (root / "pear" / "copy.png").write_bytes((root / held[0]).read_bytes())
    assert "1 copy of locked test pictures left out" in shell.run("import", root)
    assert "They are the ruler" in shell.run("split", code=2)
    assert "cannot be compared" in shell.run("change", "undo", 1)
    assert "copy of the locked" not in shell.run("status")


def test_given_test_pictures_are_locked(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", stall(tmp_path / "photos", each=6))
    assert "12 pictures would be the test set" in shell.run("split", "--given")
    document = shell.json("split", "--given", "--accept", schema="split")
    assert document["proposal"] is None
    assert len(document["change"]["edits"]) == 12


def test_the_split_column_is_remembered(shell: Shell, tmp_path: Path) -> None:
    rows = ["filepath,label,part"]
    for number in range(12):
        picture(tmp_path / f"{number}.png", number, [*COLOURS.values()][number % 2])
        rows.append(f"{number}.png,{'ab'[number % 2]},{'dev' if number < 8 else 'holdout'}")
    (tmp_path / "t.csv").write_text("\n".join(rows), "utf-8")
    first = shell.json("import", tmp_path / "t.csv", "--split", "part")
    assert first["dataset"]["splits"] == {"test": 4, "val": 8}
    assert "Nothing changed" in shell.run("import", tmp_path / "t.csv")
    again = shell.json("import", tmp_path / "t.csv", "--split", "")
    assert again["dataset"]["splits"] == {"train": 12}


def test_a_shoot_from_design_to_result(shell: Shell, tmp_path: Path) -> None:
    root = stall(tmp_path / "photos")
    shell.run("import", root)
    asked = ("--pair", "apple", "pear", "--cue", "border_brightness", "--settings", "in the shade", "in the sun")
    document = shell.json("shoot", "design", *asked, "--drop", 60, "--why", "to know", schema="shoot")["shoot"]
    wanted = document["cells"][0]["wanted"]
    assert (document["by"], document["why"], document["state"]) == (
        "somebody",
        "to know",
        f"0 of {4 * wanted} objects there",
    )
    assert document["cells"][2]["folder"] == "shoot-1/apple--in-the-sun"
    assert "Shoot 1 written down" in shell.run("history")
    assert "none in" in shell.run("shoot", "evaluate", code=2)
    for at, cell in enumerate(document["cells"]):
        kind = int(cell["class"] == "pear")
        for number in range(wanted):
            draw(root / cell["folder"] / f"{number}.png", kind, cell["usual"], 5000 + 100 * at + number)
    last = root / document["cells"][3]["folder"] / "0.png"
    kept, data = last.read_bytes(), last.unlink()
    assert data is None
    said = shell.run("import", root)
    assert f"Shoot 1, apple and pear, each in the shade and in the sun: {4 * wanted - 1} of {4 * wanted}" in said
    assert "objects missing: pear--in-the-shade 1" in shell.run("shoot", "evaluate", code=2)
    last.write_bytes(kept)
    imported = shell.json("import", root)
    assert imported["shoots"][0]["result"]["verdict"] == "causal"
    status = shell.json("shoot", "status", schema="shoot")["shoots"][0]
    assert status["full"]
    assert status["result"] == imported["shoots"][0]["result"]
    assert shell.json("shoot", "evaluate", 1, schema="shoot")["shoot"]["result"] == status["result"]
    assert "evaluated: causal" in shell.run("shoot", "status", 1)


def test_an_early_look_closes_the_experiment(shell: Shell, tmp_path: Path) -> None:
    root = stall(tmp_path / "photos")
    shell.run("import", root)
    asked = ("--pair", "apple", "pear", "--cue", "border_brightness", "--settings", "dark", "bright", "--drop", 50)
    cells = shell.json("shoot", "design", *asked)["shoot"]["cells"]
    for at, cell in enumerate(cells):
        for number in range(3):
            kind = int(cell["class"] == "pear")
            draw(root / cell["folder"] / f"{number}.png", kind, cell["usual"], 5000 + 100 * at + number)
    shell.run("import", root)
    result = shell.json("shoot", "evaluate", "--early", schema="shoot")["shoot"]["result"]
    assert result["early"]
    assert [c["objects"] for c in result["cells"]] == [3, 3, 3, 3]


def test_pictures_that_come_through_the_inbox_are_ticked_off(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", stall(tmp_path / "photos"))
    asked = ("--pair", "apple", "pear", "--cue", "border_brightness", "--settings", "dark", "bright", "--drop", 50)
    cell = shell.json("shoot", "design", *asked)["shoot"]["cells"][0]
    for number in range(3):
        draw(tmp_path / "phone" / cell["folder"] / f"{number}.png", 0, True, 7000 + number)
    shell.run("inbox", "add", tmp_path / "phone")
    assert shell.json("shoot", "status")["shoots"][0]["cells"][0]["objects"] == 0
    names = [f"{cell['folder']}/{number}.png" for number in range(3)]
    labelled = shell.json("inbox", "label", *names, "--as", "apple")
    assert [c["objects"] for c in labelled["shoots"][0]["cells"]] == [3, 0, 0, 0]
    assert shell.json("shoot", "status")["shoots"][0]["cells"][0]["objects"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("design", "--pair", "apple", "plum", "--cue", "x"), "plum"),
        (("design", "--pair", "apple", "pear", "--cue", "moon"), "border_brightness"),
        (("design", "--pair", "apple", "pear", "--cue", "border_brightness", "--drop", 300), "between 0 and 100"),
        (("status", 7), "none there"),
        (("evaluate",), "none there"),
    ],
)
def test_wrong_use_is_told(shell: Shell, tmp_path: Path, arguments: tuple[object, ...], words: str) -> None:
    shell.run("import", stall(tmp_path / "photos", each=12))
    assert words in shell.run("shoot", *arguments, code=2)


def test_the_list_is_written_for_everyone(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", stall(tmp_path / "photos"))
    files = [part for kind in ("csv", "html") for part in (f"--{kind}", tmp_path / f"list.{kind}")]
    document = shell.json("shoot", "list", "--keep", "--most", 3, *files, schema="shoot")
    assert document["shoot"] == 1
    assert len(document["rows"]) <= 3
    with (tmp_path / "list.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(document["rows"])
    page = (tmp_path / "list.html").read_text("utf-8")
    assert page.count("<article>") == len(document["rows"])
    assert "shoot-1/apple--new-objects-in-new-places/" in page
    assert not re.search(r"https?:|src=\"(?!data:)", page)
    assert shell.json("shoot", "status", schema="shoot")["shoots"][0]["kind"] == "list"
    assert "a list of pictures to take" in shell.run("shoot", "evaluate", code=2)
    assert "after --csv" in shell.run("shoot", "list", "--csv", tmp_path / "no" / "where.csv", code=2)


ROW = {
    "class": "=cmd()", "condition": "<script>alert(1)</script>\u202e [x](http://evil.example)", "pictures": 5,
    "gain": None, "gain_of_condition": None, "not_measured_because": "nothing to leave out", "per_picture": None,
    "weight": 1.0, "there": None, "fails": "no/such.jpg", "like": None, "checks": ["weak-slices"], "level": "low",
    "folder": None,
}  # fmt: skip


def test_what_data_says_never_acts(small_workspace: Path) -> None:
    case = Workspace.open(small_workspace).case(Settings())
    document = {"headline": "1 kind", "case": "c", "shoot": None, "rows": [ROW]}
    for phone in (True, False):
        page = list_page(document, case.dataset, phone=phone)
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert page.count("<script>") == int(phone)
    assert "'=cmd()'" in list_csv(document)
    words = "".join(str(getattr(block, "plain", "")) for block in list_blocks(document))
    assert "\u202e" not in words


@pytest.mark.parametrize("command", ["list", "design", "status", "evaluate"])
def test_help_teaches_by_example(command: str, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert f"advisor shoot {command}" in shell.run("shoot", command, "--help")
    assert "advisor split" in shell.run("split", "--help")
