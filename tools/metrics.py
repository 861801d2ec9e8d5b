"""How good the subject is, with intervals that respect groups."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Evidence
from tools.statistics import clustered_mean, clustered_share, quantile_of_normal


@dataclass(frozen=True)
class Quality:
    """Metrics of one set of predictions on one set of images.

    Attributes
    ----------
    accuracy, balanced_accuracy : Evidence
    recall, precision : tuple of Evidence
        One per class that can be measured.
    """

    accuracy: Evidence
    balanced_accuracy: Evidence
    recall: tuple[Evidence, ...]
    precision: tuple[Evidence, ...]


def quality(case: Case, predicted: NDArray[np.int64], rows: NDArray[np.bool_], how: str) -> Quality:
    """Measure predictions on some images.

    Parameters
    ----------
    predicted : ndarray of int64, shape (n,)
    rows : ndarray of bool, shape (n,)
        Images to measure on; all must be labelled and predicted.
    how : str
        Said beside every number.
    """
    confidence = case.settings.confidence
    targets, groups = case.targets, case.derived.grouping.groups

    def share(name: str, hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> Evidence:
        value, low, high = clustered_share(hits[of], groups[of], confidence)
        return Evidence(name, value, "share", int(of.sum()), low, high, how)

    correct = predicted == targets
    recall, precision = [], []
    for number, name in enumerate(case.classes):
        if (of := rows & (targets == number)).any():
            recall.append(share(f"recall of {name}", correct, of))
        if (said := rows & (predicted == number)).any():
            precision.append(share(f"precision of {name}", correct, said))
    weights = balanced_weights(targets[rows])
    mean, error = clustered_mean(correct[rows].astype(np.float64), groups[rows], weights)
    mean = min(1.0, mean)  # weights sum to one but for rounding
    half = quantile_of_normal(confidence) * (error if np.isfinite(error) else 1.0)
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    if error < 1e-9:  # all right or all wrong: no spread to go by, so the classes' own score intervals
        low = min(mean, float(np.mean([e.low for e in recall if e.low is not None])))
        high = max(mean, float(np.mean([e.high for e in recall if e.high is not None])))
    balanced = Evidence("balanced accuracy", mean, "share", int(rows.sum()), low, high, how)
    return Quality(share("accuracy", correct, rows), balanced, tuple(recall), tuple(precision))


def balanced_weights(targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights under which the mean of per-image correctness is balanced accuracy; they sum to 1.

    >>> balanced_weights(np.array([0, 0, 1])).tolist()
    [0.25, 0.25, 0.5]
    """
    _, codes, counts = np.unique(targets, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (len(counts) * counts[codes]), dtype=np.float64)
