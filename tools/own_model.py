"""The user's own network: kept in the workspace, laid onto the data set's classes, asked about pictures."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.own_model import Activation, OwnNetwork, as_probabilities
from embeddings.preparation import Preparation
from tools.errors import UnknownName, WorkspaceDamaged
from tools.store import UNFINISHED, replace_file, unwritable

if TYPE_CHECKING:
    from tools.database import Database

FOLDER = "networks"
KEY = "own-model "
BETWEEN = "@"
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class OwnModel:
    """A network and all that is needed to ask it.

    Attributes
    ----------
    name, version : str
        As the user names them; its predictions bear the same.
    digest : str
        Of the stored file.
    preparation : Preparation
    output : str
        Which output holds the scores.
    activation : Activation
    labels : tuple of str
        In the order of its scores.
    classes : tuple of (str or None)
        Class of the data set that each label means.
    notes : tuple of str
        What was found when it was added.
    network : OwnNetwork
    """

    name: str
    version: str
    digest: str
    preparation: Preparation
    output: str
    activation: Activation
    labels: tuple[str, ...]
    classes: tuple[str | None, ...]
    notes: tuple[str, ...] = ()
    network: OwnNetwork = field(default_factory=lambda: OwnNetwork(lambda: b""))

    @property
    def title(self) -> str:
        """How it is asked for, as any model: ``name@version``."""
        return f"{self.name}{BETWEEN}{self.version}" if self.version else self.name

    @property
    def fingerprint(self) -> str:
        """Digest of everything that can change an answer of it."""
        parts = (self.digest, repr(self.preparation), self.output, self.activation, repr(self.labels))
        return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def label_scores(self, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """Probabilities of the network's own labels, shape (n, labels).

        Raises
        ------
        UnusableModel
        """
        raw = raw_scores(self.network, self.preparation, self.output, pictures, self.labels)
        return as_probabilities(raw, self.activation)

    def class_scores(self, pictures: Sequence[Pixels], classes: Sequence[str]) -> NDArray[np.float64]:
        """Probabilities of the data set's classes, shape (n, k); see ``onto_classes``."""
        return onto_classes(self.label_scores(pictures), self.classes, classes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "preparation": self.preparation.to_json(),
            "output": self.output,
            "activation": self.activation,
            "labels": list(self.labels),
            "classes": list(self.classes),
            "notes": list(self.notes),
        }


def raw_scores(
    network: OwnNetwork, preparation: Preparation, output: str, pictures: Sequence[Pixels], labels: Sequence[str] = ()
) -> NDArray[np.float64]:
    """A network's scores as it gives them, shape (n, labels).

    Columns are in the order of ``labels`` where the network names them.
    """
    raw, names = network.run(np.stack([preparation(pixels) for pixels in pictures]), output)
    if names and labels and set(names) == set(labels):
        raw = raw[:, [names.index(label) for label in labels]]
    return raw


def onto_classes(
    scores: NDArray[np.float64], of_labels: Sequence[str | None], classes: Sequence[str]
) -> NDArray[np.float64]:
    """Probabilities of labels as probabilities of classes.

    What the network gives to labels that the data set lacks is shared out over the classes it knows, in proportion;
    classes that it cannot name get 0.

    >>> onto_classes(np.array([[0.2, 0.2, 0.6]]), ("b", "a", None), ("a", "b", "c")).tolist()
    [[0.5, 0.5, 0.0]]
    >>> onto_classes(np.array([[0.2, 0.3, 0.5]]), ("b", "gone", None), ("a", "b")).tolist()
    [[0.0, 1.0]]
    """
    out = np.zeros((len(scores), len(classes)))
    for column, name in enumerate(of_labels):
        if name is not None and name in classes:  # a class that was merged or split since is none that the data set has
            out[:, list(classes).index(name)] += scores[:, column]
    known = np.array([name in of_labels for name in classes], dtype=np.float64)
    total = out.sum(axis=1, keepdims=True)
    even = known / max(1.0, known.sum())
    return np.asarray(np.where(total > 0, out / np.maximum(total, 1e-300), even), dtype=np.float64)


