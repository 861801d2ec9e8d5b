"""A watched folder: what lies in ``new`` comes into the inbox, and what becomes of the files.

::

    DIR/new/            pictures, at any depth, and predictions for them: MODEL@VERSION.csv, .parquet or .npz
    DIR/processed/DATE/ files that were taken in, or were known already
    DIR/refused/DATE/   files that cannot be read, each beside NAME.reason.txt

A file that was touched less than ``settle`` seconds ago, or whose name says that it is not whole yet, is left alone. A
file is moved only when the inbox has it on disk, never over another one, so a kill costs no more than a second look.
"""

import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from embeddings.progress import Progress, silent
from tools import records
from tools.case import Case
from tools.dataset import encode_id
from tools.errors import AdvisorError, UnreadableInput
from tools.inbox import LAYOUT
from tools.inbox_predictions import UnknownPictures, model_of_file
from tools.paths import Walked, walk
from tools.readers.listing import ending, not_a_picture
from tools.readers.predictions_file import read_predictions
from tools.store import UNFINISHED, replace_file, unwritable, writer
from tools.taking_in import TakenIn, file_in, take_in
from tools.workspace import Workspace

NEW, PROCESSED, REFUSED = "new", "processed", "refused"
CHOICE = "watched"
SETTLE = 5.0
"""Seconds that a file must have been left alone; a copy over a network writes more often than that."""
GIVEN_UP = 3600.0
LEFT = re.compile(r"\..*\.[0-9a-f]{32}\.unfinished")
"""Notes that a killed run was writing."""
PARTIAL = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".unfinished", ".swp", "~")
TABLES = (".csv", ".tsv", ".parquet", ".npz")
LOCK = "watch.lock"


@dataclass(frozen=True)
class Watched:
    """A folder to be watched.

    Attributes
    ----------
    folder : Path
    settle : float
        Seconds.
    keep : bool
        Whether files stay where they are; else they are moved.
    """

    folder: Path
    settle: float = SETTLE
    keep: bool = False


