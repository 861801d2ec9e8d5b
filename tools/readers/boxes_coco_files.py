"""Where COCO's label files lie, told from other JSON by three keys."""

import mmap
import os
import re
from collections.abc import Iterator
from pathlib import Path

KEYS = ("images", "annotations", "categories")
SIGNS = tuple(re.compile(rb'"%b"\s*:\s*\[' % key.encode()) for key in KEYS)
FOLDERS = ("annotations", "labels")
"""Folders that hold label files beside the pictures' folders, and not the pictures."""
DEPTH = 2
"""Folders below the one that is named in which label files are looked for."""


def is_coco(path: Path) -> bool:
    """Whether a file has the three keys of COCO's labels; its text is searched, not parsed."""
    try:
        if path.suffix.lower() != ".json" or not path.is_file() or not path.stat().st_size:
            return False
        with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
                plain = text[:].replace(b"\0", b"")
                return all(sign.search(plain) for sign in SIGNS)
            return all(sign.search(text) for sign in SIGNS)
    except (OSError, ValueError):
        return False


def coco_files(path: Path) -> list[Path]:
    """Label files in a folder, as exporters lay them: in it, in ``annotations/``, in a folder for each split.

    Where some are called ``instances_…``, as COCO's own, those of key points and of captions are left aside.
    """
    found = [path] if path.is_file() else sorted(_jsons(path, DEPTH))
    files = [file for file in found if is_coco(file)]
    return [file for file in files if file.name.startswith("instances_")] or files


def _jsons(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name.lower().endswith(".json") and entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)
                elif (
                    depth
                    and (depth == DEPTH or entry.name.casefold() in FOLDERS)
                    and entry.is_dir(follow_symlinks=False)
                ):
                    yield from _jsons(Path(entry.path), depth - 1)
    except OSError:
        return
