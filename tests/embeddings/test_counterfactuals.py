"""Erasing, swapping and equal-area controls."""

import numpy as np
import pytest

from embeddings.controls import random_controls
from embeddings.counterfactuals import Fill, erase, soft_edges, swap
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


def test_a_swap_keeps_the_foreground_and_takes_the_other_background() -> None:
    other = np.asarray(scene(96, 64, seed=5))[::-1].copy()
    behind = REGION[::-1].copy()
    probability = REGION.astype(np.float32)
    probability[30:34] = 0.25
    swapped = swap(PIXELS, probability, other, behind.astype(np.float32))
    np.testing.assert_array_equal(swapped[probability == 1], PIXELS[probability == 1])
    free = (probability == 0) & ~behind
    np.testing.assert_array_equal(swapped[free], other[free])
    mixed = (probability == 0.25) & ~behind
    expected = np.round(0.25 * PIXELS[mixed].astype(float) + 0.75 * other[mixed])
    np.testing.assert_array_equal(swapped[mixed], expected)
    gone = (probability == 0) & behind  # the other's own foreground does not come along
    assert np.abs(swapped[gone].astype(int) - other[gone]).mean() > 30


def test_a_swap_between_sizes_has_the_first_ones_size() -> None:
    other = np.asarray(scene(50, 120, seed=5))
    behind = np.zeros((120, 50), dtype=np.float32)
    behind[10:40, 10:30] = 1
    swapped = swap(PIXELS, REGION.astype(np.float32), other, behind)
    assert swapped.shape == PIXELS.shape
    np.testing.assert_array_equal(swapped[REGION], PIXELS[REGION])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_swap_needs_a_foreground_in_both(value: float) -> None:
    good, bad = REGION.astype(np.float32), np.full((64, 96), value, dtype=np.float32)
    for mine, other in ((good, bad), (bad, good)):
        with pytest.raises(NoRegion):
            swap(PIXELS, mine, PIXELS, other)


def test_soft_edges_fall_linearly_across_the_border() -> None:
    region = np.zeros((5, 12), dtype=np.bool_)
    region[:, 6:] = True  # pixel centres lie .5, 1.5, ... px from the border
    np.testing.assert_allclose(soft_edges(region, 2)[2, 3:9], [0, 0.125, 0.375, 0.625, 0.875, 1], atol=1e-6)


def test_controls_have_the_area_and_mostly_another_place() -> None:
    region = np.zeros((60, 90), dtype=np.bool_)
    region[5:15, 10:30] = True
    region[15:20, 10:18] = True
    controls = random_controls(region, np.random.default_rng(0))
    assert controls.regions.shape == (8, 60, 90)
    np.testing.assert_array_equal(controls.regions.sum(axis=(1, 2)), region.sum())
    assert not controls.wrapped
    assert len(np.unique(controls.regions.reshape(8, -1), axis=0)) == 8
    y, x = np.indices(region.shape)
    away = np.hypot(y - 29.5, x - 44.5) / (np.hypot(60, 90) / 2)
    for mask, overlap, mismatch in zip(controls.regions, controls.overlap, controls.mismatch, strict=True):
        assert (mask & region).sum() / region.sum() == pytest.approx(overlap)
        assert overlap <= 0.1
        assert abs(away[mask].mean() - away[region].mean()) == pytest.approx(mismatch)
        assert mismatch <= 0.05
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert (np.ptp(rows), np.ptp(columns)) == (14, 19)


def test_controls_follow_the_generator() -> None:
    first, again, other = (random_controls(REGION, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.regions, again.regions)
    assert not np.array_equal(first.regions, other.regions)


def test_a_region_as_wide_as_the_picture_wraps() -> None:
    region = np.zeros((40, 40), dtype=np.bool_)
    region[2:6], region[34:38] = True, True
    controls = random_controls(region, np.random.default_rng(0))
    assert controls.wrapped
    assert (controls.overlap <= 0.1).all()
    np.testing.assert_array_equal(controls.regions.sum(axis=(1, 2)), region.sum())


def test_overlap_that_cannot_be_avoided_is_reported() -> None:
    region = np.zeros((40, 40), dtype=np.bool_)
    region[:, :30] = True
    controls = random_controls(region, np.random.default_rng(0), count=3)
    assert (controls.overlap >= 2 / 3).all()  # 30 of 40 columns: at least 20 of 30 are shared
    np.testing.assert_array_equal(controls.regions.sum(axis=(1, 2)), region.sum())


@pytest.mark.parametrize("fill", [np.zeros, np.ones])
def test_controls_need_a_region(fill: type) -> None:
    with pytest.raises(NoRegion):
        random_controls(fill((9, 9), dtype=np.bool_), np.random.default_rng(0))


def test_more_controls_than_places_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 to 16 controls"):
        random_controls(np.eye(2, dtype=np.bool_), np.random.default_rng(0), count=17)
