"""What lies under and behind the things: table tops, and rooms out of focus."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from app.demo import textures
from app.demo.canvas import Camera, Canvas
from app.demo.noise import Floats, Rng
from app.demo.textures import Picture

TABLES: dict[str, Callable[[Rng], Picture]] = {
    "wood": textures.wood,
    "marble": textures.marble,
    "cloth": textures.cloth,
    "counter": textures.counter,
    "grass": textures.grass,
    "metal": textures.metal,
    "paper": textures.paper,
}
BAKERY = ("metal", "paper", "wood", "marble", "counter")
STALL = ("wood", "marble", "cloth", "counter", "grass")
_FAR = -1.6  # depth of what is out of focus: too far behind to catch a shadow


def lay_table(canvas: Canvas, rng: Rng, kinds: tuple[str, ...]) -> None:
    """Fill the canvas with a table seen under the camera's tilt."""
    kind = kinds[int(rng.integers(len(kinds)))]
    camera, side = canvas.camera, canvas.camera.side
    canvas.albedo[:] = _light(_project(TABLES[kind](rng), camera, rng))
    _, y = camera.grid((slice(0, side), slice(0, side)))
    canvas.depth[:] = y * math.tan(camera.tilt)
    canvas.normal[:] = camera.up
    canvas.gloss[:] = {"metal": 0.25, "marble": 0.15, "counter": 0.12}.get(kind, 0.02)
    canvas.sharp[:] = rng.uniform(6, 25)


def hang_room(canvas: Canvas, rng: Rng) -> None:
    """Fill the canvas with an out-of-focus place: a stall, a garden, a kitchen, a wall."""
    side = canvas.camera.side
    painters = (_stall, _garden, _kitchen, _wall, _table)
    picture = painters[int(rng.integers(len(painters)))](rng)
    blur = rng.uniform(2.0, 9.0)
    picture = picture.filter(ImageFilter.GaussianBlur(blur * picture.width / 320))
    canvas.albedo[:] = _light(np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC)))
    canvas.depth[:] = _FAR


def _light(picture: Picture) -> Floats:
    table = ((np.arange(256) / 255) ** 2.2).astype(np.float32)
    return table[picture]


def _project(texture: Picture, camera: Camera, rng: Rng) -> Picture:
    """The texture turned at random, foreshortened, cut to the frame."""
    turn, zoom = rng.uniform(0, 2 * np.pi), rng.uniform(0.55, 0.72) * textures.SIDE / camera.side
    c, s = math.cos(turn) * zoom, math.sin(turn) * zoom
    high = 1 / max(math.cos(camera.tilt), 0.55)
    middle, centre = textures.SIDE / 2, camera.side / 2
    matrix = (
        c,
        -s * high,
        middle - c * centre + s * high * centre,
        s,
        c * high,
        middle - s * centre - c * high * centre,
    )
    image = Image.fromarray(np.pad(texture, ((64, 64), (64, 64), (0, 0)), mode="reflect"))
    matrix = (matrix[0], matrix[1], matrix[2] + 64, matrix[3], matrix[4], matrix[5] + 64)
    size = (camera.side, camera.side)
    return np.asarray(image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def _tone(rng: Rng, *rgb: int, spread: float = 18) -> tuple[int, int, int]:
    r, g, b = (int(v) for v in np.clip(np.array(rgb) + rng.normal(0, spread, 3), 0, 255))
    return r, g, b


def _stall(rng: Rng) -> Image.Image:
    """Crates of fruit in rows under an awning."""
    image = Image.new("RGB", (160, 160), _tone(rng, 70, 62, 54))
    draw = ImageDraw.Draw(image)
    fruits = ((210, 60, 40), (230, 140, 30), (120, 160, 50), (230, 200, 70), (110, 60, 90), (180, 120, 80))
    for row in range(40, 160, 26):
        left = -int(rng.integers(0, 40))
        while left < 160:
            colour, width = fruits[int(rng.integers(len(fruits)))], int(rng.integers(30, 70))
            for _ in range(26):
                x, y, r = rng.uniform(left, left + width), rng.uniform(row, row + 22), rng.uniform(4, 8)
                draw.ellipse((x - r, y - r, x + r, y + r), fill=_tone(rng, *colour))
            draw.rectangle((left, row + 20, left + width - 2, row + 27), fill=_tone(rng, 130, 96, 60))
            left += width
    return image


def _garden(rng: Rng) -> Image.Image:
    """Leaves and sky."""
    image = Image.new("RGB", (160, 160), _tone(rng, 80, 110, 60))
    draw = ImageDraw.Draw(image)
    if rng.uniform() < 0.6:
        draw.rectangle((0, 0, 160, int(rng.integers(20, 80))), fill=_tone(rng, 180, 205, 225))
    for _ in range(220):
        x, y, r = rng.uniform(0, 160), rng.uniform(10, 170), rng.uniform(3, 14)
        draw.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), fill=_tone(rng, 84, 116, 56, spread=26))
    return image


def _kitchen(rng: Rng) -> Image.Image:
    """Cupboards, shelves, a window."""
    image = Image.new("RGB", (160, 160), _tone(rng, 190, 182, 170))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = rng.uniform(-30, 150), rng.uniform(-20, 150)
        w, h = rng.uniform(15, 70), rng.uniform(12, 60)
        shade = _tone(rng, *(int(v) for v in rng.choice(np.array([[120, 100, 84], [215, 212, 205], [90, 100, 112]]))))
        draw.rectangle((x, y, x + w, y + h), fill=shade)
    if rng.uniform() < 0.5:
        x = rng.uniform(0, 110)
        draw.rectangle((x, 5, x + 45, 70), fill=(250, 250, 245))
    return image


def _wall(rng: Rng) -> Image.Image:
    """A plain wall, lit unevenly."""
    paint = _tone(rng, 170, 165, 158, spread=35)
    image = Image.new("RGB", (160, 160), paint)
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        x, y, r = rng.uniform(0, 160), rng.uniform(0, 160), rng.uniform(20, 60)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=_tone(rng, *paint, spread=10))
    return image


def _table(rng: Rng) -> Image.Image:
    """A table top some way below the hand."""
    name = STALL[int(rng.integers(len(STALL)))]
    return Image.fromarray(TABLES[name](rng)).resize((160, 160), Image.Resampling.BILINEAR)
