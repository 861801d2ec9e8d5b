"""Small data sets with boxes, written in each format."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_choosing import read_boxes

Drawn = Sequence[tuple[str, float, float, float, float]]
"""Class, x, y, width and height."""
ORIENTATION = 0x0112


def picture(path: Path, size: tuple[int, int] = (100, 50), turn: int = 1) -> Path:
    """A file of this size as stored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    Image.new("RGB", size, (90, 120, 60)).save(path, exif=exif)
    return path


def coco(
    path: Path, boxes: Mapping[str, Drawn], classes: Iterable[str] = ("ant", "bee"), size: tuple[int, int] = (100, 50)
) -> dict[str, Any]:
    """A label file with ids that leave gaps; returned to be changed and written again."""
    names = list(classes)
    images, annotations = [], []
    for number, (file, drawn) in enumerate(boxes.items()):
        images.append({"id": 10 * number + 7, "file_name": file, "width": size[0], "height": size[1]})
        annotations += [
            {"id": len(annotations) + i, "image_id": 10 * number + 7, "category_id": 3 * names.index(name) + 5,
             "bbox": [x, y, w, h], "area": w * h, "iscrowd": 0}
            for i, (name, x, y, w, h) in enumerate(drawn)
        ]  # fmt: skip
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 3 * i + 5, "name": name} for i, name in enumerate(names)],
    }
    write_json(path, document)
    return document


def write_json(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), "utf-8")
    return path


def voc(path: Path, file: str, objects: str, size: tuple[int, int] | None = (100, 50)) -> Path:
    """One XML file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>" if size else ""
    path.write_text(f"<annotation><filename>{file}</filename>{stated}{objects}</annotation>", "utf-8")
    return path


def thing(name: str, corners: Sequence[object], more: str = "") -> str:
    """An object of a VOC file."""
    names = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{key}>{value}</{key}>" for key, value in zip(names, corners, strict=True))
    return f"<object><name>{name}</name>{more}<bndbox>{box}</bndbox></object>"


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


def told(found: BoxSet) -> list[tuple[Any, ...]]:
    """Every box as picture, class and rounded place."""
    labels = found.labels
    return sorted(
        (str(found.ids[row]), found.classes[label], *(round(float(v), 3) for v in place))
        for row, label, place in zip(labels.pictures, labels.classes, labels.places, strict=True)
    )


def reasons(found: BoxSet) -> str:
    return "\n".join(f"{item.path}: {item.reason}" for item in found.skipped)


def refusal(path: Path, root: Path | None = None) -> str:
    with pytest.raises(UnreadableInput) as caught:
        read_boxes(path, root)
    assert caught.value.expected
    assert caught.value.todo
    return str(caught.value)
