"""Flat round things on a table: plates."""

import math

import numpy as np

from app.demo.canvas import Canvas, unit
from app.demo.noise import Floats, Rng, linear, smoothstep

PLATE_DEPTH = 0.1  # height of the rim over the table, in plate radii


def put_plate(canvas: Canvas, rng: Rng, a: float, b: float, radius: float) -> None:
    """Draw a white round plate lying on the table.

    Parameters
    ----------
    a, b : float
        Centre in table coordinates (b runs to the viewer).
    radius : float
        In units of the frame.
    """
    camera = canvas.camera
    middle = camera.above(a, b, 0.06 * radius)
    box = camera.box(float(middle[0]), float(middle[1]), radius * 1.02)
    x, y = camera.grid(box)
    across, along = (x - middle[0]) / radius, (y - middle[1]) / math.cos(camera.tilt) / radius
    far = np.hypot(across, along)
    well = rng.uniform(0.58, 0.72)
    height = PLATE_DEPTH * (0.35 * smoothstep(well - 0.1, well + 0.02, far) + 0.65 * smoothstep(well, 1.25, far))
    height += 0.012 * np.exp(-(((far - 0.985) / 0.015) ** 2))
    slope = _slope(far, well)
    outward = np.stack([across, along], axis=-1) / np.maximum(far, 1e-4)[..., None]
    # the table's own axes in camera coordinates: right, towards the viewer, up
    right = np.array([1, 0, 0], dtype=np.float32)
    front = np.array([0, math.cos(camera.tilt), math.sin(camera.tilt)], dtype=np.float32)
    normal = unit(camera.up - slope[..., None] * (outward[..., :1] * right + outward[..., 1:] * front))
    depth = y * math.tan(camera.tilt) + (height + 0.02) * radius / math.cos(camera.tilt)
    albedo = np.broadcast_to(_china(rng), (*far.shape, 3)).copy()
    if rng.uniform() < 0.3:  # a thin painted line near the rim
        line = np.exp(-(((far - rng.uniform(0.88, 0.95)) / 0.012) ** 2))[..., None]
        albedo += (_line(rng) - albedo) * line * 0.8
    canvas.put(
        box,
        mask=(far < 1).astype(np.float32),
        depth=depth.astype(np.float32),
        albedo=albedo.astype(np.float32),
        normal=normal,
        gloss=float(rng.uniform(0.2, 0.5)),
        sharp=float(rng.uniform(40, 160)),
    )


def _slope(far: Floats, well: float) -> Floats:
    step = 0.35 * np.exp(-(((far - well + 0.04) / 0.05) ** 2)) * 1.6
    rim = 0.1 * smoothstep(well, 1.0, far) - 0.5 * np.exp(-(((far - 0.995) / 0.02) ** 2))
    return np.asarray(step + rim, dtype=np.float32)


def _china(rng: Rng) -> Floats:
    return linear(*(np.array([238, 237, 232]) + rng.uniform(-8, 10) + rng.uniform(-5, 5, 3)).clip(0, 255))


def _line(rng: Rng) -> Floats:
    lines = (linear(60, 90, 150), linear(170, 140, 70), linear(90, 90, 90))
    return lines[int(rng.integers(len(lines)))]
