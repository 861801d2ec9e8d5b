"""Every colour mode of a decoded picture to 8-bit RGB, with what was done as flags."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BACKGROUND = (255, 255, 255)
"""Transparent parts are shown on white, as a page or a gallery would."""

DEEP = ("I", "F")
"""Modes with more than 8 bits per value: I;16 and its byte orders, I (32-bit integer), F (float)."""


KINDS = {"CMYK": ("cmyk",), "P": ("palette",), "PA": ("palette",), "1": ("grey",), "L": ("grey",), "LA": ("grey",)}
"""Flags that a mode alone tells."""


def to_rgb(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """A loaded picture in RGB, and flags.

    Returns
    -------
    rgb : PIL image, mode RGB
    flags : tuple of str
        Among ``16-bit``, ``float``, ``alpha``, ``cmyk``, ``palette``, ``grey``, ``profile``.

    Raises
    ------
    ValueError
        For a mode that cannot be shown, such as LAB.
    """
    shown = None
    if "icc_profile" in image.info:
        from embeddings.profiles import to_srgb  # LittleCMS is loaded only where a picture has a profile

        shown = to_srgb(image)
    if shown is None:
        return _by_mode(image)
    rgb, flags = _by_mode(shown)
    return rgb, (*KINDS.get(image.mode, ()), *(flag for flag in flags if flag == "alpha"), "profile")


def _by_mode(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    mode = image.mode
    if mode == "RGB" and "transparency" not in image.info:
        return image, ()
    if mode.startswith(DEEP):
        grey = Image.fromarray(_eight_bits(np.asarray(image)))
        return grey.convert("RGB"), ("grey", "float" if mode == "F" else "16-bit")
    flags = KINDS.get(mode, ())
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        if np.asarray(rgba.getchannel("A")).min() == 255:
            return rgba.convert("RGB"), flags
        page = Image.new("RGBA", rgba.size, (*BACKGROUND, 255))
        return Image.alpha_composite(page, rgba).convert("RGB"), (*flags, "alpha")
    return image.convert("RGB"), flags


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Deep grey values on the 0–255 scale.

    16-bit integers are divided by 257, so 65535 becomes 255 whatever the picture's own maximum is. 32-bit integers
    that need more are divided by their maximum. Floats in 0–1 are multiplied by 255, in 0–255 taken as they are,
    others stretched from minimum to maximum, or cut to 0–255 where all are equal; NaN counts as 0.
    """
    if np.issubdtype(values.dtype, np.floating):
        finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(finite.min()), float(finite.max())
        if low >= 0 and high <= 1:
            scaled = finite * 255
        elif (low >= 0 and high <= 255) or low == high:
            scaled = np.clip(finite, 0, 255)
        else:
            scaled = (finite - low) * (255 / (high - low))
    else:
        whole = np.clip(values.astype(np.float64), 0, None)
        scaled = whole * (255 / max(65535.0, float(whole.max())))
    return np.asarray(np.rint(scaled), dtype=np.uint8)
