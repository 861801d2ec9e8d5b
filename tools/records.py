"""How datasets, spaces and predictions lie in the workspace's tables; every function works inside one transaction."""

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools import forgotten
from tools.added import folder_of
from tools.case import Arrays
from tools.dataset import Dataset, Label, Skipped
from tools.predictions import Predictions
from tools.spoken_since import with_inbox
from tools.store import ArrayFiles

LAYOUTS = (
    """
CREATE TABLE datasets (version INTEGER PRIMARY KEY, created TEXT NOT NULL, root BLOB NOT NULL, task TEXT NOT NULL,
    fingerprint TEXT NOT NULL, measured TEXT NOT NULL, columns TEXT NOT NULL);
CREATE TABLE images (version INTEGER, row INTEGER, id TEXT NOT NULL, sha256 TEXT NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, split TEXT NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (version, row)) WITHOUT ROWID;
CREATE TABLE labels (version INTEGER, number INTEGER, image TEXT NOT NULL, name TEXT NOT NULL, value INTEGER,
    x REAL, y REAL, w REAL, h REAL, flags TEXT NOT NULL, PRIMARY KEY (version, number)) WITHOUT ROWID;
CREATE TABLE skipped (version INTEGER, number INTEGER, path TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (version, number)) WITHOUT ROWID;
CREATE TABLE spaces (version INTEGER, encoder TEXT, name TEXT NOT NULL, dimension INTEGER NOT NULL,
    has_text INTEGER NOT NULL, file TEXT NOT NULL, PRIMARY KEY (version, encoder)) WITHOUT ROWID;
CREATE TABLE predictions (number INTEGER PRIMARY KEY, created TEXT NOT NULL, version INTEGER NOT NULL,
    model TEXT NOT NULL, model_version TEXT NOT NULL, classes TEXT NOT NULL, full_vectors INTEGER NOT NULL,
    file TEXT NOT NULL);
CREATE TABLE arrays (key TEXT PRIMARY KEY, file TEXT NOT NULL);
CREATE TABLE documents (key TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE choices (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE imports (number INTEGER PRIMARY KEY, at TEXT NOT NULL, version INTEGER NOT NULL, record TEXT NOT NULL);
""",
    """
CREATE TABLE trained (number INTEGER PRIMARY KEY, created TEXT NOT NULL, dataset INTEGER NOT NULL,
    document TEXT NOT NULL, scores TEXT NOT NULL, weights TEXT);
CREATE TABLE changes (number INTEGER PRIMARY KEY, at TEXT NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL,
    document TEXT NOT NULL);
CREATE TABLE advice (id TEXT NOT NULL, dataset INTEGER NOT NULL, at TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (id, dataset)) WITHOUT ROWID;
""",
    """
CREATE TABLE decisions (number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
    title TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, until TEXT NOT NULL, owner TEXT NOT NULL,
    label TEXT NOT NULL, share REAL NOT NULL, images INTEGER NOT NULL, classes TEXT NOT NULL, undone TEXT NOT NULL);
""",
    """
CREATE TABLE reports (week TEXT PRIMARY KEY, created TEXT NOT NULL, refreshed TEXT NOT NULL, document TEXT NOT NULL);
""",
    """
CREATE TABLE outbox (week TEXT NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    at TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (week, recipient)) WITHOUT ROWID;
""",
    """
CREATE TABLE arrivals (number INTEGER PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE inbox (sha256 TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, arrival INTEGER NOT NULL, at TEXT NOT NULL,
    source TEXT NOT NULL, metadata TEXT NOT NULL, state TEXT NOT NULL, decided TEXT NOT NULL, who TEXT NOT NULL,
    why TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox_scores (sha256 TEXT, model TEXT, version TEXT, at TEXT NOT NULL, said TEXT NOT NULL,
    score REAL NOT NULL, vector TEXT NOT NULL, PRIMARY KEY (sha256, model, version)) WITHOUT ROWID;
CREATE TABLE inbox_seen (place TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
""",
    """
CREATE TABLE shoots (number INTEGER PRIMARY KEY, at TEXT NOT NULL, plan TEXT NOT NULL, seal TEXT NOT NULL);
CREATE TABLE shoot_results (shoot INTEGER PRIMARY KEY, at TEXT NOT NULL, dataset INTEGER NOT NULL,
    document TEXT NOT NULL);
""",
)
"""Tables by the layout that brought them; a workspace of an older layout gets the missing ones at its next write."""
SCHEMA_VERSION = len(LAYOUTS)
DECISIONS_SINCE = 3
REPORTS_SINCE = 4
OUTBOX_SINCE = 5
INBOX_SINCE = 6
SHOOTS_SINCE = 7
HASHES = "perceptual_hash"
PROPERTY = "property "
CONCEPTS, TEXTS = "concepts", "texts"


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def create_tables(db: sqlite3.Connection, layout: int) -> None:
    """Bring a database from a layout (0 = empty) to the newest one."""
    for statement in ";".join(LAYOUTS[layout:]).split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def latest_version(db: sqlite3.Connection) -> int:
    """Number of the newest dataset; 0 = none."""
    return int(db.execute("SELECT coalesce(max(version), 0) FROM datasets").fetchone()[0])


