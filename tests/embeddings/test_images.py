"""Hostile and unusual picture files, each written on the fly: a plain reason or the right pixels, never a crash."""

import contextlib
import io
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from embeddings.images import BY_PILLOW, ENDINGS, FORMATS, Limits, Unreadable, decode, open_picture, thumbnail
from embeddings.jpeg import ends, scale_for
from embeddings.stderr import can_silence, silent_c_stderr
from tests.embeddings.pictures import (
    ORIENTATION,
    RED,
    chunk,
    encoded,
    exif_of,
    heic,
    png_of_zeros,
    refusal,
    scene,
    stored,
    written,
)


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


# --- what is not a whole picture -------------------------------------------------------------------------------------


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


# --- what would cost too much ----------------------------------------------------------------------------------------


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


# --- pixels as a person sees them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_gives_the_rotated_twin(tmp_path: Path, form: str, turn: int) -> None:
    upright = open_picture(written(tmp_path / "upright.png", encoded(scene(), "PNG")))
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    exact: dict[str, dict[str, object]] = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}
    options = exact.get(form, {})
    picture = open_picture(written(tmp_path / "turned", encoded(stored(scene(), turn), form, exif=exif, **options)))
    assert (picture.width, picture.height) == (96, 64)
    assert picture.pixels.shape == (64, 96, 3)
    assert difference(picture.pixels, upright.pixels) < (1.5 if form == "JPEG" else 1e-9)
    assert ("rotated" in picture.flags) == (turn > 1)


@pytest.mark.parametrize("value", [0, 9, 60_000])
def test_a_nonsense_orientation_is_upright(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    picture = open_picture(written(tmp_path / "a.jpg", encoded(scene(), exif=exif)))
    assert (picture.width, picture.height, picture.flags) == (96, 64, ())


@pytest.mark.parametrize(("form", "flag"), [("GIF", "animated"), ("WEBP", "animated"), ("TIFF", "multi-page")])
def test_the_first_of_several_frames_is_taken_and_flagged(tmp_path: Path, form: str, flag: str) -> None:
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), (0, 0, 255))
    picture = open_picture(
        written(tmp_path / "a", encoded(first, form, save_all=True, append_images=[second], lossless=True))
    )
    assert np.abs(picture.pixels.astype(int) - RED).max() <= 2
    assert flag in picture.flags


def test_exif_gives_camera_and_date_and_never_a_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Make\n\a", "One\x1b[31m"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    picture = open_picture(written(tmp_path / "a.jpg", encoded(scene(), exif=exif)))
    assert picture.exif == {"camera": "Make One[31m", "taken": "2024:05:06 07:08:09"}


def test_damaged_exif_spoils_no_picture(tmp_path: Path) -> None:
    data = encoded(scene(), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 64)
    picture = open_picture(written(tmp_path / "a.jpg", data))
    assert (picture.width, picture.exif) == (96, {})


# --- reduced decoding ------------------------------------------------------------------------------------------------


def test_a_reduced_jpeg_keeps_its_true_size_and_look(tmp_path: Path) -> None:
    path = written(tmp_path / "large.jpg", encoded(scene(1600, 1200), quality=90))
    full, reduced = open_picture(path), open_picture(path, smallest_side=256)
    assert (reduced.width, reduced.height) == (full.width, full.height) == (1600, 1200)
    assert reduced.pixels.shape == (300, 400, 3)
    twin = np.asarray(Image.fromarray(full.pixels).resize((400, 300), Image.Resampling.BOX))
    assert difference(reduced.pixels, twin) < 2


@pytest.mark.parametrize("size", [(300, 200), (511, 511), (256, 3000)])
def test_reduced_decoding_leaves_at_least_the_pixels_asked_for(tmp_path: Path, size: tuple[int, int]) -> None:
    path = written(tmp_path / "a.jpg", encoded(scene(*size)))
    assert min(open_picture(path, smallest_side=256).pixels.shape[:2]) >= min(256, *size)


def test_a_reduced_jpeg_is_turned_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = open_picture(written(tmp_path / "a.jpg", encoded(scene(1600, 1200), exif=exif)), smallest_side=256)
    assert (picture.width, picture.height) == (1200, 1600)
    assert picture.pixels.shape == (400, 300, 3)


def test_a_thumbnail_is_small_upright_and_without_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x010F] = 6, "Make"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    path = written(tmp_path / "a.jpg", encoded(scene(800, 600), exif=exif, comment=b"secret"))
    data = thumbnail(path, longest=128)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (96, 128))
        assert len(image.getexif()) == 0
        assert not {"exif", "comment", "icc_profile", "photoshop", "xmp"} & set(image.info)
    assert b"Exif" not in data
    assert b"secret" not in data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_a_thumbnail_never_says_where_it_was_taken(tmp_path: Path, form: str) -> None:
    exif = exif_of(6, place=True)
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>SECRETPLACE</exif:GPSLatitude></x:xmpmeta>'
    more: dict[str, object] = {} if form == "HEIC" else {"xmp": packet}
    if form == "JPEG":
        more["comment"] = b"SECRETPLACE"
    image = stored(scene(), 6)
    data = heic(image, exif=exif) if form == "HEIC" else encoded(image, form, exif=exif, **more)
    assert b"SECRETPLACE" in data
    small = thumbnail(written(tmp_path / "a", data), longest=64)
    assert not any(word in small for word in (b"SECRETPLACE", b"Exif", b"GPS", b"http", b"Maker", b"xmp", b"ICC"))
    with Image.open(io.BytesIO(small)) as shown:
        assert shown.size == (64, 43)
        assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert len(shown.getexif()) == 0


