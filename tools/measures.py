"""Metrics before and after a change on the same images: per-image values that average to the metric, and a verdict.

Accuracy and recall average over images as they are. F1 and precision are ratios; each image then carries the metric
plus its influence on it (the derivative of the ratio), which averages to the metric exactly and has its variance to
first order (Hampel 1974; the delta method). So one interval serves all: groups whole, repeats apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tools.effects import Measure, Verdict
from tools.metrics import balanced_weights
from tools.statistics import paired_interval, wilson

Values = NDArray[np.float64]
FEWEST_GROUPS = 5
"""Independent groups of images, below which a metric's change is not judged."""


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric on both sides.

    Attributes
    ----------
    name : str
    before, after : ndarray, shape (repeats, n)
        Per-image values whose weighted mean is the metric.
    weights : ndarray, shape (n,)
        Sum to 1.
    support : ndarray of bool, shape (n,)
        Images that the metric rests on.
    """

    name: str
    before: Values
    after: Values
    weights: Values
    support: NDArray[np.bool_]


def said(
    questions: Sequence[NDArray[np.int64]],
    scores: Sequence[Values],
    evaluation: NDArray[np.bool_],
    judged_as: NDArray[np.int64],
    repeats: int,
) -> Values:
    """How often each class was said of each evaluation image, shape (repeats, n, classes), over a repeat's folds.

    Parameters
    ----------
    questions : sequence of ndarray of int64
        Rows that each fit was asked about.
    scores : sequence of ndarray, each shape (questions, classes)
    evaluation : ndarray of bool, shape (images,)
    judged_as : ndarray of int64, shape (classes,)
        The class each class is judged as.
    """
    position = np.cumsum(evaluation) - 1
    per_repeat = len(scores) // repeats
    out = np.zeros((repeats, int(evaluation.sum()), len(judged_as)))
    for number, (rows, found) in enumerate(zip(questions, scores, strict=True)):
        np.add.at(out[number // per_repeat], (position[rows], judged_as[found.argmax(axis=1)]), 1.0)
    return np.asarray(out / np.maximum(out.sum(axis=2, keepdims=True), 1))


def correct(said_of: Values, targets: NDArray[np.int64]) -> Values:
    """Share of fits that are right about each image, shape (repeats, n)."""
    return np.asarray(said_of[:, np.arange(len(targets)), targets])


def whole_metrics(before: Values, after: Values, targets: NDArray[np.int64]) -> list[Metric]:
    """Balanced accuracy, accuracy and macro-F1."""
    n = len(targets)
    right, now, even, all_of = correct(before, targets), correct(after, targets), np.full(n, 1 / n), np.full(n, True)
    return [
        Metric("balanced accuracy", right, now, balanced_weights(targets), all_of),
        Metric("accuracy", right, now, even, all_of),
        Metric("macro-F1", macro_f1(before, targets), macro_f1(after, targets), even, all_of),
    ]


def recall_metric(
    name: str, before: Values, after: Values, targets: NDArray[np.int64], of: NDArray[np.bool_]
) -> Metric:
    """Share of some images that are right; ``of`` has shape (n,)."""
    return Metric(name, correct(before, targets), correct(after, targets), of / of.sum(), of)


def precision_metric(
    name: str, before: Values, after: Values, targets: NDArray[np.int64], number: int
) -> Metric | None:
    """Share of the images called a class that are of it; None where either side never says it."""
    sides = [precision(side, targets, number) for side in (before, after)]
    if sides[0] is None or sides[1] is None:
        return None
    called = np.any(before[:, :, number] + after[:, :, number], axis=0)
    return Metric(name, sides[0], sides[1], np.full(len(targets), 1 / len(targets)), called)


def macro_f1(said_of: Values, targets: NDArray[np.int64]) -> Values:
    """Per-image values of the mean F1 over the classes that occur, shape (repeats, n).

    F1 of a class = 2 · hits / (said + true), all counted over images.
    """
    repeats, n, _ = said_of.shape
    present = np.unique(targets)
    out = np.zeros((repeats, n))
    for number in present:
        true = (targets == number).astype(np.float64)
        hits, both = said_of[:, :, number] * true, said_of[:, :, number] + true
        total = both.sum(axis=1, keepdims=True)
        f1 = 2 * hits.sum(axis=1, keepdims=True) / total
        out += f1 + n * (2 * hits - f1 * both) / total
    return np.asarray(out / len(present))


def precision(said_of: Values, targets: NDArray[np.int64], number: int) -> Values | None:
    """Per-image values of a class's precision, shape (repeats, n); None where a repeat never says the class."""
    called = said_of[:, :, number]
    total = called.sum(axis=1, keepdims=True)
    if not total.all():
        return None
    hits = called * (targets == number)
    share = hits.sum(axis=1, keepdims=True) / total
    return np.asarray(share + called.shape[1] * (hits - share * called) / total)


