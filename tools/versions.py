"""Trained models: each with its data, settings, metrics and weights; one is in use, one may be published."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools import records
from tools.case import Arrays, Case
from tools.dataset import Dataset
from tools.errors import UnknownName
from tools.predictions import Predictions
from tools.workspace import Workspace

LAYOUT = 2
IN_USE, PUBLISHED = "version in use", "version published"


@dataclass(frozen=True, eq=False)
class Version:
    """A trained model.

    Attributes
    ----------
    number : int
        1 for the first of a workspace; never used again.
    created : str
        UTC, ISO 8601.
    dataset : int
        Version of the data set it was trained on.
    document : mapping
        Plain JSON: recipe, seed, encoder, classes, metrics, history, thresholds …
    """

    number: int
    created: str
    dataset: int
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As people say it."""
        return f"version {self.number}"

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of its scores."""
        return tuple(self.document["classes"])


class Versions:
    """The trained versions of a workspace; each call is one transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(
        self, case: Case, judge: NDArray[np.int64], scores: NDArray[np.float64], document: Mapping[str, Any],
        weights: Arrays,
    ) -> Version:  # fmt: skip
        """Keep a trained model and take it into use: all of it becomes visible at once, or nothing.

        Parameters
        ----------
        judge : ndarray of int64, shape (m,)
            Rows that were scored.
        scores : ndarray of float64, shape (m, k)
        weights : mapping of str to ndarray
            Empty where the model lives elsewhere.
        """
        files, dataset, created = self._workspace.files, case.dataset, records.now()
        with self._workspace.database.writing() as db:
            kept = files.write(
                {
                    "ids": dataset.ids[judge],
                    "sha256": dataset.sha256[judge],
                    "probabilities": scores,
                    "predicted": scores.argmax(axis=1),
                }
            )
            row = (created, dataset.version, json.dumps(document), kept, files.write(weights) if weights else None)
            number = db.execute("INSERT INTO trained VALUES (NULL,?,?,?,?,?)", row).lastrowid
            db.execute("INSERT OR REPLACE INTO choices VALUES (?,?)", (IN_USE, json.dumps(number)))
        return Version(int(number or 0), created, dataset.version, document)

    def all(self) -> tuple[Version, ...]:
        """Every version, oldest first."""

        def look(db: sqlite3.Connection) -> tuple[Version, ...]:
            rows = db.execute("SELECT number, created, dataset, document FROM trained ORDER BY number")
            return tuple(Version(n, at, dataset, json.loads(text)) for n, at, dataset, text in rows)

        return self._workspace.database.read(look, layout=LAYOUT) or ()

    def get(self, number: int) -> Version:
        """One version.

        Raises
        ------
        UnknownName
        """
        there = self.all()
        for version in there:
            if version.number == number:
                return version
        numbers = ", ".join(str(v.number) for v in there)
        raise UnknownName(
            expected=f"a trained version ({numbers})" if there else "a trained version",
            seen=str(number) if there else f"{number}, and none was trained yet",
            todo="Name one of these." if there else "Run: advisor retrain.",
        )

    def of_run(self, run: str) -> Version | None:
        """The version that a run ended in; None if it did not end yet."""
        return next((v for v in self.all() if v.document["run"] == run), None)

    def weights(self, version: Version) -> Arrays:
        """Its weights; empty where the model lives elsewhere.

        Raises
        ------
        WorkspaceDamaged
        """
        file = self._file(version, "weights")
        return {} if file is None else self._workspace.files.read(file)

    def predictions(self, version: Version, dataset: Dataset) -> Predictions:
        """What it says of the pictures it was judged on, laid onto a data set that may be a later one."""
        kept = self._workspace.files.read(self._file(version, "scores") or "")
        return records.match_predictions(dataset, "version", str(version.number), list(version.classes), True, kept)

    def _file(self, version: Version, column: str) -> str | None:
        def look(db: sqlite3.Connection) -> tuple[str | None]:
            found = db.execute("SELECT scores, weights FROM trained WHERE number = ?", (version.number,)).fetchone()
            return (found[("scores", "weights").index(column)],)

        return (self._workspace.database.read(look, layout=LAYOUT) or (None,))[0]

    def note(self, version: Version, name: str, value: Any) -> None:
        """Add to a version's document, such as the thresholds chosen for it."""
        with self._workspace.database.writing() as db:
            text = db.execute("SELECT document FROM trained WHERE number = ?", (version.number,)).fetchone()[0]
            document = json.dumps({**json.loads(text), name: value})
            db.execute("UPDATE trained SET document = ? WHERE number = ?", (document, version.number))

    # -- in use, published

    def in_use(self) -> Version | None:
        """The version that ``advisor predict`` asks; None before the first training."""
        return self._chosen(IN_USE)

    def published(self) -> Version | None:
        """The version that serves; None if none was published."""
        return self._chosen(PUBLISHED)

    def _chosen(self, name: str) -> Version | None:
        number = self._workspace.choice(name)
        return next((v for v in self.all() if v.number == number), None)

    def restore(self, number: int) -> Version:
        """Take an older (or newer) version into use again."""
        return self._choose(IN_USE, number)

    def publish(self, number: int) -> Version:
        """Say which version serves; training goes on without touching it."""
        return self._choose(PUBLISHED, number)

    def _choose(self, name: str, number: int) -> Version:
        found = self.get(number)
        self._workspace.choose(name, number)
        return found
