"""Flat textures that scenes are laid on; each is a square of sRGB bytes."""

import numpy as np
from numpy.typing import NDArray

from app.demo.noise import Floats, Rng, fractal, ridges, smoothstep

SIDE = 400
Picture = NDArray[np.uint8]


def _bytes(colour: Floats) -> Picture:
    return np.clip(colour, 0, 255).astype(np.uint8)


def _pick(rng: Rng, *colours: tuple[int, int, int]) -> Floats:
    base = np.array(colours[int(rng.integers(len(colours)))], dtype=np.float32)
    return base + rng.uniform(-12, 12) + rng.uniform(-6, 6, 3).astype(np.float32)


def wood(rng: Rng) -> Picture:
    """Planks with grain."""
    base = _pick(rng, (150, 104, 66), (196, 155, 110), (110, 72, 48), (170, 140, 112), (120, 100, 86))
    row = np.arange(SIDE, dtype=np.float32)[:, None]
    width = SIDE / rng.uniform(2.2, 5)
    warp = fractal(rng, SIDE, 2, octaves=3, stretch=(0.7, 3))
    rings = np.sin(row / width * rng.uniform(14, 30) + 2.2 * warp)
    fibre = fractal(rng, SIDE, 3, octaves=3, gain=0.8, stretch=(1, 20))
    plank = ((row + rng.uniform(0, width)) / width).astype(np.int32)
    tone = rng.normal(0, 9, int(plank.max()) + 1).astype(np.float32)[plank]
    gap = np.abs(((row + 0.5) / width) % 1 - 0.5) > 0.485
    shade = 7 * rings + 8 * fibre + tone - 45 * (gap if rng.uniform() < 0.8 else 0 * gap)
    return _bytes(base + shade[..., None] * np.array([1, 0.85, 0.7], dtype=np.float32))


def marble(rng: Rng) -> Picture:
    """Pale stone with veins."""
    base = _pick(rng, (225, 222, 218), (205, 208, 210), (60, 62, 64), (214, 204, 190))
    vein = ridges(rng, SIDE, 1.6, octaves=5) * smoothstep(-0.6, 0.8, fractal(rng, SIDE, 2))
    cloud = fractal(rng, SIDE, 3)
    toward = -70 if base.mean() > 120 else 90
    return _bytes(base + (toward * vein + 7 * cloud)[..., None])


def cloth(rng: Rng) -> Picture:
    """Woven cloth: plain, striped or checked."""
    base = _pick(rng, (190, 50, 48), (60, 90, 140), (70, 120, 80), (222, 214, 198), (150, 140, 128), (222, 180, 70))
    other = _pick(rng, (236, 232, 224), (236, 232, 224), (90, 80, 76))
    period = SIDE / rng.uniform(5, 14)
    axis = np.arange(SIDE, dtype=np.float32)
    stripe = ((axis % period) < period / 2).astype(np.float32)
    style = rng.uniform()
    if style < 0.45:
        share = 0.5 * stripe[:, None] + 0.5 * stripe[None, :]
    elif style < 0.7:
        share = np.broadcast_to(stripe[:, None], (SIDE, SIDE))
    else:
        share = np.zeros((SIDE, SIDE), dtype=np.float32)
    weave = rng.normal(0, 6, (SIDE, SIDE)).astype(np.float32)
    folds = 9 * fractal(rng, SIDE, 2, octaves=3)
    return _bytes(base + (other - base) * share[..., None] + (weave + folds)[..., None])


def counter(rng: Rng) -> Picture:
    """Speckled kitchen worktop."""
    base = _pick(rng, (160, 156, 150), (70, 72, 76), (206, 198, 184), (128, 112, 100))
    grains = fractal(rng, SIDE, 60, octaves=3, gain=0.9)
    pale, dark = smoothstep(1.1, 1.8, grains), smoothstep(1.0, 1.7, fractal(rng, SIDE, 70, octaves=2, gain=0.9))
    return _bytes(base + (55 * pale - 60 * dark + 6 * fractal(rng, SIDE, 4))[..., None])


def grass(rng: Rng) -> Picture:
    """A lawn from above."""
    base = _pick(rng, (86, 118, 52), (110, 130, 62), (70, 100, 50))
    blades = fractal(rng, SIDE, 30, octaves=3, gain=0.9, stretch=(1.6, 0.5))
    blades += fractal(rng, SIDE, 30, octaves=3, gain=0.9, stretch=(0.5, 1.6))
    tone = 26 * blades + 10 * fractal(rng, SIDE, 3)
    return _bytes(base + tone[..., None] * np.array([0.9, 1.1, 0.5], dtype=np.float32))


def metal(rng: Rng) -> Picture:
    """A brushed or worn oven tray."""
    base = _pick(rng, (118, 118, 120), (66, 64, 62), (150, 148, 144), (86, 82, 84))
    brushed = fractal(rng, SIDE, 2, octaves=3, gain=0.9, stretch=(1, 40))
    stains = smoothstep(0.5, 2.2, fractal(rng, SIDE, 4, octaves=5))
    tone = 6 * brushed + 8 * fractal(rng, SIDE, 2)
    return _bytes(base + tone[..., None] - stains[..., None] * np.array([18, 28, 38], dtype=np.float32))


def paper(rng: Rng) -> Picture:
    """Creased baking paper."""
    base = _pick(rng, (226, 220, 206), (190, 150, 108), (236, 234, 228))
    crease = fractal(rng, SIDE, 5, octaves=4) - np.abs(fractal(rng, SIDE, 4, octaves=3))
    spots = smoothstep(1.8, 2.6, fractal(rng, SIDE, 6, octaves=3))
    return _bytes(base + (6 * crease)[..., None] - spots[..., None] * np.array([10, 18, 34], dtype=np.float32))
