"""Pascal VOC's labels: pictures, lists, counting from 1, hostile XML; and real blood cells in three formats."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tools.readers.boxes_drawn import picture, reasons, refusal, text, thing, told, voc
from tools.dataset import decode_id
from tools.detection.boxes import BoxSet
from tools.readers.boxes_choosing import is_boxes, read_boxes
from tools.readers.boxes_voc import read_voc

ONE = thing("ant", (11, 6, 30, 15))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        picture(tmp_path / f"JPEGImages/{name}.jpg")
        voc(tmp_path / f"Annotations/{name}.xml", f"{name}.jpg", ONE)
    return tmp_path


def only_a(folder: Path, objects: str) -> BoxSet:
    (folder / "Annotations/b.xml").unlink()
    voc(folder / "Annotations/a.xml", "a.jpg", ONE + objects)
    return read_boxes(folder)


def test_a_folder_is_read_counted_from_1(folder: Path) -> None:
    assert is_boxes(folder)
    more = "<pose>Left</pose><truncated>1</truncated><occluded>0</occluded><difficult>1</difficult>"
    found = only_a(folder, thing("bee", (1, 1, 100, 50), more) + "<object><part/><part/></object>")
    assert told(found) == [
        ("a.jpg"[:0] + "JPEGImages/a.jpg", "ant", 10, 5, 20, 10),
        ("JPEGImages/a.jpg", "bee", 0, 0, 100, 50),
    ]
    assert {name: column.tolist() for name, column in found.labels.flags.items()} == {
        "truncated": [False, True], "occluded": [False, False], "difficult": [False, True],
    }  # fmt: skip
    assert found.splits.tolist() == ["train"]
    assert "JPEGImages/b.jpg: no XML file belongs to it" in reasons(found)


def test_a_box_at_0_says_that_pixels_are_counted_from_0(folder: Path) -> None:
    found = only_a(folder, thing("bee", (0, 4, 100, 50)))
    assert told(found) == [("JPEGImages/a.jpg", "ant", 11, 6, 19, 9), ("JPEGImages/a.jpg", "bee", 0, 4, 100, 46)]
    assert any("counted from 0" in note for note in found.notes)


def test_unknown_things_about_an_object_are_noted(folder: Path) -> None:
    found = only_a(folder, thing("bee", (1, 1, 9, 9), "<part><name>leg</name></part><colour>red</colour>"))
    assert found.notes == (
        "objects that also hold colour, which is not read: 1",
        "objects that also hold part, which is not read: 1",
    )


@pytest.mark.parametrize(
    ("xml", "file", "written"),
    [
        ("Annotations/a.xml", "JPEGImages/a.png", "another.png"),
        ("annotations/a.xml", "images/a.jpg", "a.jpg"),
        ("Annotations/sub/a.xml", "JPEGImages/sub/a.jpg", "a.jpg"),
        ("train/a.xml", "train/a.jpg", "a.jpg"),
        ("a.xml", "a.jpg", "a.jpg"),
        ("Annotations/0001.xml", "JPEGImages/a.jpg", "C:\\\\pictures\\\\a.jpg"),
        ("Annotations/0001.xml", "elsewhere/a.jpg", "a.jpg"),
        ("VOC2007/Annotations/a.xml", "VOC2007/JPEGImages/a.jpg", "a"),
    ],
)
def test_the_picture_is_the_one_called_like_the_file_or_named_in_it(
    tmp_path: Path, xml: str, file: str, written: str
) -> None:
    picture(tmp_path / file)
    voc(tmp_path / xml, written, ONE)
    assert is_boxes(tmp_path) == ("elsewhere" not in file and "sub" not in xml)
    assert read_voc(tmp_path).ids.tolist() == [file]


def test_lists_name_the_splits(folder: Path) -> None:
    text(folder / "ImageSets/Main/train.txt", "\ufeffa\n\n")
    text(folder / "ImageSets/Main/test.txt", "b 1\r\n")
    text(folder / "ImageSets/Main/trainval.txt", "a\nb\n")
    picture(folder / "JPEGImages/c.jpg")
    voc(folder / "Annotations/c.xml", "c.jpg", ONE)
    found = read_boxes(folder)
    assert found.splits.tolist() == ["train", "test", "train"]
    assert "pictures that no list in ImageSets/Main names, put into a split by their folders: 1" in found.notes
    text(folder / "ImageSets/Main/val.txt", "b\n")
    assert "b in test and in val" in refusal(folder)


def test_sizes_must_agree(folder: Path) -> None:
    picture(folder / "JPEGImages/a.jpg", (50, 100), turn=8)
    for size, reason in (((50, 100), "before its EXIF rotation"), ((0, 0), "say 0 × 0"), ((99, 50), "say 99 × 50")):
        voc(folder / "Annotations/a.xml", "a.jpg", ONE, size)
        found = read_boxes(folder)
        assert found.ids.tolist() == ["JPEGImages/b.jpg"]
        assert reason in reasons(found)
    for size_ in ((100, 50), None):
        voc(folder / "Annotations/a.xml", "a.jpg", ONE, size_)
        assert len(read_boxes(folder)) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (thing("bee", (9, 9, 5, 15)), "wrong order"),
        (thing("bee", ("nan", 9, 50, 15)), "not finite"),
        (thing("bee", ("1e999", 9, 50, 15)), "not finite"),
        (thing("bee", ("five", 9, 50, 15)), "a number belongs"),
        (thing("bee", ("", 9, 50, 15)), "a number belongs"),
        (thing("bee", (102, 9, 110, 15)), "wholly outside"),
        (thing("", (1, 1, 5, 5)), "empty text"),
        ("<object><name>bee</name></object>", "no bndbox"),
        ("<object/>", "empty text"),
        (ONE, "kept once"),
    ],
)
def test_a_bad_object_is_left_out_with_its_reason(folder: Path, bad: str, reason: str) -> None:
    found = only_a(folder, bad)
    assert told(found) == [("JPEGImages/a.jpg", "ant", 10, 5, 20, 10)]
    assert reason in reasons(found)
    assert "Annotations/a.xml, object number 2" in reasons(found)


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB + f"<annotation><filename>&c;</filename>{ONE}</annotation>", "a document type or entities"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "a document type or entities"),
        ("<annotation>" + "<a>" * 100_000, "nested too deeply"),
        ("<annotation><object></annotation>", "no XML (line 1: mismatched tag)"),
        ("", "no XML"),
        ('<?xml version="1.0" encoding="nonsense"?><annotation/>', "XML in an unknown encoding"),
        ("<svg/>", "XML that is no annotation of Pascal VOC"),
        (f"<annotation>{ONE}<size><width>x</width></size></annotation>", "something else where a number"),
    ],
)
def test_hostile_xml_is_skipped_with_its_reason(folder: Path, content: str, reason: str) -> None:
    text(folder / "Annotations/a.xml", content)
    found = read_boxes(folder)
    assert found.ids.tolist() == ["JPEGImages/b.jpg"]
    assert f"Annotations/a.xml: {reason}" in reasons(found)
    assert "JPEGImages/a.jpg: its XML file cannot be used" in reasons(found)


def test_a_large_file_and_one_without_picture_are_skipped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voc(folder / "Annotations/a.xml", "a.jpg", ONE * 100)
    voc(folder / "Annotations/c.xml", "../../c.jpg", ONE)
    monkeypatch.setattr("tools.readers.boxes_xml.LARGEST", 1000)
    found = read_boxes(folder)
    assert "Annotations/a.xml: more than" in reasons(found)
    assert "Annotations/c.xml: no picture c.jpg for it" in reasons(found)


def test_nothing_usable_is_refused_with_an_example(folder: Path) -> None:
    for name in ("a", "b"):
        voc(folder / f"Annotations/{name}.xml", f"{name}.jpg", thing("ant", (200, 200, 210, 210)))
    assert "no box in them; 2 left out, e.g. JPEGImages/a.jpg: Annotations/a.xml, object number 1: wholly" in refusal(
        folder
    )
    text(folder / "ImageSets/Main/train.txt", "x").chmod(0o600)
    (folder / "ImageSets/Main/train.txt").write_bytes(b"\xff\xfe\x00")
    assert "no box in them" in refusal(folder)


# --- real blood cells


@pytest.fixture(scope="module")
def cells(shared_data: Path) -> BoxSet:
    return read_boxes(shared_data / "bccd/BCCD")


@pytest.mark.real
def test_blood_cells_are_read_whole(cells: BoxSet) -> None:
    assert (len(cells), cells.classes, len(cells.labels)) == (364, ("Platelets", "RBC", "WBC"), 4888)
    assert np.bincount(cells.labels.classes).tolist() == [361, 4155, 372]
    assert Counter(cells.splits.tolist()) == {"train": 205, "val": 87, "test": 72}
    assert (cells.skipped, cells.notes) == ((), ())


@pytest.mark.real
def test_coco_and_yolo_made_of_them_give_the_same_boxes(cells: BoxSet, tmp_path: Path) -> None:
    as_coco, as_yolo = tmp_path / "coco", tmp_path / "yolo"
    for split in ("train", "val", "test"):
        rows = np.flatnonzero(cells.splits == split)
        images, annotations = [], []
        for row in rows:
            file = cells.root / decode_id(str(cells.ids[row]))
            width, height = int(cells.widths[row]), int(cells.heights[row])
            for place in (as_coco / split / file.name, as_yolo / "images" / split / file.name):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.read_bytes())
            images.append({"id": int(row), "file_name": file.name, "width": width, "height": height})
            lines = []
            for box in np.flatnonzero(cells.labels.pictures == row):
                x, y, w, h = cells.labels.places[box].tolist()
                label = int(cells.labels.classes[box])
                annotations.append({"id": int(box), "image_id": int(row), "category_id": label, "bbox": [x, y, w, h]})
                of = (x + w / 2) / width, (y + h / 2) / height, w / width, h / height
                lines.append(" ".join([str(label), *(f"{value:.6f}" for value in of)]))
            text(as_yolo / "labels" / split / f"{file.stem}.txt", "\n".join(lines))
        categories = [{"id": i, "name": name} for i, name in enumerate(cells.classes)]
        document = {"images": images, "annotations": annotations, "categories": categories}
        text(as_coco / split / "_annotations.coco.json", json.dumps(document))
    names = "\n".join(f"  {i}: {name}" for i, name in enumerate(cells.classes))
    text(as_yolo / "data.yaml", f"train: images/train\nval: images/val\ntest: images/test\nnames:\n{names}\n")
    expected = keyed(cells)
    for made in (read_boxes(as_coco), read_boxes(as_yolo)):
        assert (len(made), made.classes, made.skipped) == (364, cells.classes, ())
        got = keyed(made)
        assert got.keys() == expected.keys()
        for name, (split, boxes) in expected.items():
            assert got[name][0] == split
            np.testing.assert_allclose(got[name][1], boxes, atol=1e-3)


def keyed(found: BoxSet) -> dict[str, tuple[str, NDArray[np.float64]]]:
    """Split and sorted boxes by file name."""
    both = np.hstack([found.labels.classes[:, None], found.labels.places])
    out = {}
    for row, (image, split) in enumerate(zip(found.ids.tolist(), found.splits.tolist(), strict=True)):
        boxes = both[found.labels.pictures == row].round(2)
        out[image.rpartition("/")[2]] = split, boxes[np.lexsort(boxes.T)]
    return out
