"""Inverted lists (IVF) for very large spaces, taken only with a recall that was measured on the vectors themselves."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.exact import exact_nearest

if TYPE_CHECKING:
    import faiss

EXACT_UP_TO = 100_000
"""Images up to which the exact graph is made. Its cost grows with the square of their number; the figures at which
inverted lists pay are in docs/decisions/0005-exact-neighbours.md."""
LEAST_RECALL = 0.98
SAMPLE = 500
"""Rows whose exact neighbours the recall is measured against; with 20 neighbours each, 10,000 of them."""
MOST_PROBED = 1 / 8
"""Share of the lists; searching more of them costs as much as the exact graph, whose products are blocked."""
LISTS = 2
"""Times the root of the number of vectors. Twice as many take four times as long to train."""
FIRST_PROBES = 4
TRAINING_PER_LIST = 64
"""Vectors that k-means sees per list; FAISS asks for at least 39."""
ROUNDS = 10
"""Of k-means (Lloyd's algorithm)."""
SLACK = 1e-6
"""Rounding of a float32 similarity: a neighbour this much farther than the last exact one is as good as that."""


@dataclass(frozen=True, eq=False)
class InvertedIndex:
    """Vectors in lists by their nearest centroid (Sivic & Zisserman 2003); a query looks into the nearest lists only.

    Attributes
    ----------
    index : faiss.IndexIVFFlat
        Holds the vectors; its ``nprobe`` is the number of lists looked into.
    recall : float
        Mean share of the exact k nearest neighbours that are found for rows of the space, measured when it was built.
    k : int
        Neighbours for which the recall was measured.
    """

    index: "faiss.IndexIVFFlat"
    recall: float
    k: int

    def search(self, queries: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Similarities and rows of about the k nearest vectors of each query, shapes (q, k), k at most n."""
        return _search(self.index, queries, k)


def build_inverted(
    vectors: NDArray[np.float32], k: int, *, least_recall: float = LEAST_RECALL, seed: int = 0
) -> InvertedIndex | None:
    """Inverted lists whose recall is high enough, or None where that takes more than ``MOST_PROBED`` of the lists.

    The number of lists looked into is doubled until the measured mean recall less two standard errors reaches
    ``least_recall``, so a lucky sample does not pass.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Unit length.
    k : int
        Neighbours of a row, itself left out, from 1 to n − 1.
    """
    import faiss

    n = len(vectors)
    lists = max(1, int(LISTS * np.sqrt(n)))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(vectors.shape[1]), vectors.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical, index.cp.niter, index.cp.seed = True, ROUNDS, seed + 1
    index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = TRAINING_PER_LIST, 1
    contiguous = np.ascontiguousarray(vectors, dtype=np.float32)
    index.train(contiguous)
    index.add(contiguous)
    sample = np.sort(np.random.default_rng(seed).choice(n, min(SAMPLE, n), replace=False))
    exact = exact_nearest(contiguous, contiguous[sample], k + 1)[0][:, -1]
    probes = FIRST_PROBES
    while probes <= MOST_PROBED * lists:
        index.nprobe = probes
        found = _search(index, contiguous[sample], k + 1)[0]
        recalls = ((found >= exact[:, None] - SLACK).sum(axis=1) - 1) / k  # a row finds itself in its own list
        if recalls.mean() - 2 * recalls.std() / np.sqrt(len(recalls)) >= least_recall:
            return InvertedIndex(index, float(recalls.mean()), k)
        probes *= 2
    return None


def _search(
    index: "faiss.IndexIVFFlat", queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Of equal similarities the lower row first; where the lists looked into hold fewer than k vectors, all are."""
    import faiss

    asked = np.ascontiguousarray(queries, dtype=np.float32)
    similarities, rows = index.search(asked, k)
    short = np.flatnonzero((rows < 0).any(axis=1))
    if len(short):
        everywhere = faiss.SearchParametersIVF()
        everywhere.nprobe = index.nlist
        similarities[short], rows[short] = index.search(asked[short], k, params=everywhere)
    order = np.lexsort((rows, -similarities), axis=1)
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(rows, order, 1).astype(np.int64)
