"""Light on a canvas: diffuse, highlight, soft shadows, ambient occlusion."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from app.demo.canvas import Canvas, unit
from app.demo.noise import Floats, Rng, enlarge

_SHADOW_STEPS = 16
_THICKNESS = 1.1  # depth columns further in front than this throw no shadow: they are beside the ray, not on it


@dataclass(frozen=True)
class Light:
    """One soft lamp or window, and what the room gives back.

    Attributes
    ----------
    direction : ndarray of float32, shape (3,)
        Towards the light, in camera coordinates.
    colour, ambient : ndarray of float32, shape (3,)
    softness : float
        Width of the half shadow per distance from what throws it.
    """

    direction: Floats
    colour: Floats
    ambient: Floats
    softness: float


def draw_light(rng: Rng) -> Light:
    """A light from some side and height, warm or cool, hard or soft."""
    turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.15)
    direction = np.array(
        [math.cos(turn) * math.cos(height), math.sin(turn) * math.cos(height), math.sin(height)], dtype=np.float32
    )
    warmth = rng.uniform(-0.12, 0.2)
    tint = np.array([1 + warmth, 1, 1 - 1.3 * warmth], dtype=np.float32)
    strength, fill = rng.uniform(0.65, 1.0), rng.uniform(0.28, 0.5)
    cool = np.array([1 - 0.4 * warmth, 1, 1 + 0.4 * warmth], dtype=np.float32)
    return Light(direction, tint * np.float32(strength), cool * np.float32(fill), float(rng.uniform(0.25, 0.9)))


def shade(canvas: Canvas, light: Light) -> Floats:
    """The lit canvas in linear light, shape (side, side, 3)."""
    normal = canvas.normal
    facing = np.clip(normal @ light.direction * 0.9 + 0.1, 0, None)
    lit = facing * (1 - 0.85 * shadow(canvas, light))
    sky = 0.75 + 0.25 * (normal @ canvas.camera.up)
    ambient = sky * occlusion(canvas)
    colour = canvas.albedo * (lit[..., None] * light.colour + ambient[..., None] * light.ambient)
    half = unit(light.direction + np.array([0, 0, 1], dtype=np.float32))
    # exp(-s(1-cos)) stands for cos**s: the same lobe, a fifth of the time
    shine = np.exp(canvas.sharp * (normal @ half - 1)) * canvas.gloss * np.minimum(lit * 3, 1)
    return np.asarray(colour + shine[..., None] * light.colour, dtype=np.float32)


def shadow(canvas: Canvas, light: Light) -> Floats:
    """Share of the light that is hidden at each pixel, 0-1, shape (side, side)."""
    side = canvas.camera.side
    depth = canvas.depth[::2, ::2]
    across = float(np.hypot(light.direction[0], light.direction[1]))
    rise = float(light.direction[2]) / max(across, 1e-3)
    hidden = np.zeros_like(depth)
    # the farther side of an outline receives the shadow: the other way round a lit seam would run along it
    receiver = ndimage.minimum_filter(depth, 2)
    reach = len(depth) // 3
    padded = np.pad(depth, reach, mode="edge")
    n = len(depth)
    for distance in np.geomspace(2, reach - 1, _SHADOW_STEPS):
        dx, dy = (round(float(v) / across * distance) for v in light.direction[:2])
        other = padded[reach + dy : reach + dy + n, reach + dx : reach + dx + n]
        length = distance * 4 / side
        over = other - receiver - length * rise
        hit = np.clip(over / (light.softness * length * 0.5), 0, 1)
        hidden = np.maximum(hidden, np.where(over < _THICKNESS, hit, 0))
    return enlarge(ndimage.gaussian_filter(hidden, 1.5), side, side)


def occlusion(canvas: Canvas) -> Floats:
    """How open each pixel is to its surroundings, 0-1, shape (side, side)."""
    side = canvas.camera.side
    depth = np.maximum(canvas.depth[::2, ::2], -1.5)
    shut = np.zeros_like(depth)
    for sigma in (4.0, 14.0):
        shut += np.clip(
            (ndimage.gaussian_filter(depth, sigma, truncate=2.5) - depth) * (1.2 / (sigma * 4 / side)) * 0.5, 0, 1
        )
    return enlarge(np.exp(-0.9 * shut), side, side)
