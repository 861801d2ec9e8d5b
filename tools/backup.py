"""A workspace as one file and back: a snapshot while others write, checksums, and nothing from outside its own names.

The archive is a plain zip without compression, the database taken by SQLite's own backup; ``contents.json`` lists
every file with its size and sha256. It holds the records and what they name, all of it in files that never change
under their names. Your own pictures, trainings that did not end, and what is made again when needed are not in it.
"""

import json
import os
import secrets
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from embeddings.progress import Progress, silent
from tools import forgotten, records
from tools.clearing import DIGEST, digests_named
from tools.errors import AdvisorError, UnreadableInput
from tools.paths import WORKSPACE_FILE, inside
from tools.readers.json_text import Malformed, parsed
from tools.store import UNFINISHED, sync_folder, unwritable
from tools.workspace import Workspace

CONTENTS, FORMAT, LAYOUT = "contents.json", "image-model-advisor backup", 1
TAKEN = ("arrays", "vectors", "networks", "inbox", "crops")
"""Folders whose files lie nowhere else; but for the crops of boxes, which an import may cut anew, they never change."""
NEEDED = {
    "datasets": ("measured",), "spaces": ("file",), "predictions": ("file",), "trained": ("scores", "weights"),
}  # fmt: skip
"""Columns that name array files without which a record cannot be read; derived ones are computed again."""
RESTORING = ".restoring-"
LARGEST_CONTENTS = 256_000_000
CHUNK = 1 << 20
TRIES = 3


class WrongArchive(AdvisorError):
    """A file that is no whole backup, or one that may not be restored here."""


@dataclass(frozen=True)
class Kept:
    """What a backup holds.

    Attributes
    ----------
    files, bytes : int
    made : str
        UTC, ISO 8601.
    versions, images : int
        Dataset versions, and pictures of the newest.
    """

    files: int
    bytes: int
    made: str
    versions: int
    images: int


