"""Moves files in the user's class folders as planned (``tools.move_plans``): journalled, undoable, nothing overwritten.

Nothing is deleted: pictures that are left out go to a hidden folder beside the classes. The journal is on the disk
before the first file moves, so a killed run is finished or taken back by the next one.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from embeddings.files import Unreadable, digest_file
from embeddings.progress import Progress, silent
from tools import rebasing
from tools.changes import Change, Move, list_changes
from tools.changing import JOURNAL, TO_FINISH, NothingToChange, refuse_unfinished
from tools.dataset import decode_id
from tools.errors import AdvisorError, UnreadableInput
from tools.move_plans import Plan
from tools.paths import inside
from tools.rebasing import AWAY
from tools.store import replace_file, sync_folder, unwritable, writer
from tools.workspace import Workspace

LOCK = "moves.lock"


def perform(workspace: Workspace, plan: Plan, *, on_step: Progress = silent) -> Change:
    """Journal, move, enter in the history, forget the journal.

    Raises
    ------
    AdvisorError
        If a file stands in the way; what was moved stays moved, and the journal says how to go on.
    """
    with _alone(workspace):
        _write_journal(workspace, plan)
        return _finish(workspace, plan, on_step)


def resume(workspace: Workspace, *, on_step: Progress = silent) -> Change | None:
    """Finish what a killed run left; None where there is nothing to finish."""
    with _alone(workspace):
        plan = unfinished(workspace)
        return None if plan is None else _finish(workspace, plan, on_step)


def roll_back(workspace: Workspace, *, on_step: Progress = silent) -> int:
    """Move back what a killed run had moved; returns how many files.

    If the run had entered its moves in the history already, nothing is moved back: it was finished.
    """
    with _alone(workspace):
        plan = unfinished(workspace)
        if plan is None:
            return 0
        moved = 0
        if rebasing.entered(workspace, plan.token) is None:
            for number, move in enumerate(reversed(plan.moves)):
                on_step("moving files back", number, len(plan.moves))
                moved += _move(plan.root, move.reverse, partly=True)
            _tidy(plan.root)
        _forget(workspace)
        return moved


def unfinished(workspace: Workspace) -> Plan | None:
    """The journal that a killed run left; None if there is none."""
    try:
        kept = json.loads((workspace.path / JOURNAL).read_bytes())
    except FileNotFoundError:
        return None
    moves = tuple(Move(**move) for move in kept.pop("moves"))
    return Plan(Path(kept.pop("root")), moves, **kept)


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """One process moves files at a time."""
    with writer(workspace.path / LOCK, wait=1.0):
        yield


def _write_journal(workspace: Workspace, plan: Plan) -> None:
    """From here on no change of labels and no import is let through; none may have come since the plan was made."""
    document = {**asdict(plan), "root": str(plan.root)}
    with workspace.database.writing() as db:
        refuse_unfinished(workspace)
        entries = list_changes(db).changes
        if (entries[-1].number if entries else 0) != plan.after:
            raise NothingToChange(
                expected="no change since these moves were worked out", seen="one", todo="Run the command again."
            )
        try:
            replace_file(workspace.path / JOURNAL, json.dumps(document).encode())
        except OSError as error:
            raise unwritable(workspace.path / JOURNAL, error) from error


def _forget(workspace: Workspace) -> None:
    (workspace.path / JOURNAL).unlink(missing_ok=True)
    sync_folder(workspace.path)


def _finish(workspace: Workspace, plan: Plan, on_step: Progress) -> Change:
    done = rebasing.entered(workspace, plan.token)
    if done is None:
        for number, move in enumerate(plan.moves):
            on_step("moving files", number, len(plan.moves))
            _move(plan.root, move)
        _tidy(plan.root)
        done = rebasing.enter(workspace, plan.moves, undoes=plan.undoes, why=plan.why, by=plan.by, token=plan.token)
    _forget(workspace)
    return done


def _move(root: Path, move: Move, *, partly: bool = False) -> bool:
    """Move one file, or see that it was moved already; with ``partly`` it may never have left.

    A hard link to the new place, then the old name removed: nothing that lies there can be overwritten, and a kill in
    between leaves the file under both names.

    Raises
    ------
    AdvisorError
        If neither place holds the file, or another file lies at the target.
    """
    source, target = (inside(root, decode_id(image)) for image in (move.source, move.target))
    here, there = os.path.lexists(source), os.path.lexists(target)
    if there and here and not source.samefile(target) and partly:
        return False
    if there and (not here or source.samefile(target)) and _holds(root, target, move.sha256):
        if here:
            source.unlink()
        return here
    if here and not there and _holds(root, source, move.sha256):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _rename(source, target)
            for folder in {source.parent, target.parent}:
                sync_folder(folder)
        except OSError as error:
            raise _stuck(move, error.strerror or str(error)) from error
        return True
    raise _stuck(move, "another file lies where it is to go" if here and there else "it is gone or has changed")


def _rename(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.rename(source, target)
    else:
        source.unlink()


def _tidy(root: Path) -> None:
    """Remove our hidden folder where everything has come back from it."""
    for folder, _, _ in os.walk(root / AWAY, topdown=False):
        with suppress(OSError):  # not empty
            os.rmdir(folder)


def _holds(root: Path, path: Path, digest: str) -> bool:
    try:
        return digest_file(path, root=root) == digest
    except (Unreadable, UnreadableInput):
        return False


def _stuck(move: Move, why: str) -> AdvisorError:
    return AdvisorError(
        expected=f"to move {move.source} to {move.target}", seen=why, todo=f"Put that right. Then: {TO_FINISH}."
    )
