"""Files moved so that folders say the labels: equal to a fresh import, undoable, resumable, refusing what changed."""

import json
import multiprocessing
import os
from hashlib import sha256
from pathlib import Path

import pytest

from tests.tools.accepted import SETTINGS, label, merged, relabelled, removed
from tests.tools.coloured import orchard, picture, use_means
from tools import move_plans, moving
from tools.changing import JOURNAL, NothingToChange, history, undo
from tools.errors import AdvisorError, WorkspaceDamaged
from tools.importing import import_dataset
from tools.move_plans import plan_undo, plan_write
from tools.moving import perform, resume, roll_back
from tools.rebasing import AWAY
from tools.workspace import Workspace


@pytest.fixture
def changed(workspace: Workspace) -> Workspace:
    """A label changed to a class that has a picture of that name, one changed, one left out."""
    relabelled(workspace, "train/apple/1.png", "train/pear/2.png", to="plum")
    removed(workspace, "train/plum/0.png")
    return workspace


def content(root: Path) -> dict[str, str]:
    """Digest by path of every file below a folder."""
    files = (p for p in root.rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): sha256(p.read_bytes()).hexdigest() for p in files}


def fresh(photos: Path, tmp_path: Path, name: str = "fresh") -> Workspace:
    """What a workspace that never saw a change makes of the folder."""
    kept = Workspace.open(tmp_path / name)
    import_dataset(kept, photos, SETTINGS)
    return kept


def test_afterwards_the_folder_says_what_the_labels_say(changed: Workspace, photos: Path, tmp_path: Path) -> None:
    before = content(photos)
    plan = plan_write(changed)
    assert content(photos) == before  # a plan touches nothing
    assert {(m.source, m.after, m.away) for m in plan.moves} == {
        ("train/apple/1.png", "plum", False),
        ("train/pear/2.png", "plum", False),
        ("train/plum/0.png", None, True),
    }
    entry = perform(changed, plan)
    after = content(photos)
    assert sorted(after.values()) == sorted(before.values())
    assert f"{AWAY}/train/plum/0.png" in after
    assert {p for p in after if p.startswith("train/plum/1-")}  # 1.png was there already: nothing is overwritten
    assert entry.kind == "write"
    dataset, plain = changed.dataset(), fresh(photos, tmp_path).dataset()
    assert dataset.fingerprint == plain.fingerprint
    assert dataset.skipped == plain.skipped
    assert changed.space(dataset).fingerprint == fresh(photos, tmp_path).space(plain).fingerprint
    assert not import_dataset(changed, photos, SETTINGS).changed
    assert not (changed.path / JOURNAL).exists()
    with pytest.raises(NothingToChange, match="say so already"):
        plan_write(changed)


def test_it_is_taken_back_and_done_again(changed: Workspace, photos: Path, tmp_path: Path) -> None:
    before, labelled = content(photos), changed.dataset().fingerprint
    perform(changed, plan_write(changed))
    after = content(photos)
    with pytest.raises(NothingToChange, match=r"advisor change undo 3 --write"):
        undo(changed)
    with pytest.raises(NothingToChange, match="which wrote the labels into the files"):
        undo(changed, 1)
    perform(changed, plan_undo(changed))
    assert content(photos) == before
    assert not (photos / AWAY).exists()
    assert changed.dataset().fingerprint == labelled  # the changes themselves stand
    perform(changed, plan_undo(changed))
    assert content(photos) == after
    assert changed.dataset().fingerprint == fresh(photos, tmp_path).dataset().fingerprint
    perform(changed, plan_undo(changed))
    undo(changed, 2)
    undo(changed, 1)
    assert changed.dataset().fingerprint == fresh(photos, tmp_path, "other").dataset().fingerprint
    assert content(photos) == before


def test_taking_back_after_another_import_keeps_what_came(changed: Workspace, photos: Path) -> None:
    perform(changed, plan_write(changed))
    picture(photos / "train" / "pear" / "new.png", 77, (60, 190, 40))
    import_dataset(changed, photos, SETTINGS)
    perform(changed, plan_undo(changed))
    assert label(changed, "train/pear/new.png") == "pear"
    assert label(changed, "train/apple/1.png") == "plum"
    assert "train/plum/0.png" not in changed.dataset().index
    undo(changed, 2)
    assert label(changed, "train/plum/0.png") == "plum"
    assert not import_dataset(changed, photos, SETTINGS).changed


def test_merged_classes_share_a_folder(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    merged(workspace, "apple", "pear", to="pome")
    perform(workspace, plan_write(workspace))
    assert workspace.dataset().fingerprint == fresh(photos, tmp_path).dataset().fingerprint
    assert sum(p.is_file() for p in (photos / "train" / "pome").iterdir()) == 8


def test_a_layout_without_splits_and_with_deeper_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    root = tmp_path / "flat"
    for number, name in enumerate(["apple/box 1/a.png", "apple/b.png", "pear/c.png", "pear/d.png"]):
        picture(root / name, number, (200 - 50 * number, 40, 30))
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, root, SETTINGS)
    relabelled(kept, "apple/box 1/a.png", to="pear")
    perform(kept, plan_write(kept))
    assert (root / "pear" / "box 1" / "a.png").is_file()
    assert kept.dataset().fingerprint == fresh(root, tmp_path).dataset().fingerprint