@dataclass(frozen=True)
class Look:
    """What lies in ``new``.

    Attributes
    ----------
    pictures, tables : tuple of Walked
        Whole files.
    unfinished : tuple of str
        Files that may still be written.
    fresh : bool
        Whether one of them was touched in the last hour; what is older was given up by whoever wrote it.
    refused : tuple of (Walked, str)
        Regular files that are neither, and why.
    aside : tuple of (str, str)
        Links, pipes, hidden files: neither opened nor moved.
    """

    pictures: tuple[Walked, ...] = ()
    tables: tuple[Walked, ...] = ()
    unfinished: tuple[str, ...] = ()
    refused: tuple[tuple[Walked, str], ...] = ()
    aside: tuple[tuple[str, str], ...] = ()
    fresh: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be done now."""
        return not (self.pictures or self.tables or self.refused)


@dataclass(frozen=True)
class Round:
    """What one look at a watched folder led to.

    Attributes
    ----------
    taken : TakenIn
        Of pictures.
    predictions, unknown : int
        Rows kept, and rows for pictures that nobody has.
    refused : tuple of (str, str)
        Files and why.
    waiting : tuple of str
        Files left for the next time: still written, or predictions whose pictures are.
    aside : tuple of (str, str)
    moved : int
    """

    taken: TakenIn = field(default_factory=TakenIn)
    predictions: int = 0
    unknown: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    waiting: tuple[str, ...] = ()
    aside: tuple[tuple[str, str], ...] = ()
    moved: int = 0


def remember(workspace: Workspace, watched: Watched | None) -> None:
    """Keep a folder as the one that reports look into first; None forgets it."""
    workspace.choose(CHOICE, watched and {**asdict(watched), "folder": os.fsencode(watched.folder.absolute()).hex()})


def remembered(workspace: Workspace) -> Watched | None:
    """The folder that reports look into first."""
    found: Any = workspace.choice(CHOICE)
    return found and Watched(Path(os.fsdecode(bytes.fromhex(found["folder"]))), found["settle"], found["keep"])


def prepare(watched: Watched) -> None:
    """Make ``new`` in a folder that is there.

    Raises
    ------
    UnreadableInput
    """
    if not watched.folder.is_dir():
        raise UnreadableInput(
            expected="a folder to watch", seen=f"{watched.folder}, which is none",
            todo=f"Make it, and put pictures into its folder {NEW}.",
        )  # fmt: skip
    try:
        (watched.folder / NEW).mkdir(exist_ok=True)
    except OSError as error:
        raise unwritable(watched.folder / NEW, error) from error


def look(workspace: Workspace, watched: Watched, now: float | None = None) -> Look:
    """See what lies in ``new``; nothing is opened."""
    root = watched.folder / NEW
    seen = _seen(workspace) if watched.keep else {}
    now, fresh = time.time() if now is None else now, False
    out: dict[str, list[Any]] = {name: [] for name in ("pictures", "tables", "unfinished", "refused", "aside")}
    for item in walk(root):
        name = item.parts[-1]
        try:
            state = (root / item.relative).lstat()
        except OSError:  # it has just gone
            continue
        age = now - max(state.st_mtime, state.st_ctime)
        if item.reason or not stat.S_ISREG(state.st_mode):
            out["aside"].append((item.id, item.reason or "a link"))
        elif seen.get(_place(root, item)) == _stamp(state):
            continue
        elif age < watched.settle or name.casefold().endswith(PARTIAL):
            out["unfinished"].append(item.id)
            fresh = fresh or age < GIVEN_UP
        elif ending(name) in TABLES:
            out["tables"].append(item)
        elif reason := not_a_picture(name):
            out["refused"].append((item, reason))
        else:
            out["pictures"].append(item)
    return Look(**{name: tuple(values) for name, values in out.items()}, fresh=fresh)


def round_of(
    workspace: Workspace, load_case: Callable[[], Case], watched: Watched, *, on_step: Progress = silent
) -> Round:
    """Take in what is whole, then move it, or note that it was seen.

    Parameters
    ----------
    load_case : callable
        Gives the newest case; called only if there is something to take in.

    Raises
    ------
    AdvisorError
        If the folder is not there, another process is at it, or the workspace cannot be written.
    """
    prepare(watched)
    with writer(workspace.path / LOCK, wait=0.5):
        found = look(workspace, watched)
        if found.empty:
            return Round(waiting=found.unfinished, aside=found.aside)
        case = load_case()
        root = watched.folder / NEW
        files = [file_in(root, item, {}) for item in found.pictures]
        taken = take_in(workspace, case, files, str(watched.folder), on_step=on_step)
        why = dict(taken.refused)
        done = [item for item in found.pictures if item.id not in why]
        refused = [*found.refused, *((item, why[item.id]) for item in found.pictures if item.id in why)]
        moved = _settle(workspace, watched, done, refused)
        out = Round(taken, waiting=found.unfinished, aside=found.aside, moved=moved)
        for item in found.tables:
            out, refusal = _table(workspace, case, watched, item, out, later=found.fresh)
            refused += [] if refusal is None else [(item, refusal)]
        return replace(out, refused=tuple((item.id, reason) for item, reason in refused))


def _table(
    workspace: Workspace, case: Case, watched: Watched, item: Walked, before: Round, *, later: bool
) -> tuple[Round, str | None]:
    """Predictions of one file; refused with the reason, or left for later while pictures are still being written."""
    path = watched.folder / NEW / item.relative
    try:
        table = read_predictions(path)
        spoken = take_in(
            workspace, case, (), str(watched.folder), table=table, model=model_of_file(path)
        ).spoken  # fmt: skip
    except UnreadableInput as error:
        if later and isinstance(error, UnknownPictures):
            return replace(before, waiting=(*before.waiting, item.id)), None
        reason = f"Expected {error.expected}. Saw {error.seen}. {error.todo}"
        moved = _settle(workspace, watched, [], [(item, reason)])
        return replace(before, moved=before.moved + moved), reason
    moved = _settle(workspace, watched, [item], [])
    assert spoken is not None
    return replace(
        before,
        predictions=before.predictions + len(spoken.said),
        unknown=before.unknown + spoken.unknown,
        moved=before.moved + moved,
    ), None


def _settle(
    workspace: Workspace, watched: Watched, done: Sequence[Walked], refused: Sequence[tuple[Walked, str]]
) -> int:
    """Move files to where they go, or note that they were seen; returns how many were moved."""
    root, day = watched.folder / NEW, records.now()[:10]
    try:
        for left in (watched.folder / REFUSED).rglob(f".*{UNFINISHED}"):
            if LEFT.fullmatch(left.name):
                left.unlink(missing_ok=True)
        for item, reason in refused:
            note = watched.folder / REFUSED / day / f"{item.relative}.reason.txt"
            note.parent.mkdir(parents=True, exist_ok=True)
            replace_file(note, f"{reason}\n".encode("utf-8", "backslashreplace"))
        if watched.keep:
            _see(workspace, root, [*done, *(item for item, _ in refused)])
            return 0
        moved = sum(_move(root / item.relative, watched.folder / PROCESSED / day / item.relative) for item in done)
        moved += sum(_move(root / item.relative, watched.folder / REFUSED / day / item.relative) for item, _ in refused)
    except OSError as error:
        raise AdvisorError(
            expected=f"that files of {watched.folder} can be moved", seen=f"{error.strerror} at {error.filename}",
            todo="Give write access, or leave files where they are with --keep. What was taken in is kept.",
        ) from error  # fmt: skip
    _tidy(root)
    return moved


def _move(source: Path, target: Path) -> int:
    """Move a file to a free name; one that a killed run had linked there already is only taken away here."""
    target.parent.mkdir(parents=True, exist_ok=True)
    number, free = 1, target
    while os.path.lexists(free):
        if free.samefile(source):
            source.unlink()
            return 1
        number += 1
        free = target.with_name(f"{target.stem} ({number}){target.suffix}")
    try:
        os.link(source, free)
    except FileNotFoundError:  # somebody took it away
        return 0
    except OSError:  # a file system without hard links
        os.rename(source, free)
    else:
        source.unlink()
    return 1


def _tidy(root: Path) -> None:
    """Remove folders in ``new`` that are empty now."""
    for folder, _, _ in os.walk(root, topdown=False):
        if Path(folder) != root:
            with suppress(OSError):  # not empty
                os.rmdir(folder)


def _place(root: Path, item: Walked) -> str:
    return encode_id(str(root.absolute() / item.relative))


def _stamp(state: os.stat_result) -> str:
    return f"{state.st_size}:{state.st_mtime_ns}:{state.st_ctime_ns}"


def _seen(workspace: Workspace) -> dict[str, str]:
    return workspace.database.read(
        lambda db: dict(db.execute("SELECT place, stamp FROM inbox_seen").fetchall()), layout=LAYOUT
    ) or {}  # fmt: skip


def _see(workspace: Workspace, root: Path, items: Sequence[Walked]) -> None:
    with workspace.database.writing() as db:
        for item in items:
            with suppress(OSError):
                stamp = _stamp((root / item.relative).lstat())
                db.execute("INSERT OR REPLACE INTO inbox_seen VALUES (?,?)", (_place(root, item), stamp))
