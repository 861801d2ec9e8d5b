"""Changes of one property of a picture to a stated value, and changes of equal size that leave it to chance."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from embeddings.properties import RING, measure

Pixels = NDArray[np.uint8]
LUMA = np.array([0.299, 0.587, 0.114])
CHANGEABLE = frozenset(
    {
        "brightness",
        "contrast",
        "saturation",
        "warmth",
        "sharpness",
        "border_brightness",
        "border_saturation",
        "centre_difference",
    }
)
"""Properties with a change of their own; ``entropy`` has none that is not one of these."""
BLURS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Standard deviations tried, pixels."""
UNSHARP = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
STEPS = 3
PATCH = 0.2
"""Standard deviation of the smoothing of a control's field, in shorter sides."""
LIGHT = (0.6, 1.4)
"""Range of the factor on brightness, as torchvision's ColorJitter at 0.4."""
CUT = (0.5, 1.0)
"""Range of the share of the picture that is kept; half of the cuts are mirrored too."""


def changed(pixels: Pixels, name: str, target: float) -> Pixels:
    """The picture with one property brought near a value; others move as little as that allows.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3), RGB
    name : str
        One of ``CHANGEABLE``.
    target : float
        In the property's own unit (``embeddings.properties``).

    Raises
    ------
    ValueError
        For a property that cannot be changed alone.
    """
    if name not in CHANGEABLE:
        raise ValueError(f"expected one of {', '.join(sorted(CHANGEABLE))}, saw {name}")
    if name == "sharpness":
        return _sharpened(pixels, target)
    out = pixels.astype(np.float64)
    for _ in range(STEPS):  # what is cut off at black and white is made up for in the next round
        now = measure(_whole(out))[name]
        out = _stepped(out, name, now, target)
    return _whole(out)


def _stepped(picture: NDArray[np.float64], name: str, now: float, target: float) -> NDArray[np.float64]:
    ring = _ring(picture.shape[0], picture.shape[1])[..., None]
    shift = (target - now) * 255
    if name == "brightness":
        return _cut(picture + shift)
    if name == "border_brightness":
        return _cut(picture + shift * ring)
    if name == "centre_difference":
        return _cut(picture + shift * ~ring)
    if name == "warmth":
        return _cut(picture + shift * np.array([0.5, 0.0, -0.5]))
    factor = min(4.0, max(0.0, target) / max(now, 1e-3))
    if name == "contrast":
        middle = picture.mean(axis=(0, 1))
        return _cut(middle + (picture - middle) * factor)
    grey = (picture @ LUMA)[..., None]
    coloured = _cut(grey + (picture - grey) * factor)
    return np.where(ring, coloured, picture) if name == "border_saturation" else coloured


def _sharpened(pixels: Pixels, target: float) -> Pixels:
    """The blur, or the sharpening, whose sharpness comes nearest to the target (by ratio)."""
    picture = pixels.astype(np.float64)
    tried = [pixels]
    if measure(pixels)["sharpness"] > target:
        tried += [_whole(gaussian_filter(picture, (sigma, sigma, 0))) for sigma in BLURS]
    else:
        detail = picture - gaussian_filter(picture, (1.0, 1.0, 0))
        tried += [_whole(picture + amount * detail) for amount in UNSHARP]
    distance = [abs(np.log(max(measure(one)["sharpness"], 1e-3) / max(target, 1e-3))) for one in tried]
    return tried[int(np.argmin(distance))]


def equal_changes(pixels: Pixels, other: Pixels, rng: np.random.Generator, count: int) -> list[Pixels]:
    """The picture changed as much as another version of it, but without the version's net effect.

    The difference is multiplied by a smooth random field, positive in some places and negative in others: part of the
    picture gets darker and part brighter, say. Root mean square difference as the version's, up to clipping.
    """
    difference = other.astype(np.float64) - pixels
    size, energy = float(np.sqrt(np.mean(difference**2))), (difference**2).sum(axis=2)
    sigma = PATCH * min(pixels.shape[:2])
    out = []
    for _ in range(count):
        field = gaussian_filter(rng.normal(size=pixels.shape[:2]), sigma)
        field -= np.average(field, weights=energy + 1e-9)
        varied = difference * field[..., None]
        varied *= size / max(float(np.sqrt(np.mean(varied**2))), 1e-9)
        out.append(_whole(pixels + varied))
    return out


def lit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture in other light: a random factor on its brightness."""
    return np.asarray(np.clip(pixels * rng.uniform(*LIGHT), 0, 255), dtype=np.uint8)


def cut_out(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A random part of the picture in its own proportions, every other time mirrored."""
    height, width = pixels.shape[:2]
    side = np.sqrt(rng.uniform(*CUT))
    h, w = max(1, round(height * side)), max(1, round(width * side))
    top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    cut = pixels[top : top + h, left : left + w]
    return np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.5 else cut)


def _cut(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip(picture, 0, 255), dtype=np.float64)


def _whole(picture: NDArray[np.float64]) -> Pixels:
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def _ring(height: int, width: int) -> NDArray[np.bool_]:
    edge = max(1, round(RING * min(height, width)))
    ring = np.ones((height, width), dtype=np.bool_)
    ring[edge:-edge, edge:-edge] = False
    return ring
