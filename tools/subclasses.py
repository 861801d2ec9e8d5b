"""Sub-kinds inside one class: spherical k-means, kept only when two disjoint halves find the same ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_PARTS = 6
STABLE = 0.7
"""Adjusted Rand index between the partitions two halves suggest; a single Gaussian in 32–1,280 dimensions stays
below .2, planted kinds lie above .8 (tests)."""
FEWEST = 40
SMALLEST_PART = 8
RESAMPLES = 5
STARTS = 4


@dataclass(frozen=True, eq=False)
class Parts:
    """Sub-kinds of one class.

    Attributes
    ----------
    labels : ndarray of int64, shape (m,)
        Part of each image given; 0 is the largest.
    centres : ndarray of float32, shape (parts, d)
        Unit vectors.
    mean : ndarray of float32, shape (d,)
        Mean of the class; parts are told apart by direction from it.
    stability : float
        Mean adjusted Rand index over resamples.
    """

    labels: NDArray[np.int64]
    centres: NDArray[np.float32]
    mean: NDArray[np.float32]
    stability: float

    def assign(self, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
        """Part of other images of the class, shape (n,)."""
        return np.asarray((_unit(vectors - self.mean) @ self.centres.T).argmax(axis=1), dtype=np.int64)


def find_parts(
    vectors: NDArray[np.float32], groups: NDArray[np.int64], rng: np.random.Generator, most: int = MOST_PARTS
) -> tuple[Parts | None, float]:
    """The finest stable partition of one class.

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)
        Images of one class.
    groups : ndarray of int64, shape (m,)
        Bursts; whole groups go to one half, so that copies cannot make a partition look stable.
    rng : Generator
    most : int
        Largest number of parts tried.

    Returns
    -------
    parts : Parts or None
        None when no number of parts is stable.
    best : float
        The highest stability seen, for the record.
    """
    found: Parts | None = None
    best = 0.0
    centred = _unit(vectors - vectors.mean(axis=0))
    for count in range(2, min(most, len(vectors) // SMALLEST_PART) + 1):
        stability = float(np.mean([_agreement(centred, groups, count, rng) for _ in range(RESAMPLES)]))
        best = max(best, stability)
        if stability < STABLE or (found is not None and stability < found.stability - 0.05):
            continue
        labels, _ = spherical_kmeans(centred, count, rng)
        order = np.argsort(-np.bincount(labels, minlength=count), kind="stable")
        labels = np.argsort(order)[labels]
        if np.bincount(labels, minlength=count).min() < SMALLEST_PART:
            continue
        centres = _unit(np.stack([centred[labels == part].mean(axis=0) for part in range(count)]))
        found = Parts(labels, centres, vectors.mean(axis=0), stability)
    return found, best


def _agreement(vectors: NDArray[np.float32], groups: NDArray[np.int64], count: int, rng: np.random.Generator) -> float:
    names = np.unique(groups)
    first = np.isin(groups, rng.permutation(names)[: len(names) // 2])
    if min(first.sum(), (~first).sum()) < count:
        return 0.0
    sides = [spherical_kmeans(vectors[half], count, rng)[1] for half in (first, ~first)]
    return adjusted_rand(*[(vectors @ centres.T).argmax(axis=1) for centres in sides])


def spherical_kmeans(
    vectors: NDArray[np.float32], count: int, rng: np.random.Generator, iterations: int = 30
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """K-means by cosine (Dhillon & Modha 2001), best of a few k-means++ starts.

    Returns
    -------
    labels : ndarray of int64, shape (m,)
    centres : ndarray of float32, shape (count, d)
    """
    best: tuple[float, NDArray[np.int64], NDArray[np.float32]] | None = None
    for _ in range(STARTS):
        centres = _seeds(vectors, count, rng)
        labels = np.full(len(vectors), -1)
        for _ in range(iterations):
            similarity = vectors @ centres.T
            fresh = similarity.argmax(axis=1)
            if (fresh == labels).all():
                break
            labels = fresh
            sums = np.stack([vectors[labels == c].sum(axis=0) for c in range(count)])
            empty = np.linalg.norm(sums, axis=1) < 1e-9
            sums[empty] = vectors[similarity.max(axis=1).argsort()[: int(empty.sum())]]
            centres = _unit(sums)
        score = float((vectors @ centres.T).max(axis=1).sum())
        if best is None or score > best[0]:
            best = score, labels.astype(np.int64), centres
    assert best is not None
    return best[1], best[2]


def _seeds(vectors: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    chosen = [int(rng.integers(len(vectors)))]
    for _ in range(count - 1):
        distance = np.maximum(1 - (vectors @ vectors[chosen].T).max(axis=1), 0).astype(np.float64)
        total = distance.sum()
        weights = distance / total if total > 0 else np.full(len(vectors), 1 / len(vectors))
        chosen.append(int(rng.choice(len(vectors), p=weights)))
    return vectors[chosen]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def adjusted_rand(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """Adjusted Rand index of two partitions (Hubert & Arabie 1985); 1 = the same, 0 = as chance.

    >>> round(adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])), 3)
    0.571
    """
    table = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(table, (a, b), 1)

    def pairs(x: NDArray[np.float64]) -> float:
        return float((x * (x - 1) / 2).sum())

    both, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * columns / max(1.0, len(a) * (len(a) - 1) / 2)
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
