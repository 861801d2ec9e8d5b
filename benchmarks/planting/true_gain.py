"""A what-if tried on a case whose population is known: verdict and true gain of the very heads it trained."""

from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.other_view import other_fresh
from tools.case import Case
from tools.effects import Verdict
from tools.findings import Cost
from tools.kinds import Arguments, Kind
from tools.measures import judge
from tools.metrics import balanced_weights
from tools.open_set import Pool, let_be
from tools.sides import Side, both_sides
from tools.statistics import quantile_of_normal
from tools.whatif import judge_sides

PLAIN = 0.95
"""The level of an interval that is not corrected for the number of kinds."""


@dataclass(frozen=True)
class Trial:
    """The primary measure of one what-if.

    Attributes
    ----------
    verdict, plain : Verdict
        With the interval as shown, and with an uncorrected one.
    gain : float
        Estimated.
    half, plain_half : float
        Half of the interval's width, as shown and without correction.
    true : float
        Gain on fresh pictures of the same population, averaged over the heads of all folds; NaN where not asked for.
    changed : float
        Training images touched.
    """

    verdict: Verdict
    plain: Verdict
    gain: float
    half: float
    plain_half: float
    true: float
    changed: float

    def holds(self, half: float) -> bool:
        """Whether an interval of this half-width holds the true gain."""
        return abs(self.true - self.gain) <= half + 1e-12


def tried(
    case: Case,
    kind: Kind,
    arguments: Arguments,
    fresh: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    truth: bool = True,
) -> Trial:
    """Run the what-if as the product does, and measure its heads on fresh pictures.

    Parameters
    ----------
    kind : Kind
        Need not be offered for the case.
    fresh : ndarray of float32, shape (m, d)
    labels : ndarray of int64, shape (m,)
        Class numbers of the fresh pictures, as an evaluation would give them; the number of classes for those of a
        class that a what-if adds.
    truth : bool
        Whether to measure the true gain, about half of the work.
    """
    before, after = both_sides(case, kind, arguments)
    # only the primary measure is read: what counts further measures and clicks is left out, to save its time
    effect = judge_sides(
        case, replace(kind, meant_for=None, cost=lambda case, arguments: Cost()), arguments, before, after
    )
    found = effect.primary
    half = (found.high - found.low) / 2
    plain_half = half * quantile_of_normal(PLAIN) / quantile_of_normal(effect.confidence)
    plain = judge(found.delta - plain_half, found.delta + plain_half, case.settings.margin)
    trial = Trial(found.verdict, plain, found.delta, half, plain_half, nan, effect.changed)
    if not truth:
        return trial
    classes = len(case.classes)
    judged = np.arange(classes) if kind.counted_as is None else kind.counted_as(case, arguments)
    seen = (fresh, fresh if kind.vectors is None else other_fresh(case))
    if kind.deciding is not None:  # only one what-if has a measure of its own
        foreign = labels == case.number(arguments["class"])
        return replace(trial, true=_true_let_be(before, after, fresh, np.where(foreign, classes, labels), classes))
    if kind.truth is not None:
        judged, counted = np.arange(classes + 1), labels < classes
        seen, labels = (seen[0][counted], seen[1][counted]), labels[counted]
    elif kind.judged_on is not None:
        counted = np.isin(labels, np.unique(case.targets[case.evaluation & kind.judged_on(case, arguments)]))
        seen, labels = (seen[0][counted], seen[1][counted]), labels[counted]
    figures = [
        true_accuracy(side, vectors, judged, judged[labels])
        for side, vectors in zip((before, after), seen, strict=True)
    ]
    return replace(trial, true=figures[1] - figures[0])


def _true_let_be(
    before: Side, after: Side, fresh: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> float:
    """Gain of the share of fresh foreign pictures let be, thresholds set on the fresh known ones, mean over heads."""
    rows = np.arange(len(fresh))
    asked = [rows] * len(before.fitted.trainings)
    pools = [[Pool(rows, s[:, :classes]) for s in side.scores(classes + 1, fresh, asked)] for side in (before, after)]
    found = let_be([pools[0]], [pools[1]], labels, classes)
    return float((found.after - found.before).mean())


def true_accuracy(
    side: Side, fresh: NDArray[np.float32], judged: NDArray[np.int64], labels: NDArray[np.int64]
) -> float:
    """Balanced accuracy on fresh pictures, averaged over the heads of a side.

    Parameters
    ----------
    fresh : ndarray of float32, shape (m, d)
    judged : ndarray of int64, shape (classes,)
        The class each class is judged as.
    labels : ndarray of int64, shape (m,)
    """
    questions = [np.arange(len(fresh))] * len(side.fitted.trainings)
    weights = balanced_weights(labels)
    scores = side.scores(len(judged), fresh, questions)
    return float(np.mean([(judged[found.argmax(axis=1)] == labels) @ weights for found in scores]))
