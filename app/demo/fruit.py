"""Apples and citrus fruit."""

import math
from collections.abc import Callable

import numpy as np

from app.demo.canvas import Canvas
from app.demo.limbs import Bone, grow
from app.demo.noise import Floats, Rng, linear, mix, smoothstep, solid_noise
from app.demo.solids import Profile, Surface, basis, show, trace

APPLES = ("red apple", "green apple", "yellow apple")
CITRUS = ("orange", "lemon", "lime")

_SKINS: dict[str, tuple[tuple[Floats, Floats], ...]] = {
    # two ends of the range that the ground colour is drawn from
    "red apple": ((linear(196, 150, 70), linear(205, 120, 60)),),
    "green apple": ((linear(112, 160, 40), linear(170, 190, 70)),),
    "yellow apple": ((linear(225, 190, 70), linear(222, 205, 95)),),
    "orange": ((linear(236, 128, 22), linear(242, 158, 40)),),
    "lemon": ((linear(240, 205, 45), linear(232, 215, 90)),),
    "lime": ((linear(80, 135, 35), linear(150, 180, 60)),),
}
_BLUSH = {
    "red apple": (linear(150, 18, 22), linear(190, 40, 32)),
    "green apple": (linear(150, 120, 50), linear(170, 80, 50)),
    "yellow apple": (linear(225, 130, 50), linear(205, 70, 45)),
}
_CUT = linear(92, 70, 45)
_STEM = linear(70, 48, 28)


def put_fruit(canvas: Canvas, rng: Rng, kind: str, centre: Floats, radius: float, axis: Floats) -> None:
    """Draw one fruit.

    Parameters
    ----------
    kind : str
        One of ``APPLES`` or ``CITRUS``.
    centre : ndarray, shape (3,)
        In camera coordinates.
    radius : float
        In units of the frame (half its width is 1).
    axis : ndarray, shape (3,)
        Where the stem points.
    """
    rotation = basis(axis, float(rng.uniform(0, 2 * np.pi)))
    shape = _apple_shape(rng) if kind in APPLES else _citrus_shape(rng, kind)
    surface = trace(canvas, centre, radius, rotation, Profile.of(shape))
    if kind in APPLES:
        _paint_apple(canvas, rng, kind, surface, radius)
        _stem(canvas, rng, centre, radius, rotation[2])
    else:
        _paint_citrus(canvas, rng, kind, surface, radius)


def _oval(cosine: Floats, stretch: float) -> Floats:
    return np.asarray(1 / np.sqrt(1 - cosine**2 + (cosine / stretch) ** 2), dtype=np.float32)


def _bell(angle: Floats, middle: float, width: float) -> Floats:
    return np.asarray(np.exp(-(((angle - middle) / width) ** 2)), dtype=np.float32)


def _apple_shape(rng: Rng) -> Callable[[Floats], Floats]:
    stretch, taper = rng.uniform(0.88, 1.06), rng.uniform(0.04, 0.12)
    cavity = rng.uniform(0.3, 0.42)

    def shape(cosine: Floats) -> Floats:
        angle = np.arccos(np.clip(cosine, -1, 1))
        body = _oval(cosine, stretch) - taper * (1 - cosine) / 2 + 0.05 * _bell(angle, 0.75, 0.35)
        return np.asarray(body - cavity * _bell(angle, 0, 0.27) - 0.14 * _bell(angle, np.pi, 0.25), dtype=np.float32)

    return shape


def _citrus_shape(rng: Rng, kind: str) -> Callable[[Floats], Floats]:
    low, high = {"orange": (0.9, 1.02), "lemon": (1.12, 1.32), "lime": (1.02, 1.18)}[kind]
    stretch = rng.uniform(low, high)
    tip, neck = {
        "orange": (rng.uniform(-0.03, 0.02), -0.05),
        "lemon": (rng.uniform(0.08, 0.2), rng.uniform(0, 0.07)),
        "lime": (rng.uniform(0.03, 0.09), -0.02),
    }[kind]

    def shape(cosine: Floats) -> Floats:
        angle = np.arccos(np.clip(cosine, -1, 1))
        ends = tip * _bell(angle, np.pi, 0.22) + neck * _bell(angle, 0, 0.16)
        return np.asarray((_oval(cosine, stretch) + ends) / stretch**0.4, dtype=np.float32)

    return shape


