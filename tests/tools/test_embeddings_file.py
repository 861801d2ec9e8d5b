"""The user's own vectors: read, refused by id, laid onto the images, kept with the words that came with them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.embeddings.pictures import encoded, scene, written
from tools.errors import UnreadableInput
from tools.importing import import_dataset
from tools.readers.embeddings_file import read_embeddings
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

SETTINGS = Settings(threads=1)
IDS = [f"{name}/{i}.jpg" for name in ("apple", "pear") for i in range(4)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, image in enumerate(IDS):
        (tmp_path / "photos" / image).parent.mkdir(parents=True, exist_ok=True)
        written(tmp_path / "photos" / image, encoded(scene(seed=seed)))
    return tmp_path / "photos"


def vectors(n: int = len(IDS), d: int = 6) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)


def npz(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def given(path: Path, **changes: object) -> Path:
    return npz(path, **{"id": np.array(IDS), "vector": vectors(), **changes})


def test_npz_and_parquet_say_the_same(tmp_path: Path) -> None:
    words = {"text/a hand": vectors(1)[0], "text/plate": -vectors(1)[0]}
    first = read_embeddings(given(tmp_path / "a.npz", **words))
    rows = [*zip(IDS, vectors(), strict=True), *words.items()]
    pd.DataFrame({"id": [i for i, _ in rows], "vector": [v.tolist() for _, v in rows]}).to_parquet(
        tmp_path / "a.parquet"
    )
    second = read_embeddings(tmp_path / "a.parquet")
    for table in (first, second):
        assert table.ids == tuple(IDS)
        np.testing.assert_allclose(np.linalg.norm(table.vectors, axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(
            (table.vectors * vectors()).sum(axis=1), np.linalg.norm(vectors(), axis=1), rtol=1e-5
        )
        assert sorted(table.texts) == ["a hand", "plate"]
        np.testing.assert_allclose(table.texts["a hand"], -table.texts["plate"], atol=1e-6)
    assert first.fingerprint == second.fingerprint
    assert read_embeddings(given(tmp_path / "b.npz")).fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vector": np.where(np.arange(8)[:, None] == 3, np.nan, vectors())}, "'apple/3.jpg'"),
        ({"vector": np.where(np.arange(8)[:, None] == 5, np.inf, vectors())}, "'pear/1.jpg'"),
        ({"vector": np.where(np.arange(8)[:, None] == 0, 0, vectors())}, "only zero numbers, for 'apple/0.jpg'"),
        ({"vector": vectors(7)}, r"one vector of numbers for each of the 8 ids.*\(7, 6\)"),
        ({"vector": vectors()[:, 0]}, r"shape \(8,\)"),
        ({"vector": vectors().astype(str)}, "one vector of numbers"),
        ({"id": np.array([*IDS[:-1], IDS[0]])}, "more than one, e.g. 'apple/0.jpg'"),
        ({"text/plate": vectors(1, 5)[0]}, r"6 finite numbers for each text/<concept>.*'text/plate'"),
        ({"text/plate": np.full(6, np.nan)}, "'text/plate'"),
        ({"text/": vectors(1)[0]}, "text/<concept>"),
        ({"id": np.array(IDS, dtype=object)}, "arrays of Python objects"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(UnreadableInput, match=words):
        read_embeddings(given(tmp_path / "a.npz", **changes))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="does not exist"):
        read_embeddings(tmp_path / "none.npz")
    with pytest.raises(UnreadableInput, match="id and vector"):
        read_embeddings(npz(tmp_path / "a.npz", name=np.array(IDS)))
    for name in ("b.npz", "b.parquet"):
        with pytest.raises(UnreadableInput):
            read_embeddings(written(tmp_path / name, b"no such thing"))
    pd.DataFrame({"id": ["a", "b"], "vector": [[1.0, 2.0], [1.0]]}).to_parquet(tmp_path / "c.parquet")
    with pytest.raises(UnreadableInput, match="one length"):
        read_embeddings(tmp_path / "c.parquet")


def test_vectors_follow_their_images_and_words_are_kept(tmp_path: Path, photos: Path) -> None:
    order = np.random.default_rng(1).permutation(8)
    ids = [f"./{IDS[i]}" for i in order]
    both = np.vstack([vectors()[order], vectors(1)])
    words = {"text/plate": vectors(1)[0]}
    file = given(tmp_path / "a.npz", id=np.array([*ids, "other/1.jpg"]), vector=both, **words)
    workspace = Workspace.open(tmp_path / "ws")
    done = import_dataset(workspace, photos, SETTINGS, embeddings=file)
    assert done.dataset.ids.tolist() == sorted(IDS)
    assert "vectors of length 6 from a.npz, with 1 vectors of words; 1 rows are of other files" in done.encoder
    space = workspace.space(done.dataset)
    for image, vector in zip(IDS, vectors(), strict=True):
        np.testing.assert_allclose(space.vectors[done.dataset.index[image]], vector / np.linalg.norm(vector), atol=1e-6)
    assert (space.encoder.name, space.encoder.has_text, [*space.texts]) == ("given", False, ["plate"])
    assert done.dataset.properties["brightness"].std() > 0  # pictures are measured all the same
    assert workspace.case(SETTINGS).derived.graph.neighbours.shape == (8, 7)


def test_images_without_a_vector_are_skipped_with_the_reason(tmp_path: Path, photos: Path) -> None:
    file = given(tmp_path / "a.npz", id=np.array(IDS[:6]), vector=vectors(6))
    dataset = import_dataset(Workspace.open(tmp_path / "ws"), photos, SETTINGS, embeddings=file).dataset
    assert len(dataset) == 6
    assert [(s.path, s.reason) for s in dataset.skipped] == [(i, "no vector for it in a.npz") for i in IDS[6:]]


def test_vectors_of_another_folder_are_refused_and_nothing_is_written(tmp_path: Path, photos: Path) -> None:
    file = given(tmp_path / "a.npz", id=np.array([*IDS[:3], *"abcde"]))
    workspace = Workspace.open(tmp_path / "ws")
    with pytest.raises(UnreadableInput, match="vectors of 3 of them"):
        import_dataset(workspace, photos, SETTINGS, embeddings=file)
    assert not workspace.datasets()


def test_a_workspace_of_given_vectors_asks_for_them_again(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace.open(tmp_path / "ws")
    import_dataset(workspace, photos, SETTINGS, embeddings=given(tmp_path / "a.npz"))
    with pytest.raises(EncoderMismatch, match="--embeddings FILE"):
        import_dataset(workspace, photos, SETTINGS)
    again = import_dataset(workspace, photos, SETTINGS, embeddings=given(tmp_path / "b.npz", vector=-vectors()))
    assert not again.changed  # the same pictures and labels, with other vectors
    np.testing.assert_allclose(
        workspace.space(again.dataset).vectors[0], -vectors()[0] / np.linalg.norm(vectors()[0]), atol=1e-6
    )
