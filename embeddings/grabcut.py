"""A foreground map sharpened to the picture's own edges by GrabCut (Rother, Kolmogorov & Blake 2004)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 256
"""Longer side that GrabCut works on; its time grows with the pixels."""
ROUNDS = 3
SURE_BACKGROUND, SURE_FOREGROUND = 0.15, 0.85
"""Probabilities that are kept as they are; what lies between is free to move."""
MOST_CHANGE = 4.0
"""Ratio of areas beyond which the cut no longer is the map's object: in a wall of fruit it is a sticker or a gap."""


@dataclass(frozen=True, eq=False)
class Refined:
    """A refined map, or the one it came from.

    Attributes
    ----------
    probability : ndarray of float32, shape (h, w)
        0 or 1 (between them along edges, from enlarging); the given map where ``reason`` is not empty.
    reason : str
        Why GrabCut was not used; empty where it was.
    """

    probability: NDArray[np.float32]
    reason: str = ""


def refine(pixels: NDArray[np.uint8], probability: NDArray[np.float32]) -> Refined:
    """Seed GrabCut with a map and return its cut, the same for the same input.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3), RGB
    probability : ndarray of float32, shape (h, w), in [0, 1]
        .5 parts probable foreground from probable background.

    Returns
    -------
    Refined
        The given map, with a reason, where the seed or the cut is all foreground or all background.
    """
    import cv2

    height, width = probability.shape
    scale = min(1.0, LONGEST / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(probability, size, interpolation=cv2.INTER_AREA)
    image = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)[..., ::-1]
    marks = np.where(small >= 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[small <= SURE_BACKGROUND] = cv2.GC_BGD
    marks[small >= SURE_FOREGROUND] = cv2.GC_FGD
    if reason := _degenerate(_foreground(marks), "the map"):
        return Refined(probability, reason)
    cv2.setRNGSeed(0)  # its colour models start from k-means, whose centres are drawn
    behind, front = np.zeros((1, 65)), np.zeros((1, 65))
    no_rectangle = (0, 0, 0, 0)
    cv2.grabCut(np.ascontiguousarray(image), marks, no_rectangle, behind, front, ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = _foreground(marks)
    reason = _degenerate(cut, "GrabCut's result") or _runaway(cut.mean(), (small >= 0.5).mean())
    if reason:
        return Refined(probability, reason)
    large = cv2.resize(cut.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return Refined(np.asarray(large, dtype=np.float32))


def _runaway(found: float, seeded: float) -> str:
    if seeded / MOST_CHANGE <= found <= seeded * MOST_CHANGE:
        return ""
    return f"GrabCut made {found:.1%} of the picture foreground where the map has {seeded:.1%}"


def _foreground(marks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(marks % 2 == 1)  # GC_FGD = 1, GC_PR_FGD = 3


def _degenerate(cut: NDArray[np.bool_], what: str) -> str:
    if cut.all():
        return f"{what} is all foreground"
    return "" if cut.any() else f"{what} has no foreground"
