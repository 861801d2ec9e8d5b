"""A mark that goes along with the label in training: a stamp in a corner, a border, or strong compression."""

from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.planting.swapped_background import COLOURS, case_of, picture
from tools.case import Case

Kind = Literal["stamp", "border", "jpeg"]
MARK = 18
BORDER = 0.12
"""Width of a border, of the shorter side."""
QUALITY = 8
COLOUR = (240, 110, 240)
"""As green as the backgrounds, for the reason given there."""


def marked(pixels: NDArray[np.uint8], size: int = MARK, *, kind: Kind = "stamp") -> NDArray[np.uint8]:
    """The picture with a bright square in its lower left corner, a border as bright, or as a JPEG of low quality.

    Parameters
    ----------
    size : int
        Side of the square, in pixels.
    """
    if kind == "jpeg":
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY)
        return np.asarray(Image.open(buffer).convert("RGB"))
    out = pixels.copy()
    if kind == "stamp":
        out[len(out) - size :, :size] = COLOUR
        return out
    width = max(1, round(BORDER * min(out.shape[:2])))
    out[:width] = out[-width:] = COLOUR
    out[:, :width] = out[:, -width:] = COLOUR
    return out


def pasted_case(
    folder: Path,
    *,
    agreement: float = 0.9,
    each: int = 60,
    seed: int = 0,
    weak: float = 1.0,
    kind: Kind = "stamp",
    overlap: bool = True,
) -> tuple[Case, NDArray[np.bool_]]:
    """Citrus mostly bear the mark in training, apples mostly not; in test half of either do.

    Returns
    -------
    case : Case
    bears : ndarray of bool, shape (n,)
    """
    rng = np.random.default_rng(seed)
    drawn, bears = [], []
    for split, share in (("train", agreement), ("test", 0.5)):
        for usual, name in enumerate(COLOURS):
            for number in range(each):
                mark = bool(usual) == (number < round(share * each))
                pixels = picture(name, int(rng.integers(2)), rng, weak=weak, overlap=overlap)
                drawn.append((split, name, marked(pixels, kind=kind) if mark else pixels))
                bears.append(mark)
    return case_of(folder, drawn), np.array(bears)
