"""HEIC and HEIF, as phones write them: opened by libheif on bytes, without registering anything in Pillow."""

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pi_heif import HeifFile  # type: ignore[import-untyped]

CODED_BY_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
STRUCTURE = frozenset({b"mif1", b"mif2", b"msf1"})
"""Brands that say "HEIF" and leave the coding open."""

SEQUENCES = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
AV1 = frozenset({b"avif", b"avis"})
LONGEST_BRANDS = 256
"""Bytes of the first box that are looked at."""


def brands(data: bytes) -> frozenset[bytes]:
    """Four-letter brands of the file (ISO/IEC 14496-12, section 4.3); empty for anything that is not of this family."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), LONGEST_BRANDS, len(data))
    return frozenset({data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))})


def is_heif(found: frozenset[bytes]) -> bool:
    """Whether a file with these brands is for libheif; AVIF is of the same family and is not."""
    return bool(found & CODED_BY_HEVC) or (bool(found & STRUCTURE) and not found & AV1)


def opened(data: bytes) -> "HeifFile":
    """Header of a HEIF file; no pixel is decoded until ``decoded`` is called.

    Raises
    ------
    ValueError, EOFError, SyntaxError, RuntimeError, OSError
        What libheif finds wrong, or what would bring pi_heif down.
    """
    from pi_heif import open_heif

    if not _names_are_text(data):
        raise ValueError("an item's name or type is not text")
    return open_heif(data, convert_hdr_to_8bit=True)


def decoded(file: "HeifFile") -> Image.Image:
    """The primary picture with its rotation and mirroring applied; ``info`` holds EXIF, XMP and colour profile.

    The boxes ``irot`` and ``imir`` alone say how a HEIF picture is turned; the orientation in its EXIF block, which
    phones write beside them, is for information (ISO/IEC 23008-12, A.2.1) and is reset here, so that it cannot be
    applied a second time.
    """
    image: Image.Image = file.to_pillow()
    return image


def marks(file: "HeifFile", data: bytes) -> set[str]:
    """Flags that the container tells: ``animated``, ``multi-page``, ``16-bit`` (more than 8 bits), ``rotated``."""
    told = {
        "animated": data[8:12] in SEQUENCES,
        "multi-page": len(file) > 1,
        "16-bit": int(file.info["bit_depth"]) > 8,
        "rotated": _turned(data),
    }
    return {name for name, on in told.items() if on}


def _names_are_text(data: bytes) -> bool:
    """Whether all names and types of items are text.

    pi_heif 1.4 ends the whole process on one that is not UTF-8. An item is known by its ``infe`` box alone (ISO/IEC
    14496-12, section 8.11.6), so every place that could be read as one is looked at, wherever it stands.
    """
    at = data.find(b"infe")
    while at >= 0:
        size = int.from_bytes(data[max(0, at - 4) : at], "big")
        wide = data[at + 4 : at + 5] >= b"\3"  # version 3 has an id of four bytes and not two
        try:
            data[at + (14 if wide else 12) : at - 4 + size].decode()
        except UnicodeDecodeError:
            return False
        if size < 12:
            return False
        at = data.find(b"infe", at + 4)
    return True


def _turned(data: bytes) -> bool:
    """Whether the box of item properties has a mirroring, or a rotation by other than nothing."""
    at = data.find(b"ipco")
    if at < 4:
        return False
    properties = data[at : at - 4 + int.from_bytes(data[at - 4 : at], "big")]
    turn = properties.find(b"irot")
    return b"imir" in properties or (turn >= 0 and properties[turn + 4 : turn + 5] not in (b"", b"\0"))
