"""What changed between two versions of a dataset: by id first, then by content."""

from dataclasses import dataclass
from typing import Any

from tools.dataset import Dataset


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
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    replaced: tuple[str, ...] = ()
    relabelled: tuple[str, ...] = ()
    resplit: tuple[str, ...] = ()

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
                parts.append(f"{number} {kind} (e.g. {example})")
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
    return Diff(
        added=tuple(i for i in come if i not in arrived),
        removed=tuple(i for i in gone if i not in left),
        moved=tuple(moved),
        replaced=tuple(b for a, b in pairs if before[a][0] != after[b][0]),
        relabelled=tuple(b for a, b in pairs if before[a][2] != after[b][2]),
        resplit=tuple(b for a, b in pairs if before[a][1] != after[b][1]),
    )


def _rows(dataset: Dataset) -> dict[str, tuple[str, str, frozenset[object]]]:
    """Content, split and labels of each image."""
    labels: dict[str, list[object]] = {}
    for label in dataset.labels:
        labels.setdefault(label.image_id, []).append((label.name, label.value, label.box, label.flags))
    columns = zip(dataset.ids.tolist(), dataset.sha256.tolist(), dataset.splits.tolist(), strict=True)
    return {image: (digest, split, frozenset(labels.get(image, ()))) for image, digest, split in columns}
