"""Learning curves: how a closed-form head fares when it is given fewer pictures of one class, or of all of them.

Ridge regression on class-balanced one-hot targets (equal weight per class, so a class gains by knowing more, not by
being guessed more often) needs only sums of outer products. They are added up once per fold, class and part of the
class's groups; every smaller training set is then a sum of parts and one solve, whatever the number of pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from tools.case import Arrays, Case
from tools.folds import deal

STEPS = (0.25, 0.5, 1.0)
"""Shares of a class's training groups, nested; each step doubles."""
WIDTH = 128
"""Directions kept of larger spaces (principal components of training pictures): only the curve's shape is needed."""
MOST_NUMBERS = 50_000_000
"""Float32 numbers held in sums of outer products (200 MB); with many classes fewer directions are kept."""
PENALTY = 1.0
"""Ridge penalty times pictures per class. Accuracy on grocery's test split: 0.78, 0.79, 0.76 at 0.3, 1, 3; the
logistic baseline's 0.78."""
MOST_ROWS = 60_000
MOST_OTHERS = 2_000
"""Held-out pictures on which false alarms of every class are counted."""
SAMPLE = 2_000
"""Pictures that the principal components are taken from."""
POWERS = 3
FOLDS = 5
DRAWS = 400


@dataclass(frozen=True, eq=False)
class Curves:
    """Whether held-out images come out right at each step.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Held-out images: the test split, else every training image out of fold.
    alone : ndarray of float32, shape (repeats, steps, m)
        With only the image's own class cut down.
    together : ndarray of float32, shape (repeats, steps, m)
        With every class cut down.
    others : ndarray of int64, shape (s,)
        A sample of positions in ``rows`` on which false alarms are counted.
    said : ndarray of float32, shape (repeats, steps, k, s)
        Whether each class, cut down alone, is said of them.
    trained : ndarray of float32, shape (t,)
        Share of heads trained on an image that place it rightly, per image of ``trained_rows``; all pictures.
    trained_rows : ndarray of int64, shape (t,)
    pictures, groups : ndarray of float64, shape (k, steps)
        Training pictures and independent groups of each class, mean over folds and repeats.
    """

    rows: NDArray[np.int64]
    alone: NDArray[np.float32]
    together: NDArray[np.float32]
    others: NDArray[np.int64]
    said: NDArray[np.float32]
    trained: NDArray[np.float32]
    trained_rows: NDArray[np.int64]
    pictures: NDArray[np.float64]
    groups: NDArray[np.float64]


NAMES = ("rows", "alone", "together", "others", "said", "trained", "trained_rows", "pictures", "groups")


def curves(case: Case) -> Curves:
    """The curves of a case, computed once and kept in its store."""
    kept = case.derived.kept("learning-curves", lambda: _compute(case))
    integers = ("rows", "others", "trained_rows")
    doubles = ("pictures", "groups")
    kinds = {n: np.int64 if n in integers else np.float64 if n in doubles else np.float32 for n in NAMES}
    return Curves(**{name: np.asarray(kept[name], dtype=kinds[name]) for name in NAMES})  # type: ignore[arg-type]


def _compute(case: Case) -> Arrays:
    rng, targets, k = case.rng("learning-curve"), case.targets, len(case.classes)
    groups = case.derived.grouping.groups
    base = _sampled(np.flatnonzero(case.fit), groups, rng)
    held = np.flatnonzero(case.evaluation) if case.has_test else base
    project = projection(case.space.vectors[base], k, rng)
    z, zh = project(case.space.vectors[base]), project(case.space.vectors[held])
    repeats = 6 if case.has_test else 3
    alone = np.zeros((repeats, len(STEPS), len(held)), dtype=np.float32)
    together = np.zeros_like(alone)
    others = np.sort(rng.permutation(len(held))[:MOST_OTHERS])
    said = np.zeros((repeats, len(STEPS), k, len(others)), dtype=np.float32)
    trained = np.zeros(len(base), dtype=np.float32)
    pictures, counted = np.zeros((k, len(STEPS))), np.zeros((k, len(STEPS)))
    for repeat in range(repeats):
        fold = np.zeros(len(base), dtype=np.int64) if case.has_test else deal(targets[base], groups[base], FOLDS, rng)
        level, first = levels(targets[base], groups[base], fold, rng)
        sums = Sums(z, targets[base], fold, level, first, k)
        for f in range(sums.folds):
            asked = np.arange(len(held)) if case.has_test else np.flatnonzero(fold == f)
            parts = sums.training(None if case.has_test else f)
            _, strangers, at = np.intersect1d(asked, others, assume_unique=True, return_indices=True)
            here = held_out_hits(parts, zh[asked], targets[held[asked]], strangers)
            alone[repeat][:, asked], together[repeat][:, asked], said[repeat][:, :, at] = here
            learnt = np.ones(len(base), dtype=np.bool_) if case.has_test else fold != f
            full = parts.head(np.full(k, len(STEPS) - 1))
            right = (z[learnt] @ full).argmax(axis=1) == targets[base[learnt]]
            trained[learnt] += right / (repeats * (1 if case.has_test else sums.folds - 1))
            pictures += parts.pictures / (repeats * sums.folds)
            counted += parts.groups / (repeats * sums.folds)
    return {
        "rows": held,
        "alone": alone,
        "together": together,
        "others": others,
        "said": said,
        "trained": trained,
        "trained_rows": base,
        "pictures": pictures,
        "groups": counted,
    }


