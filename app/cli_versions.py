"""Declarations of ``advisor retrain`` and ``advisor versions``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace


class Tier(StrEnum):
    """Tiers of ``tools.training.recipe.Tier``."""

    HEAD = "head"
    FINE_TUNE = "fine-tune"
    COMMAND = "command"


class Augmentation(StrEnum):
    """Changes of pictures while fine-tuning."""

    LIGHT = "light"
    CUT = "cut"


versions = typer.Typer(no_args_is_help=True, help="Trained models: list, compare, restore, publish, export.")
Number = Annotated[int, typer.Argument(metavar="N", min=1, help="Number of a version; see: advisor versions list.")]

Model = Annotated[str, typer.Argument(metavar="MODEL", help="Number of a version, NAME@VERSION, or baseline.")]


def retrain(
    tier: Annotated[Tier, typer.Option("--tier", help="What is trained.")] = Tier.HEAD,
    change: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="KIND[:NAME=VALUE]", help="A change that was tried: relabel, reweight …"),
    ] = None,
    augment: Annotated[
        list[Augmentation] | None, typer.Option("--augment", help="Fine-tuning: pictures changed each time.")
    ] = None,
    blocks: Annotated[
        int | None, typer.Option("--blocks", metavar="N", min=0, help="Fine-tuning: last blocks; 0 = all.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="Fine-tuning: most passes.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option("--patience", metavar="N", min=1, help="Fine-tuning: passes without gain before the end."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", metavar="N", min=1, help="Fine-tuning: pictures a step.")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", metavar="R", help="Fine-tuning: learning rate.")] = None,
    command: Annotated[
        str | None, typer.Option("--command", metavar="TEXT", help="Own trainer, with {manifest} and {predictions}.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--max-minutes", metavar="M", min=0, help="Stop after this and keep the best so far."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training that was stopped or killed.")
    ] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Forget trainings that were stopped or killed.")] = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Train a new version, measure it on pictures it was not trained on, and compare it with the one in use.

    Tiers: head (a logistic regression on the vectors; seconds), fine-tune (the encoder's last blocks or all of it;
    on a GPU where there is one), command (your own trainer: it reads a CSV with id, path, role train|score, label
    and weight, and writes id and p_<class> for the pictures of role score).

    What was killed goes on where it stopped: run the same line again, or --resume.

    Examples:

      advisor retrain
      advisor retrain --with relabel --with group-balance:pair='apples|citrus'
      advisor retrain --tier fine-tune --blocks 3 --augment light --max-minutes 30
      advisor retrain --tier command --command "python train.py {manifest} {predictions} --seed {seed}"
    """
    from app.retrain import run_retrain

    given = {
        "blocks": blocks, "epochs": epochs, "patience": patience, "batch": batch, "rate": rate, "command": command,
        "minutes": minutes, "augment": tuple(a.value for a in augment or ()) or None,
    }  # fmt: skip
    run_retrain(
        tier.value,
        change or [],
        {name: value for name, value in given.items() if value is not None},
        resume=resume,
        discard=discard,
        group=group,
        seed=seed,
        workspace=workspace,
        json=json,
    )


@versions.command("list")
def list_(workspace: Workspace = HOME, json: Json = None) -> None:
    """List trained versions with their metrics; which is in use, which is published.

    Example:

      advisor versions list
    """
    from app.versions import run_list

    run_list(workspace=workspace, json=json)


@versions.command()
def compare(first: Model, second: Model, workspace: Workspace = HOME, json: Json = None) -> None:
    """Compare two models on the same pictures, by today's labels, and list the pictures on which they differ.

    A model is a trained version's number, your own as NAME@VERSION (or NAME for its newest), or baseline.

    Examples:

      advisor versions compare 1 2 --json -
      advisor versions compare shop-classifier@7 shop-classifier@8
      advisor versions compare shop-classifier 2
    """
    from app.versions import run_compare

    run_compare(first, second, workspace=workspace, json=json)


@versions.command()
def restore(number: Number, workspace: Workspace = HOME, json: Json = None) -> None:
    """Take an older version into use again: predict, threshold and the next comparison then start from it.

    Example:

      advisor versions restore 1
    """
    from app.versions import run_choose

    run_choose(number, publish=False, workspace=workspace, json=json)


@versions.command()
def publish(number: Number, workspace: Workspace = HOME, json: Json = None) -> None:
    """Note which version serves; later trainings do not touch it.

    Example:

      advisor versions publish 2
    """
    from app.versions import run_choose

    run_choose(number, publish=True, workspace=workspace, json=json)


@versions.command()
def export(
    number: Number,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="New folder.")],
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Write a version as a folder that works without the advisor: network, labels, thresholds, card, a short script.

    Example:

      advisor versions export 2 --to model-2
      python model-2/predict.py photo.jpg
    """
    from app.versions import run_export

    run_export(number, to, workspace=workspace, json=json)
