"""Declarations of ``advisor model`` and ``advisor why``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Json, Seed, Workspace

model = typer.Typer(
    no_args_is_help=True,
    help="Your own network: ask it about changed pictures, probe a closed one, mend its last layer.",
)


class Layout(StrEnum):
    """Order of a network's axes."""

    NCHW = "nchw"
    NHWC = "nhwc"


class Channels(StrEnum):
    """Order of a network's channels."""

    RGB = "rgb"
    BGR = "bgr"


Name = Annotated[
    str | None, typer.Argument(metavar="[NAME@VERSION]", help="As `advisor model list` names it; default: the newest.")
]


def why(
    picture: Annotated[str, typer.Argument(metavar="PICTURE", help="Id of an imported picture, or a file.")],
    class_: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="What it really shows; default: its label.")
    ] = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say which training pictures push a picture to the answer it gets, and whether it comes right without them.

    They are ranked by influence (Koh & Liang 2017) and left out, whole bursts at a time, the head fitted again;
    beside that as many others of the same classes are left out. The advisor's own baseline is explained: a network of
    yours would have to be trained again.

    Examples:

      advisor why test/Satsumas/Satsumas_011.jpg
      advisor why ~/phone/IMG_0042.jpg --class Lime --json -
    """
    from app.why import run_why

    run_why(picture, label=class_, seed=seed, workspace=workspace, json=json)


@model.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ONNX file.")],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="One a line, or JSON, in the order of the scores."),
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Default: the file's name.")] = "",
    version: Annotated[str, typer.Option("--version", metavar="V", help="Default: 1.")] = "",
    input_size: Annotated[
        int,
        typer.Option("--input-size", metavar="N", min=0, max=4096, help="Pixels, where the network takes any size."),
    ] = 0,
    scaling: Annotated[
        str | None,
        typer.Option("--scaling", metavar="NAME", help="0-1, imagenet, -1-1, 0-255 or caffe (mean taken off 0-255)."),
    ] = None,
    mean: Annotated[
        tuple[float, float, float] | None,
        typer.Option("--mean", metavar="R G B", help="On 0-1 (all values up to 1) or 0-255."),
    ] = None,
    std: Annotated[
        tuple[float, float, float] | None, typer.Option("--std", metavar="R G B", help="On the scale of --mean.")
    ] = None,
    channels: Annotated[Channels | None, typer.Option("--channels", help="Order of the colours.")] = None,
    resize: Annotated[
        str | None,
        typer.Option("--resize", metavar="N|stretch|pad", help="Shorter side before the central crop; or whole."),
    ] = None,
    layout: Annotated[Layout | None, typer.Option("--layout", help="Where the shape does not say.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", metavar="NAME", help="Which output holds the class scores.")
    ] = None,
    same: Annotated[
        list[str] | None,
        typer.Option("--same", metavar="LABEL=CLASS", help="What a label means; nothing behind = no class here."),
    ] = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Take in your own network: it is checked, copied, and asked about every picture; its errors are then explained.

    The network runs on ONNX Runtime, on the CPU; no code that comes with it is run. What it takes is read from the
    file or guessed, said, and tried on labelled pictures: a wrong scaling is the most usual fault of a network that
    was good in training. Counterfactuals of backgrounds and other cues then ask this network.

    Examples:

      advisor model add model.onnx --labels labels.txt --name shop --version 8
      advisor model add model.onnx --mean 0.485 0.456 0.406 --std 0.229 0.224 0.225 --resize 256
      advisor model add custom-vision/model.onnx
    """
    from app.model import run_add

    given = {
        "labels": labels, "same": same or [], "size": input_size, "layout": layout and layout.value,
        "scaling": scaling, "order": channels and channels.value, "resize": resize, "mean": mean, "std": std,
        "output": output,
    }  # fmt: skip
    run_add(file, given, name=name, version=version, seed=seed, workspace=workspace, json=json)


@model.command("list")
def list_(workspace: Workspace = HOME, json: Json = None) -> None:
    """List the networks kept here, how each is fed, and how good it is.

    Example:

      advisor model list
    """
    from app.model import run_list

    run_list(workspace=workspace, json=json)


@model.command()
def check(name: Name = None, seed: Seed = None, workspace: Workspace = HOME, json: Json = None) -> None:
    """Try other preparations, mirror and shift pictures, and score pictures imported since.

    Example:

      advisor model check
    """
    from app.model import run_check

    run_check(name, seed=seed, workspace=workspace, json=json)


@model.command()
def probe(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="New folder for the pictures, or the one written before.")
    ],
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="What your service says: CSV, Parquet or npz.")
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", help="Pictures at most.")] = 300,
    pair: Annotated[
        tuple[str, str] | None, typer.Option("--pair", metavar="A B", help="Look for a cue between these classes.")
    ] = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Ask a closed service what it goes by: write edited pictures, score them there, hand the scores back.

    Pictures stand before backgrounds of their own class, of other classes and a plain one; and where a cue goes along
    with the errors it is taken away or brought in, beside equal changes without it. Names say nothing of the edit.

    Examples:

      advisor model probe probe/
      advisor model probe probe/ --scores answers.csv
    """
    from app.probe import run_probe

    run_probe(folder, scores=scores, most=most, pair=pair, seed=seed, workspace=workspace, json=json)


@model.command("last-layer")
def last_layer(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="npz: id, features (n, d), weight (k, d), bias (k,), classes (k,).")
    ],
    pair: Annotated[tuple[str, str], typer.Option("--pair", metavar="A B", help="Two classes that a cue confuses.")],
    to: Annotated[Path, typer.Option("--out", metavar="FILE", help="New .safetensors or .npz: weight and bias.")],
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Fit your network's last layer again, the rare setting of two classes weighing as much as the usual one.

    Give what goes into the last layer for each picture, and the layer. The cue is looked for in the training pictures;
    before and after are measured on others, beside the same fit without balance. The layer comes back in its shapes.

    Example:

      advisor model last-layer features.npz --pair apples citrus --out fc.safetensors
    """
    from app.last_layer import run_last_layer

    run_last_layer(file, pair, to, seed=seed, workspace=workspace, json=json)


@model.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="As `advisor model list` names it.")],
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Forget a network and the predictions it made.

    Example:

      advisor model remove shop@8
    """
    from app.model import run_remove

    run_remove(name, workspace=workspace, json=json)
