"""Pictures that came through the inbox: where their bytes lie, and how a data set that holds them is put together.

Their bytes are copied into the workspace on arrival, one file per content, because what a camera or a service drops
somewhere is moved and deleted there. Their ids start with a hidden folder's name, which an import of a folder never
gives, and are relative to the workspace's inbox folder instead of the imported one.
"""

from pathlib import Path

ADDED = ".inbox/"
"""Start of the ids of such pictures."""
FOLDER = "inbox"
"""In the workspace."""
DIGITS = 16


def place_of(name: str, digest: str) -> str:
    """Name of a file's copy: a part of its digest as a folder, so that no two contents share one, and its own name."""
    return f"{digest[:DIGITS]}/{name}"


def is_added(image_id: str) -> bool:
    """Whether a picture came through the inbox."""
    return image_id.startswith(ADDED)


def folder_of(workspace: Path) -> Path:
    """Where the bytes of such pictures lie."""
    return workspace / FOLDER
