"""Declarations of ``advisor decide``."""

from typing import Annotated

import typer

from app.options import HOME, Json, Workspace

decide = typer.Typer(
    no_args_is_help=True, help="Findings known, put off, owned or confirmed; labels confirmed. Kept for good."
)
Id = Annotated[str, typer.Argument(metavar="ID", help="Of a finding; stands behind its title in advisor audit.")]
Who = Annotated[str, typer.Option("--who", metavar="NAME", help="Who decides.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for those who come later.")]


@decide.command()
def dismiss(finding: Id, who: Who = "", why: Why = "", workspace: Workspace = HOME, json: Json = None) -> None:
    """Say that a finding is known and fine; it comes back only if its evidence grows past a stated margin.

    Example:

      advisor decide dismiss 3fa92c01 --why "the two kinds are sold together" --who Ada
    """
    from app.decide import run_decide

    run_decide(finding, "dismiss", who=who, why=why, workspace=workspace, json=json)


@decide.command()
def snooze(
    finding: Id,
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="As 2026-12-24.")],
    who: Who = "",
    why: Why = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Put a finding off until a day.

    Example:

      advisor decide snooze 3fa92c01 --until 2026-12-24
    """
    from app.decide import run_decide

    run_decide(finding, "snooze", who=who, why=why, until=until, workspace=workspace, json=json)


@decide.command()
def own(
    finding: Id,
    owner: Annotated[str, typer.Option("--owner", metavar="NAME", help="Who sees to it.")],
    until: Annotated[str, typer.Option("--due", metavar="DAY", help="As 2026-12-24.")] = "",
    who: Who = "",
    why: Why = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Give a finding an owner, and a day by which it is due.

    Example:

      advisor decide own 3fa92c01 --owner Ada --due 2026-12-24
    """
    from app.decide import run_decide

    run_decide(finding, "own", who=who, why=why, until=until, owner=owner, workspace=workspace, json=json)


@decide.command()
def confirm(finding: Id, who: Who = "", why: Why = "", workspace: Workspace = HOME, json: Json = None) -> None:
    """A finding is a real fault: its judged pictures become a test slice, which `advisor gate` guards for good.

    Example:

      advisor decide confirm 3fa92c01 --why "green apples must be told from limes" --who Ada
    """
    from app.decide import run_decide

    run_decide(finding, "confirm", who=who, why=why, workspace=workspace, json=json)


@decide.command("confirm-label")
def confirm_label(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE…", help="Ids of pictures whose label is right.")],
    who: Who = "",
    why: Why = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say that labels were looked at and are right; they are not called wrong again unless they change.

    Example:

      advisor decide confirm-label train/Lime/lime_003.jpg --who Ada
    """
    from app.decide import run_confirm

    run_confirm(images, who=who, why=why, workspace=workspace, json=json)


@decide.command("list")
def list_(workspace: Workspace = HOME, json: Json = None) -> None:
    """List every decision with who, when and why, those taken back included.

    Example:

      advisor decide list
    """
    from app.decide import run_list

    run_list(workspace=workspace, json=json)


@decide.command()
def undo(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="Number of a decision; see: advisor decide list.")],
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Take a decision back; the record of it stays.

    Example:

      advisor decide undo 3
    """
    from app.decide import run_undo

    run_undo(number, workspace=workspace, json=json)


def history(
    image: Annotated[
        str, typer.Argument(metavar="[IMAGE]", help="Only what its label was, since when, by whom and why.")
    ] = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Show everything that happened, newest first: imports, changes, decisions, trainings, advice, reports, mail.

    Behind what can be taken back stands the command that does it; `advisor undo` takes back the last of these.

    Examples:

      advisor history
      advisor history train/Lime/lime_003.jpg
    """
    from app.timeline import run_history, run_label_trail

    if image:
        run_label_trail(image, workspace=workspace, json=json)
        return
    run_history(workspace=workspace, json=json)


def undo_last(
    place: Annotated[
        int, typer.Argument(metavar="[N]", min=1, help="The N-th newest of what can be taken back; 1 = the last.")
    ] = 1,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Take back the last change, decision, goal or setting aside of a picture, whichever it was; its record stays.

    Examples:

      advisor undo
      advisor undo 2
    """
    from app.timeline import run_undo

    run_undo(place, workspace=workspace, json=json)
