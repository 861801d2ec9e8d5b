"""COCO's labels: layouts, checked sizes, hostile files and rows."""

from pathlib import Path
from typing import Any

import pytest

from tests.tools.readers.boxes_drawn import coco, picture, reasons, refusal, text, told, write_json
from tools.errors import UnreadableInput
from tools.readers.boxes_choosing import is_boxes, read_boxes

ONE = {"a.jpg": [("ant", 10, 5, 20, 10)]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    picture(tmp_path / "a.jpg")
    picture(tmp_path / "b.jpg")
    return tmp_path


def changed(folder: Path, **changes: Any) -> Path:
    """A file with one picture and one box, some keys of that box changed."""
    document = coco(folder / "l.json", ONE)
    document["annotations"].append({**document["annotations"][0], "id": 99, "bbox": [1, 1, 5, 5], **changes})
    return write_json(folder / "l.json", document)


def test_a_file_is_read_with_its_gaps_flags_and_empty_pictures(folder: Path) -> None:
    document = coco(folder / "l.json", {"a.jpg": [("ant", 10, 5, 20, 10), ("bee", 0, 0, 100, 50)], "b.jpg": []})
    document["annotations"][1] |= {"iscrowd": 1, "segmentation": {"counts": "x", "size": [1, 1]}}
    found = read_boxes(write_json(folder / "l.json", document))
    assert told(found) == [("a.jpg", "ant", 10, 5, 20, 10), ("a.jpg", "bee", 0, 0, 100, 50)]
    assert found.ids.tolist() == ["a.jpg", "b.jpg"]
    assert (found.widths[0], found.heights[0], found.splits[0], found.root) == (100, 50, "train", folder)
    assert found.labels.flag("crowd").tolist() == [False, True]
    assert found.notes == ("annotations that also hold segmentation, which is not read: 1",)
    assert found.numbers.pictures == {"7": 0, "17": 1}
    assert found.numbers.categories == {"5": 0, "8": 1}


def test_cvats_attributes_become_flags(folder: Path) -> None:
    found = read_boxes(changed(folder, attributes={"occluded": True, "rotation": 0.0}))
    assert found.labels.flag("occluded").tolist() == [False, True]


@pytest.mark.parametrize(
    ("labels", "pictures"),
    [
        ("annotations/instances_val2017.json", "val2017"),
        ("annotations/instances_val2017.json", "images/val2017"),
        ("annotations/val.json", "images"),
        ("valid/_annotations.coco.json", "valid"),
        ("valid.json", ""),
        ("labels.json", "images/val"),
        ("data/val/labels.json", "data/val"),
    ],
)
def test_usual_layouts_are_found_and_name_the_split(tmp_path: Path, labels: str, pictures: str) -> None:
    picture(tmp_path / pictures / "a.jpg")
    coco(tmp_path / labels, ONE)
    inner = tmp_path / "data" if labels.startswith("data") else tmp_path
    assert is_boxes(inner)
    found = read_boxes(inner)
    assert found.ids.tolist() == [(tmp_path / pictures / "a.jpg").relative_to(inner).as_posix()]
    assert found.splits.tolist() == ["val"]


def test_one_file_of_annotations_is_rooted_above_them(tmp_path: Path) -> None:
    picture(tmp_path / "val2017/a.jpg")
    coco(tmp_path / "annotations/instances_val2017.json", ONE)
    coco(tmp_path / "annotations/person_keypoints_val2017.json", ONE, ["person", "ant"])
    found = read_boxes(tmp_path / "annotations/instances_val2017.json")
    assert (found.root, found.ids.tolist()) == (tmp_path, ["val2017/a.jpg"])
    assert read_boxes(tmp_path).classes == ("ant", "bee")  # key points have a file of their own


def test_splits_may_number_alike_and_the_same_file_name_is_taken_beside_its_labels(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        picture(tmp_path / split / "a.jpg")
        coco(tmp_path / split / "_annotations.coco.json", ONE)
    found = read_boxes(tmp_path)
    assert dict(zip(found.ids.tolist(), found.splits.tolist(), strict=True)) == {
        "test/a.jpg": "test", "train/a.jpg": "train", "valid/a.jpg": "val",
    }  # fmt: skip
    assert found.numbers.pictures == {}  # 7 stands for three pictures
    assert found.numbers.categories == {"5": 0, "8": 1}
    picture(tmp_path / "test/b.jpg")
    coco(tmp_path / "test/_annotations.coco.json", {**ONE, "b.jpg": []}, ["bee", "ant"])
    found = read_boxes(tmp_path)
    assert found.numbers.pictures == {}  # 17 is sure, but results that hold it hold 7 as well
    assert found.numbers.categories == {}


def test_a_picture_in_two_splits_is_refused_by_name(folder: Path) -> None:
    coco(folder / "train.json", ONE)
    coco(folder / "test.json", ONE)
    assert "a.jpg in test (by test.json) and in train (by train.json)" in refusal(folder)


def test_roboflows_name_of_the_project_is_no_class(folder: Path) -> None:
    document = coco(folder / "l.json", ONE)
    for item in document["categories"]:
        item["supercategory"] = "insects"
    document["categories"].insert(0, {"id": 0, "name": "insects", "supercategory": "none"})
    assert read_boxes(write_json(folder / "l.json", document)).classes == ("ant", "bee")


def test_boxes_without_a_number_above_1_are_fractions(folder: Path) -> None:
    coco(folder / "l.json", {"a.jpg": [("ant", 0.1, 0.2, 0.5, 0.4), ("bee", 0, 0, 1, 1)]})
    document = coco(folder / "l.json", {"a.jpg": [("ant", 0.1, 0.2, 0.5, 0.4), ("bee", 0, 0, 1, 1)]})
    del document["annotations"][0]["area"], document["annotations"][0]["iscrowd"]
    document["annotations"].append({"id": 9, "image_id": 7, "category_id": 5})
    document["annotations"].append({"id": 10, "image_id": 7, "category_id": 5, "bbox": ["9", 0, 0, 0]})
    found = read_boxes(write_json(folder / "l.json", document))
    assert told(found) == [("a.jpg", "ant", 10, 10, 50, 20), ("a.jpg", "bee", 0, 0, 100, 50)]
    assert "annotations without a box, which are not read: 1" in found.notes
    assert any("fractions" in note for note in found.notes)


def test_names_without_an_ending_and_windows_paths_are_found(tmp_path: Path) -> None:
    picture(tmp_path / "images/0a1b.jpg").rename(tmp_path / "images/0a1b")
    picture(tmp_path / "images/sub/c.jpg")
    coco(tmp_path / "train.json", {"images/0a1b": [("ant", 1, 2, 3, 4)], "images\\sub\\c.jpg": []})
    assert read_boxes(tmp_path).ids.tolist() == ["images/0a1b", "images/sub/c.jpg"]


def test_a_root_elsewhere_is_where_pictures_are_looked_for(tmp_path: Path) -> None:
    picture(tmp_path / "pictures/deep/a.jpg")
    file = tmp_path / "labels/l.json"
    coco(file, ONE)
    found = read_boxes(file, tmp_path / "pictures")
    assert (found.root, found.ids.tolist()) == (tmp_path / "pictures", ["deep/a.jpg"])
    assert "a folder after --root" in refusal(file, tmp_path / "none")


# --- sizes


@pytest.mark.parametrize("stated", [(100, 50), (50, 100), (90, 45)])
def test_the_stated_size_must_be_that_of_the_upright_picture(folder: Path, stated: tuple[int, int]) -> None:
    picture(folder / "b.jpg", (50, 100), turn=6)  # stored standing, seen lying
    document = coco(folder / "l.json", {"a.jpg": [("ant", 1, 1, 5, 5)], "b.jpg": [("bee", 1, 1, 5, 5)]})
    document["images"][1] |= {"width": stated[0], "height": stated[1]}
    found = read_boxes(write_json(folder / "l.json", document))
    assert ("b.jpg" in found.ids.tolist()) == (stated == (100, 50))
    expected = {(50, 100): "before its EXIF rotation; upright it is 100 × 50", (90, 45): "the picture has 100 × 50"}
    assert expected.get(stated, "") in reasons(found)
    assert len(found.labels) == (2 if stated == (100, 50) else 1)


def test_no_stated_size_is_no_fault_and_a_senseless_one_is(folder: Path) -> None:
    document = coco(folder / "l.json", {"a.jpg": [("ant", 1, 1, 5, 5)], "b.jpg": []})
    del document["images"][0]["width"], document["images"][0]["height"]
    for wrong in ("100", True, None, 1.5):
        document["images"][1] |= {"width": wrong}
        found = read_boxes(write_json(folder / "l.json", document))
        assert found.ids.tolist() == ["a.jpg"]
        assert "picture number 2" in reasons(found)


def test_missing_unnamed_and_damaged_pictures_are_skipped_with_their_reasons(folder: Path) -> None:
    text(folder / "broken.jpg", "no picture")
    (folder / "out.jpg").symlink_to("/etc/hostname")
    coco(folder / "l.json", {name: [("ant", 1, 1, 5, 5)] for name in ("a.jpg", "none.jpg", "broken.jpg", "../a.jpg")})
    found = read_boxes(folder / "l.json")
    assert found.ids.tolist() == ["a.jpg"]
    for reason in (
        "none.jpg: named in l.json: no picture of that name",
        "broken.jpg: expected a JPEG",
        "../a.jpg: named in l.json: its path climbs",
        "b.jpg: none of the label files names it",
        "out.jpg: a link that leaves the folder",
    ):
        assert reason in reasons(found)


# --- boxes


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ([-1, 0, 10, 10], (0, 0, 9, 10)),
        ([95, 45, 6, 5.5], (95, 45, 5, 5)),
        ([-20, -20, 200, 200], (0, 0, 100, 50)),
    ],
)
def test_a_box_that_sticks_out_is_clipped_and_counted(folder: Path, box: list[float], place: tuple[float, ...]) -> None:
    found = read_boxes(changed(folder, bbox=box))
    assert ("a.jpg", "ant", *place) in told(found)
    assert sum("clipped: 1" in note for note in found.notes) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bbox": [100, 0, 5, 5]}, "wholly outside"),
        ({"bbox": [-9, 0, 5, 5]}, "wholly outside"),
        ({"bbox": [5, 5, 0, 5]}, "a side of 0 or less"),
        ({"bbox": [5, 5, 5, -5]}, "a side of 0 or less"),
        ({"bbox": [5, 5, float("nan"), 5]}, "not finite"),
        ({"bbox": [5, 5, float("inf"), 5]}, "not finite"),
        ({"bbox": [5, 5, 10**400, 5]}, "a number belongs"),
        ({"bbox": [1e308, 5, 1e308, 5]}, "not finite"),
        ({"bbox": [99.99999999999999, 5, 1e-300, 5]}, "too small"),
        ({"bbox": ["5", 5, 5, 5]}, "a number belongs"),
        ({"bbox": [True, 5, 5, 5]}, "a number belongs"),
        ({"bbox": [5, 5, 5]}, "four numbers"),
        ({"bbox": {"x": 5}}, "four numbers"),
        ({"category_id": 6}, "category 6, which the file does not list"),
        ({"category_id": None}, "an id that is neither"),
        ({"category_id": True}, "an id that is neither"),
        ({"image_id": 6}, "6, which the file does not list"),
        ({"image_id": [1]}, "an id that is neither"),
        ({"iscrowd": "yes"}, "iscrowd"),
        ({"bbox": [10, 5, 20, 10]}, "the same box of ant as one before; kept once"),
    ],
)
def test_a_bad_box_is_left_out_with_its_reason(folder: Path, changes: dict[str, Any], reason: str) -> None:
    found = read_boxes(changed(folder, **changes))
    assert told(found) == [("a.jpg", "ant", 10, 5, 20, 10)]
    assert reason in reasons(found)
    assert "annotation number 2" in reasons(found)
    assert any(note.endswith(": 1") for note in found.notes)


