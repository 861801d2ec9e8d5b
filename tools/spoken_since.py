"""What a model had said of pictures of the inbox counts when they are labelled: its true errors in production."""

import json
import sqlite3
from dataclasses import replace

import numpy as np

from tools.added import is_added
from tools.dataset import Dataset
from tools.predictions import Predictions


def with_inbox(db: sqlite3.Connection, dataset: Dataset, given: Predictions) -> Predictions:
    """The same, with what this model version said of pictures that came through the inbox and were labelled since.

    Where the model gives every class's score, a row counts if it has them all.
    """
    wanted = [row for row, image in enumerate(dataset.ids.tolist()) if is_added(image) and not given.covered[row]]
    if not wanted or not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'inbox_scores'").fetchone():
        return given
    scores, said = given.probabilities.copy(), given.predicted.copy()
    for row in wanted:
        found = db.execute(
            "SELECT said, score, vector FROM inbox_scores WHERE sha256 = ? AND model = ? AND version = ?",
            (str(dataset.sha256[row]), given.model, given.version),
        ).fetchone()
        if found is None or found[0] not in dataset.classes:
            continue
        vector = json.loads(found[2]) if found[2] else {}
        if given.full_vectors and set(vector) != set(dataset.classes):
            continue
        said[row] = dataset.classes.index(found[0])
        if given.full_vectors:
            scores[row] = [vector[name] for name in dataset.classes]
        else:
            scores[row, said[row]] = found[1]
    if np.array_equal(said, given.predicted):
        return given
    return replace(given, probabilities=scores, predicted=said)
