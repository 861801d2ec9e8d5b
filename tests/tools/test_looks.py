"""Drawn pictures, opened again: plain and busy backdrops, clutter, patches, one camera."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embeddings.scenery import scenery
from tests.embeddings.pictures import encoded, written
from tools.audit import run_check
from tools.case import Case
from tools.checks.fixed_camera import cameras_by_frame
from tools.findings import Scope
from tools.importing import import_dataset
from tools.registry import find_check
from tools.settings import Settings
from tools.workspace import Workspace

SIDE = 160


def backdrop(rng: np.random.Generator, busy: bool) -> np.ndarray:
    if not busy:
        return rng.normal(205, 4, (SIDE, SIDE, 3))
    return rng.uniform(20, 235, (16, 16, 3)).repeat(10, axis=0).repeat(10, axis=1)


def disc(pixels: np.ndarray, colour: tuple[int, int, int], x: int, y: int, radius: int) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    pixels[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = colour


def whole(pixels: np.ndarray) -> np.ndarray:
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Discs: blue ones before a plain wall, red ones before busy places of their own, green ones by one camera."""
    folder = tmp_path_factory.mktemp("looks")
    rng = np.random.default_rng(0)
    one_place = backdrop(rng, busy=True)
    for name, colour in (("blue", (30, 40, 200)), ("green", (30, 160, 40)), ("red", (200, 40, 30))):
        for i in range(8):
            pixels = one_place.copy() if name == "green" else backdrop(rng, busy=name == "red")
            x, y = rng.integers(65, 95, 2)
            shade = tuple(int(v) for v in np.clip(np.array(colour) + rng.integers(-30, 30, 3), 0, 255))
            disc(pixels, shade, int(x), int(y), int(rng.integers(30, 45)))  # type: ignore[arg-type]
            place = folder / "photos" / name
            place.mkdir(parents=True, exist_ok=True)
            written(place / f"{i}.png", encoded(Image.fromarray(whole(pixels + rng.normal(0, 3))), "PNG"))
    settings = Settings(workspace=folder / "ws", encoder="embedded", threads=2)
    workspace = Workspace.open(folder / "ws")
    import_dataset(workspace, folder / "photos", settings)
    return workspace.case(settings)


def of_class(case: Case, name: str) -> np.ndarray:
    return case.targets[case.derived.parts.looks.rows] == case.number(name)


def test_plain_and_busy_backdrops_are_told_apart(case: Case) -> None:
    seen = case.derived.parts.looks
    assert len(seen.rows) == 24
    blue, red = of_class(case, "blue"), of_class(case, "red")
    assert seen.spread[blue].max() < 12 < seen.spread[red].min()
    assert seen.edges[blue].max() < 0.02 < seen.edges[red].min()


def test_a_fixed_camera_is_found_in_real_pictures(case: Case) -> None:
    found = cameras_by_frame(case)
    assert found.partition.of[of_class(case, "green")].tolist() == [0] * 8
    assert (found.partition.of[~of_class(case, "green")] == 1).all()
    assert found.cameras.plain == 8


def test_every_check_of_pixels_ends_well(case: Case) -> None:
    for code in ("variety-background", "variety-size", "variety-lighting", "fixed-camera", "clutter"):
        outcome = run_check(case, find_check(code), Scope())
        assert outcome.status in ("found", "passed"), outcome.reason
        assert all(f.severity.level == "low" for f in outcome.findings)


def test_scenery_by_hand() -> None:
    grey = np.full((128, 128, 3), 90, dtype=np.uint8)
    front = np.zeros((128, 128), dtype=np.float32)
    front[20:50, 20:50] = front[70:100, 70:100] = 1
    front[:4, :4] = 1  # 16 of 16,384 cells: noise of the map
    plain = scenery(grey, front)
    assert (plain.spread, plain.edges, plain.pieces) == (0, 0, 2)
    assert plain.small.shape == (16, 16, 3)
    assert (plain.small == 90).all()
    halves = grey.copy()
    halves[:, 64:] = 250
    nothing = np.zeros((128, 128), dtype=np.float32)
    split = scenery(halves, nothing)
    assert split.edges == pytest.approx(2 / 128)  # the step is seen from both of its sides
    assert split.pieces == 0
    assert scenery(grey, nothing + 1).spread == 0


def test_colour_of_a_background_by_hand() -> None:
    sheet = np.full((128, 128, 3), 255, dtype=np.uint8)
    front = np.zeros((128, 128), dtype=np.float32)
    sheet[40:80, 40:80], front[40:80, 40:80] = (200, 0, 0), 1  # the thing's own colour does not count
    white = scenery(sheet, front)
    assert (white.lightness, white.chroma) == (pytest.approx(100, abs=0.1), pytest.approx(0, abs=0.1))
    sheet[front == 0] = (0, 0, 255)  # CIELAB of sRGB's blue: 32.3, 79.2, -107.9
    blue = scenery(sheet, front)
    assert blue.lightness == pytest.approx(32.3, abs=0.5)
    assert (blue.chroma, blue.warmth) == (pytest.approx(133.8, abs=1), pytest.approx(-107.9, abs=1))
    assert np.isnan(scenery(sheet, front * 0 + 1).warmth)


def test_where_the_pictures_are_gone_the_reason_is_said(case: Case, tmp_path: Path) -> None:
    moved = Case(replace(case.dataset, root=tmp_path), case.space, case.settings)
    outcome = run_check(moved, find_check("clutter"), Scope())
    assert outcome.status == "not_applicable"
    assert "cannot be opened any more" in outcome.reason
