"""From listed images to a dataset and its embedding space: by an encoder, or from vectors that the user gives."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from embeddings.encoder import EncoderInfo
from embeddings.given import GIVEN, NoEncoder
from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools import forgotten
from tools.dataset import Dataset, Label, Skipped, decode_id
from tools.errors import UnreadableInput
from tools.readers.embeddings_file import EmbeddingsTable
from tools.readers.listing import Listing
from tools.readers.match_ids import Places
from tools.settings import Settings
from tools.workspace import Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.pipeline import EncodedImages


def encoded_space(
    workspace: Workspace, listing: Listing, encoder: "Encoder", settings: Settings, on_step: Progress
) -> tuple[Dataset, EmbeddingSpace, str]:
    """Dataset and space, and what 8-bit weights cost where the encoder has them."""
    from embeddings.precision import recall_sentence

    dataset, encoded = _measured(workspace, listing, encoder, settings, on_step)
    space = EmbeddingSpace(encoder.info, dataset.ids, encoded.vectors, encoded.names)
    paths = [dataset.path(str(image)) for image in dataset.ids]
    return dataset, space, recall_sentence(encoder, paths, encoded.vectors, root=listing.root, on_step=on_step)


def _measured(
    workspace: Workspace, listing: Listing, encoder: "Encoder", settings: Settings, on_step: Progress
) -> "tuple[Dataset, EncodedImages]":
    from embeddings.cache import VectorCache
    from embeddings.pipeline import encode_files

    paths = [listing.root / decode_id(image.id) for image in listing.images]
    cache = VectorCache(workspace.vectors, encoder.info.fingerprint)
    known = workspace.database.read(forgotten.known_in)
    encoded = encode_files(
        encoder, paths, root=listing.root, cache=cache, on_step=on_step, threads=settings.threads,
        leave_out=lambda content: forgotten.REASON if known is not None and known(content) else "",
    )  # fmt: skip
    return assemble(listing, encoded), encoded


def given_space(
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
    dataset, measured = _measured(workspace, there, NoEncoder(), settings, on_step)
    rows = np.array([source[str(image)] for image in dataset.ids], dtype=np.int64)
    info = EncoderInfo(GIVEN, given.fingerprint, given.vectors.shape[1], has_text=False)
    space = EmbeddingSpace(info, dataset.ids, given.vectors[rows], measured.names, given.texts)
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
            todo="Give JPEG, PNG, WebP, GIF, BMP, TIFF or HEIC files that open in an image viewer.",
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
