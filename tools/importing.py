"""From a folder or a table to a stored dataset version: list, decode, encode, compare, commit at once."""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.given import GIVEN
from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools import forgotten
from tools.case import Case
from tools.changes import History
from tools.changing import files_say, refuse_unfinished, replayed, save_given, save_import
from tools.dataset import Dataset
from tools.diff import Diff, compare
from tools.errors import NoDataset, UnreadableInput, WorkspaceDamaged
from tools.first_look import Encode, discard, look_first
from tools.inbox_vectors import encode_labelled, space_with_added
from tools.indexing import encoded_space, given_space
from tools.predictions import Predictions
from tools.readers.align_predictions import align
from tools.readers.csv_table import read_csv
from tools.readers.custom_vision import is_dump, read_custom_vision
from tools.readers.embeddings_file import read_embeddings
from tools.readers.folder import read_folder
from tools.readers.listing import Listing, resplit
from tools.readers.manifest import ENDINGS, manifests_in, read_manifest
from tools.readers.match_ids import Places
from tools.readers.predictions_file import PredictionsTable, read_predictions
from tools.records import match_predictions
from tools.replaying import Replay
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.hub import Fetching

TABLE_READERS: dict[str, Callable[[Path, str | None], Listing]] = {".csv": read_csv, ".tsv": read_csv}


@dataclass(frozen=True, eq=False)
class Imported:
    """What an import did.

    Attributes
    ----------
    dataset : Dataset
        As stored; the version of before if nothing changed.
    diff : Diff or None
        Against the version before; None for the first.
    changed : bool
        Whether a new version was written.
    encoder : str
        One line on which encoder was used and why, and what 8-bit weights cost where it has them.
    predictions : str
        How much of the dataset the given predictions cover; empty if none were given.
    seconds : float
    replay : Replay or None
        What the changes accepted earlier made of it; None where there are none or the files are as before.
    notes : tuple of str
        What the format holds and was not read.
    """

    dataset: Dataset
    diff: Diff | None
    changed: bool
    encoder: str
    predictions: str
    seconds: float
    replay: Replay | None = None
    notes: tuple[str, ...] = ()


