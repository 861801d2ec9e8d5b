"""A detector's boxes laid onto labelled pictures: COCO results, text files, tables; what is left out and refused."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.tools.readers.boxes_drawn import coco, picture, text, thing, voc, write_json
from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_choosing import Detections, read_boxes, read_detections

RESULT: dict[str, Any] = {"image_id": 7, "category_id": 5, "bbox": [10, 5, 20, 10], "score": 0.75}
ANT = ("a.jpg", "ant", 10, 5, 20, 10, 0.75)


@pytest.fixture
def labels(tmp_path: Path) -> BoxSet:
    """Pictures 7 and 17 of classes 5 and 8."""
    picture(tmp_path / "a.jpg")
    picture(tmp_path / "b.jpg")
    coco(tmp_path / "l.json", {"a.jpg": [("ant", 1, 1, 5, 5)], "b.jpg": []})
    return read_boxes(tmp_path / "l.json")


@pytest.fixture
def yolo(tmp_path: Path) -> BoxSet:
    """Two pictures with numbers as names; class 0 is wasp and 1 ant."""
    root = tmp_path / "yolo"
    for stem in ("000012", "000013"):
        picture(root / f"images/val/{stem}.jpg")
        text(root / f"labels/val/{stem}.txt", "0 0.5 0.5 0.2 0.2\n1 0.2 0.2 0.2 0.2")
    text(root / "data.yaml", "val: images/val\nnames: [wasp, ant]\n")
    return read_boxes(root)


def told(found: Detections, labels: BoxSet) -> list[tuple[Any, ...]]:
    boxes = found.boxes
    return [
        (str(labels.ids[row]), labels.classes[label], *(round(float(v), 6) for v in (*place, score)))
        for row, label, place, score in zip(boxes.pictures, boxes.classes, boxes.places, boxes.scores, strict=True)
    ]


def results(tmp_path: Path, *items: object) -> Path:
    return write_json(tmp_path / "results.json", list(items))


def refused(path: Path, labels: BoxSet) -> str:
    with pytest.raises(UnreadableInput) as caught:
        read_detections(path, labels)
    assert caught.value.todo
    return str(caught.value)


# --- COCO results


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"image_id": "7"},
        {"image_id": 7.0},
        {"image_id": "a.jpg"},
        {"image_id": "a"},
        {"image_id": "./a.jpg"},
        {"image_id": 17, "file_name": "a.jpg"},
        {"category_id": "5"},
        {"category_id": "ant"},
        {"category_id": 99, "category_name": "ant"},
    ],
)
def test_results_name_pictures_and_classes_by_number_or_name(
    tmp_path: Path, labels: BoxSet, changes: dict[str, Any]
) -> None:
    found = read_detections(results(tmp_path, {**RESULT, **changes}), labels)
    assert told(found, labels) == [ANT]
    assert (found.notes, found.skipped) == ((), ())


def test_results_with_lists_of_their_own_are_read_by_names(tmp_path: Path, labels: BoxSet) -> None:
    document = {
        "images": [{"id": 17, "file_name": "a.jpg"}],
        "categories": [{"id": 8, "name": "ant"}],
        "annotations": [{**RESULT, "image_id": 17, "category_id": 8}],
    }
    assert told(read_detections(write_json(tmp_path / "r.json", document), labels), labels) == [ANT]


def test_order_repeats_clipping_and_fractions(tmp_path: Path, labels: BoxSet) -> None:
    path = results(tmp_path, {**RESULT, "image_id": 17, "bbox": [90, 40, 11, 30]}, RESULT, RESULT)
    found = read_detections(path, labels)
    assert told(found, labels) == [ANT, ANT, ("b.jpg", "ant", 90, 40, 10, 10, 0.75)]
    assert found.notes == ("boxes that stuck out of their picture further, clipped: 1",)
    found = read_detections(results(tmp_path, {**RESULT, "bbox": [0.1, 0.1, 0.2, 0.2]}), labels)
    assert told(found, labels) == [ANT]
    assert "fractions" in found.notes[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bbox": [10, 5, 0, 5]}, "a side of 0 or less"),
        ({"bbox": [10, 5, float("nan"), 5]}, "not finite"),
        ({"bbox": [200, 5, 5, 5]}, "wholly outside"),
        ({"bbox": None}, "four numbers"),
        ({"bbox": ["10", 5, 5, 5]}, "a number belongs"),
        ({"score": None}, "a number belongs"),
        ({"score": "0.5"}, "a number belongs"),
        ({"score": True}, "a number belongs"),
        ({"score": float("nan")}, "not finite"),
        ({"image_id": None}, "an id that is neither"),
        ({"category_id": True}, "an id that is neither"),
    ],
)
def test_a_bad_result_is_left_out_with_its_reason(
    tmp_path: Path, labels: BoxSet, changes: dict[str, Any], reason: str
) -> None:
    found = read_detections(results(tmp_path, RESULT, {**RESULT, **changes}, 5), labels)
    assert told(found, labels) == [ANT]
    assert [item.reason.partition(":")[0] for item in found.skipped] == ["result number 2", "result number 3"]
    assert reason in found.skipped[0].reason
    assert found.notes == ("boxes left out, listed with their reasons: 2",)


def test_unknown_pictures_and_classes_are_counted_and_refused_if_all_are(tmp_path: Path, labels: BoxSet) -> None:
    stranger, foreign = {**RESULT, "image_id": 8}, {**RESULT, "category_name": "wasp"}
    found = read_detections(results(tmp_path, RESULT, stranger, stranger, foreign), labels)
    assert told(found, labels) == [ANT]
    assert found.notes == (
        "boxes in 1 pictures that the labels lack, e.g. 8: 2",
        "boxes of wasp, which is none of the labelled classes: 1",
    )
    assert "in pictures that the labels lack, e.g. '8'" in refused(results(tmp_path, stranger), labels)
    assert "of classes that are not labelled, e.g. 'wasp'" in refused(results(tmp_path, foreign), labels)
    assert "Saw 0 boxes, in" in refused(results(tmp_path), labels)


def test_a_score_above_1_says_that_all_are_of_100(tmp_path: Path, labels: BoxSet) -> None:
    found = read_detections(results(tmp_path, {**RESULT, "score": 75}, {**RESULT, "score": 0.5}), labels)
    assert found.boxes.scores.tolist() == [0.75, 0.005]
    assert "percentages" in found.notes[0]
    found = read_detections(results(tmp_path, {**RESULT, "score": 1.0000001}), labels)
    assert (found.boxes.scores.tolist(), found.notes) == ([1.0], ())


@pytest.mark.parametrize("score", [-0.1, 100.5, 1e300])
def test_other_scores_are_refused(tmp_path: Path, labels: BoxSet, score: float) -> None:
    assert "in result number 2 of" in refused(results(tmp_path, RESULT, {**RESULT, "score": score}), labels)


@pytest.mark.parametrize("content", ["{}", "5", "[", '{"annotations": 5}', "[" * 100_000])
def test_other_json_is_refused(tmp_path: Path, labels: BoxSet, content: str) -> None:
    assert "Expected" in refused(text(tmp_path / "r.json", content), labels)


@pytest.mark.parametrize(
    ("numbers", "classes"), [((0, 1), ["wasp", "ant"]), ((1, 2), ["wasp", "ant"]), ((0,), ["wasp"]), ((2,), ["ant"])]
)
def test_results_for_yolo_labels_count_classes_from_0_or_from_1(
    tmp_path: Path, yolo: BoxSet, numbers: tuple[int, ...], classes: list[str]
) -> None:
    items = [{**RESULT, "image_id": 12, "category_id": number, "score": 0.9} for number in numbers]
    found = read_detections(results(tmp_path, *items), yolo)
    assert [row[:2] for row in told(found, yolo)] == [("images/val/000012.jpg", name) for name in classes]


@pytest.mark.parametrize("numbers", [(1,), (0, 2)])
def test_numbers_that_fit_both_or_neither_are_refused(tmp_path: Path, yolo: BoxSet, numbers: tuple[int, ...]) -> None:
    items = [{**RESULT, "image_id": 12, "category_id": number} for number in numbers]
    assert "fit both or neither" in refused(results(tmp_path, *items), yolo)
    named = [{**item, "category_name": "ant"} for item in items]
    assert len(read_detections(results(tmp_path, *named), yolo).boxes) == len(numbers)


# --- text files


ROW = "1 0.2 0.2 0.2 0.2 0.75\n"


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("000012.txt", ROW),
        ("labels/000012.txt", ROW),
        ("labels/val/000012.txt", ROW),
        ("12.txt", ROW),
        ("000012.txt", "1 0.2 0.2 0.2 0.2 0.75 4\n"),
        ("000012.txt", "1 0.1 0.1 0.3 0.1 0.2 0.3 0.75\n"),
    ],
)
def test_text_files_are_called_like_their_pictures(tmp_path: Path, yolo: BoxSet, file: str, row: str) -> None:
    text(tmp_path / "predict" / file, f"\n{row}")
    found = read_detections(tmp_path / "predict", yolo)
    assert told(found, yolo) == [("images/val/000012.jpg", *ANT[1:])]


def test_their_own_list_of_names_is_believed(tmp_path: Path, labels: BoxSet) -> None:
    text(tmp_path / "predict/a.txt", ROW + "0 0.2 0.2 0.2 0.2 0.5")
    assert "Put classes.txt into that folder" in refused(tmp_path / "predict", labels)
    text(tmp_path / "predict/classes.txt", "fly\nant\n")
    found = read_detections(tmp_path / "predict", labels)
    assert told(found, labels) == [ANT]
    assert found.notes == ("boxes of fly, which is none of the labelled classes: 1",)


def test_names_that_are_no_text_are_found_by_their_bytes(tmp_path: Path) -> None:
    root = tmp_path / "odd"
    name = os.fsdecode(b"caf\xe9 [x]\n*")
    picture(root / f"images/{name}.jpg")
    text(root / f"labels/{name}.txt", "0 0.5 0.5 0.2 0.2")
    text(root / "classes.txt", "ant")
    labels = read_boxes(root)
    assert labels.ids.tolist() == ["images/caf\\xe9 [x]\n*.jpg"]
    text(tmp_path / f"predict/{name}.txt", "0 0.5 0.5 0.2 0.2 0.5")
    assert len(read_detections(tmp_path / "predict", labels).boxes) == 1


def test_a_stem_that_several_pictures_share_is_no_name(tmp_path: Path) -> None:
    for folder in ("train", "val"):
        picture(tmp_path / f"images/{folder}/a.jpg")
        text(tmp_path / f"labels/{folder}/a.txt", "0 0.5 0.5 0.2 0.2")
    text(tmp_path / "classes.txt", "ant")
    labels = read_boxes(tmp_path)
    text(tmp_path / "predict/val/a.txt", "0 0.5 0.5 0.2 0.2 0.5")
    assert "that the labels lack" in refused(tmp_path / "predict", labels)
    (tmp_path / "predict/labels").mkdir()
    (tmp_path / "predict/val").rename(tmp_path / "predict/labels/val")
    assert read_detections(tmp_path / "predict", labels).boxes.pictures.tolist() == [1]


def test_hostile_rows_and_numbers_without_a_class(tmp_path: Path, yolo: BoxSet) -> None:
    file = text(tmp_path / "predict/000012.txt", ROW)
    for row, reason in (
        ("1 nan 0.2 0.2 0.2 0.5", "not finite"),
        ("1 0.2 0.2 0.2 0.2 high", "a number belongs"),
        ("1 30 20 10 10 0.5", "no fractions"),
        ("ant 0.2 0.2 0.2 0.2 0.5", "no row of class"),
        ("1 0.2", "no row of class"),
    ):
        text(file, f"{ROW}{row}\n")
        found = read_detections(tmp_path / "predict", yolo)
        assert len(found.boxes) == 1
        assert found.skipped[0].reason.startswith("000012.txt, line 2: ")
        assert reason in found.skipped[0].reason
    text(file, "1 0.2 0.2 0.2 0.2")
    assert "Predict again with save_txt and save_conf" in refused(tmp_path / "predict", yolo)
    text(file, "2 0.2 0.2 0.2 0.2 0.5")
    assert "2 in 000012.txt, line 1" in refused(tmp_path / "predict", yolo)
    file.unlink()
    text(tmp_path / "predict/77.txt", ROW)
    assert "that the labels lack, e.g. '77.txt'" in refused(tmp_path / "predict", yolo)


# --- tables


@pytest.mark.parametrize(
    "table",
    [
        "image,class,score,x,y,w,h\na.jpg,ant,0.75,10,5,20,10\n",
        "filename;label;confidence;xmin;ymin;xmax;ymax\na.jpg;ant;0.75;10;5;30;15\n",
        "Image\tName\tConf\tx1\ty1\tx2\ty2\na.jpg\tant\t0.75\t10\t5\t30\t15\n",
        "path,category_id,score,left,top,width,height\na,5,0.75,10,5,20,10\n",
        "image,class,score,xmin,ymin,xmax,ymax\na.jpg,ant,0.75,0.1,0.1,0.3,0.3\n",
    ],
)
def test_tables(tmp_path: Path, labels: BoxSet, table: str) -> None:
    assert told(read_detections(text(tmp_path / "d.csv", table), labels), labels) == [ANT]


def test_bad_rows_of_a_table(tmp_path: Path, labels: BoxSet) -> None:
    head = "image,class,score,xmin,ymin,xmax,ymax\n"
    good = "a.jpg,ant,0.75,10,5,30,15\n"
    for row, reason in (
        ("a.jpg,ant,0.75,30,5,10,15", "a side of 0 or less"),
        ("a.jpg,ant,0.75,ten,5,10,15", "a number belongs"),
        ("a.jpg,ant,,10,5,30,15", "a number belongs"),
        ("a.jpg,ant,nan,10,5,30,15", "not finite"),
        ("a.jpg,ant,0.5,10,inf,30,15", "not finite"),
    ):
        found = read_detections(text(tmp_path / "d.csv", head + good + row), labels)
        assert told(found, labels) == [ANT]
        assert found.skipped[0].reason.startswith("row 3: ")
        assert reason in found.skipped[0].reason
    found = read_detections(text(tmp_path / "d.csv", head + good + "z.jpg,ant,1,1,1,5,5\na.jpg,fly,1,1,1,5,5"), labels)
    assert len(found.notes) == 2
    assert "the columns image, class, score" in refused(
        text(tmp_path / "d.csv", "image,class,score\na.jpg,ant,1"), labels
    )


def test_voc_labels_take_results_by_name(tmp_path: Path) -> None:
    picture(tmp_path / "JPEGImages/a.jpg")
    voc(tmp_path / "Annotations/a.xml", "a.jpg", thing("ant", (1, 1, 5, 5)))
    labels = read_boxes(tmp_path)
    found = read_detections(results(tmp_path, {**RESULT, "image_id": "a", "category_id": "ant"}), labels)
    assert len(found.boxes) == 1
    assert "not labelled, e.g. '5'" in refused(results(tmp_path, {**RESULT, "image_id": "a"}), labels)


def test_other_files_are_refused(tmp_path: Path, labels: BoxSet) -> None:
    assert "is none of these" in refused(text(tmp_path / "d.txt", ROW), labels)
    assert "does not exist" in refused(tmp_path / "none.json", labels)
