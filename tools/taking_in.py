"""Takes files into the production inbox: copied, decoded, encoded, entered; each content once, whatever is killed when.

The order makes a kill harmless: bytes first (a copy that no row names is swept by the next taking-in), then vectors (a
cache by content), then rows and predictions in one transaction. What is repeated finds its work done.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.files import LIMITS, Unreadable, read_file
from embeddings.progress import Progress, silent
from tools import forgotten, records
from tools.added import folder_of, place_of
from tools.case import Case
from tools.dataset import decode_id, encode_id
from tools.errors import AdvisorError
from tools.inbox import Inbox, Picture, Said, put_pictures, put_said
from tools.inbox_predictions import Spoken, spoken
from tools.paths import Walked, walk
from tools.readers.listing import not_a_picture
from tools.readers.predictions_file import PredictionsTable
from tools.registry import NotApplicable
from tools.store import UNFINISHED, replace_file, unwritable, writer
from tools.workspace import Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

LOCK = "inbox.lock"
FOLDERS = "folder"
"""Column in which an import of class folders keeps the folders below a class."""
TOGETHER = 256
"""Files whose rows are entered in one transaction: what a kill may cost is their copying, not their encoding."""


@dataclass(frozen=True)
class File:
    """One file to take in.

    Attributes
    ----------
    path : Path
    source : str
        Its path relative to the folder that is taken in, as an id.
    metadata : mapping of str to str
    root : Path or None
        Folder that it must not lead out of.
    """

    path: Path
    source: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    root: Path | None = None


@dataclass(frozen=True)
class TakenIn:
    """What became of files; each is in exactly one of the first five.

    Attributes
    ----------
    new : tuple of Picture
    again : tuple of str
        Sources whose content was in the inbox already, under whatever name.
    known : tuple of str
        Sources whose content the data set holds.
    rejected : tuple of str
        Sources whose content was rejected before, and stays so.
    refused : tuple of (str, str)
        Sources that cannot be read, and why.
    spoken : Spoken or None
        What became of predictions.
    """

    new: tuple[Picture, ...] = ()
    again: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    spoken: Spoken | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Numbers, for the record."""
        return {
            **{name: len(getattr(self, name)) for name in ("new", "again", "known", "rejected", "refused")},
            "predictions": 0 if self.spoken is None else len(self.spoken.said),
            "predictions_unknown": 0 if self.spoken is None else self.spoken.unknown,
        }


def files_in(folder: Path, metadata: Mapping[str, str] | None = None) -> tuple[list[File], list[tuple[str, str]]]:
    """Pictures below a folder, and what is passed over, with the reason.

    Raises
    ------
    UnreadableInput
        If the folder cannot be listed.
    """
    files, refused = [], []
    for item in walk(folder):
        reason = item.reason or not_a_picture(item.parts[-1])
        if reason:
            refused.append((item.id, reason))
        else:
            files.append(file_in(folder, item, metadata or {}))
    return files, refused


def file_in(folder: Path, item: Walked, metadata: Mapping[str, str]) -> File:
    """A file met in a folder; the folders in which it lies become metadata where the data set has such a column."""
    inner = encode_id("/".join(item.parts[:-1]))
    return File(folder / item.relative, item.id, {**({FOLDERS: inner} if inner else {}), **metadata}, folder)


def take_in(
    workspace: Workspace,
    case: Case,
    files: Sequence[File],
    source: str,
    *,
    refused: Sequence[tuple[str, str]] = (),
    table: PredictionsTable | None = None,
    model: tuple[str, str] = ("", ""),
    on_step: Progress = silent,
) -> TakenIn:
    """Take files, and predictions for them, into the inbox.

    Parameters
    ----------
    case : Case
        The newest; its encoder is the inbox's.
    source : str
        Where they come from, for the record.
    refused : sequence of (str, str)
        Files that were not even tried, for the record.
    table : PredictionsTable, optional
        For these files, or for pictures that came before.
    model : tuple of str
        Name and version.

    Raises
    ------
    UnreadableInput
        If predictions do not fit; nothing was written then.
    AdvisorError
        If pictures cannot be encoded here, or the workspace cannot be written.
    """
    with alone(workspace):
        inbox = Inbox(workspace)
        _sweep(inbox)
        total = TakenIn(refused=tuple(refused))
        sources = {p.source: p.sha256 for p in inbox.every()}
        arrival = None
        data = case.dataset
        known = set(data.sha256.tolist()) | inbox.settled()
        sources |= dict(zip(data.ids.tolist(), data.sha256.tolist(), strict=True))
        read = _Reading(inbox, known, data.metadata)
        if table is not None:  # refused before anything is written
            sources |= read.digests(files)
            total = replace(total, spoken=spoken(table, sources, case, model))
        for at in range(0, len(files), TOGETHER):
            on_step("taking in pictures", at, len(files))
            part = read.part(files[at : at + TOGETHER])
            part = _encoded(workspace, case, part, on_step)
            arrival = _enter(workspace, part, source, arrival)
            total = _sum(total, part)
        on_step("taking in pictures", len(files), len(files))
        _record(workspace, total, source, arrival)
        return total


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """One process takes in at a time."""
    with writer(workspace.path / LOCK, wait=1.0):
        yield


