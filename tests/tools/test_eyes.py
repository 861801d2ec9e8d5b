"""Pictures opened again: what checks of regions see, and the plain reason where that is not possible."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.planting.vectors import vector_case
from tests.embeddings.pictures import encoded, scene, written
from tools.case import Case
from tools.importing import import_dataset
from tools.registry import NotApplicable
from tools.settings import Settings
from tools.workspace import Workspace


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Blue or red discs on a plain table, ten of each; every second is a test picture."""
    folder = tmp_path_factory.mktemp("eyes")
    y, x = np.mgrid[:160, :160]
    rng = np.random.default_rng(0)
    for name, colour in (("blue", (30, 40, 200)), ("red", (200, 40, 30))):
        for i in range(10):
            pixels = np.clip(rng.normal(205, 4, (160, 160, 3)), 0, 255)
            cx, cy = rng.integers(60, 100, 2)
            pixels[(x - cx) ** 2 + (y - cy) ** 2 < 40**2] = colour
            place = folder / "photos" / ("test" if i % 2 else "train") / name
            place.mkdir(parents=True, exist_ok=True)
            written(place / f"{i}.png", encoded(Image.fromarray(pixels.astype(np.uint8)), "PNG"))
    settings = Settings(workspace=folder / "ws", encoder="embedded", threads=2)
    workspace = Workspace.open(folder / "ws")
    import_dataset(workspace, folder / "photos", settings)
    return workspace.case(settings)


def test_pictures_are_taken_apart_into_thing_and_surround(case: Case) -> None:
    parts = case.derived.parts
    assert parts.rows.tolist() == list(range(20))
    assert parts.unparted == 0
    true = np.pi * 40**2 / 160**2
    assert np.median(np.abs(parts.area - true)) < 0.1
    red = case.targets[parts.rows] == case.number("red")

    def between(vectors: np.ndarray) -> float:
        """Mean similarity across colours less that within a colour: near zero where the colour is gone."""
        same = np.equal.outer(red, red)[~np.eye(20, dtype=bool)]
        similarities = (vectors @ vectors.T)[~np.eye(20, dtype=bool)]
        return float(similarities[same].mean() - similarities[~same].mean())

    assert between(parts.foreground) > 3 * between(parts.background)
    np.testing.assert_allclose(np.linalg.norm(parts.background, axis=1), 1, atol=1e-5)


def test_parts_are_kept_for_the_next_run(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    first = case.derived.parts
    again = Case(case.dataset, case.space, case.settings, case.predictions, case.store)
    monkeypatch.setattr(again.eyes, "take_apart", lambda rows: pytest.fail("pictures were opened again"))
    assert np.array_equal(again.derived.parts.foreground, first.foreground)
    assert np.array_equal(again.derived.parts.looks.spread, first.looks.spread)
    assert first.looks.rows.tolist() == list(range(20))


def test_a_sample_is_spread_over_classes_splits_and_groups(case: Case) -> None:
    chosen = case.eyes.sample(8)
    assert len(chosen) == 8
    for side in (case.fit, case.evaluation):
        for number in range(2):
            assert (side & (case.targets == number))[chosen].sum() == 2
    bursts = vector_case({"a": 60, "b": 60}, burst=20, seed=1)
    drawn = bursts.eyes.sample(12)
    assert len(np.unique(bursts.derived.grouping.groups[drawn])) == len(np.unique(bursts.derived.grouping.groups))


def test_without_pictures_the_reason_is_given(case: Case, tmp_path: Path) -> None:
    moved = replace(case, dataset=replace(case.dataset, root=tmp_path))
    with pytest.raises(NotApplicable, match=r"test/blue/1\.png cannot be opened any more: there is no such file"):
        moved.eyes.pixels([0])


@pytest.mark.parametrize(
    ("name", "fingerprint", "words"),
    [
        ("given", "f" * 64, "came from a file"),
        ("embedded", "f" * 64, "is not the one that made the vectors"),
        ("transformers:nobody/nothing", "f" * 64, "cannot be encoded again"),
    ],
)
def test_without_its_encoder_the_reason_is_given(case: Case, name: str, fingerprint: str, words: str) -> None:
    encoder = replace(case.space.encoder, name=name, fingerprint=fingerprint)
    other = replace(case, space=replace(case.space, encoder=encoder))
    with pytest.raises(NotApplicable, match=words):
        _ = other.eyes.encoder


def test_a_link_out_of_the_folder_is_not_followed(case: Case, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "train").mkdir(parents=True)
    (root / "train" / "a.jpg").symlink_to(written(tmp_path / "outside.jpg", encoded(scene())))
    ids = np.array(["train/a.jpg"])
    dataset = replace(
        case.dataset, root=root, ids=ids, sha256=case.dataset.sha256[:1], widths=case.dataset.widths[:1],
        heights=case.dataset.heights[:1], splits=np.array(["train"]), labels=(), metadata={}, properties={},
        perceptual_hash=None,
    )  # fmt: skip
    space = replace(case.space, ids=ids, vectors=case.space.vectors[:1], names=case.space.names[:1])
    with pytest.raises(NotApplicable, match="leads out"):
        Case(dataset, space, case.settings).eyes.pixels([0])
