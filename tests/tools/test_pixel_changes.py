"""A property comes near the value asked for; controls are as large a change and leave it where it was."""

import numpy as np
import pytest

from embeddings.properties import measure
from tools.pixel_changes import CHANGEABLE, changed, equal_changes


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :128]
    base = 110 + 40 * np.sin(x / 9) + 20 * np.cos(y / 7)
    colours = np.stack([base * 1.1, base * 0.9, base * 0.7], axis=-1)
    return np.clip(colours + rng.normal(0, 6, colours.shape), 0, 255).astype(np.uint8)


TARGETS = {
    "brightness": 0.55,
    "contrast": 0.18,
    "saturation": 0.25,
    "warmth": 0.0,
    "border_brightness": 0.6,
    "border_saturation": 0.15,
    "centre_difference": 0.15,
}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_property_comes_near_its_target(pixels: np.ndarray, name: str) -> None:
    before, after = measure(pixels)[name], measure(changed(pixels, name, TARGETS[name]))[name]
    assert abs(after - TARGETS[name]) < 0.15 * abs(before - TARGETS[name])


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_sharpness_goes_either_way(pixels: np.ndarray, factor: float) -> None:
    before = measure(pixels)["sharpness"]
    after = measure(changed(pixels, "sharpness", factor * before))["sharpness"]
    assert abs(np.log(after / before / factor)) < 0.5 * abs(np.log(factor))


def test_a_border_change_leaves_the_middle(pixels: np.ndarray) -> None:
    out = changed(pixels, "border_brightness", 0.7)
    assert (out[12:-12, 12:-12] == pixels[12:-12, 12:-12]).all()
    assert (out[:5] != pixels[:5]).any()


def test_controls_are_as_large_and_leave_the_property(pixels: np.ndarray) -> None:
    other = changed(pixels, "brightness", 0.55)
    size = np.sqrt(np.mean((other.astype(float) - pixels) ** 2))
    moved = measure(other)["brightness"] - measure(pixels)["brightness"]
    controls = equal_changes(pixels, other, np.random.default_rng(0), 8)
    assert len(controls) == 8
    for control in controls:
        assert np.sqrt(np.mean((control.astype(float) - pixels) ** 2)) == pytest.approx(size, rel=0.1)
        assert abs(measure(control)["brightness"] - measure(pixels)["brightness"]) < 0.15 * abs(moved)


def test_what_cannot_be_changed_alone_is_refused(pixels: np.ndarray) -> None:
    assert "entropy" not in CHANGEABLE
    with pytest.raises(ValueError, match="expected one of"):
        changed(pixels, "entropy", 5.0)
