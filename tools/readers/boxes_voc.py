"""Pascal VOC's labels: an XML file per picture, with ``object/name`` and ``object/bndbox``.

Pixels are counted from 1 and ``xmax`` belongs to the box (VOC2007 development kit, section 4.1: "the upper left
pixel of the image is (1,1)"), so a box reaches from ``xmin - 1`` to ``xmax`` where pixels are counted from 0, as
Detectron2 reads it. Many tools count from 0 instead. Where any box of a data set begins at 0, which VOC does not
have, all of it is taken as it is written. A tool that counts from 0 and never wrote a 0 is not noticed: its boxes then
begin one pixel too early, above and at the left.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from tools.dataset import Skipped, encode_id
from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_gathered import Gathered, finite, split_of
from tools.readers.boxes_values import class_text
from tools.readers.boxes_xml import read_xml
from tools.readers.json_text import Malformed, storable
from tools.readers.listing import SPLIT_NAMES, class_name, ending, not_a_picture
from tools.readers.local_pictures import LocalPictures

ANNOTATIONS, PICTURES = ("annotations", "xmls"), ("jpegimages", "images")
LISTS = {"train": "train", "val": "val", "valid": "val", "test": "test"}
FLAGS = ("truncated", "occluded", "difficult")
YES = frozenset({"1", "1.0", "true", "yes"})
KNOWN = frozenset({"name", "bndbox", "pose", *FLAGS})
CORNERS = ("xmin", "ymin", "xmax", "ymax")
MOST_LIST = 100_000_000
"""Bytes of a list of pictures."""


@dataclass(frozen=True)
class Found:
    """One box as written."""

    image: str
    name: str
    corners: tuple[float, float, float, float]
    where: str
    flags: tuple[str, ...]


def is_voc(path: Path) -> bool:
    """Whether a folder, or one in it, holds ``Annotations`` with XML files beside a folder of pictures.

    Or, as LabelImg and Roboflow write them, XML files beside their pictures, there or in the folders of splits.
    """
    try:
        inner = [Path(entry.path) for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
        splits = [folder for folder in inner if folder.name.casefold() in SPLIT_NAMES]
        return any(map(_holds, (path, *inner))) or any(map(_beside, (path, *splits)))
    except OSError:
        return False


def _holds(path: Path) -> bool:
    with os.scandir(path) as entries:
        names = {e.name.casefold(): e.name for e in entries if e.name.casefold() in {*PICTURES, *ANNOTATIONS}}
    return any(name in names for name in PICTURES) and any(
        ending(file) == ".xml" for name in ANNOTATIONS if name in names for file in _names(path / names[name])
    )


def _beside(path: Path) -> bool:
    names = _names(path)
    stems = {name.rpartition(".")[0] for name in names if ending(name) == ".xml"}
    return bool(stems) and any(name.rpartition(".")[0] in stems for name in names if not not_a_picture(name))


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def read_voc(path: Path, root: Path | None = None) -> BoxSet:
    """Read a Pascal VOC folder, or several in one.

    Splits are those of ``ImageSets/Main/train.txt``, ``val.txt`` and ``test.txt``; else what folders are called; else
    ``train``. A file's picture is the one called like it, else the one that ``filename`` names. The flags
    ``truncated``, ``occluded`` and ``difficult`` are kept.

    Parameters
    ----------
    path : Path
    root : Path, optional
        A folder above all, that ids are to be relative to.

    Raises
    ------
    UnreadableInput
        For a picture in two splits, and where no box of a picture is left.
    """
    base = (root or path).resolve()
    there = LocalPictures(base, any_ending=True)
    gathered = Gathered(base, FLAGS)
    pictures = Pictures(there)
    splits = _lists(base, there)
    boxes: list[Found] = []
    spoilt: set[str] = set()
    unlisted = 0
    for item in there:
        if ending(item.parts[-1]) != ".xml":
            continue
        try:
            annotation = read_xml(base / item.relative)
            if annotation.tag != "annotation":
                raise Malformed("XML that is no annotation of Pascal VOC")
            written = annotation.findtext("filename") or ""
            image = pictures.of(item.parts, written)
            stated = _stated(annotation)
        except Malformed as reason:
            gathered.skipped.append(Skipped(item.id, str(reason)))
            with suppress(Malformed):
                spoilt.add(pictures.of(item.parts, ""))
            continue
        above = "/".join(_above(item.parts))
        split = splits.get((above, item.parts[-1].rpartition(".")[0]))
        if split is None:
            unlisted += any(folder == above for folder, _ in splits)
            split = split_of(image.rpartition("/")[0])
        if gathered.picture(image, split, item.id, stated) is not None:
            boxes += _boxes(annotation, image, item.id, gathered)
    if unlisted:
        gathered.unread["pictures that no list in ImageSets/Main names, put into a split by their folders"] = unlisted
    from_zero = any(0 in box.corners[:2] for box in boxes)
    if from_zero:
        gathered.unread["boxes that begin at 0, so that pixels were taken as counted from 0 and not from 1"] = sum(
            0 in box.corners[:2] for box in boxes
        )
    shift = 0 if from_zero else 1
    for box in boxes:
        x1, y1, x2, y2 = box.corners
        place = (x1 - shift, y1 - shift, x2 - x1 + shift, y2 - y1 + shift)
        gathered.box(box.image, box.name, place, box.where, box.flags)
    for item in there:
        if item.id not in gathered and not not_a_picture(item.parts[-1]):
            why = "its XML file cannot be used" if item.id in spoilt else "no XML file belongs to it"
            gathered.skipped.append(Skipped(item.id, why))
    gathered.skipped += [Skipped(item.id, item.reason) for item in there.refused]
    return gathered.finish(path)


def _above(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The folder that holds ``Annotations``, or the XML file itself."""
    folder = parts[:-1]
    names = [name.casefold() for name in folder]
    at = next((i for i in range(len(names) - 1, -1, -1) if names[i] in ANNOTATIONS), None)
    return folder if at is None else folder[:at]


