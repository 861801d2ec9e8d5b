"""Measurements against numbers worked out by hand on pictures small enough to see."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings.properties import PROPERTIES, describe, hash_distance, measure, perceptual_hash
from tests.embeddings.pictures import encoded, scene


def flat(colour: tuple[int, int, int], side: int = 100) -> NDArray[np.uint8]:
    return np.full((side, side, 3), colour, np.uint8)


def halves(left: int, right: int, side: int = 100) -> NDArray[np.uint8]:
    pixels = flat((left, left, left), side)
    pixels[:, side // 2 :] = right
    return pixels


def test_every_property_is_measured_and_finite() -> None:
    found = measure(np.asarray(scene()))
    assert list(found) == list(PROPERTIES)
    assert np.isfinite(list(found.values())).all()


def test_a_flat_colour() -> None:
    found = measure(flat((200, 100, 50)))
    luma = round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)  # 124
    assert found["brightness"] == pytest.approx(luma / 255)
    assert found["saturation"] == pytest.approx((200 - 50) / 200, abs=0.002)  # in steps of 1 / 255
    assert found["warmth"] == pytest.approx((200 - 50) / 255)
    assert found["border_brightness"] == pytest.approx(luma / 255)
    assert found["border_saturation"] == pytest.approx(0.75, abs=0.002)
    for name in ("contrast", "sharpness", "entropy", "darkest_share", "brightest_share", "centre_difference"):
        assert found[name] == pytest.approx(0, abs=1e-9), name


def test_half_black_half_white() -> None:
    found = measure(halves(0, 255))
    assert found["brightness"] == pytest.approx(0.5)
    assert found["contrast"] == pytest.approx(0.5)
    assert found["entropy"] == pytest.approx(1)  # two greys, equally often: one bit
    assert found["darkest_share"] == pytest.approx(0.5)
    assert found["brightest_share"] == pytest.approx(0.5)
    assert found["saturation"] == 0


@pytest.mark.parametrize(("level", "dark", "bright"), [(15, 1, 0), (16, 0, 0), (239, 0, 0), (240, 0, 1)])
def test_the_ends_of_the_scale_are_below_16_and_above_239(level: int, dark: int, bright: int) -> None:
    found = measure(flat((level, level, level)))
    assert (found["darkest_share"], found["brightest_share"]) == (dark, bright)


def test_a_bright_centre_on_a_blue_border() -> None:
    pixels = flat((0, 0, 255))  # luma 29, saturation 1
    pixels[10:90, 10:90] = 255  # the ring is a tenth of 100 pixels wide
    found = measure(pixels)
    assert found["border_brightness"] == pytest.approx(29 / 255)
    assert found["border_saturation"] == pytest.approx(1)
    assert found["centre_difference"] == pytest.approx((255 - 29) / 255)
    assert found["saturation"] == pytest.approx(0.36)  # 100² − 80² of 100² pixels
    assert found["warmth"] == pytest.approx(-0.36)


def test_256_greys_equally_often_are_eight_bits() -> None:
    levels = np.repeat(np.arange(256, dtype=np.uint8), 40).reshape(128, 80)
    assert measure(np.dstack([levels] * 3))["entropy"] == pytest.approx(8)


def test_sharpness_of_a_grid_of_lines() -> None:
    # Vertical lines of 0 and 100, one pixel each, at exactly 256 × 256: the Laplacian is +200 on 0 and −200 on 100
    # (two neighbours differ by 100), and over 254 columns both come equally often: variance 200².
    pixels = flat((0, 0, 0), 256)
    pixels[:, 1::2] = 100
    assert measure(pixels)["sharpness"] == pytest.approx(40_000)


def test_blur_lowers_sharpness() -> None:
    sharp = photograph(0)
    blurred = sharp.resize((24, 18)).resize((320, 240))
    assert measure(np.asarray(blurred))["sharpness"] < measure(np.asarray(sharp))["sharpness"] / 20


@pytest.mark.parametrize("side", [200, 256, 300, 348, 384, 512, 640, 700, 1024, 1500, 2000])
def test_sharpness_is_that_of_a_triangle_filter(side: int) -> None:
    # Pillow's bilinear reduction is the triangle filter itself; ours is put together from quicker parts.
    for seed in range(3):
        image = photograph(seed).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
        grey = np.asarray(image.convert("L").resize((256, 256), Image.Resampling.BILINEAR), dtype=np.float64)
        centre = grey[1:-1, 1:-1]
        laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre
        assert measure(np.asarray(image))["sharpness"] == pytest.approx(laplacian.var(), rel=0.2), seed


def test_fine_detail_is_lost_and_not_folded_into_false_detail() -> None:
    # Lines one pixel wide at 1,024 pixels are a plain grey at 256; taking every fourth pixel would show lines.
    lines = np.zeros((1024, 1024, 3), np.uint8)
    lines[:, ::2] = 200
    assert measure(lines)["sharpness"] < 5


def test_a_large_picture_measures_like_its_small_twin() -> None:
    small = scene(240, 160)
    large = small.resize((1920, 1280), Image.Resampling.BICUBIC)
    ours, theirs = measure(np.asarray(small)), measure(np.asarray(large))
    for name in PROPERTIES:
        if name != "sharpness":
            assert theirs[name] == pytest.approx(ours[name], abs=0.15 if name == "entropy" else 0.01), name


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (3, 1000), (1, 20_000)])
def test_thin_and_tiny_pictures_have_finite_measurements(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), (200, 100, 50), np.uint8)
    found = measure(pixels)
    assert np.isfinite(list(found.values())).all()
    assert found["saturation"] == pytest.approx(0.75, abs=0.002)
    assert found["border_saturation"] == pytest.approx(0.75, abs=0.002)
    assert 0 <= perceptual_hash(pixels) < 2**64


def test_the_hash_is_near_after_resizing_and_recompression() -> None:
    for seed in range(5):
        image = photograph(seed)
        original = perceptual_hash(np.asarray(image))
        smaller = image.resize((160, 120), Image.Resampling.LANCZOS)
        pressed = Image.open(io.BytesIO(encoded(image, quality=30)))
        brighter = Image.fromarray(np.clip(np.asarray(image).astype(int) + 12, 0, 255).astype(np.uint8))
        for twin in (smaller, pressed, brighter):
            assert hash_distance(original, perceptual_hash(np.asarray(twin))) <= 6


def test_the_hashes_of_different_pictures_differ_in_about_half_of_the_bits() -> None:
    hashes = [perceptual_hash(np.asarray(photograph(seed))) for seed in range(12)]
    distances = [hash_distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 12
    assert np.mean(distances) == pytest.approx(32, abs=3)


def test_the_hash_agrees_with_scipy_and_has_half_of_its_bits_set() -> None:
    from scipy.fft import dctn

    def bits(grey: NDArray[np.float64]) -> int:
        block = np.asarray(dctn(grey, norm="ortho"))[1:9, 1:9].round(2)
        return int.from_bytes(np.packbits(block > np.median(block)).tobytes(), "big")

    rng = np.random.default_rng(0)
    for _ in range(5):
        tiny = rng.integers(0, 256, (32, 32), dtype=np.uint8)
        exact = np.kron(tiny, np.ones((4, 4), np.uint8))  # reducing this gives the 32 x 32 greys back exactly
        assert perceptual_hash(np.dstack([exact] * 3)) == bits(tiny.astype(np.float64))
        assert perceptual_hash(np.dstack([exact] * 3)).bit_count() == 32
    for seed in range(5):  # colour, and sides that are no multiple of 32: the rounding of Pillow's grey is another
        grey = photograph(seed).convert("L").resize((32, 32), Image.Resampling.BOX)
        assert hash_distance(perceptual_hash(np.asarray(photograph(seed))), bits(np.asarray(grey, np.float64))) <= 4


def test_a_plain_picture_sets_no_bit() -> None:
    assert perceptual_hash(flat((90, 120, 33))) == 0


def test_bits_that_differ() -> None:
    assert hash_distance(0b1011, 0b0001) == 2
    assert hash_distance(0, 2**64 - 1) == 64


def photograph(seed: int) -> Image.Image:
    """Large soft blobs and fine texture, as photographs have them."""
    rng = np.random.default_rng(seed)
    blobs = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8)).resize((320, 240))
    return Image.fromarray(np.clip(np.asarray(blobs) + rng.normal(0, 6, (240, 320, 3)), 0, 255).astype(np.uint8))


def test_both_at_once() -> None:
    pixels = np.asarray(scene(348, 300))
    assert describe(pixels) == (measure(pixels), perceptual_hash(pixels))


def test_opencv_starts_no_threads_of_its_own() -> None:
    import cv2

    measure(np.asarray(scene()))
    assert cv2.getNumThreads() == 1


def test_views_of_pixels_are_measured_as_copies_are() -> None:
    pixels = np.asarray(scene(300, 200))
    for view in (pixels[:, ::-1], pixels.transpose(1, 0, 2), pixels[10:-10, 10:-10]):
        assert describe(view) == describe(np.ascontiguousarray(view))
