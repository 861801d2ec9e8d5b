"""Embedded colour profiles: what a picture's numbers mean, brought to sRGB as a person sees it."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Mode of a picture that a profile of each colour space speaks of; others (Lab, device links) are ignored."""

UNSEEN = 2
"""A profile that moves none of the test colours by more than this, of 255, is sRGB under another name or nearly so."""

LARGEST = 4_000_000
"""Bytes of a profile that are looked at; printers' profiles have about half a million."""


def to_srgb(image: Image.Image) -> Image.Image | None:
    """A loaded picture in sRGB by its embedded profile; alpha is kept.

    Returns
    -------
    image : PIL image or None
        None where nothing is to be done: no profile, a damaged one, one for another kind of picture, or sRGB.
    """
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 128 <= len(profile) <= LARGEST:
        return None
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    plain = {"RGBA": "RGB", "LA": "L", "P": "RGB"}.get(image.mode, image.mode)
    if plain not in MODES.values() or "transparency" in image.info:
        return None
    transform = _transform(profile, plain)
    if transform is None:
        return None
    shown = transform.apply(image if image.mode == plain else image.convert(plain))
    if alpha is not None:
        shown.putalpha(alpha)
    return shown


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """How pictures of ``mode`` with this profile become sRGB; None = leave them as they are."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if MODES.get(source.profile.xcolor_space) != mode:
            return None
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.ImageCmsTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
        if mode == "CMYK":
            return transform
        colours = _colours(mode)
        moved = np.asarray(transform.apply(colours), dtype=int) - np.asarray(colours.convert("RGB"), dtype=int)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return transform if np.abs(moved).max() > UNSEEN else None


def _colours(mode: str) -> Image.Image:
    """Colours that any two profiles would show differently: nine steps of each channel, all combinations."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    if mode == "L":
        return Image.fromarray(steps[None])
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(9, 81, 3))
