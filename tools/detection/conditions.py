"""Where a detector misses things: small, cut by the edge, partly hidden, in a crowd, off the centre (METHODS.md §6).

Each condition splits the labelled boxes in two; what is measured is the share found with it, less the share found of
boxes without it in the same class: a class that is small and hard would else make every small thing look hard. So the
others are weighted as the classes are among boxes with the condition (direct standardisation, Rothman, Greenland &
Lash 2008, ch. 4), and classes that have it always or never are left out. The interval draws pictures anew, and of a
run's conditions those are held up that Benjamini-Hochberg keeps at 5 %. A condition goes along with others (small
things are more often hidden): none is called a cause here.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.detection.boxes import Boxes, BoxSet
from tools.detection.matching import Matches, overlap_row, overlaps
from tools.statistics import benjamini_hochberg, clustered_share

SMALL, MEDIUM = 32.0**2, 96.0**2
"""COCO's limits, square pixels of the picture as it is."""
EDGE = 1.0
"""Pixels from the picture's edge within which a box counts as cut by it: annotations round to whole pixels."""
HIDDEN = 0.2
"""Share of a box that other labelled boxes cover, from which on it counts as partly hidden."""
CROWD = 3
"""Other labelled boxes within one box's own size around it."""
CENTRE = 0.5
"""Share of the picture's width and height that the middle takes up."""
SLIM = 3.0
"""Longer side by shorter side from which on a box counts as slim."""
LIMITS = (
    f"Small: below {SMALL**0.5:.0f} × {SMALL**0.5:.0f} pixels, large: from {MEDIUM**0.5:.0f} × {MEDIUM**0.5:.0f} on "
    f"(COCO). Partly covered: {100 * HIDDEN:g} % or more, by one other box. In a crowd: {CROWD} or more other boxes "
    f"within a box's own size. Much longer than wide: {SLIM:g} times or more. Middle: {100 * CENTRE:g} % of width and "
    "height."
)
"""The limits in words."""
FEWEST = 10
"""Boxes on either side, in five pictures: fewer leave an interval that says nothing."""
FEWEST_PICTURES = 5
DRAWS = 2000


@dataclass(frozen=True)
class Condition:
    """Boxes with one condition against all others.

    Attributes
    ----------
    name : str
        E.g. ``small``.
    words : str
        E.g. ``small in the picture``; what that means stands in ``LIMITS``.
    boxes, others : int
        With it and without it, in classes that have both.
    found : tuple of float
        Share found with it: value, low, high.
    found_else : tuple of float
        Share found without it, weighted by class as with it: value, low, high.
    difference, low, high : float
        Found with it less found without, with a 95 % interval.
    p : float
        Two-sided, from the same draws.
    held_up : bool
        Whether Benjamini-Hochberg keeps it, at 5 % of all conditions measured together.
    """

    name: str
    words: str
    boxes: int
    others: int
    found: tuple[float, float, float]
    found_else: tuple[float, float, float]
    difference: float
    low: float
    high: float
    p: float
    held_up: bool = False


def conditions_of(boxset: BoxSet, labels: Boxes) -> dict[str, tuple[str, NDArray[np.bool_]]]:
    """For each condition its words and which labels have it, shape (l,).

    An annotator's ``truncated`` and ``occluded`` are taken where the format tells them; the picture's edge and the
    other boxes tell it elsewhere.
    """
    wide, tall = boxset.widths[labels.pictures], boxset.heights[labels.pictures]
    x1, y1, x2, y2 = labels.corners.T
    at_edge = (x1 <= EDGE) | (y1 <= EDGE) | (x2 >= wide - EDGE) | (y2 >= tall - EDGE)
    covered, near = _neighbours(labels)
    middle = (np.abs((x1 + x2) / 2 / wide - 0.5) <= CENTRE / 2) & (np.abs((y1 + y2) / 2 / tall - 0.5) <= CENTRE / 2)
    slim = np.maximum(labels.places[:, 2], labels.places[:, 3]) / np.minimum(labels.places[:, 2], labels.places[:, 3])
    out = {
        "small": ("small in the picture", labels.areas < SMALL),
        "large": ("large in the picture", labels.areas >= MEDIUM),
        "truncated": ("at the picture's edge", at_edge),
        "occluded": ("partly covered by other boxes", covered >= HIDDEN),
        "crowded": ("in a crowd of other boxes", near >= CROWD),
        "off the centre": ("outside the middle of the picture", ~middle),
        "slim": ("much longer than wide", slim >= SLIM),
    }
    told = {
        "truncated": "cut off, as the annotator says", "occluded": "partly hidden, as the annotator says",
        "difficult": "hard to tell, as the annotator says",
    }  # fmt: skip
    for name, words in told.items():
        if labels.flag(name).any():
            out[name] = (words, labels.flag(name))
    return out


