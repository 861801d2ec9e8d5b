"""Declarations of ``advisor inbox``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli_change import By, NewClass, Why
from app.options import HOME, Group, Json, Seed, Workspace

inbox = typer.Typer(
    no_args_is_help=True,
    help="Unlabelled pictures from production: taken in, ranked by what labelling them would bring, labelled.",
)


class Orders(StrEnum):
    """What ``inbox rank --order`` takes."""

    GAIN = "gain"
    UNCERTAINTY = "uncertainty"
    NEWEST = "newest"
    UNLIKE = "unlike"
    RANDOM = "random"


class Splits(StrEnum):
    """What ``inbox label --split`` takes."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


Order = Annotated[Orders, typer.Option("--order", help="What comes first.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME[@VERSION]", help="Only pictures of which this model spoke, by what it said."),
]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="So many pictures.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="Metadata of these pictures, e.g. camera=3.")
]
Named = Annotated[
    list[str], typer.Argument(metavar="PICTURE…", help="Names, or first digits of digests, as inbox list shows them.")
]


@inbox.command()
def add(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Folders, pictures, or a predictions file beside pictures.")
    ],
    predictions: Annotated[
        Path | None, typer.Option("--predictions", metavar="FILE", help="What a model said: CSV, Parquet or npz.")
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="The model's name.")] = "",
    version: Annotated[str, typer.Option("--version", metavar="V", help="Its version.")] = "",
    set_: Set = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Take unlabelled pictures in, with or without predictions for them.

    Each content comes in once: a file that is there already, under whatever name, or in the data set, is counted and
    not added again. The bytes are copied into the workspace, so the files may go afterwards. A predictions file alone
    brings the pictures that lie beside it. Without --model and --version its name says them: shop@7.csv.

    Examples:

      advisor inbox add /mnt/camera/today
      advisor inbox add today/ --predictions scores.csv --model shop --version 7
      advisor inbox add exports/shop@7.parquet
    """
    from app.inbox import run_add

    run_add(
        paths, predictions=predictions, model=model, version=version, columns=set_ or [], workspace=workspace, json=json
    )  # fmt: skip


@inbox.command("list")
def list_(
    skipped: Annotated[bool, typer.Option("--skipped", help="Those put off.")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="Those that were thrown out.")] = False,
    most: Most = 30,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """List what is in the inbox, newest first, and who spoke of it.

    Example:

      advisor inbox list
    """
    from app.inbox import run_list

    run_list("rejected" if rejected else "skipped" if skipped else "waiting", most, workspace=workspace, json=json)


@inbox.command()
def rank(
    order: Order = Orders.GAIN,
    model: Model = None,
    most: Most = 30,
    skipped: Annotated[bool, typer.Option("--skipped", help="Those put off as well.")] = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say which pictures to label first, and why each.

    gain: how unsure the model is, more where the picture belongs to something that findings or goals ask pictures for,
    spread so that the first few speak for all. uncertainty: how unsure alone. unlike: least like the training
    pictures. newest, random.

    Examples:

      advisor inbox rank
      advisor inbox rank --order unlike --most 10
      advisor inbox rank --model shop@7 --json -
    """
    from app.inbox import run_rank

    run_rank(
        order.value, model, most, skipped=skipped, group=group, seed=seed, workspace=workspace, json=json
    )  # fmt: skip


