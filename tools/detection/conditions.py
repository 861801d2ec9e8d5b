"""Where a detector misses things: small, cut by the edge, partly hidden, in a crowd, off the centre (METHODS.md §6).

Each condition splits the labelled boxes in two; what is measured is the share found with it, less the share found
without it. The interval draws pictures anew, and of a run's conditions those are held up that Benjamini-Hochberg
keeps at 5 %. A condition goes along with others (small things are more often hidden): none is called a cause here.
"""

from dataclasses import dataclass

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
        E.g. ``smaller than 32 × 32 pixels``.
    boxes, others : int
    found, found_else : tuple of float
        Share found with it and without it: value, low, high.
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
        "small": ("smaller than 32 × 32 pixels", labels.areas < SMALL),
        "large": ("larger than 96 × 96 pixels", labels.areas >= MEDIUM),
        "truncated": ("at the picture's edge", at_edge),
        "occluded": (f"at least {100 * HIDDEN:g} % covered by other boxes", covered >= HIDDEN),
        "crowded": (f"with {CROWD} or more other boxes close by", near >= CROWD),
        "off the centre": ("outside the middle of the picture", ~middle),
        "slim": ("three times as long as wide, or more", slim >= 3),
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
        sides = [labels.pictures[having], labels.pictures[~having]]
        if all(len(side) >= FEWEST and len(np.unique(side)) >= FEWEST_PICTURES for side in sides):
            out.append(_condition(name, words, seen, having, labels.pictures, rng))
    if out:
        kept = benjamini_hochberg(np.array([c.p for c in out]))
        out = [Condition(**{**vars(c), "held_up": bool(k)}) for c, k in zip(out, kept, strict=True)]
    return tuple(sorted(out, key=lambda c: c.difference))


def _condition(
    name: str, words: str, seen: NDArray[np.bool_], having: NDArray[np.bool_], pictures: NDArray[np.int64],
    rng: np.random.Generator,
) -> Condition:  # fmt: skip
    names, codes = np.unique(pictures, return_inverse=True)
    n = len(names)
    counts = np.stack([
        np.bincount(codes, weights=column.astype(float), minlength=n)
        for column in (seen & having, having, seen & ~having, ~having)
    ])  # fmt: skip
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS) @ counts.T
    with np.errstate(invalid="ignore"):
        gaps = drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3]
    gaps = gaps[np.isfinite(gaps)]
    low, high = np.quantile(gaps, [0.025, 0.975])
    p = min(1.0, 2 * (1 + min(int((gaps >= 0).sum()), int((gaps <= 0).sum()))) / (1 + len(gaps)))
    found, other = (clustered_share(seen[side], pictures[side]) for side in (having, ~having))
    boxes, others, gap = int(having.sum()), int((~having).sum()), found[0] - other[0]
    return Condition(name, words, boxes, others, found, other, gap, float(low), float(high), p)


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
