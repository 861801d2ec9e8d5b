"""Whole pictures: cookies on a tray, fruit in a hand, on a plate, on a table."""

import math
from dataclasses import dataclass

import numpy as np

from app.demo.backgrounds import BAKERY, STALL, hang_room, lay_table
from app.demo.canvas import Camera, Canvas
from app.demo.cookies import COOKIES, put_cookie
from app.demo.fruit import CITRUS, put_fruit
from app.demo.hands import Hand
from app.demo.lighting import draw_light, shade
from app.demo.noise import Floats, Rng
from app.demo.photo import WORKING, develop, draw_shot, jpeg
from app.demo.tableware import PLATE_DEPTH, put_plate

SETTINGS = ("hand", "plate", "table")


@dataclass(frozen=True)
class Scene:
    """What a picture is to show.

    Attributes
    ----------
    kind : str
        Of fruit or cookie: one of ``APPLES``, ``CITRUS``, ``COOKIES``.
    setting : str or None
        ``hand``, ``plate`` or ``table`` for fruit; None for cookies.
    dark : bool
        Taken in very low light.
    seed : tuple of int
        Everything else is drawn from it.
    """

    kind: str
    setting: str | None
    dark: bool
    seed: tuple[int, ...]


def render(scene: Scene) -> bytes:
    """The scene as a JPEG file, the same bytes for the same scene."""
    rng = np.random.default_rng(scene.seed)
    if scene.kind in COOKIES:
        canvas = _bakery(rng, scene.kind)
    elif scene.setting == "hand":
        canvas = _held(rng, scene.kind)
    else:
        canvas = _laid(rng, scene.kind, plate=scene.setting == "plate")
    shot = draw_shot(rng, dark=scene.dark)
    return jpeg(develop(shade(canvas, draw_light(rng)), shot, rng), shot.quality)


def _bakery(rng: Rng, kind: str) -> Canvas:
    canvas = Canvas(Camera(WORKING, float(rng.uniform(0, 0.6))))
    lay_table(canvas, rng, BAKERY)
    radius = float(rng.uniform(0.52, 0.8))
    a, b = rng.uniform(-0.22, 0.22, 2) * (1.2 - radius)
    if rng.uniform() < 0.4:  # neighbours on the tray, cut by the frame
        for turn in rng.uniform(0, 2 * np.pi) + np.arange(int(rng.integers(1, 4))) * 1.6:
            far = radius * rng.uniform(2.15, 2.5)
            put_cookie(
                canvas,
                rng,
                kind,
                a + far * math.cos(turn),
                b + far * math.sin(turn),
                radius,
            )
    put_cookie(canvas, rng, kind, float(a), float(b), radius)
    return canvas


def _axis(rng: Rng, kind: str, camera: Camera) -> Floats:
    """Where the stem points: apples stand, citrus fruit lie as they fell."""
    fallen = kind in CITRUS or rng.uniform() < 0.3
    axis = rng.normal(0, 1, 3) if fallen else camera.up + rng.normal(0, 0.3, 3)
    return np.asarray(axis / np.linalg.norm(axis), dtype=np.float32)


def _laid(rng: Rng, kind: str, *, plate: bool) -> Canvas:
    canvas = Canvas(Camera(WORKING, float(rng.uniform(0.15, 0.95))))
    lay_table(canvas, rng, STALL)
    count = int(rng.choice([1, 1, 1, 2, 3]))
    radius = float(rng.uniform(0.3, 0.44)) * (1.0 if count == 1 else 0.8)
    a, b = rng.uniform(-0.12, 0.12, 2)
    lift = 0.0
    if plate:
        size = float(rng.uniform(0.72, 0.98))
        put_plate(canvas, rng, a, b + 0.06, size)
        lift = PLATE_DEPTH * 0.3 * size
    start = rng.uniform(0, 2 * np.pi)
    for number in range(count):
        far = 0.0 if count == 1 else radius * (1.06 if count == 2 else 1.25)
        turn = start + 2 * np.pi * number / count
        size = radius * float(rng.uniform(0.92, 1.05))
        spot = canvas.camera.above(a + far * math.cos(turn), b + far * math.sin(turn), lift + size * 0.92)
        put_fruit(canvas, rng, kind, spot, size, _axis(rng, kind, canvas.camera))
    return canvas


def _held(rng: Rng, kind: str) -> Canvas:
    canvas = Canvas(Camera(WORKING, float(rng.uniform(0.6, 1.0))))
    hang_room(canvas, rng)
    radius = float(rng.uniform(0.32, 0.46))
    x, y = rng.uniform(-0.16, 0.16, 2)
    spot = np.array([x, y - 0.1, 0], dtype=np.float32)
    hand = Hand(canvas, rng, spot, radius)
    if rng.uniform() < 0.6:
        hand.grip()
    else:
        hand.offer()
    axis = _axis(rng, kind, canvas.camera)
    axis[2] = abs(axis[2])
    put_fruit(canvas, rng, kind, spot, radius, axis)
    return canvas
