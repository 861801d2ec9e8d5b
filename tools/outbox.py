"""Who gets which report, and whether it went: at most once per week and recipient."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tools import records
from tools.workspace import Workspace

LAYOUT = records.OUTBOX_SINCE
State = Literal["queued", "sending", "sent", "failed"]


class TryLater(Exception):
    """The message was surely not accepted, and may be later: no connection, a full mailbox, a busy server."""


class Refused(Exception):
    """The message was refused for good."""


@dataclass(frozen=True)
class Letter:
    """One report to one recipient.

    Attributes
    ----------
    week, recipient : str
    state : {"queued", "sending", "sent", "failed"}
        ``sending`` is what a kill between handing over and hearing back leaves: it may have gone; it is not sent again.
    attempts : int
    at : str
        Last change; UTC, ISO 8601.
    error : str
    """

    week: str
    recipient: str
    state: State
    attempts: int
    at: str
    error: str


class Outbox:
    """The letters of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> tuple[Letter, ...]:
        """Every letter, oldest week first."""

        def look(db: sqlite3.Connection) -> tuple[Letter, ...]:
            rows = db.execute("SELECT week, recipient, state, attempts, at, error FROM outbox ORDER BY week, recipient")
            return tuple(Letter(*row) for row in rows)

        return self._workspace.database.read(look, layout=LAYOUT) or ()

    def queue(self, week: str, recipients: Sequence[str]) -> None:
        """Letters of a week, for those that have none yet."""
        with self._workspace.database.writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO outbox VALUES (?,?,'queued',0,?,'')",
                [(week, recipient, records.now()) for recipient in recipients],
            )

    def waiting(self) -> tuple[Letter, ...]:
        """Letters still to be sent."""
        return tuple(letter for letter in self.all() if letter.state == "queued")

    def send(self, letter: Letter, hand_over: Callable[[], None]) -> Letter:
        """Try a letter once; whatever happens, it cannot go twice.

        It is marked before it is handed over, so that a kill in between loses it rather than repeating it.

        Parameters
        ----------
        hand_over : callable
            Returns when the message was accepted; raises ``TryLater`` or ``Refused`` when it surely was not.
        """
        if not self._claim(letter):
            return next(a for a in self.all() if (a.week, a.recipient) == (letter.week, letter.recipient))
        try:
            hand_over()
        except TryLater as fault:
            return self._mark(letter, "queued", str(fault))
        except Refused as fault:
            return self._mark(letter, "failed", str(fault))
        return self._mark(letter, "sent", "")

    def _claim(self, letter: Letter) -> bool:
        """Take a queued letter; False if another process was quicker."""
        with self._workspace.database.writing() as db:
            done = db.execute(
                "UPDATE outbox SET state = 'sending', attempts = attempts + 1, at = ? "
                "WHERE week = ? AND recipient = ? AND state = 'queued'",
                (records.now(), letter.week, letter.recipient),
            )
            return done.rowcount == 1

    def _mark(self, letter: Letter, state: State, error: str) -> Letter:
        at = records.now()
        with self._workspace.database.writing() as db:
            db.execute(
                "UPDATE outbox SET state = ?, at = ?, error = ? WHERE week = ? AND recipient = ?",
                (state, at, error, letter.week, letter.recipient),
            )
        return Letter(letter.week, letter.recipient, state, letter.attempts + 1, at, error)
