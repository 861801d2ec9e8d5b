"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="Folder in which the advisor keeps its state.")
]
Json = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE|-",
        help="Write the result as JSON; '-' = standard output, with all else on standard error.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Seed of every random choice.")]
Group = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COLUMN",
        help="Metadata column whose equal values stay together in held-out folds (video, camera, customer).",
    ),
]
HOME = Path(".advisor")


class FailOn(StrEnum):
    """Severities that ``audit --fail-on`` takes."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
