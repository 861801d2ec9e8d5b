"""Pixels to the bytes of a picture file."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 95


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """A JPEG without metadata, colours at full resolution: what it loses is the same in every picture.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3), RGB
    """
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()