def put_dataset(db: sqlite3.Connection, files: ArrayFiles, dataset: Dataset) -> Dataset:
    """Append a dataset under the next version number and return it with that number."""
    kept = replace(dataset, version=latest_version(db) + 1)
    _insert(db, files, kept, now())
    return kept


def replace_dataset(db: sqlite3.Connection, files: ArrayFiles, dataset: Dataset) -> None:
    """Write a version anew under its number, as if it had never held what it no longer holds."""
    row = db.execute("SELECT created FROM datasets WHERE version = ?", (dataset.version,)).fetchone()
    for table in ("datasets", "images", "labels", "skipped"):
        db.execute(f"DELETE FROM {table} WHERE version = ?", (dataset.version,))
    _insert(db, files, dataset, row[0])


def _insert(db: sqlite3.Connection, files: ArrayFiles, kept: Dataset, created: str) -> None:
    arrays: Arrays = {f"{PROPERTY}{name}": values for name, values in kept.properties.items()}
    if kept.perceptual_hash is not None:
        arrays[HASHES] = kept.perceptual_hash
    columns = json.dumps([*kept.metadata])
    head = (kept.version, created, os.fsencode(kept.root), kept.task, kept.fingerprint, files.write(arrays), columns)
    db.execute("INSERT INTO datasets VALUES (?,?,?,?,?,?,?)", head)
    each = zip(
        kept.ids.tolist(),
        kept.sha256.tolist(),
        kept.widths.tolist(),
        kept.heights.tolist(),
        kept.splits.tolist(),
        _metadata_rows(kept),
        strict=True,
    )
    db.executemany(
        "INSERT INTO images VALUES (?,?,?,?,?,?,?,?)", ((kept.version, row, *rest) for row, rest in enumerate(each))
    )
    db.executemany(
        "INSERT INTO labels VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            (
                kept.version,
                i,
                label.image_id,
                label.name,
                label.value,
                *(label.box or (None,) * 4),
                " ".join(label.flags),
            )
            for i, label in enumerate(kept.labels)
        ),
    )
    db.executemany(
        "INSERT INTO skipped VALUES (?,?,?,?)",
        ((kept.version, i, s.path, s.reason) for i, s in enumerate(kept.skipped) if s.reason != forgotten.REASON),
    )


def _metadata_rows(dataset: Dataset) -> list[str]:
    columns = [values.tolist() for values in dataset.metadata.values()]
    return [json.dumps(row) for row in zip(*columns, strict=True)] if columns else ["[]"] * len(dataset)


