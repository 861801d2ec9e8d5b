"""Declarations of ``advisor goal`` and ``advisor gate``."""

from enum import StrEnum
from typing import Annotated

import typer

from app.options import HOME, Json, Workspace

goal = typer.Typer(no_args_is_help=True, help="What you want of the model: limits on mistakes, and what they cost.")


class FailOn(StrEnum):
    """What ``advisor gate`` fails on."""

    WORSE = "worse"
    GOAL_MISSED = "goal-missed"


@goal.command("set")
def set_(
    miss: Annotated[
        list[str] | None,
        typer.Option("--miss", metavar="CLASS=RATE", help="At most this share of the class may be missed."),
    ] = None,
    false_alarm: Annotated[
        list[str] | None,
        typer.Option("--false-alarm", metavar="CLASS=RATE", help="At most this share of the others may be called it."),
    ] = None,
    miss_cost: Annotated[
        list[str] | None, typer.Option("--miss-cost", metavar="CLASS=COST", help="What one miss costs.")
    ] = None,
    false_alarm_cost: Annotated[
        list[str] | None, typer.Option("--false-alarm-cost", metavar="CLASS=COST", help="What one false alarm costs.")
    ] = None,
    weekly: Annotated[int, typer.Option("--weekly", metavar="N", min=0, help="Pictures that come in a week.")] = 0,
    value: Annotated[
        float, typer.Option("--value", metavar="V", min=0, help="What a picture is worth that is answered right.")
    ] = 0.0,
    currency: Annotated[str, typer.Option("--currency", metavar="NAME", help="Of costs and value.")] = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say what you want; it heads every report and decides what comes first. Takes the place of what was set before.

    Examples:

      advisor goal set --miss broken=2% --weekly 2000
      advisor goal set --miss broken=0.02 --false-alarm broken=5% --false-alarm-cost broken=0.05 --currency EUR
    """
    from app.goal import run_set

    given = {
        ("limit", "miss"): miss, ("limit", "false-alarm"): false_alarm, ("cost", "miss"): miss_cost,
        ("cost", "false-alarm"): false_alarm_cost,
    }  # fmt: skip
    run_set(given, weekly=weekly, value=value, currency=currency, workspace=workspace, json=json)


@goal.command()
def show(workspace: Workspace = HOME, json: Json = None) -> None:
    """Say how far the model is from the goal.

    Example:

      advisor goal show
    """
    from app.goal import run_show

    run_show(workspace=workspace, json=json)


@goal.command()
def clear(workspace: Workspace = HOME, json: Json = None) -> None:
    """Forget the goal; balanced accuracy then decides, as before.

    Example:

      advisor goal clear
    """
    from app.goal import run_clear

    run_clear(workspace=workspace, json=json)


def gate(
    against: Annotated[
        str | None, typer.Option("--against", metavar="MODEL", help="Version number, NAME@VERSION, or baseline.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The one to let through; default: the one in use.")
    ] = None,
    fail_on: Annotated[
        list[FailOn] | None, typer.Option("--fail-on", help="What closes the gate; both when left out.")
    ] = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Let a model through, or not: exit code 4 if it is surely worse than another, or surely misses the goal.

    With --against, it must also not be surely worse on the pictures of any finding that `advisor decide confirm` made a
    test slice. What these pictures cannot tell does not close the gate; it is said.

    Examples:

      advisor gate --against 3
      advisor gate --model shop@8 --against shop@7 --fail-on worse --json -
    """
    from app.goal import run_gate

    if run_gate(model, against, [f.value for f in fail_on or FailOn], workspace=workspace, json=json):
        raise typer.Exit(GATE_CLOSED)


GATE_CLOSED = 4