def _ground(rng: Rng, ends: tuple[Floats, Floats]) -> Floats:
    return np.asarray(ends[0] + (ends[1] - ends[0]) * np.float32(rng.uniform()), dtype=np.float32)


def _paint_apple(canvas: Canvas, rng: Rng, kind: str, surface: Surface, radius: float) -> None:
    points, offset = surface.points, rng.uniform(0, 40, 3).astype(np.float32)
    ground = _ground(rng, _SKINS[kind][0])
    blush = _ground(rng, _BLUSH[kind])
    level = {"red apple": 1.1, "green apple": -1.5, "yellow apple": -0.7}[kind] + rng.normal(0, 0.5)
    # streaks run from pole to pole: noise over the direction around the axis, slow along it
    around = points / np.maximum(np.hypot(points[0], points[1]), 0.15)
    around[2] = points[2] * 0.35
    streaks = solid_noise(around.astype(np.float32), 9, offset)
    sunny = math.cos(rng.uniform(0, 6.3)) * points[0] + math.sin(rng.uniform(0, 6.3)) * points[1]
    patches = solid_noise(points, 1.6, offset, octaves=2)
    share = smoothstep(-0.9, 0.9, (level + 0.45 * streaks + 0.5 * patches + 0.9 * sunny).astype(np.float32))
    colour = mix(np.broadcast_to(ground, (points.shape[1], 3)), blush, share)
    cavity = smoothstep(0.93, 0.99, points[2] + 0.015 * streaks)
    colour = mix(colour, linear(140, 120, 60), 0.6 * cavity)
    dots = smoothstep(1.9, 2.6, solid_noise(points, 26, offset + 9))
    colour = mix(colour, ground * 0.5 + linear(225, 215, 170) * 0.5, 0.55 * dots)
    bump = solid_noise(points, 2.2, offset + 3) * np.float32(0.012 * radius)
    show(canvas, surface, colour, bump, gloss=float(rng.uniform(0.15, 0.5)), sharp=float(rng.uniform(30, 110)))


def _stem(canvas: Canvas, rng: Rng, centre: Floats, radius: float, axis: Floats) -> None:
    if rng.uniform() < 0.15:  # picked without its stem
        return
    root = centre + axis * radius * 0.6
    lean = rng.normal(0, 0.12, 3).astype(np.float32)
    tip = root + (axis + lean) * radius * np.float32(rng.uniform(0.38, 0.7))
    middle = (root + tip) / 2 + rng.normal(0, 0.03, 3) * radius
    thick = 0.035 * radius
    bones = [Bone(root, middle.astype(np.float32), thick, thick), Bone(middle, tip, thick, thick * 1.5)]
    limb = grow(canvas, bones, blend=thick * 0.3)
    albedo = np.broadcast_to(_STEM, (*limb.mask.shape, 3))
    canvas.put(limb.box, mask=limb.mask, depth=limb.depth, albedo=albedo, normal=limb.normal, gloss=0.05, sharp=20)


def _paint_citrus(canvas: Canvas, rng: Rng, kind: str, surface: Surface, radius: float) -> None:
    points, offset = surface.points, rng.uniform(0, 40, 3).astype(np.float32)
    ground = _ground(rng, _SKINS[kind][0])
    tone = solid_noise(points, 1.5, offset, octaves=2)
    colour = np.broadcast_to(ground, (points.shape[1], 3)) * (1 + 0.07 * tone)[:, None]
    unripe = linear(120, 150, 40) if kind != "lime" else linear(190, 190, 80)
    colour = mix(colour, unripe, rng.uniform(0, 0.5) * smoothstep(0.3, 1.6, tone + 0.6 * points[2]))
    pits = solid_noise(points, 24, offset + 5) + 0.7 * solid_noise(points, 37, offset + 6)
    depth = rng.uniform(0.4, 1.0) * (0.5 if kind == "lime" else 1)
    pore = smoothstep(0.2, 1.8, pits)
    colour = colour * (1 - 0.18 * depth * pore)[:, None]
    button = smoothstep(0.988, 0.995, points[2] + 0.002 * pits)
    colour = mix(colour, _CUT, button)
    navel = smoothstep(0.992, 0.998, -points[2])
    colour = mix(colour, _CUT, 0.6 * navel)
    bump = -pore * np.float32(0.011 * depth * radius)
    gloss = float(rng.uniform(0.15, 0.45))
    show(canvas, surface, colour.astype(np.float32), bump, gloss=gloss, sharp=float(rng.uniform(20, 70)))
