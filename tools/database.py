"""SQLite as the workspace uses it: one writer, readers in a snapshot, faults of the machine as messages."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from tools import records
from tools.errors import WorkspaceDamaged
from tools.store import writer

BUSY_SECONDS = 10.0
STORAGE_FAULTS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "reading or writing failed",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_CORRUPT: "its content is damaged",
    sqlite3.SQLITE_NOTADB: "it is not a database",
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
}
"""Primary SQLite result codes that are the machine's doing; any other is a fault of ours and is not dressed up."""
Kept = TypeVar("Kept")


class Database:
    """One SQLite file in WAL mode. A connection lives for one call, so threads may share the object.

    Parameters
    ----------
    file, lock : Path
        The database and the writers' lock; both are made by the first write.
    repair : callable
        Called by each writer once it holds the lock: removes what a killed one left.
    """

    def __init__(self, file: Path, lock: Path, repair: Callable[[], None]) -> None:
        self._file, self._lock, self._repair = file, lock, repair

    def read(self, look: Callable[[sqlite3.Connection], Kept], *, layout: int = 1) -> Kept | None:
        """Run queries in one snapshot; None if nothing was ever written, or nothing since ``layout`` came."""
        if not self._file.exists():
            return None
        with _translated(self._file), closing(_open_to_read(self._file)) as db:
            db.execute("BEGIN")
            return look(db) if _schema_version(db, self._file) >= layout else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the writers' lock without a transaction, for work on files."""
        with writer(self._lock), _translated(self._file):
            yield

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the one writer; rolled back if anything raises."""
        with writer(self._lock), _translated(self._file):
            self._repair()
            with closing(sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                db.execute("BEGIN IMMEDIATE")
                try:
                    layout = _schema_version(db, self._file)
                    if layout < records.SCHEMA_VERSION:
                        records.create_tables(db, layout)
                    yield db
                    db.execute("COMMIT")
                except BaseException:
                    if db.in_transaction:  # SQLite has already rolled back after some faults
                        db.execute("ROLLBACK")
                    raise


def _schema_version(db: sqlite3.Connection, file: Path) -> int:
    """0 = the file was created but its tables were never committed."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > records.SCHEMA_VERSION:
        raise WorkspaceDamaged(
            expected=f"a workspace of layout {records.SCHEMA_VERSION} or older",
            seen=f"layout {found} in {file}",
            todo="Use the newer version of the advisor that wrote it, or another workspace.",
        )
    return found


def _open_to_read(file: Path) -> sqlite3.Connection:
    """A connection that also works where the folder may not be written, as far as SQLite can.

    In WAL mode even a reader makes a shared-memory file; ``immutable`` does without it.
    """
    for mode in ("rw", "ro", "ro&immutable=1"):
        address = f"{file.resolve().as_uri()}?mode={mode}"
        db = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            db.close()
            denied = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not denied or "immutable" in mode:
                raise
        else:
            return db
    raise AssertionError("the last mode returns or raises")


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    """Turn what the machine did to the database into a message with its path; let our own mistakes through."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        fault = STORAGE_FAULTS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if fault is None:
            raise
        raise WorkspaceDamaged(
            expected=f"that {file} can be read and written",
            seen=f"{fault} ({error})",
            todo="Make room, give access or restore the file; arrays and pictures are not affected.",
        ) from error