def get_dataset(db: sqlite3.Connection, files: ArrayFiles, version: int) -> Dataset | None:
    """A dataset by its number; None if there is none."""
    head = db.execute("SELECT root, task, measured, columns FROM datasets WHERE version = ?", (version,)).fetchone()
    if head is None:
        return None
    rows = db.execute(
        "SELECT id, sha256, width, height, split, metadata FROM images WHERE version = ? ORDER BY row", (version,)
    ).fetchall()
    ids, digests, widths, heights, splits, metadata = zip(*rows, strict=True) if rows else ((),) * 6
    columns = json.loads(head[3])
    values = zip(*map(json.loads, metadata), strict=True) if rows else [()] * len(columns)
    measured = files.read(head[2])
    labels = db.execute(
        "SELECT image, name, value, x, y, w, h, flags FROM labels WHERE version = ? ORDER BY number", (version,)
    )
    skipped = db.execute("SELECT path, reason FROM skipped WHERE version = ? ORDER BY number", (version,))
    return Dataset(
        version=version,
        root=Path(os.fsdecode(head[0])),
        ids=np.array(ids, dtype=np.str_),
        sha256=np.array(digests, dtype=np.str_),
        widths=np.array(widths, dtype=np.int64),
        heights=np.array(heights, dtype=np.int64),
        splits=np.array(splits, dtype=np.str_),
        labels=tuple(_label(row) for row in labels),
        metadata={name: np.array(column, dtype=np.str_) for name, column in zip(columns, values, strict=True)},
        properties={
            name.removeprefix(PROPERTY): array.astype(np.float32)
            for name, array in measured.items()
            if name.startswith(PROPERTY)
        },
        perceptual_hash=measured[HASHES].astype(np.uint64) if HASHES in measured else None,
        skipped=tuple(Skipped(*row) for row in skipped),
        task=head[1],
        added=folder_of(files.folder.parent),
    )


def _label(row: tuple[Any, ...]) -> Label:
    box = None if row[3] is None else (row[3], row[4], row[5], row[6])
    return Label(row[0], row[1], row[2], box, tuple(row[7].split()))


def put_space(db: sqlite3.Connection, files: ArrayFiles, version: int, space: EmbeddingSpace) -> None:
    """Keep a dataset's vectors; one space per encoder fingerprint."""
    texts: Arrays = (
        {TEXTS: np.stack([*space.texts.values()]), CONCEPTS: np.array([*space.texts])} if space.texts else {}
    )
    file = files.write({"vectors": space.vectors, "names": space.names, **texts})
    info = space.encoder
    db.execute(
        "INSERT OR REPLACE INTO spaces VALUES (?,?,?,?,?,?)",
        (version, info.fingerprint, info.name, info.dimension, info.has_text, file),
    )


def list_encoders(db: sqlite3.Connection, version: int) -> list[EncoderInfo]:
    """Encoders that a dataset was indexed with."""
    rows = db.execute(
        "SELECT name, encoder, dimension, has_text FROM spaces WHERE version = ? ORDER BY name, encoder", (version,)
    )
    return [EncoderInfo(name, digest, dimension, bool(text)) for name, digest, dimension, text in rows]


def get_space(db: sqlite3.Connection, files: ArrayFiles, dataset: Dataset, encoder: EncoderInfo) -> EmbeddingSpace:
    """Vectors of a dataset by an encoder that ``list_encoders`` named."""
    row = db.execute(
        "SELECT file FROM spaces WHERE version = ? AND encoder = ?", (dataset.version, encoder.fingerprint)
    ).fetchone()
    kept = files.read(row[0])
    texts = dict(zip(kept[CONCEPTS].tolist(), kept[TEXTS].astype(np.float32), strict=True)) if TEXTS in kept else {}
    vectors, names = (kept[name].astype(np.float32) for name in ("vectors", "names"))
    return EmbeddingSpace(encoder, dataset.ids, vectors, names, texts)


