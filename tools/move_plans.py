"""Works out which files of the user's class folders must move so that they say what the labels say; moves none."""

import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from embeddings.files import Unreadable, digest_file
from tools.changes import Move
from tools.changing import NothingToChange, files_say, history, refuse_unfinished, undoable
from tools.class_folders import legal, marked
from tools.dataset import Dataset, decode_id, encode_id
from tools.errors import AdvisorError
from tools.readers.listing import SPLIT_NAMES, UNLABELLED_FOLDERS, class_name
from tools.rebasing import AWAY
from tools.replaying import labels_of
from tools.workspace import Workspace

TABLES = (".csv", ".tsv")
MANY = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What will be moved.

    Attributes
    ----------
    root : Path
    moves : tuple of Move
    undoes : int or None
        The entry that these moves take back.
    why, by : str
    token : str
        Tells this plan from any other, so that it is entered in the history once.
    after : int
        Number of the last entry of the history that the plan knows.
    """

    root: Path
    moves: tuple[Move, ...]
    undoes: int | None = None
    why: str = ""
    by: str = ""
    token: str = ""
    after: int = 0


def plan_write(workspace: Workspace, *, why: str = "", by: str = "") -> Plan:
    """Moves that make the files say what the newest dataset version says; every file is read and compared first.

    Raises
    ------
    NothingToChange
        If the files say so already, or labels do not come from class folders.
    AdvisorError
        If files changed since the import, or cannot be moved.
    """
    refuse_unfinished(workspace)
    entries = history(workspace).changes
    base, newest = files_say(workspace), workspace.dataset()
    _from_folders(workspace)
    depth = _depth(base)
    before, after = labels_of(base), labels_of(newest)
    known = _known_folders(base, before, depth)
    taken = {decode_id(image) for image in base.ids.tolist()}
    moves = []
    for row, image in enumerate(base.ids.tolist()):
        at = newest.index.get(image)
        label = after[at] if at is not None else None
        if at is not None and label == before[row]:
            continue
        parts = decode_id(image).split("/")
        if at is None:
            target = f"{AWAY}/{decode_id(image)}"
        else:
            parts[depth] = _folder(label, known.get((tuple(parts[:depth]), label)))
            target = "/".join(parts)
        if target in taken or os.path.lexists(base.root / target):
            target = marked(target, image)
        taken.add(target)
        moves.append(Move(image, encode_id(target), str(base.sha256[row]), before[row], label, away=at is None))
    if not moves:
        raise NothingToChange(
            expected="labels that differ from what the folders say", seen="none", todo="The files say so already."
        )
    plan = Plan(base.root, tuple(moves), None, why, by, uuid4().hex, entries[-1].number if entries else 0)
    check(plan)
    return plan


def plan_undo(workspace: Workspace, number: int | None = None, *, why: str = "", by: str = "") -> Plan:
    """Moves that take an entry back that moved files.

    Raises
    ------
    UnknownName, NothingToChange
    AdvisorError
        If files changed since, or cannot be moved back.
    """
    refuse_unfinished(workspace)
    known = history(workspace)
    target = undoable(known, number)
    if not target.moves:
        raise NothingToChange(
            expected="a change that moved files", seen=f"change {target.number}, which moved none",
            todo=f"Leave --write out: advisor change undo {target.number}",
        )  # fmt: skip
    moves = tuple(move.reverse for move in reversed(target.moves))
    plan = Plan(files_say(workspace).root, moves, target.number, why, by, uuid4().hex, known.changes[-1].number)
    check(plan)
    return plan


def _from_folders(workspace: Workspace) -> None:
    sources = [str(record["source"]) for record in workspace.imports(last=MANY) if "source" in record]
    if sources and Path(sources[0]).suffix.lower() in TABLES:
        raise NothingToChange(
            expected="labels that come from class folders",
            seen=f"an import of {sources[0]}",
            todo="Write a corrected table instead: advisor export FILE --format csv.",
        )


def _depth(base: Dataset) -> int:
    """Which part of an id is the class: 0, or 1 behind a split folder.

    Raises
    ------
    NothingToChange
        If labels are not what the folders are called.
    """
    labels = labels_of(base)
    paths = [decode_id(image).split("/") for image in base.ids.tolist()]
    for depth in (1, 0):
        splits = depth == 0 or all(parts[0].casefold() in SPLIT_NAMES for parts in paths)
        if splits and all(len(p) > depth + 1 and _says(p[depth], n) for p, n in zip(paths, labels, strict=True)):
            return depth
    raise NothingToChange(
        expected="labels that are the names of the folders the pictures lie in",
        seen="labels from elsewhere",
        todo="Write a corrected table instead: advisor export FILE --format csv.",
    )


def _says(folder: str, label: str | None) -> bool:
    return folder.casefold() in UNLABELLED_FOLDERS if label is None else class_name(folder) == label


def _known_folders(
    base: Dataset, labels: Sequence[str | None], depth: int
) -> dict[tuple[tuple[str, ...], str | None], str]:
    """The folder most used for each class within each split folder."""
    used: dict[tuple[tuple[str, ...], str | None], Counter[str]] = {}
    for image, label in zip(base.ids.tolist(), labels, strict=True):
        parts = decode_id(image).split("/")
        used.setdefault((tuple(parts[:depth]), label), Counter())[parts[depth]] += 1
    return {key: counts.most_common(1)[0][0] for key, counts in used.items()}


def _folder(label: str | None, known: str | None) -> str:
    if known is not None or label is None:
        return known or "_unlabeled"
    if not legal(label):
        raise AdvisorError(
            expected="classes that a folder can be called", seen=repr(label),
            todo="Rename it first: advisor change merge CLASS --as NAME.",
        )  # fmt: skip
    return decode_id(label)


def check(plan: Plan) -> None:
    """Every file is where it was, holds what it held at the import, and its target is free.

    Raises
    ------
    AdvisorError
        Naming how many are not, with an example.
    """
    if not plan.root.is_dir():
        raise AdvisorError(
            expected=f"the pictures' folder {plan.root}", seen="no folder there", todo="Import from where it lies now."
        )
    problems = [(move, problem) for move in plan.moves if (problem := _problem(plan.root, move))]
    if problems:
        move, problem = problems[0]
        raise AdvisorError(
            expected="files as they were at the import",
            seen=f"{len(problems)} that cannot be moved, e.g. {move.source}: {problem}",
            todo="Nothing was moved. Import again, look at the change once more, then write it.",
        )


def _problem(root: Path, move: Move) -> str:
    """Why a file cannot be moved; empty if it can."""
    for image in (move.source, move.target):
        place = root / decode_id(image)
        parent = place.parent
        while not parent.exists():
            parent = parent.parent
        if parent.resolve() != root.resolve() / parent.relative_to(root):
            return "its folder is a link"
    source = root / decode_id(move.source)
    try:
        if not stat.S_ISREG(source.lstat().st_mode):
            return "a link or no regular file"
        if digest_file(source, root=root) != move.sha256:
            return "its content has changed"
    except (OSError, Unreadable) as error:
        return str(error) or "it cannot be read"
    return "another file lies where it is to go" if os.path.lexists(root / decode_id(move.target)) else ""
