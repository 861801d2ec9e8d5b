"""Single pictures: the thing named is in the picture, in its colour and place."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.demo.fruit import APPLES, CITRUS
from app.demo.photo import SIDE
from app.demo.scenes import SETTINGS, Scene, render


def shown(kind: str, setting: str | None = None, *, dark: bool = False, seed: int = 0) -> NDArray[np.float64]:
    data = render(Scene(kind, setting, dark, (11, seed)))
    return np.asarray(Image.open(BytesIO(data)), dtype=np.float64)


def middle(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    cut = slice(SIDE // 2 - 24, SIDE // 2 + 24)
    return np.median(picture[cut, cut].reshape(-1, 3), axis=0)


@pytest.mark.parametrize("kind", APPLES + CITRUS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_fruit_can_be_drawn_everywhere(kind: str, setting: str) -> None:
    picture = shown(kind, setting)
    assert picture.shape == (SIDE, SIDE, 3)
    assert picture.std() > 15


def test_red_apples_are_redder_than_limes_are() -> None:
    red = [middle(shown("red apple", "table", seed=seed)) for seed in range(6)]
    lime = [middle(shown("lime", "table", seed=seed)) for seed in range(6)]
    assert np.mean([r - g for r, g, _ in red]) > 40
    assert np.mean([r - g for r, g, _ in lime]) < 0


def test_burnt_cookies_are_much_darker_than_golden_ones() -> None:
    golden = np.mean([middle(shown("golden", seed=seed)).mean() for seed in range(8)])
    burnt = np.mean([middle(shown("burnt", seed=seed)).mean() for seed in range(8)])
    assert burnt < 0.65 * golden


def test_a_plate_brings_white_to_a_table() -> None:
    def pale(picture: NDArray[np.float64]) -> float:
        return float(np.mean((picture.min(axis=-1) > 150) & (np.ptp(picture, axis=-1) < 45)))

    plates = np.mean([pale(shown("orange", "plate", seed=seed)) for seed in range(8)])
    tables = np.mean([pale(shown("orange", "table", seed=seed)) for seed in range(8)])
    assert plates > tables + 0.15


def test_dark_pictures_keep_their_scene_but_lose_their_light() -> None:
    light, dark = shown("orange", "plate"), shown("orange", "plate", dark=True)
    assert dark.mean() < 0.5 * light.mean()
    assert np.corrcoef(light.mean(axis=-1).ravel(), dark.mean(axis=-1).ravel())[0, 1] > 0.6


def test_a_scene_is_drawn_the_same_twice_and_by_its_seed_alone() -> None:
    scene = Scene("lemon", "hand", False, (1, 2, 3))
    assert render(scene) == render(scene)
    assert render(scene) != render(Scene("lemon", "hand", False, (1, 2, 4)))
