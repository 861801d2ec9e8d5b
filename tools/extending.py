"""What the files say, with the pictures from the inbox that accepted changes added: what changes are replayed on.

Columns and vectors of added pictures come from the cache by content, for every encoder of the data set; nothing is
encoded here. A picture that the files have got since (the same content) is theirs: its file is right.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.cache import VectorCache
from embeddings.encoder import EncoderInfo
from embeddings.properties import PROPERTIES
from embeddings.space import EmbeddingSpace
from tools.added import ADDED, folder_of
from tools.changes import Change
from tools.dataset import Dataset, Skipped
from tools.errors import WorkspaceDamaged
from tools.pieces import joined, joined_space
from tools.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Extended:
    """A data set with added pictures among its own, still unlabelled.

    Attributes
    ----------
    dataset : Dataset
        Its version is that of the base.
    base : Dataset
    added : Dataset or None
        The added pictures alone; None where there are none.
    order : ndarray of int64
        Where each row stands in base and added laid end to end.
    workspace : Workspace
    """

    dataset: Dataset
    base: Dataset
    added: Dataset | None
    order: NDArray[np.int64]
    workspace: Workspace

    @property
    def is_added(self) -> NDArray[np.bool_]:
        """Rows that no file of the user's holds, shape (n,)."""
        return np.asarray(self.order >= len(self.base))

    def space(self, space: EmbeddingSpace) -> EmbeddingSpace | None:
        """Vectors of all, given those of the base; None if the encoder has not seen an added picture."""
        if self.added is None:
            return space
        digests = self.added.sha256.tolist()
        cache = VectorCache(self.workspace.vectors, space.encoder.fingerprint)
        rows_of = cache.rows(digests)
        if len(rows_of) < len(digests):
            return None
        found = cache.take(np.array([rows_of[digest] for digest in digests], dtype=np.int64))
        theirs = EmbeddingSpace(space.encoder, self.added.ids, found.vectors, found.names, space.texts)
        rows = [np.arange(len(self.base)), np.arange(len(self.added))]
        return joined_space([space, theirs], rows, self.dataset.ids, self.order)


def extended(
    db: sqlite3.Connection,
    workspace: Workspace,
    base: Dataset,
    changes: Iterable[Change],
    encoders: Sequence[EncoderInfo],
    *,
    complete: bool,
) -> Extended:
    """The base with the pictures that changes added.

    Parameters
    ----------
    base : Dataset
        What the files say.
    changes : iterable of Change
        Those that are replayed.
    encoders : sequence of EncoderInfo
        Whose vectors the base has; the first is the one that must have seen every picture.
    complete : bool
        Whether one that it has not seen is an error, or is left out with that reason.

    Raises
    ------
    WorkspaceDamaged
    """
    there = set(base.sha256.tolist())
    splits = {e.sha256: c.split for c in changes if c.kind == "append" for e in c.edits if e.sha256 not in there}
    alone = np.arange(len(base))
    if not splits:
        return Extended(base, base, None, alone, workspace)
    cache = VectorCache(workspace.vectors, encoders[0].fingerprint) if encoders else None
    seen = {} if cache is None else cache.rows(splits)
    unseen = [digest for digest in splits if digest not in seen]
    if unseen and complete:
        raise WorkspaceDamaged(
            expected=f"vectors of {len(splits)} pictures from the inbox",
            seen=f"those of {len(seen)}",
            todo="Run: advisor inbox rank, which encodes the others from their copies in the workspace.",
        )
    reason = "it came through the inbox, and there is no vector of it by the encoder in use"
    gone = tuple(Skipped(f"{ADDED}{name}", reason) for name in _names(db, unseen))
    base_ = replace(base, skipped=tuple(sorted((*base.skipped, *gone), key=lambda item: item.path)))
    if cache is None or not seen:
        return Extended(base_, base, None, alone, workspace)
    added = pictures(db, workspace, cache, {digest: splits[digest] for digest in seen})
    ids = [*base.ids.tolist(), *added.ids.tolist()]
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    pieces = [(base_, alone), (added, np.arange(len(added)))]
    dataset = joined(base_, pieces, [ids[i] for i in order.tolist()], order)
    return Extended(replace(dataset, labels=base.labels), base, added, order, workspace)


def is_chosen(db: sqlite3.Connection, encoder: EncoderInfo) -> bool:
    """Whether it is the workspace's encoder."""
    row = db.execute("SELECT value FROM choices WHERE name = 'encoder'").fetchone()
    return row is not None and json.loads(row[0]).get("fingerprint") == encoder.fingerprint


def _names(db: sqlite3.Connection, digests: Sequence[str]) -> list[str]:
    rows = db.execute(
        "SELECT name FROM inbox WHERE sha256 IN (SELECT value FROM json_each(?)) ORDER BY name", (json.dumps(digests),)
    )
    return [row[0] for row in rows]


def pictures(db: sqlite3.Connection, workspace: Workspace, cache: VectorCache, splits: Mapping[str, str]) -> Dataset:
    """Pictures of the inbox as an unlabelled data set, each in the split given by content; the cache knows them all."""
    rows = db.execute(
        "SELECT sha256, name, metadata FROM inbox WHERE sha256 IN (SELECT value FROM json_each(?)) ORDER BY name",
        (json.dumps([*splits]),),
    ).fetchall()
    digests, names, texts = zip(*rows, strict=True)
    known = cache.rows(digests)
    found = cache.take(np.array([known[digest] for digest in digests], dtype=np.int64))
    given = [json.loads(text) for text in texts]
    metadata = {
        name: np.array([row.get(name, "") for row in given], dtype=np.str_)
        for name in sorted({name for row in given for name in row})
    }
    for name, column in {"camera": found.camera, "taken": found.taken, "flags": found.flags}.items():
        if name not in metadata and any(column.tolist()):
            metadata[name] = column
    return Dataset(
        version=0,
        root=folder_of(workspace.path),
        ids=np.array([f"{ADDED}{name}" for name in names], dtype=np.str_),
        sha256=np.array(digests, dtype=np.str_),
        widths=found.widths,
        heights=found.heights,
        splits=np.array([splits[digest] for digest in digests], dtype=np.str_),
        labels=(),
        metadata=metadata,
        properties={name: found.properties[:, i] for i, name in enumerate(PROPERTIES)},
        perceptual_hash=found.perceptual_hash,
        added=folder_of(workspace.path),
    )
