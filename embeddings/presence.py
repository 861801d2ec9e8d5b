"""From a concept's scores to "present": p-values against pictures without the concept, at a stated false-alarm rate.

What "present" means: the picture scores higher than all but the stated share of the null pictures. It does not mean
that the thing is there: what looks or reads alike scores alike.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom, nbinom

FALSE_ALARMS = 0.05
"""Share of pictures without a concept that may be called "present" by default."""
UNSURE = 0.05
"""The chance of error that is left, here and below, in "a null set is large enough" and "more than false alarms"."""

DENSEST = 3.0
"""Largest ratio of the scores' density at the threshold to that at the median that is believed; ties would give any."""

NullSource = Literal["given pictures", "own pictures"]


@dataclass(frozen=True)
class CannotCalibrate:
    """No presence is told, because there are too few null pictures.

    Attributes
    ----------
    n : int
        Null pictures there are; without a given null set, the own pictures that score below their median.
    needed : int
    """

    n: int
    needed: int

    def __str__(self) -> str:
        return f"cannot be calibrated: {self.n} pictures without the concept, {self.needed} are needed"


@dataclass(frozen=True, eq=False)
class Presence:
    """In which pictures one concept is present.

    Attributes
    ----------
    p_values : ndarray of float64, shape (n,)
        (1 + null scores at least as high) / (1 + null scores); in (0, 1].
    present : ndarray of bool, shape (n,)
        Score above the threshold, which is p-value ≤ false_alarms.
    threshold : float
        In the score's own unit.
    false_alarms : float
        Expected share of pictures without the concept that are called present.
    null : {"given pictures", "own pictures"}
    null_size : int
        Null pictures used; of the own pictures those below the median.
    smallest_share : float or None
        If this share of the pictures shows the concept, all of them above the threshold, the number called present
        exceeds what false alarms alone give in 95 % of cases. None = so few pictures that no share would.
    chance : float
        Chance of at least as many present by false alarms alone.
    """

    p_values: NDArray[np.float64]
    present: NDArray[np.bool_]
    threshold: float
    false_alarms: float
    null: NullSource
    null_size: int
    smallest_share: float | None
    chance: float

    @property
    def told(self) -> bool:
        """Whether more are present than false alarms explain (5 %, for this concept alone)."""
        return self.chance <= UNSURE


def smallest_null(false_alarms: float = FALSE_ALARMS) -> int:
    """Null pictures needed: with fewer, even their highest score may lie too low, with a chance above 5 %.

    Wilks 1941: the highest of m lies above the quantile with chance 1 − (1 − rate)^m. 59 at a rate of 5 %.

    Raises
    ------
    ValueError
        For a rate outside 0 to 0.5.

    >>> smallest_null(0.05), smallest_null(0.01)
    (59, 299)
    """
    if not 0 < false_alarms <= 0.5:
        raise ValueError(f"expected a false-alarm rate above 0 and at most 0.5, saw {false_alarms}")
    return math.ceil(math.log(UNSURE) / math.log(1 - false_alarms))


def presence(
    scores: NDArray[np.floating],
    null: NDArray[np.floating] | None = None,
    *,
    false_alarms: float = FALSE_ALARMS,
    unrelated: NDArray[np.int64] | None = None,
) -> Presence | CannotCalibrate:
    """Where one concept is present.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Of the pictures in question, finite.
    null : ndarray, shape (m,), optional
        Scores of pictures believed to be without the concept and otherwise like those in question: pictures of another
        class differ by the class, and what is told is then the class. The rate holds exactly on average, whatever the
        scores' distribution (conformal p-values; Bates et al. 2023, Testing for outliers). Null pictures that do show
        the concept raise the threshold. Without a null set the own pictures serve: those below the median and their
        mirror image about it. The rate then holds where scores without the concept are no more spread above their
        middle than below; the more pictures show the concept, the more of them are missed, and where half do, all.
    false_alarms : float
    unrelated : ndarray of int64, shape (b,), optional
        ``false_alarm_counts`` of phrases that none of the own pictures is believed to show. With 19 or more,
        ``chance`` is at least the rank of this concept's count among them, which allows for scores that are skewed.

    Raises
    ------
    ValueError
        For scores that are not finite, or a rate outside 0 to 0.5.
    """
    values = np.asarray(scores, dtype=np.float64)
    reference = _mirrored(values) if null is None else np.asarray(null, dtype=np.float64)
    if not (np.isfinite(values).all() and np.isfinite(reference).all()):
        raise ValueError("expected finite scores, saw NaN or infinity; leave those pictures out")
    size = len(reference) // 2 if null is None else len(reference)
    needed = smallest_null(false_alarms)
    if size < needed:
        return CannotCalibrate(size, needed)
    ordered = np.sort(reference)
    at_least = len(ordered) - np.searchsorted(ordered, values, side="left")
    allowed = _allowed(len(ordered), false_alarms)
    threshold = float(ordered[-allowed])
    present = values > threshold
    if null is None:
        tail = _beyond_unrelated(_tail_of_mirrored(values, allowed, false_alarms), unrelated)
    else:
        tail = _tail_of_given(len(values), allowed, len(ordered))
    return Presence(
        p_values=(1 + at_least) / (1 + len(ordered)),
        present=present,
        threshold=threshold,
        false_alarms=false_alarms,
        null="own pictures" if null is None else "given pictures",
        null_size=size,
        smallest_share=_smallest_share(tail, false_alarms),
        chance=float(tail[int(present.sum())]),
    )


