"""Light edits of real photographs, as they happen when pictures are passed on: nothing a person would call new."""

from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageEnhance, ImageOps

Edit = Callable[[Image.Image], Image.Image]


def _halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC)


def _recompressed(image: Image.Image, quality: int = 40) -> Image.Image:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _cropped(image: Image.Image) -> Image.Image:
    x, y = round(0.02 * image.width), round(0.02 * image.height)
    return image.crop((x, y, image.width - x, image.height - y))


def _brightened(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.3)


def _passed_on(image: Image.Image) -> Image.Image:
    smaller = _cropped(image).resize((256, 256), Image.Resampling.BICUBIC)
    return _recompressed(ImageEnhance.Brightness(smaller).enhance(1.1), quality=60)


EDITS: dict[str, Edit] = {
    "halved": _halved,
    "recompressed": _recompressed,
    "cropped": _cropped,
    "brightened": _brightened,
    "passed on": _passed_on,
    "mirrored": ImageOps.mirror,
}
"""Edits by name; ``passed on`` is crop, resize, brightness and recompression at once."""