def store_network(workspace: Path, data: bytes, digest: str) -> Path:
    """Keep a network's file under its digest, whole or not at all; equal files are kept once.

    Only for the holder of the writers' lock: what a killed one left is removed first.
    """
    file = workspace / FOLDER / f"{digest}.onnx"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for left in file.parent.glob(f".*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        replace_file(file, data)
    except OSError as error:
        raise unwritable(file, error) from error
    return file


def stored_network(workspace: Path, digest: str) -> OwnNetwork:
    """The network of a digest; its bytes are compared with it before they are run."""
    file = workspace / FOLDER / f"{digest}.onnx"

    def read() -> bytes:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise _damaged(file, error.strerror or str(error)) from error
        if sha256(data).hexdigest() != digest:
            raise _damaged(file, "other bytes than were written")
        return data

    return OwnNetwork(read)


def _damaged(file: Path, seen: str) -> WorkspaceDamaged:
    return WorkspaceDamaged(
        expected=f"the stored network {file}", seen=seen, todo="Add the same model again: advisor model add FILE."
    )


def put_model(db: sqlite3.Connection, model: OwnModel) -> None:
    """Keep a model's record; one of the same name and version is replaced and becomes the newest."""
    key = f"{KEY}{json.dumps([model.name, model.version])}"
    db.execute("INSERT OR REPLACE INTO choices VALUES (?,?)", (key, json.dumps(model.to_json())))


def list_models(db: sqlite3.Connection, workspace: Path) -> list[OwnModel]:
    """Every model kept, oldest first."""
    rows = db.execute("SELECT value FROM choices WHERE name LIKE ? ORDER BY rowid", (f"{KEY}%",))
    return [_from_json(json.loads(row[0]), workspace) for row in rows]


def model_of(db: sqlite3.Connection, workspace: Path, name: str, version: str) -> OwnModel | None:
    """The model whose predictions bear this name and version; None if its network is not kept here."""
    return next((m for m in list_models(db, workspace) if (m.name, m.version) == (name, version)), None)


def forget_model(database: "Database", workspace: Path, model: OwnModel) -> int:
    """Forget a model and what it said; returns how many sets of predictions went with it.

    Its file goes too, unless another version shares it.
    """
    with database.writing() as db:
        db.execute("DELETE FROM choices WHERE name = ?", (f"{KEY}{json.dumps([model.name, model.version])}",))
        gone = db.execute(
            "DELETE FROM predictions WHERE model = ? AND model_version = ?", (model.name, model.version)
        ).rowcount
        shared = any(other.digest == model.digest for other in list_models(db, workspace))
    if not shared:
        (workspace / FOLDER / f"{model.digest}.onnx").unlink(missing_ok=True)
    return gone


def chosen_model(models: Sequence[OwnModel], name: str | None) -> OwnModel:
    """The newest model, or the newest of those called ``NAME`` or ``NAME@VERSION``.

    Raises
    ------
    UnknownName
    """
    fitting = [m for m in models if name in (None, m.name, m.title)]
    if not fitting:
        there = ", ".join(m.title for m in models) or "none"
        raise UnknownName(
            expected=f"one of the networks kept here ({there})",
            seen=name or "none",
            todo="Name one of these." if models else "Add yours: advisor model add model.onnx --labels labels.txt",
        )
    return fitting[-1]


def _from_json(kept: Mapping[str, Any], workspace: Path) -> OwnModel:
    return OwnModel(
        name=kept["name"],
        version=kept["version"],
        digest=kept["digest"],
        preparation=Preparation.from_json(kept["preparation"]),
        output=kept["output"],
        activation=kept["activation"],
        labels=tuple(kept["labels"]),
        classes=tuple(kept["classes"]),
        notes=tuple(kept["notes"]),
        network=stored_network(workspace, kept["digest"]),
    )
