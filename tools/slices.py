"""Groups of pictures on which the subject errs more than elsewhere in their classes: candidates, and an exact test.

Candidates come from one half of the groups of judged pictures; whether errors gather there is decided on the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from tools.case import Case
from tools.contrast import WORDS
from tools.kmeans import kmeans

FEWEST = 5
"""Groups of pictures inside and outside, in either half; with fewer a rate of errors decides nothing."""
CLUSTER_GROUPS = 10
"""Groups of one class and half for each cluster asked for, so that clusters have twice ``FEWEST`` on average."""
MOST_CLUSTERS = 6
MOST_VALUES = 30
"""A metadata column with more values than this is a name, not a setting."""
MOST_ASIDE = 8
"""Other classes whose direction is left out; more would leave little of small vectors."""
MIXTURES = 12
MOST_LEARNT = 2000
"""Pictures that clusters and mixtures are learnt from, drawn at random where there are more."""
DIRECTIONS = 24
LABEL_WEIGHT = 10.0
"""Weight of label and score beside the vector in a mixture, as published (Eyuboglu et al. 2022)."""
ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Slice:
    """Candidate pictures.

    Attributes
    ----------
    name : str
        Unique and stable: ``brightness low in Apple``.
    words : str
        For people, after "pictures": ``that are darker``; what only a vector says is "that look alike".
    classes : tuple of int
        Class numbers it may hold; several for a slice that mixes classes.
    named : bool
        Whether something measured or given defines it, rather than likeness alone.
    members : ndarray of bool, shape (n,)
    without : ndarray of bool, shape (n,), optional
        For clusters of one class: its members as they come out when the directions towards other classes are left
        out. Whichever part of a class lies towards another has more of its errors, in a class without any parts too;
        only where errors gather in these as well does the cluster stand apart by something else.
    """

    name: str
    words: str
    classes: tuple[int, ...]
    named: bool
    members: NDArray[np.bool_]
    without: NDArray[np.bool_] | None = None


def first_half(case: Case) -> NDArray[np.bool_]:
    """Judged pictures whose groups were drawn for finding slices, shape (n,); the other judged ones test them."""
    rng = case.rng("slices")
    judged, groups = case.derived.judged, case.derived.grouping.groups
    out = np.zeros(len(case.ids), dtype=np.bool_)
    for number in range(len(case.classes)):
        names = rng.permutation(np.unique(groups[judged & (case.targets == number)]))
        out |= judged & (case.targets == number) & np.isin(groups, names[: len(names) // 2])
    return judged & np.isin(groups, groups[out])  # a group with pictures of two classes stays in one half


def candidates(case: Case, first: NDArray[np.bool_]) -> Iterator[Slice]:
    """Metadata values, outer thirds of properties, clusters per class, mixtures over classes; learnt on ``first``."""
    judged, targets = case.derived.judged, case.targets
    everywhere = tuple(np.unique(targets[judged]).tolist())
    for column, texts in case.dataset.metadata.items():
        marks = [str(v) for v in np.unique(texts[judged]) if v]
        if column == case.settings.group_column or not 1 <= len(marks) <= MOST_VALUES:
            continue
        for value in marks:
            members = judged & (texts == value)
            yield from _per_class(case, f"{column} = {value}", f"marked “{column} = {value}”", members, everywhere)
    for name, values in case.dataset.properties.items():
        if name in WORDS:
            for side, word in zip(("low", "high"), WORDS[name], strict=True):
                members = _outer_third(case, first, values.astype(np.float64), side)
                yield from _per_class(case, f"{name} {side}", f"that are {word} (outer third)", members, everywhere)
    for number in everywhere:
        yield from _clusters(case, first, number)
    yield from _mixtures(case, first)


def _per_class(
    case: Case, name: str, words: str, members: NDArray[np.bool_], classes: tuple[int, ...]
) -> Iterator[Slice]:
    held = tuple(np.unique(case.targets[members]).tolist())
    if len(held) > 1:
        yield Slice(name, words, held, True, members)
    for number in held:
        yield Slice(f"{name} in {case.classes[number]}", words, (number,), True, members & (case.targets == number))


def _outer_third(case: Case, first: NDArray[np.bool_], values: NDArray[np.float64], side: str) -> NDArray[np.bool_]:
    """Judged pictures beyond their own class's third of a property, measured on the first half."""
    out = np.zeros(len(values), dtype=np.bool_)
    for number in np.unique(case.targets[first]):
        mine = case.targets == number
        limit = np.quantile(values[first & mine], 1 / 3 if side == "low" else 2 / 3)
        out |= mine & case.derived.judged & (values < limit if side == "low" else values > limit)
    return out


