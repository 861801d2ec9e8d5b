"""What surrounds the thing in a picture: its frame in small, how plain the backdrop is, how much else is there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALL = 16
"""Side of the small picture whose outermost cells are compared between pictures."""
GRID = 128
"""Side on which backdrop, edges and pieces are measured."""
RIM = 0.08
"""Width of the ring that speaks for the backdrop, as a share of the side."""
STEEP = 40.0
"""Change of luma per cell of the grid, of 255, from which on it counts as an edge."""
SMALLEST_PIECE = 0.01
"""Share of the picture below which a separate patch of foreground is taken for noise of the map."""


@dataclass(frozen=True, eq=False)
class Scenery:
    """Measurements of one picture.

    Attributes
    ----------
    small : ndarray of float32, shape (SMALL, SMALL, 3)
        Mean colours, 0–255.
    spread : float
        Median distance of the ring's colours from their median, 8-bit Lab units, foreground left out: a plain backdrop
        has little, whatever its colour and whatever else touches its border. 0 where the whole ring is foreground.
    edges : float
        Share of the background that is edge, 0–1; 0 without background.
    pieces : int
        Separate patches of foreground.
    lightness, chroma, warmth : float
        Mean of the background in CIELAB: L* (0–100), distance from grey, and how far it leans from blue to yellow (b*).
        NaN without background.
    """

    small: NDArray[np.float32]
    spread: float
    edges: float
    pieces: int
    lightness: float
    chroma: float
    warmth: float


def scenery(picture: NDArray[np.uint8], probability: NDArray[np.float32]) -> Scenery:
    """Measure one picture.

    Parameters
    ----------
    picture : ndarray of uint8, shape (h, w, 3), RGB
    probability : ndarray of float32, shape (h, w)
        Of being foreground, from ``embeddings.foreground``.
    """
    import cv2

    grid = np.asarray(cv2.resize(picture, (GRID, GRID), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    front = np.asarray(cv2.resize(probability, (GRID, GRID), interpolation=cv2.INTER_AREA)) >= 0.5
    small = cv2.resize(picture, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
    return Scenery(
        small=np.asarray(small, dtype=np.float32),
        spread=_spread(grid, front),
        edges=_edges(grid, front),
        pieces=_pieces(front),
        **_colour(grid, front),
    )


def frame(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """The outermost cells of small pictures, shape (n, 4 · SMALL − 4, 3), clockwise from the upper left."""
    parts = small[:, 0, :-1], small[:, :-1, -1], small[:, -1, :0:-1], small[:, :0:-1, 0]
    return np.concatenate(parts, axis=1)


def _spread(grid: NDArray[np.uint8], front: NDArray[np.bool_]) -> float:
    import cv2

    width = round(RIM * GRID)
    ring = ~front
    ring[width:-width, width:-width] = False
    if not ring.any():
        return 0.0
    lab = cv2.cvtColor(grid, cv2.COLOR_RGB2LAB)[ring].astype(np.float64)
    return float(np.median(np.linalg.norm(lab - np.median(lab, axis=0), axis=1)))


def _edges(grid: NDArray[np.uint8], front: NDArray[np.bool_]) -> float:
    """The outline of the foreground is no clutter, so its neighbourhood is left out."""
    import cv2

    background = cv2.dilate(front.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    if not background.any():
        return 0.0
    luma = cv2.cvtColor(grid, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=0.25)
    return float((np.hypot(across, down)[background] >= STEEP).mean())


def _colour(grid: NDArray[np.uint8], front: NDArray[np.bool_]) -> dict[str, float]:
    import cv2

    if front.all():
        return dict.fromkeys(("lightness", "chroma", "warmth"), float("nan"))
    lab = cv2.cvtColor(grid.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[~front]
    lightness, red, yellow = lab.mean(axis=0)
    return {"lightness": float(lightness), "chroma": float(np.hypot(red, yellow)), "warmth": float(yellow)}


def _pieces(front: NDArray[np.bool_]) -> int:
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(front.astype(np.uint8), connectivity=8)
    return int((stats[1:, cv2.CC_STAT_AREA] >= SMALLEST_PIECE * front.size).sum())
