"""Several pictures on one sheet, small and without any metadata."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from embeddings.images import Unreadable, open_picture

CELL, COLUMNS, GAP, GREY = 160, 3, 4, 128


def contact_sheet(pictures: Sequence[tuple[Path, Path]]) -> bytes:
    """A JPEG of some pictures in rows of three; those that cannot be read are left out.

    Parameters
    ----------
    pictures : sequence of (Path, Path)
        Each with the folder that it must lie in.

    Raises
    ------
    Unreadable
        If none can be read.
    """
    cells = []
    for path, root in pictures:
        try:
            image = Image.fromarray(open_picture(path, root=root, smallest_side=CELL).pixels)
        except Unreadable:
            continue
        image.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        cells.append(image)
    if not cells:
        raise Unreadable("none of the pictures can be read")
    step, rows = CELL + GAP, -(-len(cells) // COLUMNS)
    blank = np.full((rows * step - GAP, min(len(cells), COLUMNS) * step - GAP, 3), GREY, dtype=np.uint8)
    sheet = Image.fromarray(blank)
    for number, cell in enumerate(cells):
        sheet.paste(cell, (number % COLUMNS * step, number // COLUMNS * step))
    out = io.BytesIO()
    sheet.save(out, format="JPEG", quality=85)
    return out.getvalue()