def import_dataset(
    workspace: Workspace,
    path: Path,
    settings: Settings,
    *,
    predictions: Path | None = None,
    model: str = "",
    version: str = "",
    embeddings: Path | None = None,
    split: str | None = None,
    root: Path | None = None,
    fetching: "Fetching | None" = None,
    on_step: Progress = silent,
    on_first: Callable[[Case], None] | None = None,
) -> Imported:
    """Read labelled images, encode them and store them as the next dataset version.

    Changes that were accepted earlier are made again (``tools.changes.replay``), in a version of their own.
    Nothing is written before everything given has been read and found sound, but vectors in the cache, which speak
    of picture contents alone.

    Parameters
    ----------
    workspace : Workspace
    path : Path
        A folder of class folders, or a CSV.
    settings : Settings
    predictions : Path, optional
        A model's scores for these images.
    model, version : str
        The model's name and version; the file's name without its ending where left out.
    embeddings : Path, optional
        The user's own vectors; nothing is encoded then, and images without a vector are skipped.
    split : str, optional
        The column that holds the split, where folders or a column called so do not.
    root : Path, optional
        Where the pictures lie that a manifest or a service's answers name, if not beside them.
    fetching : Fetching, optional
        Leave to fetch an encoder's weights; without it no connection is opened.
    on_step : callable
    on_first : callable, optional
        Told of a case made of a sample, before the rest of a big set is encoded (``tools.first_look``).

    Raises
    ------
    UnreadableInput
        Naming the file, what was expected and what to do; the workspace is as before.
    EncoderMismatch
        If ``settings.encoder`` is ``auto`` and the recorded encoder now gives other vectors.
    """
    start = time.monotonic()
    refuse_unfinished(workspace)
    table = None if predictions is None else read_predictions(predictions)
    given = None if embeddings is None else read_embeddings(embeddings)
    listing = read_listing(path, split, root)
    if given is None:
        encoder, line = _encoder(workspace, settings, fetching, on_step)
        if on_first is not None:
            first = look_first(workspace, listing, settings, _encoding(workspace, encoder, settings, on_step))
            if first is not None:
                on_first(first)
        dataset, space, cost = encoded_space(workspace, listing, encoder, settings, on_step)
        line += cost
        encode_labelled(workspace, encoder, settings.threads, on_step)
    else:
        dataset, space, line = given_space(workspace, listing, given, settings, on_step)
    unnamed = [item.path for item in dataset.skipped if item.reason == forgotten.REASON]
    dataset = replace(dataset, skipped=tuple(s for s in dataset.skipped if s.reason != forgotten.REASON))
    notes = (*listing.notes, *([f"pictures left out because they were forgotten: {len(unnamed)}"] if unnamed else []))
    pending = replayed(workspace, dataset, space)
    newest = dataset if pending[1] is None else pending[1].dataset
    aligned, covered = _spoken(listing, dataset, (model, version))
    if table is not None:
        laid, text = _aligned(_without(table, unnamed, dataset), (dataset, newest), model, version)
        aligned, covered = [*aligned, laid], [*covered, text]
    before, said = _last(workspace), _last(workspace, pending[0])
    diff = None if before is None else compare(before, newest)
    record = {
        "source": str(path),
        "encoder": space.encoder.name,
        "images": len(dataset),
        "skipped": len(dataset.skipped),
        "changes": diff.counts if diff else None,
        "predictions": None if predictions is None else str(predictions),
    }
    if before is None or said is None or not _same(said, dataset):
        try:
            kept = save_import(workspace, dataset, space, pending, predictions=aligned, record=record)
        except forgotten.WasForgotten:
            from tools.forgetting import drop_vectors

            drop_vectors(workspace)
            raise
        discard(workspace)
        return Imported(kept, diff, True, line, "; ".join(covered), time.monotonic() - start, pending[1], notes)
    for version_of in {said.version: said, before.version: before}.values():
        _complete(workspace, version_of, space_with_added(workspace, version_of, space))
    for laid_out, given_ in aligned:
        laid_for = said if laid_out is dataset else before
        if predictions is not None or not _known(workspace, laid_for, given_):
            save_given(workspace, laid_for, given_, record)
    return Imported(before, diff, False, line, "; ".join(covered), time.monotonic() - start, notes=notes)


def _encoding(workspace: Workspace, encoder: "Encoder", settings: Settings, on_step: Progress) -> Encode:
    """Encode a part of the listing, said under its own words."""

    def encode(part: Listing, words: str) -> tuple[Dataset, EmbeddingSpace]:
        def step(what: str, done: int, total: int) -> None:
            on_step(f"{words}: {what}", done, total)

        dataset, space, _ = encoded_space(workspace, part, encoder, settings, step)
        return dataset, space

    return encode


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
    (laid_for, aligned), covered = _aligned(table, (dataset if same else files, dataset), model, version)
    save_given(workspace, laid_for, aligned, {"predictions": str(path)})
    return workspace.predictions(dataset, aligned.model) or aligned, covered


def read_listing(path: Path, split: str | None = None, root: Path | None = None) -> Listing:
    """List the labelled images that ``path`` names, by the reader for its kind.

    Parameters
    ----------
    split : str, optional
        The column that holds the split, where folders or a column called so do not.
    root : Path, optional
        Where the pictures lie, for the formats that name pictures elsewhere.

    Raises
    ------
    UnreadableInput
    """
    elsewhere = _reader_of_names(path)
    if root is not None and (elsewhere is None or not root.is_dir()):
        raise UnreadableInput(
            expected="--root DIR with a manifest or a folder of a service's answers",
            seen=f"--root {root} with {path}",
            todo="Name the folder that holds the pictures; leave --root out for class folders and tables.",
        )
    table = TABLE_READERS.get(path.suffix.lower())
    if elsewhere is None and path.is_file() and table is not None:
        return table(path, split)
    if elsewhere is None and not path.is_dir():
        raise UnreadableInput(
            expected="a folder of class folders, a .csv or .tsv table with filepath,label, or a .manifest",
            seen=f"{path}, which {'is neither' if path.exists() else 'does not exist'}",
            todo="Name the folder that holds the class folders, or the table.",
        )
    listing = read_folder(path) if elsewhere is None else elsewhere(path, root)
    return listing if split is None else resplit(listing, split)


