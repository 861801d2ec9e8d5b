"""A training's state on disk: replaced whole, so that a kill leaves the last one."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

from tools.store import replace_file, unwritable

FILE = "checkpoint.pt"


def save_checkpoint(folder: Path, state: Mapping[str, Any]) -> None:
    """Write tensors, numbers and texts; the file before stays until the new one is whole.

    Raises
    ------
    WorkspaceDamaged
        If the disk is full or the folder cannot be written.
    """
    import torch

    buffer = BytesIO()  # torch gives a full disk another name
    torch.save(dict(state), buffer)
    try:
        replace_file(folder / FILE, buffer.getvalue())
    except OSError as error:
        raise unwritable(folder, error) from error


def load_checkpoint(folder: Path, identity: str) -> dict[str, Any] | None:
    """The state of the same training; None if there is none, or the file is damaged or of another training.

    Only plain tensors and numbers are read (``weights_only``): a file from elsewhere can run nothing.
    """
    import torch

    try:
        found = torch.load(folder / FILE, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, BadZipFile, KeyError, UnpicklingError):
        return None
    return found if isinstance(found, dict) and found.get("identity") == identity else None
