"""From a folder or a table to a stored dataset version: list, decode, encode, compare, commit at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.encoder import EncoderInfo
from embeddings.given import GIVEN, NoEncoder
from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools.dataset import Dataset, Label, Skipped, decode_id
from tools.diff import Diff, compare
from tools.errors import NoDataset, UnreadableInput, WorkspaceDamaged
from tools.predictions import Predictions
from tools.readers.align_predictions import align
from tools.readers.csv_table import read_csv
from tools.readers.embeddings_file import EmbeddingsTable, read_embeddings
from tools.readers.folder import read_folder
from tools.readers.listing import Listing
from tools.readers.match_ids import Places
from tools.readers.predictions_file import PredictionsTable, read_predictions
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.hub import Fetching
    from embeddings.pipeline import EncodedImages

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
    """

    dataset: Dataset
    diff: Diff | None
    changed: bool
    encoder: str
    predictions: str
    seconds: float


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
    table = None if predictions is None else read_predictions(predictions)
    given = None if embeddings is None else read_embeddings(embeddings)
    listing = read_listing(path)
    if given is None:
        encoder, line = _encoder(workspace, settings, fetching, on_step)
        dataset, space, cost = _encoded(workspace, listing, encoder, settings, on_step)
        line += cost
    else:
        dataset, space, line = with_given(workspace, listing, given, settings, on_step)
    aligned, covered = (None, "") if table is None else _aligned(table, dataset, model, version)
    before = _last(workspace)
    diff = None if before is None else compare(before, dataset)
    record = {
        "source": str(path),
        "encoder": space.encoder.name,
        "images": len(dataset),
        "skipped": len(dataset.skipped),
        "changes": diff.counts if diff else None,
        "predictions": None if predictions is None else str(predictions),
    }
    changed = before is None or not _same(before, dataset)
    if before is None or changed:
        kept = workspace.save_dataset(dataset, space, predictions=aligned, record=record)
    else:
        kept = before
        _complete(workspace, kept, space)
        if aligned is not None:
            workspace.save_predictions(kept, aligned, record=record)
    return Imported(kept, diff, changed, line, covered, time.monotonic() - start)


def add_predictions(workspace: Workspace, path: Path, *, model: str = "", version: str = "") -> tuple[Predictions, str]:
    """Store a model's predictions for the newest dataset.

    Returns
    -------
    tuple of (Predictions, str)
        The predictions in the dataset's order, and how much of it they cover.
    """
    dataset = workspace.dataset()
    table = read_predictions(path)
    aligned, covered = _aligned(table, dataset, model, version)
    workspace.save_predictions(dataset, aligned, record={"predictions": str(path)})
    return aligned, covered


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


def _aligned(table: PredictionsTable, dataset: Dataset, model: str, version: str) -> tuple[Predictions, str]:
    aligned, ignored = align(table, dataset, (model or table.path.stem, version or "1"))
    text = coverage(dataset, aligned)
    return aligned, f"{text}; {ignored} rows are for skipped files and were left out" if ignored else text


def _last(workspace: Workspace) -> Dataset | None:
    """The version before; a damaged one counts as none, and the new version replaces what was damaged."""
    try:
        return workspace.dataset()
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


def _encoded(
    workspace: Workspace, listing: Listing, encoder: "Encoder", settings: Settings, on_step: Progress
) -> tuple[Dataset, EmbeddingSpace, str]:
    """Dataset and space, and what 8-bit weights cost where the encoder has them."""
    from embeddings.cache import VectorCache
    from embeddings.pipeline import encode_files
    from embeddings.precision import recall_sentence

    paths = [listing.root / decode_id(image.id) for image in listing.images]
    cache = VectorCache(workspace.vectors, encoder.info.fingerprint)
    encoded = encode_files(encoder, paths, root=listing.root, cache=cache, on_step=on_step, threads=settings.threads)
    dataset = assemble(listing, encoded)
    space = EmbeddingSpace(encoder.info, dataset.ids, encoded.vectors, encoded.names)
    kept = [paths[row] for row in encoded.kept.tolist()]
    return dataset, space, recall_sentence(encoder, kept, encoded.vectors, root=listing.root, on_step=on_step)


