"""What a score threshold and an overlap threshold do to a detector, and which score threshold reaches a goal.

How much a box must overlap to count is the user's to say (METHODS.md §5): counting cells needs little, cutting along
the edge much. Pictures are the units of every interval: boxes of one picture share its light and its crowd.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.detection.matching import OVERLAPS, Matches, overlap_row
from tools.registry import NotApplicable
from tools.statistics import clustered_share
from tools.tuning import Goal, choose

Interval = tuple[float, float, float]
Status = Literal["reached", "missed", "unmeasured", "impossible"]
POINTS = 41
FEWEST_LABELS, FEWEST_PICTURES = 20, 10
"""Fewer in a half leave an interval that says nothing; measured halves of so many still have ends .2 apart."""


@dataclass(frozen=True)
class AtThresholds:
    """One class, or all, at a score threshold and an overlap threshold.

    Attributes
    ----------
    precision, recall : tuple of float
        Value, low, high.
    f1 : float
    right, said, there : int
        Detections that are right, all that are said, all labelled boxes.
    """

    precision: Interval
    recall: Interval
    f1: float
    right: int
    said: int
    there: int


@dataclass(frozen=True)
class Reached:
    """A score threshold for a goal.

    Attributes
    ----------
    name : str
        The class; empty for all together.
    threshold : float
        Chosen on all measured pictures; inf = none.
    precision, recall : tuple of float
        Of thresholds chosen on one half of the pictures and measured on the other.
    status : {"reached", "missed", "unmeasured", "impossible"}
        As ``tools.tuning.Tuned``.
    """

    name: str
    threshold: float
    precision: Interval
    recall: Interval
    status: Status


def at(matches: Matches, number: int | None, score: float, overlap: float, confidence: float = 0.95) -> AtThresholds:
    """Measure at thresholds.

    Parameters
    ----------
    number : int or None
        Which class; None = all, each detection against labels of its own class.
    score : float
        Detections below it are not said.
    overlap : float
        One of ``matching.OVERLAPS``.
    """
    level = overlap_row(overlap)
    found, labels = _mine(matches, number)
    said = found & ~matches.on_crowd[level] & (matches.detected.scores >= score)
    right = matches.right(level)
    by = matches.found_by[level]
    scored = np.append(matches.detected.scores, -np.inf)[by]  # the last stands for labels that nothing found
    seen = scored >= score
    hits, number_said, there = int((right & said).sum()), int(said.sum()), int(labels.sum())
    return AtThresholds(
        clustered_share(right[said], matches.detected.pictures[said], confidence),
        clustered_share(seen[labels], matches.labels.pictures[labels], confidence),
        2 * hits / (number_said + there) if number_said + there else 0.0, hits, number_said, there,
    )  # fmt: skip


def curve(matches: Matches, number: int | None, overlap: float) -> NDArray[np.float64]:
    """Score threshold, precision (value, low, high), recall (value, low, high), F1; shape (41, 8)."""
    rows = []
    for score in np.linspace(0, 1, POINTS).tolist():
        found = at(matches, number, score, overlap)
        precision = found.precision if found.said else (np.nan, np.nan, np.nan)
        rows.append((score, *precision, *found.recall, found.f1))
    return np.array(rows)


def over_overlaps(matches: Matches, number: int | None, score: float) -> NDArray[np.float64]:
    """Overlap threshold, precision (value, low, high), recall (value, low, high), F1; shape (19, 8)."""
    rows = []
    for overlap in OVERLAPS.tolist():
        found = at(matches, number, score, overlap)
        precision = found.precision if found.said else (np.nan, np.nan, np.nan)
        rows.append((overlap, *precision, *found.recall, found.f1))
    return np.array(rows)


def reach(matches: Matches, number: int | None, overlap: float, goal: Goal, seed: int = 0) -> Reached:
    """The score threshold for a goal, and what it reaches on pictures it was not chosen on.

    Raises
    ------
    NotApplicable
        With fewer than twenty labelled boxes or ten pictures with boxes.
    """
    level = overlap_row(overlap)
    found, labels = _mine(matches, number)
    found = found & ~matches.on_crowd[level]
    missed = labels & (matches.found_by[level] < 0)
    scores = np.concatenate([matches.detected.scores[found], np.full(int(missed.sum()), -1.0)])
    positives = np.concatenate([matches.right(level)[found], np.ones(int(missed.sum()), dtype=bool)])
    pictures = np.concatenate([matches.detected.pictures[found], matches.labels.pictures[missed]])
    shown = np.unique(pictures)
    if int(labels.sum()) < FEWEST_LABELS or len(shown) < FEWEST_PICTURES:
        raise NotApplicable(
            f"a threshold needs {FEWEST_LABELS} labelled boxes in {FEWEST_PICTURES} pictures, half to choose on and "
            f"half to measure on; there are {int(labels.sum())} in {len(shown)}"
        )
    half_of = dict(zip(shown.tolist(), (np.random.default_rng(seed).permutation(len(shown)) % 2).tolist(), strict=True))
    half = np.array([half_of[p] for p in pictures.tolist()])

    def on(rows: NDArray[np.bool_]) -> float:
        said = rows & (scores >= 0)
        return chosen(scores[said], positives[said], int((rows & (scores < 0)).sum()), goal)

    parts, threshold = np.array([on(half != h) for h in (0, 1)]), on(np.ones(len(scores), dtype=bool))
    kept, measured = scores >= parts[half], np.isfinite(parts)[half]
    said, asked = kept & measured, positives & measured
    precision = clustered_share(positives[said], pictures[said])
    recall = clustered_share(kept[asked], pictures[asked])
    wanted = {"precision": precision[0], "recall": recall[0]}.get(goal.kind, np.inf)
    status: Status = "reached" if said.any() and wanted >= goal.value else "missed"
    if not np.isfinite(threshold):
        status = "impossible"
    elif not measured.any():
        status = "unmeasured"
    name = "" if number is None else matches.classes[number]
    return Reached(name, threshold, precision, recall, status)


def chosen(scores: NDArray[np.float64], right: NDArray[np.bool_], missed: int, goal: Goal) -> float:
    """As ``tools.tuning.choose``, where some labels have no detection and no threshold buys them; inf = none.

    Parameters
    ----------
    scores : ndarray of float64, shape (d,)
    right : ndarray of bool, shape (d,)
    missed : int
        Labels that no detection found.

    Examples
    --------
    >>> scores, right = np.array([0.9, 0.7, 0.2]), np.array([True, True, False])
    >>> chosen(scores, right, 3, Goal("f-beta", 1.0)), chosen(scores, right, 3, Goal("recall", 0.9))
    (0.7, inf)
    """
    if goal.kind == "precision" or not len(scores):
        return choose(scores, right, goal) if len(scores) else float("inf")
    if goal.kind == "recall":
        lost = np.full(missed, -1.0)
        threshold = choose(np.concatenate([scores, lost]), np.append(right, lost < 0), goal)
        return threshold if threshold >= 0 else float("inf")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) < 0, True)
    found, said = np.cumsum(right[order])[last], np.flatnonzero(last) + 1
    there = int(right.sum()) + missed
    if goal.kind == "cost":
        loss = goal.value * (there - found) + goal.false_alarm * (said - found)
        best = int(np.argmin(loss))
        return float(scores[order][last][best]) if loss[best] < goal.value * there else float("inf")
    square = goal.value**2
    value = (1 + square) * found / np.maximum(said + square * there, 1e-12)
    return float(scores[order][last][np.argmax(value)]) if found.any() else float("inf")


def _mine(matches: Matches, number: int | None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Detections and labels of a class, or all; crowds are not asked for."""
    if number is None:
        return np.ones(len(matches.detected), dtype=bool), matches.counted
    return matches.detected.classes == number, matches.counted & (matches.labels.classes == number)
