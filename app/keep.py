"""The ``advisor forget``, ``relink``, ``backup``, ``restore`` and ``gc`` commands."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from app.commands import elsewhere
from app.edge import interactive, prepare_libraries, user_name
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse
from app.views import counted
from tools.dataset import encode_id

if TYPE_CHECKING:
    from tools.forgetting import Plan
    from tools.workspace import Workspace

SHOWN = 12
VERSION = 1


def _opened(path: Path) -> "Workspace":
    prepare_libraries()
    from tools.workspace import Workspace

    return Workspace.open(path)


def run_forget(
    images: list[str],
    file: Path | None,
    *,
    delete_files: bool,
    dry_run: bool,
    yes: bool,
    who: str,
    why: str,
    workspace: Path,
    json: str | None,
) -> None:
    """Say what would be forgotten, ask, forget."""
    if bool(images) == (file is not None):
        raise WrongUse(
            expected="either IMAGE… or --from FILE", seen="both" if images else "neither",
            todo="Write, e.g.: advisor forget train/a.jpg --dry-run",
        )  # fmt: skip
    out = Terminal(json)
    kept = _opened(workspace)
    from tools.forgetting import forget, plan
    from tools.review import listed_ids

    patterns = images if file is None else listed_ids(file)
    found = plan(kept, patterns)
    _say_plan(out, found, delete_files)
    document: dict[str, Any] = {
        "schema_version": VERSION, "pictures": len(found.contents), "ids": len(found.ids), "versions": found.versions,
        "left": found.left, "trained_versions_made_with_them": found.trained, "your_files_too": delete_files,
    }  # fmt: skip
    if dry_run:
        out.say("Nothing was forgotten: --dry-run.")
        out.deliver({**document, "headline": "Nothing was forgotten", "forgotten": False})
        return
    if not yes and not (interactive() and _agreed(out)):
        raise WrongUse(
            expected="a yes, because this cannot be taken back", seen="none",
            todo="Nothing was forgotten. Answer y, or add --yes.",
        )  # fmt: skip
    with out.steps() as steps:
        found, cleared = forget(kept, patterns, files_too=delete_files, who=who or user_name(), why=why, on_step=steps)
    headline = f"{counted(len(found.contents), 'picture')} forgotten; {found.left} stay"
    out.say(Text(headline, style="bold"))
    if not cleared:
        out.say("A reader keeps the database open: the next command that writes removes the last remains on the disk.")
    out.deliver({**document, "headline": headline, "forgotten": True, "cleared": cleared})


def _say_plan(out: Terminal, found: "Plan", delete_files: bool) -> None:
    names = ", ".join(shown(i) for i in found.ids[:SHOWN])
    more = f" and {len(found.ids) - SHOWN} more" if len(found.ids) > SHOWN else ""
    head = f"{counted(len(found.contents), 'picture')} in {counted(found.versions, 'dataset version')}: {names}{more}"
    out.say(Text(head, style="bold"))
    out.say(
        "Taken out of every version, with vectors, thumbnails, labels, scores, decisions, advice and reports. Cached "
        "results, unfinished trainings and report files in the workspace go as a whole and are made again.",
        "Your own files are deleted too, where unchanged." if delete_files else "Your own files stay.",
        "What you exported or mailed, and backups made before, still hold them: delete those yourself.",
    )
    if found.trained:
        text = (
            f"{counted(found.trained, 'trained version')} learned from them as well: weights cannot unlearn; retrain."
        )
        out.say(text)
    out.say("A salted digest of each content is kept, so that a later import leaves them out.", "")


def _agreed(out: Terminal) -> bool:
    answer = out.notes.input("There is no undo. Forget them? [y/N] ", markup=False)
    return answer.strip().lower() in {"y", "yes"}


def run_relink(root: Path, *, partial: bool, workspace: Path, json: str | None) -> None:
    """Look for the pictures in another folder."""
    out = Terminal(json)
    kept = _opened(workspace)
    from tools.detection.keeping import relink_boxes
    from tools.relinking import Relinked, relink

    if boxed := relink_boxes(kept, root):  # the pictures cut out of these lie in the workspace
        after = encode_id(str(root.resolve()))
        headline = f"{counted(boxed, 'picture')} with boxes found again in {after}, each with its width and height"
        out.say(Text(shown(headline), style="bold"))
        done = asdict(Relinked("", after, boxed, (), (), True))
        out.deliver({"schema_version": VERSION, "headline": headline, **done})
        return
    with out.steps() as steps:
        found = relink(kept, root, partial=partial, on_step=steps)
    headline = (
        f"{counted(found.same, 'picture')} found again in {found.after}; "
        f"{len(found.missing)} missing, {len(found.changed)} changed"
    )
    out.say(Text(shown(headline), style="bold"))
    for what, names in (("Missing", found.missing), ("Changed", found.changed)):
        if names:
            out.say(f"{what}: {', '.join(map(shown, names[:SHOWN]))}" + (" …" if len(names) > SHOWN else ""))
    if found.missing or found.changed:
        out.say(f"Next: advisor import {shown(found.after)}{elsewhere(workspace)}")
    out.deliver({"schema_version": VERSION, "headline": headline, **asdict(found)})


def run_backup(file: Path, *, overwrite: bool, workspace: Path, json: str | None) -> None:
    """Write a backup."""
    out = Terminal(json)
    kept = _opened(workspace)
    from tools.backup import backup

    with out.steps() as steps:
        found = backup(kept, file, overwrite=overwrite, on_step=steps)
    headline = f"{counted(found.files, 'file')}, {megabytes(found.bytes)}, written to {file}"
    out.say(Text(shown(headline), style="bold"), "Your own pictures are not in it.")
    out.deliver({"schema_version": VERSION, "headline": headline, "file": str(file), **asdict(found)})


def run_restore(file: Path, *, overwrite: bool, workspace: Path, json: str | None) -> None:
    """Put a backup back."""
    out = Terminal(json)
    kept = _opened(workspace)
    from tools.backup import restore

    with out.steps() as steps:
        found = restore(file, kept, overwrite=overwrite, on_step=steps)
    headline = (
        f"Restored the backup of {found.made[:16].replace('T', ' ')}: {counted(found.versions, 'dataset version')}, "
        f"{counted(found.images, 'picture')}"
    )
    root = kept.dataset().root
    out.say(Text(headline, style="bold"))
    if not root.is_dir():
        out.say(f"The pictures are not at {shown(root)}; next: advisor relink NEW_ROOT{elsewhere(workspace)}")
    out.deliver({"schema_version": VERSION, "headline": headline, "pictures_there": root.is_dir(), **asdict(found)})


def run_gc(*, dry_run: bool, workspace: Path, json: str | None) -> None:
    """Show disk use; remove what no record names."""
    out = Terminal(json)
    kept = _opened(workspace)
    kept.dataset()
    from tools.disk import KINDS, collect, usage

    found = usage(kept)
    idle = (sum(u.unnamed for u in found), sum(u.freed for u in found))
    removed, freed = idle if dry_run else collect(kept)
    rows = [
        {
            "Kind": u.kind,
            "": KINDS[u.kind],
            "Files": str(u.files),
            "Size": megabytes(u.bytes),
            "Named by no record": megabytes(u.freed) if u.unnamed else "",
        }
        for u in found
    ]
    out.say(table(rows, tuple(rows[0])))
    total = sum(u.bytes for u in found)
    verb = "could be removed" if dry_run else "removed"
    idle_text = f"{counted(removed, 'file')} that no record names ({megabytes(freed)}) {verb}" if removed else ""
    headline = f"{megabytes(total)} in all; {idle_text or 'no file that no record names'}"
    out.say(Text(headline, style="bold"))
    document = {"headline": headline, "bytes": total, "removed": 0 if dry_run else removed, "freed": freed}
    out.deliver({"schema_version": VERSION, **document, "dry_run": dry_run, "kinds": [asdict(u) for u in found]})


def megabytes(size: int) -> str:
    """A size as people read it.

    >>> megabytes(900), megabytes(1_240_000), megabytes(3_200_000_000)
    ('0.9 kB', '1.2 MB', '3.2 GB')
    """
    for unit, of in (("GB", 1e9), ("MB", 1e6)):
        if size >= of:
            return f"{size / of:.1f} {unit}"
    return f"{size / 1e3:.1f} kB"
