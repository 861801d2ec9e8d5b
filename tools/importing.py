"""From a folder or a table to a stored dataset version: list, decode, encode, compare, commit at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.given import GIVEN
from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools.changes import History
from tools.changing import files_say, refuse_unfinished, replayed, save_given, save_import
from tools.dataset import Dataset
from tools.diff import Diff, compare
from tools.errors import NoDataset, UnreadableInput, WorkspaceDamaged
from tools.indexing import encoded_space, given_space
from tools.predictions import Predictions
from tools.readers.align_predictions import align
from tools.readers.csv_table import read_csv
from tools.readers.embeddings_file import read_embeddings
from tools.readers.folder import read_folder
from tools.readers.listing import Listing
from tools.readers.predictions_file import PredictionsTable, read_predictions
from tools.replaying import Replay
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.hub import Fetching

TABLE_READERS: dict[str, Callable[[Path], Listing]] = {".csv": read_csv, ".tsv": read_csv}


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
    """

    dataset: Dataset
    diff: Diff | None
    changed: bool
    encoder: str
    predictions: str
    seconds: float
    replay: Replay | None = None


def import_dataset(
    workspace: Workspace,
    path: Path,
    settings: Settings,
    *,
    predictions: Path | None = None,
    model: str = "",
    version: str = "",
    embeddings: Path | None = None,
    fetching: "Fetching | None" = None,
    on_step: Progress = silent,
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
    fetching : Fetching, optional
        Leave to fetch an encoder's weights; without it no connection is opened.
    on_step : callable

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
    listing = read_listing(path)
    if given is None:
        encoder, line = _encoder(workspace, settings, fetching, on_step)
        dataset, space, cost = encoded_space(workspace, listing, encoder, settings, on_step)
        line += cost
    else:
        dataset, space, line = given_space(workspace, listing, given, settings, on_step)
    pending = replayed(workspace, dataset)
    newest = dataset if pending[1] is None else pending[1].dataset
    aligned, covered = (None, "") if table is None else _aligned(table, (dataset, newest), model, version)
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
        kept = save_import(workspace, dataset, space, pending, predictions=aligned, record=record)
        return Imported(kept, diff, True, line, covered, time.monotonic() - start, pending[1])
    for version_of in {said.version: said, before.version: before}.values():
        _complete(workspace, version_of, _part(space, version_of))
    if aligned is not None:
        laid_for = said if aligned[0] is dataset else before
        save_given(workspace, laid_for, aligned[1], record)
    return Imported(before, diff, False, line, covered, time.monotonic() - start)


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


def read_listing(path: Path) -> Listing:
    """List the labelled images that ``path`` names, by the reader for its kind.

    Raises
    ------
    UnreadableInput
    """
    if path.is_dir():
        return read_folder(path)
    reader = TABLE_READERS.get(path.suffix.lower())
    if path.is_file() and reader is not None:
        return reader(path)
    raise UnreadableInput(
        expected="a folder of class folders, or a .csv or .tsv table with filepath,label",
        seen=f"{path}, which {'is neither' if path.exists() else 'does not exist'}",
        todo="Name the folder that holds the class folders, or the table.",
    )


def coverage(dataset: Dataset, predictions: Predictions) -> str:
    """How many images of each split have a prediction."""
    covered = predictions.covered
    each = [
        f"{int(covered[dataset.splits == split].sum())} of {int((dataset.splits == split).sum())} in {split}"
        for split in sorted(set(dataset.splits.tolist()))
    ]
    return f"{int(covered.sum())} of {len(dataset)} images have a prediction ({', '.join(each)})"


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


def _part(space: EmbeddingSpace, dataset: Dataset) -> EmbeddingSpace:
    """The vectors of a dataset that holds some of a space's images, in the same order."""
    rows = np.flatnonzero(np.isin(space.ids, dataset.ids))
    return space if len(rows) == len(space.ids) else EmbeddingSpace(
        space.encoder, dataset.ids, space.vectors[rows], space.names[rows], space.texts
    )  # fmt: skip


def _complete(workspace: Workspace, dataset: Dataset, space: EmbeddingSpace) -> None:
    """Unchanged data may still lack the vectors of this encoder, or have a damaged file of them."""
    try:
        known = workspace.space(dataset, space.encoder.name)
    except (EncoderMismatch, WorkspaceDamaged):
        workspace.save_space(dataset.version, space)
        return
    recorded: Any = workspace.choice("encoder")
    if known.fingerprint != space.fingerprint or recorded["fingerprint"] != space.encoder.fingerprint:
        workspace.save_space(dataset.version, space)
