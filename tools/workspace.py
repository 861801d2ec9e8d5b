"""The folder the advisor keeps its state in: SQLite for records, content-addressed files for arrays."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools import forgotten, records
from tools.case import Arrays, Case
from tools.clearing import clear
from tools.database import Database
from tools.dataset import Dataset
from tools.errors import AdvisorError, NoDataset, UnknownName, WorkspaceDamaged
from tools.own_model import model_of
from tools.paths import WORKSPACE_FILE
from tools.predictions import Predictions
from tools.settings import Settings
from tools.store import ArrayFiles


class EncoderMismatch(AdvisorError):
    """Vectors of different encoders would be mixed."""


@dataclass(frozen=True)
class DatasetInfo:
    """One line of the history.

    Attributes
    ----------
    version : int
    created : str
        UTC, ISO 8601.
    images : int
    fingerprint : str
    """

    version: int
    created: str
    images: int
    fingerprint: str


class Workspace:
    """One folder of state. Opening costs nothing; the folder is made by the first write.

    Every write happens under one lock and becomes visible in one transaction; readers see a whole snapshot.
    A connection lives for one call, so a workspace may be shared by threads.

    Attributes
    ----------
    path : Path
    files : ArrayFiles
    database : Database
        For the modules that keep tables of their own (trained versions, changes, advice).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = ArrayFiles(path / "arrays")
        self.database = Database(path / WORKSPACE_FILE, path / "lock", self._repair)

    def _repair(self) -> None:
        """Finish or remove what a killed writer left; only for the holder of the writers' lock."""
        self.files.sweep()
        clear(self.path)

    @classmethod
    def open(cls, path: Path) -> "Workspace":
        """A workspace at ``path``, which need not exist yet.

        Raises
        ------
        WorkspaceDamaged
            If ``path`` is a file.
        """
        if path.exists() and not path.is_dir():
            raise WorkspaceDamaged(
                expected="a folder for the workspace", seen=f"{path}, which is a file", todo="Name another folder."
            )
        return cls(path)

    @property
    def vectors(self) -> Path:
        """Folder of the vector cache, shared by all versions."""
        return self.path / "vectors"

    # -- datasets

    def datasets(self) -> tuple[DatasetInfo, ...]:
        """All dataset versions, oldest first."""

        def rows(db: sqlite3.Connection) -> tuple[DatasetInfo, ...]:
            found = db.execute(
                "SELECT version, created, (SELECT count(*) FROM images i WHERE i.version = d.version), fingerprint "
                "FROM datasets d ORDER BY version"
            )
            return tuple(DatasetInfo(*row) for row in found)

        return self.database.read(rows) or ()

    def dataset(self, version: int | None = None) -> Dataset:
        """A dataset, the newest by default.

        Raises
        ------
        NoDataset
            If nothing was imported yet.
        UnknownName
            If there is no such version.
        """
        return self.database.read(lambda db: self._dataset(db, version)) or self._no_dataset()

    def _no_dataset(self) -> NoReturn:
        raise NoDataset(
            expected=f"an imported dataset in {self.path}",
            seen="none",
            todo="Run: advisor import PATH (a folder of class folders, or a CSV).",
        )

    def _dataset(self, db: sqlite3.Connection, version: int | None) -> Dataset | None:
        last = records.latest_version(db)
        found = records.get_dataset(db, self.files, last if version is None else version)
        if found is None and last:
            raise UnknownName(
                expected=f"a dataset version from 1 to {last}", seen=str(version), todo="Name one of these."
            )
        return found

    def save_dataset(
        self,
        dataset: Dataset,
        space: EmbeddingSpace,
        *,
        predictions: Predictions | None = None,
        record: Mapping[str, Any] | None = None,
        then: Callable[[sqlite3.Connection, Dataset], Dataset] = lambda _, kept: kept,
    ) -> Dataset:
        """Append a dataset with its vectors (and predictions): all of it becomes visible at once, or nothing.

        Parameters
        ----------
        then : callable
            What else belongs to the transaction, given the kept dataset; returns the newest one.

        Returns
        -------
        Dataset
            The same with its version number, or what ``then`` returned.
        """
        with self.database.writing() as db:
            forgotten.refuse(db, dataset.sha256.tolist())
            kept = records.put_dataset(db, self.files, dataset)
            records.put_space(db, self.files, kept.version, space)
            _choose(db, "encoder", {"name": space.encoder.name, "fingerprint": space.encoder.fingerprint})
            if predictions is not None:
                records.put_predictions(db, self.files, kept, predictions)
            records.put_import(db, kept.version, record or {})
            return then(db, kept)

    def imports(self, last: int = 20) -> list[dict[str, Any]]:
        """The audit trail of imports, newest first."""
        return self.database.read(lambda db: records.list_imports(db, last)) or []

    # -- embedding spaces

    def save_space(self, version: int, space: EmbeddingSpace) -> None:
        """Keep vectors of a dataset by one more encoder, which becomes the workspace's choice."""
        with self.database.writing() as db:
            records.put_space(db, self.files, version, space)
            _choose(db, "encoder", {"name": space.encoder.name, "fingerprint": space.encoder.fingerprint})

    def encoders(self, version: int) -> list[EncoderInfo]:
        """Encoders that a dataset was indexed with."""
        return self.database.read(lambda db: records.list_encoders(db, version)) or []

    def space(self, dataset: Dataset, encoder: str = "auto") -> EmbeddingSpace:
        """Vectors of a dataset.

        Parameters
        ----------
        dataset : Dataset
            As loaded from this workspace.
        encoder : str
            A name; ``auto`` = the encoder the workspace was indexed with last.

        Raises
        ------
        EncoderMismatch
            If the dataset was not indexed with that encoder.
        """
        return self.database.read(lambda db: self._space(db, dataset, encoder)) or self._no_dataset()

    def _space(self, db: sqlite3.Connection, dataset: Dataset, encoder: str) -> EmbeddingSpace:
        there = records.list_encoders(db, dataset.version)
        chosen = _choice(db, "encoder") or {}
        name = str(chosen.get("name", "auto")) if encoder == "auto" else encoder
        wanted = [info for info in there if info.name == name]
        wanted.sort(key=lambda info: info.fingerprint == chosen.get("fingerprint"))
        if not wanted or (encoder == "auto" and wanted[-1].fingerprint != chosen.get("fingerprint")):
            raise EncoderMismatch(
                expected=f"vectors of dataset version {dataset.version} by the encoder {name}",
                seen=f"vectors by {', '.join(info.name for info in there) or 'none'}",
                todo="Import the data again with that encoder; vectors of different encoders are never mixed.",
            )
        return records.get_space(db, self.files, dataset, wanted[-1])

    # -- predictions

    def save_predictions(
        self, dataset: Dataset, predictions: Predictions, *, record: Mapping[str, Any] | None = None
    ) -> None:
        """Keep a model's predictions for a dataset of this workspace."""
        with self.database.writing() as db:
            records.put_predictions(db, self.files, dataset, predictions)
            records.put_import(db, dataset.version, record or {})

    def predictions(self, dataset: Dataset, model: str | None = None) -> Predictions | None:
        """The newest predictions (of a model), matched onto a dataset by picture; None if there are none."""
        return self.database.read(lambda db: records.get_predictions(db, self.files, dataset, model))

    # -- what was derived, chosen, answered

    @property
    def store(self) -> "WorkspaceStore":
        """Derived arrays by key, as ``tools.case.Store`` asks for."""
        return WorkspaceStore(self)

    def remember(self, key: str, text: str) -> None:
        """Keep a JSON text under a key, as ``tools.memory.Memory`` asks for."""
        with self.database.writing() as db:
            db.execute("INSERT OR REPLACE INTO documents VALUES (?,?)", (key, text))

    def recall(self, key: str) -> str | None:
        """The text kept under a key; None if there is none."""

        def look(db: sqlite3.Connection) -> str | None:
            row = db.execute("SELECT document FROM documents WHERE key = ?", (key,)).fetchone()
            return None if row is None else str(row[0])

        return self.database.read(look)

    def choose(self, name: str, value: Any, *, record: Mapping[str, Any] | None = None) -> None:
        """Record a choice that later runs must follow; ``record`` stands in the audit trail."""
        with self.database.writing() as db:
            _choose(db, name, value)
            if record is not None:
                records.put_import(db, records.latest_version(db), record)

    def choice(self, name: str) -> Any:
        """A recorded choice; None if none was made."""
        return self.database.read(lambda db: _choice(db, name))

    def load_arrays(self, key: str) -> Arrays | None:
        """Derived arrays under a key; None if there are none or the file is damaged (they are computed again)."""

        def look(db: sqlite3.Connection) -> Arrays | None:
            row = db.execute("SELECT file FROM arrays WHERE key = ?", (key,)).fetchone()
            with suppress(WorkspaceDamaged):
                return None if row is None else self.files.read(row[0])
            return None

        return self.database.read(look)

    def save_arrays(self, key: str, arrays: Arrays) -> None:
        """Keep derived arrays under a key."""
        with self.database.writing() as db:
            db.execute("INSERT OR REPLACE INTO arrays VALUES (?,?)", (key, self.files.write(arrays)))

    def case(self, settings: Settings) -> Case:
        """The newest dataset with its vectors and the newest predictions, all of one snapshot.

        Raises
        ------
        NoDataset
            If nothing was imported yet.
        """

        from tools.detection.keeping import STAMP as BOXES
        from tools.detection.keeping import KeptBoxes

        def assemble(db: sqlite3.Connection) -> Case | None:
            dataset = self._dataset(db, None)
            if dataset is None:
                return None
            space = self._space(db, dataset, settings.encoder)
            predictions = records.get_predictions(db, self.files, dataset, None)
            others = WorkspaceSpaces(self, dataset, tuple(records.list_encoders(db, dataset.version)))
            own = model_of(db, self.path, predictions.model, predictions.version) if predictions else None
            confirmed = records.confirmed_labels(db)
            stamp = _choice(db, BOXES)
            boxes = KeptBoxes(self, str(stamp)) if stamp else None
            return Case(dataset, space, settings, predictions, self.store, own, confirmed, others, boxes=boxes)

        return self.database.read(assemble) or self._no_dataset()


