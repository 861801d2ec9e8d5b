"""What is no whole picture, or would cost too much: refused with one plain line, and nothing is decoded or started."""

import contextlib
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from embeddings.images import Limits, Unreadable, open_picture
from tests.embeddings.pictures import (
    chunk,
    encoded,
    png_of_zeros,
    refusal,
    scene,
    written,
)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
    ],
    ids=["jpeg", "progressive", "png", "webp", "gif", "bmp", "tiff"],
)
def test_a_truncated_picture_is_refused_and_not_half_decoded(
    tmp_path: Path, form: str, options: dict[str, object], share: float
) -> None:
    data = encoded(scene(), form, **options)
    reason = refusal(written(tmp_path / "half", data[: int(len(data) * share)]))
    assert any(word in reason for word in ("cut short", "damaged"))


def test_a_half_copied_jpeg_padded_with_zeros_is_refused(tmp_path: Path) -> None:
    data = encoded(scene())
    half = data[: len(data) // 2]
    assert "cut short" in refusal(written(tmp_path / "padded.jpg", half + bytes(len(data) - len(half))))


def test_an_embedded_thumbnail_does_not_vouch_for_a_truncated_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "x"
    marked = encoded(scene(200, 150), exif=exif.tobytes() + encoded(scene(16, 16)))
    open_picture(written(tmp_path / "whole.jpg", marked))
    assert "cut short" in refusal(written(tmp_path / "half.jpg", marked[:-400]))


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("empty.jpg", b"", "empty"),
        ("text.jpg", b"this is a shopping list\nmilk\n", "text"),
        ("html.png", b"<html><body>404</body></html>", "text"),
        ("zeros.jpg", bytes(4096), "zero bytes"),
        ("unknown.png", bytes(range(256)) * 8, "another or a damaged format"),
        ("page.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "PostScript"),
        ("page.png", b"%PDF-1.7\n1 0 obj\n", "PDF"),
        ("vector.jpg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "text"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(tmp_path: Path, name: str, data: bytes, word: str) -> None:
    assert word in refusal(written(tmp_path / name, data))


@pytest.mark.parametrize("form", ["EPS", "PDF", "PPM", "ICO", "TGA", "PCX", "ICNS", "SGI"])
def test_formats_outside_the_list_are_refused(tmp_path: Path, form: str) -> None:
    # A real file of that format under a picture's name: Pillow could open most, by decoders that nobody fuzzes.
    assert "expected a JPEG" in refusal(written(tmp_path / "picture.jpg", encoded(scene(64, 64), form)))


def test_eps_starts_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("subprocess.Popen.__init__", started)
    assert "PostScript" in refusal(written(tmp_path / "a.eps", encoded(scene(), "EPS")))


def test_flipped_bits_give_a_reason_or_a_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        good = encoded(scene(), form)
        for turn in range(60):
            flipped = bytearray(good)
            for at in rng.integers(0, len(good), 4):
                flipped[at] ^= 1 << int(rng.integers(8))
            with contextlib.suppress(Unreadable):
                picture = open_picture(written(tmp_path / "flipped", bytes(flipped)), limits=Limits(megapixels=1))
                assert picture.pixels.shape[2] == 3, (form, turn)


@pytest.mark.parametrize("side", [12_000, 50_000])
def test_a_decompression_bomb_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    def decoded(_: object) -> None:
        raise AssertionError("pixels were decoded")

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    small = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    reason = refusal(written(tmp_path / "bomb.png", small + chunk(b"IEND", b"")))
    assert "expected at most 64 megapixels" in reason


def test_a_real_bomb_of_few_kilobytes_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(_: object) -> None:
        raise AssertionError("pixels were decoded")

    data = png_of_zeros(12_000, 12_000)
    assert len(data) < 200_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", unpacked)
    assert "12000 × 12000 = 144" in refusal(written(tmp_path / "bomb.png", data))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_cap_is_a_setting_and_holds_for_every_format(tmp_path: Path, form: str) -> None:
    path = written(tmp_path / "a", encoded(scene(200, 100), form))
    assert open_picture(path, limits=Limits(megapixels=0.02)).width == 200
    assert "200 × 100" in refusal(path, limits=Limits(megapixels=0.0199))
    assert "MB" in refusal(path, limits=Limits(megabytes=0.0001))


def test_a_large_but_allowed_picture_gives_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5_000)  # Pillow warns above this and refuses above twice this
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert open_picture(written(tmp_path / "a.png", encoded(scene(), "PNG"))).width == 96
    assert not seen


def test_a_reason_is_one_short_line(tmp_path: Path) -> None:
    makers: list[Callable[[], bytes]] = [
        lambda: b"\x1b[31mred\n" * 50,
        lambda: encoded(scene())[:200],
        lambda: png_of_zeros(9000, 9000)[:500],
        lambda: b"%PDF-1.4" + b"\n" * 900,
    ]
    for maker in makers:
        reason = refusal(written(tmp_path / "a", maker()))
        assert len(reason) < 120
        assert reason.isprintable()
