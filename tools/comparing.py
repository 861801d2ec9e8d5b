"""Two models on the same pictures: what each gained, with an interval, and the pictures on which they differ."""

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from tools.case import Case
from tools.effects import Measure
from tools.measures import Metric, judge, measured, recall_metric, whole_metrics
from tools.predictions import Predictions
from tools.registry import NotApplicable
from tools.statistics import wilson

FEWEST = 10


@dataclass(frozen=True, eq=False)
class Comparison:
    """A second model against a first.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Pictures that both were judged on, by the data set's labels of today.
    measures : tuple of Measure
        Balanced accuracy decides; accuracy, macro-F1 and each class's recall share one level (Bonferroni).
    better, worse : ndarray of int64
        Rows that only the second, only the first gets right.
    p : float
        Exact McNemar test of ``better`` against ``worse`` (McNemar 1947): picture by picture, so a burst counts as
        often as it has pictures; the intervals move whole groups.
    first, second : ndarray of int64, shape (n,)
        Classes said.
    """

    rows: NDArray[np.int64]
    measures: tuple[Measure, ...]
    better: NDArray[np.int64]
    worse: NDArray[np.int64]
    p: float
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @property
    def primary(self) -> Measure:
        """Balanced accuracy."""
        return self.measures[0]


def compare_models(case: Case, first: Predictions, second: Predictions, *, unasked: bool = False) -> Comparison:
    """Compare on the labelled pictures that both speak of and that neither was trained on.

    Parameters
    ----------
    unasked : bool
        For who tells of a change without being asked, week after week: balanced accuracy then shares the level with
        the other measures, half and half, so that a week without a change is told as one in a twentieth of weeks.

    Raises
    ------
    NotApplicable
        If these are too few.
    """
    both = first.covered & second.covered & case.evaluation
    rows = np.flatnonzero(both)
    if len(rows) < FEWEST:
        raise NotApplicable(
            f"a comparison needs {FEWEST} labelled pictures that both models speak of; there are {len(rows)}"
        )
    targets, groups = case.targets[rows], case.derived.grouping.groups[rows]
    sides = [np.eye(len(case.classes))[p.predicted[rows]][None] for p in (first, second)]
    metrics = whole_metrics(sides[0], sides[1], targets)
    for number, name in enumerate(case.classes):
        if (of := targets == number).any():
            metrics.append(recall_metric(f"recall of {name}", sides[0], sides[1], targets, of))
    level, margin = case.settings.confidence, case.settings.margin
    level = 1 - (1 - level) / 2 if unasked else level
    others = 1 - (1 - level) / (len(metrics) - 1)
    right = [p.predicted[rows] == targets for p in (first, second)]
    better, worse = rows[right[1] & ~right[0]], rows[right[0] & ~right[1]]
    return Comparison(
        rows=rows,
        measures=tuple(
            _judged(m, groups, others if i else level, margin, primary=not i) for i, m in enumerate(metrics)
        ),
        better=better,
        worse=worse,
        p=mcnemar_p(len(better), len(worse)),
        first=first.predicted,
        second=second.predicted,
    )


def _judged(metric: Metric, groups: NDArray[np.int64], confidence: float, margin: float, *, primary: bool) -> Measure:
    """A measure; where the models agree on every picture, what Wilson's interval of "none of so many" still allows.

    Agreement on 22 pictures is no proof that the next ones are answered alike.
    """
    found = measured(metric, groups, confidence, margin, primary=primary)
    if (metric.before != metric.after).any():
        return found
    count = len(np.unique(groups[metric.support]))
    away = 1 - wilson(count, count, confidence)[0]
    verdict = judge(-away, away, margin)
    needed = None if verdict == "no_effect" else ceil(found.n * away / margin)
    return replace(found, low=-away, high=away, verdict=verdict, needed=needed)


def mcnemar_p(better: int, worse: int) -> float:
    """Two-sided exact p-value that the two counts differ only by chance; 1 where nothing differs.

    >>> round(mcnemar_p(1, 5), 5), mcnemar_p(0, 0)
    (0.21875, 1.0)
    """
    return float(binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0
