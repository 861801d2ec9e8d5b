"""Hands that hold a fruit: gripping it, or letting it lie on the open palm."""

import math

import numpy as np

from app.demo.canvas import Canvas
from app.demo.limbs import Bone, Limb, grow
from app.demo.noise import Floats, Rng, fractal, linear, mix, smoothstep

Path = list[tuple[float, float, float]]

_TONES = (
    (244, 206, 180),
    (232, 186, 152),
    (222, 170, 132),
    (198, 144, 108),
    (168, 114, 82),
    (136, 90, 62),
    (102, 66, 46),
    (78, 50, 38),
)


class Hand:
    """One person's hand around a fruit of radius ``scale`` at ``centre``.

    Parameters
    ----------
    centre : ndarray, shape (3,)
        Of the fruit, in camera coordinates.
    scale : float
        Radius of the fruit in units of the frame; the hand's own coordinates count in fruit radii.
    """

    def __init__(self, canvas: Canvas, rng: Rng, centre: Floats, scale: float) -> None:
        self.canvas, self.rng, self.centre, self.scale = canvas, rng, centre, scale
        self.size = float(rng.uniform(0.88, 1.12))
        self.mirror = -1.0 if rng.uniform() < 0.5 else 1.0
        self.turn = float(rng.uniform(-1.1, 1.1))
        tone = np.array(_TONES[int(rng.integers(len(_TONES)))]) + rng.uniform(-8, 8, 3)
        self.skin = linear(*tone)
        self.mottle = fractal(rng, canvas.camera.side, 14, octaves=4, gain=0.6)

    def grip(self) -> None:
        """Palm behind the fruit, four fingers round one side, the thumb round the other."""
        s, rng = self.size, self.rng
        wrist = (0.0, 2.1 * s, -0.7)
        self._palm(
            [
                [wrist, (-0.62, 1.15, -0.35)],
                [wrist, (0.7, 1.0, -0.6)],
                [wrist, (0.05, 0.9, -0.95)],
                [(-0.62, 1.15, -0.35), (0.7, 1.0, -0.6)],
            ],
            0.46 * s,
        )
        lift, close = rng.uniform(-0.15, 0.25), rng.uniform(-0.15, 0.3)
        for number in range(4):
            level = -0.56 + 0.4 * number * s - lift
            ring = np.sqrt(max(1 - level * level, 0.16))
            short = 0.12 if number in (0, 3) else 0.0
            thick = (0.215 - 0.012 * number) * s
            path = []
            for angle in (2.5, 1.95, 1.25, 0.72 + short + 0.08 * rng.normal() - close):
                out = ring + thick * 0.95
                path.append((out * np.sin(angle), level - 0.12 * (1.2 - angle), out * np.cos(angle)))
            self._finger(path, thick, nail=True)
        thumb: Path = [(-0.72, 1.25, -0.1), (-1.12, 0.62, 0.42), (-0.82, 0.1 - lift, 0.84), (-0.52, -0.22 - lift, 1.0)]
        self._finger(thumb, 0.26 * s, nail=True)
        self._arm(wrist, 0.56 * s)

    def offer(self) -> None:
        """The open palm under the fruit, fingers spread and curled up around it."""
        s, rng = self.size * 1.12, self.rng
        spread, curl = rng.uniform(0.95, 1.3), rng.uniform(0.0, 0.75)
        wrist = (0.0, 2.05 * s, -1.3)
        knuckles = [(-0.78 + 0.5 * k, -0.62 - 0.12 * (k in (1, 2)), -1.2) for k in range(4)]
        rays: list[Path] = [
            [(wrist[0] + 0.25 * (k - 1.5), 1.5 * s, -1.3), (x * s, y * s, z)] for k, (x, y, z) in enumerate(knuckles)
        ]
        heel: list[Path] = [[wrist, (-0.55 * s, 0.9 * s, -1.1)], [wrist, (0.5 * s, 0.9 * s, -1.2)]]
        self._palm(rays + heel, 0.4 * s)
        for number, (x, y, z) in enumerate(knuckles):
            long = (0.95, 1.08, 1.02, 0.82)[number] * s
            fan = spread * (x + 0.05) * 0.32
            path: Path = [(x * s, y * s, z + 0.05)]
            for reach, rise in ((0.72, 0.1), (1.2, 0.3 + 0.4 * curl), (1.5 - 0.35 * curl, 0.55 + 0.75 * curl)):
                path.append((x * s + fan * reach, y * s - long * reach, z + rise * s))
            self._finger(path, (0.225, 0.235, 0.225, 0.195)[number] * s, nail=False)
        open_thumb = rng.uniform(0.0, 0.4)
        thumb: Path = [
            (-0.6 * s, 0.95 * s, -1.1),
            (-1.2 * s, 0.45 * s, -0.85),
            (-(1.35 + open_thumb) * s, -0.1 * s, -0.5),
            (-(1.3 + 1.3 * open_thumb) * s, -0.5 * s, -0.2),
        ]
        self._finger(thumb, 0.27 * s, nail=False)
        self._arm(wrist, 0.6 * s)

    def _place(self, point: tuple[float, float, float], clear: float) -> Floats:
        """Hand coordinates to the camera's; points inside the fruit are pushed out to its skin."""
        p = np.array(point, dtype=np.float64)
        length = float(np.sqrt(p @ p))
        if length < 1 + clear:
            p *= (1 + clear) / max(length, 1e-6)
        c, s = math.cos(self.turn), math.sin(self.turn)
        x, y = self.mirror * p[0], p[1]
        turned = np.array([c * x - s * y, s * x + c * y, p[2]])
        return np.asarray(self.centre + self.scale * turned, dtype=np.float32)

    def _bones(self, path: Path, thick: float, taper: float) -> list[Bone]:
        points = [self._place(p, thick * 0.8) for p in path]
        widths = np.linspace(1, taper, len(points)) * thick * self.scale
        return [Bone(points[k], points[k + 1], float(widths[k]), float(widths[k + 1])) for k in range(len(points) - 1)]

    def _palm(self, paths: list[Path], thick: float) -> None:
        bones = [bone for path in paths for bone in self._bones(path, thick, 0.9)]
        self._show(grow(self.canvas, bones, blend=0.12 * self.scale), [])

    def _finger(self, path: Path, thick: float, *, nail: bool) -> None:
        bones = self._bones(path, thick, 0.78)
        limb = grow(self.canvas, bones, blend=0.035 * self.scale)
        self._show(limb, [0.34, 0.66], bones[-1] if nail else None)

    def _arm(self, wrist: tuple[float, float, float], thick: float) -> None:
        elbow = (wrist[0] + self.rng.uniform(-0.5, 0.5), wrist[1] + 4.5, wrist[2] - 0.6)
        self._show(grow(self.canvas, self._bones([wrist, elbow], thick, 1.35), blend=0.05 * self.scale), [])
        if self.rng.uniform() < 0.45:
            at = self.rng.uniform(0.12, 0.35)
            cuff = (wrist[0] + (elbow[0] - wrist[0]) * at, wrist[1] + 4.5 * at, wrist[2])
            sleeve = grow(
                self.canvas, self._bones([cuff, (elbow[0], elbow[1] + 1, elbow[2])], thick * 1.4, 1.3), blend=0.05
            )
            colour = linear(*self.rng.uniform(30, 225, 3))
            tone = 1 + 0.08 * self.mottle[sleeve.box]
            self.canvas.put(
                sleeve.box,
                mask=sleeve.mask,
                depth=sleeve.depth + 0.02,
                albedo=colour * tone[..., None],
                normal=sleeve.normal,
                gloss=0.01,
                sharp=8,
            )

    def _show(self, limb: Limb, creases: list[float], last: Bone | None = None) -> None:
        """Paint skin: mottled, redder towards the tips, darker in the creases."""
        mottle = self.mottle[limb.box]
        albedo = self.skin * (1 + 0.05 * mottle)[..., None]
        warm = self.skin * np.array([1.0, 0.74, 0.68], dtype=np.float32)
        albedo = mix(
            albedo, warm, 0.55 * smoothstep(0.6, 1.0, limb.along) if creases else 0.25 * smoothstep(0, 2, mottle)
        )
        for at in creases:
            line = np.exp(-(((limb.along - at + 0.008 * mottle) / 0.014) ** 2))
            albedo = np.asarray(albedo * (1 - 0.3 * line)[..., None], dtype=np.float32)
        if last is not None:
            albedo = self._nail(limb, last, albedo)
        self.canvas.put(
            limb.box,
            mask=limb.mask,
            depth=limb.depth,
            albedo=albedo.astype(np.float32),
            normal=limb.normal,
            gloss=0.06,
            sharp=14,
        )

    def _nail(self, limb: Limb, last: Bone, albedo: Floats) -> Floats:
        way = last.end[:2] - last.start[:2]
        long = float(np.hypot(*way))
        if long < 0.6 * last.thin:  # the fingertip points at the camera: no nail in view
            return albedo
        way = way / long
        dx, dy = limb.x - last.end[0], limb.y - last.end[1]
        along, across = dx * way[0] + dy * way[1] - 0.2 * last.thin, -dx * way[1] + dy * way[0]
        far = np.sqrt((along / (0.72 * last.thin)) ** 2 + (across / (0.58 * last.thin)) ** 2)
        nail = self.skin * np.float32(0.6) + linear(236, 190, 180) * np.float32(0.4)
        albedo = mix(albedo, self.skin * np.float32(0.6), 0.5 * np.exp(-(((far - 1.05) / 0.12) ** 2)))
        return mix(albedo, nail, smoothstep(1.0, 0.85, far.astype(np.float32)))
