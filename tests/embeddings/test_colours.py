"""Every colour mode to RGB."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embeddings.images import open_picture
from tests.embeddings.pictures import RED, chunk, encoded, scene, written

WHITE = (255, 255, 255)


@pytest.mark.parametrize(("value", "mean"), [(0, 0), (30_000, 117), (65_535, 255)])
def test_16_bit_grey_is_scaled(tmp_path: Path, value: int, mean: int) -> None:
    picture = open_picture(
        written(tmp_path / "a.png", encoded(Image.fromarray(np.full((8, 8), value, np.uint16)), "PNG"))
    )
    assert picture.pixels.mean() == mean  # value / 257, rounded
    assert picture.flags == ("16-bit", "grey")


def test_transparency_shows_white(tmp_path: Path) -> None:
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:2] = (200, 100, 0, 255)
    rgba[2] = (0, 0, 0, 0)
    rgba[3] = (0, 0, 0, 128)
    for form, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})):
        picture = open_picture(written(tmp_path / form, encoded(Image.fromarray(rgba), form, **options)))
        assert picture.flags == ("alpha",)
        assert (picture.pixels[:2] == (200, 100, 0)).all()
        assert (picture.pixels[2] == 255).all()
        assert (picture.pixels[3] == 127).all()  # 255 x (1 - 128 / 255)


def test_an_opaque_alpha_channel_is_no_transparency(tmp_path: Path) -> None:
    picture = open_picture(written(tmp_path / "a.png", encoded(scene().convert("RGBA"), "PNG")))
    assert picture.flags == ()
    assert (picture.pixels == np.asarray(scene())).all()


def with_transparency(image: Image.Image, value: object) -> Image.Image:
    image.info["transparency"] = value
    return image


FLAT = Image.new("RGB", (16, 16), RED)
GREY = Image.new("L", (16, 16), 90)


@pytest.mark.parametrize(
    ("image", "form", "colour", "flags"),
    [
        (FLAT.convert("CMYK"), "JPEG", RED, {"cmyk"}),
        (FLAT.convert("CMYK"), "TIFF", RED, {"cmyk"}),
        (FLAT.quantize(4), "PNG", RED, {"palette"}),
        (FLAT.quantize(4), "GIF", RED, {"palette"}),
        (with_transparency(FLAT.quantize(4), 0), "PNG", WHITE, {"palette", "alpha"}),
        (with_transparency(FLAT.copy(), RED), "PNG", WHITE, {"alpha"}),
        (with_transparency(GREY.copy(), 90), "PNG", WHITE, {"grey", "alpha"}),
        (GREY, "JPEG", (90, 90, 90), {"grey"}),
        (GREY.convert("LA"), "PNG", (90, 90, 90), {"grey"}),
        (Image.new("LA", (16, 16), (0, 0)), "PNG", WHITE, {"grey", "alpha"}),
        (Image.new("1", (16, 16), 1), "PNG", WHITE, {"grey"}),
        (Image.new("1", (16, 16), 0), "TIFF", (0, 0, 0), {"grey"}),
        (Image.fromarray(np.full((16, 16), 25_700, np.uint16)), "TIFF", (100, 100, 100), {"grey", "16-bit"}),
        (Image.fromarray(np.full((16, 16), 25_700, np.int32)), "TIFF", (100, 100, 100), {"grey", "16-bit"}),
        (Image.fromarray(np.full((16, 16), -5, np.int32)), "TIFF", (0, 0, 0), {"grey", "16-bit"}),
        (Image.fromarray(np.full((16, 16), 0.4, np.float32)), "TIFF", (102, 102, 102), {"grey", "float"}),
        (Image.fromarray(np.full((16, 16), 102.0, np.float32)), "TIFF", (102, 102, 102), {"grey", "float"}),
        (Image.fromarray(np.full((16, 16), 3e38, np.float32)), "TIFF", WHITE, {"grey", "float"}),
        (Image.fromarray(np.full((16, 16), np.nan, np.float32)), "TIFF", (0, 0, 0), {"grey", "float"}),
        (Image.fromarray(np.full((16, 16), -1.0, np.float32)), "TIFF", (0, 0, 0), {"grey", "float"}),
        (FLAT.convert("YCbCr"), "JPEG", RED, set()),
        (FLAT.convert("YCbCr"), "TIFF", RED, set()),
    ],
)  # fmt: skip
def test_every_colour_mode_becomes_rgb(
    tmp_path: Path, image: Image.Image, form: str, colour: tuple[int, int, int], flags: set[str]
) -> None:
    picture = open_picture(written(tmp_path / "a", encoded(image, form)))
    assert picture.pixels.shape == (16, 16, 3)
    assert picture.pixels.dtype == np.uint8
    assert np.abs(picture.pixels.astype(int) - colour).max() <= 3
    assert set(picture.flags) == flags


def test_floats_of_any_range_are_stretched(tmp_path: Path) -> None:
    values = np.array([[-1000.0, 0.0, 1000.0, np.nan]], np.float32).repeat(4, axis=0)
    picture = open_picture(written(tmp_path / "a.tif", encoded(Image.fromarray(values), "TIFF")))
    assert picture.pixels[0, :, 0].tolist() == [0, 128, 255, 128]  # NaN counts as 0, the middle of -1000..1000


def test_16_bit_colour_is_flagged(tmp_path: Path) -> None:
    row = b"\0" + struct.pack(">3H", 0x8000, 0x4000, 0xC000) * 4
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 4)) + chunk(b"IEND", b"")
    picture = open_picture(written(tmp_path / "a.png", data))
    assert picture.flags == ("16-bit",)
    assert (picture.pixels == (0x80, 0x40, 0xC0)).all()
