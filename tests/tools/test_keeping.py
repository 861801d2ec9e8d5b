"""Backup and restore, gc, relink: whole or not at all, safe against hostile archives, killed at any step."""

import json
import multiprocessing
import os
import shutil
import sqlite3
import stat
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.tools.accepted import SETTINGS, relabelled
from tools import backup as backing
from tools.backup import CONTENTS, WrongArchive, backup, restore
from tools.changing import undo
from tools.disk import collect, usage
from tools.errors import AdvisorError, NoDataset
from tools.forgetting import forget
from tools.importing import import_dataset
from tools.relinking import NotTheSame, relink
from tools.timeline import timeline
from tools.workspace import Workspace


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    relabelled(workspace, "train/apple/1.png", to="plum")
    assert workspace.case(SETTINGS).derived.graph.neighbours.any()
    return workspace


def state(kept: Workspace) -> tuple[Any, ...]:
    """What a workspace says, whatever its files are called."""
    case = kept.case(SETTINGS)
    return case.fingerprint, [d.fingerprint for d in kept.datasets()], [e.text for e in timeline(kept)]


def aged(path: Path) -> None:
    """As if every file were older than a running command."""
    for file in path.rglob("*"):
        os.utime(file, (time.time() - 7200,) * 2)


# -- backup and restore


def test_a_backup_restores_to_the_same_state(workspace: Workspace, tmp_path: Path) -> None:
    before = state(workspace)
    target = tmp_path / "b.zip"
    kept = backup(workspace, target)
    assert (kept.versions, kept.images) == (2, 24)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    other = Workspace.open(tmp_path / "other")
    assert restore(target, other) == kept
    assert state(other) == before
    undo(other)
    relabelled(other, "train/pear/1.png", to="plum")
    assert [p.name for p in other.path.iterdir() if "restoring" in p.name or "unfinished" in p.name] == []
    with pytest.raises(AdvisorError, match="a new file for the backup"):
        backup(workspace, target)
    with pytest.raises(AdvisorError, match="a new workspace to restore into"):
        restore(target, other)
    restore(target, other, overwrite=True)
    assert state(other) == before
    with pytest.raises(NoDataset):
        backup(Workspace.open(tmp_path / "nothing"), tmp_path / "c.zip")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(AdvisorError, match="which holds other files"):
        restore(target, Workspace.open(tmp_path / "mine"), overwrite=True)


def test_others_write_meanwhile(workspace: Workspace, tmp_path: Path) -> None:
    stop, made = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            workspace.choose("n", len(made))
            relabelled(workspace, "train/pear/1.png", to="plum")
            undo(workspace)
            made.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(4):
            backup(workspace, tmp_path / f"{number}.zip")
    finally:
        stop.set()
        thread.join()
    assert made
    for number in range(4):
        other = Workspace.open(tmp_path / f"other{number}")
        restore(tmp_path / f"{number}.zip", other)
        case = other.case(SETTINGS)
        assert len(case.ids) == len(case.space.vectors) == 24


def rewritten(source: Path, target: Path, change: Callable[[dict[str, Any]], None], **entries: Any) -> Path:
    """An archive with its list of contents changed, or further entries."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for info in old.infolist():
            if info.filename != CONTENTS and info.filename not in entries:
                new.writestr(info, old.read(info))
        head = json.loads(old.read(CONTENTS))
        change(head)
        for name, value in entries.items():
            info = value if isinstance(value, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            new.writestr(info, b"planted" if isinstance(value, zipfile.ZipInfo) else value)
        new.writestr(CONTENTS, json.dumps(head))
    return target


def same(_: dict[str, Any]) -> None:
    return


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "arrays/../../evil", "/etc/evil", "arrays\\..\\evil", "vectors/%2e%2e/%2e%2e/evil", "C:/evil"),
        *("models/x", "lock", "advisor.sqlite-wal", "arrays/", "arrays//x", "./arrays/x", "forgetting.json"),
    ],
)
def test_names_that_lead_elsewhere_are_refused_before_anything_is_written(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    good = tmp_path / "b.zip"
    backup(workspace, good)

    def named(head: dict[str, Any]) -> None:
        head["contents"][name] = {"sha256": "0" * 64, "bytes": 1}

    evil = rewritten(good, tmp_path / "evil.zip", named, **{name: b"x"})
    with pytest.raises(WrongArchive, match="Nothing was restored"):
        restore(evil, Workspace.open(tmp_path / "other"))
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "evil").exists()


def test_damaged_and_foreign_archives(workspace: Workspace, tmp_path: Path) -> None:
    good = tmp_path / "b.zip"
    backup(workspace, good)
    data = good.read_bytes()
    first = sorted((workspace.path / "arrays").iterdir())[0].name
    flipped = bytearray(data)
    flipped[data.index(f"arrays/{first}".encode()) + 400] ^= 1
    cases: dict[str, bytes | Path] = {
        "cut": data[: len(data) // 2],
        "text": b"no archive",
        "flipped": bytes(flipped),
        "empty": b"",
        "link": rewritten(good, tmp_path / "l.zip", same, **{"arrays/l": link("arrays/l")}),
        "missing": rewritten(good, tmp_path / "m.zip", lambda head: head["contents"].pop(f"arrays/{first}")),
        "size": rewritten(good, tmp_path / "s.zip", lambda head: head["contents"]["advisor.sqlite"].update(bytes=1)),
        "foreign": rewritten(good, tmp_path / "f.zip", lambda head: head.update(format="another")),
        "newer": rewritten(good, tmp_path / "n.zip", lambda head: head.update(records=99)),
        "no list": rewritten(good, tmp_path / "o.zip", lambda head: head.pop("contents")),
        "packed": packed(good, tmp_path / "p.zip"),
        "twice": twice(good, tmp_path / "t.zip"),
    }
    for name, content in cases.items():
        file = content if isinstance(content, Path) else tmp_path / f"{name}.bin"
        if not isinstance(content, Path):
            file.write_bytes(content)
        with pytest.raises(WrongArchive):
            restore(file, Workspace.open(tmp_path / "other"))
        left = [p for p in (tmp_path / "other").rglob("*") if p.is_file()] if (tmp_path / "other").exists() else []
        assert left == [], name
    with pytest.raises(WrongArchive, match="no such file"):
        restore(tmp_path / "none.zip", Workspace.open(tmp_path / "other"))


def packed(source: Path, target: Path) -> Path:
    """The same with compression, as a bomb has it."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    return target


