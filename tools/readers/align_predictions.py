"""Lays a predictions file onto a dataset, or says in one message why it does not fit."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from tools.dataset import Dataset
from tools.predictions import Predictions
from tools.readers.match_ids import Places
from tools.readers.predictions_file import SUM_TOLERANCE, PredictionsTable


def align(table: PredictionsTable, dataset: Dataset, model: tuple[str, str]) -> tuple[Predictions, int]:
    """Predictions in the dataset's order of images and classes; images without a row stay uncovered.

    Parameters
    ----------
    table : PredictionsTable
    dataset : Dataset
        Task ``single``.
    model : tuple of str
        Name and version.

    Returns
    -------
    tuple of (Predictions, int)
        And how many rows speak of files that the dataset skipped; these are left out.

    Raises
    ------
    UnreadableInput
        For unknown or repeated ids, unknown or missing classes, NaN, infinite or negative numbers, and rows whose
        probabilities do not sum to 1.
    """
    if not len(table.ids):
        raise table.error(expected="at least one prediction", seen="none", todo="Export the model's scores again.")
    rows = _rows(table, dataset)
    if table.pred is None:
        check_probabilities(table)
        order = _class_order(table, dataset)
        values, best = table.probabilities[:, order], table.probabilities[:, order].argmax(axis=1)
    else:
        best = _predicted(table, dataset)
        values = np.full((len(rows), len(dataset.classes)), np.nan)
        values[np.arange(len(rows)), best] = table.score
    known = rows >= 0
    probabilities = np.full((len(dataset), len(dataset.classes)), np.nan)
    predicted = np.full(len(dataset), -1, dtype=np.int64)
    probabilities[rows[known]] = values[known]
    predicted[rows[known]] = best[known]
    return Predictions(*model, probabilities, predicted, table.pred is None), int((~known).sum())


def _rows(table: PredictionsTable, dataset: Dataset) -> NDArray[np.int64]:
    """The dataset's row for each row of the file, −1 = a file that was skipped."""
    places = Places({item.path: -1 for item in dataset.skipped} | dataset.index, dataset.root)
    texts = [str(text) for text in table.ids]
    found = places.find(texts)
    unknown = [text for text, row in zip(texts, found, strict=True) if row is None]
    if unknown:
        shared = places.sharing(unknown[0])
        hint = f" (a name that {shared} images share)" if shared > 1 else ""
        raise table.error(
            expected=f"ids of the data set, such as {dataset.ids[0]}",
            seen=f"{len(unknown)} ids that the data set lacks, e.g. {unknown[0]!r}{hint},",
            todo="Export predictions for the same folder; write paths relative to it.",
        )
    rows = np.array(found, dtype=np.int64)
    kept = rows[rows >= 0]
    twice = np.flatnonzero(np.bincount(kept, minlength=len(dataset)) > 1)
    if len(twice):
        raise table.error(
            expected="one row per image",
            seen=f"{len(twice)} images with more than one, e.g. {dataset.ids[twice[0]]},",
            todo="Keep one row per image.",
        )
    return rows


def _class_order(table: PredictionsTable, dataset: Dataset) -> list[int]:
    unknown = [name for name in table.classes if name not in dataset.classes]
    missing = [name for name in dataset.classes if name not in table.classes]
    repeated = [name for name, count in Counter(table.classes).items() if count > 1]
    for what, names in (("unknown", unknown), ("repeated", repeated), ("missing", missing)):
        if names:
            raise table.error(
                expected=f"one column of probabilities for each class: {', '.join(dataset.classes)}",
                seen=f"{what} class columns: {', '.join(names)}",
                todo="Name each column p_<class>, with the class written as in the data set.",
            )
    return [table.classes.index(name) for name in dataset.classes]


def check_probabilities(table: PredictionsTable) -> None:
    """Refuse scores that cannot be probabilities, with the row and what to do.

    Raises
    ------
    UnreadableInput
    """
    values = table.probabilities
    for what, wrong in (
        ("NaN or infinite", ~np.isfinite(values)),
        ("negative", values < 0),
    ):
        rows = np.flatnonzero(wrong.any(axis=1))
        if len(rows):
            raise table.error(
                expected="probabilities from 0 to 1",
                seen=f"{len(rows)} rows with {what} numbers, e.g. for {table.ids[rows[0]]!r},",
                todo="Leave out images without a prediction; export probabilities, not logits.",
            )
    sums = values.sum(axis=1)
    away = np.abs(sums - 1)
    wrong = away > SUM_TOLERANCE + 1e-9  # 3 × 0.333 lies on the border and must pass
    if wrong.any():
        worst = int(away.argmax())
        raise table.error(
            expected=f"probabilities that sum to 1 in each row (within {SUM_TOLERANCE})",
            seen=f"{int(wrong.sum())} rows that do not, the worst for {table.ids[worst]!r} "
            f"with the sum {sums[worst]:.4g},",
            todo="Apply the softmax and give a column for every class; or give pred and score.",
        )


def _predicted(table: PredictionsTable, dataset: Dataset) -> NDArray[np.int64]:
    assert table.pred is not None
    assert table.score is not None
    number = {name: i for i, name in enumerate(dataset.classes)}
    unknown = sorted({str(name) for name in table.pred} - number.keys())
    if unknown:
        raise table.error(
            expected=f"predicted classes among {', '.join(dataset.classes)}",
            seen=f"{len(unknown)} others, e.g. {unknown[0]!r},",
            todo="Write each class as in the data set.",
        )
    bad = np.flatnonzero(~((table.score >= 0) & (table.score <= 1)))  # also true for NaN
    if len(bad):
        raise table.error(
            expected="scores from 0 to 1",
            seen=f"{len(bad)} others, e.g. {table.score[bad[0]]:g} for {table.ids[bad[0]]!r},",
            todo="Divide percentages by 100; leave out images without a prediction.",
        )
    return np.array([number[str(name)] for name in table.pred], dtype=np.int64)
