"""Makes, takes back and repeats accepted changes: each a new dataset version and an entry of the history, or nothing.

Vectors of every encoder are carried over; nothing is encoded again and no file of the user's is touched here.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.space import EmbeddingSpace
from tools import records
from tools.changes import LAYOUT, Change, Edit, History, Kind, list_changes, put_change
from tools.dataset import Dataset
from tools.errors import AdvisorError, NoDataset, UnknownName, WorkspaceDamaged
from tools.extending import Extended, extended, is_chosen
from tools.predictions import Predictions
from tools.renaming import rename_predictions
from tools.replaying import Replay, replay
from tools.workspace import Workspace

JOURNAL = "moves.json"
"""In the workspace while files are being moved (``tools.moving``)."""
TO_FINISH = "Finish it: advisor change write. Or take it back: advisor change undo --write"


class NothingToChange(AdvisorError):
    """A change that would change nothing, or cannot be made as asked."""


@dataclass(frozen=True)
class Draft:
    """A change before it is accepted.

    Attributes
    ----------
    kind : str
    summary : str
        What it does, in one sentence.
    edits : tuple of Edit
    renamed : mapping of str to str
    notes : tuple of str
        What a person must know before relying on figures from then on.
    split : str
        Where pictures from the inbox go.
    """

    kind: Kind
    summary: str
    edits: tuple[Edit, ...] = ()
    renamed: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()
    split: str = "train"


def history(workspace: Workspace) -> History:
    """All changes of a workspace."""
    return workspace.database.read(list_changes, layout=LAYOUT) or History()


def files_say(workspace: Workspace) -> Dataset:
    """The newest dataset version before any standing change: what the files say.

    Raises
    ------
    NoDataset
        If nothing was imported yet.
    """
    return workspace.dataset(history(workspace).base(info.version for info in workspace.datasets()) or None)


def refuse_unfinished(workspace: Workspace) -> None:
    """Stop where files are half moved.

    Raises
    ------
    WorkspaceDamaged
    """
    if (workspace.path / JOURNAL).exists():
        raise WorkspaceDamaged(
            expected="no unfinished moving of files", seen=f"{workspace.path / JOURNAL}", todo=f"{TO_FINISH}."
        )


def accept(workspace: Workspace, dataset: Dataset, draft: Draft, *, why: str = "", by: str = "") -> Change:
    """Make a change of the newest dataset version.

    Parameters
    ----------
    dataset : Dataset
        The version that the draft was made for.

    Raises
    ------
    NothingToChange
        If the dataset has moved on since, or would stay as it is.
    """
    with workspace.database.writing() as db:
        refuse_unfinished(workspace)
        now = records.latest_version(db)
        if dataset.version != now:
            raise NothingToChange(
                expected=f"dataset version {dataset.version} to be the newest, as when this change was worked out",
                seen=f"version {now}",
                todo="Run the command again.",
            )
        named = {edit.id for edit in draft.edits}
        contents = {edit.sha256 for edit in draft.edits}
        pairs = zip(dataset.ids.tolist(), dataset.sha256.tolist(), strict=True)
        change = Change(
            number=_next(db), at=records.now(), before=now, after=now, kind=draft.kind, summary=draft.summary,
            why=why, by=by, edits=draft.edits, renamed=draft.renamed or {}, split=draft.split,
            spared=tuple(image for image, digest in pairs if digest in contents and image not in named),
        )  # fmt: skip
        return _commit(db, workspace, History((*list_changes(db).changes, change)))


def undo(workspace: Workspace, number: int | None = None, *, why: str = "", by: str = "") -> Change:
    """Take an entry of the history back, the last one unless told: a new version without what it did.

    Raises
    ------
    UnknownName
        If there is no such entry, or it was taken back already.
    NothingToChange
        If a later change builds on it, or it stands in the files.
    """
    with workspace.database.writing() as db:
        refuse_unfinished(workspace)
        known = list_changes(db)
        target = undoable(known, number)
        if target.moves:
            raise NothingToChange(
                expected="a change of labels alone",
                seen=f"change {target.number}, which moved {len(target.moves)} files",
                todo=f"To move them back: advisor change undo {target.number} --write",
            )
        now = records.latest_version(db)
        change = undo_entry(_next(db), now, target, why, by)
        return _commit(db, workspace, History((*known.changes, change)))


def undo_entry(number: int, now: int, target: Change, why: str, by: str) -> Change:
    """The entry that takes another one back."""
    verb = "brought back" if target.kind == "undo" else "taken back"
    what = target.summary if target.kind != "undo" else f"change {target.undoes}"
    summary = f"{what} ({verb})"
    return Change(number, records.now(), now, now, "undo", summary, why, by, undoes=target.number)


def undoable(known: History, number: int | None) -> Change:
    """The entry to take back.

    Raises
    ------
    UnknownName, NothingToChange
    """
    candidates = [c for c in known.standing if c.kind != "import"]
    if number is None and candidates:
        target = candidates[-1]
    elif (found := None if number is None else known.find(number)) is not None and found in candidates:
        target = found
    else:
        numbers = ", ".join(str(c.number) for c in candidates) or "none there"
        raise UnknownName(
            expected=f"the number of a change that stands ({numbers})",
            seen="no change" if number is None else f"change {number}"
            + (", which an import noted" if found and found.kind == "import" else
               ", which was taken back already" if found else ""),
            todo="See: advisor change list.",
        )  # fmt: skip
    if target.number < known.written and target.kind not in ("lock", "append"):
        raise NothingToChange(
            expected=f"a change made after change {known.written}, which wrote the labels into the files",
            seen=f"change {target.number}",
            todo=f"Take change {known.written} back first: advisor change undo {known.written} --write",
        )
    return target


def _next(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM changes").fetchone()[0])


def _commit(db: sqlite3.Connection, workspace: Workspace, known: History) -> Change:
    """Replay what stands onto what the files say, with the newest entry, and keep version and entry."""
    whole = with_added(db, workspace, base_dataset(db, workspace, known), known)
    change = known.changes[-1]
    vectors = first_vectors(db, workspace, whole, known)
    made = remade(whole, known, vectors)
    before = remade(whole, History(known.changes[:-1]), vectors)
    builds_on = sorted({c.change for c in made.conflicts} - {c.change for c in before.conflicts})
    if builds_on:
        raise NothingToChange(
            expected="a change that no later one builds on",
            seen=f"change {change.undoes or change.number}, on which change {builds_on[-1]} builds",
            todo=f"Take change {builds_on[-1]} back first: advisor change undo {builds_on[-1]}",
        )
    if not len(made.rows):
        raise NothingToChange(expected="at least one picture to be left", seen="none", todo="Take out fewer pictures.")
    kept, copies = put_replayed(db, workspace, whole, made, known)
    return put_change(db, replace(change, after=kept.version, predictions=copies))


def base_dataset(db: sqlite3.Connection, workspace: Workspace, known: History) -> Dataset:
    """What the files say, inside a transaction."""
    versions = (int(row[0]) for row in db.execute("SELECT version FROM datasets"))
    found = records.get_dataset(db, workspace.files, known.base(versions))
    if found is None:
        raise NoDataset(expected=f"an imported dataset in {workspace.path}", seen="none", todo="Run: advisor import.")
    return found


def with_added(
    db: sqlite3.Connection, workspace: Workspace, base: Dataset, known: History, *, complete: bool = True
) -> Extended:
    """What the files say, and the pictures from the inbox that changes which stand have added.

    Parameters
    ----------
    complete : bool
        Whether one without vectors is an error, or is left out with that reason.
    """
    there = sorted(records.list_encoders(db, base.version), key=lambda info: not is_chosen(db, info))
    return extended(db, workspace, base, known.active, there, complete=complete)


def remade(whole: Extended, known: History, vectors: NDArray[np.float32] | None) -> Replay:
    """The changes that stand made again."""
    return replay(
        whole.dataset, known.active, known.settled, vectors, added=whole.is_added, written=known.written
    )  # fmt: skip


def first_vectors(
    db: sqlite3.Connection, workspace: Workspace, whole: Extended, known: History
) -> NDArray[np.float32] | None:
    """Vectors that tell near copies of locked test pictures; None where nothing is locked."""
    there = sorted(records.list_encoders(db, whole.base.version), key=lambda info: not is_chosen(db, info))
    if not there or not any(change.kind == "lock" for change in known.active):
        return None
    found = whole.space(records.get_space(db, workspace.files, whole.base, there[0]))
    return None if found is None else found.vectors


def put_replayed(
    db: sqlite3.Connection, workspace: Workspace, whole: Extended, made: Replay, known: History
) -> tuple[Dataset, tuple[tuple[int, int], ...]]:
    """Keep a replayed dataset with vectors and predictions; and the rows of predictions that were copied."""
    kept = records.put_dataset(db, workspace.files, made.dataset)
    carry_spaces(db, workspace, whole, kept, made.rows)
    return kept, rename_predictions(db, workspace, kept, known)


def carry_spaces(
    db: sqlite3.Connection, workspace: Workspace, whole: Extended, kept: Dataset, rows: NDArray[np.int64]
) -> None:
    """Vectors of every encoder for a dataset made of some rows of another.

    An encoder that has not seen an added picture is left behind: vectors are whole or not there.
    """
    base = whole.base
    if whole.added is None and len(rows) == len(base):
        db.execute(
            "INSERT INTO spaces SELECT ?, encoder, name, dimension, has_text, file FROM spaces WHERE version = ?",
            (kept.version, base.version),
        )
        return
    for info in records.list_encoders(db, base.version):
        space = whole.space(records.get_space(db, workspace.files, base, info))
        if space is None:
            continue
        part = EmbeddingSpace(info, kept.ids, space.vectors[rows], space.names[rows], space.texts)
        records.put_space(db, workspace.files, kept.version, part)


# -- imports


def replayed(
    workspace: Workspace, dataset: Dataset, space: EmbeddingSpace | None = None
) -> tuple[History, Replay | None]:
    """What the changes that stand make of a fresh import; None where there are none."""
    known = history(workspace)
    if not known.active:
        return known, None
    there = () if space is None else (space.encoder,)
    whole = workspace.database.read(
        lambda db: extended(db, workspace, dataset, known.active, there, complete=False)
    )  # fmt: skip
    assert whole is not None  # there are changes, so there is a database
    known_to = None if space is None else whole.space(space)
    return known, remade(whole, known, None if known_to is None else known_to.vectors)


def save_import(
    workspace: Workspace,
    dataset: Dataset,
    space: EmbeddingSpace,
    pending: tuple[History, Replay | None],
    *,
    predictions: Sequence[tuple[Dataset, Predictions]] = (),
    record: Mapping[str, Any] | None = None,
) -> Dataset:
    """Keep a fresh import and, where changes stand, the version with them made again; all at once.

    Parameters
    ----------
    pending : tuple
        As ``replayed`` gave it.
    predictions : sequence of (Dataset, Predictions)
        Each with the dataset it is laid out for: the import or its replay.

    Returns
    -------
    Dataset
        The newest version.
    """
    known, made = pending

    def repeat(db: sqlite3.Connection, kept: Dataset) -> Dataset:
        refuse_unfinished(workspace)
        for laid_for, laid in predictions:
            if laid_for is dataset:
                records.put_predictions(db, workspace.files, kept, laid)
        if made is None:
            return kept
        if list_changes(db).changes[-1].number != known.changes[-1].number:
            raise NothingToChange(expected="no change of labels during the import", seen="one", todo="Import again.")
        newest = kept
        copies: tuple[tuple[int, int], ...] = ()
        if made.differs:
            whole = with_added(db, workspace, kept, known, complete=False)
            newest, copies = put_replayed(db, workspace, whole, made, known)
        note = Change(
            _next(db), records.now(), kept.version, newest.version, "import", replay_text(made, known),
            conflicts=made.conflicts, predictions=copies,
        )  # fmt: skip
        put_change(db, note)
        for laid_for, laid in predictions:
            if laid_for is not dataset:
                records.put_predictions(db, workspace.files, newest, laid)
        return newest

    return workspace.save_dataset(dataset, space, record=record, then=repeat)


def replay_text(made: Replay, known: History) -> str:
    """What became of the standing changes in an import, in words."""
    numbers = ", ".join(str(c.number) for c in known.active)
    parts = [
        f"labels: {made.relabelled}",
        f"left out: {made.left_out}",
        *([f"from the inbox: {made.added}"] if made.added else []),
        *([f"kept as test pictures: {made.held}"] if made.held else []),
        *([f"copies of locked test pictures, left out: {len(made.copies)}"] if made.copies else []),
        *([f"no longer there: {made.gone}"] if made.gone else []),
        *([f"files with a new label of their own, which stands: {len(made.conflicts)}"] if made.conflicts else []),
        *(
            f"{len(images)} new pictures of {name} belong to none of the kinds it was split into"
            for name, images in made.unassigned.items()
        ),
    ]
    return f"accepted changes ({numbers}) made again: {', '.join(parts)}"


def save_given(workspace: Workspace, dataset: Dataset, predictions: Predictions, record: Mapping[str, Any]) -> None:
    """Keep predictions laid out for any stored version; classes that were merged since are counted as one."""
    with workspace.database.writing() as db:
        records.put_predictions(db, workspace.files, dataset, predictions)
        records.put_import(db, dataset.version, record)
        known = list_changes(db)
        newest = records.get_dataset(db, workspace.files, records.latest_version(db))
        if newest is not None and known.changes:
            copies = rename_predictions(db, workspace, newest, known)
            if copies:
                summary = "predictions given with the classes of before a merge, counted as merged"
                now = newest.version
                put_change(db, Change(_next(db), records.now(), now, now, "import", summary, predictions=copies))
