"""Declarations of ``advisor experiment``."""

from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace

experiment = typer.Typer(no_args_is_help=True, help="Try a change on held-out pictures before doing it for real.")


@experiment.command("list")
def list_(workspace: Workspace = HOME, json: Json = None) -> None:
    """List the changes that can be tried, and on what.

    Example:

      advisor experiment list
    """
    from app.experiment import run_experiment_list

    run_experiment_list(workspace=workspace, json=json)


@experiment.command("rank")
def rank(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="See: advisor experiment list.")],
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Rank what one kind of change could be tried on, by a cheap head on held-out training pictures.

    Example:

      advisor experiment rank merge-classes
    """
    from app.experiment import run_ranking

    run_ranking(kind, group=group, seed=seed, workspace=workspace, json=json)


@experiment.command("run")
def run(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="See: advisor experiment list.")],
    argument: Annotated[
        list[str] | None, typer.Option("--argument", metavar="NAME=VALUE", help="One argument of the experiment.")
    ] = None,
    class_: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Short for --argument class=NAME.")
    ] = None,
    pair: Annotated[
        tuple[str, str] | None, typer.Option("--pair", metavar="A B", help="Short for --argument 'pair=A|B'.")
    ] = None,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Try one change: before and after on the same held-out pictures, with an interval and a verdict.

    Examples:

      advisor experiment run relabel
      advisor experiment run split-class --class bad_cookies
      advisor experiment run merge-classes --pair Orange Satsumas
    """
    from app.experiment import run_one_experiment

    run_one_experiment(
        kind, argument or [], class_=class_, pair=pair, group=group, seed=seed, workspace=workspace, json=json
    )
