"""The only door through which a picture is decoded: hostile files become a plain reason, never a crash or a guess."""

import io
import re
import struct
import unicodedata
import warnings
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from embeddings.colours import to_rgb
from embeddings.files import LIMITS, read_file
from embeddings.files import Limits as Limits
from embeddings.files import Unreadable as Unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats decoded by plain decoders; EPS, PDF and the like start interpreters and are refused."""

ENDINGS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
"""Lower-case file endings that say "picture"; a reader may list other files as skipped without opening them."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each value of the EXIF orientation tag (EXIF 2.32, tag 0x0112)."""

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

PILLOW_WARNINGS = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
"""Pillow warns about odd metadata and large sizes; both are checked here, and a warning is no reason to a user."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One decoded picture.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB as a person sees it: EXIF rotation applied, transparency on white.
    width, height : int
        True size in pixels after rotation; larger than ``pixels`` where a reduced decoding was asked for.
    format : str
        One of ``FORMATS``.
    sha256 : str
        Hexadecimal digest of the file's bytes, the very bytes that were decoded.
    flags : tuple of str
        ``animated``, ``multi-page``, ``cmyk``, ``16-bit``, ``grey``, ``palette``, ``float``, ``rotated``, ``alpha``.
    exif : dict of str to str
        ``camera`` and ``taken`` where the file says so, without control or invisible characters. Never a place.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str
    sha256: str
    flags: tuple[str, ...] = ()
    exif: dict[str, str] = field(default_factory=dict)


def open_picture(
    path: Path, *, root: Path | None = None, limits: Limits = LIMITS, smallest_side: int | None = None
) -> Picture:
    """Decode one file.

    Parameters
    ----------
    path : Path
    root : Path, optional
        Folder that the file, links resolved, must lie in.
    limits : Limits
    smallest_side : int, optional
        Pixels wanted along the shorter side. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its size (scaled DCT)
        where that leaves at least as many; ``width`` and ``height`` stay the true ones.

    Raises
    ------
    Unreadable
        With the reason, for anything that is not a whole picture in one of ``FORMATS``.
    """
    data = read_file(path, root=root, limits=limits)
    quiet_pillow()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _decode(image, data, limits, smallest_side)
    except Image.DecompressionBombError:
        seen = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f}"
        raise Unreadable(f"expected at most {limits.megapixels:g} megapixels, saw {seen}") from None
    except UnidentifiedImageError:
        raise Unreadable(_unidentified(data)) from None
    except DECODER_FAULTS as fault:
        raise Unreadable(_fault(fault)) from None


def thumbnail(path: Path, *, root: Path | None = None, longest: int = 256, limits: Limits = LIMITS) -> bytes:
    """A JPEG without any metadata whose longer side is at most ``longest`` pixels.

    Raises
    ------
    Unreadable
    """
    picture = open_picture(path, root=root, limits=limits, smallest_side=longest)
    image = Image.fromarray(picture.pixels)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, format="JPEG", quality=85)
    return out.getvalue()


def quiet_pillow() -> None:
    """Keep Pillow's warnings from the user; one lasting filter, because ``catch_warnings`` is not thread-safe."""
    if PILLOW_WARNINGS not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _decode(image: Image.Image, data: bytes, limits: Limits, smallest_side: int | None) -> Picture:
    width, height = image.size
    if width * height > limits.megapixels * 1e6:
        raise Unreadable(
            f"expected at most {limits.megapixels:g} megapixels, saw {width} × {height} = {width * height / 1e6:.0f}"
        )
    kind = "JPEG" if image.format == "MPO" else str(image.format)  # MPO = a JPEG with further JPEGs behind it
    if kind == "JPEG" and not _jpeg_ends(data):
        raise Unreadable("the picture is cut short: its JPEG data has no end")
    several = image.format != "MPO" and _has_frames(image)
    deep = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    if kind not in ("JPEG", "TIFF"):
        image.load()  # asking a PNG for its EXIF decodes it, and a fault met there would pass unseen
    orientation = _orientation(image)
    exif = _exif_texts(image)
    if smallest_side is not None and kind == "JPEG":
        image.draft(None, (smallest_side, smallest_side))
    image.load()
    if image.size != (width, height) and kind != "JPEG":
        width, height = image.size  # a TIFF is turned by Pillow while loading
    rgb, flags = to_rgb(image)
    turn = _orientation(image)
    if turn in TURNS:
        rgb = rgb.transpose(TURNS[turn])
    if turn >= 5:
        width, height = height, width
    marks = {
        "animated": several and kind != "TIFF",
        "multi-page": several and kind == "TIFF",
        "16-bit": deep or "16-bit" in flags,
        "rotated": orientation in TURNS,
    }
    names = tuple(sorted({name for name, on in marks.items() if on} | set(flags)))
    return Picture(np.asarray(rgb), width, height, kind, sha256(data).hexdigest(), names, exif)


def _has_frames(image: Image.Image) -> bool:
    """Whether a second frame or page follows; damage behind the first one does not matter here."""
    try:
        return bool(getattr(image, "is_animated", False))
    except DECODER_FAULTS:
        return True


def _orientation(image: Image.Image) -> int:
    """Value of the EXIF orientation tag; 1 (upright) where the tag is absent or nonsense."""
    try:
        value = image.getexif().get(0x0112, 1)
    except DECODER_FAULTS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _exif_texts(image: Image.Image) -> dict[str, str]:
    """Camera and date from EXIF; a damaged block says nothing, and the picture is still good."""
    try:
        tags = image.getexif()
        camera = f"{_plain(tags.get(0x010F))} {_plain(tags.get(0x0110))}".strip()
        taken = _plain(tags.get_ifd(0x8769).get(0x9003)) or _plain(tags.get(0x0132))
    except DECODER_FAULTS:
        return {}
    return {name: text for name, text in (("camera", camera), ("taken", taken)) if text}


def _plain(value: object) -> str:
    """At most 64 visible characters of a metadata value; line breaks, bidi marks and zero-width characters go."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return "".join(c for c in text[:256] if not unicodedata.category(c).startswith("C"))[:64].strip()


def _jpeg_ends(data: bytes) -> bool:
    """Whether an end-of-image marker follows the start of the picture's own scan.

    libjpeg fills what is missing with grey and only warns, so a half copy padded with zeros would pass. Inside a
    scan ``FF D9`` cannot occur by chance (ITU-T T.81, B.1.1.5); segments before it, where an embedded thumbnail has
    an end of its own, are stepped over by their lengths.
    """
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at = data.find(b"\xff", at)  # stray bytes between segments are skipped, as libjpeg does
            if at < 0:
                return False
            continue
        marker = data[at + 1]
        if marker == 0xDA:
            return data.find(b"\xff\xd9", at) >= 0
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _unidentified(data: bytes) -> str:
    expected = "expected a JPEG, PNG, WebP, GIF, BMP or TIFF picture"
    if not data.strip(b"\0"):
        return f"{expected}, saw only zero bytes"
    head = data[:512]
    if head.startswith((b"%!", b"%PDF")):
        return f"{expected}, saw a PostScript or PDF document"
    if not any(byte < 9 or 13 < byte < 32 for byte in head):
        return f"{expected}, saw text"
    return f"{expected}, saw another or a damaged format"


def _fault(fault: BaseException) -> str:
    if isinstance(fault, MemoryError):
        return "the picture does not fit into memory"
    if "truncated" in str(fault).lower():
        return "the picture is cut short: fewer bytes than its header promises"
    return "the picture data is damaged"
