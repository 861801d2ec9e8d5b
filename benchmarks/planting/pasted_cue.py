"""A mark pasted into a corner, as a logo or a date stamp, that goes along with the label in training."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.swapped_background import COLOURS, SIDE, case_of, picture
from tools.case import Case

MARK = 18
COLOUR = (240, 110, 240)
"""As green as the backgrounds, for the reason given there."""


def marked(pixels: NDArray[np.uint8], size: int = MARK) -> NDArray[np.uint8]:
    """The picture with a bright square in its lower left corner."""
    out = pixels.copy()
    out[SIDE - size :, :size] = COLOUR
    return out


def pasted_case(
    folder: Path, *, agreement: float = 0.9, each: int = 60, seed: int = 0, weak: float = 1.0
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
                pixels = picture(name, int(rng.integers(2)), rng, weak=weak)
                drawn.append((split, name, marked(pixels) if mark else pixels))
                bears.append(mark)
    return case_of(folder, drawn), np.array(bears)
