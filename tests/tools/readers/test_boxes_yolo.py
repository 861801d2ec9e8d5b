"""YOLO's labels: data.yaml and layouts, missing text files, hostile rows and YAML."""

from pathlib import Path

import pytest

from tests.tools.readers.boxes_drawn import picture, reasons, refusal, text, told
from tools.readers.boxes_choosing import is_boxes, read_boxes

ROW = "0 0.2 0.2 0.2 0.2\n"
ANT = ("ant", 10, 5, 20, 10)
YAML = "train: images/train\nval: images/val\nnames: [ant, bee]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for split in ("train", "val"):
        picture(tmp_path / f"images/{split}/{split[0]}.jpg")
        text(tmp_path / f"labels/{split}/{split[0]}.txt", ROW)
    text(tmp_path / "data.yaml", YAML)
    return tmp_path


def splits(path: Path) -> dict[str, str]:
    found = read_boxes(path)
    return dict(zip(found.ids.tolist(), found.splits.tolist(), strict=True))


BOTH = {"images/train/t.jpg": "train", "images/val/v.jpg": "val"}


def test_a_folder_and_its_yaml_read_alike_and_a_missing_text_file_means_no_objects(folder: Path) -> None:
    picture(folder / "images/train/empty.jpg")
    text(folder / "images/train/none.txt", "")
    picture(folder / "images/train/none.jpg")
    for path in (folder, folder / "data.yaml"):
        assert is_boxes(path)
        found = read_boxes(path)
        assert told(found) == [("images/train/t.jpg", *ANT), ("images/val/v.jpg", *ANT)]
        assert found.ids.tolist() == ["images/train/empty.jpg", "images/train/none.jpg", *BOTH]
        assert (found.classes, found.numbers.positions) == (("ant", "bee"), (0, 1))
        assert found.skipped == ()


@pytest.mark.parametrize(
    "plan",
    [
        "names:\n  0: ant\n  1: bee\n",
        "path: .\ntrain: ./images/train/\nval: [images/val]\ntest:\nnames: [ant, bee]\n",
        "train: ../images/train\nval: ../images/val\nnc: 2\nnames: ['ant', 'bee']\n",
        "train: /content/data/images/train\nvalid: /content/data/images/val\nnames: [ant, bee]\n",
        "train: train.txt\nval: images/val/v.jpg\nnames: [ant, bee]\n",
        "train: C:\\data\\images\\train\nval: D:/x/images/val\nnames: [ant, bee]\n",
    ],
)
def test_paths_of_the_yaml_are_found_by_their_ends(folder: Path, plan: str) -> None:
    text(folder / "data.yaml", plan)
    text(folder / "train.txt", "./images/train/t.jpg\n\n/elsewhere/images/train/none.jpg\n../../etc/passwd\n")
    assert splits(folder) == BOTH


def test_a_path_below_another_folder_and_a_root(folder: Path, tmp_path: Path) -> None:
    text(folder / "data.yaml", f"path: {folder.name}\n{YAML}")
    assert splits(folder) == BOTH
    assert read_boxes(folder / "data.yaml", folder.parent).ids.tolist() == [f"{folder.name}/{image}" for image in BOTH]


def test_pictures_outside_the_splits_and_labels_without_picture_are_told(folder: Path) -> None:
    picture(folder / "images/other/o.jpg")
    text(folder / "labels/train/gone.txt", ROW)
    text(folder / "data.yaml", YAML + "test: images/none\n")
    found = read_boxes(folder)
    assert "images/other/o.jpg: in none of the splits of data.yaml" in reasons(found)
    assert "labels/train/gone.txt: a label file without a picture" in reasons(found)
    assert "test: images/none, where data.yaml names pictures and none are: 1" in found.notes


@pytest.mark.parametrize(
    ("image", "label", "names"),
    [
        ("train/images/a.jpg", "train/labels/a.txt", "data.yaml"),
        ("images/a.jpg", "labels/a.txt", "classes.txt"),
        ("images/a.jpg", "labels/a.txt", "labels/classes.txt"),
        ("a.jpg", "a.txt", "classes.txt"),
        ("obj_train_data/a.png", "obj_train_data/a.txt", "obj.names"),
        ("images/images/a.jpg", "images/labels/a.txt", "data.yml"),
    ],
)
def test_other_layouts(tmp_path: Path, image: str, label: str, names: str) -> None:
    picture(tmp_path / image)
    text(tmp_path / label, ROW)
    text(tmp_path / names, "names: [ant, bee]" if names.endswith("ml") else "ant\n\nbee\n")
    if label != "a.txt":
        picture(tmp_path / "results.png")
    assert is_boxes(tmp_path)
    found = read_boxes(tmp_path)
    assert told(found) == [(image, *ANT)]
    assert found.ids.tolist() == [image]


def test_a_picture_in_two_splits_is_refused_by_name(folder: Path) -> None:
    text(folder / "data.yaml", "train: images/train\nval: images/train\nnames: [ant, bee]\n")
    assert "images/train/t.jpg in train (by data.yaml) and in val (by data.yaml)" in refusal(folder)