@inbox.command()
def sheet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New CSV file.")],
    order: Order = Orders.GAIN,
    model: Model = None,
    most: Most = 50,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Write the first pictures into a table for a person to label; nothing changes.

    Fill in the column label: a class, or skip, or reject. Then `advisor inbox label --from FILE`.

    Example:

      advisor inbox sheet tolabel.csv --most 50
    """
    from app.inbox import run_sheet

    run_sheet(file, order.value, model, most, group=group, seed=seed, workspace=workspace, json=json)


@inbox.command()
def label(
    pictures: Annotated[
        list[str] | None, typer.Argument(metavar="[PICTURE…]", help="As inbox list names them.")
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="CLASS", help="The class of the named pictures.")] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A filled-in sheet, or a table with id and label.")
    ] = None,
    split: Annotated[Splits, typer.Option("--split", help="Where they belong.")] = Splits.TRAIN,
    new_class: NewClass = False,
    set_: Set = None,
    why: Why = "",
    by: By = None,
    group: Group = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Label pictures: they leave the inbox for a new dataset version, with their vectors.

    Nothing is encoded again. `advisor change undo` takes it back, and they are in the inbox again.

    Examples:

      advisor inbox label IMG_0042.jpg --as Lime
      advisor inbox label --from tolabel.csv
      advisor inbox label 3fa94c12 --as Lime --split test --set camera=3
    """
    from app.history import Accepting
    from app.inbox import run_label

    accepting = Accepting(workspace, json, why, by)
    run_label(
        pictures or [], as_, from_, accepting, split=split.value, new_class=new_class, columns=set_ or [], group=group
    )  # fmt: skip


@inbox.command()
def skip(pictures: Named, why: Why = "", by: By = None, workspace: Workspace = HOME, json: Json = None) -> None:
    """Put pictures off: they stay, and are not ranked.

    Example:

      advisor inbox skip IMG_0042.jpg --why "cannot tell"
    """
    from app.inbox import run_decide

    run_decide(pictures, "skipped", why, by, workspace=workspace, json=json)


@inbox.command()
def reject(pictures: Named, why: Why = "", by: By = None, workspace: Workspace = HOME, json: Json = None) -> None:
    """Throw pictures out: they are not ranked, and the same content does not come in again.

    Example:

      advisor inbox reject IMG_0042.jpg --why "a thumb over the lens"
    """
    from app.inbox import run_decide

    run_decide(pictures, "rejected", why, by, workspace=workspace, json=json)


@inbox.command()
def restore(pictures: Named, why: Why = "", by: By = None, workspace: Workspace = HOME, json: Json = None) -> None:
    """Bring back pictures that were skipped or rejected.

    Example:

      advisor inbox restore IMG_0042.jpg
    """
    from app.inbox import run_decide

    run_decide(pictures, "waiting", why, by, workspace=workspace, json=json)


@inbox.command()
def compare(group: Group = None, seed: Seed = None, workspace: Workspace = HOME, json: Json = None) -> None:
    """Say how the pictures that wait differ from the training pictures, and what is unlike anything seen.

    Example:

      advisor inbox compare
    """
    from app.inbox import run_compare

    run_compare(group=group, seed=seed, workspace=workspace, json=json)


@inbox.command()
def watch(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The remembered folder if left out.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One look, for schedulers.")] = False,
    every: Annotated[float, typer.Option("--every", metavar="S", min=0.1, help="Seconds between looks.")] = 10.0,
    settle: Annotated[
        float, typer.Option("--settle", metavar="S", min=0.0, help="Seconds that a file must have been left alone.")
    ] = 5.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave files where they are; else they are moved.")] = False,
    remember: Annotated[
        bool, typer.Option("--remember", help="Let advisor report and schedule look into this folder first.")
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Let them not do so any more.")] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Take in what is put into DIR/new: pictures, and predictions called MODEL@VERSION.csv, .parquet or .npz.

    Files still being written (touched less than --settle seconds ago; .part, .tmp and the like) are left alone. What
    was taken in moves to DIR/processed/DATE, what cannot be read to DIR/refused/DATE beside a note of the reason;
    with --keep files stay where they are. A kill at any time loses nothing and adds nothing twice.

    Examples:

      advisor inbox watch /mnt/camera
      advisor inbox watch /mnt/camera --once --remember
      advisor inbox watch --once
    """
    from app.inbox_watching import run_watch

    run_watch(
        folder, once=once, every=every, settle=settle, keep=keep, remembering=remember, forget=forget,
        workspace=workspace, json=json,
    )  # fmt: skip
