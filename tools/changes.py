"""Accepted changes of labels and pictures: what each says and which of them stand. The history only grows.

A dataset version is what the files say (the last import) with the standing changes replayed onto it in order. So a
new import loses none of them, and taking one back is replaying the others (docs/decisions/0014).
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, Literal

LAYOUT = 2
Kind = Literal["relabel", "remove", "split", "merge", "append", "lock", "undo", "write", "import"]
OF_LABELS = ("relabel", "remove", "split", "merge", "append")
"""Kinds that are replayed until the files say what they say; ``lock`` (the pictures it names are the test split) always
is. The others take back, move files or note what an import made of them."""


@dataclass(frozen=True)
class Edit:
    """What a change says of one picture.

    Attributes
    ----------
    id, sha256 : str
    before : str or None
        Its label when the change was accepted; None = unlabelled.
    after : str or None
        Its label from then on; None = the picture is left out.
    """

    id: str
    sha256: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Move:
    """One file that was moved so that its place says its label.

    Attributes
    ----------
    source, target : str
        Ids before and after.
    sha256 : str
    before, after : str or None
        Labels that the two places give; None = unlabelled.
    away : bool
        Whether the target lies outside the data set; ``back`` tells that the source does.
    back : bool
    """

    source: str
    target: str
    sha256: str
    before: str | None
    after: str | None
    away: bool = False
    back: bool = False

    @property
    def reverse(self) -> "Move":
        """The way back."""
        return Move(self.target, self.source, self.sha256, self.after, self.before, self.back, self.away)


@dataclass(frozen=True)
class Conflict:
    """A picture whose file carries a label that its change did not know; the file's label stands.

    Attributes
    ----------
    id, sha256 : str
        As the change named the picture.
    change : int
    wanted : str or None
        The change's label; None = left out.
    seen : str or None
        The label of the file now; None = unlabelled.
    """

    id: str
    sha256: str
    change: int
    wanted: str | None
    seen: str | None


@dataclass(frozen=True)
class Change:
    """One entry of the history, which only grows.

    Attributes
    ----------
    number : int
    at : str
        UTC, ISO 8601.
    before, after : int
        Dataset versions; the same where the entry made none.
    kind : str
    summary : str
        What was done, in one sentence.
    why, by : str
        As the person gave them.
    edits : tuple of Edit
    spared : tuple of str
        Ids of pictures with the same bytes as an edited one that were not edited.
    renamed : mapping of str to str
        For a merge: the old classes and the new one, also for pictures that come later.
    undoes : int or None
    moves : tuple of Move
    conflicts : tuple of Conflict
        For an import.
    base : int or None
        For what moved files: the version that says what the files say from then on.
    token : str
        Of the journal that moved files.
    predictions : tuple of (int, int)
        Rows of predictions whose classes were renamed or named back, and their copies.
    split : str
        For pictures added from the inbox (``append``): where they belong.
    """

    number: int
    at: str
    before: int
    after: int
    kind: Kind
    summary: str
    why: str = ""
    by: str = ""
    edits: tuple[Edit, ...] = ()
    spared: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    undoes: int | None = None
    moves: tuple[Move, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    base: int | None = None
    token: str = ""
    predictions: tuple[tuple[int, int], ...] = ()
    split: str = "train"


@dataclass(frozen=True)
class History:
    """All changes of a workspace, oldest first."""

    changes: tuple[Change, ...] = ()

    @cached_property
    def cancelled(self) -> frozenset[int]:
        """Numbers of entries that were taken back by one that itself stands."""
        out: set[int] = set()
        for change in reversed(self.changes):
            if change.undoes is not None and change.number not in out:
                out.add(change.undoes)
        return frozenset(out)

    @property
    def standing(self) -> tuple[Change, ...]:
        """Entries that were not taken back."""
        return tuple(c for c in self.changes if c.number not in self.cancelled)

    @property
    def written(self) -> int:
        """Number of the last entry that put labels into the files and stands; 0 = none."""
        return max((c.number for c in self.standing if c.kind == "write"), default=0)

    @property
    def active(self) -> tuple[Change, ...]:
        """Changes to replay: standing, and not in the files already.

        Pictures from the inbox lie in no class folder, so what changed them since they came is replayed for good.
        """
        written = self.written
        first = min((c.number for c in self.standing if c.kind == "append"), default=written + 1)
        return tuple(
            c for c in self.standing
            if c.kind == "lock" or (c.kind in OF_LABELS and c.number >= min(written + 1, first))
        )  # fmt: skip

    @property
    def settled(self) -> frozenset[tuple[int, str, str]]:
        """Change, id and content of edits that a file's own label overruled for good."""
        notes = (c for c in self.standing if c.kind == "import")
        return frozenset((x.change, x.id, x.sha256) for note in notes for x in note.conflicts)

    @property
    def derived(self) -> frozenset[int]:
        """Dataset versions made by replaying, so that no file says what they say."""
        return frozenset(c.after for c in self.changes if c.after not in (c.before, c.base))

    def base(self, versions: Iterable[int]) -> int:
        """The newest dataset version that says what the files say; 0 = none."""
        return max((v for v in versions if v not in self.derived), default=0)

    def find(self, number: int) -> Change | None:
        """An entry by its number."""
        return next((c for c in self.changes if c.number == number), None)

    def new_name(self, name: str, known: Iterable[str]) -> str:
        """What a class is called after the merges that stand; a class that ``known`` still holds keeps its name."""
        there = set(known)
        for change in self.standing:
            if name not in there:
                name = change.renamed.get(name, name)
        return name


# -- the table


@cache
def _documents() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Change)


def list_changes(db: sqlite3.Connection) -> History:
    """The history, inside a transaction."""
    rows = db.execute("SELECT number, at, before, after, document FROM changes ORDER BY number")
    return History(
        tuple(
            _documents().validate_python(
                {"number": number, "at": at, "before": before, "after": after, **json.loads(document)}
            )
            for number, at, before, after, document in rows
        )
    )


def put_change(db: sqlite3.Connection, change: Change) -> Change:
    """Append to the history; returns the change with its number."""
    document = _documents().dump_python(change, mode="json", exclude={"number", "at", "before", "after"})
    done = db.execute(
        "INSERT INTO changes VALUES (NULL,?,?,?,?)", (change.at, change.before, change.after, json.dumps(document))
    )
    return replace(change, number=int(done.lastrowid or 0))
