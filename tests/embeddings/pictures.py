"""Small pictures and files that the tests of this room draw for themselves."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
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
