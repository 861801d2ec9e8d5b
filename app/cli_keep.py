"""Declarations of ``advisor forget``, ``relink``, ``backup``, ``restore`` and ``gc``."""

from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Json, Workspace

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]


def forget(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="[IMAGE…]", help="Ids, or globs over ids in quotation marks.")
    ] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A list, one id a line, or a table with a column id.")
    ] = None,
    delete_files: Annotated[
        bool, typer.Option("--delete-files", help="Delete your own files of them too, where still unchanged.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be forgotten.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Forget without asking.")] = False,
    who: Annotated[str, typer.Option("--who", metavar="NAME", help="Who asks; kept in the history.")] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept in the history; name no picture.")] = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Forget pictures for good: everything in the workspace that holds or shows them goes, in every version.

    Vectors, thumbnails, labels, scores, decisions, advice, stored reports and changes; cached results are thrown away
    and made again. There is no undo: it asks first, or takes --yes. The history says how many, not which. Byte for
    byte copies go with them; other near copies stay. A later import leaves them out: their contents are known by a
    salted digest. Your own files stay unless --delete-files.

    Examples:

      advisor forget train/Lime/lime_003.jpg --dry-run
      advisor forget "customers/4711/*" --why "asked by letter" --yes
      advisor forget --from ids.txt
    """
    from app.keep import run_forget

    run_forget(
        images or [], from_, delete_files=delete_files, dry_run=dry_run, yes=yes, who=who, why=why,
        workspace=workspace, json=json,
    )  # fmt: skip


def relink(
    root: Annotated[Path, typer.Argument(metavar="NEW_ROOT", help="Where the imported folder lies now.")],
    partial: Annotated[bool, typer.Option("--partial", help="Accept missing and changed pictures.")] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Find the pictures again after their folder moved; each is compared by content first.

    All or nothing, unless --partial. Nothing is encoded again; changes can still be taken back.

    Example:

      advisor relink /mnt/new-disk/photos
    """
    from app.keep import run_relink

    run_relink(root, partial=partial, workspace=workspace, json=json)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New file, as advisor.zip.")],
    overwrite: Overwrite = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Write the workspace into one file; other commands may go on meanwhile.

    Records, vectors, trained versions, networks and pictures from the inbox, with checksums. Not in it: your own
    pictures, trainings that did not end, and what is made again when needed.

    Example:

      advisor backup backups/2026-11-26.zip
    """
    from app.keep import run_backup

    run_backup(file, overwrite=overwrite, workspace=workspace, json=json)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `advisor backup` wrote.")],
    overwrite: Overwrite = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Put a backup into a workspace, a new one unless --overwrite; every byte is checked before anything is replaced.

    Where the pictures lie elsewhere by now: advisor relink NEW_ROOT.

    Example:

      advisor restore backups/2026-11-26.zip --workspace restored
    """
    from app.keep import run_restore

    run_restore(file, overwrite=overwrite, workspace=workspace, json=json)


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say what the workspace takes on the disk, by kind, and remove files that no record names.

    Example:

      advisor gc --dry-run
    """
    from app.keep import run_gc

    run_gc(dry_run=dry_run, workspace=workspace, json=json)
