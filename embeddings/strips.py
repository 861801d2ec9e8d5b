"""Very long pictures, which a resize of the shorter side would blow up to gigabytes."""

import numpy as np
from numpy.typing import NDArray

LONGEST = 16
"""Sides differ by at most this factor: a panorama is far below it, and a strip beyond it is no photograph."""


def middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture itself, or the middle of a strip so long that no centre crop would reach its ends.

    Libraries resize the shorter side to some 224 pixels and crop afterwards; a strip of 2 × 1,000,000 pixels would
    become 224 × 112,000,000 on the way.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)

    Returns
    -------
    ndarray of uint8
        A view with the longer side at most ``LONGEST`` times the shorter one.
    """
    height, width = pixels.shape[:2]
    most = LONGEST * min(height, width)
    top, left = max(0, (height - most) // 2), max(0, (width - most) // 2)
    return pixels[top : top + min(height, most), left : left + min(width, most)]
