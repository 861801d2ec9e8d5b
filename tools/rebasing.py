"""The dataset version that says what the files say after some were moved: same pictures and vectors, other places."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tools import records
from tools.changes import Change, History, Move, list_changes, put_change
from tools.changing import (
    base_dataset,
    first_vectors,
    history,
    put_replayed,
    remade,
    undo_entry,
    with_added,
)
from tools.dataset import Dataset, Label, Skipped, encode_id
from tools.errors import WorkspaceDamaged
from tools.pieces import Piece, joined, joined_space
from tools.renaming import rename_predictions
from tools.workspace import Workspace

AWAY = ".left-out-by-advisor"
"""Hidden, so that an import passes over it."""


def entered(workspace: Workspace, token: str) -> Change | None:
    """The entry of the history that a journal's moves led to; None if they have not."""
    return next((c for c in history(workspace).changes if c.token == token), None)


def enter(workspace: Workspace, moves: Sequence[Move], *, undoes: int | None, why: str, by: str, token: str) -> Change:
    """Append the entry of moved files, with the dataset as the files now are and what still stands replayed onto it."""
    with workspace.database.writing() as db:
        known = list_changes(db)
        base = base_dataset(db, workspace, known)
        kept = _put_moved(db, workspace, base, moves)
        number = int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM changes").fetchone()[0])
        now = records.latest_version(db) - 1
        target = None if undoes is None else known.find(undoes)
        if target is None:
            entry = Change(
                number,
                records.now(),
                now,
                now,
                "write",
                f"{len(moves)} file{'s' if len(moves) != 1 else ''} moved",
                why,
                by,
            )
        else:
            entry = undo_entry(number, now, target, why, by)
        entry = replace(entry, moves=tuple(moves), base=kept.version, token=token)
        after = History((*known.changes, entry))
        whole = with_added(db, workspace, kept, after)
        made = remade(whole, after, first_vectors(db, workspace, whole, after))
        if made.differs:
            newest, copies = put_replayed(db, workspace, whole, made, after)
        else:
            newest, copies = kept, rename_predictions(db, workspace, kept, after)
        return put_change(db, replace(entry, after=newest.version, predictions=copies))


def _put_moved(db: sqlite3.Connection, workspace: Workspace, base: Dataset, moves: Sequence[Move]) -> Dataset:
    """Keep the dataset that an import would now find, with its vectors."""
    away = {move.source for move in moves if move.away}
    stays = np.array([row for row, image in enumerate(base.ids.tolist()) if image not in away], dtype=np.int64)
    pieces: list[Piece] = [(base, stays), *_back(db, workspace, moves)]
    placed = {move.source: move for move in moves if not move.away}
    ids = [
        placed[i].target if at == 0 and i in placed else i
        for at, (data, rows) in enumerate(pieces)
        for i in data.ids[rows].tolist()
    ]
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    dataset = joined(base, pieces, [ids[i] for i in order.tolist()], order)
    dataset = replace(
        dataset,
        labels=_labels(pieces, dataset.ids.tolist(), moves),
        skipped=_skipped(base, moves),
    )
    kept = records.put_dataset(db, workspace.files, dataset)
    for info in records.list_encoders(db, base.version):
        if all(info in records.list_encoders(db, data.version) for data, _ in pieces):
            spaces = [records.get_space(db, workspace.files, data, info) for data, _ in pieces]
            rows = [rows for _, rows in pieces]
            records.put_space(db, workspace.files, kept.version, joined_space(spaces, rows, kept.ids, order))
    return kept


def _back(db: sqlite3.Connection, workspace: Workspace, moves: Sequence[Move]) -> list[Piece]:
    """Pictures that come back, each from the newest version that held it under that name."""
    rows: dict[int, list[str]] = {}
    for move in moves:
        if move.back:
            found = db.execute(
                "SELECT max(version) FROM images WHERE id = ? AND sha256 = ?", (move.target, move.sha256)
            ).fetchone()[0]
            if found is None:
                raise WorkspaceDamaged(
                    expected=f"a dataset version that held {move.target}", seen="none", todo="Import the folder again."
                )
            rows.setdefault(int(found), []).append(move.target)
    out = []
    for version, images in rows.items():
        data = records.get_dataset(db, workspace.files, version)
        assert data is not None
        out.append((data, np.array([data.index[image] for image in images], dtype=np.int64)))
    return out


def _labels(pieces: Sequence[Piece], ids: Sequence[str], moves: Sequence[Move]) -> tuple[Label, ...]:
    """Moved pictures are labelled by their new places, the others as they were."""
    own: dict[str, list[Label]] = {}
    for data, rows in pieces:
        there = set(data.ids[rows].tolist())
        for label in data.labels:
            if label.image_id in there:
                own.setdefault(label.image_id, []).append(label)
    for move in moves:
        own.pop(move.source, None)
    for move in moves:
        if not move.away:
            own[move.target] = [] if move.after is None else [Label(move.target, move.after)]
    return tuple(label for image in ids for label in own.get(image, ()))


def _skipped(base: Dataset, moves: Sequence[Move]) -> tuple[Skipped, ...]:
    """With the hidden folder, as an import lists it, while something lies in it."""
    folder = Skipped(f"{encode_id(AWAY)}/", "hidden")
    rest = [item for item in base.skipped if item != folder]
    there = (base.root / AWAY).is_dir()
    return tuple(sorted([*rest, *([folder] if there else [])], key=lambda item: item.path))
