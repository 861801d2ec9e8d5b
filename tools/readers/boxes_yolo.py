"""YOLO's labels: a text file per picture with rows ``class xc yc w h``, fractions of the upright picture.

Layouts: ``data.yaml`` with ``names``, ``train``, ``val`` and ``test``; ``images/train`` beside ``labels/train``;
``train/images`` beside ``train/labels``; text files beside their pictures, with ``classes.txt`` or ``obj.names``. A
picture without a text file shows none of the classes, as Ultralytics reads it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.dataset import Skipped, encode_id
from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_gathered import Gathered, Place, Size, split_of
from tools.readers.boxes_yolo_plan import Plan, read_plan
from tools.readers.boxes_yolo_rows import around, centred, class_number, fractions, read_lines, read_rows
from tools.readers.json_text import Malformed
from tools.readers.listing import not_a_picture
from tools.readers.local_pictures import LocalPictures

NO_LABELS = frozenset({"classes.txt", "train.txt", "val.txt", "valid.txt", "test.txt"})


def read_yolo(path: Path, root: Path | None = None) -> BoxSet:
    """Read a YOLO folder, or the one that a ``data.yaml`` lies in.

    Paths of ``data.yaml`` are looked for by their ends below the root, so that those of another machine and
    Roboflow's ``../train/images`` lead to the same folders. Rows of outlines (seven numbers or more) become the box
    around them.

    Parameters
    ----------
    path : Path
    root : Path, optional
        Where the pictures and labels lie, if not there.

    Raises
    ------
    UnreadableInput
        For class names that are missing or repeated, a class number without name (with file and line), a picture in
        two splits, and where no box of a picture is left.
    """
    folder = path if path.is_dir() else path.parent
    base = (root or folder).resolve()
    plan = read_plan(path)
    gathered = Gathered(base)
    there = LocalPictures(base, any_ending=True)
    images = {item.id: item.relative for item in there if not not_a_picture(item.parts[-1])}
    labels = _labels(there, images)
    used = set()
    for image, split in _splits(plan, base, there, images, labels, gathered):
        used.add(image)
        size = gathered.picture(image, split, encode_id(plan.path.name))
        if size is not None and image in labels:
            _rows(base, labels[image], image, size, plan, gathered)
    taken = {labels[image] for image in labels if image in used}
    for item in there:
        name = item.parts[-1]
        if item.id in images or item.relative in taken or not name.endswith(".txt") or name in NO_LABELS:
            continue
        if "labels" in item.parts[:-1]:
            gathered.skipped.append(Skipped(item.id, "a label file without a picture that is taken"))
    gathered.skipped += [Skipped(item.id, item.reason) for item in there.refused]
    return gathered.finish(path, plan.names, positions=plan.names)


def _labels(there: LocalPictures, images: Mapping[str, str]) -> dict[str, str]:
    """The path of each picture's label file, where there is one: ``images`` → ``labels``, else beside the picture."""
    out = {}
    for image, relative in images.items():
        parts = relative.split("/")
        file = f"{parts[-1].rpartition('.')[0]}.txt"
        folders = parts[:-1]
        ways = [(*folders, file)]
        if "images" in folders:
            at = len(folders) - 1 - folders[::-1].index("images")
            ways.insert(0, (*folders[:at], "labels", *folders[at + 1 :], file))
        found = next((way for way in map("/".join, ways) if there.exactly(way)), "")
        if found and found.rpartition("/")[2] not in NO_LABELS:
            out[image] = found
    return out


# -- which pictures, in which split


def _splits(
    plan: Plan, base: Path, there: LocalPictures, images: Mapping[str, str], labels: Mapping[str, str],
    gathered: Gathered,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    if not plan.splits:
        inside = any("labels" in label.split("/")[:-1] for label in labels.values())
        folders = {images[image].rpartition("/")[0] for image in labels}
        for image, relative in images.items():
            folder = relative.rpartition("/")[0]
            if "images" in folder.split("/") if inside else folder in folders:
                yield image, split_of(folder)
            else:
                gathered.skipped.append(Skipped(image, "lies outside the folders that have labels"))
        return
    by_folder: dict[str, list[str]] = {}
    for image, relative in images.items():
        parts = relative.split("/")[:-1]
        for length in range(len(parts) + 1):
            by_folder.setdefault("/".join(parts[:length]), []).append(image)
    listed = set()
    for split, written in plan.splits.items():
        for text in written:
            found = _under(text, base, there, images, by_folder)
            if not found:
                gathered.unread[
                    f"{split}: {encode_id(text[:80])}, where {plan.path.name} names pictures and none are"
                ] += 1
            for image in found:
                listed.add(image)
                yield image, split
    for image in images:
        if image not in listed:
            gathered.skipped.append(Skipped(image, f"in none of the splits of {encode_id(plan.path.name)}"))


def _under(
    text: str, base: Path, there: LocalPictures, images: Mapping[str, str], by_folder: Mapping[str, list[str]]
) -> list[str]:
    """Pictures that a path of ``data.yaml`` stands for: those of a folder, of a list of paths, or one."""
    for way in _ends(text):
        if way in by_folder:
            return by_folder[way]
        if way.endswith(".txt") and there.exactly(way):
            return [image for line in read_lines(base / way) if (image := _listed(line, images))]
        if encode_id(way) in images:
            return [encode_id(way)]
    return []


def _listed(line: str, images: Mapping[str, str]) -> str:
    return next((encode_id(way) for way in _ends(line) if encode_id(way) in images), "")


def _ends(text: str) -> Iterator[str]:
    """A path and its ends, the longest first, without '..': only ever compared with what was met below the root."""
    parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if not parts and text.strip():
        yield ""
    for start in range(len(parts)):
        yield "/".join(parts[start:])


# -- rows


def _rows(base: Path, label: str, image: str, size: Size, plan: Plan, gathered: Gathered) -> None:
    file = base / label
    try:
        rows = list(read_rows(file))
    except UnreadableInput as error:
        gathered.bad_box(image, encode_id(label), error.seen)
        return
    for line, cells in rows:
        where = f"{encode_id(label)}, line {line}"
        try:
            number = class_number(cells[0])
            if number is not None and number >= len(plan.names):
                raise UnreadableInput(
                    expected=f"class numbers from 0 to {len(plan.names) - 1}, as {plan.path} names {len(plan.names)}",
                    seen=f"{number} in line {line} of {file}",
                    todo="Add the class to the names, or mend the row.",
                )
            if number is None:
                raise Malformed("something else than the number of a class at its beginning")
            place = _place(cells[1:], size, plan, gathered)
        except Malformed as reason:
            gathered.bad_box(image, where, str(reason))
            continue
        gathered.box(image, plan.names[number], place, where)


def _place(cells: list[str], size: Size, plan: Plan, gathered: Gathered) -> Place:
    if plan.points and len(cells) > 4:
        gathered.unread["key points, which are not read"] += 1
        cells = cells[:4]
    if len(cells) >= 6 and len(cells) % 2 == 0:
        values = fractions(cells)
        gathered.unread["outlines, taken as the box around them"] += 1
        xs, ys = values[::2], values[1::2]
        return around(min(xs), min(ys), max(xs), max(ys), size)
    if len(cells) != 4:
        raise Malformed(f"{len(cells) + 1} columns instead of five: class, x and y of the centre, width, height")
    return centred(fractions(cells), size)
