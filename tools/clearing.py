"""The second half of forgetting: what no record names any more is removed from the disk, after the records changed.

A journal in the workspace says that this is to be done; it is written before the records change and removed at the
end, so that a killed run is finished by the next one that writes. Without the change of the records it says nothing.
"""

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from embeddings.files import Unreadable, digest_file
from tools import forgotten
from tools.paths import WORKSPACE_FILE
from tools.store import UNFINISHED, sync_folder

JOURNAL = "forgetting.json"
DIGEST = re.compile(r"[0-9a-f]{64}")
RUNS = "runs"


def clear(path: Path) -> bool:
    """Finish a forgetting; only for the holder of the writers' lock.

    Returns
    -------
    bool
        False if a reader keeps the database from being written anew: then the next writer tries again.
    """
    file = path / JOURNAL
    try:
        journal = json.loads(file.read_bytes())
    except FileNotFoundError:
        return True
    database = path / WORKSPACE_FILE
    if database.exists() and _committed(database, journal["token"]):
        for name in journal["remove"]:
            (path / name).unlink(missing_ok=True)
            _remove_empty((path / name).parent, path)
        for run in (path / RUNS).glob("*/"):
            shutil.rmtree(run, ignore_errors=True)
        for picture, content in journal["pictures"]:
            _remove_picture(Path(os.fsdecode(bytes.fromhex(picture))), content)
        if not _rewritten(database):
            return False
    remove_unnamed(path)
    file.unlink()
    sync_folder(path)
    return True


def remove_unnamed(path: Path) -> int:
    """Remove array files that no record names; returns their bytes. Only for the holder of the writers' lock."""
    named = digests_named(path / WORKSPACE_FILE)
    freed = 0
    for file in [*(path / "arrays").glob("*.npz"), *(path / "arrays").glob(f"*{UNFINISHED}")]:
        if file.stem not in named:
            freed += file.stat().st_size
            file.unlink(missing_ok=True)
    return freed


def digests_named(database: Path) -> set[str]:
    """Every sha256 that any cell of the database holds: contents of pictures, and names of files."""
    found: set[str] = set()
    if not database.exists():
        return found
    with closing(sqlite3.connect(database)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in db.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    if isinstance(cell, str) and len(cell) >= 64:
                        found.update(DIGEST.findall(cell))
    return found


def _remove_empty(folder: Path, path: Path) -> None:
    """Folders may be called by a part of a digest, so they go with their last file."""
    with suppress(OSError):  # not empty, or gone already
        while folder != path:
            folder.rmdir()
            folder = folder.parent


def _committed(database: Path, token: str) -> bool:
    with closing(sqlite3.connect(database)) as db:
        return forgotten.token_in(db) == token


def _rewritten(database: Path) -> bool:
    """The database without the remains of deleted rows, in its own file and in its log."""
    with closing(sqlite3.connect(database, timeout=10.0, isolation_level=None)) as db:
        try:
            db.execute("PRAGMA secure_delete=ON")
            db.execute("VACUUM")
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            return False
    return not busy


def _remove_picture(picture: Path, content: str) -> None:
    """A file of the user's that was asked to go too; only while it is still what was forgotten."""
    with suppress(Unreadable, OSError):
        if digest_file(picture) == content:
            picture.unlink()
