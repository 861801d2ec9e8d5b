"""Odd and damaged files of each format, by what their bytes promise: the right pixels or a reason, never a crash."""

import contextlib
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings.images import Unreadable, decode
from tests.embeddings.pictures import (
    chunk,
    encoded,
    scene,
)


def frame(data: bytes) -> tuple[int, bytes]:
    """Where the frame header stands, and the header."""
    at = data.index(b"\xff\xc0")
    return at, data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]


def test_a_second_frame_header_fools_nobody() -> None:
    data = encoded(scene())
    at, header = frame(data)
    huge = header[:5] + struct.pack(">HH", 60_000, 60_000) + header[9:]
    small = header[:5] + struct.pack(">HH", 8, 8) + header[9:]
    for both in (header + huge, huge + header, header + small, small + header):
        with pytest.raises(Unreadable):
            decode(data[:at] + both + data[at + len(header) :])


@pytest.mark.parametrize(
    ("what", "at", "value"),
    [("12 bits", 4, b"\x0c"), ("no height", 5, b"\0\0"), ("no width", 7, b"\0\0"), ("no components", 9, b"\0")],
)
def test_an_impossible_frame_header_is_refused(what: str, at: int, value: bytes) -> None:
    data = encoded(scene())
    start, _ = frame(data)
    with pytest.raises(Unreadable):
        decode(data[: start + at] + value + data[start + at + len(value) :])


@pytest.mark.parametrize("process", [0xC3, 0xC5, 0xC7, 0xCB])
def test_lossless_and_hierarchical_labels_are_refused(process: int) -> None:
    data = bytearray(encoded(scene()))
    data[frame(bytes(data))[0] + 1] = process
    with pytest.raises(Unreadable):
        decode(bytes(data))


def test_arithmetic_coding_gives_a_picture_or_a_reason() -> None:
    data = bytearray(encoded(scene()))
    data[frame(bytes(data))[0] + 1] = 0xC9  # the scan is no arithmetic code, so what it shows is noise of that size
    assert decode(bytes(data)).pixels.shape == (64, 96, 3)


def test_metadata_of_any_size_and_kind_is_stepped_over() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + b"x" * 60_000
    data = encoded(scene(), exif=exif, comment=b"y" * 60_000)
    more = b"".join(
        b"\xff" + bytes((marker,)) + struct.pack(">H", 65_000) + bytes(64_998) for marker in range(0xE2, 0xF0)
    )
    picture = decode(data[:2] + more * 3 + data[2:])
    assert (picture.pixels == decode(encoded(scene())).pixels).all()


def test_inverted_ink_of_adobe_files_is_seen_right() -> None:
    ink = Image.new("CMYK", (16, 16), (0, 220, 220, 30))  # Pillow writes CMYK as Adobe does: inverted, with its marker
    data = encoded(ink, quality=98)
    assert b"Adobe" in data
    picture = decode(data)
    assert np.abs(picture.pixels.astype(int) - np.asarray(ink.convert("RGB"))).max() <= 3
    assert picture.pixels[0, 0, 0] > 200


def png(width: int, height: int, body: bytes, *, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, int(interlaced))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_png_with_a_wrong_checksum_is_refused() -> None:
    good = encoded(scene(), "PNG")
    for at in (29, len(good) - 18):  # in the checksums of the header and of the packed rows
        bad = bytearray(good)
        bad[at] ^= 1
        with pytest.raises(Unreadable):
            decode(bytes(bad))


def test_an_interlaced_png() -> None:
    grey = np.arange(99, dtype=np.uint8).reshape(9, 11)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [row.tobytes() for x, y, dx, dy in passes for row in grey[y::dy, x::dx] if row.size]
    picture = decode(png(11, 9, b"".join(b"\0" + row for row in rows), interlaced=True))
    assert (picture.pixels[:, :, 0] == grey).all()


def test_a_png_without_pixels_or_with_too_few_is_refused() -> None:
    for data in (png(0, 5, b""), png(5, 0, b""), png(50, 50, bytes(100))):
        with pytest.raises(Unreadable):
            decode(data)


def test_a_png_whose_text_unpacks_to_gigabytes_costs_nothing() -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    good = encoded(scene(), "PNG")
    bad = good[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + good[33:]
    with pytest.raises(Unreadable):
        decode(bad)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_tiff_compressions(compression: str) -> None:
    picture = decode(encoded(scene(), "TIFF", compression=compression))
    assert np.abs(picture.pixels.astype(int) - np.asarray(scene())).mean() < (3 if compression == "jpeg" else 1e-9)


def test_a_fax_page() -> None:
    page = scene().convert("1")
    assert (decode(encoded(page, "TIFF", compression="group4")).pixels[:, :, 0] == np.asarray(page) * 255).all()


def tiff(values: NDArray[np.generic], extra: dict[int, tuple[int, int]], strips: list[bytes]) -> bytes:
    """A little-endian TIFF with the strips or tiles given; tags as (type, value)."""
    tags = {256: (4, values.shape[1]), 257: (4, values.shape[0]), 259: (3, 1), 277: (3, values.shape[2])} | extra
    body, offsets = b"", []
    for strip in strips:
        offsets.append(8 + len(body))
        body += strip
    lists = {}
    for name, numbers in (("offsets", offsets), ("counts", [len(strip) for strip in strips])):
        lists[name] = 8 + len(body)
        body += struct.pack(f"<{len(numbers)}I", *numbers)
    bits = 8 + len(body)
    body += struct.pack("<3H", *[values.dtype.itemsize * 8] * 3)
    tiled = 322 in extra
    entries = {tag: (kind, 1, value) for tag, (kind, value) in tags.items()}
    entries[258] = (3, 3, bits)
    alone = len(strips) == 1  # a single number stands in the entry itself
    entries[324 if tiled else 273] = (4, len(strips), offsets[0] if alone else lists["offsets"])
    entries[325 if tiled else 279] = (4, len(strips), len(strips[0]) if alone else lists["counts"])
    table = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(entries)) + table + bytes(4)


