"""How many pictures of none of the classes are let be, where thresholds leave as many others recognised on both sides.

The share of foreign pictures kept out at a fixed share of known ones found is the usual measure of open-set recognition
(false alarms at 95 % recall: Hendrycks & Gimpel 2017; Liang, Li & Srikant 2018). Without fixing the recall a model that
is merely less sure of everything would seem better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.measures import Metric, Values
from tools.metrics import balanced_weights

KEPT = 0.95
"""Share of the lower of the two sides' recall that the thresholds leave."""
NEAR = 0.05
"""Recall on either side of that, over which the price of recall in false alarms is measured."""
NAME = f"pictures of none let be, at {100 * KEPT:g} % of the recall"


@dataclass(frozen=True, eq=False)
class Pool:
    """Scores that share one threshold.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Pictures, possibly more than once.
    scores : ndarray of float64, shape (m, k)
        Of the classes alone: what is said to be none of them is no answer.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


def let_be(
    before: Sequence[Sequence[Pool]], after: Sequence[Sequence[Pool]], targets: NDArray[np.int64], classes: int
) -> Metric:
    """The share of foreign pictures on which no class is said, on both sides.

    Parameters
    ----------
    before, after : sequence (repeats) of sequence of Pool
        Pools of one place hold the same pictures on both sides.
    targets : ndarray of int64, shape (n,)
        Class numbers; ``classes`` and above = of none.
    classes : int

    Notes
    -----
    In each pool a class is said where its score is the highest and reaches a threshold, which is the highest that finds
    ``KEPT`` of the lower of the sides' balanced recall. The threshold comes from the known pictures, the share from the
    foreign ones, so nothing is judged where it was chosen. Each picture's value holds its influence on the share: a
    foreign one's through whether it is let be, a known one's through the threshold (the price of recall is a difference
    quotient over ``NEAR``), so that intervals know of the thresholds' uncertainty.
    """
    sides: list[list[Values]] = [[], []]
    for pools in zip(before, after, strict=True):
        values = [_of_pair(*pair, targets, classes) for pair in zip(*pools, strict=True)]
        for side in (0, 1):
            sides[side].append(np.mean([found[side] for found in values], axis=0))
    n, outside = len(targets), targets >= classes
    return Metric(NAME, np.array(sides[0]), np.array(sides[1]), np.full(n, 1 / n), outside)


def _of_pair(first: Pool, second: Pool, targets: NDArray[np.int64], classes: int) -> tuple[Values, Values]:
    """Values of one pool on either side, each of shape (n,)."""
    rows, own = first.rows, targets[first.rows]
    known = np.flatnonzero(own < classes)
    foreign = np.flatnonzero(own >= classes)
    weights = balanced_weights(own[known])
    right = [(pool.scores[known].argmax(axis=1) == own[known]).astype(np.float64) for pool in (first, second)]
    recalls = [float(weights @ found) for found in right]
    lower = int(np.argmin(recalls))
    wanted = KEPT * recalls[lower]
    out = []
    for side, pool in enumerate((first, second)):
        top = pool.scores.max(axis=1)
        found, mine = right[side], (top[known], weights)
        cut = _threshold(*mine, found, wanted)
        step = min(NEAR, wanted, recalls[side] - wanted)
        less, as_much = (_threshold(*mine, found, wanted + sign * step) for sign in (-1, 1))
        given_up = np.mean((top[foreign] < less) & (top[foreign] >= as_much))
        price = float(given_up / (2 * step)) if step > 0 else 0.0
        accepted = found * (top[known] >= cut)
        off = accepted - weights @ accepted - KEPT * (right[lower] - recalls[lower])
        shares = (top[foreign] < cut).astype(np.float64)
        share = float(shares.mean())
        moved = np.zeros(len(targets))
        np.add.at(moved, rows[foreign], (shares - share) / len(foreign))
        np.add.at(moved, rows[known], weights * price * off)
        out.append(share + len(targets) * moved)
    return out[0], out[1]


def _threshold(
    top: NDArray[np.float64], weights: NDArray[np.float64], right: NDArray[np.float64], wanted: float
) -> float:
    """The highest threshold at which the weighted share of right answers reaches what is wanted; −∞ if none does.

    >>> _threshold(np.array([0.9, 0.8, 0.6]), np.full(3, 1 / 3), np.array([1.0, 0.0, 1.0]), 0.5)
    0.6
    """
    order = np.argsort(-top, kind="stable")
    reached = np.cumsum((weights * right)[order]) >= wanted - 1e-12
    return float(top[order][int(reached.argmax())]) if reached.any() else -np.inf