class _Reading:
    """Reads files and keeps copies of those whose content is new."""

    def __init__(self, inbox: Inbox, known: set[str], columns: Collection[str]) -> None:
        self._there = {p.sha256: p for p in inbox.every()}
        self._known = known
        self._folders = FOLDERS in columns
        self._forgotten = inbox.workspace.database.read(forgotten.known_in) or (lambda _: False)
        self._folder = folder_of(inbox.workspace.path)

    def digests(self, files: Sequence[File]) -> dict[str, str]:
        """Content of each file that can be read, by source."""
        out = {}
        for file in files:
            try:
                out[file.source] = sha256(read_file(file.path, root=file.root, limits=LIMITS)).hexdigest()
            except Unreadable:
                continue
        return out

    def part(self, files: Sequence[File]) -> TakenIn:
        """What becomes of some files; new ones are copied."""
        new: dict[str, Picture] = {}
        again, known, rejected, refused = [], [], [], []
        for file in files:
            try:
                data = read_file(file.path, root=file.root, limits=LIMITS)
            except Unreadable as reason:
                refused.append((file.source, reason.reason))
                continue
            digest = sha256(data).hexdigest()
            there = self._there.get(digest)
            if self._forgotten(digest):
                refused.append((file.source, forgotten.REASON))
            elif digest in self._known:
                known.append(file.source)
            elif there is not None and there.state == "rejected":
                rejected.append(file.source)
            elif there is not None or digest in new:
                again.append(file.source)
            else:
                name = place_of(encode_id(file.path.name), digest)
                metadata = {k: v for k, v in file.metadata.items() if k != FOLDERS or self._folders}
                there = Picture(digest, name, records.now(), file.source, metadata)
                new[digest] = there
            if there is not None:
                self._copy(there, data)
        self._there |= new
        return TakenIn(tuple(new.values()), tuple(again), tuple(known), tuple(rejected), tuple(refused))

    def _copy(self, picture: Picture, data: bytes) -> None:
        """Keep the bytes, also of a picture whose copy has vanished since."""
        target = self._folder / decode_id(picture.name)
        if target.is_file() and target.stat().st_size == len(data):
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, data)
        except OSError as error:
            raise unwritable(target, error) from error


def _encoded(workspace: Workspace, case: Case, part: TakenIn, on_step: Progress) -> TakenIn:
    """The same without what is no picture; vectors of the others are in the cache from now on."""
    from embeddings.cache import VectorCache
    from embeddings.pipeline import encode_files

    if not part.new:
        return part
    folder = folder_of(workspace.path)
    encoder = encoder_of(case)
    cache = VectorCache(workspace.vectors, encoder.info.fingerprint)
    paths = [folder / decode_id(p.name) for p in part.new]
    found = encode_files(encoder, paths, root=folder, cache=cache, on_step=on_step, threads=case.settings.threads)
    failed = dict(found.skipped)
    for at in failed:
        discard(paths[at])
    return replace(
        part,
        new=tuple(p for at, p in enumerate(part.new) if at not in failed),
        refused=(*part.refused, *((part.new[at].source, reason) for at, reason in failed.items())),
    )


def encoder_of(case: Case) -> "Encoder":
    """The encoder of the data set.

    Raises
    ------
    AdvisorError
        If it is not here.
    """
    try:
        return case.eyes.encoder
    except NotApplicable as reason:
        raise AdvisorError(
            expected="the encoder that made this workspace's vectors, for new pictures too", seen=str(reason),
            todo="Import with an encoder that runs here: advisor import PATH --encoder embedded.",
        ) from None  # fmt: skip


def discard(path: Path) -> None:
    """Remove a copy and its folder."""
    path.unlink(missing_ok=True)
    try:
        path.parent.rmdir()
    except OSError:  # another file of the same digest's beginning
        return


def _enter(workspace: Workspace, part: TakenIn, source: str, arrival: int | None) -> int | None:
    """Rows of new pictures under one arrival."""
    if not part.new:
        return arrival
    with workspace.database.writing() as db:
        forgotten.refuse(db, [p.sha256 for p in part.new])
        if arrival is None:
            arrival = _arrival(db, source)
        put_pictures(db, part.new, arrival)
    return arrival


def _record(workspace: Workspace, total: TakenIn, source: str, arrival: int | None) -> None:
    """Predictions, and what became of everything; a taking-in that changed nothing leaves no trace."""
    said: Sequence[Said] = () if total.spoken is None else total.spoken.said
    if arrival is None and not said:
        return
    with workspace.database.writing() as db:
        fresh = put_said(db, said)
        if arrival is None and not fresh:
            return
        number = _arrival(db, source) if arrival is None else arrival
        db.execute("UPDATE arrivals SET document = ? WHERE number = ?", (json.dumps(total.counts), number))


def _arrival(db: sqlite3.Connection, source: str) -> int:
    done = db.execute("INSERT INTO arrivals VALUES (NULL,?,?,'{}')", (records.now(), source))
    return int(done.lastrowid or 0)


def _sum(a: TakenIn, b: TakenIn) -> TakenIn:
    return replace(
        a,
        new=(*a.new, *b.new),
        again=(*a.again, *b.again),
        known=(*a.known, *b.known),
        rejected=(*a.rejected, *b.rejected),
        refused=(*a.refused, *b.refused),
    )


def _sweep(inbox: Inbox) -> None:
    """Remove copies that a killed taking-in left without a row."""
    folder = folder_of(inbox.workspace.path)
    if not folder.is_dir():
        return
    named = {decode_id(p.name) for p in inbox.every()}
    for inner in os.scandir(folder):
        if inner.is_dir(follow_symlinks=False):
            for left in os.scandir(inner.path):
                if left.name.endswith(UNFINISHED) or f"{inner.name}/{left.name}" not in named:
                    discard(Path(left.path))
