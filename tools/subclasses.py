"""Sub-kinds inside one class: k-means on bursts, kept when tighter than one cloud and stable over halves.

Each burst counts as one picture, by its mean; the class is seen in its main directions. Some partition must be tighter
than those of single Gaussian clouds with the same covariance (Liu et al. 2008, SigClust), and two disjoint halves must
find much the same one (adjusted Rand index). Distances and directions from the class's mean are both looked at:
distances show a small kind far from the rest, directions kinds of which some pictures lie near the middle. Of several
numbers of kinds, the one before the largest gap between eigenvalues of the neighbour graph is taken (von Luxburg 2007):
tightness and stability, which every further cut of a curved cloud can pass, would choose too many.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from tools.kmeans import adjusted_rand, kmeans, kmeans_each, nearest

MOST_PARTS = 6
STABLE = 0.3
"""Mean adjusted Rand index between the partitions that two halves suggest. With 50–120 bursts the true varieties of a
class of photographs (grocery: 5 of Apple, 3 of Pear) reach .4–.7, not the .9 of far-apart clouds."""
BEYOND = 3.0
"""Standard deviations above the mean tightness of ``NULLS`` single clouds: about .003 for each of up to ten partitions
tried, and it must be stable too. On grocery Apple and Pear exceed it in ten of ten seeds, the other classes in none
(benchmarks/subclasses.py)."""
FEWEST = 40
FEWEST_GROUPS = 16
"""Bursts; halves of fewer than eight say nothing."""
SMALLEST_PART = 8
DIRECTIONS = 16
MOST_USED = 200
"""Bursts looked at, drawn at random where there are more, so that a large class costs no more than a small one."""
RESAMPLES = 16
NULLS = 40
LINKS = 10
"""Nearest bursts that each is linked with, the usual choice (scikit-learn)."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Sub-kinds of one class.

    Attributes
    ----------
    labels : ndarray of int64, shape (m,)
        Part of each image given; 0 is the largest.
    centres : ndarray of float32, shape (parts, d)
        Means of the parts, relative to ``mean``.
    mean : ndarray of float32, shape (d,)
        Mean of the class.
    by_direction : bool
        Whether parts are told apart by direction from the mean, else by distance.
    stability : float
        Mean adjusted Rand index over resamples.
    """

    labels: NDArray[np.int64]
    centres: NDArray[np.float32]
    mean: NDArray[np.float32]
    by_direction: bool
    stability: float

    def assign(self, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
        """Part of other images of the class, shape (n,)."""
        aside = vectors - self.mean
        return nearest(_unit(aside) if self.by_direction else aside, self.centres)


def find_parts(
    vectors: NDArray[np.float32], groups: NDArray[np.int64], rng: np.random.Generator, most: int = MOST_PARTS
) -> tuple[Parts | None, float]:
    """The partition that stands out most from single clouds, if any is stable.

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)
        Images of one class.
    groups : ndarray of int64, shape (m,)
        Bursts; each counts once, so that copies cannot make a partition look stable.
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
    mean = vectors.mean(axis=0)
    names, codes = np.unique(groups, return_inverse=True)
    if len(names) < FEWEST_GROUPS:
        return None, 0.0
    used = np.sort(rng.permutation(len(names))[:MOST_USED])
    bursts = _means(vectors, codes, len(names))[used]
    left, scale, right = _main_directions(bursts - mean)
    counts = range(2, min(most, len(vectors) // SMALLEST_PART) + 1)
    views = [(_unit(left * scale) if by_direction else left * scale) for by_direction in (False, True)]
    own = np.full(len(names), -1, dtype=np.int64)
    best, tried = 0.0, []
    for by_direction, points in enumerate(views):
        eigenvalues, eigenvectors = _spectrum(points)
        for count in counts:
            stability = _agreement(points, count, rng)
            best = max(best, stability)
            if stability >= STABLE:
                gap = eigenvalues[count - 1] - eigenvalues[count] if count < len(points) else 0.0
                tried.append((gap, count, bool(by_direction), stability, eigenvectors))
    tighter = {
        side: any(
            _beyond_one_cloud(views[side], scale, count, rng, by_direction=side) >= BEYOND
            for _, count, view, *_ in tried
            if view == side
        )
        for side in (False, True)
    }
    for _, count, by_direction, stability, eigenvectors in sorted(tried, key=lambda t: -t[0]):
        points = views[by_direction]
        if not tighter[by_direction]:
            continue
        own[used] = _cut(eigenvectors, count, rng)
        if len(np.unique(own[used])) < count:
            continue
        centres = np.stack([points[own[used] == part].mean(axis=0) @ right for part in range(count)])
        parts = Parts(np.zeros(0, dtype=np.int64), centres, mean, by_direction, stability)
        parts = _sorted(parts, np.where(own[codes] < 0, parts.assign(vectors), own[codes]))
        if np.bincount(parts.labels, minlength=count).min() >= SMALLEST_PART:
            return parts, best
    return None, best


def _main_directions(
    x: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The leading part of a singular value decomposition, by the smaller of the two Gram matrices."""
    wide = x.astype(np.float64)
    tall = len(x) > x.shape[1]
    values, found = np.linalg.eigh(wide.T @ wide if tall else wide @ wide.T)
    values, found = values[::-1][:DIRECTIONS], found[:, ::-1][:, :DIRECTIONS]
    kept = values > 1e-12 * max(float(values[0]), 1e-300)
    scale, found = np.sqrt(values[kept]), found[:, kept]
    other = (wide @ found if tall else wide.T @ found) / scale
    left, right = (other, found) if tall else (found, other)
    return left.astype(np.float32), scale.astype(np.float32), right.T.astype(np.float32)


def _sorted(parts: Parts, labels: NDArray[np.int64]) -> Parts:
    """The same parts with these labels, the largest first."""
    order = np.argsort(-np.bincount(labels, minlength=len(parts.centres)), kind="stable")
    return replace(parts, labels=np.argsort(order)[labels], centres=parts.centres[order])


def _means(vectors: NDArray[np.float32], codes: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(count))
    sums = np.add.reduceat(vectors[order], starts, axis=0)
    return np.asarray(sums / np.bincount(codes)[:, None], dtype=np.float32)


def _beyond_one_cloud(
    points: NDArray[np.float32],
    scale: NDArray[np.float32],
    count: int,
    rng: np.random.Generator,
    *,
    by_direction: bool,
) -> float:
    """How many deviations tighter the partition is than those of Gaussian clouds with these singular values."""
    clouds = rng.standard_normal((NULLS, *points.shape), dtype=np.float32) * scale
    sets = np.concatenate([_unit(clouds) if by_direction else clouds, points[None]])
    labels, centres = kmeans_each(sets, count, rng)
    inside = (sets - np.take_along_axis(centres, labels[:, :, None], axis=1)) ** 2
    whole = (sets - sets.mean(axis=1, keepdims=True)) ** 2
    *seen, own = inside.sum(axis=(1, 2)) / whole.sum(axis=(1, 2))
    return float((np.mean(seen) - own) / max(float(np.std(seen, ddof=1)), 1e-9))


def spectral_parts(points: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Parts that few nearest-neighbour links cross (Ng, Jordan & Weiss 2002), shape (m,).

    Kinds of photographs are curved: on grocery's Apple and Pear these parts agree better with the true varieties than
    those of k-means with the same number (benchmarks/subclasses.py).
    """
    return _cut(_spectrum(points)[1], count, rng)


def _spectrum(points: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues, largest first, and eigenvectors of the normalised graph of nearest neighbours."""
    distances = squareform(pdist(points, "sqeuclidean"))
    np.fill_diagonal(distances, np.inf)
    near = np.argsort(distances, axis=1, kind="stable")[:, : min(LINKS, len(points) - 1)]
    links = np.zeros((len(points), len(points)))
    np.put_along_axis(links, near, 1.0, axis=1)
    links = (links + links.T) / 2
    root = 1 / np.sqrt(links.sum(axis=1))
    values, vectors = np.linalg.eigh(root[:, None] * links * root)
    return values[::-1], vectors[:, ::-1]


def _cut(eigenvectors: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return kmeans(_unit(eigenvectors[:, :count].astype(np.float32)), count, rng)[0]


def _agreement(points: NDArray[np.float32], count: int, rng: np.random.Generator) -> float:
    """Mean adjusted Rand index between the partitions of all points that random halves suggest."""
    half = len(points) // 2
    orders = [rng.permutation(len(points)) for _ in range(RESAMPLES)]
    first, second = ([order[i * half : (i + 1) * half] for order in orders] for i in (0, 1))
    _, centres = kmeans_each(points[np.array(first + second)], count, rng, starts=2)
    sides = [nearest(points, c) for c in centres]
    return float(np.mean([adjusted_rand(*pair) for pair in zip(sides[:RESAMPLES], sides[RESAMPLES:], strict=True)]))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), dtype=np.float32)