def put_predictions(db: sqlite3.Connection, files: ArrayFiles, dataset: Dataset, predictions: Predictions) -> None:
    """Keep the covered rows with the ids and digests of their pictures, so that later versions can be matched."""
    rows = np.flatnonzero(predictions.covered)
    file = files.write(
        {
            "ids": dataset.ids[rows],
            "sha256": dataset.sha256[rows],
            "probabilities": predictions.probabilities[rows],
            "predicted": predictions.predicted[rows],
        }
    )
    db.execute(
        "INSERT INTO predictions VALUES (NULL,?,?,?,?,?,?,?)",
        (
            now(),
            dataset.version,
            predictions.model,
            predictions.version,
            json.dumps(dataset.classes),
            predictions.full_vectors,
            file,
        ),
    )


def get_predictions(
    db: sqlite3.Connection, files: ArrayFiles, dataset: Dataset, model: str | None
) -> Predictions | None:
    """The newest predictions (of a model, where named), matched onto a dataset; None if there are none."""
    row = db.execute(
        "SELECT model, model_version, classes, full_vectors, file FROM predictions "
        "WHERE ?1 IS NULL OR model = ?1 ORDER BY number DESC LIMIT 1",
        (model,),
    ).fetchone()
    if row is None:
        return None
    found = match_predictions(dataset, row[0], row[1], json.loads(row[2]), bool(row[3]), files.read(row[4]))
    return with_inbox(db, dataset, found)


def match_predictions(
    dataset: Dataset, model: str, version: str, classes: list[str], full_vectors: bool, kept: Arrays
) -> Predictions:
    """Lay stored predictions onto a dataset, which may be a later version.

    A prediction belongs to a picture, not to a name: rows match by id where the content is unchanged, else by
    content (a moved picture). Classes the dataset no longer has cannot be expressed: rows predicted as one are left
    out, and the other rows no longer count as full vectors.
    """
    n, columns = len(dataset), [dataset.classes.index(c) if c in dataset.classes else -1 for c in classes]
    source = _matching_rows(dataset, kept["ids"].tolist(), kept["sha256"].tolist())
    said = np.array([*columns, -1], dtype=np.int64)[kept["predicted"].astype(np.int64)]
    predicted = np.full(n, -1, dtype=np.int64)
    predicted[source >= 0] = said[source[source >= 0]]
    complete = full_vectors and -1 not in columns
    probabilities = np.full((n, len(dataset.classes)), 0.0 if complete else np.nan)
    covered = predicted >= 0
    for old, new in enumerate(columns):
        if new >= 0:
            probabilities[covered, new] = kept["probabilities"][source[covered], old]
    probabilities[~covered] = np.nan
    return Predictions(model, version, probabilities, predicted, complete)


def _matching_rows(dataset: Dataset, ids: list[str], digests: list[str]) -> NDArray[np.int64]:
    """Row of the stored predictions for each image, −1 = none, shape (n,)."""
    by_both = {pair: row for row, pair in enumerate(zip(ids, digests, strict=True))}
    by_content = {digest: row for row, digest in enumerate(digests)}
    pairs = zip(dataset.ids.tolist(), dataset.sha256.tolist(), strict=True)
    rows = [by_both.get(pair, by_content.get(pair[1], -1)) for pair in pairs]
    return np.array(rows, dtype=np.int64)


def confirmed_labels(db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Content and label of the pictures whose label a person has confirmed."""
    if int(db.execute("PRAGMA user_version").fetchone()[0]) < DECISIONS_SINCE:
        return frozenset()
    return frozenset(db.execute("SELECT about, label FROM decisions WHERE kind = 'confirm-label' AND undone = ''"))


def put_import(db: sqlite3.Connection, version: int, record: Mapping[str, Any]) -> None:
    """Append to the audit trail."""
    db.execute("INSERT INTO imports VALUES (NULL,?,?,?)", (now(), version, json.dumps(dict(record))))


def list_imports(db: sqlite3.Connection, last: int) -> list[dict[str, Any]]:
    """The newest imports, newest first."""
    rows = db.execute("SELECT at, version, record FROM imports ORDER BY number DESC")
    return [{"at": at, "version": version, **json.loads(record)} for at, version, record in islice(rows, last)]