def _sampled(rows: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """At most about ``MOST_ROWS`` rows, whole groups."""
    if len(rows) <= MOST_ROWS:
        return rows
    names, sizes = np.unique(groups[rows], return_counts=True)
    order = rng.permutation(len(names))
    return rows[np.isin(groups[rows], names[order[np.cumsum(sizes[order]) <= MOST_ROWS]])]


def projection(
    vectors: NDArray[np.float32], classes: int, rng: np.random.Generator
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A map to centred principal components of mean norm 1 and a constant; built without labels.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
    classes : int

    Returns
    -------
    callable
        (m, d) → (m, q + 1), float32.
    """
    width = min(vectors.shape[1], WIDTH, int(np.sqrt(MOST_NUMBERS / (FOLDS * len(STEPS) * max(classes, 1)))))
    some = vectors[rng.permutation(len(vectors))[:SAMPLE]]
    centre = some.mean(axis=0)
    inside = some - centre
    axes = rng.normal(size=(vectors.shape[1], width)).astype(np.float32)
    for _ in range(POWERS):  # subspace iteration (Halko, Martinsson & Tropp 2011): only the span matters
        axes = np.linalg.qr(inside.T @ (inside @ axes))[0]
    moved = inside @ axes
    scale = float(np.sqrt((moved**2).sum(axis=1).mean())) or 1.0

    def project(given: NDArray[np.float32]) -> NDArray[np.float32]:
        moved = (given - centre) @ (axes / np.float32(scale))
        return np.concatenate([moved, np.ones((len(given), 1), dtype=np.float32)], axis=1).astype(np.float32)

    return project


def levels(
    targets: NDArray[np.int64], groups: NDArray[np.int64], fold: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The first step at which each image takes part, shape (n,), and one image of each group and class marked.

    Within each fold and class the groups come in random order; a step takes the first share of them, so that smaller
    training sets lie inside larger ones.
    """
    pairs, first, codes = np.unique(np.stack([fold, targets, groups]), axis=1, return_index=True, return_inverse=True)
    codes = codes.reshape(-1)
    order = np.lexsort((rng.random(pairs.shape[1]), pairs[1], pairs[0]))
    block = pairs[0, order] * (int(targets.max()) + 1) + pairs[1, order]
    starts = np.flatnonzero(np.append(True, block[1:] != block[:-1]))
    sizes = np.diff(np.append(starts, len(block)))
    rank = np.arange(len(block)) - np.repeat(starts, sizes)
    within = np.empty(len(block), dtype=np.int64)
    within[order] = np.searchsorted(STEPS, (rank + 0.5) / np.repeat(sizes, sizes))
    marked = np.zeros(len(targets), dtype=np.bool_)
    marked[first] = True
    return np.minimum(within, len(STEPS) - 1)[codes], marked


@dataclass(frozen=True, eq=False)
class Part:
    """Sums over one training set, cumulated over steps.

    Attributes
    ----------
    outer : ndarray of float32, shape (k, steps, q, q)
    total : ndarray of float32, shape (k, steps, q)
    pictures, groups : ndarray of float64, shape (k, steps)
    """

    outer: NDArray[np.float32]
    total: NDArray[np.float32]
    pictures: NDArray[np.float64]
    groups: NDArray[np.float64]

    def head(self, steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """Weights of the head with each class at its step, shape (q, k)."""
        each = np.arange(len(steps))
        weights = _weights(self.pictures[each, steps])
        outer = np.einsum("c,cij->ij", weights, self.outer[each, steps], optimize=True)
        return self.solve(outer, (weights[:, None] * self.total[each, steps]).T)

    def solve(self, outer: NDArray[np.float32], total: NDArray[np.float32]) -> NDArray[np.float32]:
        """Ridge solution for weighted sums."""
        penalty = PENALTY * len(self.pictures) / max(float(self.pictures[:, -1].sum()), 1.0)
        ridge = np.full(len(outer), penalty, dtype=np.float32)
        ridge[-1] *= 1e-3  # the constant is all but free
        return np.asarray(solve(outer + np.diag(ridge), total, assume_a="pos", check_finite=False), dtype=np.float32)


def _weights(pictures: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.where(pictures > 0, 1 / np.maximum(pictures, 1), 0).astype(np.float32)


class Sums:
    """Sums of outer products per fold, class and step."""

    def __init__(
        self,
        z: NDArray[np.float32],
        targets: NDArray[np.int64],
        fold: NDArray[np.int64],
        level: NDArray[np.int64],
        first: NDArray[np.bool_],
        classes: int,
    ) -> None:
        q, steps = z.shape[1], len(STEPS)
        self.folds = int(fold.max()) + 1
        shape = (self.folds, classes, steps)
        cell = (fold * classes + targets) * steps + level
        order = np.argsort(cell, kind="stable")
        cells = self.folds * classes * steps
        edges = np.searchsorted(cell[order], np.arange(cells + 1))
        outer = np.zeros((cells, q, q), dtype=np.float32)
        total = np.zeros((cells, q), dtype=np.float32)
        for c in np.flatnonzero(np.diff(edges)).tolist():
            part = z[order[edges[c] : edges[c + 1]]]
            outer[c], total[c] = part.T @ part, part.sum(axis=0)
        self.outer = np.cumsum(outer.reshape(*shape, q, q), axis=2)
        self.total = np.cumsum(total.reshape(*shape, q), axis=2)
        self.pictures = np.cumsum(np.bincount(cell, minlength=cells).reshape(shape), axis=2).astype(np.float64)
        self.groups = np.cumsum(np.bincount(cell, weights=first, minlength=cells).reshape(shape), axis=2)

    def training(self, without: int | None) -> Part:
        """Everything but one fold."""
        arrays = (self.outer, self.total, self.pictures, self.groups)
        return Part(*(a.sum(axis=0) - (0 if without is None else a[without]) for a in arrays))


def held_out_hits(
    part: Part, z: NDArray[np.float32], targets: NDArray[np.int64], others: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Hits with the image's class cut down alone, and with all classes cut down, shapes (steps, m); false alarms.

    Parameters
    ----------
    part : Part
    z : ndarray of float32, shape (m, q)
    targets : ndarray of int64, shape (m,)
    others : ndarray of int64, shape (s,)
        Positions among the m of which false alarms are wanted.

    Returns
    -------
    alone, together, said
        ``said`` has shape (steps, k, s): whether each class, cut down alone, is said of these images.
    """
    k, last = len(part.pictures), len(STEPS) - 1
    alone = np.zeros((len(STEPS), len(z)), dtype=np.float32)
    together, said = np.zeros_like(alone), np.zeros((len(STEPS), k, len(others)), dtype=np.float32)
    answers = targets
    for step in range(len(STEPS)):
        answers = (z @ part.head(np.full(k, step))).argmax(axis=1)
        together[step] = answers == targets
    alone[last], said[last] = together[last], answers[others] == np.arange(k)[:, None]
    weights = _weights(part.pictures[:, last])
    outer = np.einsum("c,cij->ij", weights, part.outer[:, last], optimize=True)
    total = (weights[:, None] * part.total[:, last]).T
    for c in np.flatnonzero(part.pictures[:, last]).tolist():
        own = np.flatnonzero(targets == c)
        asked = z[np.concatenate([own, others])]
        for step in range(last):
            fewer = _weights(part.pictures[c, step : step + 1])[0]
            changed = total.copy()
            changed[:, c] = fewer * part.total[c, step]
            swapped = outer - weights[c] * part.outer[c, last] + fewer * part.outer[c, step]
            yes = (asked @ part.solve(swapped, changed)).argmax(axis=1) == c
            alone[step, own], said[step, c] = yes[: len(own)], yes[len(own) :]
    return alone, together, said


def expected_gain(
    hits: NDArray[np.float64],
    groups: NDArray[np.int64],
    weights: NDArray[np.float64],
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Gain that another doubling would bring if errors go on falling by the same power of the number of pictures.

    Parameters
    ----------
    hits : ndarray of float64, shape (steps, m)
        Mean correctness per image, each step twice the pictures of the one before.
    groups : ndarray of int64, shape (m,)
    weights : ndarray of float64, shape (m,)
        Sum to 1.

    Returns
    -------
    gain, low, high : float
        error(n) = a · n^−b by least squares on logarithms (Hestness et al. 2017), half an error added per step so that
        a perfect step has a logarithm; interval by bootstrap over groups.
    """
    steps, m = hits.shape
    _, codes = np.unique(groups, return_inverse=True)
    count = int(codes.max()) + 1
    columns = [np.bincount(codes, weights=weights * (1 - h), minlength=count) for h in hits]
    table = np.stack([*columns, np.bincount(codes, weights=weights, minlength=count)], axis=1)
    draws = rng.standard_exponential((DRAWS, count)) @ table  # Bayesian bootstrap (Rubin 1981)
    values = _next_gain(draws[:, :steps] / np.maximum(draws[:, steps:], 1e-12), m)
    value = float(_next_gain(table[:, :steps].sum(axis=0)[None], m)[0])
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return value, min(value, float(low)), max(value, float(high))


def _next_gain(errors: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """Errors per step, shape (draws, steps), to the gain of one more doubling, shape (draws,)."""
    smoothed = (errors * m + 0.5) / (m + 1)
    x = np.arange(errors.shape[1]) - (errors.shape[1] - 1) / 2
    slope = (np.log2(smoothed) @ x) / (x @ x)
    return np.asarray(errors[:, -1] * (1 - 2.0**slope))
