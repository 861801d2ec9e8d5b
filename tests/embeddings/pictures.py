"""Small pictures and files that the tests of this room draw for themselves."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from embeddings.images import Unreadable, open_picture

RED = (200, 30, 30)
ORIENTATION = 0x0112


def scene(width: int = 96, height: int = 64, seed: int = 0) -> Image.Image:
    """A smooth picture with no symmetry: a gradient, a red block at the upper left and faint noise."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 150, width), np.linspace(0, 90, height))
    pixels = np.stack([x + y, 240 - x, 60 + y], axis=2) + rng.normal(0, 2, (height, width, 1))
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    ImageDraw.Draw(image).rectangle((4, 4, width // 4, height // 3), fill=RED)
    return image


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(Unreadable) as caught:
        open_picture(path, **options)  # type: ignore[arg-type]
    return caught.value.reason


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of_zeros(width: int, height: int) -> bytes:
    """A small file that unpacks to width x height black pixels, 8-bit grey."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the pixels of an upright picture lie in a file whose orientation tag has this value."""


def stored(image: Image.Image, turn: int) -> Image.Image:
    return image.transpose(TURNED[turn]) if turn > 1 else image


def exif_of(turn: int = 1, place: bool = False) -> Image.Exif:
    """A block with a camera, a date and, where asked for, a place that must never be seen again."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x010F], exif[0x0110] = turn, "Maker", "Phone 7"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    if place:
        exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0), 29: "SECRETPLACE"})
    return exif


def heic(*images: Image.Image, exif: Image.Exif | None = None, primary: int = 0, **options: object) -> bytes:
    """HEIC files are written by the encoder that only the tests have; lossless, hence equal to within one level."""
    import pillow_heif

    file = pillow_heif.HeifFile()
    for image in images:
        added = file.add_frombytes(image.mode, image.size, image.tobytes())
        if exif is not None:
            added.info["exif"] = exif.tobytes()
        if "icc_profile" in image.info:
            added.info.update(icc_profile=image.info["icc_profile"], icc_profile_type="prof")
    out = io.BytesIO()
    file.save(out, **{"quality": -1, "chroma": 444, "primary_index": primary, **options})
    return out.getvalue()


def profile(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ", kind: bytes = b"mntr") -> bytes:
    """A colour profile, version 2.4 (ICC.1:2001-04), with nothing but these tags."""
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", start + len(body), len(value))
        body += padded
    head = struct.pack(">I4xI", start + len(body), 0x02400000) + kind + space + connection
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + xyz(0.9642, 1, 0.8249)[8:]
    return head.ljust(128, b"\0") + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
"""Colour of the three primaries, one a column, adapted to D50."""


def rgb_profile(primaries: NDArray[np.float64], power: float = 2.2) -> bytes:
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: xyz(*primaries[:, i]) for i, name in enumerate(names)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma(power))
    return profile(b"RGB ", {b"wtpt": xyz(0.9642, 1, 0.8249), **tags, **curves})


def with_profile(image: Image.Image, data: bytes) -> Image.Image:
    image = image.copy()
    image.info["icc_profile"] = data
    return image
