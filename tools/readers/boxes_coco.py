"""COCO's object detection labels: JSON with ``images``, ``annotations`` and ``categories``, one file or one a split.

``bbox`` is x, y, width and height in pixels from the upper left corner, counted from 0. Files whose boxes hold no
number above 1 are in fractions of the picture, as Microsoft's export of Custom Vision writes them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.dataset import Skipped, encode_id
from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_coco_files import FOLDERS, KEYS, coco_files
from tools.readers.boxes_gathered import Gathered, Size, split_of
from tools.readers.boxes_values import class_text, in_shares, key_of, place_of, whole_size
from tools.readers.json_text import Malformed, read_json, storable
from tools.readers.listing import class_name, not_a_picture
from tools.readers.local_pictures import LocalPictures

READ = frozenset({"id", "image_id", "category_id", "bbox", "area", "iscrowd", "attributes"})
SAID = ("truncated", "occluded", "difficult")
"""Flags that CVAT writes among ``attributes``."""
WHERE = "Export the labels again as COCO (object detection), or mend the file."


@dataclass(frozen=True)
class File:
    """One label file.

    Attributes
    ----------
    path : Path
    inside : str
        Its path below the root, POSIX.
    document : mapping of str to list
    categories : mapping of str to str
        Name of the class by ``category_id``; without a group that Roboflow lists beside its classes.
    """

    path: Path
    inside: str
    document: Mapping[str, list[Any]]
    categories: Mapping[str, str]

    def error(self, *, expected: str, seen: str, todo: str = WHERE) -> UnreadableInput:
        """An error that names the file."""
        return UnreadableInput(expected=f"{expected} in {self.path}", seen=seen, todo=todo)


def read_coco(path: Path, root: Path | None = None) -> BoxSet:
    """Read a COCO label file, or all of a folder.

    A split is what the label file's name, its folder or the picture's folder is called; else ``train``.

    Parameters
    ----------
    path : Path
    root : Path, optional
        Where the pictures lie; the folder that is named, or that the label file (or its ``annotations/``) lies in.

    Raises
    ------
    UnreadableInput
        For JSON that is none, categories that are named twice or not at all, a picture in two splits, and where no
        box of a picture is left.
    """
    base = (root or _base(path)).resolve()
    files = [_file(file, base) for file in coco_files(path)]
    if not files:
        raise UnreadableInput(
            expected=f"a COCO label file, with the lists {', '.join(KEYS)}, at {path}", seen="none", todo=WHERE
        )
    named = Counter(
        _text(image.get("file_name")).rpartition("/")[2] for file in files for image in _mappings(file, "images")
    )
    gathered = Gathered(base, ("crowd",))
    pictures = LocalPictures(base, any_ending=any(not_a_picture(name) for name in named))
    ids: dict[str, str | None] = {}
    numbers: dict[str, str | None] = {}
    for file in files:
        for key, name in file.categories.items():
            numbers[key] = name if numbers.get(key, name) == name else None
        found = _pictures(file, pictures, named, gathered)
        for key, (image, _) in found.items():
            ids[key] = image if ids.get(key, image) == image else None
        _boxes(file, found, gathered)
    for item in pictures:
        if item.id not in gathered and not not_a_picture(item.parts[-1]):
            gathered.skipped.append(Skipped(item.id, "none of the label files names it"))
    gathered.skipped += [Skipped(item.id, item.reason) for item in pictures.refused]
    names = {name for file in files for name in file.categories.values()}
    return gathered.finish(path, names, pictures=_sure(ids), categories=_sure(numbers))


def _sure(numbered: Mapping[str, str | None]) -> dict[str, str]:
    """What numbers stand for; nothing at all where one stands for two, because results would be read half."""
    sure = {key: value for key, value in numbered.items() if value is not None}
    return sure if len(sure) == len(numbered) else {}


def _base(path: Path) -> Path:
    if path.is_dir():
        return path
    folder = path.resolve().parent
    return folder.parent if folder.name.casefold() in FOLDERS else folder


# -- one file


def _file(path: Path, base: Path) -> File:
    try:
        document = read_json(path, constants=True)
    except UnreadableInput as error:
        raise UnreadableInput(expected=error.expected, seen=error.seen, todo=WHERE) from None
    resolved = path.resolve()
    inside = resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else path.name
    if not isinstance(document, dict) or not all(isinstance(document.get(key), list) for key in KEYS):
        raise UnreadableInput(
            expected=f"one JSON object with the lists {', '.join(KEYS)} in {path}", seen="something else", todo=WHERE
        )
    bare = File(path, inside, document, {})
    return File(path, inside, document, _categories(bare))


def _mappings(file: File, key: str) -> list[dict[str, Any]]:
    return [item for item in file.document[key] if isinstance(item, dict)]


def _categories(file: File) -> dict[str, str]:
    used = {repr(item.get("category_id")) for item in _mappings(file, "annotations")}
    groups = {repr(item.get("supercategory")) for item in _mappings(file, "categories")}
    out: dict[str, str] = {}
    taken: set[str] = set()
    for position, item in enumerate(file.document["categories"]):
        try:
            if not isinstance(item, dict):
                raise Malformed("something else than an object")
            key, name = key_of(item.get("id")), class_name(storable(item.get("name")))
        except Malformed as reason:
            raise file.error(
                expected="categories with an id and a name", seen=f"{reason} in category number {position + 1}"
            ) from None
        if item.get("supercategory") == "none" and repr(name) in groups and repr(item.get("id")) not in used:
            continue  # Roboflow lists the project itself as a category of its own
        if key in out or name in taken:
            raise file.error(
                expected="each category once", seen=f"the {'id' if key in out else 'name'} of {name!r} twice",
                todo="Give each class one id and one name.",
            )  # fmt: skip
        out[key] = name
        taken.add(name)
    return out


def _text(value: object) -> str:
    return value.replace("\\", "/") if isinstance(value, str) else ""


def _pictures(
    file: File, pictures: LocalPictures, named: Counter[str], gathered: Gathered
) -> dict[str, tuple[str, Size | None]]:
    """Id and size of each picture by its ``image_id``; no size where it cannot be used."""
    out: dict[str, tuple[str, Size | None]] = {}
    for position, item in enumerate(file.document["images"]):
        where = f"{encode_id(file.inside)}: picture number {position + 1}"
        try:
            if not isinstance(item, dict):
                raise Malformed("something else than an object")
            key, name = key_of(item.get("id")), _text(storable(item.get("file_name")))
            stated = whole_size(item)
        except Malformed as reason:
            gathered.skipped.append(Skipped(where, str(reason)))
            continue
        if key in out:
            raise file.error(
                expected="each image id once", seen=f"{key!r} again for {encode_id(name)}",
                todo="Give each picture an id of its own.",
            )  # fmt: skip
        image, reason_ = _find(file, name, pictures, named)
        if not image:
            gathered.skipped.append(Skipped(encode_id(name), f"named in {encode_id(file.inside)}: {reason_}"))
            out[key] = ("", None)
            continue
        out[key] = image, gathered.picture(image, _split(file, image), encode_id(file.inside), stated)
    return out


def _find(file: File, name: str, pictures: LocalPictures, named: Counter[str]) -> tuple[str, str]:
    """The picture's id, or empty with the reason: beside the label file first, then wherever its path or name is."""
    if ".." in name.split("/"):
        return "", "its path climbs with '..'"
    name = "/".join(part for part in name.split("/") if part not in ("", "."))
    own = file.inside.split("/")[:-1]
    above = own[:-1] if own and own[-1].casefold() in FOLDERS else own
    stem = file.inside.rpartition("/")[2].partition(".")[0]
    for parts in dict.fromkeys(
        (*folder, *inner)
        for folder in (tuple(own), tuple(above))
        for inner in ((), ("images",), *(w for s in (stem.rpartition("_")[2], stem) for w in ((s,), ("images", s))))
    ):
        if image := pictures.exactly("/".join((*parts, name))):
            return image, ""
    return pictures.at(name, named)


