"""Pictures that have one and the same frame: a camera that stands still, whatever is put before it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

KEPT = 0.75
"""Part of the frame's cells that is compared; those that differ most are left out: a thing may reach the border."""
UNLIKE = 0.05
"""Largest mean square difference of two frames, as a part of the smaller variance within a frame. Of 85 photographs on
one tray 79 match so; of 234 of shop shelves and of 240 rendered scenes no five (at 0.1, eight rendered ones do: a thing
that reaches the border of a plain backdrop is all the variance there is)."""
PLAINEST = 8.0
"""Frames with less deviation (of 255) are plain: they are alike before any white wall, and say nothing of a camera."""
OTHER_THING = 12.0
"""Mean difference (of 255) inside the frame from which on another thing is before the camera."""
BLOCK = 64


@dataclass(frozen=True, eq=False)
class Cameras:
    """Fixed cameras among some pictures.

    Attributes
    ----------
    of : ndarray of int64, shape (m,)
        Camera of each picture, the largest first; -1 = none.
    things : tuple of int
        Different things (centres of the picture) that each camera shows.
    plain : int
        Pictures whose frame is too plain to tell.
    """

    of: NDArray[np.int64]
    things: tuple[int, ...]
    plain: int


def fixed_cameras(
    frames: NDArray[np.float32], centres: NDArray[np.float32], fewest: int, fewest_things: int
) -> Cameras:
    """Join pictures whose frames match and keep the sets that show several things.

    Parameters
    ----------
    frames : ndarray of float32, shape (m, cells, 3)
        ``embeddings.scenery.frame``; 0–255.
    centres : ndarray of float32, shape (m, cells, 3)
        Cells inside the frame.
    fewest, fewest_things : int
        Pictures and different things that make a camera: the frames of a burst match too, but show one thing.
    """
    spread = frames.std(axis=1).mean(axis=1)
    telling = np.flatnonzero(spread >= PLAINEST)
    out = np.full(len(frames), -1, dtype=np.int64)
    joined = connected_components(frames_match(frames[telling]), directed=False)[1] if len(telling) else telling
    found = []
    for number in np.unique(joined):
        members = telling[joined == number]
        things = different_things(centres[members])
        if len(members) >= fewest and things >= fewest_things:
            found.append((len(members), things, members))
    found.sort(key=lambda f: (-f[0], int(f[2][0])))
    for camera, (_, _, members) in enumerate(found):
        out[members] = camera
    return Cameras(out, tuple(things for _, things, _ in found), len(frames) - len(telling))


def frames_match(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which frames are of one place, shape (m, m); a difference in brightness alone does not count."""
    m, cells, _ = frames.shape
    level = frames.mean(axis=2, keepdims=True)
    shifted = frames - np.median(level, axis=1, keepdims=True)
    variance = np.maximum(shifted.var(axis=1).mean(axis=1), 1e-6)
    out = np.zeros((m, m), dtype=np.bool_)
    kept = max(1, round(KEPT * cells))
    for at in range(0, m, BLOCK):
        apart = ((shifted[at : at + BLOCK, None] - shifted[None]) ** 2).mean(axis=3)
        nearest = np.partition(apart, kept - 1, axis=2)[:, :, :kept].mean(axis=2)
        limit = UNLIKE * np.minimum(variance[at : at + BLOCK, None], variance[None])
        out[at : at + BLOCK] = nearest <= limit
    return out


def different_things(centres: NDArray[np.float32]) -> int:
    """How many of some pictures show something unlike all before; each is compared with the first of its kind.

    >>> different_things(np.array([[[0.0] * 3], [[5.0] * 3], [[90.0] * 3]], dtype=np.float32))
    2
    """
    leaders: list[NDArray[np.float32]] = []
    for centre in centres:
        if all(np.abs(centre - leader).mean() >= OTHER_THING for leader in leaders):
            leaders.append(centre)
    return len(leaders)
