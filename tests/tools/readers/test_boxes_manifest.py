"""Manifests with boxes, and the predicted boxes of evaluation snapshots."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.readers.boxes_drawn import picture, reasons, refusal, text, told
from tools.errors import UnreadableInput
from tools.readers.boxes_choosing import is_boxes, read_boxes, read_detections

KIND = "groundtruth/object-detection"
BOX = {"class_id": 1, "left": 10, "top": 5, "width": 20, "height": 10}


def job(key: str, *boxes: object, size: object = None, objects: object = None, names: object = None) -> dict[str, Any]:
    return {
        key: {"image_size": size or [{"width": 100, "height": 50, "depth": 3}], "annotations": list(boxes)},
        f"{key}-metadata": {
            "objects": objects or [{"confidence": 0.75} for _ in boxes],
            "class-map": names or {"0": "bee", "1": "ant"},
            "type": KIND,
            "human-annotated": "yes",
        },
    }


def line(ref: str, *jobs: dict[str, Any]) -> str:
    out: dict[str, Any] = {"source-ref": ref}
    for item in jobs:
        out |= item
    return json.dumps(out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "sub/b.jpg", "c.jpg"):
        picture(tmp_path / name)
    return tmp_path


def manifest(folder: Path, *lines: str, name: str = "m.manifest") -> Path:
    return text(folder / name, "\n".join(lines))


LABELS = "bounding-box"


def test_a_manifest_is_read_with_its_empty_pictures(folder: Path) -> None:
    path = manifest(
        folder,
        line("s3://bucket/a.jpg", job(LABELS, BOX, {**BOX, "class_id": 0, "left": 0})),
        line("s3://bucket/some/sub/b.jpg", job(LABELS)),
    )
    for way in (path, folder):
        assert is_boxes(way)
        found = read_boxes(way)
        assert told(found) == [("a.jpg", "ant", 10, 5, 20, 10), ("a.jpg", "bee", 0, 5, 20, 10)]
        assert found.ids.tolist() == ["a.jpg", "sub/b.jpg"]
        assert "c.jpg: none of the manifests names it" in reasons(found)


def test_names_of_manifests_tell_the_split_and_two_are_refused(folder: Path) -> None:
    manifest(folder, line("a.jpg", job(LABELS, BOX)), name="train.manifest")
    manifest(folder, line("sub/b.jpg", job(LABELS, BOX)), name="my-test.manifest")
    assert read_boxes(folder).splits.tolist() == ["train", "test"]
    manifest(folder, line("a.jpg", job(LABELS, BOX)), name="my-test.manifest")
    assert "a.jpg in test (by my-test.manifest) and in train" in refusal(folder)


SNAPSHOT = "rekognition-custom-labels-evaluation-0"


def snapshot(folder: Path, *said: object, objects: object = None) -> Path:
    trained = job("rekognition-custom-labels-training-0", BOX)
    return manifest(
        folder,
        line("s3://b/a.jpg", job(LABELS, {**BOX, "left": 50}), trained, job(SNAPSHOT, *said, objects=objects)),
        line("s3://b/c.jpg", trained),
    )


def test_a_snapshot_gives_the_labels_of_training_and_the_detections(folder: Path) -> None:
    below = {"confidence": 0.25, "rekognition-custom-labels-evaluation-details": {"is-false-negative": True}}
    path = snapshot(folder, {**BOX, "left": 12}, {**BOX, "class_id": 0}, objects=[{"confidence": 0.75}, below])
    labels = read_boxes(path)
    assert told(labels) == [("a.jpg", "ant", 10, 5, 20, 10), ("c.jpg", "ant", 10, 5, 20, 10)]
    assert labels.splits.tolist() == ["test", "train"]
    with pytest.raises(UnreadableInput, match=r"of classes that are not labelled|boxes in pictures"):
        read_detections(manifest(folder, line("x.jpg", job(SNAPSHOT, BOX)), name="x.manifest"), labels)
    found = read_detections(path, labels)
    assert found.boxes.places.tolist() == [[12, 5, 20, 10]]
    assert found.boxes.scores.tolist() == [0.75]
    assert found.notes == ("boxes of bee, which is none of the labelled classes: 1",)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ({**BOX, "class_id": 7}, "class 7, which the class-map does not list"),
        ({**BOX, "class_id": None}, "an id that is neither"),
        ({**BOX, "left": "10"}, "something else where a number belongs"),
        ({**BOX, "left": True}, "something else where a number belongs"),
        ({**BOX, "width": 0}, "a side of 0 or less"),
        ({**BOX, "left": 500}, "wholly outside"),
        ("box", "something else than an object"),
    ],
)
def test_a_bad_box_is_left_out_among_labels_and_detections(folder: Path, box: object, reason: str) -> None:
    found = read_boxes(manifest(folder, line("a.jpg", job(LABELS, BOX, box))))
    assert told(found) == [("a.jpg", "ant", 10, 5, 20, 10)]
    assert f"m.manifest:1, box number 2: {reason}" in reasons(found)
    said = read_detections(snapshot(folder, BOX, box), found)
    assert len(said.boxes) == 1
    assert reason in said.skipped[0].reason


def test_a_missing_confidence_is_no_score(folder: Path) -> None:
    path = snapshot(folder, BOX, BOX, objects=[{"confidence": 75}])
    found = read_detections(path, read_boxes(path))
    assert found.boxes.scores.tolist() == [0.75]
    assert "percentages" in found.notes[0]
    assert "a number belongs" in found.skipped[0].reason


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "not JSON"),
        ('{"a": 1}', 'no JSON object with "source-ref"'),
        ('{"source-ref": "a.jpg", "b-metadata": 5}', "metadata that is no JSON object"),
        (json.dumps({"source-ref": "a.jpg", "b": 5, "b-metadata": {"type": KIND}}), 'without the list "annotations"'),
        (line("../a.jpg", job(LABELS, BOX)), "climbs"),
        (line("https://x/a.jpg", job(LABELS, BOX)), "neither s3:// nor a path"),
        (line("a.jpg", job(LABELS, BOX, names=["ant"])), "of another kind"),
        (line("a.jpg", job(LABELS, BOX, size=["5"])), "of another kind"),
        (line("a.jpg", job(LABELS, BOX, size=[{"width": "5"}])), "a number belongs"),
    ],
)
def test_bad_lines_are_told_and_too_many_refused(folder: Path, bad: str, reason: str) -> None:
    good = [line("c.jpg", job(LABELS, BOX))] * 5
    found = read_boxes(manifest(folder, *good, bad))
    assert found.ids.tolist() == ["c.jpg"]
    assert reason in reasons(found)
    assert "m.manifest:6: a bad line: " in reasons(found)
    assert "2 bad lines of 3, more than 20%" in refusal(manifest(folder, good[0], bad, bad))


def test_sizes_missing_pictures_and_other_kinds(folder: Path) -> None:
    other = {"x": 1, "x-metadata": {"type": "groundtruth/image-classification", "class-name": "x"}}
    found = read_boxes(
        manifest(
            folder,
            line("a.jpg", job(LABELS, BOX), other),
            line("sub/b.jpg", job(LABELS, BOX, size=[{"width": 50, "height": 100}])),
            line("none.jpg", job(LABELS, BOX)),
            line("c.jpg", other),
        )
    )
    assert found.ids.tolist() == ["a.jpg"]
    assert "sub/b.jpg: the labels say 50 × 100 pixels, the picture has 100 × 50" in reasons(found)
    assert "m.manifest:3: no picture of that name" in reasons(found)
    assert "m.manifest:4: no boxes" in reasons(found)
    assert found.notes == ("annotations of the kind groundtruth/image-classification, which are not read: 2",)


def test_a_manifest_of_classes_is_no_boxes(folder: Path) -> None:
    other = {"x": 1, "x-metadata": {"type": "groundtruth/image-classification", "class-name": "x"}}
    assert not is_boxes(manifest(folder, line("a.jpg", other)))
    assert not is_boxes(folder)
