"""Mirrored and shifted pictures, by networks whose answers depend on neither, or on both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.planting.swapped_background import swapped_case
from tools.consistency import MIRRORED, SHIFTED, consistency, moved
from tools.scorers import Pixels


class Scripted:
    """Says class 1 where a measure of the picture is above a border."""

    side, side_by_side = 64, True

    def __init__(self, speaker: str, kind: str) -> None:
        self.speaker, self._kind = speaker, kind

    def known(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        raise AssertionError("not asked here")

    def logits(self, row: int, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """Steady: the row's number; sided: left half against right half, of which mirroring changes every answer."""
        values = []
        for picture in pictures:
            half = picture.shape[1] // 2
            left, right = picture[:, :half].mean(), picture[:, -half:].mean()
            values.append(float(row % 2) if self._kind == "steady" else float(right > left))
        return np.stack([np.full(len(values), 0.5), np.array(values)], axis=1)


def test_shares_by_construction(tmp_path: Path) -> None:
    case = swapped_case(tmp_path, agreement=0.7, each=20)
    found = consistency(case, [Scripted("steady", "steady"), Scripted("sided", "sided")])
    assert [e.value for e in found["steady"]] == [0.0, 0.0]
    assert all(e.high is not None and 0 < e.high < 0.2 for e in found["steady"])
    mirrored, shifted = found["sided"]
    assert (mirrored.name, shifted.name) == (MIRRORED, SHIFTED)
    assert mirrored.value > 0.95
    assert shifted.value < mirrored.value
    assert mirrored.n == 40


def test_few_judged_pictures_say_nothing(tmp_path: Path) -> None:
    assert consistency(swapped_case(tmp_path, each=5), [Scripted("steady", "steady")]) == {}


def test_a_shift_by_hand() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    assert moved(picture, 1, 0)[..., 0].tolist() == [[3, 4, 5], [0, 1, 2], [3, 4, 5]]
    assert moved(picture, 0, -1)[..., 0].tolist() == [[1, 2, 1], [4, 5, 4], [7, 8, 7]]
    assert moved(np.full((1, 5, 3), 7, np.uint8), 1, 1).shape == (1, 5, 3)
    with pytest.raises(AssertionError):
        Scripted("x", "steady").known(np.zeros(1, dtype=np.int64))
