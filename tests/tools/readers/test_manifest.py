"""Manifests: what is read, what is counted as bad, what is refused whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.coloured import picture, use_means
from tools.errors import UnreadableInput
from tools.importing import import_dataset
from tools.models import given_models
from tools.readers.choosing import read_listing
from tools.readers.manifest import LONGEST_LINE, read_manifest
from tools.settings import Settings
from tools.workspace import Workspace

SETTINGS = Settings(threads=1)


def line(ref: str, label: str | None = "sunrise", **more: Any) -> str:
    document: dict[str, Any] = {"source-ref": ref}
    if label is not None:
        document["a"] = 1
        document["a-metadata"] = {
            "confidence": 1,
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": "2020-03-06T17:46:39.176",
            "type": "groundtruth/image-classification",
        }
    return json.dumps(document | more)


def evaluated(label: str, confidence: object, number: int = 0, *, below: bool = False) -> dict[str, Any]:
    attribute = f"rekognition-custom-labels-evaluation-{number}"
    return {
        attribute: 1,
        f"{attribute}-metadata": {
            "confidence": confidence,
            "class-name": label,
            "type": "groundtruth/image-classification",
            "rekognition-custom-labels-evaluation-details": {"is-true-positive": not below, "is-false-negative": below},
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "copy"
    for name in ("a.jpg", "b.jpg", "sub/c.jpg", "one/same.jpg", "two/same.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    (tmp_path / "outside.jpg").write_bytes(b"x")
    return root


def manifest(folder: Path, *lines: str, name: str = "m.manifest") -> Path:
    (folder / name).write_bytes("\r\n".join(lines).encode("utf-8", "surrogatepass"))
    return folder / name


def test_pictures_are_found_by_key_by_its_end_and_by_name(folder: Path) -> None:
    path = manifest(
        folder,
        line("s3://bucket/deep/prefix/sub/c.jpg", "sunset"),
        line("s3://copy/a.jpg"),
        line("training-images/b.jpg", None),
        line("s3://bucket/x/same.jpg"),
        line("s3://bucket/gone.jpg"),
    )
    listing = read_manifest(path)
    assert [(i.id, i.label, i.split) for i in listing.images] == [
        ("a.jpg", "sunrise", "train"),
        ("b.jpg", None, "train"),
        ("sub/c.jpg", "sunset", "train"),
    ]
    assert listing.images[0].metadata["human-annotated"] == "yes"
    assert {s.path: s.reason for s in listing.skipped} == {
        "s3://bucket/x/same.jpg": "its name alone is not enough: several pictures are called so",
        "s3://bucket/gone.jpg": "no picture of that name below copy/",
    }


def test_a_name_that_the_manifest_uses_twice_is_not_enough(folder: Path) -> None:
    path = manifest(
        folder, line("s3://x/p/a.jpg", "one"), line("s3://x/q/c.jpg", "two"), line("s3://x/r/c.jpg", "three")
    )
    listing = read_manifest(path)
    assert [i.id for i in listing.images] == ["a.jpg"]
    assert len(listing.skipped) == 2


def test_the_class_name_is_the_label_whatever_the_number(folder: Path) -> None:
    zero = json.loads(line("a.jpg", "normal")) | {"a": 0}
    assert [i.label for i in read_manifest(manifest(folder, json.dumps(zero))).images] == ["normal"]


def test_bad_lines_are_counted_with_their_numbers_and_reasons(folder: Path) -> None:
    good = [line("a.jpg"), line("b.jpg"), *(line(f"s3://b/none{i}.jpg") for i in range(60))]
    deep = '{"source-ref": "a.jpg", "x": ' + "[" * 100_000 + "]" * 100_000 + "}"
    bad = [
        "{",
        deep,
        line("c.jpg", "x", huge="y" * LONGEST_LINE),
        '{"source-ref": "c.jpg", "a-metadata": {"confidence": NaN}}',
        "[1, 2]",
        '{"source-ref": 5}',
        '{"source-ref": "c.jpg", "a-metadata": {"type": "groundtruth/image-classification"}}',
        '{"source-ref": "c.jpg", "a-metadata": 3}',
        line("../outside.jpg"),
        line("http://example.org/a.jpg"),
        line("c.jpg", "\ud800"),
        line("c.jpg", " "),
        line("a.jpg", "another"),
        line("c.jpg", "x", **evaluated("x", "high")),
    ]
    path = manifest(folder, good[0], *bad, *good[1:])
    listing = read_manifest(path)
    reasons = {int(s.path.split(":")[1]): s.reason for s in listing.skipped if s.path.startswith("m.manifest:")}
    assert sorted(reasons) == list(range(2, 2 + len(bad)))
    for number, words in {
        2: "not JSON", 3: "nested too deeply", 4: "longer than", 5: "NaN", 6: "no JSON object", 7: "empty text",
        8: 'no "class-name"', 9: "no JSON object", 10: "climbs", 11: "neither s3", 12: "a character that is none",
        13: "empty text", 14: "the same picture as m.manifest:1 with another class", 15: "confidence",
    }.items():  # fmt: skip
        assert words in reasons[number], (number, reasons[number])
    assert f"bad lines, left out and listed with their reasons: {len(bad)}" in listing.notes
    assert [(i.id, i.label) for i in listing.images] == [("a.jpg", "sunrise"), ("b.jpg", "sunrise")]


@pytest.mark.parametrize(("bad", "refused"), [(1, False), (2, True)])
def test_more_than_a_fifth_of_bad_lines_is_refused(folder: Path, bad: int, refused: bool) -> None:
    path = manifest(folder, line("a.jpg"), line("b.jpg"), line("sub/c.jpg"), line("one/same.jpg"), *["{"] * bad)
    if refused:
        with pytest.raises(UnreadableInput, match=r"2 bad lines of 6, more than 20%.*m\.manifest:5: not JSON"):
            read_manifest(path)
    else:
        assert len(read_manifest(path).images) == 4


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (line("a.jpg", "x", **{"b-metadata": {"class-name": "y"}}), "2 labels (x, y)"),
        (line("a.jpg", None, **{"b-metadata": {"type": "groundtruth/object-detection"}}), "boxes in m.manifest:1"),
        (
            line("a.jpg", None, **{"b-metadata": {"type": "groundtruth/image-classification-multilabel"}}),
            "several labels",
        ),
    ],
)
def test_boxes_and_several_labels_are_refused_with_what_works(folder: Path, text: str, seen: str) -> None:
    with pytest.raises(UnreadableInput) as error:
        read_manifest(manifest(folder, text))
    assert seen in error.value.seen
    assert "classification with one label per picture" in error.value.todo


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (line("a.jpg").encode("utf-16"), "UTF-16"),
        (b"", "0 bad lines of 0"),
        (b'[{"source-ref": "a.jpg"}]', "1 bad lines of 1"),
        (b"\xff\xfe\x00", "UTF-16"),
        (line("/etc/hostname.jpg").encode(), "none that a line names"),
    ],
)
def test_what_is_no_manifest_is_refused_whole(folder: Path, data: bytes, seen: str) -> None:
    (folder / "m.manifest").write_bytes(data)
    with pytest.raises(UnreadableInput, match=seen):
        read_manifest(folder / "m.manifest")


def test_byte_order_mark_and_latin_1(folder: Path) -> None:
    texts = [line("a.jpg"), line("b.jpg"), line("sub/c.jpg"), line("one/same.jpg")]
    data = b"\xef\xbb\xbf" + "\n".join(texts).encode() + b'\n{"source-ref": "caf\xe9.jpg"}\n'
    (folder / "m.manifest").write_bytes(data)
    listing = read_manifest(folder / "m.manifest")
    assert len(listing.images) == 4
    assert [s.reason for s in listing.skipped] == ["a bad line: not text in UTF-8"]


def test_a_folder_of_manifests_gives_the_splits(folder: Path) -> None:
    manifest(folder, line("a.jpg"), line("b.jpg", "sunset"), name="train.manifest")
    manifest(folder, line("sub/c.jpg"), name="my-test-set.manifest")
    listing = read_listing(folder)
    assert [(i.id, i.split) for i in listing.images] == [("a.jpg", "train"), ("b.jpg", "train"), ("sub/c.jpg", "test")]


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "link.jpg").symlink_to(folder.parent / "outside.jpg")
    listing = read_manifest(manifest(folder, line("a.jpg"), line("link.jpg")))
    assert [s.path for s in listing.skipped] == ["link.jpg"]


def test_an_evaluation_snapshot_becomes_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    root = tmp_path / "copy"
    for number in range(4):
        picture(root / f"{number}.png", number, (50 * number, 20, 30))
    path = manifest(
        root,
        line("s3://b/0.png", "x", **evaluated("x", 91.5), **evaluated("y", 8.5, 1)),
        line("s3://b/1.png", "x", **evaluated("y", 60)),
        line("s3://b/2.png", "y", **evaluated("y", 0.5)),
        line("s3://b/3.png", "y"),
    )
    kept = Workspace.open(tmp_path / "ws")
    done = import_dataset(kept, path, SETTINGS, model="shop", version="v7")
    said = kept.predictions(done.dataset)
    assert said is not None
    assert (said.model, said.version, said.full_vectors) == ("shop", "v7", False)
    assert said.predicted.tolist() == [0, 1, 1, -1]
    assert said.probabilities[0, 0] == pytest.approx(0.915)
    assert said.probabilities[2, 1] == pytest.approx(0.005)  # one confidence above 1 says that all are of 100
    assert done.dataset.splits.tolist() == ["test", "test", "test", "train"]
    assert "3 of 4 images have a prediction" in done.predictions
    again = import_dataset(kept, path, SETTINGS, model="shop", version="v7")
    assert not again.changed
    assert [g.number for g in given_models(kept)] == [1]  # the same snapshot twice says nothing new


def test_root_belongs_to_formats_that_name_pictures_elsewhere(folder: Path) -> None:
    with pytest.raises(UnreadableInput, match="leave --root out"):
        read_listing(folder / "one", root=folder)
    path = manifest(folder.parent, line("s3://b/a.jpg"))
    assert read_listing(path, root=folder).root == folder.resolve()
    with pytest.raises(UnreadableInput, match="Name the folder that holds the pictures"):
        read_listing(path, root=folder / "nothing")


def test_a_label_below_its_threshold_is_no_answer(folder: Path) -> None:
    path = manifest(
        folder,
        line("a.jpg", "x", **evaluated("x", 0.3, below=True)),
        line("b.jpg", "x", **evaluated("x", 0.6, below=True), **evaluated("y", 0.5, 1)),
        line("sub/c.jpg", "y", **evaluated("y", 0.7), **evaluated("x", 0.3, 1, below=True)),
    )
    listing = read_manifest(path)
    assert {i.split for i in listing.images} == {"test"}
    assert listing.said[0].scores == {"b.jpg": {"y": 0.5}, "sub/c.jpg": {"y": 0.7, "x": 0.3}}
    assert listing.notes == ("pictures without a prediction, because no label reached its threshold: 1",)


@pytest.mark.real
def test_the_real_manifest_is_read_whole(shared_data: Path) -> None:
    cookies = shared_data / "cookies"
    listing = read_manifest(cookies / "manifests" / "template.manifest", cookies)
    assert listing.skipped == ()
    for label, place in (("anomaly", "broken"), ("normal", "intact")):
        there = sorted(f"train/{place}/{p.name}" for p in (cookies / "train" / place).iterdir())
        assert [i.id for i in listing.images if i.label == label] == there
    assert len(listing.images) == 63
    assert listing.notes == ("annotations of the kind groundtruth/semantic-segmentation, which are not read: 32",)
