"""A user's network taken in: fed as it was trained or warned of, kept whole, asked once about each content."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import embeddings.resolve
from benchmarks.planting.own_networks import custom_vision_network
from benchmarks.planting.swapped_background import GridEncoder
from embeddings.own_model import OwnNetwork
from tests.tools.own_networks import added, workspace_of, written
from tools.adding_model import Asked, add_model
from tools.case import Case
from tools.errors import UnreadableInput, WorkspaceDamaged
from tools.model_documents import compared_json
from tools.model_scores import dataset_scores
from tools.own_model import FOLDER, chosen_model, forget_model, list_models
from tools.workspace import Workspace


@pytest.fixture(autouse=True)
def grid() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
        yield


@pytest.fixture
def place(tmp_path: Path) -> tuple[Workspace, Case, Path]:
    kept, case = workspace_of(tmp_path, each=30, weak=0.3)
    return kept, case, tmp_path


def test_its_errors_are_the_ones_explained(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    found, scored, after = added(kept, case, written(folder, "background"))
    assert found.model.labels == ("apples", "citrus")
    assert after.subject == "user"
    assert after.own_model is not None
    assert after.own_model.digest == found.file.digest
    assert scored.predictions.covered.all()
    np.testing.assert_allclose(scored.predictions.probabilities.sum(axis=1), 1)
    blue = np.array([p[:8, :, 2].mean() > p[:8, :, 0].mean() for p in after.eyes.pixels(range(len(after.ids)))])
    assert (scored.predictions.predicted == np.where(blue, 0, 1)).all()  # it says what the background says


def test_a_wrong_scaling_is_warned_of_with_numbers(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    found, _, _ = added(kept, case, written(folder, "thing"), Asked(scaling="0-255", fit="stretch"))
    told = compared_json(found.compared, named=True)
    assert told["warning"]
    assert found.model.preparation.scaling == "0-255"  # what the user named stays
    assert found.compared is not None
    assert found.compared.better is not None
    assert found.compared.better.preparation.scaling == "0-1"
    assert found.compared.chosen.accuracy.text in told["sentence"]
    assert found.compared.better.accuracy.text in told["sentence"]


def test_a_right_scaling_is_not_warned_of(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    found, _, _ = added(kept, case, written(folder, "thing"))
    assert found.compared is not None
    assert found.compared.better is None
    assert not compared_json(found.compared)["warning"]


def test_where_none_is_named_the_clearly_better_one_is_taken(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    found, _, _ = added(kept, case, written(folder, "thing"), Asked())
    assert found.adopted
    assert found.model.preparation.scaling == "0-1"


def test_wrong_order_of_channels_is_seen(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    # the network of backgrounds is right by the background in nine of ten training pictures; blue for brown turns it
    found, _, _ = added(
        kept, case, written(folder, "background"), replace(Asked(scaling="0-1", fit="stretch"), order="bgr")
    )
    assert found.compared is not None
    assert found.compared.better is not None
    assert found.compared.better.preparation.order == "rgb"


def test_few_pictures_are_said_not_judged(tmp_path: Path) -> None:
    kept, case = workspace_of(tmp_path, each=8)
    found, _, _ = added(kept, case, written(tmp_path, "thing"))
    assert found.compared is None
    assert "Too few labelled pictures" in compared_json(None)["sentence"]


def test_custom_vision(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    (folder / "cv.onnx").write_bytes(custom_vision_network("thing").SerializeToString())
    found, scored, _ = added(kept, case, folder / "cv.onnx", Asked())
    assert found.model.labels == ("apples", "citrus")
    assert found.model.preparation.order == "bgr"
    assert found.model.activation == "probabilities"
    judged = case.evaluation
    assert (scored.predictions.predicted == case.targets)[judged].mean() > 0.9
    (folder / "l.txt").write_text("a\nb\n")
    with pytest.raises(UnreadableInput, match="itself names"):
        add_model(kept, case, folder / "cv.onnx", Asked(labels=folder / "l.txt"), name="x", version="1")


@pytest.mark.parametrize(
    "how", [{"batch": 1}, {"batch": 5, "softmax": True}, {"channels_last": True, "takes_bytes": True}]
)
def test_fixed_batches_and_bytes(how: dict[str, object], place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    asked = Asked(fit="stretch") if "takes_bytes" in how else Asked(scaling="0-1", fit="stretch")
    plain = added(kept, case, written(folder, "thing"))[1].predictions.probabilities
    found = added(kept, case, written(folder, "thing", **how), asked)[1].predictions.probabilities
    np.testing.assert_allclose(found, plain, atol=2e-3)


def test_labels_must_be_as_many_as_scores(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    with pytest.raises(UnreadableInput, match="2 labels for the scores"):
        added(kept, case, written(folder, "thing", labels="apples\ncitrus\npears\n"))
    (folder / "thing-network" / "labels.txt").unlink()
    with pytest.raises(UnreadableInput, match="no labels"):
        added(kept, case, folder / "thing-network" / "model.onnx")
    assert not (kept.path / FOLDER).exists()
    assert kept.case(case.settings).subject == "baseline"


def test_a_label_the_data_lacks_counts_as_its_next_best(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    labels = "citrus\nsky\n"
    with pytest.raises(UnreadableInput, match="at least two"):
        added(kept, case, written(folder, "thing", labels=labels))


def test_each_content_is_asked_once(place: tuple[Workspace, Case, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    kept, case, folder = place
    found, scored, after = added(kept, case, written(folder, "thing"))
    asked: list[int] = []
    run = OwnNetwork.run
    monkeypatch.setattr(
        OwnNetwork, "run", lambda self, pictures, output: asked.append(len(pictures)) or run(self, pictures, output)
    )
    again = dataset_scores(after, found.model)
    assert not asked
    np.testing.assert_array_equal(again.predictions.probabilities, scored.predictions.probabilities)


def test_pictures_gone_or_changed_are_left_out_with_the_reason(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    train = np.flatnonzero(~case.evaluation)
    gone, changed = (case.dataset.path(str(case.ids[row])) for row in train[:2])
    file = written(folder, "thing")
    # those two are not in the sample that preparations are tried on only by luck, so the sample is emptied
    gone.unlink()
    Image.fromarray(np.zeros((64, 64, 3), dtype=np.uint8)).save(changed)
    from tools import adding_model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding_model, "sampled", lambda *_: np.zeros(0, dtype=np.int64))
        _, scored, _ = added(kept, case, file)
    reasons = dict(scored.skipped)
    assert "no such file" in reasons[gone.name]
    assert "changed since" in reasons[changed.name]
    assert scored.predictions.covered.sum() == len(case.ids) - 2


def test_a_flipped_bit_is_noticed(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    found, _, _ = added(kept, case, written(folder, "thing"))
    file = kept.path / FOLDER / f"{found.model.digest}.onnx"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    own = chosen_model(kept.database.read(lambda db: list_models(db, kept.path)) or [], None)
    with pytest.raises(WorkspaceDamaged, match="other bytes"):
        own.network.open()


def test_what_a_killed_writer_left_is_swept(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    (kept.path / FOLDER).mkdir()
    left = kept.path / FOLDER / ".abc.onnx.0123.unfinished"
    left.write_bytes(b"half")
    found, _, _ = added(kept, case, written(folder, "thing"))
    assert [p.name for p in (kept.path / FOLDER).iterdir()] == [f"{found.model.digest}.onnx"]


def test_a_folder_that_cannot_be_written_keeps_everything_as_it_was(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    (kept.path / FOLDER).write_bytes(b"a file where the folder should be")
    with pytest.raises(WorkspaceDamaged):
        added(kept, case, written(folder, "thing"))
    assert kept.case(case.settings).subject == "baseline"
    assert not kept.database.read(lambda db: list_models(db, kept.path))


def test_forgetting_takes_file_record_and_predictions(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    file = written(folder, "thing")
    added(kept, case, file, name="a", version="1")
    added(kept, case, file, name="a", version="2")
    models = kept.database.read(lambda db: list_models(db, kept.path)) or []
    assert [m.title for m in models] == ["a@1", "a@2"]
    assert len(list((kept.path / FOLDER).iterdir())) == 1
    assert forget_model(kept.database, kept.path, models[1]) == 1
    assert len(list((kept.path / FOLDER).iterdir())) == 1  # shared with the other version
    assert kept.case(case.settings).own_model is not None
    forget_model(kept.database, kept.path, models[0])
    assert not list((kept.path / FOLDER).iterdir())
    assert kept.case(case.settings).subject == "baseline"


def test_predictions_of_another_model_are_not_asked_of_this_network(place: tuple[Workspace, Case, Path]) -> None:
    kept, case, folder = place
    _, scored, after = added(kept, case, written(folder, "thing"))
    kept.save_predictions(after.dataset, replace(scored.predictions, model="another"))
    assert kept.case(case.settings).own_model is None
