"""Which pictures belong together: bursts of one object, frames of one video, the user's own column."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from embeddings.index import NeighbourGraph, nearest

LARGEST_COMPONENT = 4000
"""Average linkage is quadratic in memory; larger components are cut at a tighter similarity first."""
IDENTICAL = 0.999
"""Where a component is still too large at this similarity, its pictures are copies and stay one group."""


def similarity_groups(vectors: NDArray[np.float32], graph: NeighbourGraph, similarity: float) -> NDArray[np.int64]:
    """Average-linkage clusters whose mean similarity is at least ``similarity``, shape (n,).

    Every merge of average linkage needs at least one edge that near, so clustering inside the connected components
    of the neighbour graph gives the same result as clustering everything (exact while no image has more than k
    neighbours that near), without any n × n matrix.
    """
    out = np.empty(len(vectors), dtype=np.int64)
    following = 0
    for rows in _linked(graph, similarity, np.arange(len(vectors))):
        if len(rows) == 1 or len(rows) > LARGEST_COMPONENT:
            inner = np.zeros(len(rows), dtype=np.int64)
        else:
            distance = np.maximum(1 - vectors[rows] @ vectors[rows].T, 0)
            tree = linkage(distance[np.triu_indices(len(rows), 1)].astype(np.float64), "average")
            inner = fcluster(tree, 1 - similarity, "distance").astype(np.int64) - 1
        out[rows] = inner + following
        following += int(inner.max()) + 1
    return out


def _linked(graph: NeighbourGraph, similarity: float, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Connected components among some rows, cut at ever tighter similarities until average linkage can take them."""
    labels = _components(graph, similarity, len(graph.neighbours))[rows]
    parts = [rows[members] for members in _members(labels)]
    tighter = similarity + 0.25 * (1 - similarity)
    if tighter > IDENTICAL:
        return parts
    small = [part for part in parts if len(part) <= LARGEST_COMPONENT]
    large = [part for part in parts if len(part) > LARGEST_COMPONENT]
    return small + [piece for part in large for piece in _linked(graph, tighter, part)]


def _components(graph: NeighbourGraph, similarity: float, n: int) -> NDArray[np.int64]:
    near = graph.similarities >= similarity
    rows = np.repeat(np.arange(n), near.sum(axis=1))
    edges = coo_matrix((np.ones(len(rows)), (rows, graph.neighbours[near])), shape=(n, n))
    return np.asarray(connected_components(edges, directed=False)[1], dtype=np.int64)


def _members(groups: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of the images that heads are trained on.

    Attributes
    ----------
    groups : ndarray of int64, shape (n,)
        Group of every image of the dataset; images outside ``fit`` have groups too (for clustered intervals).
    source : {"column", "similarity", "copies"}
        The user's column; similarity tuned to the test split; or, without either, near copies only.
    similarity : float
        The threshold; nan for a column.
    """

    groups: NDArray[np.int64]
    source: str
    similarity: float


def nearness_in_graph(
    vectors: NDArray[np.float32], graph: NeighbourGraph, parts: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Similarity of some images to the nearest image of another part, shape (len(rows),).

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
    graph : NeighbourGraph
        Of all n images; only images without such a neighbour in it are searched again.
    parts : ndarray of int64, shape (n,)
        Folds, say; images of part −1 are nobody's neighbour.
    rows : ndarray of int64
    """
    near = parts[graph.neighbours[rows]]
    allowed = (near >= 0) & (near != parts[rows][:, None])
    out: NDArray[np.float32] = graph.similarities[rows, allowed.argmax(axis=1)]
    missing = ~allowed.any(axis=1)
    for part in np.unique(parts[rows[missing]]):
        base, asked = (parts >= 0) & (parts != part), missing & (parts[rows] == part)
        out[asked] = nearest(vectors[base], vectors[rows[asked]], 1)[0][:, 0]
    return out
