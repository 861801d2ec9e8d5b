"""Declarations of ``advisor change``, ``advisor export`` and ``advisor ledger``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace

change = typer.Typer(
    no_args_is_help=True,
    help="Accept changes of labels and pictures: new dataset versions that can be taken back. Your files stay as they "
    "are unless --write says otherwise.",
)


class Suggestion(StrEnum):
    """What ``change remove --suggested`` takes."""

    DUPLICATES = "duplicates"
    CONTRADICTIONS = "contradictions"
    WRONG_LABELS = "wrong-labels"


Images = Annotated[list[str] | None, typer.Argument(metavar="[IMAGE…]", help="Ids, as the audit names them.")]
From = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="A filled-in sheet, or a table with id and label.")
]
TestToo = Annotated[
    bool, typer.Option("--test-too", help="Change test pictures as well: the ruler that figures are measured with.")
]
NewClass = Annotated[bool, typer.Option("--new-class", help="Allow a class that is not there yet.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept in the history.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decided; the user's name if left out.")]
Write = Annotated[bool, typer.Option("--write", help="Then move the files of class folders so that they agree.")]
Yes = Annotated[bool, typer.Option("--yes", help="Move without asking; the list of moves is printed first.")]


@change.command()
def relabel(
    images: Images = None,
    to: Annotated[str | None, typer.Option("--to", metavar="CLASS", help="The class of the named images.")] = None,
    from_: From = None,
    suggested: Annotated[
        bool, typer.Option("--suggested", help="Every label that looks wrong, to the class that fits better.")
    ] = False,
    test_too: TestToo = False,
    new_class: NewClass = False,
    why: Why = "",
    by: By = None,
    write: Write = False,
    yes: Yes = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Give pictures another label.

    A sheet from `advisor change sheet` may say accept, reject, remove or another class for each picture.

    Examples:

      advisor change relabel train/apple/12.jpg train/apple/13.jpg --to pear --why "seen from above"
      advisor change relabel --from sheet.csv
      advisor change relabel --suggested
    """
    from app.change import run_relabel
    from app.history import Accepting

    accepting = Accepting(workspace, json, why, by, write, yes)
    run_relabel(
        images or [], to, from_, accepting, suggested=suggested, test_too=test_too, new_class=new_class, group=group,
        seed=seed,
    )  # fmt: skip


@change.command()
def remove(
    images: Images = None,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A table with a column id, or a list, one id a line.")
    ] = None,
    suggested: Annotated[
        Suggestion | None, typer.Option("--suggested", help="All that a check found of this kind.")
    ] = None,
    test_too: TestToo = False,
    why: Why = "",
    by: By = None,
    write: Write = False,
    yes: Yes = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Leave pictures out of the data set. No file is deleted.

    Of duplicates one picture stays (the test picture, where a copy of it is in the training data); of
    contradictions, copies under unlike labels, none does.

    Examples:

      advisor change remove train/plum/3.jpg --why blurred
      advisor change remove --suggested duplicates
    """
    from app.change import run_remove
    from app.history import Accepting

    accepting = Accepting(workspace, json, why, by, write, yes)
    which = suggested.value if suggested else None
    run_remove(images or [], from_, which, accepting, test_too=test_too, group=group, seed=seed)


@change.command()
def split(
    class_: Annotated[str, typer.Argument(metavar="CLASS", help="A class that hidden-subclasses names.")],
    names: Annotated[
        list[str] | None, typer.Option("--names", metavar="NAME", help="Once for each kind, the largest first.")
    ] = None,
    why: Why = "",
    by: By = None,
    write: Write = False,
    yes: Yes = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Give each hidden kind of a class a label of its own; it is said how the kinds differ.

    Examples:

      advisor change split bad_cookies
      advisor change split bad_cookies --names burnt --names broken
    """
    from app.change import run_split
    from app.history import Accepting

    run_split(class_, names or [], Accepting(workspace, json, why, by, write, yes), group=group, seed=seed)