class Pictures:
    """The picture that an XML file speaks of.

    Parameters
    ----------
    there : LocalPictures
        All files below the root.
    """

    def __init__(self, there: LocalPictures) -> None:
        self._by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._named: Counter[str] = Counter()
        self._there = there
        for item in there:
            name = item.parts[-1]
            if not not_a_picture(name):
                folder = "/".join(item.parts[:-1]).casefold()
                self._by_stem[folder, name.rpartition(".")[0]].append(item.id)
                self._named[name] += 1

    def of(self, parts: tuple[str, ...], written: str) -> str:
        """The id of the picture, for an XML file at ``parts`` whose ``filename`` is ``written``.

        Raises
        ------
        Malformed
            If there is none, or several.
        """
        above, inner = _above(parts), parts[len(_above(parts)) + 1 : -1]
        folders = [*((*above, name, *inner) for name in PICTURES), parts[:-1], above]
        name = written.strip().replace("\\", "/").rpartition("/")[2]
        for stem in dict.fromkeys((parts[-1].rpartition(".")[0], name.rpartition(".")[0] or name)):
            for folder in folders:
                found = self._by_stem.get(("/".join(folder).casefold(), stem), [])
                if len(found) > 1:
                    found = [image for image in found if image.rpartition("/")[2] == encode_id(name)]
                    if len(found) != 1:
                        raise Malformed("several pictures are called like it")
                if found:
                    return found[0]
        image = self._there.at(name, self._named)[0] if name and not not_a_picture(name) else ""
        if not image:
            raise Malformed(f"no picture {encode_id(class_text(name or parts[-1]))} for it below the folder")
        return image


def _lists(base: Path, there: LocalPictures) -> dict[tuple[str, str], str]:
    """Split of each picture by the folder that holds ``ImageSets``, and its name without ending."""
    out: dict[tuple[str, str], str] = {}
    for item in there:
        names = [name.casefold() for name in item.parts]
        stem, _, tail = names[-1].partition(".")
        if names[-3:-1] != ["imagesets", "main"] or tail != "txt" or stem not in LISTS:
            continue
        above, split = "/".join(item.parts[:-3]), LISTS[stem]
        for name in _listed(base / item.relative):
            if out.setdefault((above, name), split) != split:
                raise UnreadableInput(
                    expected="each picture in one split",
                    seen=f"{encode_id(name)} in {out[above, name]} and in {split}, by the lists in {base / above}",
                    todo="Leave it in one of them: a model is not to be tested on what it learned.",
                )
    return out


def _listed(path: Path) -> Iterator[str]:
    try:
        if path.stat().st_size > MOST_LIST:
            raise Malformed(f"more than {MOST_LIST // 1_000_000} MB")
        for line in path.read_text("utf-8-sig", errors="surrogateescape").splitlines():
            if words := line.split():
                yield words[0]
    except (OSError, Malformed) as error:
        raise UnreadableInput(
            expected=f"a list of pictures at {path}", seen=str(error), todo="Write one name a line."
        ) from None


def _stated(annotation: Element) -> tuple[int, int] | None:
    size = annotation.find("size")
    if size is None:
        return None
    width, height = finite(size.findtext("width") or ""), finite(size.findtext("height") or "")
    if width != int(width) or height != int(height):
        raise Malformed("a width or height that is no whole number")
    return int(width), int(height)


def _boxes(annotation: Element, image: str, xml: str, gathered: Gathered) -> Iterator[Found]:
    for position, item in enumerate(annotation.iterfind("object")):
        where = f"{xml}, object number {position + 1}"
        try:
            name = class_name(storable(item.findtext("name")))
            box = item.find("bndbox")
            if box is None:
                raise Malformed("no bndbox")
            x1, y1, x2, y2 = (finite((box.findtext(corner) or "").strip()) for corner in CORNERS)
            if x2 < x1 or y2 < y1:
                raise Malformed("corners in the wrong order, so a side of 0 or less")
        except Malformed as reason:
            gathered.bad_box(image, where, str(reason))
            continue
        for child in item:
            if child.tag not in KNOWN:
                gathered.unread[f"objects that also hold {encode_id(class_text(child.tag))}, which is not read"] += 1
        flags = tuple(flag for flag in FLAGS if (item.findtext(flag) or "").strip().casefold() in YES)
        yield Found(image, name, (x1, y1, x2, y2), where, flags)