def measured(
    metric: Metric, clusters: NDArray[np.int64], confidence: float, margin: float, *, primary: bool
) -> Measure:
    """A metric judged; arguments as of ``measure``."""
    sides = metric.before, metric.after
    weights, support = metric.weights, metric.support
    return measure(metric.name, *sides, clusters, weights, confidence, margin, primary=primary, support=support)


def measure(
    metric: str,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    clusters: NDArray[np.int64],
    weights: NDArray[np.float64],
    confidence: float,
    margin: float,
    *,
    primary: bool,
    support: NDArray[np.bool_] | None = None,
) -> Measure:
    """One metric before and after, judged.

    Parameters
    ----------
    before, after : ndarray, shape (repeats, n)
        Correctness per repeat and image.
    clusters, weights : ndarray, shape (n,)
    margin : float
        An interval inside ±margin means no effect worth having.
    support : ndarray of bool, shape (n,), optional
        Images that the metric rests on; those with weight when left out. With fewer than ``FEWEST_GROUPS`` groups of
        them nothing can be told. A change that is the same on all of them has no variance, which is no certainty: then
        the interval is that of Wilson for "all of so many groups", the others being thought to change for the worst,
        or for the best.
    """
    delta, low, high = paired_interval(after - before, clusters, weights, confidence)
    resting = weights > 0 if support is None else support
    counted, groups = int(resting.sum()), len(np.unique(clusters[resting]))
    if delta and np.ptp((after - before)[:, resting]) == 0:
        alike = wilson(groups, groups, confidence)[0]
        low = alike * delta - (1 - alike) * float(before[:, resting].max())
        high = alike * delta + (1 - alike) * float(1 - before[:, resting].min())
    runs = before @ weights
    moves = np.abs(runs[:, None] - runs[None, :])[np.triu_indices(len(runs), 1)]
    verdict = judge(low, high, margin)
    if groups < FEWEST_GROUPS:
        verdict = "cannot_tell"
    needed = None
    if verdict == "cannot_tell":
        half = (high - low) / 2
        enough = max(abs(delta), margin - abs(delta))  # half-width at which this change would be shown, or shown small
        needed = ceil(counted * (half / enough) ** 2) if np.isfinite(half) else None
    return Measure(
        metric=metric,
        before=float(runs.mean()),
        after=float((after @ weights).mean()),
        low=low,
        high=high,
        noise=float(np.quantile(moves, 0.95)) if len(moves) else 0.0,
        verdict=verdict,
        n=counted,
        needed=needed,
        primary=primary,
    )


def judge(low: float, high: float, margin: float) -> Verdict:
    """The verdict an interval of a gain allows.

    >>> judge(0.002, 0.03, 0.01), judge(-0.004, 0.006, 0.01), judge(-0.01, 0.03, 0.01)
    ('helps', 'no_effect', 'cannot_tell')
    """
    if low >= -margin and high <= margin:
        return "no_effect"
    if low > 0:
        return "helps"
    if high < 0:
        return "hurts"
    return "cannot_tell"
