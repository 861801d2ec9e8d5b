"""Plain measurements of a picture that a person can check by looking: brightness, sharpness, border, fingerprint."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

PROPERTIES: dict[str, str] = {
    "brightness": "mean luma (0.299 R + 0.587 G + 0.114 B), 0 = black to 1 = white",
    "contrast": "standard deviation of luma, 0 = flat to 0.5 = half black, half white",
    "saturation": "mean HSV saturation, 0 = grey to 1 = pure colours",
    "warmth": "mean red minus mean blue, -1 = blue to 1 = red or orange",
    "sharpness": "variance of the Laplacian of the luma (0-255) at 256 x 256 pixels; below about 100 looks blurred",
    "entropy": "entropy of the luma histogram, 0 = one grey to 8 bits = all 256 greys equally often",
    "darkest_share": "share of pixels with luma below 16 of 255, 0 to 1",
    "brightest_share": "share of pixels with luma above 239 of 255, 0 to 1",
    "border_brightness": "mean luma of the outer ring, a tenth of the shorter side wide, 0 to 1",
    "border_saturation": "mean HSV saturation of the same ring, 0 to 1",
    "centre_difference": "mean luma inside the ring minus mean luma of the ring, -1 to 1",
}
"""Name of each property, what it is and its unit."""

VERSION = "2"
"""Changes whenever a property is measured differently, so that stored values are measured again."""

SMALL = 128
"""Pictures are reduced by a whole factor until the longer side is below twice this; histograms hardly change by it."""

SHARPNESS_SIDE = 256
"""Sharpness depends on scale, so every picture is brought to this size; blur finer than that is not seen."""

RING = 0.1
DARK, BRIGHT = 16, 239
LEVELS = np.arange(256, dtype=np.float64)
COSINES = np.cos(np.pi / 64 * np.outer(np.arange(1, 9), 2 * np.arange(32) + 1)) / 4
"""Rows 1 to 8 of the orthonormal cosine transform (DCT-II) of 32 values."""


def measure(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Every property in ``PROPERTIES``.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    image = Image.fromarray(pixels)
    small = image.reduce(max(1, max(image.size) // SMALL))
    grey = small.convert("L")
    width, height = small.size
    edge = max(1, round(RING * min(width, height)))
    inside = (edge, edge, width - edge, height - edge)
    luma, luma_in = _histogram(grey), _inner(grey, inside)
    saturation, border_saturation = _saturation(small, edge)
    channels = np.asarray(small.histogram(), dtype=np.float64).reshape(3, 256)
    brightness = _mean(luma)
    share = luma / luma.sum()
    seen = share[share > 0]
    border = _mean(luma - luma_in)
    return {
        "brightness": brightness,
        "contrast": float(np.sqrt(share @ (LEVELS / 255 - brightness) ** 2)),
        "saturation": saturation,
        "warmth": _mean(channels[0]) - _mean(channels[2]),
        "sharpness": sharpness(image),
        "entropy": float(abs(seen @ np.log2(seen))),
        "darkest_share": float(share[:DARK].sum()),
        "brightest_share": float(share[BRIGHT + 1 :].sum()),
        "border_brightness": border,
        "border_saturation": border_saturation,
        "centre_difference": _mean(luma_in) - border if luma_in.any() else 0.0,
    }


def sharpness(image: Image.Image) -> float:
    """Variance of the 4-neighbour Laplacian of the luma at a fixed size (Pech-Pacheco et al. 2000)."""
    side = (SHARPNESS_SIDE, SHARPNESS_SIDE)
    grey = np.asarray(image.convert("L").resize(side, Image.Resampling.BILINEAR), dtype=np.int16)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var(dtype=np.float32))


def perceptual_hash(pixels: NDArray[np.uint8]) -> int:
    """64-bit fingerprint that survives resizing and recompression (pHash; Zauner 2010, section 3.2.1).

    The picture is brought to 32 × 32 grey; bit (i, j) says whether the coefficient (i + 1, j + 1) of its cosine
    transform is above the median of the 64. Few differing bits = the same picture; unrelated ones differ in about 32.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    grey = Image.fromarray(pixels).convert("L").resize((32, 32), Image.Resampling.BOX)
    low = np.round(COSINES @ np.asarray(grey, dtype=np.float64) @ COSINES.T, 2)  # rounding noise sets no bits
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def hash_distance(a: int, b: int) -> int:
    """Bits that differ, 0 to 64."""
    return (a ^ b).bit_count()


def _histogram(band: Image.Image) -> NDArray[np.float64]:
    return np.asarray(band.histogram(), dtype=np.float64)


def _inner(band: Image.Image, inside: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Histogram of the part inside the ring; all zero where the picture is all ring."""
    left, top, right, bottom = inside
    return _histogram(band.crop(inside)) if right > left and bottom > top else np.zeros(256)


def _saturation(image: Image.Image, edge: int) -> tuple[float, float]:
    """Mean HSV saturation, (max - min) / max, of the whole picture and of its ring, ``edge`` wide.

    Pillow's own HSV mode takes four times as long.
    """
    red, green, blue = image.split()
    high = np.asarray(ImageChops.lighter(ImageChops.lighter(red, green), blue))
    low = np.asarray(ImageChops.darker(ImageChops.darker(red, green), blue))
    values = (high - low) / np.maximum(high, 1).astype(np.float32)
    inner = values[edge:-edge, edge:-edge]
    total, within = float(values.sum(dtype=np.float64)), float(inner.sum(dtype=np.float64))
    return total / values.size, (total - within) / (values.size - inner.size)


def _mean(histogram: NDArray[np.float64]) -> float:
    """Mean level on the scale 0–1."""
    return float(histogram @ LEVELS / (255 * histogram.sum()))
