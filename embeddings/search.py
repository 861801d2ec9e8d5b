"""Pictures of a space that are most like a picture or a vector."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest, without_self
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
        Cosines, descending.
    """

    rows: NDArray[np.int64]
    ids: NDArray[np.str_]
    similarities: NDArray[np.float32]


class Neighbours:
    """Search in one space, always exact.

    Parameters
    ----------
    space : EmbeddingSpace
    """

    def __init__(self, space: EmbeddingSpace) -> None:
        self._space = space

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
        similarities, rows = without_self(*nearest(self._space.vectors, query, width), np.array([row]))
        return self._found(rows[0], similarities[0])

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

    def _found(self, rows: NDArray[np.int64], similarities: NDArray[np.float32]) -> Found:
        return Found(rows, self._space.ids[rows], similarities)


def _positive(k: int) -> int:
    if k < 1:
        raise ValueError(f"expected to look for at least 1 picture, saw {k}")
    return k