@pytest.mark.parametrize("how", ["content", "gone", "link", "in the way", "linked folder"])
def test_what_changed_since_the_import_is_refused_before_anything_moves(
    changed: Workspace, photos: Path, tmp_path: Path, how: str
) -> None:
    file, folder = photos / "train" / "apple" / "1.png", photos / "train" / "plum"
    plan = plan_write(changed)
    if how == "content":
        file.write_bytes(file.read_bytes() + b"x")
    elif how == "gone":
        file.unlink()
    elif how == "link":
        file.rename(tmp_path / "elsewhere.png")
        file.symlink_to(tmp_path / "elsewhere.png")
    elif how == "linked folder":
        folder.rename(tmp_path / "plum")
        folder.symlink_to(tmp_path / "plum")
    else:
        (photos / plan.moves[0].target).write_bytes(b"in the way")
    before = content(photos)
    with pytest.raises(AdvisorError, match=r"1\.png: |0\.png: ") as caught:
        move_plans.check(plan)
    assert "Nothing was moved" in caught.value.todo
    assert content(photos) == before


def test_a_table_is_not_moved_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    root = orchard(tmp_path / "photos", each=2)
    rows = [f"train/{name}/{n}.png,{name}" for name in ("apple", "pear", "plum") for n in range(2)]
    (root / "t.csv").write_text("\n".join(["filepath,label", *rows]))
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, root / "t.csv", SETTINGS)
    relabelled(kept, "train/apple/1.png", to="pear")
    with pytest.raises(NothingToChange, match=r"advisor export FILE --format csv"):
        plan_write(kept)


def test_a_class_that_no_folder_can_be_called(workspace: Workspace) -> None:
    merged(workspace, "apple", to="a/b")
    with pytest.raises(AdvisorError, match="a folder can be called"):
        plan_write(workspace)


def test_a_change_meanwhile_stops_the_plan(changed: Workspace, photos: Path) -> None:
    plan, before = plan_write(changed), content(photos)
    relabelled(changed, "train/apple/2.png", to="plum")
    with pytest.raises(NothingToChange, match="Run the command again"):
        perform(changed, plan)
    assert content(photos) == before
    assert not (changed.path / JOURNAL).exists()


# -- kills


def _write_and_die(path: Path, nth: int, call: str) -> None:
    """In a process of its own: end without any clean-up at the n-th call of ``os.link``, ``os.fsync`` …"""
    calls = []
    real = getattr(os, call)

    def counted(*args: object, **options: object) -> object:
        calls.append(args)
        if len(calls) == nth:
            os._exit(9)
        return real(*args, **options)

    workspace = Workspace.open(path)
    plan = plan_write(workspace)
    setattr(os, call, counted)
    perform(workspace, plan)
    os._exit(0)


def kill(path: Path, nth: int, call: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(path, nth, call))
    process.start()
    process.join(60)
    assert process.exitcode == 9


PLACES = [("link", 1), ("link", 2), ("link", 3), ("unlink", 1), ("unlink", 3), *(("fsync", n) for n in range(3, 11))]


@pytest.mark.parametrize(("call", "nth"), PLACES)
def test_a_killed_run_is_finished_by_the_next(
    changed: Workspace, photos: Path, tmp_path: Path, call: str, nth: int
) -> None:
    kill(changed.path, nth, call)
    assert (changed.path / JOURNAL).exists()
    for refused in (lambda: import_dataset(changed, photos, SETTINGS), lambda: undo(changed)):
        with pytest.raises(WorkspaceDamaged, match="advisor change write"):
            refused()
    entry = resume(changed)
    assert entry is not None
    assert resume(changed) is None
    assert [c.kind for c in history(changed).changes] == ["relabel", "remove", "write"]
    assert changed.dataset().fingerprint == fresh(photos, tmp_path).dataset().fingerprint
    assert len(content(photos)) == 24


@pytest.mark.parametrize(("call", "nth"), PLACES)
def test_a_killed_run_is_taken_back(changed: Workspace, photos: Path, call: str, nth: int) -> None:
    before, labelled = content(photos), changed.dataset().fingerprint
    kill(changed.path, nth, call)
    entered = len(history(changed).changes) == 3
    roll_back(changed)
    if entered:  # killed after the history knew: then it is a whole entry, taken back like any other
        perform(changed, plan_undo(changed))
    assert content(photos) == before
    assert changed.dataset().fingerprint == labelled
    assert not (changed.path / JOURNAL).exists()
    perform(changed, plan_write(changed))


def test_a_file_in_the_way_of_a_resumed_run_is_left_alone(changed: Workspace, photos: Path) -> None:
    kill(changed.path, 2, "link")
    plan = moving.unfinished(changed)
    assert plan is not None
    (photos / plan.moves[1].target).write_bytes(b"somebody else's")
    with pytest.raises(AdvisorError, match="another file lies where it is to go"):
        resume(changed)
    assert (photos / plan.moves[1].target).read_bytes() == b"somebody else's"
    assert roll_back(changed) == 1
    assert (photos / plan.moves[1].target).read_bytes() == b"somebody else's"
    assert (photos / plan.moves[1].source).is_file()


def test_without_hard_links_files_move_too(
    changed: Workspace, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    perform(changed, plan_write(changed))
    assert changed.dataset().fingerprint == fresh(photos, tmp_path).dataset().fingerprint


def test_the_journal_is_plain_json(changed: Workspace) -> None:
    kill(changed.path, 1, "link")
    kept = json.loads((changed.path / JOURNAL).read_text())
    assert {"root", "moves", "token", "undoes"} <= kept.keys()
    assert kept["moves"][0]["sha256"]
