"""Pictures as they would be otherwise: a region erased, or the foreground on another picture's background."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from embeddings.regions import NoRegion, checked, region_of

Fill = Literal["inpaint", "blur", "mean"]
"""What takes a region's place: its surroundings grown inwards (Telea 2004), itself blurred, or the mean colour of the
rest of the picture."""

RIM = 3
"""Pixels around the region, at the reduced size, whose colours do not enter the fill: a map that ends a little too
early would otherwise smear the object's own edge over its place. They keep their own values."""
RADIUS = 5
"""Pixels that inpainting looks around, as in OpenCV's own example."""
FILL_SIDE = 256
"""Longer side that inpainting and blurring work on: what they make is smooth, and their time grows with the pixels."""


def erase(pixels: NDArray[np.uint8], region: NDArray[np.bool_], fill: Fill = "inpaint") -> NDArray[np.uint8]:
    """The picture without a region; every pixel outside it is unchanged.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3), RGB
    region : ndarray of bool, shape (h, w)
    fill : {"inpaint", "blur", "mean"}

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        A new array.

    Raises
    ------
    NoRegion
        If the region is empty, the whole picture, or of another size.
    ValueError
        For another fill.
    """
    if region.shape != pixels.shape[:2]:
        raise NoRegion(f"a region of {pixels.shape[:2]}", f"{region.shape}")
    checked(region)
    if fill not in get_args(Fill):
        raise ValueError(f"expected one of {', '.join(get_args(Fill))} as fill, saw {fill}")
    out = pixels.copy()
    if fill == "mean":
        out[region] = np.round(pixels[~region].mean(axis=0)).astype(np.uint8)
    else:
        out[region] = (_inpainted if fill == "inpaint" else _blurred)(pixels, region)[region]
    return out


def swap(
    pixels: NDArray[np.uint8],
    probability: NDArray[np.float32],
    other: NDArray[np.uint8],
    other_probability: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """The foreground of one picture on the background of another (Mixed-Rand of Xiao et al. 2020).

    The other picture is stretched to this one's size and its foreground (probability of at least .5) is inpainted; the
    two are blended by this one's probability, so pixels at 1 are this picture's and pixels at 0 the other's.

    Parameters
    ----------
    pixels, other : ndarray of uint8, shape (h, w, 3) and (h2, w2, 3), RGB
    probability, other_probability : ndarray of float32, shape (h, w) and (h2, w2), in [0, 1]
        ``soft_edges`` gives a hard mask a soft border.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)

    Raises
    ------
    NoRegion
        If either foreground is empty or the whole picture, or a map has another size than its picture.
    """
    return put_on(pixels, probability, erase(other, region_of(other_probability)))


def put_on(pixels: NDArray[np.uint8], probability: NDArray[np.float32], behind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The foreground of a picture on a picture that is background everywhere, as ``erase`` makes one.

    Parameters
    ----------
    pixels, behind : ndarray of uint8, shape (h, w, 3) and (h2, w2, 3), RGB
        ``behind`` is stretched to the size of ``pixels``.
    probability : ndarray of float32, shape (h, w), in [0, 1]

    Raises
    ------
    NoRegion
        If the foreground is empty or the whole picture, or the map has another size than its picture.
    """
    import cv2

    if probability.shape != pixels.shape[:2]:
        raise NoRegion(f"a map of {pixels.shape[:2]}", f"{probability.shape}")
    region_of(probability)
    size = (pixels.shape[1], pixels.shape[0])
    weight = probability[..., None].astype(np.float64)
    stretched = cv2.resize(behind, size, interpolation=cv2.INTER_AREA)
    return np.asarray(np.round(weight * pixels + (1 - weight) * stretched), dtype=np.uint8)


def soft_edges(region: NDArray[np.bool_], width: float = 2.0) -> NDArray[np.float32]:
    """A region whose border fades: 1 deeper than ``width`` px inside, 0 farther than ``width`` px outside, linear.

    Raises
    ------
    NoRegion
        If the region is empty or the whole picture.
    """
    import cv2

    checked(region)
    inside, outside = (
        cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for side in (region, ~region)
    )
    # Distances run to the nearest pixel of the other kind, so the edge itself lies half a pixel before it.
    signed = np.where(region, inside - 0.5, 0.5 - outside)
    return np.clip(0.5 + signed / (2 * width), 0, 1).astype(np.float32)


def _inpainted(pixels: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    import cv2

    small = _reduced(pixels)
    size = (small.shape[1], small.shape[0])
    touched = cv2.resize(region.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    reach = np.ones((2 * RIM + 1, 2 * RIM + 1), dtype=np.uint8)
    touched = cv2.dilate(touched.astype(np.uint8), reach) > 0
    if touched.all():
        return np.full_like(pixels, np.round(pixels[~region].mean(axis=0)).astype(np.uint8))
    filled = cv2.inpaint(small, touched.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA)
    return np.asarray(cv2.resize(filled, region.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _blurred(pixels: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Blur with a standard deviation of half the side of a square of the region's area: shape goes, colour stays."""
    import cv2

    small = _reduced(pixels)
    sigma = max(1.0, 0.5 * float(np.sqrt(region.mean() * small.shape[0] * small.shape[1])))
    soft = cv2.GaussianBlur(small, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(soft, region.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its longer side at most ``FILL_SIDE``."""
    import cv2

    height, width = pixels.shape[:2]
    scale = min(1.0, FILL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