def conditions(
    boxset: BoxSet, matches: Matches, score: float, overlap: float = 0.5, seed: int = 0
) -> tuple[Condition, ...]:
    """Every condition that enough boxes have and lack, the greatest loss first.

    Parameters
    ----------
    boxset : BoxSet
    matches : Matches
    score : float
        Detections below it are not said.
    overlap : float
        How much a detection must overlap a thing to have found it.
    """
    labels = matches.labels.only(matches.counted)
    by = matches.found_by[overlap_row(overlap)][matches.counted]
    seen = np.append(matches.detected.scores, -np.inf)[by] >= score
    rng = np.random.default_rng(seed)
    out = []
    for name, (words, having) in conditions_of(boxset, labels).items():
        both = np.isin(labels.classes, np.intersect1d(labels.classes[having], labels.classes[~having]))
        sides = [labels.pictures[both & having], labels.pictures[both & ~having]]
        if all(len(side) >= FEWEST and len(np.unique(side)) >= FEWEST_PICTURES for side in sides):
            out.append(_condition(name, words, seen[both], having[both], labels.only(both), rng))
    if out:
        kept = benjamini_hochberg(np.array([c.p for c in out]))
        out = [replace(c, held_up=bool(k)) for c, k in zip(out, kept, strict=True)]
    return tuple(sorted(out, key=lambda c: c.difference))


def _condition(
    name: str, words: str, seen: NDArray[np.bool_], having: NDArray[np.bool_], labels: Boxes, rng: np.random.Generator
) -> Condition:
    pictures, seats = np.unique(labels.pictures, return_inverse=True)
    classes, codes = np.unique(labels.classes, return_inverse=True)
    n, k = len(pictures), len(classes)
    counts = np.stack([
        np.bincount(seats * k + codes, weights=column.astype(float), minlength=n * k).reshape(n, k)
        for column in (seen & having, having, seen & ~having, ~having)
    ])  # fmt: skip
    found, other = _found(counts.sum(axis=1)[:, None])
    draws = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(float)
    drawn, others = _found(np.einsum("dn,snk->sdk", draws, counts, optimize=True))
    known = np.isfinite(drawn) & np.isfinite(others)
    gaps, others = (drawn - others)[known], others[known]
    low, high = np.quantile(gaps, [0.025, 0.975])
    p = min(1.0, 2 * (1 + min(int((gaps >= 0).sum()), int((gaps <= 0).sum()))) / (1 + len(gaps)))
    low_else, high_else = np.quantile(others, [0.025, 0.975])
    if high_else - low_else < 1e-12:  # all or none of them found: draws that agree are no certainty
        _, low_else, high_else = clustered_share(seen[~having], labels.pictures[~having])
    return Condition(
        name, words, int(having.sum()), int((~having).sum()), clustered_share(seen[having], labels.pictures[having]),
        (float(other[0]), float(low_else), float(high_else)), float(found[0] - other[0]), float(low), float(high), p,
    )  # fmt: skip


def _found(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share found with the condition, and without it in the same mix of classes.

    Parameters
    ----------
    counts : ndarray of float64, shape (4, b, k)
        Found with it, all with it, found without it, all without it; by draw and class.

    Returns
    -------
    with_it, without_it : ndarray of float64, shape (b,)
        Over classes that have both in the draw; NaN where none has.
    """
    found, having, found_else, lacking = counts
    both = (having > 0) & (lacking > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.where(both, having, 0.0)
        total = weights.sum(axis=1)
        rate = np.where(both, found_else / lacking, 0.0)
        return np.where(both, found, 0.0).sum(axis=1) / total, (weights * rate).sum(axis=1) / total


def _neighbours(labels: Boxes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Share of each box that its picture's other boxes cover at most, and how many lie within its size around it."""
    covered, near = np.zeros(len(labels)), np.zeros(len(labels), dtype=np.int64)
    _, starts = np.unique(labels.pictures, return_index=True)
    for rows in np.split(np.arange(len(labels)), starts[1:]):
        if len(rows) < 2:
            continue
        places = labels.places[rows]
        inside = overlaps(places, places, np.ones(len(rows), dtype=bool))  # shared area by the first one's own
        np.fill_diagonal(inside, 0)
        covered[rows] = inside.max(axis=1)
        grown = places + np.hstack([-places[:, 2:], 2 * places[:, 2:]])
        touching = overlaps(grown, places) > 0
        np.fill_diagonal(touching, False)
        near[rows] = touching.sum(axis=1)
    return covered, near