@pytest.mark.filterwarnings("ignore:Duplicate name")
def twice(source: Path, target: Path) -> Path:
    shutil.copy(source, target)
    with zipfile.ZipFile(target, "a") as archive:
        info = zipfile.ZipInfo("advisor.sqlite")
        archive.NameToInfo.pop("advisor.sqlite")
        archive.writestr(info, b"another")
    return target


def test_a_backup_with_pictures_forgotten_since_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    backup(workspace, tmp_path / "b.zip")
    forget(workspace, ["train/apple/2.png"])
    before = state(workspace)
    with pytest.raises(WrongArchive, match=r"1 such pictures.*delete this backup"):
        restore(tmp_path / "b.zip", workspace, overwrite=True)
    assert state(workspace) == before


def test_a_damaged_file_is_not_backed_up_as_if_it_were_whole(workspace: Workspace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(workspace.path / "advisor.sqlite")) as db:
        (file,) = db.execute("SELECT file FROM spaces WHERE version = 1").fetchone()
    place = workspace.path / "arrays" / f"{file}.npz"
    data = bytearray(place.read_bytes())
    data[-3] ^= 1
    place.write_bytes(bytes(data))
    with pytest.raises(AdvisorError, match=r"other bytes.*Import the same data again"):
        backup(workspace, tmp_path / "b.zip")
    place.unlink()
    with pytest.raises(AdvisorError, match="some that are not there"):
        backup(workspace, tmp_path / "b.zip")
    assert not list(tmp_path.glob("*b.zip*"))


# -- kills


