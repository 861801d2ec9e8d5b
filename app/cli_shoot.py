"""Declarations of ``advisor shoot``."""

from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace

shoot = typer.Typer(
    no_args_is_help=True,
    help="What to photograph next, and photo shoots that are experiments: designed, ticked off, evaluated.",
)
Number = Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="The last shoot if left out.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept with the plan.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who designed it; the user's name if left out.")]


@shoot.command("list")
def list_(
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="Rows of the list.")] = 12,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write it as a table.")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write it for printing.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page for the phone, pictures inside it.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write it down as a shoot, so that arriving pictures are ticked off.")
    ] = False,
    by: By = None,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say what to photograph: class, condition, how many, what it is expected to bring, two pictures each.

    What more pictures bring is measured by leaving out those that are there: half of a class, or all of a condition.
    What could not be measured says so. Costs and limits from advisor goal weigh classes; the best gain per picture
    comes first.

    Examples:

      advisor shoot list
      advisor shoot list --html list.html --pdf list.pdf --csv list.csv
      advisor shoot list --most 6 --keep
    """
    from app.shoot_list import run_list

    files = {"csv": csv, "pdf": pdf, "html": html}
    run_list(most, files, keep=keep, by=by, group=group, seed=seed, workspace=workspace, json=json)


@shoot.command()
def design(
    pair: Annotated[tuple[str, str], typer.Option("--pair", metavar="A B", help="Two classes that are confused.")],
    cue: Annotated[
        str, typer.Option("--cue", metavar="CUE", help="As spurious-cue names it, or a metadata column=value.")
    ],
    settings: Annotated[
        tuple[str, str] | None,
        typer.Option("--settings", metavar="A's B's", help="What the usual setting of A, and of B, is called."),
    ] = None,
    drop: Annotated[
        float | None,
        typer.Option("--drop", metavar="POINTS", help="What the other's setting costs; else from today's pictures."),
    ] = None,
    why: Why = "",
    by: By = None,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Design an experiment: both classes, each in both settings. Tells whether the setting is what misleads.

    The number of objects per cell gives 80 % power. What is expected is written down now and sealed, before any
    picture is there. Put the pictures where the plan says and import; each is ticked off, and when the cells are full
    the experiment evaluates itself.

    Examples:

      advisor shoot design --pair apples citrus --cue border --settings "in hands" "on plates"
      advisor shoot design --pair apples citrus --cue setting=hand --drop 30
    """
    from app.shoot import run_design

    run_design(
        pair, cue, settings, None if drop is None else drop / 100, why=why, by=by, group=group, seed=seed,
        workspace=workspace, json=json,
    )  # fmt: skip


@shoot.command()
def status(number: Number = None, workspace: Workspace = HOME, json: Json = None) -> None:
    """Say what has arrived, cell by cell; copies, bursts and pictures known before count once or not at all.

    Examples:

      advisor shoot status
      advisor shoot status 3 --json -
    """
    from app.shoot import run_status

    run_status(number, workspace=workspace, json=json)


@shoot.command()
def evaluate(
    number: Number = None,
    early: Annotated[
        bool, typer.Option("--early", help="Close it with what is there. An experiment is evaluated once.")
    ] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say what an experiment showed, held against what was predicted. Happens by itself when the cells are full.

    Example:

      advisor shoot evaluate 3 --early
    """
    from app.shoot import run_evaluate

    run_evaluate(number, early=early, workspace=workspace, json=json)
