"""Conversations of the chat as people see them: who asked, what was answered; in the workspace, each for its owner.

What the graph leans on for follow-ups lies beside them (``agent.threads``), under the same names.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from tools.workspace import Workspace

MOST = 30
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Conversation:
    """One thread of a person.

    Attributes
    ----------
    thread : str
    title : str
        Its first question.
    """

    thread: str
    title: str


@dataclass(frozen=True)
class Turn:
    """One question and what came of it.

    Attributes
    ----------
    question : str
    answer : mapping or None
        None while it is being answered, waits for consent, or was cut off.
    """

    question: str
    answer: Answer | None


def new_thread(who: str) -> str:
    """A name for a conversation, later ones sorting after earlier ones; never guessed, never another person's."""
    return f"{_owner(who)}/{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex}"


def conversations(kept: "Workspace", who: str) -> list[Conversation]:
    """A person's last conversations, newest first."""
    owner = f"chat/{_owner(who)}/"

    def look(db: sqlite3.Connection) -> list[Conversation]:
        rows = db.execute(
            "SELECT key, json_extract(document, '$.question') FROM documents "
            "WHERE key >= ? AND key < ? AND key LIKE '%/00000' ORDER BY key DESC LIMIT ?",
            (owner, owner + "\x7f", MOST),
        )
        return [Conversation(key.removeprefix("chat/").rpartition("/")[0], str(title)) for key, title in rows]

    return kept.database.read(look) or []


def turns(kept: "Workspace", who: str, thread: str) -> list[Turn]:
    """Everything said in one conversation; nothing of another person's."""
    if not _owns(who, thread):
        return []

    def look(db: sqlite3.Connection) -> list[Turn]:
        start = f"chat/{thread}/"
        rows = db.execute(
            "SELECT document FROM documents WHERE key >= ? AND key < ? ORDER BY key", (start, start + "\x7f")
        )
        return [Turn(found["question"], found["answer"]) for found in (json.loads(row[0]) for row in rows)]

    return kept.database.read(look) or []


def put_turn(kept: "Workspace", who: str, thread: str, number: int, question: str, answer: Answer | None) -> None:
    """Keep a turn, or what has become of it."""
    if not _owns(who, thread):
        raise ValueError("a conversation of another person")
    kept.remember(f"chat/{thread}/{number:05d}", json.dumps({"question": question, "answer": answer}))


@contextmanager
def remembering(kept: "Workspace", instead: "BaseCheckpointSaver[str]") -> "Iterator[BaseCheckpointSaver[str]]":
    """Where the graph keeps its threads: on disk, or, where that cannot be written, in this process alone."""
    from agent.threads import open_threads

    opened = open_threads(kept.path)
    try:
        saver: BaseCheckpointSaver[str] = opened.__enter__()
    except (OSError, sqlite3.Error):
        yield instead
        return
    try:
        yield saver
    finally:
        opened.__exit__(None, None, None)


def _owner(who: str) -> str:
    return sha256(who.encode()).hexdigest()[:16]


def _owns(who: str, thread: str) -> bool:
    return thread.startswith(f"{_owner(who)}/")
