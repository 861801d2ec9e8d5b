"""A folder of Custom Vision's answers: pictures by id, tags, what iterations said, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.coloured import picture, use_means
from tools.errors import UnreadableInput
from tools.importing import import_dataset
from tools.models import given_models, predictions_of
from tools.readers.choosing import read_listing
from tools.readers.custom_vision import read_custom_vision
from tools.settings import Settings
from tools.workspace import Workspace

SETTINGS = Settings(threads=1)
TAGS = [
    {"id": "t1", "name": "Apple", "type": "Regular", "imageCount": 2},
    {"id": "t2", "name": "Citrus", "type": "Regular", "imageCount": 1},
    {"id": "t3", "name": "nothing of these", "type": "Negative", "imageCount": 1},
]


def image(key: str, *tags: str, **more: Any) -> dict[str, Any]:
    named = [{"tagId": tag, "tagName": f"old {tag}", "created": "2026-01-01"} for tag in tags]
    return {
        "id": key,
        "created": "2026-01-01T10:00:00Z",
        "originalImageUri": f"https://x/{key}?sig=1",
        "tags": named,
        **more,
    }


def performance(key: str, *said: tuple[str, float], **more: Any) -> dict[str, Any]:
    rows = [{"tagId": tag, "tagName": "old", "probability": value} for tag, value in said]
    return {"id": key, "imageUri": "https://x", "predictions": rows, **more}


def stored(key: str, iteration: str, *said: tuple[str, float]) -> dict[str, Any]:
    return {**performance(key, *said), "iteration": iteration, "originalImageUri": "https://x", "project": "p"}


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    folder = tmp_path / "dump"
    for number, name in enumerate(["images/A1.jpg", "images/a2", "images/a3.png", "n1.jpg", "u1.jpg", "p1.jpg"]):
        place = picture(folder / "images" / f"{number}.png", number, (40 * number, 30, 60))
        place.rename(folder / name)
    save(folder / "images-0.json", [image("a1", "t1"), image("a2", "t1")])
    save(folder / "images-1.json", [image("a3", "t2"), image("n1", "t3"), image("u1"), image("gone", "t1")])
    save(folder / "tags.json", TAGS)
    iterations = [{"id": "i1", "name": "Iteration 1", "trainedAt": "2026-01-02"},
                  {"id": "i2", "name": "Iteration 2", "trainedAt": "2026-02-02"}]  # fmt: skip
    save(folder / "iterations.json", iterations)
    old = [
        performance("a1", ("t1", 0.2), ("t2", 0.7), ("t3", 0.1)),
        performance("a3", ("t2", 0.9), ("t1", 0.1), ("t3", 0.0)),
    ]
    save(folder / "performances-i1.0.json", old[:1])
    save(folder / "performances-Iteration 1.1.json", old[1:])
    save(folder / "performances-Iteration 2.json", [performance("a1", ("t1", 0.8))])
    save(folder / "predictions.json", {"token": {}, "results": [stored("p1", "i2", ("t2", 0.6), ("t1", 0.4))]})
    return folder


def save(path: Path, document: object) -> None:
    path.write_text(json.dumps(document), "utf-8")


def test_pictures_tags_and_production(dump: Path) -> None:
    listing = read_listing(dump)
    assert [(i.id, i.label, i.split) for i in listing.images] == [
        ("images/A1.jpg", "Apple", "train"),
        ("images/a2", "Apple", "train"),
        ("images/a3.png", "Citrus", "train"),
        ("n1.jpg", "Negative", "train"),
        ("p1.jpg", None, "production"),
        ("u1.jpg", None, "train"),
    ]
    assert [(s.path, s.reason) for s in listing.skipped] == [("gone", "no picture of that name below dump/")]


def test_what_iterations_said_becomes_predictions_of_each(
    dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_means(monkeypatch)
    kept = Workspace.open(tmp_path / "ws")
    done = import_dataset(kept, dump, SETTINGS)
    case = kept.case(SETTINGS)
    first, second = (predictions_of(kept, given, case) for given in given_models(kept))
    assert [(g.model, g.version) for g in given_models(kept)] == [
        ("custom-vision", "Iteration 1"),
        ("custom-vision", "Iteration 2"),
    ]
    assert first.full_vectors
    assert first.probabilities[0].tolist() == [0.2, 0.7, 0.1]  # Apple, Citrus, Negative
    assert first.predicted.tolist() == [1, -1, 1, -1, -1, -1]
    assert second.predicted.tolist() == [0, -1, -1, -1, 1, -1]
    assert case.predictions is not None
    assert case.predictions.version == "Iteration 2"
    assert "(1 of 1 in production, 1 of 5 in train)" in done.predictions
    assert not import_dataset(kept, dump, SETTINGS).changed
    assert len(given_models(kept)) == 2


def test_powershell_and_pages_that_overlap(dump: Path) -> None:
    (dump / "images-1.json").write_text(json.dumps([image("a3", "t2"), image("a1", "t1")]), "utf-16")
    listing = read_custom_vision(dump)
    assert [i.id for i in listing.images] == ["images/A1.jpg", "images/a2", "images/a3.png", "p1.jpg"]
    save(dump / "images-2.json", [image("a1", "t2")])
    with pytest.raises(UnreadableInput, match=r"a1 with two contents.*images-2"):
        read_custom_vision(dump)


def test_files_with_names_of_their_own_are_found_by_metadata(dump: Path) -> None:
    (dump / "u1.jpg").rename(dump / "kitchen.jpg")
    save(
        dump / "images-1.json",
        [image("u1", metadata={"filename": "kitchen.jpg"}), image("x", metadata={"f": "../a.jpg"})],
    )
    listing = read_custom_vision(dump)
    assert "kitchen.jpg" in [i.id for i in listing.images]
    assert [s.path for s in listing.skipped] == ["x"]


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        ([image("a1", "t1", "t2")], "2 tags on the picture 'a1'"),
        ([image("a1", "t1", regions=[{"left": 0.1}])], "boxes on the picture 'a1'"),
        ([performance("a1", ("t1", 1.5))], "1.5 for"),
        (
            [{**performance("a1"), "predictions": [{"tagName": "x", "probability": 1, "boundingBox": {"left": 0}}]}],
            "predicted boxes",
        ),
        ([image("a1", "t1"), image("")], "empty text"),
        ([{**image("a9"), "tags": [{"tagId": "zz", "tagName": "\ud800"}]}], "a character that is none"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_works(dump: Path, document: object, seen: str) -> None:
    name = "performances-i1.0.json" if "imageUri" in json.dumps(document) else "images-0.json"
    save(dump / name, document)
    with pytest.raises(UnreadableInput) as error:
        read_custom_vision(dump)
    assert seen in str(error.value)
    assert "Multiclass project" in error.value.todo or "tags" not in seen


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '[{"a": NaN}]', '[{"a": ' + "9" * 5000 + "}]"])
def test_damaged_answers_are_refused_by_name(dump: Path, text: str) -> None:
    (dump / "zz.json").write_text(text, "utf-8")
    with pytest.raises(UnreadableInput, match=r"JSON in .*zz\.json"):
        read_custom_vision(dump)


def test_no_picture_there(dump: Path) -> None:
    for file in [*(dump / "images").iterdir(), *dump.glob("*.jpg")]:
        file.unlink()
    with pytest.raises(UnreadableInput, match=r"6 pictures in the answers, none of them there.*advisor fetch"):
        read_custom_vision(dump)