@change.command()
def merge(
    classes: Annotated[list[str], typer.Argument(metavar="CLASS…", help="Classes to count as one.")],
    as_: Annotated[str, typer.Option("--as", metavar="NAME", help="A new name, or one of them.")],
    why: Why = "",
    by: By = None,
    write: Write = False,
    yes: Yes = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Count classes as one; a single class is renamed. Kept predictions follow.

    Examples:

      advisor change merge Orange Satsumas --as Orange
      advisor change merge "bad_cookies 1" --as burnt
    """
    from app.change import run_merge
    from app.history import Accepting

    run_merge(classes, as_, Accepting(workspace, json, why, by, write, yes))


@change.command()
def sheet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New CSV file.")],
    test_too: TestToo = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Write the labels that look wrong into a table for a person to decide; nothing changes.

    Fill in the column decision: accept, reject, remove, or another class; then `change relabel --from FILE`. What
    is rejected does not come back.

    Example:

      advisor change sheet sheet.csv
    """
    from app.change import run_sheet

    run_sheet(file, test_too=test_too, group=group, seed=seed, workspace=workspace, json=json)


@change.command("list")
def list_(workspace: Workspace = HOME, json: Json = None) -> None:
    """List what was changed, when, by whom and why.

    Example:

      advisor change list
    """
    from app.history import run_list

    run_list(workspace=workspace, json=json)


@change.command()
def show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="See: advisor change list.")],
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Show one change picture by picture.

    Example:

      advisor change show 3
    """
    from app.history import run_show

    run_show(number, workspace=workspace, json=json)


@change.command()
def undo(
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="The last change if left out.")] = None,
    why: Why = "",
    by: By = None,
    write: Write = False,
    yes: Yes = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Take a change back: a new version without it. Taking that back brings it again.

    With --write files are moved back too; and what a killed run had moved is put back where it was.

    Examples:

      advisor change undo
      advisor change undo 3 --why "it was a pear after all"
      advisor change undo --write
    """
    from app.history import Accepting, run_undo

    run_undo(number, Accepting(workspace, json, why, by, write, yes))


@change.command("write")
def write_(
    why: Why = "",
    by: By = None,
    yes: Yes = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Move the files of your class folders so that they say what the labels say; finish what was interrupted.

    The moves are printed first; without --yes it asks, or stops there. Nothing is overwritten or deleted: pictures
    left out go to the hidden folder .left-out-by-advisor. Refused when a file has changed since the import.

    Examples:

      advisor change write
      advisor change write --yes
    """
    from app.history import Accepting, run_write

    run_write(Accepting(workspace, json, why, by, True, yes))


def export(
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="New file, or new folder for --format folder; or the word scores.")
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="After scores: new .parquet or .csv file.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="csv, folder or keep-list.")] = "csv",
    link: Annotated[bool, typer.Option("--link", help="Hard links instead of copies.")] = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Write the data set with all accepted changes; or every check's score of each picture.

    csv: a table that `advisor import` reads back to the same data set. folder: a new folder of class folders with
    copies of the pictures. keep-list: the path of every picture that is kept. Nothing is overwritten.

    scores: one row per picture with what every check measured of it: doubt of the label, typicality, oddness, copies,
    bursts, hidden kind, slices, cues, quality, the model's answer and how it counts. Columns: docs/scores.md.

    Examples:

      advisor export photos/labels.csv
      advisor export clean-photos --format folder
      advisor export keep.txt --format keep-list
      advisor export scores scores.parquet
    """
    from app.export import run_export, run_scores

    if file is not None:
        if str(target) != "scores":
            raise typer.BadParameter(f"two places; only after the word scores a FILE may follow, saw {target}")
        if link or format_ != "csv":
            raise typer.BadParameter("scores are written by the ending of FILE: leave --format and --link out")
        run_scores(file, group=group, seed=seed, workspace=workspace, json=json)
        return
    run_export(target, format_, link=link, workspace=workspace, json=json)


def ledger(
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say which advice was followed, seen in the data, and whether it held what was promised.

    Both models, trained on the labels of then and of now, are compared on the same pictures with the labels of now.

    Examples:

      advisor ledger
      advisor ledger --json -
    """
    from app.ledger import run_ledger

    run_ledger(group=group, seed=seed, workspace=workspace, json=json)
