"""In which order to label the pictures of the inbox: most to be gained first, each with why it is where it is.

A picture counts as much as the model is unsure of it (the margin between its two likeliest classes; Scheffer, Decomain
& Wrobel 2001), more where it belongs to a named gap. A set of pictures is worth what it says about all of them: every
picture of the inbox counts as far as one of the set is like it (facility location; Wei, Iyer & Bilmes 2015), so one
that many others are like comes early (information density; Settles & Craven 2008) and a second one of a burst late.
That sum is monotone and submodular, so choosing greedily reaches at least 1 − 1/e of the best (Nemhauser, Wolsey &
Fisher 1978). ``benchmarks/inbox.py`` measures it beside random order, the margin alone, core-set and BADGE.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity

from embeddings.index import neighbour_graph

Order = Literal["gain", "uncertainty", "newest", "unlike", "random"]
ORDERS: tuple[str, ...] = get_args(Order)
ALIKE = 0.90
"""Quantile of the similarities between pictures from which two say something about each other."""
NEIGHBOURS = 100
"""Pictures that one may speak for; no n × n table is made."""
PAIRS = 20_000
GAP_WEIGHT = 2.0
"""A picture that surely belongs to the heaviest gap counts this many times more than one that belongs to none."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """An order of pictures.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Best first.
    worth : ndarray of float64, shape (m,)
        In the order of ``rows``: what the picture adds to those before it, over what the first adds; or what the order
        goes by.
    speaks_for : ndarray of int64, shape (m,)
        How many others it is like and none before it is; −1 where the order does not ask.
    """

    rows: NDArray[np.int64]
    worth: NDArray[np.float64]
    speaks_for: NDArray[np.int64]


def margin(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """How near the two highest scores of each row are, 0–1; 1 = a tie.

    >>> margin(np.array([[0.5, 0.4, 0.1], [1.0, 0.0, 0.0]])).round(3)
    array([0.9, 0. ])
    """
    if scores.shape[1] < 2:
        return np.ones(len(scores))
    two = np.sort(scores, axis=1)[:, -2:]
    return np.asarray(1 - (two[:, 1] - two[:, 0]))


def weights(
    uncertainty: NDArray[np.float64], membership: NDArray[np.float64], importance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each picture counts: its uncertainty, raised where it belongs to gaps.

    Parameters
    ----------
    uncertainty : ndarray, shape (n,)
        0–1.
    membership : ndarray, shape (n, gaps)
        0–1.
    importance : ndarray, shape (gaps,)
        Of each gap, in any unit.
    """
    if not len(importance) or importance.max() <= 0:
        return uncertainty
    belongs = (membership * (importance / importance.max())).max(axis=1)
    return np.asarray(uncertainty * (1 + GAP_WEIGHT * belongs))


def alike_from(vectors: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Similarity from which two pictures say something about each other: a quantile over random pairs."""
    n = len(vectors)
    first, second = rng.integers(0, n, (2, PAIRS))
    apart = first != second
    pairs = np.einsum("ij,ij->i", vectors[first[apart]], vectors[second[apart]])
    return float(np.quantile(pairs, ALIKE)) if len(pairs) else 1.0


def by_gain(
    worth: NDArray[np.float64], vectors: NDArray[np.float32], rng: np.random.Generator, most: int | None = None
) -> Ranked:
    """Greedy facility location: each next picture adds the most to what those before it say of all.

    Parameters
    ----------
    worth : ndarray, shape (n,)
        What each picture counts.
    vectors : ndarray of float32, shape (n, d)
        Unit length.
    most : int, optional
        So many are placed; the others follow by what they count alone.
    """
    n = len(vectors)
    most = n if most is None else min(most, n)
    threshold = min(alike_from(vectors, rng), 1 - 1e-6) if n > 1 else 0.0
    graph = neighbour_graph(vectors, min(NEIGHBOURS, n - 1))
    near = np.maximum(0.0, (graph.similarities.astype(np.float64) - threshold) / (1 - threshold))
    one_way = csr_matrix((near.ravel(), graph.neighbours.ravel(), np.arange(n + 1) * near.shape[1]), shape=(n, n))
    both = one_way.maximum(one_way.T).maximum(identity(n, format="csr")).tocsr()
    both.eliminate_zeros()
    about = np.split(both.indices, both.indptr[1:-1])
    how = np.split(both.data, both.indptr[1:-1])
    covered = np.zeros(n)

    def adds(i: int) -> float:
        return float(worth[about[i]] @ np.maximum(how[i] - covered[about[i]], 0.0))

    # What a picture adds only shrinks, so one that still leads after it was looked at again is the best (Minoux 1978).
    waiting: list[tuple[float, int]] = [(-float(value), i) for i, value in enumerate(both @ worth)]
    heapq.heapify(waiting)
    rows: list[int] = []
    values: list[float] = []
    others: list[int] = []
    while waiting and len(rows) < most:
        _, i = heapq.heappop(waiting)
        now = -adds(i)
        if waiting and now > waiting[0][0]:
            heapq.heappush(waiting, (now, i))
            continue
        rows.append(i)
        values.append(-now)
        others.append(int((how[i] > covered[about[i]]).sum()) - 1)
        covered[about[i]] = np.maximum(covered[about[i]], how[i])
    rest = sorted((i for _, i in waiting), key=lambda i: (-worth[i], i))
    first = values[0] if values and values[0] > 0 else 1.0
    return Ranked(
        np.array([*rows, *rest], dtype=np.int64),
        np.array([*(v / first for v in values), *(0.0 for _ in rest)]),
        np.array([*(max(0, o) for o in others), *(0 for _ in rest)], dtype=np.int64),
    )


def by_value(values: Sequence[float] | NDArray[np.float64]) -> Ranked:
    """Highest first; of equals the earlier."""
    found = np.asarray(values, dtype=np.float64)
    rows = np.argsort(-found, kind="stable").astype(np.int64)
    return Ranked(rows, found[rows], np.full(len(rows), -1, dtype=np.int64))
