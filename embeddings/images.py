"""The only door through which a picture is decoded: hostile files become a plain reason, never a crash or a guess."""

import io
import logging
import re
import warnings
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from embeddings import exif, heif, jpeg, png
from embeddings.colours import to_rgb
from embeddings.cores import one_thread_for_opencv
from embeddings.exif import DECODER_FAULTS
from embeddings.files import LIMITS, opened_file, read_file
from embeddings.files import Limits as Limits
from embeddings.files import Unreadable as Unreadable
from embeddings.stderr import can_silence, silent_c_stderr

BY_PILLOW = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
FORMATS = (*BY_PILLOW, "HEIF")
"""Formats decoded by plain decoders; EPS, PDF and the like start interpreters and are refused."""

ENDINGS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif"}
)
"""Lower-case file endings that say "picture"; a reader may list other files as skipped without opening them."""

EXPECTED = "expected a JPEG, PNG, WebP, GIF, BMP, TIFF or HEIC picture"

PILLOW_WARNINGS = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
"""Pillow warns about odd metadata and large sizes; both are checked here, and a warning is no reason to a user."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One decoded picture.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB as a person sees it: rotation applied, transparency on white, other colour spaces brought to sRGB.
    width, height : int
        True size in pixels after rotation; larger than ``pixels`` where a reduced decoding was asked for.
    format : str
        One of ``FORMATS``.
    sha256 : str
        Hexadecimal digest of the file's bytes, the very bytes that were decoded.
    flags : tuple of str
        ``animated``, ``multi-page``, ``cmyk``, ``16-bit`` (more than 8 bits per value), ``grey``, ``palette``,
        ``float``, ``rotated``, ``alpha``, ``profile`` (colours converted from an embedded profile).
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
    """Read and decode one file: ``read_file``, then ``decode``.

    Parameters
    ----------
    path : Path
    root : Path, optional
        Folder that the file, links resolved, must lie in.
    limits : Limits
    smallest_side : int, optional
        See ``decode``.

    Raises
    ------
    Unreadable
        With the reason, for anything that is not a whole picture in one of ``FORMATS``.
    """
    return decode(read_file(path, root=root, limits=limits), limits=limits, smallest_side=smallest_side)


def decode(
    data: bytes, *, limits: Limits = LIMITS, smallest_side: int | None = None, digest: str | None = None
) -> Picture:
    """Decode the bytes of one file.

    Parameters
    ----------
    data : bytes
        The whole file, from ``read_file``.
    limits : Limits
        Only ``megapixels`` matters here.
    smallest_side : int, optional
        Pixels wanted along the shorter side. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its size (scaled DCT)
        where that leaves at least as many, and a HEIC is averaged to it; ``width`` and ``height`` stay the true ones.
    digest : str, optional
        Hexadecimal sha256 of ``data`` where the caller has it already.

    Raises
    ------
    Unreadable
        With the reason, for anything that is not a whole picture in one of ``FORMATS``.
    """
    quiet_pillow()
    digest = digest or sha256(data).hexdigest()
    brands = heif.brands(data)
    try:
        if heif.is_heif(brands):
            return _decode_heif(data, limits, smallest_side, digest)
        if brands & heif.AV1:
            raise Unreadable(f"{EXPECTED}, saw AVIF; save it in one of these")
        with Image.open(io.BytesIO(data), formats=BY_PILLOW) as image:
            return _decode(image, data, limits, smallest_side, digest)
    except Image.DecompressionBombError:
        seen = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f}"
        raise Unreadable(f"expected at most {limits.megapixels:g} megapixels, saw {seen}; save it smaller") from None
    except UnidentifiedImageError:
        raise Unreadable(_unidentified(data)) from None
    except DECODER_FAULTS as fault:
        raise Unreadable(_fault(fault)) from None


def header_sizes(
    path: Path, *, root: Path | None = None, limits: Limits = LIMITS
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height as the file stores them, and of the picture upright, from its header; no pixel is decoded.

    A picture that is damaged behind its header passes here and is refused by ``decode``.

    Raises
    ------
    Unreadable
        For another format, a file that is refused on opening, and more pixels or bytes than ``limits`` allow.
    """
    quiet_pillow()
    with opened_file(path, root=root, limits=limits) as file:
        try:
            head = file.read(heif.LONGEST_BRANDS)
            brands = heif.brands(head)
            file.seek(0)
            if heif.is_heif(brands):
                size = heif.opened(file.read()).size  # libheif gives it turned, and no other way
                _must_fit(size, limits)
                return size, size
            if brands & heif.AV1:
                raise Unreadable(f"{EXPECTED}, saw AVIF; save it in one of these")
            with Image.open(file, formats=BY_PILLOW) as image:
                tags = getattr(image, "tag_v2", {})  # Pillow may have turned the size of a TIFF already
                size = (int(tags[256]), int(tags[257])) if image.format == "TIFF" else image.size
                _must_fit(size, limits)
                return size, size[::-1] if _turn_in_header(image, file) >= 5 else size
        except Image.DecompressionBombError:
            raise Unreadable(f"expected at most {limits.megapixels:g} megapixels, saw more; save it smaller") from None
        except UnidentifiedImageError:
            raise Unreadable(_unidentified(head)) from None
        except DECODER_FAULTS as fault:
            raise Unreadable(_fault(fault)) from None


