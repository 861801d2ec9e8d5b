"""Rounded, tapering bodies along a path: fingers, palms, stems."""

from dataclasses import dataclass

import numpy as np

from app.demo.canvas import Box, Canvas, unit
from app.demo.noise import Floats


@dataclass(frozen=True)
class Bone:
    """A round-ended segment; coordinates are the camera's, z to the viewer.

    Attributes
    ----------
    start, end : ndarray of float32, shape (3,)
    thick, thin : float
        Radius at the start and at the end.
    """

    start: Floats
    end: Floats
    thick: float
    thin: float


@dataclass(frozen=True)
class Limb:
    """The visible side of some bones grown together.

    Attributes
    ----------
    box : tuple of slice
    mask, depth : ndarray of float32, shape (h, w)
    normal : ndarray of float32, shape (h, w, 3)
    along : ndarray of float32, shape (h, w)
        0 at the first bone's start to 1 at the last one's end.
    x, y : ndarray of float32, shape (h, w)
        Frame coordinates of the pixels.
    """

    box: Box
    mask: Floats
    depth: Floats
    normal: Floats
    along: Floats
    x: Floats
    y: Floats


def grow(canvas: Canvas, bones: list[Bone], *, blend: float) -> Limb:
    """Join bones into one smooth body.

    Parameters
    ----------
    blend : float
        Distance over which neighbouring bones melt together, in units of the frame.
    """
    ends = np.stack([p for bone in bones for p in (bone.start, bone.end)])
    widest = max(max(bone.thick, bone.thin) for bone in bones) + 2 * blend
    low, high = ends[:, :2].min(axis=0) - widest, ends[:, :2].max(axis=0) + widest
    middle, half = (low + high) / 2, (high - low) / 2
    camera = canvas.camera
    box = camera.box(float(middle[0]), 0, float(half[0]))[1]
    rows = camera.box(0, float(middle[1]), float(half[1]))[0]
    area: Box = (rows, box)
    x, y = camera.grid(area)
    parts = [_segment(x, y, bone) for bone in bones]
    tops = np.stack([top for _, _, top in parts])
    # log-sum-exp: a maximum whose seams are rounded over the distance ``blend``
    highest = tops.max(axis=0)
    weights = np.exp((tops - highest) / blend)
    total = weights.sum(axis=0)
    depth = (highest + np.log(total) * blend).astype(np.float32)
    along = sum(w * (number + t) for number, (w, (t, _, _)) in enumerate(zip(weights, parts, strict=True)))
    along = along / (total * len(bones))
    inside = np.stack([edge for _, edge, _ in parts])
    deepest = inside.max(axis=0)
    near = deepest + 0.5 * blend * np.log(np.exp((inside - deepest) / (0.5 * blend)).sum(axis=0))
    mask = (near > 0).astype(np.float32)
    return Limb(area, mask, depth, _normals(depth, 2 / camera.side), along.astype(np.float32), x, y)


def _segment(x: Floats, y: Floats, bone: Bone) -> tuple[Floats, Floats, Floats]:
    """Position along the bone, distance inside its outline, height of its surface."""
    dx, dy, dz = (float(v) for v in bone.end - bone.start)
    px, py = x - bone.start[0], y - bone.start[1]
    t = np.clip((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
    radius = bone.thick + (bone.thin - bone.thick) * t
    away = np.hypot(px - t * dx, py - t * dy)
    share = np.clip(away / radius, 0, 0.985)
    top = bone.start[2] + t * dz + radius * np.sqrt(1 - share * share) - 2.5 * np.clip(away - 0.985 * radius, 0, None)
    return t, radius - away, top.astype(np.float32)


def _normals(depth: Floats, step: float) -> Floats:
    if min(depth.shape) < 2:
        flat = np.zeros((*depth.shape, 3), dtype=np.float32)
        flat[..., 2] = 1
        return flat
    down, right = np.gradient(depth, step)
    limit = 4.0  # an outline is never steeper than this, or its rim goes black
    return unit(np.stack([-np.clip(right, -limit, limit), -np.clip(down, -limit, limit), np.ones_like(depth)], axis=-1))
