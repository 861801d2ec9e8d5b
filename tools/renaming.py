"""Kept predictions after classes were merged: the model's newest ones in the class names that stand."""

import json
import sqlite3
from typing import Any

import numpy as np

from tools.case import Arrays
from tools.changes import History
from tools.dataset import Dataset
from tools.workspace import Workspace


def rename_predictions(
    db: sqlite3.Connection, workspace: Workspace, dataset: Dataset, known: History
) -> tuple[tuple[int, int], ...]:
    """Copies of the newest predictions of every model version in the class names that stand, where they have others.

    A merged class gets the sum of the scores; which class was said stays what the model said. The order of models is
    kept, because the newest is the one whose errors are counted.
    """
    copies = {new: old for c in known.changes for old, new in c.predictions}
    current: dict[tuple[str, str], tuple[Any, ...]] = {}
    given: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in db.execute(
        "SELECT number, created, model, model_version, classes, full_vectors, file FROM predictions ORDER BY number"
    ).fetchall():
        current[row[2:4]] = row
        if row[0] not in copies:
            given[row[2:4]] = row
    names = {key: [known.new_name(name, dataset.classes) for name in json.loads(row[4])] for key, row in given.items()}
    wanted = {key: [*dict.fromkeys(renamed)] for key, renamed in names.items()}
    if all(json.loads(current[key][4]) == wanted[key] for key in given):
        return ()
    out = []
    for key in sorted(given, key=lambda k: current[k][0]):
        number, created, _, _, classes, full, file = given[key]
        if json.loads(classes) != wanted[key]:
            file = workspace.files.write(_merged(workspace.files.read(file), names[key], wanted[key]))
        done = db.execute(
            "INSERT INTO predictions VALUES (NULL,?,?,?,?,?,?,?)",
            (created, dataset.version, *key, json.dumps(wanted[key]), full, file),
        )
        out.append((int(number), int(done.lastrowid or 0)))
    return tuple(out)


def _merged(kept: Arrays, names: list[str], merged: list[str]) -> Arrays:
    """Stored predictions with some columns added up."""
    where = np.array([merged.index(name) for name in names], dtype=np.int64)
    scores = kept["probabilities"].astype(np.float64)
    out = np.full((len(scores), len(merged)), np.nan)
    for old, new in enumerate(where.tolist()):
        both = np.stack([out[:, new], scores[:, old]])
        out[:, new] = np.where(np.isfinite(both).any(axis=0), np.nansum(both, axis=0), np.nan)
    said = kept["predicted"].astype(np.int64)
    return {**kept, "probabilities": out, "predicted": np.where(said >= 0, where[said], -1)}
