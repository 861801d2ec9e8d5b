"""Predictions that come with pictures or after them: laid onto the data, and how much of it they cover."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tools.changing import files_say, save_given
from tools.dataset import Dataset
from tools.errors import UnreadableInput
from tools.predictions import Predictions
from tools.readers.align_predictions import align
from tools.readers.listing import Listing
from tools.readers.match_ids import Places
from tools.readers.predictions_file import PredictionsTable, read_predictions
from tools.records import match_predictions
from tools.workspace import Workspace


def add_predictions(workspace: Workspace, path: Path, *, model: str = "", version: str = "") -> tuple[Predictions, str]:
    """Store a model's predictions for the newest dataset.

    Returns
    -------
    tuple of (Predictions, str)
        The predictions in the dataset's order, and how much of it they cover.
    """
    dataset, files = workspace.dataset(), files_say(workspace)
    table = read_predictions(path)
    same = files.version == dataset.version
    (laid_for, aligned), covered = lay_out(table, (dataset if same else files, dataset), model, version)
    save_given(workspace, laid_for, aligned, {"predictions": str(path)})
    return workspace.predictions(dataset, aligned.model) or aligned, covered


def coverage(dataset: Dataset, predictions: Predictions) -> str:
    """How many images of each split have a prediction."""
    covered = predictions.covered
    each = [
        f"{int(covered[dataset.splits == split].sum())} of {int((dataset.splits == split).sum())} in {split}"
        for split in sorted(set(dataset.splits.tolist()))
    ]
    return f"{int(covered.sum())} of {len(dataset)} images have a prediction ({', '.join(each)})"


def lay_spoken(
    listing: Listing, dataset: Dataset, names: tuple[str, str]
) -> tuple[list[tuple[Dataset, Predictions]], list[str]]:
    """What the listed format itself says of models, laid onto the data set; under the names given, if any."""
    laid, texts = [], []
    for said in listing.said:
        renamed = replace(said, model=names[0] or said.model)
        if names[1] and len(listing.said) == 1:
            renamed = replace(renamed, version=names[1])
        found, left = renamed.onto(dataset)
        if found.covered.any():
            laid.append((dataset, found))
        texts.append(f"{found.model} {found.version}: {coverage(dataset, found)}{left}")
    return laid, texts


def is_known(workspace: Workspace, dataset: Dataset, given: Predictions) -> bool:
    """Whether the newest predictions of this model and version say the same."""

    def look(db: sqlite3.Connection) -> bool:
        row = db.execute(
            "SELECT classes, full_vectors, file FROM predictions WHERE model = ? AND model_version = ? "
            "ORDER BY number DESC LIMIT 1",
            (given.model, given.version),
        ).fetchone()
        if row is None:
            return False
        kept = workspace.files.read(row[2])
        laid = match_predictions(dataset, given.model, given.version, json.loads(row[0]), bool(row[1]), kept)
        return laid.fingerprint == given.fingerprint

    return bool(workspace.database.read(look))


def without_forgotten(table: PredictionsTable, unnamed: Sequence[str], dataset: Dataset) -> PredictionsTable:
    """The rows of a file of predictions that are not of pictures which were left out as forgotten."""
    if not unnamed:
        return table
    texts = [str(text) for text in table.ids]
    here = Places({item.path: -1 for item in dataset.skipped} | dataset.index, dataset.root).find(texts)
    gone = Places(dict.fromkeys(unnamed, 0), dataset.root).find(texts)
    rows = [row for row, (known, left) in enumerate(zip(here, gone, strict=True)) if known is not None or left is None]
    return replace(
        table, ids=table.ids[rows], probabilities=table.probabilities[rows],
        pred=None if table.pred is None else table.pred[rows], score=None if table.score is None else table.score[rows],
    )  # fmt: skip


def lay_out(
    table: PredictionsTable, datasets: tuple[Dataset, Dataset], model: str, version: str
) -> tuple[tuple[Dataset, Predictions], str]:
    """Laid out for what the files say, else (a model trained since) for the classes after accepted changes."""
    names = (model or table.path.stem, version or "1")
    files, newest = datasets
    try:
        laid_for, (aligned, ignored) = files, align(table, files, names)
    except UnreadableInput:
        if files is newest:
            raise
        laid_for, (aligned, ignored) = newest, align(table, newest, names)
    text = coverage(laid_for, aligned)
    text += f"; {ignored} rows are for skipped files and were left out" if ignored else ""
    return (laid_for, aligned), text
