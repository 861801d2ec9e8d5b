"""Makes accepted changes again on what the files say, which may have changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.changes import Change, Conflict, Edit
from tools.dataset import Dataset, Label, Skipped


@dataclass(frozen=True, eq=False)
class Replay:
    """A dataset with the changes made.

    Attributes
    ----------
    dataset : Dataset
        Its version number is still that of the base.
    rows : ndarray of int64, shape (m,)
        Rows of the base that are left.
    relabelled, left_out : int
        Pictures that differ from the base.
    gone : int
        Pictures named by a change that are no longer there.
    conflicts : tuple of Conflict
    unassigned : mapping of str to tuple of str
        For each class that was split: pictures that no kind was given to.
    """

    dataset: Dataset
    rows: NDArray[np.int64]
    relabelled: int = 0
    left_out: int = 0
    gone: int = 0
    conflicts: tuple[Conflict, ...] = ()
    unassigned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether the changes make anything of the base."""
        return bool(self.relabelled or self.left_out)


def labels_of(dataset: Dataset) -> list[str | None]:
    """Class of each image for task ``single``; None = unlabelled."""
    return [dataset.classes[number] if number >= 0 else None for number in dataset.targets.tolist()]


def replay(base: Dataset, changes: Sequence[Change], settled: frozenset[tuple[int, str, str]] = frozenset()) -> Replay:
    """Make changes again on what the files say, in order.

    A picture is known by id and content, or, under another name, by content. An edit is made where the picture carries
    the label it had, or already the one it is to have; where the file says a third thing, the file is right and the
    conflict is told (unless a later edit fits again).
    """
    given = labels_of(base)
    labels = list(given)
    out: dict[int, Change] = {}
    clashes: dict[int, Conflict] = {}
    gone: set[str] = set()
    unassigned: dict[str, tuple[str, ...]] = {}
    places = _Places(base)
    for change in changes:
        edited = set()
        for edit, row in places.find(change):
            if row is None:
                gone.add(edit.sha256)
                continue
            edited.add(row)
            if (change.number, edit.id, edit.sha256) in settled or row in out:
                continue
            seen = labels[row]
            if seen != edit.before and (edit.after is None or seen != edit.after):
                clashes[row] = Conflict(edit.id, edit.sha256, change.number, edit.after, seen)
                continue
            clashes.pop(row, None)
            if edit.after is None:
                out[row] = change
            else:
                labels[row] = edit.after
        if change.kind == "split":
            parent = change.edits[0].before
            late = [r for r, name in enumerate(labels) if name == parent and r not in edited and r not in out]
            if late and parent is not None:
                unassigned[parent] = tuple(str(base.ids[row]) for row in late)
        labels = [change.renamed.get(name, name) if name is not None else None for name in labels]
    rows = np.array([row for row in range(len(base)) if row not in out], dtype=np.int64)
    return Replay(
        dataset=_taken(base, rows, labels, out),
        rows=rows,
        relabelled=sum(labels[row] != given[row] for row in rows.tolist()),
        left_out=len(out),
        gone=len(gone),
        conflicts=tuple(clashes[row] for row in sorted(clashes) if row not in out),
        unassigned=unassigned,
    )


class _Places:
    """Finds the pictures that edits name in a dataset, which may be a later one."""

    def __init__(self, dataset: Dataset) -> None:
        self._index = dataset.index
        self._digests = dataset.sha256.tolist()
        self._ids = dataset.ids.tolist()
        self._by_content: dict[str, list[int]] = {}
        for row, digest in enumerate(self._digests):
            self._by_content.setdefault(digest, []).append(row)

    def find(self, change: Change) -> list[tuple[Edit, int | None]]:
        """Row of each edit's picture: under its id, else a file with its content that is not another known one."""
        rows = [self._index.get(edit.id) for edit in change.edits]
        same = [row if row is not None and self._digests[row] == edit.sha256 else None
                for edit, row in zip(change.edits, rows, strict=True)]  # fmt: skip
        taken = {row for row in same if row is not None}
        spared = set(change.spared)
        for number, edit in enumerate(change.edits):
            if same[number] is None:
                others = self._by_content.get(edit.sha256, ())
                moved = next((r for r in others if r not in taken and self._ids[r] not in spared), None)
                if moved is not None:
                    same[number] = moved
                    taken.add(moved)
        return list(zip(change.edits, same, strict=True))


def _taken(base: Dataset, rows: NDArray[np.int64], labels: Sequence[str | None], out: Mapping[int, Change]) -> Dataset:
    """The dataset with some rows left and labels changed."""
    own: dict[str, list[Label]] = {}
    for label in base.labels:
        own.setdefault(label.image_id, []).append(label)
    before = labels_of(base)
    kept: list[Label] = []
    for row in rows.tolist():
        image, name = str(base.ids[row]), labels[row]
        kept += own.get(image, []) if name == before[row] else [Label(image, name)] if name is not None else []
    left_out = [
        Skipped(str(base.ids[row]), f"left out by change {c.number}" + (f": {c.why}" if c.why else ""))
        for row, c in out.items()
    ]
    return replace(
        base,
        **columns(base, rows),
        labels=tuple(kept),
        skipped=tuple(sorted((*base.skipped, *left_out), key=lambda item: item.path)),
    )


def columns(base: Dataset, rows: NDArray[np.int64]) -> dict[str, Any]:
    """The columns of a dataset at some rows, by attribute."""
    return {
        **{name: getattr(base, name)[rows] for name in ("ids", "sha256", "widths", "heights", "splits")},
        "metadata": {name: values[rows] for name, values in base.metadata.items()},
        "properties": {name: values[rows] for name, values in base.properties.items()},
        "perceptual_hash": None if base.perceptual_hash is None else base.perceptual_hash[rows],
    }
