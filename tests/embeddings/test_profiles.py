"""Embedded colour profiles: numbers worked out by hand from the primaries, and damage that is ignored."""

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from embeddings.images import decode, thumbnail
from embeddings.profiles import to_srgb
from tests.embeddings.pictures import (
    P3,
    RED,
    SRGB,
    encoded,
    exif_of,
    gamma,
    heic,
    profile,
    rgb_profile,
    scene,
    stored,
    with_profile,
    written,
    xyz,
)

COLOURS = [(180, 90, 60), (60, 150, 90), (90, 80, 170), (128, 128, 128), (255, 255, 255), (0, 0, 0)]


def by_hand(colour: tuple[int, int, int]) -> NDArray[np.float64]:
    """Display P3 with gamma 2.2 to sRGB (IEC 61966-2-1)."""
    light = np.linalg.inv(SRGB) @ P3 @ (np.array(colour) / 255) ** 2.2
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def flat(colour: tuple[int, ...], mode: str = "RGB", size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new(mode, size, colour)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "HEIC"])
def test_display_p3_is_shown_as_a_person_sees_it(form: str, colour: tuple[int, int, int]) -> None:
    image = with_profile(flat(colour), rgb_profile(P3))
    options: dict[str, object] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 98, "subsampling": 0}}.get(form, {})
    icc = image.info["icc_profile"]
    data = heic(image) if form == "HEIC" else encoded(image, form, icc_profile=icc, **options)
    picture = decode(data)
    assert "profile" in picture.flags
    assert np.abs(picture.pixels[8, 8] - by_hand(colour)).max() <= (3 if form in ("JPEG", "HEIC") else 2)
    plain = np.abs(by_hand(colour) - colour).max()
    assert plain > 5 or len(set(colour)) == 1  # the colours would visibly be wrong without the profile


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_srgb_under_any_name_changes_nothing(form: str) -> None:
    for data in (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b""):
        picture = decode(encoded(scene(), form, icc_profile=data))
        assert picture.flags == ()
        assert (picture.pixels == decode(encoded(scene(), form)).pixels).all()


def test_a_grey_profile() -> None:
    # Linear light: 90 / 255 = 0.353 is encoded in sRGB as 1.055 x 0.353^(1 / 2.4) - 0.055 = 0.629, or 160 of 255.
    linear = profile(b"GRAY", {b"wtpt": xyz(0.9642, 1, 0.8249), b"kTRC": gamma(1.0)})
    for form in ("PNG", "JPEG"):
        picture = decode(encoded(flat((90,), "L"), form, icc_profile=linear))
        assert np.abs(picture.pixels.astype(int) - 160).max() <= 1
        assert picture.flags == ("grey", "profile")


def test_alpha_and_palette_keep_their_meaning() -> None:
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:2], rgba[2:] = (180, 90, 60, 255), (180, 90, 60, 0)
    picture = decode(encoded(Image.fromarray(rgba), "PNG", icc_profile=rgb_profile(P3)))
    assert picture.flags == ("alpha", "profile")
    assert np.abs(picture.pixels[0, 0] - by_hand((180, 90, 60))).max() <= 2
    assert (picture.pixels[3] == 255).all()
    picture = decode(encoded(flat((180, 90, 60)).quantize(4), "PNG", icc_profile=rgb_profile(P3)))
    assert picture.flags == ("palette", "profile")
    assert np.abs(picture.pixels[0, 0] - by_hand((180, 90, 60))).max() <= 2


def ink_profile() -> bytes:
    """A printer's profile in which only black ink darkens and the others leave the paper white (lut8Type, to Lab)."""
    identity = bytes(range(256))
    nodes = b"".join(bytes((0 if node & 1 else 255, 128, 128)) for node in range(16))  # black is the fastest index
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + identity * 4 + nodes + identity * 3
    return profile(b"CMYK", {b"A2B0": table}, b"Lab ", b"prtr")


def test_a_printers_profile() -> None:
    cyan = flat((255, 0, 0, 0), "CMYK")
    assert decode(encoded(cyan, "TIFF")).pixels[0, 0].tolist() == [0, 255, 255]
    for form in ("JPEG", "TIFF"):
        picture = decode(encoded(cyan, form, icc_profile=ink_profile()))
        assert picture.pixels[0, 0].min() >= 253
        assert picture.flags == ("cmyk", "profile")
        assert decode(encoded(flat((0, 0, 0, 255), "CMYK"), form, icc_profile=ink_profile())).pixels.max() <= 2


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 600,
        b"abc",
        rgb_profile(P3)[:200],
        rgb_profile(P3)[:-40],
        rgb_profile(P3).replace(b"acsp", b"\xff\xff\xff\xff"),
        rgb_profile(P3).replace(b"RGB ", b"CMYK"),
        rgb_profile(P3).replace(b"mntr", b"link"),
        bytes(5_000_000),
    ],
    ids=["zeros", "short", "header only", "cut", "no signature", "other colours", "device link", "huge"],
)
def test_a_damaged_or_foreign_profile_is_ignored(data: bytes) -> None:
    for form in ("JPEG", "PNG", "TIFF"):
        if form == "PNG" and len(data) > 1_000_000:
            continue  # Pillow takes at most a megabyte out of a PNG's profile
        picture = decode(encoded(flat(RED), form, icc_profile=data, **({"quality": 98} if form == "JPEG" else {})))
        assert np.abs(picture.pixels.astype(int) - RED).max() <= 2
        assert picture.flags == ()


def test_flipped_bytes_of_a_profile_spoil_no_picture() -> None:
    rng = np.random.default_rng(3)
    for good, image in ((rgb_profile(P3), flat(RED)), (ink_profile(), flat((9, 9, 9, 9), "CMYK"))):
        for _ in range(100):
            bad = bytearray(good)
            for at in rng.integers(0, len(bad), 4):
                bad[at] = int(rng.integers(256))
            shown = to_srgb(with_profile(image, bytes(bad)))
            assert shown is None or (shown.mode, shown.size) == ("RGB", image.size)


def test_a_turned_and_reduced_phone_picture_with_a_profile() -> None:
    image = stored(flat((180, 90, 60), size=(1200, 1600)), 6)
    picture = decode(encoded(image, icc_profile=rgb_profile(P3), exif=exif_of(6), quality=95), smallest_side=256)
    assert (picture.width, picture.height, picture.pixels.shape) == (1200, 1600, (400, 300, 3))
    assert picture.flags == ("profile", "rotated")
    assert np.abs(picture.pixels[200, 150] - by_hand((180, 90, 60))).max() <= 3


def test_a_thumbnail_carries_converted_colours_and_no_profile(tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", encoded(flat((180, 90, 60)), "PNG", icc_profile=rgb_profile(P3)))
    data = thumbnail(path)
    assert b"ICC_PROFILE" not in data
    assert np.abs(decode(data).pixels[8, 8] - by_hand((180, 90, 60))).max() <= 4
