"""Every model that spoke of this workspace's pictures: given predictions, trained versions, the baseline."""

import json
import sqlite3
from dataclasses import dataclass

import numpy as np

from tools import records
from tools.case import Case
from tools.errors import UnknownName
from tools.predictions import Predictions
from tools.spoken_since import with_inbox
from tools.versions import Versions
from tools.workspace import Workspace

BASELINE = "baseline"
SERVING = "model in production"
BETWEEN = "@"


@dataclass(frozen=True)
class Given:
    """Predictions of one version of the user's own model.

    Attributes
    ----------
    number : int
        Order in which they came.
    created : str
        UTC, ISO 8601.
    model, version : str
        As the user names them.
    """

    number: int
    created: str
    model: str
    version: str

    @property
    def name(self) -> str:
        """How it is asked for: ``model@version``, or the model alone where it has no version."""
        return f"{self.model}{BETWEEN}{self.version}" if self.version else self.model


def given_models(workspace: Workspace) -> tuple[Given, ...]:
    """The newest predictions of every version of every model, oldest first."""

    def look(db: sqlite3.Connection) -> tuple[Given, ...]:
        rows = db.execute(
            "SELECT max(number), max(created), model, model_version FROM predictions "
            "GROUP BY model, model_version ORDER BY max(number)"
        )
        return tuple(Given(*row) for row in rows)

    return workspace.database.read(look) or ()


def predictions_of(workspace: Workspace, given: Given, case: Case) -> Predictions:
    """What it says of a case's pictures, matched by picture."""

    def look(db: sqlite3.Connection) -> tuple[str, bool, str]:
        row = db.execute("SELECT classes, full_vectors, file FROM predictions WHERE number = ?", (given.number,))
        found: tuple[str, bool, str] = row.fetchone()
        return found

    classes, full, file = workspace.database.read(look) or ("[]", False, "")
    kept = workspace.files.read(file)
    names = json.loads(classes)
    found = records.match_predictions(case.dataset, given.model, given.version, names, bool(full), kept)
    return workspace.database.read(lambda db: with_inbox(db, case.dataset, found)) or found


def model_named(workspace: Workspace, case: Case, name: str) -> tuple[str, Predictions]:
    """A model by the name that people use.

    Parameters
    ----------
    name : str
        A trained version's number, ``model@version`` or ``model`` (its newest version) of given predictions, or
        ``baseline``.

    Returns
    -------
    tuple of (str, Predictions)
        Its name in full, and what it says on the case's pictures; the baseline says it where it was not trained.

    Raises
    ------
    UnknownName
    """
    if name == BASELINE:
        scores = case.derived.baseline
        said = np.where(np.isfinite(scores).all(axis=1), np.nan_to_num(scores).argmax(axis=1), -1)
        return "the baseline", Predictions(BASELINE, "", scores, said, True)
    if name.isdecimal():
        version = Versions(workspace).get(int(name))
        return version.name, Versions(workspace).predictions(version, case.dataset)
    there = given_models(workspace)
    fitting = [g for g in there if name in (g.name, g.model)]
    if not fitting:
        known = [*(g.name for g in there), *(str(v.number) for v in Versions(workspace).all()), BASELINE]
        raise UnknownName(expected=f"a model ({', '.join(known)})", seen=name, todo="Name one of these.")
    return fitting[-1].name, predictions_of(workspace, fitting[-1], case)


def serving(workspace: Workspace) -> Given | None:
    """The model said to serve; None if none was named, or its predictions are gone."""
    name = workspace.choice(SERVING)
    return next((g for g in given_models(workspace) if g.name == name), None)
