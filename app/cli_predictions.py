"""Declarations of ``advisor predictions``."""

from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Json, Workspace

predictions = typer.Typer(no_args_is_help=True, help="Give the advisor what your own model says.")


@predictions.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Parquet or npz.")],
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Your model's name.")],
    version: Annotated[str, typer.Option("--version", metavar="V", help="Its version.")] = "",
    production: Annotated[bool, typer.Option("--production", help="This is the one that serves now.")] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Add a model's predictions for the imported pictures; its errors are then the ones explained.

    The file holds an id and either one probability column per class, or pred and score. Any number of models and
    versions may be added; `advisor predictions list` shows them, `advisor versions compare` compares any two.

    Example:

      advisor predictions add scores.csv --model shop-classifier --version 8
    """
    from app.predictions import run_add

    run_add(file, model=model, version=version, production=production, workspace=workspace, json=json)


@predictions.command("list")
def list_(workspace: Workspace = HOME, json: Json = None) -> None:
    """List your models with their accuracy by today's labels; which serves, and whose errors are explained.

    Example:

      advisor predictions list
    """
    from app.predictions import run_list

    run_list(workspace=workspace, json=json)
