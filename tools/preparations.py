"""Whether a network is fed as it was trained: its accuracy on labelled pictures under every plausible preparation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from embeddings.preparation import Preparation, other_fits, other_scalings
from tools.case import Case
from tools.findings import Evidence
from tools.statistics import clustered_share

MOST = 90
"""Labelled pictures that every preparation is tried on: ten times 90 pictures cost a small network some seconds."""
MORE = 210
"""Further pictures, on which the best rival of the chosen preparation is tried where the first did not decide."""
FEWEST = 20
CLEAR = 0.03
"""Smallest difference of accuracy that is worth a word."""
LEVEL = 0.025
"""p-value asked for by either of the two looks, so that both together err in one of twenty."""

Answers = Callable[[Preparation, NDArray[np.int64]], NDArray[np.int64]]
"""Class number said of each row of the case, -1 = none of the data set's; shape (rows,)."""


@dataclass(frozen=True, eq=False)
class Tried:
    """One preparation and how often the network is right with it.

    Attributes
    ----------
    preparation : Preparation
    right : ndarray of bool, shape (m,)
    accuracy : Evidence
    """

    preparation: Preparation
    right: NDArray[np.bool_]
    accuracy: Evidence


@dataclass(frozen=True, eq=False)
class Compared:
    """Preparations on the same pictures.

    Attributes
    ----------
    chosen : Tried
    others : tuple of Tried
        Best first.
    better : Tried or None
        Clearly better than the chosen one.
    """

    chosen: Tried
    others: tuple[Tried, ...]
    better: Tried | None


def sampled(case: Case, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Labelled training pictures of classes that the network knows, spread over classes, bursts in turn.

    A choice made on them leaves the pictures that judge the model untouched, where there is a test split.

    Parameters
    ----------
    known : ndarray of bool, shape (k,)
    """
    rows = case.eyes.training_sample(MOST + MORE)
    return case.rng("preparations").permutation(rows[known[case.targets[rows]]])


def compared(case: Case, rows: NDArray[np.int64], chosen: Preparation, answers: Answers) -> Compared | None:
    """Try the chosen preparation, other scalings and orders, and with the best of these other ways of resizing.

    Clearly better is what an exact McNemar test tells apart: on the first pictures, corrected for all that were tried
    (Bonferroni), or else, for the best rival alone, on pictures that did not choose it.

    Parameters
    ----------
    rows : ndarray of int64
        As of ``sampled``.

    Returns
    -------
    Compared or None
        None with fewer than ``FEWEST`` pictures.
    """
    if len(rows) < FEWEST:
        return None
    first, rest = rows[:MOST], rows[MOST:]
    mine = _tried(case, first, chosen, answers)
    scalings = [_tried(case, first, other, answers) for other in other_scalings(chosen)]
    base = max([mine, *scalings], key=lambda t: t.accuracy.value)  # the chosen one where none is better
    fits = [_tried(case, first, other, answers) for other in other_fits(base.preparation)]
    others = sorted(scalings + fits, key=lambda t: -t.accuracy.value)
    clear = [other for other in others if _clearly_better(mine, other, len(others))]
    if clear or not others or others[0].accuracy.value <= mine.accuracy.value or len(rest) < FEWEST:
        return Compared(mine, tuple(others), clear[0] if clear else None)
    again, rival = (_tried(case, rest, one.preparation, answers) for one in (mine, others[0]))
    if not _clearly_better(again, rival, 1):
        return Compared(mine, tuple(others), None)
    return Compared(again, (rival, *others[1:]), rival)


def _tried(case: Case, rows: NDArray[np.int64], preparation: Preparation, answers: Answers) -> Tried:
    right = answers(preparation, rows) == case.targets[rows]
    groups = case.derived.grouping.groups[rows]
    share, low, high = clustered_share(right, groups, case.settings.confidence)
    how = "labelled training pictures" if case.has_test else "labelled pictures"
    return Tried(preparation, right, Evidence(preparation.text, share, "share", len(rows), low, high, how))


def _clearly_better(mine: Tried, other: Tried, family: int) -> bool:
    more, fewer = int((other.right & ~mine.right).sum()), int((mine.right & ~other.right).sum())
    p = binomtest(more, more + fewer, alternative="greater").pvalue if more + fewer else 1.0
    return bool(p * family <= LEVEL and (more - fewer) / len(mine.right) >= CLEAR)
