"""From pixels to inputs, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.embedded import EmbeddedEncoder
from embeddings.preparation import Preparation, other_fits, other_scalings, scaled_by

PLAIN = np.full((40, 60, 3), (255, 127, 0), dtype=np.uint8)


def test_scalings_by_hand() -> None:
    base = Preparation(8, 8, layout="nhwc")
    assert base(PLAIN)[0, 0].tolist() == pytest.approx([1, 127 / 255, 0])
    assert scaled_by(base, "-1-1")(PLAIN)[0, 0].tolist() == pytest.approx([1, -0.5 / 127.5, -1])
    assert scaled_by(base, "0-255", "bgr")(PLAIN)[0, 0].tolist() == [0, 127, 255]
    imagenet = (np.array([1, 127 / 255, 0]) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert scaled_by(base, "imagenet")(PLAIN)[0, 0].tolist() == pytest.approx(imagenet.tolist(), abs=1e-5)
    grey = replace(base, order="grey")(PLAIN)
    assert grey.shape == (8, 8, 1)
    assert grey[0, 0, 0] == pytest.approx((0.299 * 255 + 0.587 * 127) / 255, abs=1e-6)


def test_shapes_and_kinds() -> None:
    for layout, shape in (("nchw", (3, 6, 10)), ("nhwc", (6, 10, 3))):
        for dtype in ("float32", "float16", "uint8"):
            made = Preparation(10, 6, layout=layout, dtype=dtype)(PLAIN)  # type: ignore[arg-type]
            assert (made.shape, made.dtype) == (shape, np.dtype(dtype))


def test_crop_keeps_the_middle_stretch_keeps_all_pad_adds_bars() -> None:
    pixels = np.zeros((40, 80, 3), dtype=np.uint8)
    pixels[:, :20], pixels[:, 60:] = 200, 100  # outside the central square of 40
    base = scaled_by(Preparation(8, 8, layout="nhwc", kept=1.0), "0-255")
    assert base(pixels).max() == 0
    stretched = replace(base, fit="stretch")(pixels)
    assert (stretched[0, 0, 0], stretched[0, 3, 0], stretched[0, -1, 0]) == (200, 0, 100)
    padded = replace(base, fit="pad")(pixels + 50)
    assert padded[:2].max() == 0
    assert padded[-2:].max() == 0
    assert padded[4].min() == 50


def test_strips_and_single_pixels_are_prepared() -> None:
    for shape in ((1, 5000, 3), (5000, 1, 3), (1, 1, 3)):
        for fit in ("crop", "stretch", "pad"):
            made = Preparation(16, 16, fit=fit)(np.full(shape, 9, dtype=np.uint8))  # type: ignore[arg-type]
            assert made.shape == (3, 16, 16)


def test_the_usual_crop_is_the_embedded_encoders(tmp_path_factory: pytest.TempPathFactory) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 420, 3), dtype=np.uint8)
    own = Preparation(224, 224, layout="nhwc", dtype="uint8")(pixels)
    assert (own == EmbeddedEncoder(tmp_path_factory.mktemp("none")).prepare(pixels)).all()


def test_alternatives_leave_out_the_given_one() -> None:
    base = Preparation(8, 8)
    assert base not in other_scalings(base)
    assert len(set(other_scalings(base))) == 9
    assert [one.order for one in other_scalings(replace(base, dtype="uint8"))] == ["bgr"]
    assert all(one.order == "grey" for one in other_scalings(replace(base, order="grey")))
    assert len(other_fits(base)) == 3
    assert len(other_fits(replace(base, fit="stretch"))) == 3


def test_kept_as_json_and_in_words() -> None:
    base = scaled_by(Preparation(8, 6, fit="pad", layout="nhwc"), "imagenet", "bgr")
    assert Preparation.from_json(base.to_json()) == base
    assert (
        base.text == "BGR, scaled by ImageNet's mean and deviation; the whole picture fitted into 8 × 6 with black bars"
    )
    assert "less 1/2/3, divided by 4" in replace(base, mean=(1, 2, 3), std=(4, 4, 4)).text
    assert replace(base, fit="crop", kept=0.5).side == 16