@pytest.mark.parametrize("row", ["2 0.2 0.2 0.2 0.2", "7.0 0.2 0.2 0.2 0.2"])
def test_a_class_without_a_name_is_refused_with_file_and_line(folder: Path, row: str) -> None:
    file = text(folder / "labels/train/t.txt", f"{ROW}\n{row}\n")
    message = refusal(folder)
    assert f"in line 3 of {file}" in message
    assert "from 0 to 1" in message


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0 0.5 0.5 0 0.1", "a side of 0 or less"),
        ("0 0.5 0.5 -0.005 0.1", "a side of 0 or less"),
        ("0 nan 0.5 0.1 0.1", "not finite"),
        ("0 1e999 0.5 0.1 0.1", "not finite"),
        ("0 half 0.5 0.1 0.1", "a number belongs"),
        ("0 50 20 10 10", "no fractions"),
        ("0 -0.5 0.5 0.1 0.1", "no fractions"),
        ("0 0.5 0.5 0.1", "4 columns instead of five"),
        ("0 0.5 0.5 0.1 0.1 0.9", "6 columns instead of five"),
        ("0", "1 columns instead of five"),
        ("ant 0.5 0.5 0.1 0.1", "the number of a class"),
        ("-1 0.5 0.5 0.1 0.1", "the number of a class"),
        ("0.5 0.5 0.5 0.1 0.1", "the number of a class"),
        ("٣ 0.5 0.5 0.1 0.1", "the number of a class"),
        (ROW, "kept once"),
    ],
)
def test_a_bad_row_is_left_out_with_its_reason(folder: Path, row: str, reason: str) -> None:
    text(folder / "labels/train/t.txt", ROW + row)
    found = read_boxes(folder)
    assert told(found) == [("images/train/t.jpg", *ANT), ("images/val/v.jpg", *ANT)]
    assert f"images/train/t.jpg: labels/train/t.txt, line 2: {reason}".split(": ")[1] in reasons(found)
    assert reason in reasons(found)


def test_boxes_are_fractions_of_the_upright_picture(folder: Path) -> None:
    picture(folder / "images/train/t.jpg", (50, 100), turn=6)
    assert ("images/train/t.jpg", *ANT) in told(read_boxes(folder))


def test_outlines_become_boxes_and_key_points_are_left(folder: Path) -> None:
    text(folder / "labels/train/t.txt", "0 0.1 0.1 0.3 0.1 0.2 0.3\n")
    found = read_boxes(folder)
    assert ("images/train/t.jpg", *ANT) in told(found)
    assert "outlines, taken as the box around them: 1" in found.notes
    text(folder / "labels/train/t.txt", ROW.strip() + " 0.1 0.1 2\n")
    text(folder / "data.yaml", YAML + "kpt_shape: [1, 3]\n")
    found = read_boxes(folder)
    assert ("images/train/t.jpg", *ANT) in told(found)
    assert "key points, which are not read: 1" in found.notes


def test_rounding_at_the_edge_is_clipped(folder: Path) -> None:
    text(folder / "labels/train/t.txt", "1 0.500001 0.5 1 1\n")
    found = read_boxes(folder)
    assert found.labels.corners.max() == 100
    assert "boxes that stuck out of their picture by at most a pixel, clipped: 1" in found.notes


def test_a_text_file_that_is_none_costs_its_picture_the_boxes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "labels/train/t.txt").write_bytes(b"\xff\xfa\x00")
    found = read_boxes(folder)
    assert "labels/train/t.txt: bytes that are no text" in reasons(found)
    text(folder / "labels/train/t.txt", ROW * 100)
    monkeypatch.setattr("tools.readers.boxes_yolo_rows.read_text.__defaults__", (100,))
    assert "more than 0.0001 MB" in reasons(read_boxes(folder))


@pytest.mark.parametrize(
    ("plan", "seen"),
    [
        ("names: [ant, ant]", "'ant' twice"),
        ("names: []", "none"),
        ("names: ant", "something else"),
        ("names: {0: ant, 2: bee}", "gaps"),
        ("names: {first: ant}", "'first' where the number"),
        ("names: {0: [ant]}", "a name that is no text"),
        ('names: ["", bee]', "empty text"),
        ("names: &a [ant, *a]", "something else"),
    ],
)
def test_senseless_names_are_refused(folder: Path, plan: str, seen: str) -> None:
    text(folder / "data.yaml", plan)
    assert seen in refusal(folder)


def test_words_that_yaml_gives_a_meaning_stay_names(folder: Path) -> None:
    text(folder / "data.yaml", YAML.replace("[ant, bee]", "[no, 1e3, 2020-01-01, ~]"))
    assert read_boxes(folder).classes == ("1e3", "2020-01-01", "no", "~")


@pytest.mark.parametrize(
    "content",
    ["names: [", "[" * 20_000, "names: !!python/object/apply:os.system [x", "- names", "", "\x00", "a: b\n" * 100_000],
)
def test_other_yaml_is_no_boxes(tmp_path: Path, content: str) -> None:
    file = text(tmp_path / "data.yaml", content)
    assert not is_boxes(file)
    assert not is_boxes(tmp_path)


def test_a_tag_in_the_yaml_runs_nothing(folder: Path) -> None:
    text(folder / "data.yaml", YAML + f"x: !!python/object/apply:os.mkdir [{folder / 'made'}]\n")
    assert splits(folder) == BOTH
    assert not (folder / "made").exists()


def test_class_folders_are_no_boxes(tmp_path: Path) -> None:
    picture(tmp_path / "ant/a.jpg")
    picture(tmp_path / "images/b.jpg")
    text(tmp_path / "classes.txt", "ant\nimages\n")
    assert not is_boxes(tmp_path)
