"""What is written is read back: tables with odd names, class folders of copies or links, keep lists."""

import csv
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from tests.tools.accepted import SETTINGS, merged, relabelled, removed
from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tools.cells import FORMULA
from tools.dataset import Dataset, Label, decode_id
from tools.errors import AdvisorError, UnknownName
from tools.exporting import Request, export, writers
from tools.importing import import_dataset
from tools.store import UNFINISHED
from tools.workspace import Workspace
from tools.writers.folder import layout

ODD = [
    b"=cmd|' /C calc'!A0.png", b"-1.png", b"caf\xe9.png", b"new\nline.png", b"carriage\rreturn.png", b"'quoted'.png",
    b" leading.png", b"a,b;c.png", b'say "so".png', b"back\\slash.png", b"100%.png", b"\xe2\x80\xaertl.png",
]  # fmt: skip
ODD_CLASSES = [b"=SUM(A1)", b" spaces ", b"nan", b"caf\xe9", b"a\\b", b"+plus", b"'tis'"]


@pytest.fixture(autouse=True)
def _means(monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    root = tmp_path / "odd"
    for number, name in enumerate(ODD):
        folder = ODD_CLASSES[number % len(ODD_CLASSES)]
        split = b"test" if number % 3 == 0 else b"train"
        place = os.fsencode(root) + b"/" + split + b"/" + folder
        inner = place + (b"/=box" if number % 4 == 0 else b"")
        picture(Path(os.fsdecode(inner)) / os.fsdecode(name), number, (20 * number, 90, 30))
    return root


def imported(path: Path, workspace: Path) -> Dataset:
    return import_dataset(Workspace.open(workspace), path, SETTINGS).dataset


def test_every_format_is_one_file_with_a_sentence() -> None:
    assert list(writers()) == ["csv", "folder", "keep-list"]
    assert all(w.sentence.endswith(".") for w in writers().values())


def test_a_table_comes_back_as_the_same_dataset(odd: Path, tmp_path: Path) -> None:
    dataset = imported(odd, tmp_path / "first")
    assert len(dataset) == len(ODD)
    assert "folder" in dataset.metadata
    written = export(Request(dataset, odd / "labels.csv"), "csv")
    assert (written.images, written.notes) == (len(ODD), ())
    again = imported(odd / "labels.csv", tmp_path / "second")
    assert again.ids.tolist() == dataset.ids.tolist()
    assert again.labels == dataset.labels
    assert {n: v.tolist() for n, v in again.metadata.items()} == {n: v.tolist() for n, v in dataset.metadata.items()}
    assert again.fingerprint == dataset.fingerprint
    with (odd / "labels.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in FORMULA and cell]


def test_columns_with_several_lines_and_a_table_elsewhere(tmp_path: Path) -> None:
    root = orchard(tmp_path / "photos", each=2)
    (root / "t.csv").write_text(
        'filepath,label,split,note,"=farm"\ntrain/apple/0.png,apple,train,"two\nlines",=north\n'
        'train/pear/0.png,pear,val,"say ""so""",-5.2\ntrain/plum/0.png,,production,,\ntrain/plum/1.png,plum,,x,\n'
    )
    dataset = imported(root / "t.csv", tmp_path / "first")
    assert dataset.metadata["note"].tolist()[0] == "two\nlines"
    assert dataset.metadata["=farm"].tolist()[0] == "=north"
    export(Request(dataset, root / "again.csv"), "csv")
    assert imported(root / "again.csv", tmp_path / "second").fingerprint == dataset.fingerprint
    elsewhere = export(Request(dataset, tmp_path / "far.csv"), "csv")
    assert elsewhere.notes == (f"Paths are relative to {root.resolve()}: put the table there to import it",)


def test_a_table_carries_accepted_changes(tmp_path: Path) -> None:
    root = orchard(tmp_path / "photos")
    workspace = Workspace.open(tmp_path / "ws")
    import_dataset(workspace, root, SETTINGS)
    relabelled(workspace, "train/apple/1.png", to="pear")
    removed(workspace, "train/plum/0.png")
    merged(workspace, "apple", "plum", to="red fruit")
    dataset = workspace.dataset()
    export(Request(dataset, root / "labels.csv"), "csv")
    assert imported(root / "labels.csv", tmp_path / "fresh").fingerprint == dataset.fingerprint
    done = import_dataset(workspace, root / "labels.csv", SETTINGS)  # the changes agree with what the table says
    assert done.dataset.fingerprint == dataset.fingerprint
    assert done.replay is not None
    assert (done.replay.relabelled, done.replay.left_out, done.replay.conflicts) == (0, 0, ())


@pytest.mark.parametrize("links", [False, True])
def test_class_folders_come_back_as_the_same_dataset(odd: Path, tmp_path: Path, links: bool) -> None:
    dataset = imported(odd, tmp_path / "first")
    before = {p: p.read_bytes() for p in odd.rglob("*") if p.is_file()}
    written = export(Request(dataset, tmp_path / "out", links), "folder")
    assert len(written.notes) == links
    assert imported(tmp_path / "out", tmp_path / "second").fingerprint == dataset.fingerprint
    assert {p: p.read_bytes() for p in odd.rglob("*") if p.is_file()} == before
    one = str(dataset.ids[0])
    assert (tmp_path / "out" / decode_id(one)).samefile(dataset.path(one)) == links


def synthetic(labels: list[str | None], ids: list[str], splits: list[str] | None = None) -> Dataset:
    n = len(ids)
    return Dataset(
        version=1, root=Path("/nowhere"), ids=np.array(ids), sha256=np.array([f"{i:064x}" for i in range(n)]),
        widths=np.ones(n, np.int64), heights=np.ones(n, np.int64), splits=np.array(splits or ["train"] * n),
        labels=tuple(Label(i, name) for i, name in zip(ids, labels, strict=True) if name is not None),
    )  # fmt: skip


def test_illegal_class_names_and_shared_file_names() -> None:
    dataset = synthetic(
        ["a/b", "a_b", "..", "Pear", "pear", "_unlabeled", "x", "x", None],
        ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6/a.jpg", "7/A.jpg", "8.jpg"],
    )
    places, notes = layout(dataset)
    assert places["0.jpg"] == "a_b (2)/0.jpg"
    assert places["1.jpg"] == "a_b/1.jpg"
    assert places["2.jpg"] == "class/2.jpg"
    assert {places["3.jpg"], places["4.jpg"]} == {"Pear/3.jpg", "pear (2)/4.jpg"}
    assert places["5.jpg"] == "_unlabeled (class)/5.jpg"
    assert places["8.jpg"] == "_unlabeled/8.jpg"
    assert places["6/a.jpg"] != places["7/A.jpg"]
    assert len({p.casefold() for p in places.values()}) == 9
    assert sum("no name for a folder" in note for note in notes) == 4
    assert notes[-1].startswith("2 pictures shared a name")


def test_a_class_called_like_a_split_and_production_pictures() -> None:
    dataset = synthetic(["test", "pear", None], ["a.jpg", "b.jpg", "c.jpg"], ["train", "train", "production"])
    places, notes = layout(dataset)
    assert places == {"a.jpg": "train/test/a.jpg", "b.jpg": "train/pear/b.jpg"}
    assert notes == ["1 pictures of the split production were left out: this layout has no place for them"]


def test_nothing_is_written_into_the_source_or_over_anything(tmp_path: Path) -> None:
    root = orchard(tmp_path / "photos", each=2)
    dataset = imported(root, tmp_path / "ws")
    (tmp_path / "there").mkdir()
    for target, words in ((root / "out", "outside the pictures' own"), (tmp_path / "there", "is there already")):
        with pytest.raises(AdvisorError, match=words):
            export(Request(dataset, target), "folder")
    with pytest.raises(AdvisorError, match="Make it first"):
        export(Request(dataset, tmp_path / "no" / "out"), "folder")
    with pytest.raises(UnknownName, match="csv, folder, keep-list"):
        export(Request(dataset, tmp_path / "x"), "coco")


def test_a_picture_that_changed_stops_the_whole(tmp_path: Path) -> None:
    root = orchard(tmp_path / "photos", each=2)
    dataset = imported(root, tmp_path / "ws")
    picture(root / "train" / "plum" / "1.png", 99, COLOURS["plum"])
    with pytest.raises(AdvisorError, match=r"train/plum/1\.png: its content has changed"):
        export(Request(dataset, tmp_path / "out"), "folder")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(f".*{UNFINISHED}"))


def test_copies_are_files_of_their_own(tmp_path: Path) -> None:
    root = orchard(tmp_path / "photos", each=2)
    dataset = imported(root, tmp_path / "ws")
    export(Request(dataset, tmp_path / "out"), "folder")
    copy = tmp_path / "out" / "train" / "apple" / "0.png"
    assert stat.S_ISREG(copy.lstat().st_mode)
    copy.write_bytes(b"")
    assert (root / "train" / "apple" / "0.png").stat().st_size > 0


def test_keep_lists(odd: Path, tmp_path: Path) -> None:
    dataset = imported(odd, tmp_path / "ws")
    written = export(Request(dataset, tmp_path / "keep.txt"), "keep-list")
    names = (tmp_path / "keep.txt").read_bytes().split(b"\0")
    assert names[-1] == b""
    assert sorted(names[:-1]) == sorted(os.fsencode(decode_id(i)) for i in dataset.ids.tolist())
    assert written.notes[0].startswith("2 names hold a line break")
    assert all((odd / os.fsdecode(name)).is_file() for name in names[:-1])
    simple = orchard(tmp_path / "photos", each=2)
    assert export(Request(imported(simple, tmp_path / "w2"), tmp_path / "k2.txt"), "keep-list").notes == ()
    assert (tmp_path / "k2.txt").read_text().splitlines()[0] == "test/apple/0.png"
