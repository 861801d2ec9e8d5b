"""What every reader of labelled images returns: which files there are, with their labels, not yet decoded."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from tools.dataset import Skipped, decode_id, encode_id
from tools.errors import UnreadableInput

if TYPE_CHECKING:
    from tools.readers.said import Said

IMAGE_ENDINGS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif"}
)  # the formats that embeddings.images decodes
SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
SPLIT_WORDS = {
    **SPLIT_NAMES,
    **dict.fromkeys(("training", "trn", "fit"), "train"),
    **dict.fromkeys(("dev", "development", "tune"), "val"),
    **dict.fromkeys(("testing", "holdout", "hold-out", "hold_out", "heldout", "held-out"), "test"),
    **dict.fromkeys(("production", "prod", "live"), "production"),
}
"""What people call the splits in a column that they name themselves."""
UNLABELLED_FOLDERS = frozenset({"_unlabeled", "_unlabelled"})  # FiftyOne's name and its British twin


@dataclass(frozen=True)
class Listed:
    """One image as the user's folder or table names it.

    Attributes
    ----------
    id : str
        See ``tools.dataset.encode_id``.
    label : str or None
        None = unlabelled.
    split : str
        One of ``tools.dataset.SPLITS``.
    metadata : mapping of str to str
    """

    id: str
    label: str | None
    split: str = "train"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """A data set before its pictures are opened.

    Attributes
    ----------
    root : Path
        Absolute; ids are relative to it.
    images : tuple of Listed
        Sorted by id, ids unique.
    skipped : tuple of Skipped
        Every other file that was seen, with its reason.
    said : tuple of Said
        What models said of them, where the format tells it; oldest first.
    notes : tuple of str
        What the format holds and was not read.
    """

    root: Path
    images: tuple[Listed, ...]
    skipped: tuple[Skipped, ...]
    said: "tuple[Said, ...]" = ()
    notes: tuple[str, ...] = ()


def resplit(listing: Listing, column: str) -> Listing:
    """The same pictures in the splits that a metadata column names; an empty cell stands for train.

    Raises
    ------
    UnreadableInput
        If there is no such column, or a value that names no split.
    """
    columns = sorted({name for image in listing.images for name in image.metadata})
    if column not in columns:
        raise UnreadableInput(
            expected=f"one of the columns {', '.join(columns) or 'none there'} after --split", seen=column,
            todo="Name the column that holds the split.",
        )  # fmt: skip
    images = []
    for image in listing.images:
        value = image.metadata.get(column, "")
        split = SPLIT_WORDS.get(value.casefold() or "train")
        if split is None:
            raise UnreadableInput(
                expected=f"a split in the column {column}: {', '.join(SPLIT_WORDS)}", seen=f"{value!r} for {image.id}",
                todo="Correct the value, or name another column after --split.",
            )  # fmt: skip
        rest = {name: text for name, text in image.metadata.items() if name != column}
        images.append(replace(image, split=split, metadata=rest))
    return replace(listing, images=tuple(images))


def ending(name: str) -> str:
    """A file name's extension, lower case, with its dot; empty if it has none."""
    stem, dot, tail = name.rpartition(".")
    return f".{tail.lower()}" if dot and stem else ""


def not_a_picture(name: str) -> str:
    """Why a file is not tried as a picture; empty if its ending is one of ``IMAGE_ENDINGS``."""
    found = ending(name)
    if found in IMAGE_ENDINGS:
        return ""
    return f"not a picture by its ending {encode_id(found)}" if found else "not a picture: its name has no ending"


def class_name(text: str) -> str:
    """A class name in one spelling: composed accents (macOS writes them apart), undecodable bytes escaped."""
    return normalize("NFC", encode_id(text))


def written_class(text: str) -> str:
    """As ``class_name``, for a cell: what is already written as we write undecodable bytes stays.

    >>> written_class("caf\\\\xe9"), written_class("a\\\\b")
    ('caf\\\\xe9', 'a\\\\x5cb')
    """
    with suppress(ValueError):
        if encode_id(decode_id(text)) == text:
            return normalize("NFC", text)
    return class_name(text)
