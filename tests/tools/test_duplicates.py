"""Copies by hand, and edited copies of real photographs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.photographs import EDITS
from benchmarks.planting.vectors import assemble, vector_case
from embeddings.properties import perceptual_hash
from tools.duplicates import DISTANCE, MIRROR, SIMILARITY, duplicates, identical_pairs, near_pairs


def test_identical_files_by_hand() -> None:
    assert identical_pairs(np.array(["a", "b", "a", "a", "b", "c"])).tolist() == [[0, 2], [2, 3], [1, 4]]
    assert identical_pairs(np.array(["a", "b"])).tolist() == []


def test_both_views_must_agree() -> None:
    neighbours = np.array([[1, 2], [0, 2], [1, 0]])
    similarities = np.array([[SIMILARITY, 0.1], [SIMILARITY, 0.95], [0.95, 0.1]], dtype=np.float32)
    near, far = np.uint64(2**DISTANCE - 1), np.uint64(2 ** (DISTANCE + 1) - 1)
    assert near_pairs(neighbours, similarities, np.array([0, near, far ^ near], dtype=np.uint64)).tolist() == [
        [0, 1],
        [0, 1],
    ]
    assert near_pairs(neighbours, similarities, np.array([0, far, 0], dtype=np.uint64)).tolist() == []
    assert near_pairs(neighbours, similarities - 0.1, np.zeros(3, dtype=np.uint64)).tolist() == []


def test_the_hash_of_a_mirrored_picture_is_the_turned_hash() -> None:
    y, x = np.mgrid[:64, :64]
    for a, b in ((1, 2), (3, 1), (2, 5)):
        wave = np.cos(np.pi * (y + 0.5) * a / 64) * np.cos(np.pi * (x + 0.5) * b / 64) + 0.3 * np.cos(x / 7 + y / 11)
        pixels = np.repeat((127 + 60 * wave).astype(np.uint8)[..., None], 3, axis=2)
        turned = perceptual_hash(pixels) ^ int(MIRROR)
        assert (turned ^ perceptual_hash(np.ascontiguousarray(pixels[:, ::-1]))).bit_count() <= DISTANCE
        assert (perceptual_hash(pixels) ^ turned).bit_count() == 32


@pytest.mark.parametrize("relabel", [False, True])
def test_a_mirrored_picture_is_a_copy_unless_its_label_differs(relabel: bool) -> None:
    case, truth = plant_copies(with_hashes(vector_case({"cat": 40, "dog": 40})), 10, relabel=relabel, seed=1)
    hashes = case.dataset.perceptual_hash
    assert hashes is not None
    turned = np.where(np.isin(case.ids, list(truth)), hashes ^ MIRROR, hashes)
    found = duplicates(replace(case, dataset=replace(case.dataset, perceptual_hash=turned)))
    assert found.copied.sum() == (0 if relabel else 20)


def test_copies_of_copies_are_one_set() -> None:
    case, truth = plant_copies(with_hashes(vector_case({"cat": 40, "dog": 40})), 10, exact=True, seed=1)
    first = next(iter(truth))
    sha256 = case.dataset.sha256.copy()
    stranger = next(i for i in case.ids.tolist() if i not in truth and i not in truth.values())
    sha256[case.ids == stranger] = sha256[case.ids == first]
    found = duplicates(replace(case, dataset=replace(case.dataset, sha256=sha256)))
    sets = dict(zip(case.ids.tolist(), found.sets.tolist(), strict=True))
    assert sets[first] == sets[truth[first]] == sets[stranger]
    assert found.copied.sum() == 21


def test_they_are_computed_once_per_case(monkeypatch: pytest.MonkeyPatch) -> None:
    case = with_hashes(vector_case({"cat": 40, "dog": 40}))
    first = duplicates(case)
    monkeypatch.setattr("tools.duplicates.near_pairs", None)
    assert duplicates(case).sets.tolist() == first.sets.tolist()


@pytest.mark.real
def test_edited_copies_of_photographs_are_found_and_bursts_are_not(shared_data: Path, tmp_path: Path) -> None:
    from PIL import Image

    from embeddings.embedded import EmbeddedEncoder

    files = sorted((shared_data / "grocery" / "train").rglob("*.jpg"))[::16]
    originals = [Image.open(file).convert("RGB") for file in files]
    pictures = originals + [edit(image) for edit in EDITS.values() for image in originals[:16]]
    encoder = EmbeddedEncoder(tmp_path)
    pixels = [np.asarray(image) for image in pictures]
    vectors = np.concatenate([encoder.encode(encoder.prepare(p)[None]).vectors for p in pixels])
    case = assemble(vectors.astype(np.float64), ["a", "b"] * (len(pictures) // 2) + ["a"] * (len(pictures) % 2))
    hashes = np.array([perceptual_hash(p) for p in pixels], dtype=np.uint64)
    found = duplicates(replace(case, dataset=replace(case.dataset, perceptual_hash=hashes)))
    n = len(originals)
    of = np.concatenate([np.arange(n), np.tile(np.arange(16), len(EDITS))])
    assert (of[found.pairs[:, 0]] == of[found.pairs[:, 1]]).all()
    reached = found.sets[n:] == found.sets[of[n:]]
    assert reached.mean() >= 0.9
    assert all(share >= 0.75 for share in reached.reshape(len(EDITS), 16).mean(axis=1))
