"""Boxes from the import to the command and the page: drawn pictures, COCO annotations, a detector with faults."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from agent.context import Context
from agent.graph import ask
from app.boxes import run_boxes
from app.commands import open_case, run_import
from app.keep import run_relink
from app.terminal import WrongUse
from app.view_boxes import missed_under, mistake_rows, mistake_tile
from tests.app.conftest import everything, page_named
from tools.backup import backup, restore
from tools.detection.boxes import BoxSet, boxes_of
from tools.detection.cropping import crop_names
from tools.detection.keeping import kept_boxes, kept_detector, relink_boxes, stamp
from tools.detection.measuring import judged, measure
from tools.errors import NoDataset, UnreadableInput
from tools.forgetting import forget
from tools.workspace import Workspace

CLASSES = ("disc", "square")
COLOURS = ((200, 60, 60), (60, 90, 200))


def draw_set(folder: Path, n: int = 36) -> None:
    """Pictures of 200 × 150 with two to four things; the detector misses every second square and shifts some."""
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir(parents=True)
    parts: dict[str, dict[str, Any]] = {
        split: {
            "images": [], "annotations": [],
            "categories": [{"id": 7 + number, "name": name} for number, name in enumerate(CLASSES)],
        }
        for split in ("train", "test")
    }  # fmt: skip
    results: list[dict[str, Any]] = []
    number = squares = 0
    for picture in range(n):
        image = Image.new("RGB", (200, 150), (225, 225, 215))
        canvas = ImageDraw.Draw(image)
        split = "test" if picture % 2 else "train"
        parts[split]["images"].append({"id": picture, "file_name": f"{picture:02d} p.png", "width": 200, "height": 150})
        for slot in range(int(rng.integers(2, 5))):
            kind = int(rng.integers(0, 2))
            side = int(rng.integers(24, 40))
            x, y = 10 + 48 * slot, int(rng.integers(5, 100))
            shape = (x, y, x + side, y + side)
            (canvas.ellipse if kind == 0 else canvas.rectangle)(shape, fill=COLOURS[kind])
            number += 1
            parts[split]["annotations"].append({
                "id": number, "image_id": picture, "category_id": 7 + kind, "bbox": [x, y, side, side],
                "area": side * side, "iscrowd": 0,
            })  # fmt: skip
            squares += kind
            if kind == 1 and squares % 2:
                continue
            shift = 12 if number % 7 == 0 else 0
            said = 1 - kind if number % 11 == 0 else kind
            results.append({
                "image_id": picture, "category_id": 7 + said, "bbox": [x + shift, y, side, side],
                "score": round(float(rng.uniform(0.5, 1)), 3),
            })  # fmt: skip
        image.save(folder / "pictures" / f"{picture:02d} p.png")
    for split, part in parts.items():
        (folder / f"{split}.json").write_text(json.dumps(part))
    (folder / "results.json").write_text(json.dumps(results))


def import_set(folder: Path, workspace: Path, results: Path | None) -> None:
    run_import(
        folder, predictions_file=results, model="finder", model_version="3", encoder="embedded", embeddings=None,
        root=None, download=False, group=None, split=None, seed=None, workspace=workspace, json=str(folder / "i.json"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("boxes")
    draw_set(folder / "set")
    results = folder / "results.json"
    (folder / "set" / "results.json").rename(results)
    import_set(folder / "set", folder / "workspace", results)
    return folder / "set", folder / "workspace"


def test_every_labelled_box_becomes_a_picture_of_its_class(made: tuple[Path, Path]) -> None:
    folder, workspace = made
    kept = Workspace.open(workspace)
    boxset, dataset = kept_boxes(kept), kept.dataset()
    assert boxset is not None
    assert len(dataset) == len(boxset.labels)
    assert dataset.classes == boxset.classes == CLASSES
    for row, image_id in enumerate(dataset.ids.tolist()):
        pixels = np.asarray(Image.open(dataset.path(image_id)), dtype=np.int64)
        middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
        assert abs(middle - COLOURS[dataset.targets[row]]).max() < 12, image_id
    assert set(dataset.metadata["picture"].tolist()) == set(boxset.ids[np.unique(boxset.labels.pictures)].tolist())
    assert kept.choice("group") == "picture"
    document = json.loads((folder / "i.json").read_text())
    assert document["boxes"]["labels"] == document["boxes"]["crops"] == len(dataset)


def test_what_the_detector_calls_each_thing_it_found_becomes_its_prediction(made: tuple[Path, Path]) -> None:
    kept = Workspace.open(made[1])
    dataset = kept.dataset()
    said = kept.predictions(dataset)
    assert said is not None
    assert (said.model, said.version) == ("finder", "3")


def test_boxes_are_kept_as_they_were_read(made: tuple[Path, Path]) -> None:
    kept = Workspace.open(made[1])
    boxset = kept_boxes(kept)
    assert boxset is not None
    detector = kept_detector(kept, boxset)
    assert detector is not None
    assert detector.name == "finder 3"
    given = json.loads((made[0].parent / "results.json").read_text())
    assert len(detector.boxes) == len(given)
    assert sorted(detector.boxes.scores.tolist()) == sorted(answer["score"] for answer in given)
    assert judged(boxset, detector.boxes)[0] == "test"


def test_importing_again_without_detections_keeps_those_of_before(made: tuple[Path, Path]) -> None:
    before = stamp(Workspace.open(made[1]))
    import_set(made[0], made[1], None)
    kept = Workspace.open(made[1])
    boxset = kept_boxes(kept)
    assert boxset is not None
    assert len(kept.datasets()) == 1
    assert kept_detector(kept, boxset) is not None
    assert stamp(kept) != before


def test_the_command_says_measures_and_writes_thresholds(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goals = {"precision": 0.5, "recall": None, "f-beta": None}
    options = {"overlap": 0.5, "score": None, "seed": None, "workspace": made[1]}
    run_boxes(goals, export=tmp_path / "t.json", json=str(tmp_path / "b.json"), **options)  # type: ignore[arg-type]
    text = capsys.readouterr().out
    document = json.loads((tmp_path / "b.json").read_text())
    assert document["split"] == "test"
    assert document["pictures"] == 18
    assert {m["kind"] for m in document["mistakes"] if m["count"]} >= {"missed", "localisation", "classification"}
    recall = next(at["recall"]["value"] for at in document["at"] if at["class"] == "square")
    assert recall < 0.7  # every second square is missed
    assert "Average precision" in text
    assert "Kinds of mistakes" in text
    assert set(json.loads((tmp_path / "t.json").read_text())["thresholds"]) <= set(CLASSES)


def test_recall_falls_with_a_stricter_overlap(made: tuple[Path, Path], tmp_path: Path) -> None:
    found = []
    for overlap in (0.3, 0.9):
        options = {"overlap": overlap, "score": 0.0, "seed": None, "workspace": made[1]}
        run_boxes({}, export=None, json=str(tmp_path / "b.json"), **options)  # type: ignore[arg-type]
        found.append(json.loads((tmp_path / "b.json").read_text())["at"][0]["recall"]["value"])
    assert found[1] < found[0]


def test_a_question_about_the_worst_is_answered_with_what_was_not_found(made: tuple[Path, Path]) -> None:
    """Squares that are missed are no picture with a prediction: an accuracy alone would hide them."""
    _, case = open_case(made[1])
    answer = ask("which classes are worst and why?", Context(load_case=lambda: case)).to_json()
    texts = [fact["text"] for fact in answer["facts"]]
    assert any(text.startswith("Only things that the detector found count there") for text in texts)
    assert any("average precision at an overlap of a half would change by" in text for text in texts)
    plain = replace(case, boxes=None)
    answer = ask("which classes are worst and why?", Context(load_case=lambda: plain)).to_json()
    assert not any("detect" in fact["text"] or "average precision" in fact["text"] for fact in answer["facts"])


def test_a_question_about_thresholds_is_answered_with_the_detectors(made: tuple[Path, Path]) -> None:
    _, case = open_case(made[1])
    answer = ask("which score threshold gives 50 % precision for disc?", Context(load_case=lambda: case)).to_json()
    texts = [fact["text"] for fact in answer["facts"]]
    assert any(text.startswith("disc, for a precision of 50 % at an overlap of a half: say it from") for text in texts)
    assert any("page Detector shows any other overlap" in text for text in texts)
    every = ask("what overlap threshold should i use?", Context(load_case=lambda: case)).to_json()
    assert any(fact["text"].startswith("All classes together, for a best F1") for fact in every["facts"])


def test_what_cannot_be_measured_says_what_to_do(made: tuple[Path, Path], small_workspace: Path) -> None:
    options: dict[str, Any] = {"export": None, "score": None, "seed": None, "json": None}
    with pytest.raises(WrongUse, match=r"an overlap of 0\.05"):
        run_boxes({}, overlap=0.42, workspace=made[1], **options)
    with pytest.raises(WrongUse, match="one goal"):
        run_boxes({"precision": 0.9, "recall": 0.9}, overlap=0.5, workspace=made[1], **options)
    with pytest.raises(NoDataset, match="annotated boxes"):
        run_boxes({}, overlap=0.5, workspace=small_workspace, **options)


def test_an_import_of_other_pictures_takes_the_boxes_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And back: what stood beside the pictures of before (their group, their split) is not asked of the new ones."""
    draw_set(tmp_path / "set", 6)
    (tmp_path / "set" / "results.json").rename(tmp_path / "results.json")
    rng = np.random.default_rng(0)
    lines = ["filepath,label,part,film"]
    for number in range(12):
        picture = rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{'cat' if number % 2 else 'dog'},{'test' if number > 8 else 'train'},{number // 3}")
    (tmp_path / "plain.csv").write_text("\n".join(lines))
    workspace = tmp_path / "workspace"

    def plain(**given: str) -> None:
        options: dict[str, Any] = {"group": None, "split": None, **given}
        run_import(
            tmp_path / "plain.csv", predictions_file=None, model="", model_version="", encoder="embedded",
            embeddings=None, root=None, download=False, seed=None, workspace=workspace, json=None, **options,
        )  # fmt: skip

    plain(group="film", split="part")
    import_set(tmp_path / "set", workspace, tmp_path / "results.json")
    kept, case = open_case(workspace)
    assert case.settings.group_column == "picture"
    assert case.boxes is not None
    assert "boxes of the import before" not in capsys.readouterr().out
    plain()
    assert "boxes of the import before" in capsys.readouterr().out
    kept, case = open_case(workspace)
    assert case.settings.group_column is None
    assert case.boxes is None
    assert (stamp(kept), kept_boxes(kept), kept.recall("boxes found")) == ("", None, None)
    with pytest.raises(NoDataset, match="annotated boxes"):
        run_boxes({}, overlap=0.5, workspace=workspace, export=None, score=None, seed=None, json=None)


def test_pictures_that_moved_are_found_again(made: tuple[Path, Path], tmp_path: Path) -> None:
    kept = Workspace.open(made[1])
    before = stamp(kept)
    moved = shutil.copytree(made[0], tmp_path / "moved")
    run_relink(moved, partial=False, workspace=made[1], json=str(tmp_path / "r.json"))
    boxset = kept_boxes(kept)
    assert boxset is not None
    assert boxset.root == moved.resolve()
    assert stamp(kept) != before
    assert json.loads((tmp_path / "r.json").read_text())["same"] == 36
    Image.new("RGB", (150, 200)).save(moved / "pictures" / "03 p.png")
    assert relink_boxes(kept, moved) == 0
    assert relink_boxes(kept, made[0]) == 36


def test_a_set_without_a_box_of_one_thing_is_refused(tmp_path: Path) -> None:
    draw_set(tmp_path / "set", 4)
    (tmp_path / "set" / "results.json").unlink()
    for file in (tmp_path / "set").glob("*.json"):
        document = json.loads(file.read_text())
        for box in document["annotations"]:
            box["iscrowd"] = 1
        file.write_text(json.dumps(document))
    with pytest.raises(UnreadableInput, match="a crowd is not one thing"):
        import_set(tmp_path / "set", tmp_path / "workspace", None)


def test_mistakes_are_shown_as_parts_of_their_pictures(made: tuple[Path, Path]) -> None:
    kept = Workspace.open(made[1])
    boxset = kept_boxes(kept)
    assert boxset is not None
    detector = kept_detector(kept, boxset)
    assert detector is not None
    measured = measure(boxset, detector)
    rows = mistake_rows(measured, "missed", 1, 0.0)
    assert len(rows)
    assert mistake_rows(measured, "missed", 0, 0.0).tolist() == []  # no disc is missed
    tile = mistake_tile(measured, "missed", int(rows[0]))
    assert tile.caption == "square, not found"
    x, y, w, h = tile.place
    assert x >= 0
    assert y >= 0
    assert x + w <= 200
    assert y + h <= 150
    bold = [rect for rect in tile.rects if rect.kind == "label"]
    place = measured.matches.labels.places[rows[0]]
    assert [rect.place for rect in bold] == [(place[0] - x, place[1] - y, place[2], place[3])]
    shifted = mistake_rows(measured, "localisation", None, 0.0)
    scores = measured.matches.detected.scores[shifted].tolist()
    assert scores == sorted(scores, reverse=True)
    tile = mistake_tile(measured, "localisation", int(shifted[0]))
    assert {rect.kind for rect in tile.rects} >= {"label", "found"}
    assert len(missed_under(measured, "small", 2.0)) >= len(missed_under(measured, "small", 0.0))


def opened(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "argv", ["shell.py", "--workspace", str(workspace)])
    return page_named("detector").run()


def test_the_page_moves_with_the_overlap_and_finds_thresholds(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(made[1], monkeypatch)
    assert not page.exception
    assert "Average precision" in everything(page)
    before = [m.value for m in page.metric if m.label in ("Precision", "Recall")]
    page.select_slider[0].set_value(0.9).run()
    assert not page.exception
    after = [m.value for m in page.metric if m.label in ("Precision", "Recall")]
    assert after != before
    next(b for b in page.button if b.label == "Find").click().run()
    assert not page.exception
    assert [b.label for b in page.get("download_button")] == ["Export as JSON for a service"]


def test_the_page_of_thresholds_has_the_overlap_too(made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["shell.py", "--workspace", str(made[1])])
    page = page_named("thresholds").run()
    assert not page.exception
    before = [m.value for m in page.metric if m.label == "Recall"]
    page.select_slider[0].set_value(0.95).run()
    assert not page.exception
    assert [m.value for m in page.metric if m.label == "Recall"] != before
    assert [b.label for b in page.button if b.label == "Find"]


def test_without_boxes_the_page_says_how_to_bring_them(small_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(small_workspace, monkeypatch)
    assert not page.exception
    assert "No boxes here" in page.info[0].value


def test_a_forgotten_crop_stays_out_and_is_not_written_again(made: tuple[Path, Path], tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(made[1], tmp_path / "workspace"))
    kept = Workspace.open(workspace)
    first = str(kept.dataset().ids[0])
    forget(kept, [first])
    file = workspace / "crops" / first
    assert not file.exists()
    import_set(made[0], workspace, None)
    assert not file.exists()
    assert first not in kept.dataset().index


def test_a_backup_holds_the_crops(made: tuple[Path, Path], tmp_path: Path) -> None:
    kept = Workspace.open(made[1])
    backup(kept, tmp_path / "b.zip")
    again = Workspace.open(tmp_path / "again")
    restore(tmp_path / "b.zip", again)
    for image_id in kept.dataset().ids.tolist():
        assert (tmp_path / "again" / "crops" / image_id).is_file()
    assert stamp(again) == stamp(kept)


def test_names_that_no_archive_can_hold_are_written_plainly() -> None:
    labels = boxes_of([0], [0], [(1.0, 2.0, 30.0, 40.0)])
    one = np.array([100], dtype=np.int64)
    boxset = BoxSet(Path("/p"), np.array(["caf\\xe9.jpg"]), one, one, np.array(["train"]), ("a",), labels)
    assert crop_names(boxset)[0] == ["caf%e9.jpg/1-2-30-40.jpg"]


def test_a_class_called_as_a_missing_label_is_refused_by_name(tmp_path: Path) -> None:
    draw_set(tmp_path / "set", n=2)
    file = tmp_path / "set" / "train.json"
    file.write_text(file.read_text().replace('"square"', '"None"'))
    (tmp_path / "set" / "results.json").unlink()
    with pytest.raises(UnreadableInput, match="the class 'None'"):
        import_set(tmp_path / "set", tmp_path / "workspace", None)
