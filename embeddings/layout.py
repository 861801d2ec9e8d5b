"""Vectors to a flat map whose neighbours are those of the vectors (UMAP's objective: McInnes, Healy & Melville 2018).

From a neighbour graph that is there already, with NumPy alone; which library was weighed against it, and how well it
keeps neighbours: docs/decisions/0021.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from embeddings.progress import Progress, silent

Flat = NDArray[np.float32]

A, B = 1.577, 0.895
"""Of the curve 1 / (1 + a·d^2b) for a least distance of 0.1, as UMAP fits them."""
NEIGHBOURS = 15
EPOCHS, EPOCHS_OF_MANY, MANY = 300, 150, 30_000
NEGATIVES = 4
PARTS = 4
"""Updates per epoch: fewer make points jump past each other, since all of one part move at once."""
CLIP = 4.0
SAMPLE = 10_000
"""Vectors that the starting plane is taken from."""
SEARCH_STEPS = 40


def layout(
    vectors: NDArray[np.float32],
    neighbours: NDArray[np.int64],
    similarities: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    on_step: Progress = silent,
) -> Flat:
    """Positions of vectors in the plane, shape (n, 2).

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length.
    neighbours, similarities : ndarray, shape (n, k)
        The nearest others of each, nearest first, and their cosines.
    """
    n = len(vectors)
    if n < 4:
        return np.asarray(np.stack([np.arange(n), np.zeros(n)], axis=1), dtype=np.float32)
    k = min(NEIGHBOURS, neighbours.shape[1])
    heads, tails, weights = edges(neighbours[:, :k], 1.0 - similarities[:, :k].astype(np.float64))
    flat = start(vectors, rng)
    epochs = EPOCHS_OF_MANY if n > MANY else EPOCHS
    chance = (weights / weights.max()).astype(np.float32)
    for epoch in range(epochs):
        on_step("laying out the map", epoch, epochs)
        rate = np.float32(1 - epoch / epochs)
        drawn = np.flatnonzero(rng.random(len(chance), dtype=np.float32) < chance)
        rng.shuffle(drawn)
        for part in np.array_split(drawn, PARTS):
            _move(flat, heads[part], tails[part], rate, rng)
    on_step("laying out the map", epochs, epochs)
    return np.asarray(flat - flat.mean(axis=0), dtype=np.float32)


def start(vectors: NDArray[np.float32], rng: np.random.Generator) -> Flat:
    """The two main directions of the vectors, 10 wide, with a trace of noise so that no two points coincide."""
    chosen = rng.permutation(len(vectors))[:SAMPLE]
    mean = vectors[chosen].mean(axis=0)
    centred = vectors[chosen] - mean
    _, directions = np.linalg.eigh(centred.T @ centred)
    flat = (vectors - mean) @ directions[:, ::-1][:, :2]
    wide = float(np.abs(flat).max()) or 1.0
    noise = rng.normal(scale=1e-3, size=flat.shape)
    return np.asarray(10 * flat / wide + noise, dtype=np.float32)


def edges(
    neighbours: NDArray[np.int64], distances: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Fuzzy neighbourhoods united: both ends and weight of every edge, each edge in both directions.

    Each point's nearest neighbour weighs 1; its scale is such that its weights sum to log2 of their number.
    """
    n, k = neighbours.shape
    beyond = np.maximum(0.0, distances - distances.min(axis=1, keepdims=True))
    low, high = np.full((n, 1), 1e-6), np.full((n, 1), 4.0)
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        more = np.exp(-beyond / middle).sum(axis=1, keepdims=True) > np.log2(k + 1e-9)
        high, low = np.where(more, middle, high), np.where(more, low, middle)
    own = np.exp(-beyond / high)
    rows = np.repeat(np.arange(n), k)
    one = coo_array((own.ravel(), (rows, neighbours.ravel())), shape=(n, n)).tocsr()
    both = coo_array(one + one.T - one.multiply(one.T))
    apart = both.row != both.col
    return both.row[apart].astype(np.int64), both.col[apart].astype(np.int64), both.data[apart]


def _move(
    flat: Flat, heads: NDArray[np.int64], tails: NDArray[np.int64], rate: np.float32, rng: np.random.Generator
) -> None:
    """Pull the ends of some edges together and push each head from a few others drawn at random; in place."""
    n = len(flat)
    away = flat[heads] - flat[tails]
    square = np.maximum((away * away).sum(axis=1), 1e-8)
    power = square ** np.float32(B - 1)
    pull = (-2 * A * B * power / (1 + A * power * square))[:, None] * away
    again = np.repeat(heads, NEGATIVES)
    others = rng.integers(0, n, len(again))
    apart = flat[again] - flat[others]
    square = (apart * apart).sum(axis=1)
    push = (2 * B / ((0.001 + square) * (1 + A * square ** np.float32(B))))[:, None] * apart
    np.clip(pull, -CLIP, CLIP, out=pull)
    np.clip(push, -CLIP, CLIP, out=push)
    for axis in (0, 1):
        step = np.bincount(heads, weights=pull[:, axis], minlength=n)
        step += np.bincount(again, weights=push[:, axis], minlength=n)
        flat[:, axis] += rate * np.clip(step, -CLIP, CLIP).astype(np.float32)
