"""Search by a picture, a vector or words: the right pictures, the right encoder, or a clear refusal."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo, NoTextTower
from embeddings.inverted import build_inverted
from embeddings.mismatch import Mismatch
from embeddings.search import Neighbours
from embeddings.space import EmbeddingSpace
from tests.embeddings.two_towers import TwoTowers


class Words(TwoTowers):
    """An encoder of words: each known word is one axis."""

    def __init__(self, fingerprint: str = "f" * 64, *, has_text: bool = True) -> None:
        super().__init__(info=EncoderInfo("words", fingerprint, 3, has_text))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self.info.has_text:
            raise NoTextTower("this encoder knows no words; import with a CLIP encoder")
        return np.stack([np.eye(3, dtype=np.float32)[["apple", "pear", "lemon"].index(text)] for text in texts])


def space_of(vectors: NDArray[np.float32], fingerprint: str = "f" * 64) -> EmbeddingSpace:
    info = EncoderInfo("words", fingerprint, vectors.shape[1], has_text=True)
    ids = np.array([f"img_{row}" for row in range(len(vectors))])
    return EmbeddingSpace(info, ids, vectors, np.zeros((len(ids), 0), np.float32))


@pytest.fixture
def space() -> EmbeddingSpace:
    """Four pictures; similarities by hand: img_1 to img_0 is 0.8, to img_2 0.6, to img_3 0."""
    return space_of(np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32))


def test_by_row_leaves_the_picture_itself_out(space: EmbeddingSpace) -> None:
    found = Neighbours(space).by_row(1, 2)
    assert found.ids.tolist() == ["img_0", "img_2"]
    assert found.rows.tolist() == [0, 2]
    np.testing.assert_allclose(found.similarities, [0.8, 0.6], atol=1e-6)
    assert found.recall == 1


def test_by_row_among_copies_gives_the_copies() -> None:
    copies = Neighbours(space_of(np.eye(3, dtype=np.float32)[[0, 0, 0, 0, 1]]))
    assert copies.by_row(3, 2).rows.tolist() == [0, 1]
    assert copies.by_row(0, 10).rows.tolist() == [1, 2, 3, 4]


def test_a_lone_picture_has_nothing_beside_it() -> None:
    assert Neighbours(space_of(np.eye(3, dtype=np.float32)[:1])).by_row(0, 5).ids.tolist() == []


@pytest.mark.parametrize("row", [-1, 4])
def test_a_row_that_is_not_there(space: EmbeddingSpace, row: int) -> None:
    with pytest.raises(IndexError, match=f"expected a row from 0 to 3, saw {row}"):
        Neighbours(space).by_row(row, 1)


def test_by_vector_of_any_length(space: EmbeddingSpace) -> None:
    found = Neighbours(space).by_vector(np.array([0.0, 3.0, 4.0]), 10)
    assert found.ids.tolist() == ["img_3", "img_2", "img_1", "img_0"]
    np.testing.assert_allclose(found.similarities, [0.8, 0.6, 0.36, 0], atol=1e-6)


@pytest.mark.parametrize("vector", [[0, 0, 0], [np.nan, 0, 1], [np.inf, 0, 0]])
def test_vectors_without_a_direction_are_refused(space: EmbeddingSpace, vector: list[float]) -> None:
    with pytest.raises(ValueError, match="expected a finite vector other than zero"):
        Neighbours(space).by_vector(np.array(vector), 1)


def test_a_vector_of_another_dimension_is_refused(space: EmbeddingSpace) -> None:
    with pytest.raises(ValueError, match=r"expected a vector of 3 numbers, saw an array of shape \(4,\)"):
        Neighbours(space).by_vector(np.ones(4), 1)


def test_nothing_to_look_for_is_refused(space: EmbeddingSpace) -> None:
    for search in (lambda: Neighbours(space).by_row(0, 0), lambda: Neighbours(space).by_vector(np.ones(3), 0)):
        with pytest.raises(ValueError, match="at least 1 picture, saw 0"):
            search()


def test_by_text(space: EmbeddingSpace) -> None:
    found = Neighbours(space).by_text("pear", Words(), 2)
    assert found.ids.tolist() == ["img_2", "img_1"]
    np.testing.assert_allclose(found.similarities, [1, 0.6], atol=1e-6)


def test_words_need_a_text_tower(space: EmbeddingSpace) -> None:
    with pytest.raises(NoTextTower, match="import with a CLIP encoder"):
        Neighbours(space).by_text("pear", Words(has_text=False), 2)


def test_another_encoder_is_refused_and_both_are_named(space: EmbeddingSpace) -> None:
    with pytest.raises(Mismatch, match=f"{'f' * 16}.*{'e' * 16}.*import the pictures again") as caught:
        Neighbours(space).by_text("pear", Words("e" * 64), 2)
    assert isinstance(caught.value, ValueError)
    assert "e" * 16 in caught.value.seen
    assert "f" * 16 in caught.value.expected


def test_inverted_lists_serve_rows_with_their_recall_and_only_those(clusters: NDArray[np.float32]) -> None:
    inverted = build_inverted(clusters, 5)
    assert inverted is not None
    space = space_of(clusters)
    exact, fast = Neighbours(space), Neighbours(space, inverted)
    assert fast.by_row(7, 5).rows.tolist() == exact.by_row(7, 5).rows.tolist()
    assert fast.by_row(7, 5).recall == inverted.recall >= 0.98
    assert fast.by_row(7, 6).recall == 1  # measured for five neighbours, so six are searched exactly
    assert fast.by_vector(clusters[7], 5).recall == 1


def test_inverted_lists_of_another_space_are_refused(clusters: NDArray[np.float32]) -> None:
    with pytest.raises(Mismatch, match="expected an index of 1999 vectors of length 16, saw one of 2000"):
        Neighbours(space_of(clusters[:-1]), build_inverted(clusters, 5))


@pytest.fixture(scope="module")
def clusters() -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(40, 16))[rng.integers(0, 40, 2000)] + 0.3 * rng.normal(size=(2000, 16))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
