"""Search by a picture or a vector: the right pictures, or a clear refusal."""

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.search import Neighbours
from embeddings.space import EmbeddingSpace


def space_of(vectors: NDArray[np.float32]) -> EmbeddingSpace:
    info = EncoderInfo("axes", "f" * 64, vectors.shape[1], has_text=False)
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
