"""K-means of many small point sets at once, and the adjusted Rand index that compares partitions.

Stability and the null of a single cloud ask for thousands of k-means of a few hundred points, where a library's call
per set costs more in overhead than in arithmetic: here all sets and starts share each matrix product.
"""

import numpy as np
from numpy.typing import NDArray

STARTS = 4


def kmeans(
    points: NDArray[np.float32], count: int, rng: np.random.Generator, *, starts: int = STARTS, iterations: int = 30
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """K-means of one set of points, shape (m, d): labels, shape (m,), and centres, shape (count, d)."""
    labels, centres = kmeans_each(points[None], count, rng, starts=starts, iterations=iterations)
    return labels[0], centres[0]


def kmeans_each(
    sets: NDArray[np.float32], count: int, rng: np.random.Generator, *, starts: int = STARTS, iterations: int = 30
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """K-means of each set of points, best of a few k-means++ starts (Arthur & Vassilvitskii 2007).

    Parameters
    ----------
    sets : ndarray of float32, shape (sets, m, d)
    count : int
        Parts of each set.
    rng : Generator
    starts, iterations : int
        Lloyd's iterations end where no point changes its part, at the latest after ``iterations``.

    Returns
    -------
    labels : ndarray of int64, shape (sets, m)
    centres : ndarray of float32, shape (sets, count, d)
    """
    sets = np.asarray(sets, dtype=np.float32)
    number, m, d = sets.shape
    lengths = (sets**2).sum(axis=2)
    centres = _seeds(sets, lengths, count, starts, rng)
    labels = np.full((number, m, starts), -1, dtype=np.int64)
    active = np.arange(number)
    for _ in range(iterations):
        distances = _distances(sets[active], centres[active])
        fresh = distances.argmin(axis=3)
        moving = (fresh != labels[active]).any(axis=(1, 2))
        labels[active] = fresh
        active, distances, fresh = active[moving], distances[moving], fresh[moving]
        if not len(active):
            break
        hot = (fresh[..., None] == np.arange(count)).astype(np.float32)
        sizes = hot.sum(axis=1)
        sums = hot.reshape(len(active), m, starts * count).transpose(0, 2, 1) @ sets[active]
        means = sums.reshape(len(active), starts, count, d) / np.maximum(sizes, 1)[..., None]
        for s, start in zip(*np.nonzero((sizes == 0).any(axis=2)), strict=True):
            empty = sizes[s, start] == 0  # an empty part moves to the points that are worst placed
            means[s, start, empty] = sets[active[s]][(-distances[s, :, start].min(axis=1)).argsort()[: empty.sum()]]
        centres[active] = means
    spread = (lengths[:, :, None] + _distances(sets, centres).min(axis=3)).sum(axis=1)
    best = spread.argmin(axis=1)
    every = np.arange(number)
    return labels[every, :, best], centres[every, best]


def nearest(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """The nearest centre of each point, shape (m,); points have shape (m, d), centres (count, d)."""
    return np.asarray(((centres**2).sum(axis=1) - 2 * (points @ centres.T)).argmin(axis=1), dtype=np.int64)


def _distances(sets: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distances less each point's own squared length, shape (sets, m, starts, count)."""
    number, starts, count, d = centres.shape
    products = sets @ centres.reshape(number, starts * count, d).transpose(0, 2, 1)
    own = (centres**2).sum(axis=3)[:, None]
    return np.asarray(own - 2 * products.reshape(number, -1, starts, count), dtype=np.float32)


def _seeds(
    sets: NDArray[np.float32], lengths: NDArray[np.float32], count: int, starts: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """First centres, shape (sets, starts, count, d): each drawn by its squared distance from those before it."""
    number, m, d = sets.shape
    centres = np.empty((number, starts, count, d), dtype=np.float32)
    every = np.arange(number)[:, None]
    centres[:, :, 0] = sets[every, rng.integers(m, size=(number, starts))]
    far = np.full((number, m, starts), np.inf)
    for part in range(1, count):
        last = _distances(sets, centres[:, :, part - 1 : part])[..., 0]
        far = np.minimum(far, np.maximum(lengths[:, :, None] + last, 0))
        rising = far.cumsum(axis=1)
        drawn = rng.random((number, 1, starts)) * rising[:, -1:]
        chosen = np.minimum((rising <= drawn).sum(axis=1), m - 1)  # where all points are one, any will do
        centres[:, :, part] = sets[every, chosen]
    return centres


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
