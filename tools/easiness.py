"""How simple pictures are, by what can be measured, and how two sets of them differ; groups are the units."""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.metrics import balanced_weights
from tools.statistics import clustered_mean, quantile_of_normal


@dataclass(frozen=True)
class Trait:
    """A property whose extreme makes a picture simple.

    Attributes
    ----------
    column : str
        Of ``embeddings.properties``.
    sign : float
        +1 where larger values are simpler, −1 where smaller ones are.
    simpler, harder : str
        Words for pictures on either side.
    """

    column: str
    sign: float
    simpler: str
    harder: str


TRAITS = (
    Trait("entropy", -1.0, "plainer", "busier"),
    Trait("brightest_share", 1.0, "on whiter ground", "on darker ground"),
    Trait("border_saturation", -1.0, "more neutral around the edges", "more colourful around the edges"),
    Trait("contrast", -1.0, "flatter in contrast", "richer in contrast"),
)
"""What a studio picture on plain ground has: few tones, white ground, a neutral border. None of them sees a single
centred object as such; regions would, and cost too much to look at for every picture."""


@dataclass(frozen=True, eq=False)
class Gap:
    """Difference in simplicity of one set of pictures from another, along one trait.

    Attributes
    ----------
    trait : Trait
    effect, low, high : float
        Standardised difference (Cohen's d), positive where ``these`` are simpler.
    p : float
        One-sided, that ``these`` are no simpler.
    mean, other : float
        Means of the property.
    """

    trait: Trait
    effect: float
    low: float
    high: float
    p: float
    mean: float
    other: float


def traits_of(case: Case) -> tuple[Trait, ...]:
    """The traits that were measured."""
    return tuple(t for t in TRAITS if t.column in case.dataset.properties)


def simplicity_gap(case: Case, trait: Trait, these: NDArray[np.bool_], others: NDArray[np.bool_]) -> Gap:
    """Compare two sets class by class: each class weighs alike in both, so that a change of classes is no change.

    Parameters
    ----------
    these, others : ndarray of bool, shape (n,)
        Disjoint sets of labelled images; only classes that occur in both count. With none in common, or unlabelled
        images among them, classes are left out of account.
    """
    values = trait.sign * case.dataset.properties[trait.column].astype(np.float64)
    targets, groups = case.targets, case.derived.grouping.groups
    if (targets[these] >= 0).all() and (targets[others] >= 0).all():
        shared = np.intersect1d(targets[these], targets[others])
        sides = [np.flatnonzero(side & np.isin(targets, shared)) for side in (these, others)]
    else:
        shared, sides = np.zeros(0, dtype=np.int64), [np.flatnonzero(these), np.flatnonzero(others)]
    if not len(shared):
        sides = [np.flatnonzero(these), np.flatnonzero(others)]
    weights = [
        balanced_weights(targets[side] if len(shared) else np.zeros(len(side), dtype=np.int64)) for side in sides
    ]
    mean: list[float] = []
    error: list[float] = []
    spread: list[float] = []
    for side, weight in zip(sides, weights, strict=True):
        m, e = clustered_mean(values[side], groups[side], weight)
        mean.append(m)
        error.append(e)
        spread.append(float(np.sum(weight * (values[side] - m) ** 2)))
    pooled = max(float(np.sqrt(np.mean(spread))), 1e-9)
    effect, deviation = (mean[0] - mean[1]) / pooled, hypot(*error) / pooled
    half = quantile_of_normal(case.settings.confidence) * deviation
    p = float(norm.sf(effect / max(deviation, 1e-9)))
    return Gap(trait, effect, effect - half, effect + half, p, trait.sign * mean[0], trait.sign * mean[1])


def harder_half(values: NDArray[np.float64], rows: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of some rows the half with the lower simplicity within each class, shape (len(rows),).

    >>> harder_half(np.array([1.0, 2.0, 3.0, 4.0]), np.arange(4), np.array([0, 0, 1, 1])).tolist()
    [True, False, True, False]
    """
    out = np.zeros(len(rows), dtype=np.bool_)
    for c in np.unique(targets[rows]):
        mine = np.flatnonzero(targets[rows] == c)
        out[mine[np.argsort(values[rows[mine]], kind="stable")[: (len(mine) + 1) // 2]]] = True
    return out
