"""A watched folder: what is whole comes in and moves, what is not stays, and no kill loses or doubles anything."""

import os
import time
from pathlib import Path

import pytest

from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tests.tools.test_inbox import killed
from tools.added import folder_of
from tools.dataset import decode_id
from tools.errors import UnreadableInput
from tools.importing import import_dataset
from tools.inbox import Inbox
from tools.inbox_watch import Round, Watched, look, remember, remembered, round_of
from tools.settings import Settings
from tools.workspace import Workspace

SETTINGS = Settings(threads=1)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    use_means(monkeypatch)
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, orchard(tmp_path / "photos"), SETTINGS)
    return kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, predictions for them, and a picture cut short."""
    new = tmp_path / "camera" / "new"
    for kind, (name, colour) in enumerate(COLOURS.items()):
        picture(new / "line 1" / f"{name}.png", 9000 + kind, colour)
    (new / "broken.png").write_bytes((new / "line 1" / "pear.png").read_bytes()[:60])
    rows = "".join(f"line 1/{name}.png,{name},0.9\n" for name in COLOURS)
    (new / "shop@7.csv").write_text(f"id,pred,score\n{rows}")
    return tmp_path / "camera"


def take(workspace: Workspace, folder: Path, settle: float = 0.0, keep: bool = False) -> Round:
    return round_of(workspace, lambda: workspace.case(SETTINGS), Watched(folder, settle, keep))


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_what_is_whole_comes_in_and_moves(workspace: Workspace, folder: Path) -> None:
    found = take(workspace, folder)
    assert (len(found.taken.new), found.predictions, found.moved) == (3, 3, 5)
    assert [name for name, _ in found.refused] == ["broken.png"]
    day = next((folder / "processed").iterdir()).name
    assert files(folder) == sorted([
        *(f"processed/{day}/line 1/{name}.png" for name in COLOURS), f"processed/{day}/shop@7.csv",
        f"refused/{day}/broken.png", f"refused/{day}/broken.png.reason.txt",
    ])  # fmt: skip
    assert "cut short" in (folder / "refused" / day / "broken.png.reason.txt").read_text()
    assert not (folder / "new" / "line 1").exists()
    inbox = Inbox(workspace)
    assert {p.source for p in inbox.pictures()} == {f"line 1/{name}.png" for name in COLOURS}
    assert not any(p.metadata for p in inbox.pictures()), "the data set has no column folder"
    assert {(s.name, s.said) for s in inbox.said()} == {("shop@7", name) for name in COLOURS}
    again = take(workspace, folder)
    assert (again.moved, again.taken.counts["new"]) == (0, 0)


def test_what_is_being_written_is_left_alone(workspace: Workspace, folder: Path) -> None:
    (folder / "new" / "half.png.part").write_bytes(b"x")
    (folder / "new" / ".rsync-temp").write_bytes(b"x")
    before = files(folder)
    found = take(workspace, folder, settle=3600)
    assert files(folder) == before
    assert len(found.waiting) == 6
    assert ("" if not found.aside else found.aside[0][1]) == "hidden"
    later = time.time() + 7200
    seen = look(workspace, Watched(folder, 3600), now=later)
    assert len(seen.pictures) == 4
    assert seen.unfinished == ("half.png.part",)
    assert not seen.fresh


def test_predictions_wait_for_pictures_that_are_still_written(workspace: Workspace, folder: Path) -> None:
    for name in ("apple", "pear"):
        (folder / "new" / "line 1" / f"{name}.png").rename(folder / "new" / f"{name}.png.part")
    found = take(workspace, folder)
    assert "shop@7.csv" in found.waiting
    assert (folder / "new" / "shop@7.csv").is_file()
    for name in ("apple", "pear"):
        (folder / "new" / "line 1").mkdir(exist_ok=True)
        (folder / "new" / f"{name}.png.part").rename(folder / "new" / "line 1" / f"{name}.png")
    assert take(workspace, folder).predictions == 3


def test_predictions_of_pictures_that_nobody_has_are_refused(workspace: Workspace, folder: Path) -> None:
    (folder / "new" / "other@1.csv").write_text("id,pred,score\nelsewhere.png,pear,0.5\n")
    found = take(workspace, folder)
    assert "other@1.csv" in dict(found.refused)
    assert "1 of 1 rows for others" in dict(found.refused)["other@1.csv"]
    assert found.predictions == 3


def test_files_may_stay_where_they_are(workspace: Workspace, folder: Path) -> None:
    before = files(folder / "new")
    found = take(workspace, folder, keep=True)
    assert (len(found.taken.new), found.moved) == (3, 0)
    assert files(folder / "new") == before
    again = take(workspace, folder, keep=True)
    assert again == Round()
    picture(folder / "new" / "late.png", 77, COLOURS["plum"])
    assert len(take(workspace, folder, keep=True).taken.new) == 1


def test_nothing_is_overwritten(workspace: Workspace, folder: Path) -> None:
    take(workspace, folder)
    picture(folder / "new" / "line 1" / "apple.png", 4711, COLOURS["apple"])
    take(workspace, folder)
    day = next((folder / "processed").iterdir())
    assert sorted(p.name for p in (day / "line 1").iterdir()) == ["apple (2).png", "apple.png", "pear.png", "plum.png"]


def test_links_and_pipes_are_neither_opened_nor_moved(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    secret = picture(tmp_path / "secret.png", 5, COLOURS["plum"])
    (folder / "new" / "out.png").symlink_to(secret)
    os.mkfifo(folder / "new" / "pipe.png")
    found = take(workspace, folder)
    assert {name for name, _ in found.aside} == {"out.png", "pipe.png"}
    assert (folder / "new" / "out.png").is_symlink()
    assert len(found.taken.new) == 3


def test_a_folder_that_is_not_there(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="a folder to watch"):
        take(workspace, tmp_path / "nowhere")


def test_a_folder_is_remembered_whatever_it_is_called(workspace: Workspace, tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9"
    remember(workspace, Watched(odd, 2.0, True))
    assert remembered(workspace) == Watched(odd, 2.0, True)
    remember(workspace, None)
    assert remembered(workspace) is None


def test_a_kill_at_any_write_loses_nothing_and_adds_nothing_twice(workspace: Workspace, folder: Path) -> None:
    step = 0
    while killed(lambda: take(workspace, folder), step):
        step += 1
        every = Inbox(workspace).every()
        assert len({p.sha256 for p in every}) == len(every)
        assert all((folder_of(workspace.path) / decode_id(p.name)).is_file() for p in every)
        pictures = [p for p in files(folder) if p.endswith(".png")]
        assert len(pictures) >= 4, "every file is somewhere"
    assert step >= 8
    inbox = Inbox(workspace)
    assert (len(inbox.pictures()), len(inbox.said())) == (3, 3)
    names = [Path(p).name for p in files(folder)]
    assert sorted(names) == ["apple.png", "broken.png", "broken.png.reason.txt", "pear.png", "plum.png", "shop@7.csv"]
    assert not any(p.startswith("new/") for p in files(folder))