def false_alarm_counts(scores: NDArray[np.floating], false_alarms: float = FALSE_ALARMS) -> NDArray[np.int64]:
    """How many pictures each phrase is called present in, by the rule for own pictures.

    Parameters
    ----------
    scores : ndarray, shape (n, b)
        Of phrases that none of the pictures is believed to show.

    Returns
    -------
    ndarray of int64, shape (b,)
        Fewer where a column has too few different scores.
    """
    counts = []
    for column in np.asarray(scores, dtype=np.float64).T:
        reference = np.sort(_mirrored(column))
        if len(reference) // 2 >= smallest_null(false_alarms):
            counts.append(int((column > reference[-_allowed(len(reference), false_alarms)]).sum()))
    return np.array(counts, dtype=np.int64)


def _allowed(null: int, false_alarms: float) -> int:
    """How many null scores may lie at or above the threshold, so that p-values above it are at most the rate."""
    return math.floor(false_alarms * (null + 1) + 1e-9)


def _mirrored(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores below the median, and the same mirrored about it."""
    if not len(scores):
        return scores
    middle = np.median(scores)
    below = scores[scores < middle]
    return np.concatenate([below, 2 * middle - below])


@lru_cache(maxsize=32)
def _tail_of_given(n: int, allowed: int, null: int) -> NDArray[np.float64]:
    """P(at least k of n called present where none shows the concept), k = 0 … n + 1: exactly beta-binomial."""
    return _tail(betabinom(n, allowed, null + 1 - allowed).pmf(np.arange(n + 1)))


def _tail_of_mirrored(scores: NDArray[np.float64], allowed: int, false_alarms: float) -> NDArray[np.float64]:
    """As ``_tail_of_given``, for the mirrored own pictures.

    About a known middle each score would lie above or below by a fair coin, and the threshold stands where the
    allowed-th one below does, counted from outside: the number above it is negative binomial with (allowed, 1/2),
    variance 2 · allowed. The middle is a median, though; by the delta method the variance is
    n (2a + r² − 4ra) for a rate a and the ratio r of the densities at the threshold and at the median, which is
    taken from the lower half.
    """
    n = len(scores)
    low, high, near, middle = np.quantile(scores, [false_alarms / 2, min(1.5 * false_alarms, 0.5), 0.4, 0.5])
    ratio = min(10 * false_alarms * (middle - near) / max(high - low, 1e-12), DENSEST)
    variance = max(2.0 * allowed, n * (2 * false_alarms + ratio**2 - 4 * ratio * false_alarms))
    law = nbinom(allowed**2 / (variance - allowed), allowed / variance)
    return _tail(law.pmf(np.arange(n + 1)))


def _beyond_unrelated(tail: NDArray[np.float64], unrelated: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """The tail, but at each count no less than the share of unrelated phrases that reach it."""
    if unrelated is None or 1 / (1 + len(unrelated)) > UNSURE:
        return tail
    counts = np.arange(len(tail) - 1)
    at_least = len(unrelated) - np.searchsorted(np.sort(unrelated), counts, side="left")
    return np.append(np.maximum(tail[:-1], (1 + at_least) / (1 + len(unrelated))), 0.0)


def _tail(masses: NDArray[np.float64]) -> NDArray[np.float64]:
    tail: NDArray[np.float64] = np.clip(np.append(1 - np.append(0, np.cumsum(masses)[:-1]), 0.0), 0.0, 1.0)
    tail.setflags(write=False)
    return tail


def _smallest_share(tail: NDArray[np.float64], false_alarms: float) -> float | None:
    n = len(tail) - 2
    count = int(np.argmax(tail <= UNSURE))
    return None if count > n else max(0.0, (count / n - false_alarms) / (1 - false_alarms))