def backup(workspace: Workspace, target: Path, *, overwrite: bool = False, on_step: Progress = silent) -> Kept:
    """Write a workspace into one file, whole or not at all; others may read and write meanwhile.

    Raises
    ------
    AdvisorError
        If ``target`` is there already (without ``overwrite``) or cannot be written, or nothing was imported yet.
    """
    workspace.dataset()
    if target.exists() and not overwrite:
        raise AdvisorError(
            expected="a new file for the backup", seen=f"{target}, which is there", todo="Name another, or --overwrite."
        )
    mark = secrets.token_hex(8)
    snapshot = workspace.path / f"backup-{mark}{UNFINISHED}"
    unfinished = target.with_name(f".{target.name[:40]}.{mark}{UNFINISHED}")
    try:
        for last in range(TRIES):
            try:
                kept = _written(workspace, snapshot, unfinished, on_step)
                break
            except _Vanished:  # pictures were forgotten, or files collected, since the snapshot
                if last == TRIES - 1:
                    raise AdvisorError(
                        expected="every file that the records name", seen="some that are not there",
                        todo="Import the same data again: what is missing is rebuilt. Then back up.",
                    ) from None  # fmt: skip
        os.replace(unfinished, target)
        sync_folder(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
        snapshot.unlink(missing_ok=True)
    return kept


class _Vanished(Exception):
    """A file that the snapshot names is gone."""


def _written(workspace: Workspace, snapshot: Path, unfinished: Path, on_step: Progress) -> Kept:
    snapshot.unlink(missing_ok=True)
    with closing(sqlite3.connect(workspace.path / WORKSPACE_FILE)) as db, closing(sqlite3.connect(snapshot)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    needed = _needed(snapshot)
    files = {WORKSPACE_FILE: snapshot, **dict(_others(workspace.path, digests_named(snapshot)))}
    if any(f"arrays/{digest}.npz" not in files for digest in needed):
        raise _Vanished
    listed: dict[str, dict[str, object]] = {}
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            for done, (name, file) in enumerate(files.items()):
                on_step("copying files", done, len(files))
                digest, size = _add(archive, name, file)
                if file.stem in needed and digest != file.stem:
                    raise AdvisorError(
                        expected=f"the stored file {file} as it was written", seen="other bytes",
                        todo="Import the same data again: what is damaged is rebuilt. Then back up.",
                    )  # fmt: skip
                listed[name] = {"sha256": digest, "bytes": size}
            kept = _about(snapshot, listed)
            head = {"format": FORMAT, "layout": LAYOUT, "records": records.SCHEMA_VERSION, **vars(kept)}
            archive.writestr(zipfile.ZipInfo(CONTENTS), json.dumps({**head, "contents": listed}))
        handle.flush()
        os.fsync(handle.fileno())
    return kept


def _others(path: Path, named: set[str]) -> Iterator[tuple[str, Path]]:
    """Files beside the database, by their names in the archive."""
    for top in TAKEN:
        for file in sorted((path / top).rglob("*")):
            if file.name.endswith((UNFINISHED, ".part")) or file.is_symlink() or not file.is_file():
                continue
            if top != "arrays" or file.stem in named:
                yield file.relative_to(path).as_posix(), file


def _needed(database: Path) -> set[str]:
    """Digests of the array files that the records cannot do without."""
    found: set[str] = set()
    with closing(sqlite3.connect(database)) as db:
        there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in there & NEEDED.keys():
            for column in NEEDED[table]:
                found |= {row[0] for row in db.execute(f"SELECT {column} FROM {table}") if row[0]}
    return {digest for digest in found if DIGEST.fullmatch(digest)}


def _add(archive: zipfile.ZipFile, name: str, file: Path) -> tuple[str, int]:
    digest, size = sha256(), 0
    try:
        source = file.open("rb")
    except FileNotFoundError:
        raise _Vanished from None
    with source, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            member.write(chunk)
    return digest.hexdigest(), size


def _about(database: Path, listed: Mapping[str, Mapping[str, object]]) -> Kept:
    with closing(sqlite3.connect(database)) as db:
        newest = records.latest_version(db)
        images = int(db.execute("SELECT count(*) FROM images WHERE version = ?", (newest,)).fetchone()[0])
        versions = int(db.execute("SELECT count(*) FROM datasets").fetchone()[0])
    size = sum(int(str(entry["bytes"])) for entry in listed.values())
    return Kept(len(listed), size, records.now(), versions, images)


# -- back


def restore(archive: Path, workspace: Workspace, *, overwrite: bool = False, on_step: Progress = silent) -> Kept:
    """Put a backup into a workspace: unpacked and checked beside it, then the files, then the records at once.

    Parameters
    ----------
    archive : Path
    workspace : Workspace
        A new one, unless ``overwrite``.
    overwrite : bool
        Replace the records of a workspace that is there. Its files stay until ``gc``.

    Raises
    ------
    WrongArchive
        Before anything is written, for what is no backup, holds names that lead elsewhere, or pictures that were
        forgotten here since; and for bytes that are not those that were backed up, with nothing put in place.
    """
    if not archive.is_file():
        raise _wrong(archive, "no such file")
    _refuse_place(workspace, overwrite)
    staging = workspace.path / f"{RESTORING}{secrets.token_hex(8)}"
    try:
        with archive.open("rb") as handle, zipfile.ZipFile(handle) as opened:
            about, listed = _checked(archive, opened, workspace.path)
            try:
                staging.mkdir(parents=True)
                _unpack(archive, opened, listed, staging, on_step)
                _check_records(archive, staging, listed, workspace)
                with workspace.database.alone():
                    _put_in_place(workspace.path, staging, listed)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except zipfile.BadZipFile:
        raise _wrong(archive, "a file that is no zip archive, or is cut short") from None
    except OSError as error:
        raise unwritable(workspace.path if archive.exists() else archive, error) from error
    return about


def _refuse_place(workspace: Workspace, overwrite: bool) -> None:
    """Stop where something stands; what a killed restore left, files without records, is nothing."""
    path = workspace.path
    names = {item.name for item in path.iterdir()} if path.is_dir() else set()
    ours = {n for n in names if n in (*TAKEN, "lock") or n.startswith((RESTORING, WORKSPACE_FILE))}
    if not workspace.datasets() and names - ours:
        raise AdvisorError(
            expected="a workspace, or a new folder", seen=f"{path}, which holds other files",
            todo="Name another --workspace.",
        )  # fmt: skip
    if workspace.datasets() and not overwrite:
        raise AdvisorError(
            expected="a new workspace to restore into", seen=f"{path}, which holds dataset versions",
            todo="Name another --workspace; or replace this one with --overwrite.",
        )  # fmt: skip


def _wrong(archive: Path, seen: str) -> WrongArchive:
    return WrongArchive(
        expected=f"a backup that advisor backup wrote at {archive}", seen=seen,
        todo="Nothing was restored. Take another copy of the backup.",
    )  # fmt: skip


def _checked(archive: Path, opened: zipfile.ZipFile, target: Path) -> tuple[Kept, Mapping[str, Mapping[str, Any]]]:
    """What the archive says of itself, once every name and size in it is known to be harmless."""
    entries = {entry.filename: entry for entry in opened.infolist()}
    listing = entries.pop(CONTENTS, None)
    if listing is None or listing.file_size > LARGEST_CONTENTS or len(entries) + 1 != len(opened.infolist()):
        raise _wrong(archive, "no list of contents, or one name twice")
    for name, entry in entries.items():
        _refuse_name(archive, name, target)
        plain = stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFREG)
        if not plain or entry.is_dir() or entry.flag_bits & 1 or entry.compress_type != zipfile.ZIP_STORED:
            raise _wrong(archive, f"the entry {name!a}, which is no plain file")
    try:
        head = parsed(opened.read(listing).decode("utf-8"))
        listed = head["contents"]
        about = Kept(*(head[name] for name in Kept.__dataclass_fields__))
        sizes = {name: int(entry["bytes"]) for name, entry in listed.items()}
        ours = head["format"] == FORMAT and all(DIGEST.fullmatch(entry["sha256"]) for entry in listed.values())
        layout, written = int(head["layout"]), int(head["records"])
    except (Malformed, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise _wrong(archive, "a list of contents that cannot be read") from None
    if not ours or WORKSPACE_FILE not in listed or sizes != {name: e.file_size for name, e in entries.items()}:
        raise _wrong(archive, "a list of contents that does not fit the archive")
    if layout > LAYOUT or written > records.SCHEMA_VERSION:
        raise WrongArchive(
            expected="a backup of this version of the advisor, or an older one", seen="one of a newer",
            todo="Restore it with the version that wrote it, or a newer one.",
        )  # fmt: skip
    near = next(folder for folder in (target.absolute(), *target.absolute().parents) if folder.is_dir())
    if shutil.disk_usage(near).free < sum(sizes.values()):
        raise WrongArchive(
            expected=f"{sum(sizes.values())} bytes free at {near}", seen=f"{shutil.disk_usage(near).free}",
            todo="Make room, or name another --workspace.",
        )  # fmt: skip
    return about, listed


def _refuse_name(archive: Path, name: str, target: Path) -> None:
    top, slash, rest = name.partition("/")
    bad = "\\" in name or name != "/".join(part for part in name.split("/") if part not in ("", "."))
    if not bad and name != WORKSPACE_FILE and not (top in TAKEN and slash and rest):
        bad = True
    try:
        inside(target, name)
    except UnreadableInput:
        bad = True
    if bad:
        raise _wrong(archive, f"the name {name!a}, which no backup holds")


def _unpack(
    archive: Path, opened: zipfile.ZipFile, listed: Mapping[str, Mapping[str, Any]], staging: Path, on_step: Progress
) -> None:
    for done, (name, entry) in enumerate(listed.items()):
        on_step("unpacking files", done, len(listed))
        target = staging / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(name) as source, target.open("xb") as handle:
            digest = _copied(source, handle)
        if digest != entry["sha256"]:
            raise _wrong(archive, f"other bytes than were backed up in {name!a}")


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def _check_records(archive: Path, staging: Path, listed: Mapping[str, Mapping[str, Any]], workspace: Workspace) -> None:
    database = staging / WORKSPACE_FILE
    try:
        with closing(sqlite3.connect(database)) as db:
            whole = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            layout = int(db.execute("PRAGMA user_version").fetchone()[0])
            contents = {row[0] for row in db.execute("SELECT DISTINCT sha256 FROM images")}
        needed = _needed(database)
    except sqlite3.DatabaseError:
        whole, layout, contents, needed = False, 0, set(), set()
    there = all(f"arrays/{digest}.npz" in listed for digest in needed)
    if not whole or not there or not 1 <= layout <= records.SCHEMA_VERSION:
        raise _wrong(archive, "records that are damaged")
    known = workspace.database.read(forgotten.known_in)
    count = sum(map(known, contents)) if known is not None else 0
    if count:
        raise WrongArchive(
            expected="a backup without pictures that were forgotten here", seen=f"{count} such pictures",
            todo="Restore it into another workspace, forget them there, and delete this backup.",
        )  # fmt: skip


def _put_in_place(path: Path, staging: Path, listed: Mapping[str, Mapping[str, Any]]) -> None:
    """Files first, which nothing names yet; then the records in one transaction of SQLite's."""
    for name in listed:
        if name != WORKSPACE_FILE:
            target = inside(path, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / name, target)
            sync_folder(target.parent)
    with (
        closing(sqlite3.connect(staging / WORKSPACE_FILE)) as source,
        closing(sqlite3.connect(path / WORKSPACE_FILE, timeout=10.0)) as target_db,
    ):
        source.backup(target_db)
    sync_folder(path)
