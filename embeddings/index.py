"""Exact neighbours with FAISS: one graph per space, shared by every check."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """The k nearest other images of every image.

    Attributes
    ----------
    neighbours : ndarray of int64, shape (n, k)
        Rows of the space, nearest first, the image itself left out.
    similarities : ndarray of float32, shape (n, k)
        Cosine similarities, descending.
    """

    neighbours: NDArray[np.int64]
    similarities: NDArray[np.float32]


def neighbour_graph(vectors: NDArray[np.float32], k: int) -> NeighbourGraph:
    """Exact k nearest neighbours by cosine similarity.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Unit length.
    k : int
        Cut to n − 1.
    """
    n = len(vectors)
    if not n:
        return NeighbourGraph(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.float32))
    similarities, rows = nearest(vectors, vectors, min(k + 1, n))
    own = rows == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True  # identical copies can push the image itself off its list
    keep = ~own
    width = similarities.shape[1] - 1
    return NeighbourGraph(rows[keep].reshape(n, width), similarities[keep].reshape(n, width))


def nearest(
    base: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Similarities and rows of the k nearest base vectors of each query, shapes (q, k); on a GPU if any."""
    import faiss

    if not len(base) or not len(queries):
        shape = (len(queries), min(k, len(base)))
        return np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.int64)
    index: faiss.Index = faiss.IndexFlatIP(base.shape[1])
    if hasattr(faiss, "index_cpu_to_all_gpus") and faiss.get_num_gpus():
        index = faiss.index_cpu_to_all_gpus(index)
    index.add(np.ascontiguousarray(base))
    similarities, rows = index.search(np.ascontiguousarray(queries), min(k, len(base)))
    return similarities, rows.astype(np.int64)
