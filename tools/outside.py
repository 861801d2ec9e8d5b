"""Pictures that a what-if takes for one class more than the case has: some teach it, others judge it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.folds import deal
from tools.training.baseline import Training


@dataclass(frozen=True, eq=False)
class Outside:
    """Pictures of the added class.

    Attributes
    ----------
    labelled : ndarray of bool, shape (n,)
        Those that have another label today: they teach where they may be trained on, and judge where they are held out.
    teach, judge : ndarray of bool, shape (n,)
        Unlabelled ones: half of the groups each.
    """

    labelled: NDArray[np.bool_]
    teach: NDArray[np.bool_]
    judge: NDArray[np.bool_]


def outside_of(case: Case, mask: NDArray[np.bool_]) -> Outside:
    """Pictures under a mask, shape (n,), by the part that they play."""
    unlabelled = np.flatnonzero(mask & (case.targets < 0))
    halves = [np.zeros(len(case.ids), dtype=np.bool_) for _ in range(2)]
    if len(unlabelled):
        groups = case.derived.grouping.groups[unlabelled]
        part = deal(np.zeros(len(unlabelled), dtype=np.int64), groups, 2, case.rng("outside"))
        for half in (0, 1):
            halves[half][unlabelled[part == half]] = True
    return Outside(mask & (case.targets >= 0), halves[0], halves[1])


def truth_of(case: Case, outside: Outside) -> NDArray[np.int64]:
    """Class numbers with the added class as the last, shape (n,); -1 where nothing is judged."""
    return np.where(outside.labelled | outside.judge, len(case.classes), case.targets)


def taught(case: Case, training: Training, outside: Outside, *, even: bool) -> Training:
    """The training set with an output for the added class.

    Parameters
    ----------
    even : bool
        Whether the added pictures weigh no more, all together, than an average class.
    """
    output = len(training.parents)
    moved = outside.labelled[training.rows]
    added = np.flatnonzero(outside.teach)
    rows = np.concatenate([training.rows, added])
    labels = np.concatenate([np.where(moved, output, training.labels), np.full(len(added), output, dtype=np.int64)])
    weights = np.concatenate([training.weights, np.ones(len(added), dtype=np.float32)])
    mine = labels == output
    if even and mine.any():
        usual = weights[~mine].sum() / max(1, len(np.unique(labels[~mine])))
        weights[mine] *= min(1.0, float(usual / weights[mine].sum()))
    parents = np.append(training.parents, len(case.classes))
    return Training(rows, labels, weights.astype(np.float32), parents)
