"""Foreground maps from boxes, masks and encoders; GrabCut; vectors of the parts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.regions import THRESHOLDS, auroc, centre_box, crossed, interval, iou
from embeddings.embedded import EmbeddedEncoder
from embeddings.encoder import Encoded, EncoderInfo, NoTextTower, TextScale
from embeddings.foreground import CANVAS, border_contrast, foreground_maps, hidden_margin, split_at_half, stretched
from embeddings.grabcut import refine
from embeddings.region_vectors import region_vectors
from embeddings.regions import NoRegion, from_boxes, from_mask, region_of


class Brightness:
    """Keeps the middle of a square, as a resize and a centre crop do; looks at what is bright."""

    info = EncoderInfo("brightness", "0", 3, has_text=False)
    text_scale: TextScale | None = None
    side_by_side = True

    def __init__(self, kept: float = 0.875, side: int = 28) -> None:
        self.kept, self.side = kept, side

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Shape (side, side, 3)."""
        height, width = pixels.shape[:2]
        half = min(height, width) * self.kept / 2
        box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
        return np.asarray(Image.fromarray(pixels).resize((self.side, self.side), Image.Resampling.BOX, box=box))

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """The mean colour."""
        mean = np.asarray(batch, dtype=np.float32).mean(axis=(1, 2)) + 1
        unit = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return Encoded(unit.astype(np.float32), np.zeros((len(batch), 0), dtype=np.float32))

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """Brightness per block of 4 by 4."""
        blocks = np.asarray(batch, dtype=np.float32).mean(axis=3)
        return blocks.reshape(len(batch), self.side // 4, 4, self.side // 4, 4).mean(axis=(2, 4))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """There are no words."""
        raise NoTextTower


def with_object(width: int, height: int, box: tuple[int, int, int, int], seed: int = 0) -> NDArray[np.uint8]:
    """A dull noisy backdrop with a bright orange disc."""
    noise = np.random.default_rng(seed).normal((70, 75, 80), 4, (height, width, 3))
    image = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))
    ImageDraw.Draw(image).ellipse(box, fill=(250, 170, 60))
    return np.asarray(image)


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float((found & true).sum() / (found | true).sum())


CORNER = with_object(160, 80, (2, 2, 37, 37))
DISC = (CORNER.astype(int).sum(axis=2)) > 400


