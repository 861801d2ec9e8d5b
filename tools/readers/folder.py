"""Folder per class: ``[train|val|valid|test/]class/[deeper/]image``; deeper folders are metadata, never the label."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.dataset import Skipped, encode_id
from tools.errors import UnreadableInput
from tools.paths import Walked, walk
from tools.readers.listing import SPLIT_NAMES, UNLABELLED_FOLDERS, Listed, Listing, class_name, not_a_picture

FOREIGN = {
    "data.yaml": "YOLO",
    "dataset.yaml": "YOLO",
    "instances.json": "COCO",
    "annotations.json": "COCO",
    "_annotations.coco.json": "COCO",
    "train.json": "COCO",
    "samples.json": "FiftyOne",
}
"""Files that give another format away; only asked when no two class folders hold pictures."""
SHOOT = re.compile(r"shoot-[1-9][0-9]*", re.IGNORECASE)
"""A folder of a photo shoot at the root: below it lie cells, ``shoot-3/apples--in-hands/``, whose class comes first."""
LAYOUT = "pictures in class folders, PATH/[train|val|test/]CLASS/picture.jpg"


def read_folder(path: Path) -> Listing:
    """List a folder of class folders; no picture is opened.

    If ``train``, ``val``, ``valid`` or ``test`` with class folders stands at the root, only those are taken and
    their siblings are skipped with that reason.

    Raises
    ------
    UnreadableInput
        If no class folder holds a picture, or another format or a wrapping folder is recognised.
    """
    root = path.resolve()
    seen = list(walk(root))
    split_folders = _split_folders(seen)
    images: list[Listed] = []
    skipped: list[Skipped] = []
    for item in seen:
        reason = item.reason or _misplaced(item.parts, split_folders) or not_a_picture(item.parts[-1])
        if reason:
            skipped.append(Skipped(item.id, reason))
        else:
            images.append(_listed(item, split_folders))
    _refuse_foreign(path, seen, images)
    if not images:
        raise _nothing(path, seen, skipped)
    _refuse_wrapper(path, images)
    if not any(image.metadata["folder"] for image in images):
        images = [Listed(image.id, image.label, image.split) for image in images]
    return Listing(root, tuple(sorted(images, key=lambda i: i.id)), tuple(skipped))


def _split_folders(seen: Sequence[Walked]) -> frozenset[str]:
    """Root folders that name a split and hold pictures in class folders (a class may be called ``test``, too)."""
    deep = {item.parts[0] for item in seen if not item.reason and len(item.parts) >= 3 and _picture(item)}
    return frozenset(name for name in deep if name.casefold() in SPLIT_NAMES)


def _picture(item: Walked) -> bool:
    return not not_a_picture(item.parts[-1])


def _misplaced(parts: tuple[str, ...], split_folders: frozenset[str]) -> str:
    """Why a file's place gives it no class; empty if it has one."""
    if shoot_class(parts):
        return ""
    if split_folders and parts[0] not in split_folders:
        if len(parts) == 1:
            return not_a_picture(parts[0]) or "lies at the root, outside every class folder"
        listed = ", ".join(f"{name}/" for name in sorted(split_folders))
        return f"stands beside {listed}, which alone are taken as the data set"
    if split_folders and len(parts) == 2:
        return not_a_picture(parts[1]) or f"lies directly in {encode_id(parts[0])}/, outside every class folder"
    if len(parts) == 1:
        return not_a_picture(parts[0]) or "lies at the root, outside every class folder"
    return ""


def shoot_class(parts: Sequence[str]) -> str:
    """The class that a cell of a photo shoot names; empty where a path is none of a shoot.

    >>> shoot_class(("shoot-3", "apples--in-hands", "1.jpg")), shoot_class(("apples", "1.jpg"))
    ('apples', '')
    """
    return parts[1].rpartition("--")[0] if len(parts) > 2 and SHOOT.fullmatch(parts[0]) else ""


def _listed(item: Walked, split_folders: frozenset[str]) -> Listed:
    parts = item.parts
    split = "train"
    if name := shoot_class(parts):
        return Listed(item.id, class_name(name), split, {"folder": encode_id("/".join(parts[:-1]))})
    if split_folders:
        split, parts = SPLIT_NAMES[parts[0].casefold()], parts[1:]
    label = None if parts[0].casefold() in UNLABELLED_FOLDERS else class_name(parts[0])
    return Listed(item.id, label, split, {"folder": encode_id("/".join(parts[1:-1]))})


def _refuse_foreign(path: Path, seen: Sequence[Walked], images: Sequence[Listed]) -> None:
    """Other formats keep pictures in ``images/`` or ``train2017/``, which are no classes."""
    classes = {image.label or "" for image in images}
    if len(classes) > 1 and not all(name.casefold().startswith(tuple(SPLIT_NAMES)) for name in classes):
        return
    foreign = next(_foreign(seen), "")
    if foreign:
        raise UnreadableInput(
            expected=LAYOUT,
            seen=f"what looks like {foreign} in {path}",
            todo="One class per picture works so far: give class folders, a CSV with filepath,label, or the manifest.",
        )


def _nothing(path: Path, seen: Sequence[Walked], skipped: Sequence[Skipped]) -> UnreadableInput:
    loose = [s.path for s in skipped if "outside every class folder" in s.reason]
    what = f"{len(seen)} files, none of them a picture in a class folder" if seen else "an empty folder"
    if loose:
        what = f"{len(loose)} pictures outside any class folder, e.g. {loose[0]}"
    return UnreadableInput(
        expected=LAYOUT,
        seen=f"{what}, in {path}",
        todo="Move each picture into a folder named after its class, or give a CSV with filepath,label.",
    )


def _foreign(seen: Sequence[Walked]) -> Iterator[str]:
    for item in seen:
        name = item.parts[-1].casefold()
        if name in FOREIGN:
            yield FOREIGN[name]
        elif name.startswith(("instances_", "annotations_")) and name.endswith(".json"):
            yield "COCO"
        elif name.endswith(".manifest"):
            yield "a Ground Truth manifest"
        elif name.endswith(".xml"):
            yield "Pascal VOC"


def _refuse_wrapper(path: Path, images: Sequence[Listed]) -> None:
    """An unpacked archive often wraps the data set in one more folder, which would become the only class."""
    inner = {str(image.metadata["folder"]).partition("/")[0].casefold() for image in images}
    classes = {image.label for image in images}
    if len(classes) == 1 and inner <= set(SPLIT_NAMES):
        wrapper = images[0].id.partition("/")[0]
        raise UnreadableInput(
            expected=LAYOUT,
            seen=f"one folder {wrapper}/ that holds {', '.join(sorted(inner))}",
            todo=f"Import {path / wrapper} instead.",
        )
