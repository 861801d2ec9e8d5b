"""What a JPEG's bytes say, and the quick way of decoding plain ones: the very pixels that Pillow gives."""

import io

import numpy as np
import pytest
from PIL import Image

from embeddings.images import decode
from embeddings.jpeg import ends, scale_for
from tests.embeddings.pictures import (
    encoded,
    exif_of,
    scene,
    stored,
)

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