def _clusters(case: Case, first: NDArray[np.bool_], number: int) -> Iterator[Slice]:
    """Fine and coarse clusters: which of them fits a part is not known beforehand."""
    mine = case.targets == number
    learnt = np.flatnonzero(first & mine)
    finest = min(MOST_CLUSTERS, len(np.unique(case.derived.grouping.groups[learnt])) // CLUSTER_GROUPS)
    rng = case.rng(f"slices of {case.classes[number]}")
    used = rng.permutation(learnt)[:MOST_LEARNT]
    rows = np.flatnonzero(case.derived.judged & mine)
    vectors, aside = case.space.vectors, towards_others(case, number)
    flat = _without(vectors[rows], aside)
    for count in sorted({finest, finest // 2} - {0, 1}):
        _, centres = kmeans(vectors[used], count, rng, starts=2)
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
        nearest = (vectors[rows] @ centres.T).argmax(axis=1)
        nearest_flat = (flat @ _without(centres, aside).T).argmax(axis=1)
        for part in range(count):
            members, without = np.zeros((2, len(mine)), dtype=np.bool_)
            members[rows[nearest == part]] = True
            without[rows[nearest_flat == part]] = True
            name = f"look-alikes {part + 1} of {count} in {case.classes[number]}"
            yield Slice(name, "that look alike", (number,), False, members, without)


def towards_others(case: Case, number: int) -> NDArray[np.float32]:
    """Orthonormal directions from a class's training pictures to those of the classes nearest to it, shape (d, m)."""
    vectors, rows = case.space.vectors, np.flatnonzero(case.fit)
    held = np.unique(case.targets[rows])
    if number not in held or len(held) < 2:
        return np.zeros((vectors.shape[1], 0), dtype=np.float32)
    means = np.stack([vectors[rows[case.targets[rows] == c]].mean(axis=0) for c in held])
    away = (means - means[held == number])[held != number]
    nearest = np.argsort(np.linalg.norm(away, axis=1), kind="stable")[: min(MOST_ASIDE, vectors.shape[1] // 4)]
    return np.asarray(np.linalg.svd(away[nearest], full_matrices=False)[2].T, dtype=np.float32)


def _without(vectors: NDArray[np.float32], directions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of what is left without some orthonormal directions (columns)."""
    left = vectors - (vectors @ directions) @ directions.T
    return np.asarray(left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _mixtures(case: Case, first: NDArray[np.bool_]) -> Iterator[Slice]:
    """Mixture over vector, label and what the subject said (Eyuboglu et al. 2022); membership by vector and label."""
    rng = case.rng("slices over classes")
    learnt = rng.permutation(np.flatnonzero(first))[:MOST_LEARNT]
    count = min(MIXTURES, len(np.unique(case.derived.grouping.groups[learnt])) // CLUSTER_GROUPS)
    if count < 2:
        return
    rows = np.flatnonzero(case.derived.judged)
    vectors, k = case.space.vectors, len(case.classes)
    mean = vectors[learnt].mean(axis=0)
    directions = np.linalg.svd(vectors[learnt] - mean, full_matrices=False)[2][:DIRECTIONS]
    points = ((vectors - mean) @ directions.T).astype(np.float64)
    mixture = fit_mixture(points[learnt], case.targets[learnt], case.derived.predicted[learnt], count, k, rng)
    inside = mixture.assign(points[rows], case.targets[rows])
    for part in range(count):
        members = np.zeros(len(case.ids), dtype=np.bool_)
        members[rows[inside == part]] = True
        held = tuple(np.unique(case.targets[members]).tolist())
        if len(held) > 1:  # one class alone is what clusters look for
            yield Slice(f"look-alikes {part + 1} over classes", "that look alike", held, False, members)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussian components with a distribution of labels each.

    Attributes
    ----------
    weights : ndarray, shape (components,)
    means, variances : ndarray, shape (components, d)
    labels : ndarray, shape (components, k)
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    variances: NDArray[np.float64]
    labels: NDArray[np.float64]

    def likelihood(self, points: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Log of weight × density of vector and weighted label, shape (n, components)."""
        precision = 1 / self.variances
        square = points**2 @ precision.T - 2 * points @ (self.means * precision).T + (self.means**2 * precision).sum(1)
        density = -0.5 * (square + np.log(self.variances).sum(axis=1))
        return np.asarray(np.log(self.weights) + density + LABEL_WEIGHT * np.log(self.labels[:, targets].T))

    def assign(self, points: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Likeliest component by vector and label alone: what the subject said may not choose its own test."""
        return np.asarray(self.likelihood(points, targets).argmax(axis=1), dtype=np.int64)


def fit_mixture(
    points: NDArray[np.float64],
    targets: NDArray[np.int64],
    said: NDArray[np.int64],
    count: int,
    classes: int,
    rng: np.random.Generator,
) -> Mixture:
    """Expectation–maximisation from k-means; vector, label and said class independent within a component.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    targets, said : ndarray of int, shape (n,)
        Class numbers.
    """
    hot_label, hot_said = np.eye(classes)[targets], np.eye(classes)[said]
    wrong = (targets != said)[:, None].astype(np.float64)
    start = np.concatenate([points / points.std(), wrong], axis=1)  # errors apart from the start, as published
    share = np.eye(count)[kmeans(start.astype(np.float32), count, rng, starts=2)[0]]
    floor = 0.05 * points.var(axis=0) + 1e-12
    for _ in range(ROUNDS):
        total = share.sum(axis=0) + 1e-9
        means = share.T @ points / total[:, None]
        variances = np.maximum(share.T @ points**2 / total[:, None] - means**2, floor)
        label = (share.T @ hot_label + 0.01) / (total + 0.01 * classes)[:, None]
        score = (share.T @ hot_said + 0.01) / (total + 0.01 * classes)[:, None]
        mixture = Mixture(total / total.sum(), means, variances, label)
        logs = mixture.likelihood(points, targets) + LABEL_WEIGHT * np.log(score[:, said].T)
        share = np.exp(logs - logs.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
    return mixture


@dataclass(frozen=True, eq=False)
class Units:
    """Judged pictures of one half, one unit per group and class: what chance draws is bursts, not pictures.

    Attributes
    ----------
    rows, unit : ndarray of int64, shape (m,)
        Rows of the case and the unit of each.
    sizes, stratum : ndarray of int64, shape (units,)
        Pictures and class of each unit.
    wrong : ndarray of bool, shape (units,)
        At least half of its pictures are errors.
    """

    rows: NDArray[np.int64]
    unit: NDArray[np.int64]
    sizes: NDArray[np.int64]
    stratum: NDArray[np.int64]
    wrong: NDArray[np.bool_]

    def inside(self, members: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Units more than half of whose pictures are members, shape (units,)."""
        return np.asarray(np.bincount(self.unit[members[self.rows]], minlength=len(self.sizes)) * 2 > self.sizes)


def units_of(
    rows: NDArray[np.int64], groups: NDArray[np.int64], targets: NDArray[np.int64], errors: NDArray[np.bool_]
) -> Units:
    """Collapse rows to units; ``groups``, ``targets`` and ``errors`` have shape (n,)."""
    pairs = np.stack([groups[rows], targets[rows]], axis=1)
    names, unit, sizes = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    unit = unit.ravel()
    wrong = np.bincount(unit, weights=errors[rows], minlength=len(sizes)) * 2 >= sizes
    return Units(rows, unit, sizes, names[:, 1], np.asarray(wrong))


def gathering_p(candidate: Slice, units: Units) -> float:
    """P-value that errors gather in a slice: the larger of both where it has a second set of members."""
    found = [m for m in (candidate.members, candidate.without) if m is not None]
    return max(excess_p(units.inside(members), units.wrong, units.stratum) for members in found)


def excess_p(inside: NDArray[np.bool_], wrong: NDArray[np.bool_], stratum: NDArray[np.int64]) -> float:
    """Exact one-sided p of more errors inside than chance draws within strata (Fisher; Mehta, Patel & Gray 1985).

    >>> excess_p(np.array([True, True, False, False]), np.array([True, True, False, False]), np.zeros(4, dtype=int))
    0.16666666666666666
    """
    distribution = np.ones(1)
    offset = 0
    for name in np.unique(stratum[inside]):
        here = stratum == name
        total, bad, drawn = int(here.sum()), int((here & wrong).sum()), int((here & inside).sum())
        least = max(0, drawn + bad - total)
        distribution = np.convolve(
            distribution, hypergeom.pmf(np.arange(least, min(drawn, bad) + 1), total, bad, drawn)
        )
        offset += least
    observed = int((inside & wrong).sum())
    return float(min(1.0, distribution[max(0, observed - offset) :].sum()))
