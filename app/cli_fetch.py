"""Declarations of ``advisor fetch``."""

from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Json, Workspace

fetch = typer.Typer(no_args_is_help=True, help="Bring labels, pictures and predictions from a cloud service.")


@fetch.command("custom-vision")
def custom_vision(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to save into; a former one is gone on with.")],
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="URL", help="As https://NAME.cognitiveservices.azure.com.")
    ],
    project: Annotated[str, typer.Option("--project", metavar="ID", help="In the project's settings.")],
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Save an Azure Custom Vision project: images, tags, performances of every iteration, predictions, pictures.

    The training key is read from the variable VISION_TRAINING_KEY, and kept nowhere. Needs Microsoft's SDK:
    pip install "image-model-advisor[custom-vision]". Stopped, the same line goes on. Projects of one tag per picture.

    Example:

      VISION_TRAINING_KEY=… advisor fetch custom-vision fruit --endpoint https://fruit.cognitiveservices.azure.com
      --project 0e7d…; then: advisor import fruit
    """
    from app.fetch import run_custom_vision

    run_custom_vision(folder, endpoint, project, workspace=workspace, json=json)
