"""Trained versions are kept, compared, restored, published and exported as folders that work elsewhere."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.small_network import SmallEncoder
from tools.bundles import CannotExport, export
from tools.case import Case
from tools.comparing import compare_models, mcnemar_p
from tools.errors import UnknownName, WorkspaceDamaged
from tools.model_card import model_card
from tools.predictions import Predictions
from tools.registry import NotApplicable
from tools.retraining import retrain
from tools.training.recipe import Recipe
from tools.version_documents import comparison_json, version_json, versions_document
from tools.versions import Versions
from tools.workspace import Workspace

HEAD, WEIGHED = Recipe(), Recipe(changes=(("relabel", ()),))
TUNED = Recipe("fine-tune", blocks=1, epochs=2, batch=16, rate=0.01)


# -- kept


def test_an_empty_workspace_has_no_versions(tmp_path: Path) -> None:
    versions = Versions(Workspace.open(tmp_path / "ws"))
    assert versions.all() == ()
    assert versions.in_use() is None
    assert versions.published() is None
    with pytest.raises(UnknownName, match="advisor retrain"):
        versions.get(1)


def test_a_new_version_is_in_use_and_the_published_one_stays(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    versions = Versions(kept)
    retrain(kept, case, HEAD)
    versions.publish(1)
    retrain(kept, case, WEIGHED)
    assert versions.in_use().number == 2  # type: ignore[union-attr]
    assert versions.published().number == 1  # type: ignore[union-attr]
    versions.restore(1)
    assert versions.in_use().number == 1  # type: ignore[union-attr]
    with pytest.raises(UnknownName, match="1, 2"):
        versions.restore(3)
    listed = versions_document(case, [version_json(v, versions.in_use(), versions.published()) for v in versions.all()])
    assert [(v["number"], v["in_use"], v["published"]) for v in listed["versions"]] == [
        (1, True, True), (2, False, False),
    ]  # fmt: skip
    json.dumps(listed, allow_nan=False)


def test_damaged_weights_are_noticed(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    version = retrain(kept, case, HEAD).version
    for file in kept.files.folder.glob("*.npz"):
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(WorkspaceDamaged):
        Versions(kept).weights(version)


def test_scores_follow_their_pictures_into_a_later_data_set(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    version = retrain(kept, case, HEAD).version
    before = Versions(kept).predictions(version, case.dataset)
    order = np.arange(len(case.ids))[::-1]
    turned = replace(
        case.dataset, ids=case.ids[order], sha256=case.dataset.sha256[order], splits=case.dataset.splits[order],
        widths=case.dataset.widths[order], heights=case.dataset.heights[order],
        metadata={name: values[order] for name, values in case.dataset.metadata.items()},
    )  # fmt: skip
    after = Versions(kept).predictions(version, turned)
    assert np.array_equal(after.predicted, before.predicted[order])


# -- compared


def said(case: Case, right: np.ndarray) -> Predictions:
    predicted = np.where(right, case.targets, 1 - case.targets)
    return Predictions("m", "1", np.eye(2)[predicted], predicted, True)


def test_counts_of_a_comparison_by_hand() -> None:
    case = vector_case({"cat": 40, "dog": 40}, separation=3, test_share=0.5)
    rows = np.flatnonzero(case.evaluation)
    first, second = np.ones(80, dtype=bool), np.ones(80, dtype=bool)
    first[rows[:9]] = False  # nine wrong at first, of which seven are mended; one is newly wrong
    second[rows[7:10]] = False
    found = compare_models(case, said(case, first), said(case, second))
    assert found.better.tolist() == rows[:7].tolist()
    assert found.worse.tolist() == [rows[9]]
    assert found.p == pytest.approx(2 * (1 + 8) / 2**8)
    accuracy = next(m for m in found.measures if m.metric == "accuracy")
    assert (accuracy.before, accuracy.after) == pytest.approx((31 / 40, 37 / 40))
    document = comparison_json(case, found, "version 1", "version 2")
    assert "7 pictures are right only with version 2, 1 only with version 1 (McNemar p = 0.070)" in document["sentence"]
    assert document["better"][0]["first"] != document["better"][0]["label"] == document["better"][0]["second"]
    json.dumps(document, allow_nan=False)


def test_no_difference_and_no_common_pictures() -> None:
    case = vector_case({"cat": 40, "dog": 40}, separation=3, test_share=0.5)
    same = said(case, np.ones(80, dtype=bool))
    found = compare_models(case, same, same)
    assert found.p == 1
    assert found.primary.verdict == "cannot_tell"  # 40 pictures answered alike: 3.84 / (40 + 3.84) may not be
    assert found.primary.high == pytest.approx(3.8415 / 43.8415, abs=1e-4)
    many = vector_case({"cat": 500, "dog": 500}, separation=3, test_share=0.5)
    assert compare_models(many, *[said(many, np.ones(1000, dtype=bool))] * 2).primary.verdict == "no_effect"
    none = replace(same, predicted=np.full(80, -1))
    with pytest.raises(NotApplicable, match="there are 0"):
        compare_models(case, same, none)


def test_equal_models_are_seldom_told_apart() -> None:
    """Two models of equal skill, errors drawn apart: at most 18 of 200 are called different (DECISIONS)."""
    case, rng, different = (
        vector_case({"cat": 100, "dog": 100}, separation=3, test_share=0.5),
        np.random.default_rng(0),
        0,
    )
    for _ in range(200):
        sides = [said(case, rng.random(200) < 0.8) for _ in range(2)]
        different += compare_models(case, *sides).primary.verdict in ("helps", "hurts")
    assert different <= 18


def test_a_better_model_is_told_apart() -> None:
    case, rng = vector_case({"cat": 300, "dog": 300}, separation=3, test_share=0.5), np.random.default_rng(0)
    first = rng.random(600) < 0.7
    found = compare_models(case, said(case, first), said(case, first | (rng.random(600) < 0.5)))
    assert found.primary.verdict == "helps"
    assert found.primary.low < 0.15 < found.primary.high


def test_mcnemar_by_hand() -> None:
    assert mcnemar_p(8, 2) == pytest.approx(2 * (1 + 10 + 45) / 2**10)


# -- exported


@pytest.mark.parametrize("recipe", [HEAD, TUNED], ids=["head", "fine-tune"])
def test_a_bundle_works_without_the_advisor(small: tuple[Workspace, Case], tmp_path: Path, recipe: Recipe) -> None:
    kept, case = small
    version = retrain(kept, case, recipe).version
    folder = tmp_path / "a model"
    files = export(Versions(kept), version, case, folder)
    assert sorted(files) == sorted({*(f.name for f in folder.iterdir())} - {"model.sha256"})
    row = int(np.flatnonzero(case.evaluation)[0])
    picture = case.dataset.path(str(case.ids[row]))
    done = subprocess.run(
        [sys.executable, str(folder / "predict.py"), str(picture)], capture_output=True, text=True, check=True,
        env={"PATH": ""}, cwd=tmp_path,
    )  # fmt: skip
    scores = {line.split(" ", 1)[1]: float(line.split()[0]) for line in done.stdout.splitlines()}
    expected = Versions(kept).predictions(version, case.dataset).probabilities[row]
    for name, value in zip(case.classes, expected, strict=True):
        assert scores[name] == pytest.approx(value, abs=0.03)
    assert json.loads((folder / "labels.json").read_text()) == list(case.classes)
    card = (folder / "MODEL_CARD.md").read_text()
    assert f"Of {int(case.evaluation.sum())} pictures that count errors" in card  # how far the script is from us


def test_the_script_in_the_readme_is_the_one_in_the_bundle() -> None:
    from tools.bundles import SCRIPT

    assert SCRIPT in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert len([line for line in SCRIPT.splitlines() if line]) == 10


def test_vectors_from_a_file_get_a_bundle_too(tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=3, test_share=0.5)
    case = replace(case, space=replace(case.space, encoder=replace(case.space.encoder, name="given")))
    kept = Workspace.open(tmp_path / "ws")
    version = retrain(kept, case, HEAD).version
    files = export(Versions(kept), version, case, tmp_path / "out")
    assert "model.onnx" not in files
    np.save(tmp_path / "v.npy", case.space.vectors[case.evaluation][:3])
    done = subprocess.run(
        [sys.executable, str(tmp_path / "out" / "predict.py"), str(tmp_path / "v.npy")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    expected = Versions(kept).predictions(version, case.dataset).probabilities[case.evaluation][:3]
    for line, scores in zip(done.stdout.splitlines(), expected, strict=True):
        assert float(line.split()[0]) == pytest.approx(scores.max(), abs=6e-4)


def test_an_export_is_whole_or_not_there(
    small: tuple[Workspace, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, case = small
    version = retrain(kept, case, HEAD).version
    export(Versions(kept), version, case, tmp_path / "out")
    with pytest.raises(CannotExport, match="does not exist yet"):
        export(Versions(kept), version, case, tmp_path / "out")

    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("power cut")

    monkeypatch.setattr("tools.bundles.model_card", broken)
    with pytest.raises(RuntimeError):
        export(Versions(kept), version, case, tmp_path / "later")
    assert not [f for f in tmp_path.iterdir() if "later" in f.name]


def test_what_cannot_be_exported_is_said(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    kept, case = small
    version = retrain(kept, case, HEAD).version
    other = replace(case, space=replace(case.space, encoder=replace(SmallEncoder.info, fingerprint="0" * 64)))
    with pytest.raises(CannotExport, match="indexed with small"):
        export(Versions(kept), version, other, tmp_path / "out")


def test_the_card_holds_odd_names_as_text(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    version = retrain(kept, case, HEAD).version
    odd = "a|b [x](http://e.x) <b>\n# c"
    document = {**version.document, "classes": [odd, "dog"], "metrics": [
        {**m, "name": f"recall of {odd}", "value": 1.0} if m["name"].startswith("recall") else m
        for m in version.document["metrics"]
    ]}  # fmt: skip
    card = model_card(replace(version, document=document), "how", [])
    assert "\n# c" not in card
    assert "](http" not in card
    assert "<b>" not in card.replace("\\<b\\>", "")
    rows = [line for line in card.splitlines() if line.startswith("| a\\|b")]
    assert len(rows) == 1
