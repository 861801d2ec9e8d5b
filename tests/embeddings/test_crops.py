"""Boxes cut out of a picture hold its pixels, are clipped to it, and are the same every time."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embeddings.crops import cut


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Left half red, right half blue, 40 × 20."""
    pixels = np.zeros((20, 40, 3), dtype=np.uint8)
    pixels[:, :20, 0], pixels[:, 20:, 2] = 200, 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)), dtype=np.int64)


def test_a_box_holds_the_pixels_of_its_place(picture: Path) -> None:
    red, blue = cut(picture, [(2.0, 3.0, 10.0, 8.0), (24.5, 0.0, 10.2, 20.0)])
    assert opened(red).shape == (8, 10, 3)
    assert abs(opened(red) - [200, 0, 0]).max() <= 3
    assert opened(blue).shape == (20, 11, 3)  # from 24 to 35: widened to whole pixels
    assert abs(opened(blue) - [0, 0, 200]).max() <= 3


def test_what_sticks_out_is_clipped_and_what_lies_outside_is_refused(picture: Path) -> None:
    assert opened(cut(picture, [(-5.0, -5.0, 10.0, 10.0)])[0]).shape == (5, 5, 3)
    with pytest.raises(ValueError, match="outside a picture of 40 × 20"):
        cut(picture, [(50.0, 0.0, 5.0, 5.0)])


def test_the_same_box_gives_the_same_bytes_without_metadata(picture: Path) -> None:
    once, again = cut(picture, [(2.0, 3.0, 10.0, 8.0)])[0], cut(picture, [(2.0, 3.0, 10.0, 8.0)])[0]
    assert once == again
    assert not Image.open(io.BytesIO(once)).getexif()
