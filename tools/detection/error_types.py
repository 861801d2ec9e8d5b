"""What kinds of mistakes a detector makes, and what mending each kind would gain (TIDE, Bolya et al. 2020).

At an overlap of 0.5 every wrong detection is of one kind, told by the label it overlaps most: another class's thing
(classification), the right thing but badly placed (localisation), both, a thing that is taken already (duplicate), or
nothing (background). Labels that no detection found, and that none of the first two kinds would have found, are
missed. The gain is what the mean average precision at 0.5 would rise by if that kind alone were mended: gains of
kinds do not add up, as one mistake may hide another. The authors' tidecv gives the same numbers and gains but in
three places: a label that both a misplaced and a misnamed detection would find counts there for the surer of the two
alone, detections on crowds count as mistakes, and equal scores may stand in another order.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tools.detection.matching import Matches, overlap_row, overlaps
from tools.detection.precision import DRAWS, average_precision, drawn_pictures, interval

Kind = Literal["classification", "localisation", "both", "duplicate", "background", "missed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FOREGROUND, BACKGROUND = 0.5, 0.1
HALF = overlap_row(FOREGROUND)


@dataclass(frozen=True, eq=False)
class Mistakes:
    """Every mistake of a detector at an overlap of 0.5.

    Attributes
    ----------
    kind_of : ndarray of str, shape (d,)
        For each detection of ``Matches.detected`` its kind of mistake; empty where it is right or not counted.
    nearest : ndarray of int64, shape (d,)
        Row of the label it was judged by; -1 = none.
    overlap : ndarray of float64, shape (d,)
        Overlap with that label.
    missed : ndarray of bool, shape (l,)
        Labels of ``Matches.labels`` that are missed.
    """

    kind_of: NDArray[np.str_]
    nearest: NDArray[np.int64]
    overlap: NDArray[np.float64]
    missed: NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """One kind of mistake.

    Attributes
    ----------
    kind : str
    count : int
        Detections of the kind, or labels missed.
    gain : float
        Rise of the mean average precision at 0.5 if the kind were mended, as a fraction.
    low, high : float or None
        Its 95 % interval over pictures drawn anew; None as in ``tools.detection.precision.interval``.
    """

    kind: Kind
    count: int
    gain: float
    low: float | None
    high: float | None


def mistakes(matches: Matches) -> Mistakes:
    """Tell every wrong detection's kind, and which labels are missed."""
    found, labels = matches.detected, matches.labels
    kind_of = np.full(len(found), "", dtype="<U14")
    nearest = np.full(len(found), -1, dtype=np.int64)
    overlap = np.zeros(len(found))
    wrong = matches.wrong(HALF)
    touched = np.zeros(len(labels), dtype=bool)
    starts = np.searchsorted(labels.pictures, found.pictures, side="left")
    ends = np.searchsorted(labels.pictures, found.pictures, side="right")
    for row in np.flatnonzero(wrong):
        here = np.arange(starts[row], ends[row])
        here = here[matches.counted[here]]
        shared = overlaps(found.places[[row]], labels.places[here])[0]
        mine = labels.classes[here] == found.classes[row]
        kind, at = _kind(shared, mine)
        kind_of[row] = kind
        if at >= 0:
            nearest[row], overlap[row] = here[at], shared[at]
            touched[here[at]] |= kind in ("classification", "localisation")
    missed = matches.counted & (matches.found_by[HALF] < 0) & ~touched
    return Mistakes(kind_of, nearest, overlap, missed)


def _kind(shared: NDArray[np.float64], mine: NDArray[np.bool_]) -> tuple[Kind, int]:
    """Kind of one wrong detection by its overlaps with the picture's labels, and which label told it."""
    own = int(np.where(mine, shared, -1).argmax()) if mine.any() else -1
    other = int(np.where(~mine, shared, -1).argmax()) if (~mine).any() else -1
    if own >= 0 and BACKGROUND <= shared[own] < FOREGROUND:
        return "localisation", own
    if other >= 0 and shared[other] >= FOREGROUND:
        return "classification", other
    if own >= 0 and shared[own] >= FOREGROUND:
        return "duplicate", own
    if other >= 0 and shared[other] >= BACKGROUND:
        return "both", other
    return "background", -1


def shares(matches: Matches, told: Mistakes, seed: int = 0, draws: int = DRAWS) -> tuple[Share, ...]:
    """Every kind with its number and its gain, the greatest gain first."""
    weights = drawn_pictures(matches, seed, draws)
    now = _mean(matches, weights, matches.right(HALF), matches.detected.classes, ~matches.on_crowd[HALF])
    out = []
    for kind in KINDS:
        count = int(told.missed.sum()) if kind == "missed" else int((told.kind_of == kind).sum())
        gains = _mended(matches, weights, told, kind) - now if count else np.zeros(len(weights))
        low, high = interval(gains[1:]) or (None, None)
        out.append(Share(kind, count, float(gains[0]), low, high))
    return tuple(sorted(out, key=lambda share: -share.gain))


def _mended(matches: Matches, weights: NDArray[np.float64], told: Mistakes, kind: Kind) -> NDArray[np.float64]:
    """Mean average precision at 0.5 if a kind of mistake were mended, for each draw of pictures.

    A misplaced or misnamed detection becomes right if its label is free, the best scored first; else it goes, as
    do all other kinds. Missed labels are no longer asked for.
    """
    right, classes = matches.right(HALF).copy(), matches.detected.classes.copy()
    gone = told.kind_of == kind
    if kind in ("classification", "localisation"):
        free = matches.found_by[HALF] < 0
        for row in np.flatnonzero(gone)[np.argsort(-matches.detected.scores[gone], kind="stable")]:
            label = told.nearest[row]
            if free[label]:
                free[label], right[row], gone[row] = False, True, False
                classes[row] = matches.labels.classes[label]
    forgiven = told.missed if kind == "missed" else None
    return _mean(matches, weights, right, classes, ~gone & ~matches.on_crowd[HALF], forgiven)


def _mean(
    matches: Matches,
    weights: NDArray[np.float64],
    right: NDArray[np.bool_],
    classes: NDArray[np.int64],
    kept: NDArray[np.bool_],
    forgiven: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Mean over classes of the average precision of the kept detections, some labels not asked for; shape (b,)."""
    label_seats, found_seats = matches.seats
    values = []
    for number in range(len(matches.classes)):
        mine = (matches.labels.classes == number) & matches.counted
        if not mine.any():
            continue
        there = weights[:, label_seats[mine]].sum(axis=1)
        asked = there if forgiven is None else weights[:, label_seats[mine & ~forgiven]].sum(axis=1)
        rows = np.flatnonzero((classes == number) & kept)
        rows = rows[np.argsort(-matches.detected.scores[rows], kind="stable")]
        value = average_precision(right[rows], asked, weights[:, found_seats[rows]])
        values.append(np.where(there == 0, np.nan, np.where(asked == 0, 1.0, value)))
    stacked = np.stack(values) if values else np.full((1, len(weights)), np.nan)
    known = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):  # a draw without any label has no mean
        return np.asarray(np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0))
