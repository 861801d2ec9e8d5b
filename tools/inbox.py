"""The production inbox: unlabelled pictures that came in, with what models said of them, and what a person decided.

A picture is known by its content, so a file that comes twice, or under another name, is one picture. It is in the inbox
until a change that stands has labelled it (``tools.labelling``), so taking that change back brings it back here.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tools import records
from tools.added import ADDED
from tools.changes import list_changes
from tools.errors import UnknownName
from tools.workspace import Workspace

LAYOUT = records.INBOX_SINCE
State = Literal["waiting", "skipped", "rejected"]
FEWEST_DIGITS = 6
"""Of a content's digest, from which it may stand for the picture."""


@dataclass(frozen=True)
class Said:
    """What one model version said of one picture.

    Attributes
    ----------
    sha256 : str
    model, version : str
    said : str
        The class, as the model calls it.
    score : float
        Of that class, 0–1.
    scores : mapping of str to float
        Of every class; empty where only the first was given.
    """

    sha256: str
    model: str
    version: str
    said: str
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``model@version``."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True)
class Picture:
    """One picture that came in.

    Attributes
    ----------
    sha256 : str
    name : str
        Where its bytes lie in the workspace's inbox folder; with the prefix of ``tools.added`` its id in a data set.
    at : str
        When it came; UTC, ISO 8601.
    source : str
        The path it came under, relative to the folder that was taken in.
    metadata : mapping of str to str
    state : {"waiting", "skipped", "rejected"}
    decided, who, why : str
        When, by whom and why it was skipped or rejected.
    """

    sha256: str
    name: str
    at: str
    source: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    state: State = "waiting"
    decided: str = ""
    who: str = ""
    why: str = ""

    @property
    def id(self) -> str:
        """Its id in a data set."""
        return f"{ADDED}{self.name}"


@dataclass(frozen=True)
class Arrival:
    """One taking-in of files.

    Attributes
    ----------
    at, source : str
    counts : mapping of str to int
        What became of the files.
    """

    at: str
    source: str
    counts: Mapping[str, int]


COLUMNS = "sha256, name, at, source, metadata, state, decided, who, why"