def _reader_of_names(path: Path) -> "Callable[[Path, Path | None], Listing] | None":
    """The reader of a format that names pictures as a service does; None for others."""
    if path.is_file() and path.suffix.lower() in ENDINGS:
        return read_manifest
    if path.is_dir() and is_dump(path):
        return read_custom_vision
    return read_manifest if path.is_dir() and manifests_in(path) else None


def coverage(dataset: Dataset, predictions: Predictions) -> str:
    """How many images of each split have a prediction."""
    covered = predictions.covered
    each = [
        f"{int(covered[dataset.splits == split].sum())} of {int((dataset.splits == split).sum())} in {split}"
        for split in sorted(set(dataset.splits.tolist()))
    ]
    return f"{int(covered.sum())} of {len(dataset)} images have a prediction ({', '.join(each)})"


def _spoken(
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


def _known(workspace: Workspace, dataset: Dataset, given: Predictions) -> bool:
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


def _without(table: PredictionsTable, unnamed: Sequence[str], dataset: Dataset) -> PredictionsTable:
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


def _aligned(
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


def _last(workspace: Workspace, known: History | None = None) -> Dataset | None:
    """The version before, or the one that says what the files said then; a damaged one counts as none.

    The new version then replaces what was damaged.
    """
    try:
        if known is None or not known.changes:
            return workspace.dataset()
        return workspace.dataset(known.base(info.version for info in workspace.datasets()))
    except (NoDataset, WorkspaceDamaged):
        return None


def _encoder(
    workspace: Workspace, settings: Settings, fetching: "Fetching | None", on_step: Progress
) -> "tuple[Encoder, str]":
    """The encoder the settings name; ``auto`` = the recorded one, which must still give the same vectors."""
    from embeddings.resolve import resolve_encoder

    recorded = workspace.choice("encoder")
    auto = settings.encoder == "auto" and recorded is not None
    name = str(recorded["name"]) if auto else settings.encoder
    if name == GIVEN:
        raise EncoderMismatch(
            expected="--embeddings FILE, because this workspace was indexed with vectors from a file",
            seen="no such file given",
            todo="Add --embeddings FILE with vectors of these pictures, or --encoder embedded to index anew.",
        )
    options: dict[str, Any] = {"fetching": fetching, "threads": settings.threads, "on_step": on_step}
    encoder, line = resolve_encoder(name, cache=workspace.path / "models", **options)
    if auto and encoder.info.fingerprint != recorded["fingerprint"]:
        raise EncoderMismatch(
            expected=f"the encoder {name} as this workspace was indexed with it ({recorded['fingerprint'][:12]})",
            seen=f"other weights or preprocessing under that name ({encoder.info.fingerprint[:12]})",
            todo=f"Restore them, or import with --encoder {name} to index everything again.",
        )
    return encoder, f"Encoder: {name}, with which this workspace was indexed." if auto else line


def _same(before: Dataset, after: Dataset) -> bool:
    """Whether a new version would say nothing new."""
    return (
        (before.fingerprint, before.root, before.skipped) == (after.fingerprint, after.root, after.skipped)
        and before.properties.keys() == after.properties.keys()
        and all(np.array_equal(v, after.properties[k], equal_nan=True) for k, v in before.properties.items())
    )


def _complete(workspace: Workspace, dataset: Dataset, space: EmbeddingSpace | None) -> None:
    """Unchanged data may still lack the vectors of this encoder, or have a damaged file of them."""
    if space is None:
        return
    try:
        known = workspace.space(dataset, space.encoder.name)
    except (EncoderMismatch, WorkspaceDamaged):
        workspace.save_space(dataset.version, space)
        return
    recorded: Any = workspace.choice("encoder")
    if known.fingerprint != space.fingerprint or recorded["fingerprint"] != space.encoder.fingerprint:
        workspace.save_space(dataset.version, space)