def test_planes_and_tiles() -> None:
    values = np.asarray(scene(64, 48))
    planes = [values[:, :, band].tobytes() for band in range(3)]
    planar = tiff(values, {262: (3, 2), 278: (4, 48), 284: (3, 2)}, planes)
    assert (decode(planar).pixels == values).all()
    tiles = [values[y : y + 16, x : x + 16].tobytes() for y in range(0, 48, 16) for x in range(0, 64, 16)]
    tiled = tiff(values, {262: (3, 2), 322: (3, 16), 323: (3, 16)}, tiles)
    assert (decode(tiled).pixels == values).all()


def test_sixteen_bit_colour_in_a_tiff_is_scaled() -> None:
    values = np.full((8, 8, 3), 30_000, np.uint16)
    picture = decode(tiff(values, {262: (3, 2), 278: (4, 8)}, [values.tobytes()]))
    assert np.abs(picture.pixels.astype(int) - 117).max() <= 0
    assert "16-bit" in picture.flags


def test_what_pillow_logs_reaches_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    values = np.zeros((8, 8, 3), np.uint8)
    data = bytearray(tiff(values, {262: (3, 2), 278: (4, 8)}, [values.tobytes()]))
    at = data.index(struct.pack("<HHI", 277, 3, 1)) + 8
    data[at : at + 2] = struct.pack("<H", 40_000)  # samples per pixel
    with pytest.raises(Unreadable):
        decode(bytes(data))
    assert capfd.readouterr().err == ""


def test_a_tiff_that_points_at_itself_ends() -> None:
    data = bytearray(encoded(scene(), "TIFF"))
    (offset,) = struct.unpack("<I", data[4:8])
    end = offset + 2 + 12 * data[offset]
    data[end : end + 4] = struct.pack("<I", offset)  # the page after the first is the first
    assert decode(bytes(data)).width == 96


def bmp(width: int, height: int, body: bytes) -> bytes:
    palette = b"".join(bytes((i, i, i, 0)) for i in range(256))
    start = 54 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + palette + body


def test_a_bmp_of_runs() -> None:
    picture = decode(bmp(4, 2, b"\x04\x0a\x00\x00\x04\x14\x00\x01"))  # four tens, end of line, four twenties
    assert picture.pixels[:, :, 0].tolist() == [[20] * 4, [10] * 4]


@pytest.mark.parametrize("body", [b"\xff\x0a" * 1000, b"\x00\x02\xff\xff", b"\x00\xff", b"\x04\x0a"])
def test_runs_that_leave_a_bmp_give_a_reason_or_a_picture(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert decode(bmp(4, 2, body)).pixels.shape == (2, 4, 3)


@pytest.mark.parametrize(("height", "fine"), [(-64, True), (0, False), (-(2**31), False), (2**31 - 1, False)])
def test_heights_of_a_bmp(height: int, fine: bool) -> None:
    data = bytearray(encoded(scene(), "BMP"))
    data[22:26] = struct.pack("<i", height)
    if fine:  # the same rows from the top
        assert (decode(bytes(data)).pixels[::-1] == np.asarray(scene())).all()
        return
    with pytest.raises(Unreadable):
        decode(bytes(data))


@pytest.mark.parametrize("place", [(60_000, 60_000, 16, 16), (0, 0, 65_535, 65_535), (0, 0, 0, 0)])
def test_a_gif_frame_off_its_canvas_is_refused(place: tuple[int, int, int, int]) -> None:
    data = bytearray(encoded(Image.new("P", (16, 16), 1), "GIF"))
    at = data.index(b",", 13) + 1
    data[at : at + 8] = struct.pack("<4H", *place)
    with pytest.raises(Unreadable):
        decode(bytes(data))


def test_a_small_file_with_gigantic_tiles_takes_no_memory() -> None:
    import resource

    values = np.zeros((16, 16, 3), np.uint8)  # one tile of 1.2 GB, packed by LZW
    bomb = tiff(values, {262: (3, 2), 322: (4, 20_000), 323: (4, 20_000), 259: (3, 5)}, [b"\x80\x00\x00"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreadable, match="20000 × 20000"):
        decode(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
