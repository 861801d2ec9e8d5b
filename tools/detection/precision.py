"""Average precision of a detector, per class and in the mean, with intervals over pictures.

COCO's definition (Lin et al. 2014): precision made non-increasing from the right, read at 101 recalls; the mean over
classes that have labels. Detections of all pictures stand in one line by score, so pictures are what is drawn anew
for an interval, not boxes: boxes of one picture share its light and its crowd.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.detection.matching import OVERLAPS, Matches, overlap_row

RECALLS: NDArray[np.float64] = np.linspace(0.0, 1.0, 101)
COCO_ROWS = tuple(overlap_row(value) for value in np.round(np.arange(0.5, 1.0, 0.05), 2))
DRAWS = 200
"""Resamples of the pictures behind an interval; the ends of a 95 % interval then move by about a tenth of its width."""

FEWEST_DRAWS = 20


@dataclass(frozen=True)
class Ranged:
    """A share with its 95 % interval; ends are None where pictures drawn anew say nothing (see ``interval``)."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Precision:
    """Average precision of one class, or the mean over classes.

    Attributes
    ----------
    name : str
        The class; empty for the mean.
    labels, pictures : int
        Labelled boxes that count, and measured pictures that show one.
    at_half : Ranged
        At an overlap of 0.5.
    mean : Ranged
        Mean over overlaps 0.5, 0.55 … 0.95.
    """

    name: str
    labels: int
    pictures: int
    at_half: Ranged
    mean: Ranged


def average_precision(
    right: NDArray[np.bool_], labels: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average precision of detections that stand in order of falling score.

    Parameters
    ----------
    right : ndarray of bool, shape (d,)
        Whether each found a label; the others are wrong.
    labels : ndarray of float64, shape (b,)
        Number of labels, for each draw of pictures.
    weights : ndarray of float64, shape (b, d)
        How often the detection's picture was drawn.

    Returns
    -------
    ndarray of float64, shape (b,)
        NaN where there is no label.

    >>> one = np.ones((1, 3))
    >>> average_precision(np.array([True, False, True]), np.array([2.0]), one).round(4).tolist()
    [0.835]
    """
    if not right.size:
        return np.where(labels > 0, 0.0, np.nan)
    hits, seen = np.cumsum(weights * right, axis=1), np.cumsum(weights, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / labels[:, None]
        precision = np.where(seen > 0, hits / seen, 0.0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    out = np.full(len(labels), np.nan)
    for draw in np.flatnonzero(labels > 0):
        at = np.searchsorted(recall[draw], RECALLS - 1e-12, side="left")
        reached = at < right.size
        out[draw] = np.where(reached, envelope[draw, np.minimum(at, right.size - 1)], 0.0).mean()
    return out


def drawn_pictures(matches: Matches, seed: int, draws: int) -> NDArray[np.float64]:
    """How often each measured picture counts: once, then as drawn with replacement; shape (1 + draws, n)."""
    n = len(matches.pictures)
    if not n:
        return np.ones((1, 0))
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    return np.vstack([np.ones((1, n)), drawn])


def precisions(matches: Matches, seed: int = 0, draws: int = DRAWS) -> tuple[Precision, ...]:
    """Average precision in the mean (first) and of every class that has labels, with 95 % intervals.

    Intervals are percentiles over pictures drawn with replacement (Efron & Tibshirani 1993). With few pictures, or
    nearly none or all right, they are too narrow.
    """
    weights = drawn_pictures(matches, seed, draws)
    label_seat, found_seat = matches.seats
    by_class: dict[int, NDArray[np.float64]] = {}
    for number in range(len(matches.classes)):
        mine = (matches.labels.classes == number) & matches.counted
        if mine.any():
            total = weights[:, label_seat[mine]].sum(axis=1)
            rows = np.flatnonzero(matches.detected.classes == number)
            rows = rows[np.argsort(-matches.detected.scores[rows], kind="stable")]
            by_class[number] = np.stack([
                average_precision(
                    matches.right(level)[kept], total, weights[:, found_seat[kept]],
                )
                for level in range(len(OVERLAPS))
                if level in COCO_ROWS
                for kept in [rows[~matches.on_crowd[level][rows]]]
            ])  # fmt: skip
    out = []
    if by_class:
        stacked = np.stack(list(by_class.values()))
        counted = matches.counted
        shown = len(set(matches.labels.pictures[counted].tolist()))
        known = np.isfinite(stacked)
        with np.errstate(invalid="ignore"):  # a draw without any label has no mean
            mean = np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)
        out.append(_precision("", int(counted.sum()), shown, mean))
    for number, values in by_class.items():
        mine = (matches.labels.classes == number) & matches.counted
        shown = len(set(matches.labels.pictures[mine].tolist()))
        out.append(_precision(matches.classes[number], int(mine.sum()), shown, values))
    return tuple(out)


def _precision(name: str, labels: int, pictures: int, values: NDArray[np.float64]) -> Precision:
    return Precision(name, labels, pictures, _ranged(values[0]), _ranged(values.mean(axis=0)))


def _ranged(values: NDArray[np.float64]) -> Ranged:
    return Ranged(float(values[0]), *(interval(values[1:]) or (None, None)))


def interval(drawn: NDArray[np.float64]) -> tuple[float, float] | None:
    """Ends of a 95 % interval from draws; None where too few had a label, or all agree.

    With one picture, and where all or nothing is right, every draw is the same: that is no certainty.
    """
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < FEWEST_DRAWS or np.ptp(drawn) < 1e-12:
        return None
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
