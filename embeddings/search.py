"""Pictures of a space that are most like a picture, a vector or a few words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder
from embeddings.index import nearest, without_self
from embeddings.inverted import InvertedIndex
from embeddings.mismatch import Mismatch
from embeddings.space import EmbeddingSpace


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found, most alike first.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Of the space; of equally near ones the lower row first.
    ids : ndarray of str, shape (m,)
    similarities : ndarray of float32, shape (m,)
        Cosines, descending. Between a text and a picture they are far lower than between two pictures.
    recall : float
        Share of the true neighbours that such a search finds: 1 where it is exact, else measured.
    """

    rows: NDArray[np.int64]
    ids: NDArray[np.str_]
    similarities: NDArray[np.float32]
    recall: float = 1.0


class Neighbours:
    """Search in one space.

    Parameters
    ----------
    space : EmbeddingSpace
    inverted : InvertedIndex, optional
        Of the same space: makes ``by_row`` faster in a very large one. Its recall was measured on rows of the space,
        not on words or foreign pictures, so the other searches stay exact.

    Raises
    ------
    Mismatch
        If the inverted index has another number or length of vectors.
    """

    def __init__(self, space: EmbeddingSpace, inverted: InvertedIndex | None = None) -> None:
        if inverted is not None and (inverted.index.ntotal, inverted.index.d) != space.vectors.shape:
            raise Mismatch(
                expected=f"an index of {len(space.vectors)} vectors of length {space.encoder.dimension}",
                seen=f"one of {inverted.index.ntotal} of length {inverted.index.d}",
                todo="build the index from this space",
            )
        self._space = space
        self._inverted = inverted

    def by_row(self, row: int, k: int) -> Found:
        """The k pictures most like a picture of the space, that one left out.

        Raises
        ------
        IndexError
            If the space has no such row.
        """
        n = len(self._space.ids)
        if not 0 <= row < n:
            raise IndexError(f"expected a row from 0 to {n - 1}, saw {row}")
        query, width = self._space.vectors[row : row + 1], min(_positive(k), n - 1) + 1
        inverted, recall = self._inverted, 1.0
        if inverted is None or width > inverted.k + 1:
            similarities, rows = nearest(self._space.vectors, query, width)
        else:
            recall = inverted.recall
            similarities, rows = inverted.search(query, width)
        similarities, rows = without_self(similarities, rows, np.array([row]))
        return self._found(rows[0], similarities[0], recall)

    def by_vector(self, vector: NDArray[np.floating], k: int) -> Found:
        """The k pictures most like a vector by the space's own encoder.

        Parameters
        ----------
        vector : ndarray of float, shape (dimension,)
            Of any length but zero.

        Raises
        ------
        ValueError
            If the vector has another dimension, is not finite or is zero.
        """
        query = np.asarray(vector, dtype=np.float64)
        if query.shape != (self._space.encoder.dimension,):
            raise ValueError(
                f"expected a vector of {self._space.encoder.dimension} numbers, saw an array of shape {query.shape}; "
                f"use the space's encoder, {self._space.encoder.name}"
            )
        norm = np.linalg.norm(query)
        if not np.isfinite(norm) or not norm:
            raise ValueError(f"expected a finite vector other than zero, saw one of length {norm}")
        similarities, rows = nearest(self._space.vectors, (query / norm).astype(np.float32)[None], _positive(k))
        return self._found(rows[0], similarities[0])

    def by_text(self, text: str, encoder: Encoder, k: int) -> Found:
        """The k pictures that fit a few words best.

        Parameters
        ----------
        text : str
        encoder : Encoder
            The one that made the space.

        Raises
        ------
        Mismatch
            If the encoder is another one.
        NoTextTower
            If the encoder knows no free text.
        """
        made, given = self._space.encoder, encoder.info
        if made.fingerprint != given.fingerprint:
            raise Mismatch(
                expected=f"the encoder that made the space, {made.name} (fingerprint {made.fingerprint[:16]})",
                seen=f"{given.name} (fingerprint {given.fingerprint[:16]})",
                todo="search with the encoder the space was made with, or import the pictures again with this one",
            )
        return self.by_vector(encoder.encode_text([text])[0], k)

    def _found(self, rows: NDArray[np.int64], similarities: NDArray[np.float32], recall: float = 1.0) -> Found:
        return Found(rows, self._space.ids[rows], similarities, recall)


def _positive(k: int) -> int:
    if k < 1:
        raise ValueError(f"expected to look for at least 1 picture, saw {k}")
    return k
