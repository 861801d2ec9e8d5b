"""Erasing a region, and putting a foreground on another background."""

import numpy as np
import pytest

from embeddings.counterfactuals import Fill, erase, put_on
from embeddings.regions import NoRegion
from tests.embeddings.pictures import scene

PIXELS = np.asarray(scene(96, 64))
REGION = np.zeros((64, 96), dtype=np.bool_)
REGION[4:22, 4:25] = True
"""The red block of the scene."""


@pytest.mark.parametrize("fill", ["inpaint", "blur", "mean"])
def test_erasing_changes_the_region_and_nothing_else(fill: Fill) -> None:
    before = PIXELS.copy()
    erased = erase(PIXELS, REGION, fill)
    np.testing.assert_array_equal(erased[~REGION], PIXELS[~REGION])
    np.testing.assert_array_equal(PIXELS, before)
    assert (erased[REGION] != PIXELS[REGION]).any(axis=1).mean() > 0.95


def test_inpainting_leaves_no_trace_of_the_colour() -> None:
    plain = np.full((80, 60, 3), (40, 90, 160), dtype=np.uint8)
    spotted = plain.copy()
    spotted[30:50, 20:40] = (250, 10, 10)
    hole = np.zeros((80, 60), dtype=np.bool_)
    hole[31:49, 21:39] = True  # a map that ends a pixel too early
    erased = erase(spotted, hole)
    np.testing.assert_allclose(erased[hole], plain[hole], atol=4)


def test_the_mean_is_that_of_the_rest() -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0] = [[200, 0, 7], [10, 20, 30]]
    pixels[1] = [[20, 40, 60], [30, 60, 90]]
    region = np.array([[True, False], [False, False]])
    np.testing.assert_array_equal(erase(pixels, region, "mean")[0, 0], [20, 40, 60])


@pytest.mark.parametrize("fill", ["inpaint", "blur", "mean"])
def test_large_pictures_and_large_regions_can_be_erased(fill: Fill) -> None:
    pixels = np.asarray(scene(700, 500))
    region = np.ones((500, 700), dtype=np.bool_)
    region[0, 0] = False
    assert erase(pixels, region, fill).shape == pixels.shape


@pytest.mark.parametrize(
    ("region", "seen"),
    [
        (np.zeros((64, 96), dtype=np.bool_), "empty"),
        (np.ones((64, 96), dtype=np.bool_), "whole picture"),
        (np.ones((8, 8), dtype=np.bool_), r"\(8, 8\)"),
    ],
)
def test_what_cannot_be_erased_is_said(region: np.ndarray, seen: str) -> None:
    with pytest.raises(NoRegion, match=seen):
        erase(PIXELS, region)


def test_an_unknown_fill_is_named() -> None:
    with pytest.raises(ValueError, match="inpaint, blur, mean as fill, saw magic"):
        erase(PIXELS, REGION, "magic")  # type: ignore[arg-type]


def test_the_foreground_is_kept_and_the_other_background_taken() -> None:
    other = np.asarray(scene(96, 64, seed=5))[::-1].copy()
    behind = REGION[::-1].copy()
    probability = REGION.astype(np.float32)
    probability[30:34] = 0.25
    swapped = put_on(PIXELS, probability, erase(other, behind))
    np.testing.assert_array_equal(swapped[probability == 1], PIXELS[probability == 1])
    free = (probability == 0) & ~behind
    np.testing.assert_array_equal(swapped[free], other[free])
    mixed = (probability == 0.25) & ~behind
    expected = np.round(0.25 * PIXELS[mixed].astype(float) + 0.75 * other[mixed])
    np.testing.assert_array_equal(swapped[mixed], expected)
    gone = (probability == 0) & behind  # the other's own foreground does not come along
    assert np.abs(swapped[gone].astype(int) - other[gone]).mean() > 30


def test_between_sizes_the_first_ones_size_is_kept() -> None:
    other = np.asarray(scene(50, 120, seed=5))
    swapped = put_on(PIXELS, REGION.astype(np.float32), other)
    assert swapped.shape == PIXELS.shape
    np.testing.assert_array_equal(swapped[REGION], PIXELS[REGION])


@pytest.mark.parametrize(
    ("probability", "seen"),
    [
        (np.zeros((64, 96), dtype=np.float32), "empty"),
        (np.ones((64, 96), dtype=np.float32), "whole picture"),
        (np.ones((8, 8), dtype=np.float32), r"\(8, 8\)"),
    ],
)
def test_what_has_no_foreground_cannot_be_put_anywhere(probability: np.ndarray, seen: str) -> None:
    with pytest.raises(NoRegion, match=seen):
        put_on(PIXELS, probability, PIXELS)