def _split(file: File, image: str) -> str:
    return split_of(file.inside, image.rpartition("/")[0])


# -- its boxes


def _boxes(file: File, pictures: Mapping[str, tuple[str, Size | None]], gathered: Gathered) -> None:
    shares = in_shares(item.get("bbox") for item in _mappings(file, "annotations"))
    for position, item in enumerate(file.document["annotations"]):
        where = f"{encode_id(file.inside)}: annotation number {position + 1}"
        if not isinstance(item, dict):
            gathered.bad_box(where, "box", "something else than an object")
            continue
        try:
            key = key_of(item.get("image_id"))
        except Malformed as reason:
            gathered.bad_box(where, "image_id", str(reason))
            continue
        if key not in pictures:
            gathered.bad_box(where, "image_id", f"{encode_id(key[:40])}, which the file does not list")
            continue
        image, size = pictures[key]
        if size is not None:
            _box(file, item, image, size, where, shares, gathered)
    if shares:
        gathered.unread[f"{encode_id(file.inside)}: boxes taken as fractions, as none holds a number above 1"] = len(
            file.document["annotations"]
        )


def _box(
    file: File, item: Mapping[str, Any], image: str, size: Size, where: str, shares: bool, gathered: Gathered
) -> None:  # fmt: skip
    if item.get("bbox") is None or item.get("bbox") == []:
        gathered.unread["annotations without a box, which are not read"] += 1
        return
    try:
        category = key_of(item.get("category_id"))
        if category not in file.categories:
            raise Malformed(f"category {encode_id(category[:40])}, which the file does not list")
        x, y, width, height = place_of(item["bbox"], size, shares)
        crowd = item.get("iscrowd", 0)
        if crowd not in (0, 1, None):
            raise Malformed("iscrowd that is neither 0 nor 1")
    except Malformed as reason:
        gathered.bad_box(image, where, str(reason))
        return
    for key in item.keys() - READ:
        gathered.unread[f"annotations that also hold {encode_id(class_text(key))}, which is not read"] += 1
    said = item.get("attributes")
    flags = [flag for flag in SAID if isinstance(said, dict) and said.get(flag) is True]
    if flags:
        gathered.tells = (*dict.fromkeys((*gathered.tells, *flags)),)
    gathered.box(image, file.categories[category], (x, y, width, height), where, [*flags, *["crowd"] * bool(crowd)])
