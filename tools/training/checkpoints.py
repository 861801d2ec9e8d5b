"""A training's state on disk: replaced whole, so that a kill leaves the last one."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from tools.store import unwritable

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
    temporary = folder / f"{FILE}.unfinished"
    try:
        with temporary.open("wb") as handle:
            handle.write(buffer.getbuffer())
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(folder / FILE)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unwritable(folder, error) from error


def load_checkpoint(folder: Path, identity: str) -> dict[str, Any] | None:
    """The state of the same training; None if there is none, or the file is damaged or of another training.

    Only plain tensors and numbers are read (``weights_only``): a file from elsewhere can run nothing.
    """
    import torch

    try:
        found = torch.load(folder / FILE, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, BadZipFile, KeyError, pickle_fault()):
        return None
    return found if isinstance(found, dict) and found.get("identity") == identity else None


def pickle_fault() -> type[Exception]:
    """What ``torch.load`` raises for bytes that are no tensors."""
    from pickle import UnpicklingError

    return UnpicklingError