# --- the quick way for plain JPEGs -----------------------------------------------------------------------------------

JPEGS: dict[str, tuple[str, dict[str, object]]] = {
    "4:2:0": ("RGB", {"quality": 75}),
    "4:2:2": ("RGB", {"subsampling": 1}),
    "4:4:4": ("RGB", {"subsampling": 0, "quality": 97}),
    "4:1:1": ("RGB", {"subsampling": "4:1:1"}),
    "progressive": ("RGB", {"progressive": True}),
    "restart markers": ("RGB", {"restart_marker_blocks": 3}),
    "stored as RGB": ("RGB", {"keep_rgb": True}),
    "grey": ("L", {}),
}


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_a_plain_jpeg_has_the_very_pixels_that_pillow_gives(kind: str, scale: int) -> None:
    mode, options = JPEGS[kind]
    data = encoded(scene(405, 299).convert(mode), **options)
    with Image.open(io.BytesIO(data)) as image:
        if scale > 1:
            image.draft(None, (405 // scale, 299 // scale))
        expected = np.asarray(image.convert("RGB"))
    picture = decode(data, smallest_side=299 // scale)
    assert (picture.width, picture.height) == (405, 299)
    assert picture.pixels.shape == (-(-299 // scale), -(-405 // scale), 3)
    assert (picture.pixels == expected).all()
    assert picture.flags == (("grey",) if mode == "L" else ())


def test_without_opencv_the_pixels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(stored(scene(500, 300), 6), exif=exif_of(6))
    quick = decode(data, smallest_side=100)
    monkeypatch.setattr("embeddings.images.can_silence", lambda: False)
    slow = decode(data, smallest_side=100)
    assert (quick.pixels == slow.pixels).all()
    assert (quick.width, quick.height, quick.flags) == (slow.width, slow.height, slow.flags)


def test_the_pixels_may_be_kept_and_passed_on() -> None:
    for turn in (1, 6):
        pixels = decode(encoded(scene(), exif=exif_of(turn))).pixels
        assert pixels.flags.c_contiguous
        assert pixels.dtype == np.uint8


DAMAGED = """
import sys
from embeddings.images import decode
decode(sys.stdin.buffer.read())
sys.stderr.write("said by Python")
"""


def test_a_damaged_scan_prints_nothing() -> None:
    data = encoded(scene(400, 300), quality=95)
    broken = data[: len(data) // 2] + b"\xff\xd9"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", DAMAGED], input=broken, capture_output=True, cwd=root, check=True)
    assert done.stderr == b"said by Python"


def test_c_output_is_heard_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    import ctypes

    if not can_silence():
        pytest.skip("this C library hides its stderr")
    library = ctypes.CDLL(None)
    with silent_c_stderr():
        with silent_c_stderr():
            library.perror(b"one")
        library.perror(b"two")  # as another thread that is still inside
    library.perror(b"three")
    heard = capfd.readouterr().err
    assert "three" in heard
    assert "one" not in heard
    assert "two" not in heard


@pytest.mark.parametrize(
    ("size", "side", "scale"),
    [((800, 600), None, 1), ((800, 600), 601, 1), ((800, 600), 300, 2), ((800, 600), 75, 8), ((800, 600), 1, 8)],
)
def test_the_scale_leaves_what_was_asked_for(size: tuple[int, int], side: int | None, scale: int) -> None:
    assert scale_for(*size, side) == scale


def test_where_a_jpeg_ends() -> None:
    data = encoded(scene())
    assert ends(data)
    assert ends(data + bytes(500))
    assert not ends(data[:-2])
    assert not ends(data[:-2] + bytes(500))
    assert not ends(b"\xff\xd8\xff")


# --- bytes handed over -----------------------------------------------------------------------------------------------


def test_bytes_are_decoded_as_the_file_is(tmp_path: Path) -> None:
    data = encoded(scene())
    path = written(tmp_path / "a.jpg", data)
    picture, twin = open_picture(path), decode(data)
    assert (picture.pixels == twin.pixels).all()
    assert picture.sha256 == twin.sha256
    assert decode(data, digest="known").sha256 == "known"
    with pytest.raises(Unreadable, match="expected a JPEG"):
        decode(b"")


def test_formats_and_endings() -> None:
    assert {*BY_PILLOW, "HEIF"} == set(FORMATS)
    assert {".heic", ".heif", ".jpg", ".png"} <= ENDINGS
    assert all(ending.startswith(".") and ending.islower() for ending in ENDINGS)