def _die(task: Callable[[], object], module: Any, call: str, nth: int) -> None:
    real, count = getattr(module, call), 0

    def counted(*args: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth:
            os._exit(9)
        return real(*args, **more)

    setattr(module, call, counted)
    task()
    os._exit(0)


def killed(task: Callable[[], object], call: str, nth: int) -> None:
    module, name = (backing, call) if hasattr(backing, call) else (os, call)
    process = multiprocessing.get_context("fork").Process(target=_die, args=(task, module, name, nth))
    process.start()
    process.join(60)
    assert process.exitcode == 9


@pytest.mark.parametrize(("call", "nth"), [("fsync", 1), ("_add", 1), ("_add", 3), ("replace", 1), ("_about", 1)])
def test_a_killed_backup_leaves_no_half_file(workspace: Workspace, tmp_path: Path, call: str, nth: int) -> None:
    target, before = tmp_path / "b.zip", state(workspace)
    killed(lambda: backup(workspace, target), call, nth)
    assert not target.exists()
    assert state(workspace) == before
    backup(workspace, target)
    aged(workspace.path)
    collect(workspace)
    assert not list(workspace.path.glob("*unfinished*"))


PLACES = [("_copied", 1), ("_copied", 4), ("_check_records", 1), ("_put_in_place", 1), ("replace", 1), ("replace", 4),
          ("sync_folder", 2), ("rmtree", 1)]  # fmt: skip


@pytest.mark.parametrize(("call", "nth"), PLACES)
@pytest.mark.parametrize("fresh", [True, False])
def test_a_killed_restore_leaves_the_old_state_or_the_new(
    workspace: Workspace, photos: Path, tmp_path: Path, call: str, nth: int, fresh: bool
) -> None:
    backup(workspace, tmp_path / "b.zip")
    saved = state(workspace)
    other = Workspace.open(tmp_path / "other")
    if not fresh:
        shutil.rmtree(photos / "train" / "apple")
        import_dataset(other, photos, SETTINGS)
    before = None if fresh else state(other)
    if call == "rmtree":
        process = multiprocessing.get_context("fork").Process(
            target=_die, args=(lambda: restore(tmp_path / "b.zip", other, overwrite=True), shutil, call, nth)
        )
        process.start()
        process.join(60)
        assert process.exitcode == 9
    else:
        killed(lambda: restore(tmp_path / "b.zip", other, overwrite=True), call, nth)
    try:
        now: Any = state(other)
    except NoDataset:
        now = None
    assert now in (before, saved)
    restore(tmp_path / "b.zip", other, overwrite=now is not None)  # what a first restore left is no workspace yet
    assert state(other) == saved


# -- gc


def test_gc_removes_what_no_record_names_and_nothing_else(workspace: Workspace) -> None:
    before = state(workspace)
    (workspace.path / "arrays" / f"{'0' * 64}.npz").write_bytes(b"x" * 1000)
    (workspace.path / "thumbnails" / "ab").mkdir(parents=True)
    digest = str(workspace.dataset().sha256[0])
    for stem in (digest, "f" * 64):
        (workspace.path / "thumbnails" / "ab" / f"{stem}.jpg").write_bytes(b"y" * 10)
    shards = list(workspace.vectors.rglob("*.npz"))
    old = workspace.vectors / "another-0" / shards[0].name
    old.parent.mkdir()
    shutil.copy(shards[0], old)
    young = usage(workspace)
    assert {u.kind: u.unnamed for u in young if u.unnamed} == {"arrays": 1}  # the others are of the last hour
    aged(workspace.path)
    found = {u.kind: (u.files, u.unnamed) for u in usage(workspace)}
    assert found["thumbnails"] == (2, 1)
    assert found["vectors"] == (2, 1)
    assert found["arrays"][1] == 1
    assert sum(u.bytes for u in usage(workspace)) == sum(
        p.stat().st_size for p in workspace.path.rglob("*") if p.is_file()
    )
    assert collect(workspace)[0] == 3
    assert collect(workspace) == (0, 0)
    assert (workspace.path / "thumbnails" / "ab" / f"{digest}.jpg").exists()
    assert shards[0].exists()
    assert state(workspace) == before
    undo(workspace)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_killed_gc_leaves_the_rest_for_the_next(workspace: Workspace, nth: int) -> None:
    before = state(workspace)
    for number in range(3):
        (workspace.path / "arrays" / f"{str(number) * 64}.npz").write_bytes(b"x")
    process = multiprocessing.get_context("fork").Process(
        target=_die, args=(lambda: collect(workspace), os, "unlink", nth)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert state(workspace) == before
    collect(workspace)
    assert [u.unnamed for u in usage(workspace) if u.unnamed] == []


# -- relink


def test_a_moved_folder_is_found_again(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    there = tmp_path / "disk" / "photos"
    there.parent.mkdir()
    shutil.move(photos, there)
    found = relink(workspace, there)
    assert (found.same, found.missing, found.changed) == (24, (), ())
    case = workspace.case(SETTINGS)
    assert case.dataset.root == there.resolve()
    assert case.dataset.path("test/plum/0.png").is_file()
    undo(workspace)
    assert workspace.dataset().root == there.resolve()
    assert not import_dataset(workspace, there, SETTINGS).changed
    assert [e.kind for e in timeline(workspace)].count("relink") == 1


def test_missing_and_changed_pictures_stop_it(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    shutil.copytree(photos, there)
    (there / "train/apple/1.png").write_bytes(b"another")
    (there / "train/pear/0.png").unlink()
    (there / "train/pear/1.png").unlink()
    (there / "train/pear/1.png").symlink_to(photos / "train/pear/1.png")
    before = workspace.dataset().root
    with pytest.raises(NotTheSame, match=r"21 the same, 1 missing, 2 changed \(e.g. train/pear/0.png.*--partial"):
        relink(workspace, there)
    assert workspace.dataset().root == before
    found = relink(workspace, there, partial=True)
    assert (found.missing, found.changed) == (("train/pear/0.png",), ("train/apple/1.png", "train/pear/1.png"))
    assert workspace.dataset().root == there.resolve()
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotTheSame, match="0 the same, 24 missing"):
        relink(workspace, tmp_path / "empty", partial=True)
    for wrong in (tmp_path / "none", workspace.path):
        with pytest.raises(AdvisorError, match="Name that folder"):
            relink(workspace, wrong)


def test_a_killed_relink_leaves_the_old_root_or_the_new(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    shutil.copytree(photos, there)
    before = workspace.dataset().root
    from tools import records, relinking

    process = multiprocessing.get_context("fork").Process(
        target=_die, args=(lambda: relinking.relink(workspace, there), records, "put_import", 1)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert workspace.dataset().root == before
    relink(workspace, there)
    assert {workspace.dataset(n).root for n in (1, 2)} == {there.resolve()}
