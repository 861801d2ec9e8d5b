"""Declaration of ``advisor split``."""

from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace


def split(
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", min=1, help="Test pictures; chosen by --see when left out.")
    ] = None,
    see: Annotated[
        float, typer.Option("--see", metavar="POINTS", help="Change of balanced accuracy that the test set is to show.")
    ] = 5.0,
    accept: Annotated[bool, typer.Option("--accept", help="Make and lock it: a new dataset version.")] = False,
    given: Annotated[
        bool, typer.Option("--given", help="Lock the test pictures that the import names instead of proposing some.")
    ] = False,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept in the history.")] = "",
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who decided; the user's name if left out.")
    ] = None,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Propose a test set where there is none, and lock it.

    Whole groups go to one side: your --group column, else bursts of one object as the advisor finds them. Every class
    (and every setting in a metadata column with few values) is spread over both sides. It is said what change the test
    set would show, which classes it cannot test, and what to photograph for them. Nothing changes without --accept.

    A locked test picture stays one in every later import, wherever its file lies, and copies of it are left out of
    training. Take it back with advisor change undo; figures from before and after can then not be compared.

    Examples:

      advisor split
      advisor split --size 200 --group video
      advisor split --see 3 --accept --why "first test set"
      advisor split --given --accept
    """
    from app.history import Accepting
    from app.split import run_split

    accepting = Accepting(workspace, json, why, by)
    run_split(size, see / 100, accepting, accept=accept, given=given, group=group, seed=seed)