class Inbox:
    """The inbox of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def every(self) -> tuple[Picture, ...]:
        """All that ever came in, oldest first, whatever became of it."""

        def look(db: sqlite3.Connection) -> tuple[Picture, ...]:
            rows = db.execute(f"SELECT {COLUMNS} FROM inbox ORDER BY at, name")
            return tuple(_picture(row) for row in rows)

        return self.workspace.database.read(look, layout=LAYOUT) or ()

    def pictures(self, *states: State) -> tuple[Picture, ...]:
        """Pictures in the inbox, oldest first: not labelled, and in no data set; of some states (default: waiting)."""
        gone = self.settled()
        wanted = states or ("waiting",)
        return tuple(p for p in self.every() if p.state in wanted and p.sha256 not in gone)

    def settled(self) -> frozenset[str]:
        """Contents that the newest data set holds, or that a change that stands has labelled or left out."""

        def look(db: sqlite3.Connection) -> frozenset[str]:
            newest = records.latest_version(db)
            there = {row[0] for row in db.execute("SELECT sha256 FROM images WHERE version = ?", (newest,))}
            labelled = {e.sha256 for c in list_changes(db).standing if c.kind == "append" for e in c.edits}
            return frozenset(there | labelled)

        return self.workspace.database.read(look, layout=LAYOUT) or frozenset()

    def arrivals(self) -> tuple[Arrival, ...]:
        """Takings-in, oldest first."""

        def look(db: sqlite3.Connection) -> tuple[Arrival, ...]:
            rows = db.execute("SELECT at, source, document FROM arrivals ORDER BY number")
            return tuple(Arrival(at, source, json.loads(document)) for at, source, document in rows)

        return self.workspace.database.read(look, layout=LAYOUT) or ()

    def said(self, model: str | None = None) -> tuple[Said, ...]:
        """What models said, oldest first; of one ``model`` or ``model@version`` only, where named.

        Raises
        ------
        UnknownName
            If nothing is kept of it.
        """

        def look(db: sqlite3.Connection) -> tuple[Said, ...]:
            rows = db.execute(
                "SELECT sha256, model, version, said, score, vector FROM inbox_scores "
                "ORDER BY at, model, version, sha256"
            )
            return tuple(_said(row) for row in rows)

        found = self.workspace.database.read(look, layout=LAYOUT) or ()
        if model is None:
            return found
        wanted = tuple(s for s in found if model in (s.name, s.model))
        if not wanted:
            raise UnknownName(
                expected=f"one of {', '.join(sorted({s.name for s in found})) or 'no model (none spoke here yet)'}",
                seen=model,
                todo="Name one of these, as NAME or NAME@VERSION; predictions come with advisor inbox add.",
            )
        return wanted

    def models(self) -> tuple[str, ...]:
        """``model@version`` of all that spoke, sorted."""
        return tuple(sorted({s.name for s in self.said()}))

    def find(self, texts: Sequence[str], *states: State) -> list[Picture]:
        """Pictures of the inbox that a person names: by id, name, source, or the first digits of the content's digest.

        Raises
        ------
        UnknownName
            If a text names none, or several.
        """
        there = self.pictures(*(states or ("waiting", "skipped")))
        out = []
        for text in texts:
            found = _named(text, there)
            if len(found) != 1:
                raise UnknownName(
                    expected="a picture of the inbox, by its id, its file name or the first digits of its digest",
                    seen=f"{text!a}" + (f", which {len(found)} pictures share" if found else ""),
                    todo="See: advisor inbox list.",
                )
            out.append(found[0])
        return list(dict.fromkeys(out))

    def decide(self, pictures: Iterable[Picture], state: State, *, who: str = "", why: str = "") -> int:
        """Skip, reject or bring back pictures; returns how many changed."""
        rows = [(state, "" if state == "waiting" else records.now(), who, why, p.sha256, state) for p in pictures]
        with self.workspace.database.writing() as db:
            return sum(
                db.execute(
                    "UPDATE inbox SET state = ?, decided = ?, who = ?, why = ? WHERE sha256 = ? AND state != ?", row
                ).rowcount
                for row in rows
            )

    def described(self, picture: Picture, metadata: Mapping[str, str]) -> Picture:
        """The same with metadata added."""
        return replace(picture, metadata={**picture.metadata, **{k: v for k, v in metadata.items() if v}})

    def describe(self, pictures: Iterable[Picture]) -> None:
        """Keep the metadata of pictures."""
        rows = [(json.dumps(dict(p.metadata)), p.sha256) for p in pictures]
        with self.workspace.database.writing() as db:
            db.executemany("UPDATE inbox SET metadata = ? WHERE sha256 = ?", rows)


def _picture(row: tuple[str, ...]) -> Picture:
    sha256, name, at, source, metadata, state, decided, who, why = row
    assert state in ("waiting", "skipped", "rejected")
    return Picture(sha256, name, at, source, json.loads(metadata), state, decided, who, why)  # type: ignore[arg-type]


def _said(row: tuple[Any, ...]) -> Said:
    sha256, model, version, said, score, vector = row
    return Said(sha256, model, version, said, score, json.loads(vector) if vector else {})


def _named(text: str, there: Sequence[Picture]) -> list[Picture]:
    """Pictures that a text names, by the most exact way in which it names any."""
    digest = text.casefold()
    ways = (
        [p for p in there if text in (p.id, p.name)],
        [p for p in there if text == p.source],
        [p for p in there if text == p.name.rpartition("/")[2]],
        [p for p in there if len(digest) >= FEWEST_DIGITS and p.sha256.startswith(digest)],
    )
    return next((found for found in ways if found), [])


def put_pictures(db: sqlite3.Connection, pictures: Iterable[Picture], arrival: int) -> int:
    """Enter pictures that are not there yet; returns how many."""
    return sum(
        db.execute(
            "INSERT OR IGNORE INTO inbox (sha256, name, arrival, at, source, metadata, state, decided, who, why) "
            "VALUES (?,?,?,?,?,?,'waiting','','','')",
            (p.sha256, p.name, arrival, p.at, p.source, json.dumps(dict(p.metadata))),
        ).rowcount
        for p in pictures
    )


def put_said(db: sqlite3.Connection, said: Iterable[Said]) -> int:
    """Keep what models said; what a version said before of the same picture is replaced. Returns how many are new."""
    before = db.execute("SELECT count(*) FROM inbox_scores").fetchone()[0]
    now = records.now()
    db.executemany(
        "INSERT OR REPLACE INTO inbox_scores VALUES (?,?,?,?,?,?,?)",
        (
            (s.sha256, s.model, s.version, now, s.said, s.score, json.dumps(dict(s.scores)) if s.scores else "")
            for s in said
        ),
    )
    return int(db.execute("SELECT count(*) FROM inbox_scores").fetchone()[0] - before)
