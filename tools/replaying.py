"""Makes accepted changes again on what the files say, which may have changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.changes import Change, Conflict, Edit
from tools.dataset import Dataset, Label, Skipped
from tools.duplicates import near_copies


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
    held : int
        Pictures that are test pictures because they were locked, whatever their files say.
    copies : tuple of (str, str)
        Pictures left out because they are copies of a locked test picture, and that picture.
    added : int
        Pictures from the inbox.
    """

    dataset: Dataset
    rows: NDArray[np.int64]
    relabelled: int = 0
    left_out: int = 0
    gone: int = 0
    conflicts: tuple[Conflict, ...] = ()
    unassigned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held: int = 0
    copies: tuple[tuple[str, str], ...] = ()
    added: int = 0

    @property
    def differs(self) -> bool:
        """Whether the changes make anything of the base."""
        return bool(self.relabelled or self.left_out or self.held or self.added)


def labels_of(dataset: Dataset) -> list[str | None]:
    """Class of each image for task ``single``; None = unlabelled."""
    return [dataset.classes[number] if number >= 0 else None for number in dataset.targets.tolist()]


def replay(
    base: Dataset,
    changes: Sequence[Change],
    settled: frozenset[tuple[int, str, str]] = frozenset(),
    vectors: NDArray[np.float32] | None = None,
    *,
    added: NDArray[np.bool_] | None = None,
    written: int = 0,
) -> Replay:
    """Make changes again on what the files say, in order.

    A picture is known by id and content, or, under another name, by content. An edit is made where the picture carries
    the label it had, or already the one it is to have; where the file says a third thing, the file is right and the
    conflict is told (unless a later edit fits again). Locked pictures are test pictures, wherever their files lie now,
    and copies of them are left out.

    Parameters
    ----------
    base : Dataset
    changes : sequence of Change
    settled : frozenset
        As ``History.settled``.
    vectors : ndarray of float32, shape (n, d), optional
        Tell edited copies of locked pictures; without them only the same bytes are known.
    added : ndarray of bool, shape (n,), optional
        Pictures that no file of the user's holds (``tools.extending``).
    written : int
        Changes up to this number are in the files already and are made for added pictures only.
    """
    added = np.zeros(len(base), dtype=np.bool_) if added is None else added
    given = labels_of(base)
    labels = list(given)
    out: dict[int, Change] = {}
    clashes: dict[int, Conflict] = {}
    gone: set[str] = set()
    unassigned: dict[str, tuple[str, ...]] = {}
    places = _Places(base)
    held = locked(base, [change for change in changes if change.kind == "lock"], vectors)
    for change in changes:
        if change.kind == "lock":
            gone |= {edit.sha256 for edit, row in places.find(change) if row is None}
            continue
        old = change.number <= written
        edited = set()
        for edit, row in places.find(change):
            if row is None or (old and not added[row]):
                gone |= {edit.sha256} if row is None and not old else set()
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
        if change.kind == "split" and not old:
            parent = change.edits[0].before
            late = [r for r, name in enumerate(labels) if name == parent and r not in edited and r not in out]
            if late and parent is not None:
                unassigned[parent] = tuple(str(base.ids[row]) for row in late)
        for row in np.flatnonzero(added).tolist() if old else range(len(labels)):
            labels[row] = change.renamed.get(labels[row] or "", labels[row])
    copies = {row: f"a copy of the locked test picture {of}" for row, of in held.copies.items() if row not in out}
    reasons = {r: f"left out by change {c.number}" + (f": {c.why}" if c.why else "") for r, c in out.items()} | copies
    rows = np.array([row for row in range(len(base)) if row not in reasons], dtype=np.int64)
    test = [row for row in held.rows if row not in reasons]
    splits = base.splits.copy()
    splits[test] = "test"
    return Replay(
        dataset=_taken(replace(base, splits=splits), rows, labels, reasons),
        rows=rows,
        relabelled=sum(labels[row] != given[row] and not added[row] for row in rows.tolist()),
        left_out=len(reasons),
        gone=len(gone),
        conflicts=tuple(clashes[row] for row in sorted(clashes) if row not in out),
        unassigned=unassigned,
        held=int((base.splits[test] != "test").sum()),
        copies=tuple((str(base.ids[row]), held.copies[row]) for row in sorted(copies)),
        added=int(added[rows].sum()),
    )


@dataclass(frozen=True)
class Locked:
    """Rows of locked test pictures, and rows of copies of them with the id of what they copy."""

    rows: tuple[int, ...] = ()
    copies: Mapping[int, str] = field(default_factory=dict)


def locked(base: Dataset, locks: Sequence[Change], vectors: NDArray[np.float32] | None) -> Locked:
    """Where the pictures of locks lie now, and which others are copies of them: the same bytes, or edited."""
    places = _Places(base)
    held = sorted({row for change in locks for _, row in places.find(change) if row is not None})
    if not held:
        return Locked()
    first = {str(base.sha256[row]): row for row in reversed(held)}
    inside = set(held)
    copies = {
        row: str(base.ids[first[digest]])
        for row, digest in enumerate(base.sha256.tolist())
        if digest in first and row not in inside
    }
    if vectors is not None and base.perceptual_hash is not None:
        others = np.array([r for r in range(len(base)) if r not in inside and r not in copies], dtype=np.int64)
        near = near_copies(vectors, base.perceptual_hash, np.array(held, dtype=np.int64), others)
        copies |= {row: str(base.ids[of]) for row, of in near.items() if base.splits[row] != "test"}
    return Locked(tuple(held), copies)


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


def _taken(base: Dataset, rows: NDArray[np.int64], labels: Sequence[str | None], out: Mapping[int, str]) -> Dataset:
    """The dataset with some rows left and labels changed."""
    own: dict[str, list[Label]] = {}
    for label in base.labels:
        own.setdefault(label.image_id, []).append(label)
    before = labels_of(base)
    kept: list[Label] = []
    for row in rows.tolist():
        image, name = str(base.ids[row]), labels[row]
        kept += own.get(image, []) if name == before[row] else [Label(image, name)] if name is not None else []
    left_out = [Skipped(str(base.ids[row]), reason) for row, reason in out.items()]
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
