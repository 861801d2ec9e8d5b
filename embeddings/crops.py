"""Parts of a picture as pictures of their own."""

import io
from collections.abc import Sequence
from math import ceil, floor
from pathlib import Path

from PIL import Image

from embeddings.files import LIMITS, Limits
from embeddings.images import open_picture

QUALITY = 95
"""Of the JPEG, without colour subsampling: what compression adds stays below what a photograph's own has done."""


def cut(
    path: Path,
    places: Sequence[tuple[float, float, float, float]],
    *,
    root: Path | None = None,
    limits: Limits = LIMITS,
) -> list[bytes]:
    """Cut boxes out of a picture, each a JPEG without any metadata. The same picture gives the same bytes.

    Parameters
    ----------
    path : Path
    places : sequence of tuple of float
        x, y, width, height in pixels of the upright picture; widened to whole pixels and clipped to the picture.
    root : Path, optional
        Folder that the file, links resolved, must lie in.

    Raises
    ------
    Unreadable
        If the picture cannot be read.
    ValueError
        If a box lies outside the picture.
    """
    pixels = open_picture(path, root=root, limits=limits).pixels
    height, width = pixels.shape[:2]
    out = []
    for x, y, w, h in places:
        left, top = max(0, floor(x)), max(0, floor(y))
        right, bottom = min(width, ceil(x + w)), min(height, ceil(y + h))
        if right <= left or bottom <= top:
            raise ValueError(f"the box {x:g}, {y:g}, {w:g}, {h:g} lies outside a picture of {width} × {height} px")
        data = io.BytesIO()
        Image.fromarray(pixels[top:bottom, left:right]).save(data, format="JPEG", quality=QUALITY, subsampling=0)
        out.append(data.getvalue())
    return out
