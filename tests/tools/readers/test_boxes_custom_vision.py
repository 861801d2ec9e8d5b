"""Custom Vision's regions, and the boxes that iterations found."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.readers.boxes_drawn import picture, reasons, refusal, text, told
from tools.errors import UnreadableInput
from tools.readers.boxes_choosing import is_boxes, read_boxes, read_detections

PLACE = {"left": 0.1, "top": 0.1, "width": 0.2, "height": 0.2}
ANT = ("a1.jpg", "Ant", 10, 5, 20, 10)


def region(tag: str = "t1", **more: Any) -> dict[str, Any]:
    return {"regionId": "r", "tagId": tag, "tagName": f"old {tag}", **PLACE, **more}


def image(key: str, *regions: object, tags: object = (), **more: Any) -> dict[str, Any]:
    named = [{"tagId": tag} for tag in tags]  # type: ignore[attr-defined]
    size = {"width": 100, "height": 50}
    return {"id": key, "originalImageUri": "https://x", "tags": named, "regions": list(regions), **size, **more}


def save(path: Path, document: object) -> Path:
    return text(path, json.dumps(document))


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    for name in ("a1.jpg", "n1.jpg", "u1.jpg", "p1.jpg"):
        picture(tmp_path / name)
    save(
        tmp_path / "images.json",
        [image("a1", region()), image("n1", tags=["t3"]), image("u1"), image("gone", region())],
    )
    tags = [
        {"id": "t1", "name": "Ant", "type": "Regular", "imageCount": 1},
        {"id": "t3", "name": "none", "type": "Negative", "imageCount": 1},
    ]
    save(tmp_path / "tags.json", tags)
    save(tmp_path / "stored.json", [{"id": "p1", "iteration": "i1", "predictions": []}])
    return tmp_path


def test_regions_are_fractions_and_only_told_pictures_are_taken(dump: Path) -> None:
    assert is_boxes(dump)
    found = read_boxes(dump)
    assert told(found) == [ANT]
    assert found.ids.tolist() == ["a1.jpg", "n1.jpg"]
    for reason in ("u1: no region in it", "gone: no picture of that name", "p1: seen in production"):
        assert reason in reasons(found)


def test_a_dump_of_classes_is_no_boxes(dump: Path) -> None:
    save(dump / "images.json", [image("a1", tags=["t1"])])
    assert not is_boxes(dump)


def test_utf_16_is_read(dump: Path) -> None:
    (dump / "images.json").write_text((dump / "images.json").read_text("utf-8"), "utf-16")
    assert told(read_boxes(dump)) == [ANT]


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ({"width": 200, "height": 100}, ""),
        ({"width": 33, "height": 17}, ""),
        ({"width": None, "height": None}, ""),
        ({"width": 50, "height": 100}, "before its EXIF rotation"),
        ({"width": 90, "height": 90}, "the picture has 100 × 50"),
        ({"width": "100"}, "a number belongs"),
    ],
)
def test_another_size_of_the_same_shape_will_do(dump: Path, size: dict[str, Any], reason: str) -> None:
    picture(dump / "a1.jpg", (50, 100), turn=6)
    picture(dump / "b1.jpg")
    save(dump / "images.json", [image("a1", region(), **size), image("b1", region())])
    found = read_boxes(dump)
    assert ("a1.jpg" in found.ids.tolist()) == (not reason)
    assert reason in reasons(found)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (region(left="0.1"), "a number belongs"),
        (region(left=None), "a number belongs"),
        (region(width=0), "a side of 0 or less"),
        (region(left=2), "wholly outside"),
        (5, "something else than an object"),
        (region(), "kept once"),
    ],
)
def test_a_bad_region_is_left_out_with_its_reason(dump: Path, bad: object, reason: str) -> None:
    save(dump / "images.json", [image("a1", region(), bad)])
    found = read_boxes(dump)
    assert told(found) == [ANT]
    assert "a1, region number 2: " in reasons(found)
    assert reason in reasons(found)


def test_no_name_and_no_picture_are_refused(dump: Path) -> None:
    save(dump / "images.json", [image("a1", {**region("t9"), "tagName": ""})])
    assert "names of tags" in refusal(dump)
    save(dump / "images.json", [image("gone", region())])
    assert "no picture of that name" in refusal(dump)


def said(key: str, *rows: object) -> list[dict[str, Any]]:
    return [{"id": key, "predictions": list(rows)}]


def row(**more: Any) -> dict[str, Any]:
    return {"tagId": "t1", "tagName": "x", "probability": 0.75, "boundingBox": PLACE, **more}


def test_the_newest_iterations_boxes_are_taken(dump: Path) -> None:
    labels = read_boxes(dump)
    with pytest.raises(UnreadableInput, match="performances-ITERATION"):
        read_detections(dump, labels)
    iterations = [
        {"id": "i1", "name": "First", "trainedAt": "2026-01"},
        {"id": "i2", "name": "Later", "trainedAt": "2026-02"},
    ]
    save(dump / "iterations.json", iterations)
    save(dump / "performances-Later.json", said("a1", row(), row(boundingBox=None), row(probability="1")))
    save(dump / "performances-i1.json", said("a1", row(probability=0.1)))
    found = read_detections(dump, labels)
    assert found.boxes.places.tolist() == [[10, 5, 20, 10]]
    assert found.boxes.scores.tolist() == [0.75]
    assert found.notes[0] == "iterations whose boxes were left aside for those of Later: 1"
    assert [item.reason for item in found.skipped] == [
        "a1, prediction number 2: no boundingBox",
        "a1, prediction number 3: something else where a number belongs",
    ]
