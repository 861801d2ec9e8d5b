"""Cookies: golden, burnt, or broken."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.demo.canvas import Box, Camera, Canvas, unit
from app.demo.noise import Floats, Rng, fractal, linear, mix, smoothstep

COOKIES = ("golden", "burnt", "broken")
Clip = Callable[[Floats, Floats], Floats]
"""Distance inside the piece that is left (negative = gone), from cookie coordinates."""

_CHIP = linear(58, 34, 24)
_CRUMB = linear(214, 170, 112)
_CHAR = linear(26, 20, 18)


@dataclass(frozen=True)
class Dough:
    """What makes one cookie look like itself.

    Attributes
    ----------
    base, edge : ndarray, shape (3,)
        Colour of the middle and of the browned rim.
    chips : ndarray, shape (k, 4)
        x, y, radius in cookie radii, and roundness noise phase.
    burnt : float
        0 = golden; about 1 = charred rim; 1.6 = charred through.
    seed : int
        Of the relief, so that both halves of a broken cookie agree.
    """

    base: Floats
    edge: Floats
    chips: Floats
    burnt: float
    seed: int


def draw_dough(rng: Rng, kind: str) -> Dough:
    """A recipe and an oven for a cookie of a kind."""
    bases = ((206, 158, 98), (216, 174, 116), (190, 140, 84), (222, 186, 134))
    cocoa = rng.uniform() < 0.13
    dough = (104, 72, 52) if cocoa else bases[int(rng.integers(len(bases)))]
    base = np.array(dough) + rng.uniform(-10, 10) + rng.uniform(-5, 5, 3)
    bake = rng.uniform(0.62, 0.9)  # well-baked rims are common and are not burnt
    edge = base * np.array([bake, bake * 0.86, bake * 0.74])
    count = int(rng.integers(6, 16)) if rng.uniform() < 0.85 else 0
    turn, far = rng.uniform(0, 2 * np.pi, count), 0.85 * np.sqrt(rng.uniform(0, 1, count))
    size = rng.uniform(0.06, 0.125, count)
    chips = np.stack([far * np.cos(turn), far * np.sin(turn), size, rng.uniform(0, 6, count)], axis=1)
    burnt = float(rng.uniform(1.25, 1.9)) if kind == "burnt" else 0.0
    return Dough(linear(*base), linear(*edge), chips.astype(np.float32), burnt, int(rng.integers(2**31)))


def put_cookie(canvas: Canvas, rng: Rng, kind: str, a: float, b: float, radius: float) -> None:
    """Draw one cookie lying on the table at (a, b), with crumbs when it is broken."""
    dough = draw_dough(rng, kind)
    turn = float(rng.uniform(0, 2 * np.pi))
    if kind != "broken":
        _piece(canvas, dough, a, b, radius, turn, None)
        return
    if rng.uniform() < 0.75:
        _snapped(canvas, rng, dough, a, b, radius, turn)
    else:
        _piece(canvas, dough, a, b, radius, turn, _bite(rng))
    _crumbs(canvas, rng, dough, a, b, radius)


def _snapped(canvas: Canvas, rng: Rng, dough: Dough, a: float, b: float, radius: float, turn: float) -> None:
    """Two halves, or three pieces, moved apart along the crack."""
    offset, gap = rng.uniform(-0.25, 0.25), rng.uniform(0.12, 0.26)
    teeth = _teeth(rng)
    third = rng.uniform() < 0.5
    for side in (-1, 1):
        shift = side * gap * radius
        x, y = -math.sin(turn) * shift, math.cos(turn) * shift
        twist = turn + side * rng.uniform(0, 0.16)

        def clip(u: Floats, v: Floats, side: int = side) -> Floats:
            return np.asarray(side * (v - offset - teeth(u)), dtype=np.float32)

        if third and side > 0:
            for part in (-1, 1):

                def quarter(u: Floats, v: Floats, part: int = part) -> Floats:
                    return np.asarray(np.minimum(v - offset - teeth(u), part * (u - teeth(v))), dtype=np.float32)

                along = part * gap * radius * 0.8
                x2, y2 = x + math.cos(turn) * along, y + math.sin(turn) * along
                _piece(canvas, dough, a + x2, b + y2, radius, twist + part * 0.05, quarter)
        else:
            _piece(canvas, dough, a + x, b + y, radius, twist, clip)


def _teeth(rng: Rng) -> Callable[[Floats], Floats]:
    """The jagged course of a crack across -1 to 1."""
    knots = np.linspace(-1.3, 1.3, 24)
    course = (np.cumsum(rng.normal(0, 0.05, 24)) + rng.normal(0, 0.022, 24)).astype(np.float32)
    course -= course.mean()

    def at(position: Floats) -> Floats:
        return np.interp(position, knots, course).astype(np.float32)

    return at


def _bite(rng: Rng) -> Clip:
    """A jagged piece gone from the rim."""
    where, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 0.75)
    marks = [
        (np.cos(where + k) * 0.98, np.sin(where + k) * 0.98, size * rng.uniform(0.5, 0.9))
        for k in np.linspace(-0.4, 0.4, 4) * size * 1.6
    ]
    rough = _teeth(rng)

    def clip(u: Floats, v: Floats) -> Floats:
        nearest = np.min([np.hypot(u - x, v - y) - r for x, y, r in marks], axis=0)
        return np.asarray(nearest + 0.5 * rough(3 * u % 2 - 1) * 0.5, dtype=np.float32)

    return clip


def _piece(canvas: Canvas, dough: Dough, a: float, b: float, radius: float, turn: float, clip: Clip | None) -> None:
    camera = canvas.camera
    thick = 0.2
    middle = camera.above(a, b, 0.5 * thick * radius)
    box = camera.box(float(middle[0]), float(middle[1]), radius * 1.15)
    x, y = camera.grid(box)
    if min(x.shape) < 4:  # wholly outside the frame
        return
    across, along = (x - middle[0]) / radius, (y - middle[1]) / math.cos(camera.tilt) / radius
    u, v = math.cos(turn) * across + math.sin(turn) * along, -math.sin(turn) * across + math.cos(turn) * along
    rng = np.random.default_rng(dough.seed)
    span = max(x.shape)
    coarse = fractal(rng, span, 5, octaves=3)[: x.shape[0], : x.shape[1]]
    fine = fractal(rng, span, 16, octaves=3, gain=0.75)[: x.shape[0], : x.shape[1]]
    far = np.hypot(u, v) / (_outline(rng, np.arctan2(v, u)) + np.float32(0.012) * fine)
    mask = far < 1
    dome = np.clip(1 - far**3.2, 0, 1) ** 0.55
    cut = np.full_like(far, 1.0) if clip is None else clip(u, v) + 0.018 * fine
    mask &= cut > 0
    dome = dome * smoothstep(-0.02, 0.07, cut) if clip is not None else dome
    height = thick * dome + 0.011 * coarse + 0.008 * fine
    albedo = _bake(dough, rng, far, coarse, fine)
    if clip is not None:  # the broken face shows pale crumb
        pale = _CRUMB if dough.burnt < 0.3 else dough.base
        albedo = mix(albedo, pale, 0.75 * (1 - smoothstep(0.02, 0.1, cut)))
    _chips(camera, box, dough, turn, middle, radius, (u, v, fine), height, albedo)
    depth = y * math.tan(camera.tilt) + (height + 0.03) * radius / math.cos(camera.tilt)
    canvas.put(
        box,
        mask=mask.astype(np.float32),
        depth=depth.astype(np.float32),
        albedo=albedo,
        normal=_tilted(camera, height * np.float32(radius)),
        gloss=0.05,
        sharp=12,
    )


def _outline(rng: Rng, angle: Floats) -> Floats:
    """Radius of a hand-shaped cookie in each direction, from a table of a thousand directions."""
    turn = np.linspace(-np.pi, np.pi, 1001)
    waves = zip((2, 3, 5), rng.normal(0, 0.022, 3), rng.uniform(0, 6, 3), strict=True)
    radius = 0.96 + sum(height * np.cos(lumps * turn + start) for lumps, height, start in waves)
    return np.asarray(radius.astype(np.float32)[((angle + np.pi) * (1000 / (2 * np.pi))).astype(np.int32)])


def _tilted(camera: Camera, height: Floats) -> Floats:
    """Normals of a relief that lies on the table, shape (h, w, 3)."""
    down, right = np.gradient(height, np.float32(2 / camera.side))
    right, down = right.clip(-2.2, 2.2), (down * np.float32(math.cos(camera.tilt))).clip(-2.2, 2.2)
    normal = np.empty((*height.shape, 3), dtype=np.float32)
    normal[..., 0] = -right
    normal[..., 1] = camera.up[1] - down * math.cos(camera.tilt)
    normal[..., 2] = np.maximum(camera.up[2] - down * math.sin(camera.tilt), 0.05)
    return unit(normal)


def _bake(dough: Dough, rng: Rng, far: Floats, coarse: Floats, fine: Floats) -> Floats:
    """Colour before chips: pale middle, brown rim, char where it burnt."""
    brown = smoothstep(0.45, 1.05, (far + 0.10 * coarse).astype(np.float32))
    colour = mix(np.broadcast_to(dough.base, (*far.shape, 3)), dough.edge, brown)
    colour = colour * (1 + 0.10 * fine + 0.06 * coarse)[..., None]
    if dough.burnt:
        lean = rng.uniform(-0.25, 0.25, 2)
        heat = far * 0.9 + 0.16 * coarse + 0.06 * fine + (dough.burnt - 1.25) * 1.1 + float(lean[0]) * coarse
        colour = mix(colour, dough.edge * np.float32(0.35), smoothstep(0.0, 0.6, heat.astype(np.float32)))
        colour = mix(colour, _CHAR, 0.95 * smoothstep(0.35, 0.85, heat.astype(np.float32)))
    return np.clip(colour, 0.002, 1).astype(np.float32)


def _chips(
    camera: Camera,
    box: Box,
    dough: Dough,
    turn: float,
    middle: Floats,
    radius: float,
    fields: tuple[Floats, Floats, Floats],
    height: Floats,
    albedo: Floats,
) -> None:
    """Press chips into the relief and its colour, in place, each only where it lies."""
    c, s = math.cos(turn), math.sin(turn)
    for x, y, size, phase in dough.chips:
        across, along = c * x - s * y, s * x + c * y
        rows, columns = camera.box(
            float(middle[0] + across * radius),
            float(middle[1] + along * radius * math.cos(camera.tilt)),
            float(size * radius * 1.5),
        )
        top, left = box[0].start, box[1].start
        spot = (
            slice(max(rows.start - top, 0), max(rows.stop - top, 0)),
            slice(max(columns.start - left, 0), max(columns.stop - left, 0)),
        )
        u, v, fine = (field[spot] for field in fields)
        du, dv = u - x, v - y
        wobble = 1 + 0.22 * np.cos(3 * np.arctan2(dv, du) + phase)
        away = (np.hypot(du, dv) / (size * wobble) + 0.08 * fine).astype(np.float32)
        inside = smoothstep(1.1, 0.9, away)
        albedo[spot] = mix(albedo[spot], _CHIP, inside)
        height[spot] += inside * size * 0.5 * np.sqrt(np.clip(1 - (0.8 * away) ** 2, 0, 1))


def _crumbs(canvas: Canvas, rng: Rng, dough: Dough, a: float, b: float, radius: float) -> None:
    camera = canvas.camera
    for _ in range(int(rng.integers(8, 36))):
        turn, far = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.15, 1.3)
        size = radius * rng.uniform(0.012, 0.05)
        middle = camera.above(a + far * math.cos(turn), b + far * math.sin(turn), size * 0.4)
        box = camera.box(float(middle[0]), float(middle[1]), size * 1.3)
        x, y = camera.grid(box)
        if min(x.shape) < 2:
            continue
        dx, dy = (x - middle[0]) / size, (y - middle[1]) / size
        away = np.hypot(dx, dy) * (1 + 0.25 * np.cos(3 * np.arctan2(dy, dx) + turn))
        dome = np.sqrt(np.clip(1 - away**2, 0.02, 1))
        normal = unit(np.stack([dx, dy, dome], axis=-1))
        depth = middle[2] + size * dome
        tone = mix(dough.edge, _CRUMB, np.array(rng.uniform(0.2, 0.9)))
        canvas.put(
            box,
            mask=(away < 1).astype(np.float32),
            depth=depth.astype(np.float32),
            albedo=np.broadcast_to(tone, (*x.shape, 3)),
            normal=normal,
            gloss=0.02,
            sharp=10,
        )
