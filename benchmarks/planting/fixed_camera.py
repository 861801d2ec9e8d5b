"""Cameras that stand still: small pictures that share a frame, as a look at the pixels sees them."""

import numpy as np
from numpy.typing import NDArray

from embeddings.scenery import SMALL

RIM = 4


def standing(
    camera: NDArray[np.int64], *, seed: int = 0, noise: float = 3.0, light: float = 12.0
) -> NDArray[np.float32]:
    """Small pictures, one per entry of ``camera``; each of one camera has its frame, another thing and another light.

    Parameters
    ----------
    camera : ndarray of int64, shape (n,)
        Number of the camera; -1 = a place of its own.
    noise, light : float
        Deviations, of 255, of each cell and of the whole picture's brightness.

    Returns
    -------
    ndarray of float32, shape (n, SMALL, SMALL, 3)
    """
    rng = np.random.default_rng(seed)
    n = len(camera)
    out = rng.uniform(20, 235, (n, SMALL, SMALL, 3))
    for number in np.unique(camera[camera >= 0]).tolist():
        out[camera == number] = rng.uniform(20, 235, (SMALL, SMALL, 3))
    side = SMALL - 2 * RIM
    out[:, RIM:-RIM, RIM:-RIM] = rng.uniform(20, 235, (n, 1, 1, 3)) + rng.normal(0, 25, (n, side, side, 3))
    out += rng.normal(0, noise, out.shape) + rng.normal(0, light, (n, 1, 1, 1))
    return np.clip(out, 0, 255).astype(np.float32)
