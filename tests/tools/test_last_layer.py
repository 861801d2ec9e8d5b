"""A last layer that leans on a setting is mended; one that has nothing to lean on is left alone; shapes come back."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from safetensors.numpy import load_file

from benchmarks.planting.cue import cue_case
from tools.case import Case
from tools.effects import rare_recall
from tools.errors import UnreadableInput
from tools.last_layer import Mended, Placed, mend, placed, said_by, write_layer
from tools.last_layer_documents import mended_document
from tools.readers.last_layer_file import LastLayer, read_last_layer
from tools.registry import NotApplicable
from tools.training.baseline import plain_training
from tools.training.head import fit

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
PAIR = ("apples", "citrus")


def exported(case: Case, file: Path, *, turned: bool = False, order: tuple[int, ...] = (0, 1), **more: object) -> Path:
    """Features on a scale of their own, and the layer that a plain training gives them."""
    rng = np.random.default_rng(9)
    features = (case.space.vectors * 7 + rng.normal(size=case.space.vectors.shape[1])).astype(np.float32)
    head = fit(features, plain_training(np.flatnonzero(case.fit), case.targets, 2))
    weight, bias = head["head.weight"][list(order)], head["head.bias"][list(order)]
    arrays: dict[str, object] = {
        "id": case.ids, "features": features, "weight": weight.T if turned else weight, "bias": bias,
        "classes": np.array([case.classes[i] for i in order]),
    }  # fmt: skip
    np.savez(file, **{**arrays, **more})  # type: ignore[arg-type]
    return file


def mended(case: Case, file: Path) -> tuple[Mended, Placed, LastLayer]:
    given = read_last_layer(file)
    layer = placed(case, given)
    return mend(case, layer, PAIR), layer, given


def test_the_rare_setting_is_lifted_beyond_the_same_fit_without_balance(tmp_path: Path) -> None:
    case, against = cue_case(agreement=0.95)
    found, layer, _ = mended(case, exported(case, tmp_path / "f.npz"))
    primary = found.measures[0]
    assert found.cue.cue.name == "border_brightness"
    assert primary.metric == rare_recall(PAIR)
    assert primary.verdict == "helps"
    assert primary.after > primary.before + 0.1
    assert found.unbalanced[0].verdict == "helps"
    assert found.unbalanced[0].before == pytest.approx(primary.before, abs=0.02)  # their layer is that plain fit
    assert found.worst.low is not None
    assert found.worst.low > 0
    assert found.worst_before == min(before.value for _, before, _ in found.groups)
    assert {words for words, _, _ in found.groups} == {f"{c}, {s}" for c in PAIR for s in ("usual", "rare")}
    rare = np.array([str(i) in against for i in case.ids])
    said = said_by(found.weight, found.bias, layer.features[rare])  # the layer that is handed back, by hand
    assert (said == case.targets[rare]).mean() == pytest.approx(primary.after, abs=0.06)


def test_where_nothing_is_planted_there_is_nothing_to_balance(tmp_path: Path) -> None:
    for seed in range(4):
        case, _ = cue_case(agreement=0.5, seed=seed)
        with pytest.raises(NotApplicable, match="no cue between"):
            mended(case, exported(case, tmp_path / "f.npz"))


def test_without_a_test_split_everything_is_done_anew_in_each_fold(tmp_path: Path) -> None:
    case, _ = cue_case(agreement=1.0, each=80)  # three of four pictures over all, test pictures included
    case = replace(case, dataset=replace(case.dataset, splits=np.full(len(case.ids), "train")))
    found, _, _ = mended(case, exported(case, tmp_path / "f.npz"))
    assert "no test split" in found.judged_on
    assert found.measures[0].n > 50


@pytest.mark.parametrize("ending", [".safetensors", ".npz"])
@pytest.mark.parametrize(("turned", "order", "dtype"), [(False, (0, 1), "float32"), (True, (1, 0), "float16")])
def test_it_comes_back_in_its_own_shapes(
    ending: str, turned: bool, order: tuple[int, ...], dtype: str, tmp_path: Path
) -> None:
    case, _ = cue_case(agreement=0.9, each=60)
    file = exported(case, tmp_path / "f.npz", turned=turned, order=order)
    with np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    np.savez(file, **{**arrays, "weight": arrays["weight"].astype(dtype)})
    found, layer, given = mended(case, file)
    assert given.turned is turned
    shapes = write_layer(found, given, tmp_path / f"out{ending}")
    back = (
        load_file(tmp_path / f"out{ending}") if ending == ".safetensors" else dict(np.load(tmp_path / f"out{ending}"))
    )
    assert back["weight"].shape == shapes["weight"] == arrays["weight"].shape
    assert back["weight"].dtype == np.dtype(dtype)
    weight = back["weight"].T if turned else back["weight"]
    logits = layer.features @ weight.T.astype(np.float64) + back["bias"]
    said = np.array(order)[logits.argmax(axis=1)]
    expected = np.array(order)[(layer.features @ found.weight.T + found.bias).argmax(axis=1)]
    assert (said == expected).mean() > 0.98
    document = mended_document(case, found, PAIR, tmp_path / "out", shapes)
    assert document["sentences"][0].startswith("Recall of apples and citrus in the rare setting")
    schema = json.loads((SCHEMAS / "last-layer.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(json.dumps(document, allow_nan=False)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "verdict": "fine"}, schema)
    assert (tmp_path / "f.npz").exists()


def test_features_of_some_pictures_are_enough(tmp_path: Path) -> None:
    case, _ = cue_case(agreement=0.9)
    file = exported(case, tmp_path / "f.npz")
    with np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    half = np.arange(len(case.ids)) % 2 == 0
    np.savez(file, **{**arrays, "id": arrays["id"][half], "features": arrays["features"][half]})
    found, layer, _ = mended(case, file)
    assert int(layer.there.sum()) == int(half.sum())
    assert found.trained_on.startswith(f"{int((half & case.fit).sum())} ")


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("bias", np.zeros(3), "weight (2, 32)"),
        ("weight", np.zeros((2, 31), np.float32), "weight (2, 31)"),
        ("weight", np.zeros((2, 32), np.int64), "weight"),
        ("bias", np.array([0.0, np.nan]), "NaN"),
        ("classes", np.array(["apples", "citrus", "pears"]), "3 classes"),
        ("classes", np.array([{}, {}], dtype=object), "ValueError"),
        ("id", np.array(["a"] * 600), "twice"),
    ],
)
def test_files_that_do_not_fit_are_refused(name: str, value: np.ndarray, seen: str, tmp_path: Path) -> None:
    case, _ = cue_case()
    with pytest.raises(UnreadableInput) as fault:
        read_last_layer(exported(case, tmp_path / "f.npz", **{name: value}))
    assert seen in fault.value.seen


def test_ids_classes_and_endings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    case, _ = cue_case(each=40)
    with pytest.raises(UnreadableInput, match="lacks"):
        placed(case, read_last_layer(exported(case, tmp_path / "f.npz", classes=np.array(["apples", "pears"]))))
    ids = case.ids.copy()
    ids[0] = "x.jpg"
    with pytest.raises(UnreadableInput, match="ids of the data set"):
        placed(case, read_last_layer(exported(case, tmp_path / "f.npz", id=ids)))
    found, _, given = mended(case, exported(case, tmp_path / "f.npz"))
    for name in ("out.pt", "f.npz"):
        with pytest.raises(UnreadableInput, match="--out"):
            write_layer(found, given, tmp_path / name)
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("empty.npz", "none.npz"):
        with pytest.raises(UnreadableInput, match="npz file with the arrays"):
            read_last_layer(tmp_path / name)


def test_too_few_pictures_are_said(tmp_path: Path) -> None:
    case, _ = cue_case(each=12)
    with pytest.raises(NotApplicable, match="fewer than 20"):
        mended(case, exported(case, tmp_path / "f.npz"))
