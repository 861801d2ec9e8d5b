"""What changed between two versions of a dataset: by id first, then by content."""

from dataclasses import dataclass
from typing import Any

from tools.dataset import Dataset, encode_id

WORDS = {"columns": "metadata columns changed", "skipped": "skipped files changed", "folder": "data folder changed"}
"""Kinds whose own name does not read well after a number."""


@dataclass(frozen=True)
class Diff:
    """Changes from an older dataset to a newer one.

    Attributes
    ----------
    added, removed : tuple of str
        Ids whose content was not there before, or is there no more.
    moved : tuple of (str, str)
        Old and new id of the same content.
    replaced : tuple of str
        Same id, other content.
    relabelled, resplit : tuple of str
        Same picture (kept, moved or replaced; the new id), other labels or another split.
    columns : tuple of str
        Metadata columns that came, went or changed for pictures under the same id.
    skipped : tuple of str
        Files that are skipped now and were not, were and are not, or are for another reason.
    folder : tuple of str
        The new root, if the whole data set lies elsewhere now.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    replaced: tuple[str, ...] = ()
    relabelled: tuple[str, ...] = ()
    resplit: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    folder: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {kind: len(getattr(self, kind)) for kind in self.__dataclass_fields__}

    @property
    def text(self) -> str:
        """One sentence for people, with an example of each kind."""
        parts = []
        for kind, number in self.counts.items():
            if number:
                first = getattr(self, kind)[0]
                example = f"{first[0]} to {first[1]}" if kind == "moved" else first
                parts.append(f"{number} {WORDS.get(kind, kind)} (e.g. {example})")
        return ", ".join(parts) or "nothing changed"

    def to_json(self) -> dict[str, Any]:
        """Counts and ids."""
        return {
            kind: [list(item) if isinstance(item, tuple) else item for item in getattr(self, kind)]
            for kind in self.__dataclass_fields__
        }


def compare(old: Dataset, new: Dataset) -> Diff:
    """Differences by id, then by content hash: a picture gone under one id and there under another has moved."""
    before, after = _rows(old), _rows(new)
    gone = [i for i in before if i not in after]
    come = [i for i in after if i not in before]
    by_content: dict[str, list[str]] = {}
    for image in gone:
        by_content.setdefault(before[image][0], []).append(image)
    moved = []
    for image in come:
        same = by_content.get(after[image][0])
        if same:
            moved.append((same.pop(0), image))
    left, arrived = {a for a, _ in moved}, {b for _, b in moved}
    pairs = [(image, image) for image in after if image in before] + moved
    skipped_before, skipped_now = ({item.path: item.reason for item in data.skipped} for data in (old, new))
    either = skipped_before.keys() | skipped_now.keys()
    return Diff(
        added=tuple(i for i in come if i not in arrived),
        removed=tuple(i for i in gone if i not in left),
        moved=tuple(moved),
        replaced=tuple(b for a, b in pairs if before[a][0] != after[b][0]),
        relabelled=tuple(b for a, b in pairs if before[a][2] != after[b][2]),
        resplit=tuple(b for a, b in pairs if before[a][1] != after[b][1]),
        columns=_columns(old, new),
        skipped=tuple(sorted(path for path in either if skipped_before.get(path) != skipped_now.get(path))),
        folder=() if old.root == new.root else (encode_id(str(new.root)),),
    )


def _columns(old: Dataset, new: Dataset) -> tuple[str, ...]:
    """Metadata columns that only one has, or that differ on the ids both have."""
    both = [image for image in new.index if image in old.index]
    then, now = [old.index[image] for image in both], [new.index[image] for image in both]
    names = sorted(old.metadata.keys() | new.metadata.keys())
    return tuple(
        name
        for name in names
        if name not in old.metadata
        or name not in new.metadata
        or (old.metadata[name][then] != new.metadata[name][now]).any()
    )


def _rows(dataset: Dataset) -> dict[str, tuple[str, str, frozenset[object]]]:
    """Content, split and labels of each image."""
    labels: dict[str, list[object]] = {}
    for label in dataset.labels:
        labels.setdefault(label.image_id, []).append((label.name, label.value, label.box, label.flags))
    columns = zip(dataset.ids.tolist(), dataset.sha256.tolist(), dataset.splits.tolist(), strict=True)
    return {image: (digest, split, frozenset(labels.get(image, ()))) for image, digest, split in columns}