def test_the_same_place_with_another_class_stays(folder: Path) -> None:
    assert len(read_boxes(changed(folder, bbox=[10, 5, 20, 10], category_id=8)).labels) == 2


def test_rows_that_are_no_objects_are_left_out(folder: Path) -> None:
    document = coco(folder / "l.json", ONE)
    document["images"] += [5, {"id": 1}, {"id": "x", "file_name": "\0"}]
    document["annotations"] += [None, "text", []]
    found = read_boxes(write_json(folder / "l.json", document))
    assert len(found.labels) == 1
    assert reasons(found).count("something else than an object") == 4


# --- files that are refused whole


@pytest.mark.parametrize(
    ("category", "seen"),
    [
        ({"id": 9, "name": "ant"}, "the name of 'ant' twice"),
        ({"id": 5, "name": "wasp"}, "the id of 'wasp' twice"),
        ({"id": 9}, "empty text"),
        ({"id": True, "name": "wasp"}, "an id that is neither"),
        ({"id": 9, "name": "\ud800"}, "a character that is none"),
        (7, "something else than an object"),
    ],
)
def test_senseless_categories_are_refused(folder: Path, category: object, seen: str) -> None:
    document = coco(folder / "l.json", ONE)
    document["categories"].append(category)
    assert seen in refusal(write_json(folder / "l.json", document))


