"""Declaration of ``advisor boxes``."""

from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Json, Seed, Workspace


def boxes(
    overlap: Annotated[
        float,
        typer.Option(
            "--overlap", metavar="IOU", help="How much a detection must overlap a thing to count: .05 to .95."
        ),
    ] = 0.5,
    score: Annotated[
        float | None,
        typer.Option("--score", metavar="S", min=0, max=1, help="Below it nothing is said; default: the best F1."),
    ] = None,
    precision: Annotated[
        float | None, typer.Option("--precision", metavar="P", help="Goal: this share of what is said is right.")
    ] = None,
    recall: Annotated[
        float | None, typer.Option("--recall", metavar="R", help="Goal: this share of the things is found.")
    ] = None,
    f_beta: Annotated[float | None, typer.Option("--f-beta", metavar="B", help="Goal: best F.")] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write the goal's score thresholds as JSON.")
    ] = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Measure a detector: average precision, kinds of mistakes, what it misses, and thresholds for a goal.

    The boxes come with the import: advisor import annotations.json --root pictures/ --predictions results.json
    (COCO, YOLO or Pascal VOC). Test pictures count, else validation pictures, else all. Each labelled box is also
    cut out as a picture of its own, so that every other command works on what the detector is to tell.

    Examples:

      advisor boxes
      advisor boxes --overlap 0.75 --score 0.4
      advisor boxes --precision 0.95 --export thresholds.json
    """
    from app.boxes import run_boxes

    goals = {"precision": precision, "recall": recall, "f-beta": f_beta}
    run_boxes(goals, overlap=overlap, score=score, export=export, seed=seed, workspace=workspace, json=json)
