"""Plain measurements of a picture that a person can check by looking: brightness, sharpness, border, fingerprint."""

from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from embeddings.cores import one_thread_for_opencv

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

VERSION = "3"
"""Changes whenever a property is measured differently, so that stored values are measured again."""

SMALL = 128
"""Pictures are reduced by a whole factor until the longer side is below twice this; histograms hardly change by it."""

SHARPNESS_SIDE = 256
"""Sharpness depends on scale, so every picture is brought to this size; blur finer than that is not seen."""

LEFT_TO_INTERPOLATE = 1.6
"""Least step between interpolated pixels of a larger picture; below it hard edges on a regular grid look too sharp."""

HASH_SIDE = 32
RING = 0.1
DARK, BRIGHT = 16, 239
LEVELS = np.arange(256, dtype=np.float64)
COSINES = np.cos(np.pi / 64 * np.outer(np.arange(1, 9), 2 * np.arange(HASH_SIDE) + 1)) / 4
"""Rows 1 to 8 of the orthonormal cosine transform (DCT-II) of 32 values."""

Pixels = NDArray[np.uint8]


def describe(pixels: Pixels) -> tuple[dict[str, float], int]:
    """``measure`` and ``perceptual_hash`` of one picture, for less than the price of both.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    small = _small(pixels)
    return _measured(pixels, *small), _hashed(small[1])


def measure(pixels: Pixels) -> dict[str, float]:
    """Every property in ``PROPERTIES``.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    return _measured(pixels, *_small(pixels))


def perceptual_hash(pixels: Pixels) -> int:
    """64-bit fingerprint that survives resizing and recompression (pHash; Zauner 2010, section 3.2.1).

    The picture is brought to 32 × 32 grey; bit (i, j) says whether the coefficient (i + 1, j + 1) of its cosine
    transform is above the median of the 64. Few differing bits = the same picture; unrelated ones differ in about 32.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    return _hashed(_small(pixels)[1])


def hash_distance(a: int, b: int) -> int:
    """Bits that differ, 0 to 64."""
    return (a ^ b).bit_count()


def _small(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The picture reduced to fewer than 2 × ``SMALL`` pixels along its longer side, in colour and as luma."""
    import cv2

    one_thread_for_opencv()
    factor = max(1, max(pixels.shape) // SMALL)
    small = _reduced(pixels, factor, factor)
    return small, np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _measured(pixels: Pixels, small: Pixels, luma: Pixels) -> dict[str, float]:
    import cv2

    edge = max(1, round(RING * min(luma.shape)))
    share = cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel().astype(np.float64) / luma.size
    brightness = float(share @ LEVELS)
    border, centre = _ring(luma, edge)
    saturation = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2HSV), dtype=np.uint8)
    border_saturation = _ring(saturation, edge, band=1)[0]
    red, _, blue, _ = cv2.mean(small)
    seen = share[share > 0]
    return {
        "brightness": brightness / 255,
        "contrast": float(np.sqrt(share @ (LEVELS - brightness) ** 2)) / 255,
        "saturation": cv2.mean(saturation)[1] / 255,
        "warmth": (red - blue) / 255,
        "sharpness": _sharpness(pixels),
        "entropy": float(abs(seen @ np.log2(seen))),
        "darkest_share": float(share[:DARK].sum()),
        "brightest_share": float(share[BRIGHT + 1 :].sum()),
        "border_brightness": border / 255,
        "border_saturation": border_saturation / 255,
        "centre_difference": (centre - border) / 255,
    }


def _ring(image: Pixels, edge: int, *, band: int = 0) -> tuple[float, float]:
    """Mean of a band in the ring ``edge`` wide, and inside it; a picture that is all ring has the same mean twice."""
    import cv2

    inner = image[edge:-edge, edge:-edge]
    n, n_inner = image.shape[0] * image.shape[1], inner.shape[0] * inner.shape[1]
    whole = cv2.mean(image)[band]
    if not n_inner:
        return whole, whole
    centre = cv2.mean(inner)[band]
    return (whole * n - centre * n_inner) / (n - n_inner), centre


def _sharpness(pixels: Pixels) -> float:
    """Variance of the 4-neighbour Laplacian of the luma at a fixed size (Pech-Pacheco et al. 2000).

    Reduced as by a triangle filter two new pixels wide, so that fine detail is lost and not folded into false detail:
    whole blocks are averaged, a short blur adds the spread that is missing, and the rest is interpolated.
    """
    import cv2

    (down, taps_y), (across, taps_x) = (_triangle(length) for length in pixels.shape[:2])
    grey = _reduced(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8), down, across)
    blurred = cv2.sepFilter2D(grey, -1, taps_x, taps_y) if len(taps_x) > 1 or len(taps_y) > 1 else grey
    fixed = cv2.resize(blurred, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_LINEAR)
    laplacian = cv2.Laplacian(fixed, cv2.CV_16S, ksize=1)[1:-1, 1:-1]
    mean = cv2.sumElems(laplacian)[0] / laplacian.size
    return max(0.0, float(cv2.norm(laplacian, cv2.NORM_L2SQR)) / laplacian.size - mean**2)


@lru_cache(maxsize=4096)
def _triangle(length: int) -> tuple[int, NDArray[np.float32]]:
    """How to bring ``length`` pixels to ``SHARPNESS_SIDE`` before they are interpolated.

    Returns
    -------
    block : int
        Pixels averaged to one.
    taps : ndarray of float32, shape (1,), (3,), (5,) or (7,)
        Blur of the reduced pixels; its variance is what the triangle (step² / 6) has beyond the block's average
        ((1 - 1 / block²) / 12) and the interpolation (about 1 / 6). One tap where the picture is enlarged.
    """
    scale = length / SHARPNESS_SIDE
    block = max(1, int(scale / LEFT_TO_INTERPOLATE))
    step = scale / block
    phase = ((np.arange(SHARPNESS_SIDE) + 0.5) * step - 0.5) % 1
    variance = step**2 / 6 - float((phase * (1 - phase)).mean()) - (1 - 1 / block**2) / 12
    taps = np.ones(1)
    if scale > 1 and variance > 0:
        times = ceil(2 * variance)  # three taps have a variance of at most a half
        side = variance / times / 2
        for _ in range(times):
            taps = np.convolve(taps, (side, 1 - 2 * side, side))
    return block, taps.astype(np.float32)


def _hashed(luma: Pixels) -> int:
    import cv2

    tiny = cv2.resize(luma, (HASH_SIDE, HASH_SIDE), interpolation=cv2.INTER_AREA)
    low = np.round(COSINES @ tiny.astype(np.float64) @ COSINES.T, 2)  # rounding noise sets no bits
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def _reduced(pixels: Pixels, down: int, across: int) -> Pixels:
    """Means of blocks of ``down`` × ``across`` pixels; what is left over at the right and lower edge is not seen."""
    if down == across == 1:
        return pixels
    import cv2

    height, width = pixels.shape[0] // down, pixels.shape[1] // across
    whole = pixels[: height * down or None, : width * across or None]
    size = (max(1, width), max(1, height))
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