def with_given(
    workspace: Workspace, listing: Listing, given: EmbeddingsTable, settings: Settings, on_step: Progress = silent
) -> tuple[Dataset, EmbeddingSpace, str]:
    """Dataset and space of vectors that a file holds; images without one join the skipped, with the reason.

    Raises
    ------
    UnreadableInput
        If fewer than half of the images have a vector: the file then belongs to another folder.
    """
    places = Places({image.id: row for row, image in enumerate(listing.images)}, listing.root)
    source: dict[str, int] = {}
    for number, row in enumerate(places.find(given.ids)):
        if row is not None:
            source.setdefault(listing.images[row].id, number)
    if len(source) < len(listing.images) / 2:
        raise UnreadableInput(
            expected=f"vectors of the {len(listing.images)} images, by ids such as {listing.images[0].id}",
            seen=f"vectors of {len(source)} of them, and ids such as {given.ids[0]!r} in {given.path}",
            todo="Write paths relative to the imported folder as ids, one row per image.",
        )
    without = tuple(
        Skipped(image.id, f"no vector for it in {given.path.name}")
        for image in listing.images
        if image.id not in source
    )
    images = tuple(image for image in listing.images if image.id in source)
    there = replace(listing, images=images, skipped=(*listing.skipped, *without))
    dataset, empty, _ = _encoded(workspace, there, NoEncoder(), settings, on_step)
    rows = np.array([source[str(image)] for image in dataset.ids], dtype=np.int64)
    info = EncoderInfo(GIVEN, given.fingerprint, given.vectors.shape[1], has_text=False)
    space = EmbeddingSpace(info, dataset.ids, given.vectors[rows], empty.names, given.texts)
    unused = len(given.ids) - len(source)
    line = f"Encoder: none; vectors of length {info.dimension} from {given.path.name}"
    line += f", with {len(given.texts)} vectors of words" if given.texts else ", without vectors of words"
    return dataset, space, f"{line}; {unused} rows are of other files and were left out." if unused else f"{line}."


def assemble(listing: Listing, encoded: "EncodedImages") -> Dataset:
    """The dataset of those listed images that could be decoded; the others join the skipped, with the reason.

    Raises
    ------
    UnreadableInput
        If no image could be decoded.
    """
    images = [listing.images[row] for row in encoded.kept.tolist()]
    failed = tuple(Skipped(listing.images[row].id, reason) for row, reason in encoded.skipped)
    if not images:
        raise UnreadableInput(
            expected=f"at least one picture in {listing.root} that can be decoded",
            seen=f"{len(failed)} that cannot" + (f", e.g. {failed[0].path}: {failed[0].reason}" if failed else ""),
            todo="Give JPEG, PNG, WebP, GIF, BMP or TIFF files that open in an image viewer.",
        )
    metadata = {
        name: np.array([image.metadata.get(name, "") for image in images], dtype=np.str_)
        for name in sorted({name for image in images for name in image.metadata})
    }
    for name, column in {**encoded.exif, "flags": encoded.flags}.items():
        if name not in metadata and any(column.tolist()):
            metadata[name] = column
    return Dataset(
        version=1,
        root=listing.root,
        ids=np.array([image.id for image in images], dtype=np.str_),
        sha256=encoded.sha256,
        widths=encoded.widths,
        heights=encoded.heights,
        splits=np.array([image.split for image in images], dtype=np.str_),
        labels=tuple(Label(image.id, image.label) for image in images if image.label is not None),
        metadata=metadata,
        properties=encoded.properties,
        perceptual_hash=encoded.perceptual_hash,
        skipped=tuple(sorted((*listing.skipped, *failed), key=lambda item: item.path)),
    )


def _same(before: Dataset, after: Dataset) -> bool:
    """Whether a new version would say nothing new."""
    return (
        (before.fingerprint, before.root, before.skipped) == (after.fingerprint, after.root, after.skipped)
        and before.properties.keys() == after.properties.keys()
        and all(np.array_equal(v, after.properties[k], equal_nan=True) for k, v in before.properties.items())
    )


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
