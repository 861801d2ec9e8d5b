"""Two classes, each in two settings: what contradicting the setting costs, with an interval, and how many it takes.

The unit is the object. Several pictures of one object count as one, whose value is the share of them that is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.statistics import wilson

CONFIDENCE = 0.95
POWER = 0.80
FEWEST = 8
"""Objects per cell, below which Wilson intervals say hardly anything."""
MOST = 400
"""Objects per cell that anybody would photograph; more is said to be out of reach."""
DRAWS = 20_000


@dataclass(frozen=True)
class Cell:
    """Objects of one class in one setting.

    Attributes
    ----------
    right : float
        Sum over objects of the share of their pictures that is called right.
    objects : int
    """

    right: float
    objects: int

    @property
    def share(self) -> float:
        """Accuracy, objects counted once."""
        return self.right / self.objects


@dataclass(frozen=True)
class Drop:
    """What the other class's setting costs, averaged over both classes.

    Attributes
    ----------
    value, low, high : float
        Difference of accuracies, 0–1.
    """

    value: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0


def drop(own: Sequence[Cell], other: Sequence[Cell], confidence: float = CONFIDENCE) -> Drop:
    """Mean over classes of accuracy in the own setting minus accuracy in the other class's.

    The interval squares and adds the distances to each cell's Wilson limits (Newcombe 1998 for one class; Zou, Huang
    & Zhang 2009 for sums).

    >>> found = drop([Cell(56, 70)], [Cell(48, 80)])
    >>> round(found.low, 4), round(found.high, 4)
    (0.0524, 0.3339)
    """
    weight = 1 / len(own)
    value = weight * (sum(c.share for c in own) - sum(c.share for c in other))
    below = above = 0.0
    for cells, sign in ((own, 1), (other, -1)):
        for cell in cells:
            low, high = wilson(cell.right, cell.objects, confidence)
            down, up = (weight * (cell.share - low)) ** 2, (weight * (high - cell.share)) ** 2
            below += down if sign > 0 else up
            above += up if sign > 0 else down
    return Drop(value, value - sqrt(below), value + sqrt(above))


def shown_in_draws(right: NDArray[np.float64], objects: int, confidence: float = CONFIDENCE) -> NDArray[np.bool_]:
    """As ``drop(…).shown``, for many experiments at once.

    Parameters
    ----------
    right : ndarray of float64, shape (draws, 4)
        Objects right: own and own, other and other setting of the two classes.
    objects : int
        Per cell.
    """
    z = float(norm.ppf((1 + confidence) / 2))
    share = right / objects
    centre = (share + z * z / (2 * objects)) / (1 + z * z / objects)
    half = z * np.sqrt(share * (1 - share) / objects + z * z / (4 * objects**2)) / (1 + z * z / objects)
    down, up = share - np.maximum(centre - half, 0), np.minimum(centre + half, 1) - share
    value = (share[:, :2].sum(axis=1) - share[:, 2:].sum(axis=1)) / 2
    spread = (down[:, :2] ** 2).sum(axis=1) + (up[:, 2:] ** 2).sum(axis=1)
    return np.asarray(value - np.sqrt(spread) / 2 > 0)


def power_of(accuracies: Sequence[float], objects: int, *, draws: int = DRAWS) -> float:
    """Share of experiments that would show the drop, objects drawn apart.

    Parameters
    ----------
    accuracies : sequence of float
        Own and own, other and other setting of the two classes.
    """
    rng = np.random.default_rng([objects, draws])
    right = rng.binomial(objects, np.array(accuracies), size=(draws, 4)).astype(np.float64)
    return float(shown_in_draws(right, objects).mean())


def objects_needed(accuracies: Sequence[float], power: float = POWER) -> int | None:
    """Fewest objects per cell with which the drop is shown with so much power; None if beyond ``MOST``."""
    if power_of(accuracies, MOST) < power:
        return None
    low, high = FEWEST - 1, MOST
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(accuracies, middle) >= power:
            high = middle
        else:
            low = middle
    return high
