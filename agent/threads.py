"""Conversations on disk: each step of each is kept before the next begins, so that a kill loses nothing."""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.events import Consent

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver

FILE = "conversations.sqlite"
MODE = 0o600
BUSY_SECONDS = 60.0
"""How long another process may hold the file: SQLite's waiting is not fair, and every step is written to the disk."""
_LOCKS: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
"""One lock a file for all conversations of this process: twenty that waited for SQLite alone starved one of them."""


@dataclass(frozen=True)
class Conversation:
    """One thread.

    Attributes
    ----------
    name : str
    last : str
        The question asked last.
    waits : str
        ``consent``, ``unfinished`` or empty.
    """

    name: str
    last: str
    waits: str


@contextmanager
def open_threads(folder: Path) -> Iterator["SqliteSaver"]:
    """The conversations of a workspace; readable by their owner alone, since questions may say anything.

    Parameters
    ----------
    folder : Path
        The workspace's.

    Raises
    ------
    OSError, sqlite3.Error
        If the folder cannot be written.
    """
    from langgraph.checkpoint.sqlite import SqliteSaver

    file = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    file.touch(mode=MODE, exist_ok=True)
    file.chmod(MODE)
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS, check_same_thread=False)) as db:
        db.execute("PRAGMA synchronous=FULL")
        saver = SqliteSaver(db)
        saver.lock = _LOCKS[file.resolve()]
        with saver.lock:
            saver.setup()
        yield saver


def conversations(saver: "SqliteSaver") -> list[Conversation]:
    """All threads, by name."""
    from agent.graph import build_graph, pending

    with saver.lock:
        names = [str(row[0]) for row in saver.conn.execute("SELECT DISTINCT thread_id FROM checkpoints ORDER BY 1")]
    out = []
    for name in names:
        values = build_graph(saver).get_state({"configurable": {"thread_id": name}}).values
        waiting = pending(name, saver)
        waits = "" if waiting is None else "consent" if isinstance(waiting, Consent) else "unfinished"
        out.append(Conversation(name, str(values.get("question", "")), waits))
    return out


def tidy(saver: "SqliteSaver", thread: str) -> None:
    """Drop all steps of a thread but the newest, which holds what later questions lean on."""
    with saver.lock:
        for table in ("writes", "checkpoints"):
            saver.conn.execute(
                f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < "
                "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)",
                (thread, thread),
            )
        saver.conn.commit()