def upright_size(path: Path, *, root: Path | None = None, limits: Limits = LIMITS) -> tuple[int, int]:
    """Width and height with EXIF rotation applied: see ``header_sizes``."""
    return header_sizes(path, root=root, limits=limits)[1]


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
    """Keep Pillow's warnings from the user; one lasting filter, because ``catch_warnings`` is not thread-safe.

    What it logs is kept from the terminal too, where Python prints it if nobody has asked for a log.
    """
    if PILLOW_WARNINGS not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")
    logger = logging.getLogger("PIL")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _decode(image: Image.Image, data: bytes, limits: Limits, smallest_side: int | None, digest: str) -> Picture:
    width, height = image.size
    _must_fit(image.size, limits)
    kind = "JPEG" if image.format == "MPO" else str(image.format)  # MPO = a JPEG with further JPEGs behind it
    if kind == "JPEG" and not jpeg.ends(data):
        raise Unreadable("the picture is cut short: its JPEG data has no end; copy it again")
    if kind == "TIFF":
        _must_fit(_tile(image), limits)
    several = image.format != "MPO" and _has_frames(image)
    deep = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    if kind not in ("JPEG", "TIFF"):
        image.load()  # asking a PNG for its EXIF decodes it, and a fault met there would pass unseen
    orientation = exif.orientation(image)
    told = exif.texts(image)
    scale = jpeg.scale_for(width, height, smallest_side) if kind == "JPEG" else 1
    pixels = _jpeg_pixels(image, data, scale) if kind == "JPEG" else None
    flags: tuple[str, ...] = ("grey",) if image.mode == "L" else ()
    if pixels is None:
        if scale > 1:
            image.draft(None, (width // scale, height // scale))
        with silent_c_stderr():  # libtiff prints, too
            image.load()
        if image.size != (width, height) and kind != "JPEG":
            width, height = image.size  # a TIFF is turned by Pillow while loading
        rgb, flags = to_rgb(image)
        pixels = np.asarray(rgb)
    turn = exif.orientation(image)
    if turn >= 5:
        width, height = height, width
    marks = {
        "animated": several and kind != "TIFF",
        "multi-page": several and kind == "TIFF",
        "16-bit": deep or "16-bit" in flags,
        "rotated": orientation > 1,
    }
    names = tuple(sorted({name for name, on in marks.items() if on} | set(flags)))
    return Picture(_upright(pixels, turn), width, height, kind, digest, names, told)


def _decode_heif(data: bytes, limits: Limits, smallest_side: int | None, digest: str) -> Picture:
    file = heif.opened(data)
    _must_fit(file.size, limits)
    image = heif.decoded(file)
    width, height = image.size
    _must_fit(image.size, limits)
    scale = jpeg.scale_for(width, height, smallest_side)
    rgb, flags = to_rgb(image.reduce(scale) if scale > 1 and image.mode in ("RGB", "RGBA", "L") else image)
    names = tuple(sorted(heif.marks(file, data) | set(flags)))
    return Picture(np.asarray(rgb), width, height, "HEIF", digest, names, exif.texts(image))


def _turn_in_header(image: Image.Image, file: BinaryIO) -> int:
    """Value of the orientation tag, as ``decode`` finds it; only a PNG that says more behind its pixels is decoded."""
    if image.format == "PNG" and "Raw profile type exif" not in image.info and not png.goes_on(file):
        image.info.setdefault("exif", b"")  # or Pillow would decode the picture to look for it
    return exif.orientation(image)


def _must_fit(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.megapixels * 1e6:
        raise Unreadable(
            f"expected at most {limits.megapixels:g} megapixels, saw {width} × {height} = {width * height / 1e6:.0f}; "
            "save it smaller"
        )


def _tile(image: Image.Image) -> tuple[int, int]:
    """Size of a TIFF's tiles: one is unpacked whole, however small the picture, so it may not be larger than one."""
    tags = getattr(image, "tag_v2", {})
    return int(tags.get(322, 0)), int(tags.get(323, 0))


def _jpeg_pixels(image: Image.Image, data: bytes, scale: int) -> NDArray[np.uint8] | None:
    """A plain colour or grey JPEG by OpenCV, bit for bit what Pillow gives and in two thirds of its time.

    None where Pillow must do it: another colour space, an embedded profile, what OpenCV refuses, an OpenCV before 5
    (4.10 and 4.11 leave parts of earlier pictures where data is missing, opencv issue 26488), or a C library whose
    ``stderr`` cannot be silenced.
    """
    if image.mode not in ("RGB", "L") or "icc_profile" in image.info or not can_silence():
        return None
    import cv2

    if int(cv2.__version__.partition(".")[0]) < 5:
        return None
    one_thread_for_opencv()
    reduced = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
    how = reduced.get(scale, 0) & ~cv2.IMREAD_COLOR | cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        with silent_c_stderr():
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        return None
    shape = (-(-image.height // scale), -(-image.width // scale), 3)
    return pixels if pixels is not None and pixels.shape == shape else None  # type: ignore[return-value]


def _upright(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Undo a value of the EXIF orientation tag (EXIF 2.32, tag 0x0112)."""
    if turn >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _has_frames(image: Image.Image) -> bool:
    """Whether a second frame or page follows; damage behind the first one does not matter here."""
    try:
        return bool(getattr(image, "is_animated", False))
    except DECODER_FAULTS:
        return True


def _unidentified(data: bytes) -> str:
    if not data.strip(b"\0"):
        return f"{EXPECTED}, saw only zero bytes"
    head = data[:512]
    if head.startswith((b"%!", b"%PDF")):
        return f"{EXPECTED}, saw a PostScript or PDF document"
    if not any(byte < 9 or 13 < byte < 32 for byte in head):
        return f"{EXPECTED}, saw text"
    return f"{EXPECTED}, saw another or a damaged format"


def _fault(fault: BaseException) -> str:
    if isinstance(fault, MemoryError):
        return "the picture does not fit into memory; save it smaller"
    if "truncated" in str(fault).lower():
        return "the picture is cut short: fewer bytes than its header promises; copy it again"
    if "unsupported" in str(fault).lower():
        return "the picture is coded in a way that is not decoded here; save it as JPEG or PNG"
    return "the picture data is damaged; copy it again"