def test_an_image_id_twice_is_refused(folder: Path) -> None:
    document = coco(folder / "l.json", ONE)
    document["images"].append({"id": 7, "file_name": "b.jpg"})
    assert "'7' again for b.jpg" in refusal(write_json(folder / "l.json", document))


KEYS = '"images": [], "annotations": [], "categories": []'


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("{" + KEYS, "not JSON"),
        ("[{" + KEYS + "}]", "something else"),
        ('{"info": ' + "[" * 200_000 + "]" * 200_000 + ", " + KEYS + "}", "nested too deeply"),
        ('{"info": ' + "9" * 5000 + ", " + KEYS + "}", "a number that is too long"),
        ("{" + KEYS + "}", "0 pictures that can be used"),
    ],
)
def test_other_json_is_refused_with_its_reason(folder: Path, content: str, seen: str) -> None:
    assert seen in refusal(text(folder / "l.json", content))


def test_a_file_that_is_too_large_is_refused_unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coco(folder / "l.json", ONE)
    monkeypatch.setattr("tools.readers.json_text.LARGEST", 100)
    assert "more than" in refusal(folder / "l.json")


def test_other_json_is_no_boxes(tmp_path: Path) -> None:
    text(tmp_path / "a.json", '{"images": [], "annotations": []}')
    text(tmp_path / "b.json", "")
    text(tmp_path / "c.json", '["images", "annotations", "categories"]')
    assert not is_boxes(tmp_path)
    assert not any(is_boxes(file) for file in tmp_path.iterdir())
    with pytest.raises(UnreadableInput, match="is none of these"):
        read_boxes(tmp_path)
    with pytest.raises(UnreadableInput, match="does not exist"):
        read_boxes(tmp_path / "none")


def test_utf_16_with_a_mark_is_read(folder: Path) -> None:
    coco(folder / "l.json", ONE)
    (folder / "l.json").write_text((folder / "l.json").read_text("utf-8"), "utf-16")
    assert len(read_boxes(folder).labels) == 1
