"""An immutable, versioned snapshot of labelled images: one label table for every task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tools.added import ADDED, is_added

Split = Literal["train", "val", "test", "production"]
Task = Literal["single", "multi", "detection"]
SPLITS: tuple[str, ...] = get_args(Split)


@dataclass(frozen=True)
class Skipped:
    """A file that was not indexed, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Label:
    """One row of the label table.

    Attributes
    ----------
    image_id, name : str
        Which image, which class.
    value : int or None
        1 present, 0 explicitly absent, None unknown.
    box : tuple of float or None
        x, y, width, height in pixels; None when the label speaks of the whole picture.
    flags : tuple of str
        ``truncated``, ``occluded``, ``difficult`` …
    """

    image_id: str
    name: str
    value: int | None = 1
    box: tuple[float, float, float, float] | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images, labels and what was left out. Never changed: importing again makes a new version.

    Attributes
    ----------
    version : int
        1 for the first import of a workspace.
    root : Path
        Folder that ids are relative to.
    ids : ndarray of str, shape (n,)
        Relative POSIX paths, undecodable bytes escaped; sorted.
    sha256 : ndarray of str, shape (n,)
        Hexadecimal digest of each file.
    widths, heights : ndarray of int64, shape (n,)
        Pixels, after EXIF rotation.
    splits : ndarray of str, shape (n,)
        One of ``SPLITS``; all ``train`` where the user gave none.
    labels : tuple of Label
        In the order of ``ids``; unlabelled images have none.
    metadata : mapping of str to ndarray of str, each shape (n,)
        User's columns; empty string = missing.
    properties : mapping of str to ndarray of float32, each shape (n,)
        Measured from pixels by ``embeddings.properties``.
    skipped : tuple of Skipped
        Every file that was seen and not indexed.
    task : {"single", "multi", "detection"}
    added : Path or None
        Folder that the ids of pictures that came through the inbox are relative to (``tools.added``).
    """

    version: int
    root: Path
    ids: NDArray[np.str_]
    sha256: NDArray[np.str_]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    splits: NDArray[np.str_]
    labels: tuple[Label, ...]
    metadata: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    properties: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    perceptual_hash: NDArray[np.uint64] | None = None
    skipped: tuple[Skipped, ...] = ()
    task: Task = "single"
    added: Path | None = None

    def __post_init__(self) -> None:
        n = len(self.ids)
        columns: list[tuple[str, Sequence[object] | NDArray[np.generic]]] = [
            ("sha256", self.sha256),
            ("widths", self.widths),
            ("heights", self.heights),
            ("splits", self.splits),
            *self.metadata.items(),
            *self.properties.items(),
        ]
        for name, column in columns:
            if len(column) != n:
                raise ValueError(f"column {name} has {len(column)} rows for {n} images")
        if len(set(self.ids.tolist())) != n:
            raise ValueError("image ids must be unique")
        unknown = set(self.splits.tolist()) - set(SPLITS)
        if unknown:
            raise ValueError(f"splits must be among {SPLITS}, got {sorted(unknown)}")

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of each id."""
        return {str(i): row for row, i in enumerate(self.ids)}

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Class names, sorted."""
        return tuple(sorted({label.name for label in self.labels}))

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """Class number of each image for task ``single``, shape (n,); -1 = unlabelled."""
        number = {name: i for i, name in enumerate(self.classes)}
        out = np.full(len(self), -1, dtype=np.int64)
        for label in self.labels:
            if label.value == 1:
                out[self.index[label.image_id]] = number[label.name]
        return out

    @cached_property
    def counts(self) -> dict[str, int]:
        """Images per class, over all splits."""
        present = self.targets[self.targets >= 0]
        numbers = np.bincount(present, minlength=len(self.classes))
        return {name: int(numbers[i]) for i, name in enumerate(self.classes)}

    @cached_property
    def fingerprint(self) -> str:
        """Digest of ids, contents, splits, labels and metadata."""
        digest = sha256()
        names = sorted(self.metadata)  # the order of columns says nothing
        for column in (self.ids, self.sha256, self.splits, *(self.metadata[name] for name in names)):
            digest.update("\0".join(column.tolist()).encode("utf-8", "surrogateescape"))
            digest.update(b"\1")
        digest.update(repr((self.labels, names)).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def only(self, keep: NDArray[np.bool_]) -> "Dataset":
        """The same with some of its images; ``keep`` has shape (n,)."""
        ids = set(self.ids[keep].tolist())
        hashes = self.perceptual_hash
        return replace(
            self,
            ids=self.ids[keep],
            sha256=self.sha256[keep],
            widths=self.widths[keep],
            heights=self.heights[keep],
            splits=self.splits[keep],
            labels=tuple(label for label in self.labels if label.image_id in ids),
            metadata={name: column[keep] for name, column in self.metadata.items()},
            properties={name: column[keep] for name, column in self.properties.items()},
            perceptual_hash=None if hashes is None else hashes[keep],
        )

    def path(self, image_id: str) -> Path:
        """Where an image lies on disk (escaped bytes are restored)."""
        inside = image_id.removeprefix(ADDED) if self.root_of(image_id) is self.added else image_id
        return self.root_of(image_id) / decode_id(inside)

    def root_of(self, image_id: str) -> Path:
        """The folder that an image's file must not lead out of."""
        return self.added if self.added is not None and is_added(image_id) else self.root


def encode_id(relative: str) -> str:
    """A relative path as an id: POSIX separators, undecodable bytes and backslashes written as ``\\xNN``."""
    posix = relative.replace("\\", "\\x5c") if "\\" in relative else relative
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in posix)


def decode_id(image_id: str) -> str:
    r"""Undo ``encode_id``.

    >>> decode_id(encode_id("caf\udce9/a.jpg")) == "caf\udce9/a.jpg"
    True
    """
    if "\\x" not in image_id:
        return image_id
    out, rest = [], image_id
    while (at := rest.find("\\x")) >= 0:
        code = int(rest[at + 2 : at + 4], 16)
        out += [rest[:at], "\\" if code == 0x5C else chr(0xDC00 + code)]
        rest = rest[at + 4 :]
    return "".join(out) + rest
