"""Very long pictures are cut to their middle; all others are left alone."""

import numpy as np
import pytest

from embeddings.strips import LONGEST, middle


@pytest.mark.parametrize("shape", [(1, 1), (10, 160), (160, 10), (300, 400)])
def test_ordinary_pictures_stay_whole(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 3), dtype=np.uint8)
    assert middle(pixels).shape == pixels.shape


@pytest.mark.parametrize("axis", [0, 1])
def test_a_strip_keeps_its_middle(axis: int) -> None:
    pixels = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 3, axis=2)  # 1 high, 200 wide
    kept = middle(pixels if axis else pixels.transpose(1, 0, 2))
    assert kept.shape == ((1, LONGEST, 3) if axis else (LONGEST, 1, 3))
    np.testing.assert_array_equal(kept.reshape(LONGEST, 3)[:, 0], np.arange(92, 108))
