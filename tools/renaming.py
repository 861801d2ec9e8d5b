"""Kept predictions after classes were merged: the model's newest ones in the class names that stand."""

import json
import sqlite3
from typing import Any

import numpy as np

from tools import records
from tools.case import Arrays
from tools.changes import History
from tools.dataset import Dataset
from tools.workspace import Workspace


def rename_predictions(
    db: sqlite3.Connection, workspace: Workspace, dataset: Dataset, known: History
) -> tuple[tuple[int, int], ...]:
    """Copies of each model's newest predictions in the class names that stand, where the kept ones have others.

    A merged class gets the sum of the scores; which class was said stays what the model said. The order of models is
    kept, because the newest is the one whose errors are counted.
    """
    copies = {new: old for c in known.changes for old, new in c.predictions}
    current: dict[str, tuple[Any, ...]] = {}
    given: dict[str, tuple[Any, ...]] = {}
    for row in db.execute("SELECT number, model, model_version, classes, full_vectors, file FROM predictions "
                          "ORDER BY number").fetchall():  # fmt: skip
        current[row[1]] = row
        if row[0] not in copies:
            given[row[1]] = row
    wanted = {}
    for model, row in given.items():
        names = [known.new_name(name, dataset.classes) for name in json.loads(row[3])]
        wanted[model] = [*dict.fromkeys(names)], names
    if all(json.loads(current[model][3]) == wanted[model][0] for model in given):
        return ()
    out = []
    for model in sorted(given, key=lambda m: current[m][0]):
        number, _, version, classes, full, file = given[model]
        merged, names = wanted[model]
        if json.loads(classes) != merged:
            file = workspace.files.write(_merged(workspace.files.read(file), names, merged))
        done = db.execute(
            "INSERT INTO predictions VALUES (NULL,?,?,?,?,?,?,?)",
            (records.now(), dataset.version, model, version, json.dumps(merged), full, file),
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
