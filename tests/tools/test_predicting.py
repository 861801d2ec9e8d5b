"""New pictures scored, what is unlike anything said so, and thresholds of a file obeyed."""

import json
from pathlib import Path

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.swapped_background import GridEncoder, picture, swapped_case
from tests.embeddings.pictures import written
from tools.case import Case
from tools.deciding import Rule, read_rule
from tools.documents import predictions_document
from tools.errors import UnreadableInput
from tools.predicting import files_of, predict


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return swapped_case(tmp_path_factory.mktemp("case"), agreement=0.7)


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from io import BytesIO

    from PIL import Image

    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
    rng = np.random.default_rng(9)
    (tmp_path / "new").mkdir()
    for name, pixels in {
        "an_apple": picture("apples", 0, rng),
        "a_citrus": picture("citrus", 1, rng),
        "noise": rng.integers(0, 256, (64, 64, 3)).astype(np.uint8),
    }.items():
        out = BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        written(tmp_path / "new" / f"{name}.png", out.getvalue())
    written(tmp_path / "new" / "broken.png", b"\x89PNG nothing more")
    return tmp_path / "new"


def test_new_pictures_are_scored_and_strange_ones_said(case: Case, new: Path) -> None:
    found = predict(case, files_of([new])[0])
    document = predictions_document(case, found, None, top=2)
    rows = {Path(row["picture"]).stem: row for row in document["predictions"]}
    assert rows["an_apple"]["said"] == ["apples"]
    assert rows["a_citrus"]["said"] == ["citrus"]
    assert (rows["noise"]["unlike"], rows["an_apple"]["unlike"]) == (True, False)
    assert rows["an_apple"]["nearest"][0]["class"] == "apples"
    assert np.allclose(found.scores.sum(axis=1), 1)
    [skipped] = document["skipped"]
    assert skipped["path"].endswith("broken.png")
    assert skipped["reason"]
    assert "1 unlike anything seen" in document["headline"]


def test_a_training_picture_is_recognised(case: Case, new: Path) -> None:
    own = case.dataset.path(str(case.ids[np.flatnonzero(case.fit)[3]]))
    found = predict(case, [own])
    assert predictions_document(case, found, None, top=1)["predictions"][0]["known"]
    assert found.nearest[0, 0] == np.flatnonzero(case.fit)[3]


def test_what_is_left_to_a_person(case: Case, new: Path) -> None:
    found = predict(case, files_of([new / "an_apple.png"])[0])
    document = predictions_document(case, found, Rule(1.1, {}), top=1)
    assert document["predictions"][0]["said"] == []
    assert "1 left to a person" in document["headline"]


def test_thresholds_of_a_file(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    content = {
        "answer_from": None,
        "classes": {"apples": {"threshold": 0.4}, "citrus": {"threshold": None}},
        "subject": "baseline",
        "encoder": case.space.encoder.fingerprint,
    }

    def written_as(**changes: object) -> Path:
        file.write_text(json.dumps({**content, **changes}))
        return file

    assert read_rule(written_as(), case) == Rule(None, {"apples": 0.4, "citrus": None})
    assert read_rule(written_as(answer_from="never"), case).decide({"apples": 0.99, "citrus": 0.01}) == ()
    with pytest.raises(UnreadableInput, match="one of pears"):
        read_rule(written_as(classes={"pears": {"threshold": 0.4}}), case)
    for changes in ({"subject": "user"}, {"encoder": "other"}):
        with pytest.raises(UnreadableInput, match="with its own model"):
            read_rule(written_as(**changes), case)
    for changes in ({"answer_from": "x"}, {"classes": []}):
        with pytest.raises(UnreadableInput, match="--export"):
            read_rule(written_as(**changes), case)
    file.write_text("no json")
    with pytest.raises(UnreadableInput, match="--export"):
        read_rule(file, case)


def test_what_a_folder_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "a.png").write_bytes(b"")
    files, refused = files_of([tmp_path])
    assert [f.name for f in files] == ["a.png"]
    assert [(path.name, bool(reason)) for path, reason in refused] == [("notes.txt", True)]


def test_a_path_that_is_nothing() -> None:
    with pytest.raises(UnreadableInput, match="nothing at"):
        files_of([Path("no-such-place")])