def test_boxes_are_joined_and_clipped() -> None:
    found = from_boxes([(1, 0, 2, 2), (2, 1, 50, 2), (-5, -5, 5.5, 5.5), (90, 90, 5, 5)], height=4, width=5)
    expected = [[0, 1, 1, 0, 0], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(found, expected)  # the third reaches .5, where the first pixel's centre lies
    assert found.dtype == np.float32
    thin = from_boxes([(2.1, 1.2, 0.2, 0.2)], height=4, width=5)
    assert (thin[1, 2], thin.sum()) == (1, 1)


@pytest.mark.parametrize(
    ("boxes", "seen"),
    [
        ([], "none"),
        ([(0, 0, 0, 5)], "0, 0, 0, 5"),
        ([(0, 0, -1, 5)], "0, 0, -1, 5"),
        ([(0, float("nan"), 1, 5)], "0, nan, 1, 5"),
        ([(9, 0, 4, 4)], "all boxes outside"),
    ],
)
def test_boxes_that_mark_nothing_are_said(boxes: list[tuple[float, float, float, float]], seen: str) -> None:
    with pytest.raises(NoRegion, match=seen) as caught:
        from_boxes(boxes, height=4, width=5)
    assert caught.value.seen == seen


def test_a_mask_is_stretched_over_the_picture() -> None:
    found = from_mask(np.array([[0, 255], [7, 0]], dtype=np.uint8), height=4, width=6)
    np.testing.assert_array_equal(found, [[0, 0, 0, 1, 1, 1]] * 2 + [[1, 1, 1, 0, 0, 0]] * 2)
    np.testing.assert_array_equal(from_mask(np.eye(9, dtype=np.bool_), 9, 9), np.eye(9))
    for mask in (np.zeros((3, 3)), np.ones((3, 3, 3)), np.ones((0, 3))):
        with pytest.raises(NoRegion):
            from_mask(mask, 4, 6)


@pytest.mark.parametrize(("value", "seen"), [(0.4, "an empty region"), (0.5, "the whole picture")])
def test_nothing_and_everything_are_no_region(value: float, seen: str) -> None:
    with pytest.raises(NoRegion) as caught:
        region_of(np.full((3, 3), value, dtype=np.float32))
    assert caught.value.seen == seen


@pytest.mark.parametrize(("kept", "margin"), [(1.0, 0), (0.875, 32), (0.5, 128)])
def test_the_cropped_margin_is_found(kept: float, margin: int) -> None:
    assert abs(hidden_margin(Brightness(kept, side=64)) - margin) <= CANVAS // 64 // 2


@pytest.mark.parametrize("kept", [1.0, 0.875, 0.5])
def test_an_object_in_the_corner_is_found_where_it_lies(kept: float) -> None:
    encoder = Brightness(kept)
    assert encoder.prepare(CORNER)[:2, :2].mean() < 120 or kept == 1.0  # the crop alone misses it
    [found] = foreground_maps(encoder, [CORNER], contrast=False)
    assert found.shape == CORNER.shape[:2]
    assert overlap(found >= 0.5, DISC) > 0.6  # 7 cells across the picture
    [found] = foreground_maps(encoder, [CORNER])
    assert overlap(found >= 0.5, DISC) > 0.75


@pytest.mark.slow
def test_the_embedded_encoder_finds_an_object_in_the_corner(tmp_path: Path) -> None:
    encoder = EmbeddedEncoder(tmp_path)
    assert hidden_margin(encoder) == 32
    [found] = foreground_maps(encoder, [CORNER])
    assert overlap(found >= 0.5, DISC) > 0.5
    assert found[DISC].mean() > 4 * found[~DISC].mean()


def test_maps_follow_their_pictures_whatever_their_sizes() -> None:
    pictures = [with_object(40 + 3 * i, 90 - 2 * i, (8, 8, 22, 22), seed=i) for i in range(34)]
    together = foreground_maps(Brightness(), pictures)
    for picture, found in zip(pictures, together, strict=True):
        assert found.shape == picture.shape[:2]
        assert (found.dtype, found.min() >= 0, found.max() <= 1) == (np.float32, True, True)
    for row in (0, 33):
        np.testing.assert_array_equal(together[row], foreground_maps(Brightness(), [pictures[row]])[0])
    assert foreground_maps(Brightness(), []) == []


def test_a_picture_of_one_colour_has_no_foreground() -> None:
    [found] = foreground_maps(Brightness(), [np.full((30, 50, 3), 90, dtype=np.uint8)])
    assert not found.any()


def test_contrast_is_distance_from_the_borders_colours_in_their_deviations() -> None:
    pixels = np.full((96, 96, 3), 128, dtype=np.uint8)
    pixels[40:50, 40:50] = 140  # L of OpenCV's 8-bit Lab: 137 and 149; the border's variance is 0, so 9 stands for it
    found = border_contrast(pixels)
    assert not found[:40].any()
    np.testing.assert_allclose(found[40:50, 40:50], 12 / 3, atol=0.35)


def test_stretching_and_splitting() -> None:
    np.testing.assert_allclose(stretched(np.linspace(2, 4, 101, dtype=np.float32)[None])[0, [0, 50, 100]], [0, 0.5, 1])
    assert not stretched(np.full((4, 4), 7, dtype=np.float32)).any()
    two = np.array([[0.1] * 30 + [0.3] * 10], dtype=np.float32)
    found = split_at_half(two)
    assert (found[0, :30] < 0.5).all()
    assert (found[0, 30:] >= 0.5).all()


def test_grabcut_finds_the_edge_of_what_the_map_only_points_at() -> None:
    picture = with_object(120, 90, (40, 25, 79, 64))
    true = picture.astype(int).sum(axis=2) > 400
    y, x = np.indices(true.shape)
    rough = np.exp(-(((x - 62) / 24) ** 2 + ((y - 42) / 24) ** 2)).astype(np.float32)
    found = refine(picture, rough)
    assert found.reason == ""
    assert overlap(rough >= 0.5, true) < 0.85
    assert overlap(found.probability >= 0.5, true) > 0.97
    np.testing.assert_array_equal(refine(picture, rough).probability, found.probability)


@pytest.mark.parametrize(("value", "reason"), [(0.0, "the map has no foreground"), (1.0, "the map is all foreground")])
def test_a_map_without_two_sides_comes_back_with_the_reason(value: float, reason: str) -> None:
    given = np.full((90, 120), value, dtype=np.float32)
    found = refine(with_object(120, 90, (40, 25, 79, 64)), given)
    assert found.reason == reason
    np.testing.assert_array_equal(found.probability, given)


def test_a_cut_that_runs_away_is_not_taken() -> None:
    picture = with_object(120, 90, (40, 25, 45, 30))  # the map names a quarter, the only edge is around a small spot
    given = np.full((90, 120), 0.2, dtype=np.float32)
    given[20:65, 30:90] = 0.6
    found = refine(picture, given)
    assert found.reason.startswith("GrabCut")
    np.testing.assert_array_equal(found.probability, given)


def test_vectors_of_the_parts_see_only_their_part() -> None:
    encoder = Brightness(kept=1.0)
    plain = np.full((64, 64, 3), (0, 0, 200), dtype=np.uint8)
    red, green = plain.copy(), plain.copy()
    red[16:48, 16:48], green[16:48, 16:48] = (200, 0, 0), (0, 200, 0)
    mask = np.zeros((64, 64), dtype=np.float32)
    mask[16:48, 16:48] = 1
    found = region_vectors(encoder, [red, green, plain], [mask, mask, np.zeros_like(mask)])
    np.testing.assert_array_equal(found.kept, [0, 1])
    [(position, reason)] = found.skipped
    assert (position, reason.seen) == (2, "an empty region")
    np.testing.assert_allclose(found.background[0], found.background[1], atol=0.02)
    np.testing.assert_allclose(found.background[0], encoder.encode(encoder.prepare(plain)[None]).vectors[0], atol=0.02)
    assert found.foreground[0] @ found.foreground[1] < 0.97


def test_vectors_come_in_batches_with_their_rows() -> None:
    pictures = [with_object(60, 50, (10, 10, 30, 30), seed=i) for i in range(35)]
    maps = [from_boxes([(10, 10, 20, 20)], 50, 60) for _ in pictures]
    found = region_vectors(Brightness(), pictures, maps)
    assert found.foreground.shape == found.background.shape == (35, 3)
    alone = region_vectors(Brightness(), pictures[34:], maps[34:])
    np.testing.assert_array_equal(found.background[34:], alone.background)


def test_no_usable_picture_gives_no_vectors() -> None:
    small = np.zeros((8, 8), dtype=np.float32)
    found = region_vectors(Brightness(), [CORNER], [small])
    assert found.foreground.shape == (0, 3)
    assert found.skipped[0][1].seen == "(8, 8)"
    with pytest.raises(ValueError, match="shorter"):
        region_vectors(Brightness(), [CORNER], [])


def test_the_benchmarks_statistics_by_hand() -> None:
    marked = np.array([[True, True, False, False]])
    assert iou(np.array([[True, False, True, False]]), marked) == pytest.approx(1 / 3)
    scores = np.array([[0.9, 0.4, 0.4, 0.1]], dtype=np.float32)
    assert auroc(scores, marked) == pytest.approx(3.5 / 4)  # of four pairs three are right and one is a tie
    table = np.zeros((4, len(THRESHOLDS)))
    table[[0, 2], 3] = 0.8  # the even pictures choose the fourth threshold, the odd ones the eighth
    table[[1, 3], 7] = 0.6
    table[[0, 2], 7] = 0.1
    table[1, 3] = 0.3
    values, chosen = crossed(table)
    np.testing.assert_allclose(values, [0.1, 0.3, 0.1, 0.0])
    assert chosen == f"{THRESHOLDS[7]:.2f} and {THRESHOLDS[3]:.2f}"
    assert interval(np.full(5, 0.25), np.random.default_rng(0)) == "0.250 (0.250 to 0.250)"
    np.testing.assert_array_equal(
        centre_box(0.25, 4, 8)[:, [1, 2, 5, 6]], [[0] * 4, [0, 1, 1, 0], [0, 1, 1, 0], [0] * 4]
    )
