"""Pictures as a person sees them, whole, reduced or as thumbnails; each file is written on the fly."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings.images import (
    BY_PILLOW,
    ENDINGS,
    FORMATS,
    Limits,
    Unreadable,
    decode,
    header_sizes,
    open_picture,
    thumbnail,
    upright_size,
)
from tests.embeddings.pictures import (
    ORIENTATION,
    RED,
    chunk,
    encoded,
    exif_of,
    heic,
    png_of_zeros,
    scene,
    stored,
    written,
)


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


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


# --- sizes without pixels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_header_tells_the_stored_and_the_upright_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, turn: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    file = written(tmp_path / "turned", encoded(stored(scene(), turn), form, exif=exif))
    plain = written(tmp_path / "plain", encoded(scene(), form))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", no_pixels)
    assert header_sizes(file, root=tmp_path) == ((96, 64) if turn < 5 else (64, 96), (96, 64))
    assert upright_size(plain) == (96, 64)


def no_pixels(*_: object) -> None:
    raise AssertionError("a picture was decoded to learn its size")


@pytest.mark.parametrize("turn", [1, 6, 8])
def test_a_heic_and_a_png_with_its_exif_at_the_end_have_the_size_that_decoding_gives(tmp_path: Path, turn: int) -> None:
    late = encoded(stored(scene(), turn), "PNG")
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    block = chunk(b"eXIf", exif.tobytes()[6:])
    for name, data in (
        ("a.heic", heic(stored(scene(), turn), exif=exif_of(turn))),
        ("b.png", late[:-12] + block + late[-12:]),
    ):
        file = written(tmp_path / name, data)
        picture = open_picture(file)
        assert upright_size(file) == (picture.width, picture.height) == (96, 64)


def test_what_no_size_can_be_told_of_is_refused_with_the_reason(tmp_path: Path) -> None:
    big = written(tmp_path / "big.png", png_of_zeros(9000, 9000))
    for file, limits, reason in (
        (written(tmp_path / "a.jpg", b"only text"), Limits(), "saw text"),
        (written(tmp_path / "b.jpg", b""), Limits(), "expected a"),
        (written(tmp_path / "c.jpg", encoded(scene())[:30]), Limits(), "cut short"),
        (big, Limits(), "at most 64 megapixels"),
        (big, Limits(megabytes=0.01), "at most 0.01 MB"),
        (tmp_path / "none.jpg", Limits(), "no such file"),
        (tmp_path, Limits(), "saw a folder"),
    ):
        with pytest.raises(Unreadable, match=reason):
            upright_size(file, limits=limits)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.png").symlink_to(big)
    with pytest.raises(Unreadable, match="leads out"):
        upright_size(tmp_path / "in" / "link.png", root=tmp_path / "in")
