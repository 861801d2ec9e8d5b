"""Camera, date and orientation from a picture's EXIF block; the place is never read."""

import struct
import unicodedata
import zlib

from PIL import Image

DECODER_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow is known to raise on damaged files; it has no common class for them."""

MAKE, MODEL, ORIENTATION, CHANGED, EXIF_BLOCK, TAKEN = 0x010F, 0x0110, 0x0112, 0x0132, 0x8769, 0x9003
"""Tags of EXIF 2.32; 0x8825, the place, is not among them."""


def orientation(image: Image.Image) -> int:
    """Value of the EXIF orientation tag; 1 (upright) where the tag is absent or nonsense."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except DECODER_FAULTS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def texts(image: Image.Image) -> dict[str, str]:
    """Camera and date from EXIF; a damaged block says nothing, and the picture is still good."""
    try:
        tags = image.getexif()
        camera = f"{_plain(tags.get(MAKE))} {_plain(tags.get(MODEL))}".strip()
        taken = _plain(tags.get_ifd(EXIF_BLOCK).get(TAKEN)) or _plain(tags.get(CHANGED))
    except DECODER_FAULTS:
        return {}
    return {name: text for name, text in (("camera", camera), ("taken", taken)) if text}


def _plain(value: object) -> str:
    """At most 64 visible characters of a metadata value; line breaks, bidi marks and zero-width characters go."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return "".join(c for c in text[:256] if not unicodedata.category(c).startswith("C"))[:64].strip()
