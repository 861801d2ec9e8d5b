"""A new folder of class folders, split/class/picture, of copies or hard links; the source stays as it is."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from embeddings.files import LIMITS, Unreadable, read_file
from tools.class_folders import file_names, folders
from tools.dataset import Dataset, decode_id
from tools.errors import AdvisorError
from tools.exporting import Request, Written
from tools.readers.listing import SPLIT_NAMES
from tools.replaying import labels_of
from tools.store import UNFINISHED, sync_folder

UNLABELLED = "_unlabeled"
"""FiftyOne's name, which our own reader takes for pictures without a class."""


def write(request: Request) -> Written:
    """Build beside the target and rename: it appears whole or not at all.

    Raises
    ------
    AdvisorError
        If the target lies in the pictures' folder, or a picture is not what was imported.
    """
    dataset, target = request.dataset, request.target
    if target.resolve().is_relative_to(dataset.root.resolve()):
        raise AdvisorError(
            expected="a folder outside the pictures' own", seen=f"{target}, inside {dataset.root}",
            todo="Name a folder elsewhere.",
        )  # fmt: skip
    places, notes = layout(dataset)
    if not places:
        raise AdvisorError(expected="pictures with a place in class folders", seen="none", todo="Use --format csv.")
    with _whole(target) as unfinished:
        for number, (image, place) in enumerate(places.items()):
            request.on_step("writing pictures", number, len(places))
            goal = unfinished / place
            goal.parent.mkdir(parents=True, exist_ok=True)
            data = _as_imported(dataset, image)
            if not request.links or not _linked(dataset.path(image), goal):
                with goal.open("xb") as file:
                    file.write(data)
                shutil.copystat(dataset.path(image), goal)
    request.on_step("writing pictures", len(places), len(places))
    if request.links:
        notes.append("The files are hard links where the disk allows: editing one in place edits the original")
    return Written(len(places), tuple(notes))


def layout(dataset: Dataset) -> tuple[dict[str, str], list[str]]:
    """A place for each picture by id, and what the layout cannot say."""
    labels = labels_of(dataset)
    names = folders(dataset.classes)
    splits = set(dataset.splits.tolist()) - {"production"}
    apart = splits != {"train"} or any(name.casefold() in SPLIT_NAMES for name in dataset.classes)
    inner = dataset.metadata.get("folder")
    wanted: dict[str, str] = {}
    left = 0
    for row, image in enumerate(dataset.ids.tolist()):
        split, label = str(dataset.splits[row]), labels[row]
        if split == "production":
            left += 1
            continue
        deeper = decode_id(str(inner[row])) if inner is not None else ""
        name = decode_id(image).rpartition("/")[2]
        parts = [split] if apart else []
        parts += [UNLABELLED if label is None else names[label], *([deeper] if _stays_inside(deeper) else []), name]
        wanted[image] = "/".join(parts)
    places = file_names(list(wanted), wanted)
    notes = [f"{name!a} is no name for a folder: written as {folder!a}"
             for name, folder in names.items() if folder != decode_id(name)]  # fmt: skip
    renamed = sum(places[image] != wanted[image] for image in wanted)
    if renamed:
        notes.append(f"{renamed} pictures shared a name within their class: a part of a hash was put behind it")
    if left:
        notes.append(f"{left} pictures of the split production were left out: this layout has no place for them")
    return places, notes


def _stays_inside(deeper: str) -> bool:
    """Whether a metadata text can be folders below a class."""
    parts = deeper.split("/")
    return bool(deeper) and "\0" not in deeper and not any(p in ("", "..") or p.startswith(".") for p in parts)


def _as_imported(dataset: Dataset, image: str) -> bytes:
    problem = "its content has changed"
    try:
        data = read_file(dataset.path(image), root=dataset.root_of(image), limits=LIMITS)
        if sha256(data).hexdigest() == dataset.sha256[dataset.index[image]]:
            return data
    except Unreadable as error:
        problem = error.reason
    raise AdvisorError(
        expected="pictures as they were at the import",
        seen=f"{image}: {problem}",
        todo="Import again, then export. Nothing was written.",
    )


def _linked(source: Path, goal: Path) -> bool:
    """A hard link to the file itself, also where the source is a symbolic link."""
    try:
        os.link(source.resolve(), goal)
    except OSError:  # another disk, or a file system without hard links
        return False
    return True


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder that gets its name when all is in it; what a killed run left under this name is removed first."""
    prefix = f".{target.name[:40]}.advisor-"
    for left in target.parent.glob(f"{_literal(prefix)}*{UNFINISHED}"):
        shutil.rmtree(left, ignore_errors=True)
    unfinished = target.parent / f"{prefix}{uuid4().hex}{UNFINISHED}"
    unfinished.mkdir()
    try:
        yield unfinished
        os.rename(unfinished, target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _literal(text: str) -> str:
    """A text in which ``glob`` sees no pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
