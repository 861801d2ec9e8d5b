"""Finds the pictures again after their folder moved: checked by content, all or nothing unless told otherwise."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from embeddings.files import Unreadable, digest_file
from embeddings.progress import Progress, silent
from tools import records
from tools.added import is_added
from tools.changing import files_say, refuse_unfinished
from tools.dataset import Dataset, decode_id, encode_id
from tools.errors import AdvisorError
from tools.paths import WORKSPACE_FILE, inside
from tools.workspace import Workspace

SHOWN = 3
THREADS = 4


@dataclass(frozen=True)
class Relinked:
    """What was found in the new place.

    Attributes
    ----------
    before, after : str
        Folders.
    same : int
        Pictures with the content of the import.
    missing, changed : tuple of str
        Ids of pictures that are not there, and of those whose content is another.
    done : bool
        Whether the workspace now looks there.
    """

    before: str
    after: str
    same: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    done: bool


class NotTheSame(AdvisorError):
    """The new folder lacks pictures, or holds others under their names."""


def relink(workspace: Workspace, root: Path, *, partial: bool = False, on_step: Progress = silent) -> Relinked:
    """Look for the pictures below another folder from now on.

    Every version imported from the old folder follows, so that changes can still be taken back. Pictures that came
    through the inbox lie in the workspace and are not concerned.

    Parameters
    ----------
    partial : bool
        Accept missing and changed pictures; the next import says of each what became of it.

    Raises
    ------
    NotTheSame
        Without ``partial``, if any picture is missing or changed, and with it if none is the same; nothing changes.
    """
    dataset = files_say(workspace)
    new = root.resolve()
    if not new.is_dir() or (new / WORKSPACE_FILE).exists():
        raise AdvisorError(expected="the folder that holds the pictures now", seen=str(root), todo="Name that folder.")
    found = _compared(dataset, new, on_step)
    same = sum(state == "same" for state in found.values())
    missing = tuple(image for image, state in found.items() if state == "missing")
    changed = tuple(image for image, state in found.items() if state == "changed")
    if not same or ((missing or changed) and not partial):
        examples = ", ".join([*missing, *changed][:SHOWN])
        raise NotTheSame(
            expected=f"the {len(found)} pictures of {encode_id(str(dataset.root))} below {encode_id(str(new))}",
            seen=f"{same} the same, {len(missing)} missing, {len(changed)} changed"
            + (f" (e.g. {examples})" if examples else ""),
            todo="Nothing was changed. Name the folder that their paths are relative to"
            + ("; or accept it with --partial." if same else "."),
        )
    with workspace.database.writing() as db:
        refuse_unfinished(workspace)
        places = (os.fsencode(new), os.fsencode(dataset.root))
        db.execute("UPDATE datasets SET root = ? WHERE root = ?", places)
        record = {"relinked": encode_id(str(new)), "missing": len(missing), "changed": len(changed)}
        records.put_import(db, records.latest_version(db), record)
    return Relinked(encode_id(str(dataset.root)), encode_id(str(new)), same, missing, changed, True)


def _compared(dataset: Dataset, root: Path, on_step: Progress) -> dict[str, str]:
    """``same``, ``missing`` or ``changed`` for each picture."""
    pairs = [(i, d) for i, d in zip(dataset.ids.tolist(), dataset.sha256.tolist(), strict=True) if not is_added(i)]

    def one(pair: tuple[str, str]) -> str:
        image, content = pair
        try:
            return "same" if digest_file(inside(root, decode_id(image)), root=root) == content else "changed"
        except Unreadable:
            return "missing" if not os.path.lexists(root / decode_id(image)) else "changed"
        except AdvisorError:
            return "changed"

    return dict(zip((image for image, _ in pairs), _mapped(one, pairs, on_step), strict=True))


def _mapped(one: Callable[[tuple[str, str]], str], pairs: list[tuple[str, str]], on_step: Progress) -> list[str]:
    out = []
    pool = ThreadPoolExecutor(THREADS)
    try:
        for done, state in enumerate(pool.map(one, pairs), start=1):
            out.append(state)
            on_step("comparing pictures", done, len(pairs))
    finally:
        pool.shutdown(cancel_futures=True)
    return out
