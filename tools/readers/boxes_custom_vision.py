"""Azure Custom Vision's object detection: a folder of the service's answers with ``regions``, and the pictures.

Regions are fractions of the picture. What iterations found stands in ``performances-ITERATION.json``; see
``tools.readers.custom_vision`` for which file holds what.
"""

import mmap
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tools.dataset import Skipped, encode_id
from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_found import Found
from tools.readers.boxes_gathered import Gathered, Place, Size, number
from tools.readers.boxes_values import class_text, place_of, whole_size
from tools.readers.custom_vision import NEGATIVE, Dump, by_metadata, is_dump, read_dump, tag_name
from tools.readers.json_text import Malformed
from tools.readers.local_pictures import LocalPictures

REGIONS = re.compile(rb'"regions"\s*:\s*\[\s*\{')
SIDES = ("left", "top", "width", "height")


def is_box_dump(path: Path) -> bool:
    """Whether a folder holds Custom Vision's answers with a region; their text is searched, not parsed."""
    return path.is_dir() and is_dump(path) and any(_has_region(file) for file in sorted(path.glob("*.json")))


def _has_region(file: Path) -> bool:
    try:
        with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if text[:2] in (b"\xff\xfe", b"\xfe\xff"):  # PowerShell writes UTF-16
                return REGIONS.search(text[:].replace(b"\0", b"")) is not None
            return REGIONS.search(text) is not None
    except (OSError, ValueError):
        return False


def read_box_dump(path: Path, root: Path | None = None) -> BoxSet:
    """Read the regions of a dump. Pictures without region are left out, but for those of the tag type Negative.

    Parameters
    ----------
    path : Path
        The folder.
    root : Path, optional
        Where the pictures lie, if not there.

    Raises
    ------
    UnreadableInput
        For files that are damaged or contradict each other, and where no box of a picture is left.
    """
    dump = read_dump(path)
    gathered = Gathered((root or path).resolve())
    pictures = LocalPictures(gathered.root, any_ending=True)
    for key, document in dump.images.items():
        regions = document.get("regions") or []
        if not isinstance(regions, list) or not (regions or _negative(path, document, dump)):
            gathered.skipped.append(Skipped(encode_id(key), "no region in it, and no word that it shows nothing"))
            continue
        image, reason = _picture(key, document, pictures)
        if not image:
            gathered.skipped.append(Skipped(encode_id(key), reason))
            continue
        if image in gathered:
            gathered.skipped.append(Skipped(encode_id(key), f"the same file as {image}; taken once"))
            continue
        try:
            size = gathered.picture(image, "train", "the answers", whole_size(document), scaled=True)
        except Malformed as fault:
            gathered.skipped.append(Skipped(encode_id(key), str(fault)))
            continue
        for position, region in enumerate(regions if size is not None else []):
            where = f"{encode_id(key)}, region number {position + 1}"
            try:
                if not isinstance(region, dict):
                    raise Malformed("something else than an object")
                gathered.box(image, tag_name(path, region, dump.tags), _place(region, size or Size(1, 1)), where)
            except Malformed as fault:
                gathered.bad_box(image, where, str(fault))
    gathered.skipped += [Skipped(encode_id(key), "seen in production, without labels") for key in dump.stored]
    gathered.skipped += [Skipped(item.id, item.reason) for item in pictures.refused]
    return gathered.finish(path)


def results_from_dump(path: Path, found: Found) -> None:
    """Lay the boxes that the newest iteration with performances found onto pictures.

    Raises
    ------
    UnreadableInput
        If there are no performances.
    """
    dump = read_dump(path)
    if not dump.performances:
        raise UnreadableInput(
            expected=f"what an iteration found, in performances-ITERATION.json in {path}", seen="none",
            todo="Save the answer of GetImagePerformances there.",
        )  # fmt: skip
    iteration = max(dump.performances, key=partial(_trained, dump))
    if len(dump.performances) > 1:
        left = len(dump.performances) - 1
        found.notes.append(f"iterations whose boxes were left aside for those of {class_text(iteration)}: {left}")
    pictures = LocalPictures(found.boxset.root, any_ending=True)
    for key, document in dump.performances[iteration].items():
        image, _ = _picture(key, dump.images.get(key, document), pictures)
        given = document.get("predictions") or []
        for position, item in enumerate(given if isinstance(given, list) else []):
            where = f"{encode_id(key)}, prediction number {position + 1}"
            if not isinstance(item, dict) or not isinstance(item.get("boundingBox"), dict):
                found.bad(where, "no boundingBox")
                continue
            name = tag_name(path, item, dump.tags)
            found.add(
                where, found.named(image) if image else None, encode_id(key), found.classes.get(name), name,
                partial(_place, item["boundingBox"]), partial(number, item.get("probability")),
            )  # fmt: skip


def _trained(dump: Dump, called: str) -> tuple[str, str]:
    """When an iteration, by its id or its name, was trained."""
    by_name = {str(item.get("name")): key for key, item in dump.iterations.items()}
    key = by_name.get(called, called)
    return str(dump.iterations.get(key, {}).get("trainedAt") or ""), called


def _negative(path: Path, document: Mapping[str, Any], dump: Dump) -> bool:
    tags = document.get("tags") or []
    return any(tag_name(path, tag, dump.tags) == NEGATIVE for tag in tags if isinstance(tag, dict))


def _picture(key: str, document: Mapping[str, Any], pictures: LocalPictures) -> tuple[str, str]:
    image, reason = pictures.called(key)
    return (image, "") if image else by_metadata(document, pictures) or ("", reason)


def _place(region: Mapping[str, Any], size: Size) -> Place:
    return place_of([region.get(side) for side in SIDES], size, True)
