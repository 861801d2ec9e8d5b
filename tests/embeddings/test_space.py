"""A space takes finite unit vectors in the order of its ids, and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace

INFO = EncoderInfo("test", "f" * 64, 3, has_text=False)
IDS = np.array(["a", "b"])


def space(
    vectors: NDArray[np.float32] | None = None, ids: NDArray[np.str_] = IDS, info: EncoderInfo = INFO
) -> EmbeddingSpace:
    vectors = np.eye(3, dtype=np.float32)[: len(ids)] if vectors is None else vectors
    return EmbeddingSpace(info, ids, vectors, np.zeros((len(ids), 0), np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 2.0])
def test_a_vector_that_is_no_finite_unit_vector_is_named(value: float) -> None:
    vectors = np.eye(3, dtype=np.float32)[:2]
    vectors[1, 1] = value
    with pytest.raises(ValueError, match=r"1 vectors .* e\.g\. of b"):
        space(vectors)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"expected 2 vectors of length 3, got an array of shape \(3, 3\)"):
        space(np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match="expected names for 2 images, got 5"):
        EmbeddingSpace(INFO, IDS, np.eye(3, dtype=np.float32)[:2], np.zeros((5, 1000), np.float32))


def test_an_empty_space_is_fine() -> None:
    assert len(space(ids=np.array([], dtype=np.str_)).ids) == 0


def test_the_fingerprint_follows_encoder_ids_and_vectors() -> None:
    turned = np.eye(3, dtype=np.float32)[[1, 0]]
    others = [space(turned), space(ids=np.array(["a", "c"])), space(info=EncoderInfo("test", "e" * 64, 3, False))]
    assert space().fingerprint == space().fingerprint
    assert len({space().fingerprint, *(other.fingerprint for other in others)}) == 4


def test_ids_from_bytes_that_are_no_utf_8_have_a_fingerprint() -> None:
    assert space(ids=np.array(["a\udcff", "b"])).fingerprint != space().fingerprint
