"""Predictions: CSV, Parquet or npz with an id and one probability per class, or the predicted class and its score."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.errors import UnreadableInput
from tools.readers.csv_table import PATH_NAMES
from tools.readers.listing import class_name
from tools.readers.tables import Table, read_table

ID_NAMES = ("id", "image_id", *PATH_NAMES)
PRED_NAMES = ("pred", "prediction", "predicted", "predicted_class")
SCORE_NAMES = ("score", "confidence", "predicted_probability", "probability")
OTHER_NAMES = frozenset({"label", "class", "split", "target"})
"""Columns of the data set's own table that may stand in the predictions as well; not read."""
PREFIX = "p_"
SUM_TOLERANCE = 1e-3
"""Three decimals per class, as many exports write, stay within it up to a few classes; a wrong column does not."""


@dataclass(frozen=True, eq=False)
class PredictionsTable:
    """A predictions file as read, not yet matched to a dataset.

    Attributes
    ----------
    path : Path
    ids : ndarray of object, shape (m,)
        str.
    classes : tuple of str
        Of the columns of ``probabilities``; empty where only the top class was given.
    probabilities : ndarray of float64, shape (m, c)
    pred : ndarray of object, shape (m,), or None
        str; the predicted class where only that was given.
    score : ndarray of float64, shape (m,), or None
    """

    path: Path
    ids: NDArray[np.object_]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    pred: NDArray[np.object_] | None
    score: NDArray[np.float64] | None

    def error(self, *, expected: str, seen: str, todo: str) -> UnreadableInput:
        """An error that names the file."""
        return UnreadableInput(expected=expected, seen=f"{seen} in {self.path}", todo=todo)


def read_predictions(path: Path) -> PredictionsTable:
    """Read a file of predictions.

    Raises
    ------
    UnreadableInput
        For an unknown format, missing columns, or cells that are not numbers.
    """
    readers = {".csv": _from_text, ".tsv": _from_text, ".parquet": _from_parquet, ".npz": _from_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None or not path.is_file():
        raise UnreadableInput(
            expected="a predictions file: .csv, .tsv, .parquet or .npz",
            seen=f"{path}, which {'is none of these' if path.exists() else 'does not exist'}",
            todo="Give id plus one column p_<class> per class, or id, pred and score.",
        )
    return reader(path)


def _from_text(path: Path) -> PredictionsTable:
    return _from_table(read_table(path))


def _from_parquet(path: Path) -> PredictionsTable:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, NotImplementedError) as error:  # Arrow's own errors derive from these
        raise _broken(path, "a Parquet file", error) from None
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    return _from_table(Table(path, frame))


def _from_table(table: Table) -> PredictionsTable:
    ids, pred, score = table.column(ID_NAMES), table.column(PRED_NAMES), table.column(SCORE_NAMES)
    names = [str(name) for name in table.frame.columns]
    if ids is None:
        raise table.error(
            expected="a column id (also filepath, path, file, image)",
            seen=f"the columns {', '.join(names)}",
            todo="Name each picture as in the data set: its path relative to the folder.",
        )
    prefixed = [name for name in names if name.startswith(PREFIX) and name != ids]
    known = (ids, pred, score)
    full = prefixed or [name for name in names if name not in known and name.casefold() not in OTHER_NAMES]
    if pred is not None and score is not None and not prefixed:
        full = []
    elif not full:
        raise table.error(
            expected="one column p_<class> per class, or the columns pred and score",
            seen=f"the columns {', '.join(names)}",
            todo="Export the model's scores beside the ids.",
        )
    frame = table.frame
    texts = np.array([str(value) for value in frame[ids]], dtype=object)
    if not full and pred is not None and score is not None:
        said = np.array([class_name(str(value)) for value in frame[pred]], dtype=object)
        return PredictionsTable(table.path, texts, (), np.empty((len(texts), 0)), said, _numbers(table, score))
    probabilities = np.column_stack([_numbers(table, name) for name in full])
    classes = tuple(class_name(name.removeprefix(PREFIX) if prefixed else name) for name in full)
    return PredictionsTable(table.path, texts, classes, probabilities, None, None)


def _numbers(table: Table, name: str) -> NDArray[np.float64]:
    column = table.frame[name]
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    for row in np.flatnonzero(np.isnan(numbers)):
        cell = column.iloc[int(row)]
        raise table.error(
            expected=f"a number in the column {name}",
            seen=f"{cell!r}" if isinstance(cell, str) else "a missing value",
            todo="Leave out rows without a prediction; write decimals with a point.",
            row=int(row),
        )
    return numbers


def _from_npz(path: Path) -> PredictionsTable:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except (ValueError, EOFError, BadZipFile):
        raise UnreadableInput(
            expected=f"an npz file of plain arrays at {path}",
            seen="something else under that name, or arrays of Python objects",
            todo="Write it with numpy.savez, ids as text and scores as numbers.",
        ) from None
    except OSError as error:
        raise _broken(path, "a readable npz file", error) from None
    missing = {"id"} - arrays.keys() or (
        set() if {"pred", "score"} <= arrays.keys() else {"classes", "probabilities"} - arrays.keys()
    )
    if missing:
        raise UnreadableInput(
            expected="the arrays id, classes (c,), probabilities (n, c); or id, pred, score",
            seen=f"{', '.join(sorted(arrays))} in {path}",
            todo=f"Add {', '.join(sorted(missing))}.",
        )
    ids = np.array([str(value) for value in arrays["id"].ravel()], dtype=object)
    n = len(ids)
    if "probabilities" in arrays and "classes" in arrays:
        classes = tuple(class_name(str(name)) for name in arrays["classes"].ravel())
        return PredictionsTable(
            path, ids, classes, _shaped(path, arrays["probabilities"], (n, len(classes))), None, None
        )
    said = np.array([class_name(str(value)) for value in arrays["pred"].ravel()], dtype=object)
    _shaped(path, np.zeros(len(said)), (n,))
    return PredictionsTable(path, ids, (), np.empty((n, 0)), said, _shaped(path, arrays["score"], (n,)))


def _shaped(path: Path, array: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.float64]:
    if array.shape != shape or array.dtype.kind not in "fiu":
        raise UnreadableInput(
            expected=f"numbers of shape {shape} to go with the ids and classes",
            seen=f"{array.dtype} of shape {array.shape} in {path}",
            todo="Store one row per id, one column per class.",
        )
    return array.astype(np.float64)


def _broken(path: Path, what: str, error: Exception) -> UnreadableInput:
    return UnreadableInput(
        expected=f"{what} at {path}", seen=str(error).partition("\n")[0][:200], todo="Export it again."
    )