@dataclass(frozen=True, eq=False)
class WorkspaceSpaces:
    """Vectors of a dataset by every encoder it was indexed with, as ``tools.case.OtherSpaces`` asks for."""

    workspace: Workspace
    dataset: Dataset
    encoders: tuple[EncoderInfo, ...]

    def space(self, encoder: EncoderInfo) -> EmbeddingSpace:
        """Vectors by one of them."""
        kept, files = self.workspace, self.workspace.files
        found = kept.database.read(lambda db: records.get_space(db, files, self.dataset, encoder))
        if found is None:
            raise UnknownName(expected=f"vectors by {encoder.name}", seen="none", todo="Import the pictures again.")
        return found


class WorkspaceStore:
    """Derived arrays that survive the process; what is damaged counts as absent, so that it is computed again."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def load(self, key: str) -> Arrays | None:
        """Arrays kept under a key; None if there are none."""
        return self._workspace.load_arrays(key)

    def save(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key."""
        self._workspace.save_arrays(key, arrays)


def _choose(db: sqlite3.Connection, name: str, value: Any) -> None:
    db.execute("INSERT OR REPLACE INTO choices VALUES (?,?)", (name, json.dumps(value)))


def _choice(db: sqlite3.Connection, name: str) -> Any:
    row = db.execute("SELECT value FROM choices WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])
