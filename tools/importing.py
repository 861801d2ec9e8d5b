"""From a folder or a table to a stored dataset version: list, decode, encode, compare, commit at once."""

import time
from collections.abc import Callable
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
from tools.changing import refuse_unfinished, replayed, save_given, save_import
from tools.dataset import Dataset
from tools.diff import Diff, compare
from tools.errors import NoDataset, WorkspaceDamaged
from tools.first_look import Encode, discard, look_first
from tools.giving import is_known, lay_out, lay_spoken, without_forgotten
from tools.inbox_vectors import encode_labelled, space_with_added
from tools.indexing import encoded_space, given_space
from tools.readers.choosing import read_listing
from tools.readers.embeddings_file import read_embeddings
from tools.readers.listing import Listing
from tools.readers.predictions_file import read_predictions
from tools.replaying import Replay
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.hub import Fetching


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
    aligned, covered = lay_spoken(listing, dataset, (model, version))
    if table is not None:
        laid, text = lay_out(without_forgotten(table, unnamed, dataset), (dataset, newest), model, version)
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
        if predictions is not None or not is_known(workspace, laid_for, given_):
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
