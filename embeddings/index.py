"""Neighbours: one graph per space, shared by every check. Exact up to a stated size, beyond it with measured recall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.device import faiss_gpus, placed
from embeddings.exact import exact_graph, exact_nearest
from embeddings.inverted import EXACT_UP_TO, build_inverted

MOST_ON_GPU = 2048
"""Neighbours per query that FAISS finds on a GPU; longer lists are made on the CPU."""


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """The k nearest other images of every image.

    Attributes
    ----------
    neighbours : ndarray of int64, shape (n, k)
        Rows of the space, nearest first, the image itself left out; of equally near ones the lower row first.
    similarities : ndarray of float32, shape (n, k)
        Cosine similarities, descending.
    recall : float
        Share of the true neighbours that are in the graph: 1 where it is exact, else measured on a sample.
    """

    neighbours: NDArray[np.int64]
    similarities: NDArray[np.float32]
    recall: float = 1.0


def neighbour_graph(vectors: NDArray[np.float32], k: int, *, exact_up_to: int = EXACT_UP_TO) -> NeighbourGraph:
    """The k nearest neighbours by cosine similarity: those of brute force, except in very large spaces without a GPU.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Unit length.
    k : int
        Cut to n − 1.
    exact_up_to : int
        Above this many images, and without a GPU, inverted lists are searched; where they cannot reach the least
        recall, the search is exact all the same.

    Raises
    ------
    ValueError
        If a vector holds NaN.
    """
    n = len(vectors)
    width = min(k, n - 1)
    if width < 1:
        return NeighbourGraph(np.zeros((n, 0), dtype=np.int64), np.zeros((n, 0), dtype=np.float32))
    if _on_gpu(width + 1):
        similarities, rows = without_self(*_flat_search(vectors, vectors, width + 1))
        return NeighbourGraph(rows, similarities)
    inverted = build_inverted(vectors, width) if n > exact_up_to else None
    if inverted is None:
        similarities, rows = exact_graph(vectors, width)
        return NeighbourGraph(rows, similarities)
    similarities, rows = without_self(*inverted.search(vectors, width + 1))
    return NeighbourGraph(rows, similarities, inverted.recall)


def nearest(
    base: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Similarities and rows of the k nearest base vectors of each query, exact, shapes (q, k); on a GPU if any."""
    width = min(k, len(base))
    if not width or not len(queries):
        shape = (len(queries), width)
        return np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.int64)
    return _flat_search(base, queries, width) if _on_gpu(width) else exact_nearest(base, queries, width)


def without_self(
    similarities: NDArray[np.float32], rows: NDArray[np.int64], own: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Lists shorter by one, each without the query's own row, or without its last where copies pushed that out.

    Parameters
    ----------
    own : ndarray of int64, shape (q,), optional
        Row of each query; its number when left out.
    """
    mine = rows == (np.arange(len(rows)) if own is None else own)[:, None]
    mine[~mine.any(axis=1), -1] = True
    shape = (len(rows), rows.shape[1] - 1)
    return similarities[~mine].reshape(shape), rows[~mine].reshape(shape)


def _on_gpu(width: int) -> bool:
    return width <= MOST_ON_GPU and faiss_gpus() > 0


def _flat_search(
    base: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Exact search by FAISS; equal similarities are put in the order of their rows."""
    import faiss

    index = placed(faiss.IndexFlatIP(base.shape[1]))
    index.add(np.ascontiguousarray(base, dtype=np.float32))
    similarities, rows = index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
    if (rows < 0).any() or np.isnan(similarities).any():
        raise ValueError("a vector holds NaN, so its neighbours are unknown; leave out such rows")
    order = np.lexsort((rows, -similarities), axis=1)
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(rows, order, 1).astype(np.int64)
