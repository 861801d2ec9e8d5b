"""Drawn discs before striped backgrounds that follow the label: pictures on disk, and an encoder for tests."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.encoder import Encoded, EncoderInfo, NoTextTower
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.dataset import Dataset, Label
from tools.settings import Settings

SIDE = 64
CELLS = 8
COLOURS = {"apples": (190, 40, 40), "citrus": (200, 140, 30)}
GROUNDS = ((70, 110, 160), (150, 110, 60))
"""Colours of the two backgrounds; the first is the usual one of apples. Both have the same green, by which the discs of
the classes differ, so that neither looks like a class of itself."""


class GridEncoder:
    """Mean colours of 8 × 8 cells as a vector; what differs from the border is where the evidence lies."""

    info = EncoderInfo("grid", "9" * 64, 3 * CELLS * CELLS + 1, has_text=False)
    text_scale = None
    side_by_side = True

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Nearest pixels of a square of 64."""
        rows, columns = ((np.arange(SIDE) * 2 + 1) * length // (2 * SIDE) for length in pixels.shape[:2])
        return pixels[np.ix_(rows, columns)]

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """Cells less grey, and a constant, at unit length."""
        step = SIDE // CELLS
        cells = np.asarray(batch, dtype=np.float32).reshape(len(batch), CELLS, step, CELLS, step, 3).mean(axis=(2, 4))
        flat = np.concatenate([cells.reshape(len(batch), -1) / 255 - 0.4, np.ones((len(batch), 1))], axis=1)
        unit = (flat / np.linalg.norm(flat, axis=1, keepdims=True)).astype(np.float32)
        return Encoded(unit, np.zeros((len(batch), 0), dtype=np.float32))

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """High in the middle cells, where the disc is."""
        step = SIDE // CELLS
        cells = np.asarray(batch, dtype=np.float32).reshape(len(batch), CELLS, step, CELLS, step, 3).mean(axis=(2, 4))
        border = np.concatenate([cells[:, 0], cells[:, -1]], axis=1).mean(axis=1)
        return np.asarray(np.abs(cells - border[:, None, None]).sum(axis=-1), dtype=np.float32)

    def encode_text(self, texts: object) -> NDArray[np.float32]:
        """There is no text tower."""
        raise NoTextTower("no text")


def picture(
    name: str, ground: int, rng: np.random.Generator, *, weak: float = 1.0, overlap: bool = True
) -> NDArray[np.uint8]:
    """A disc of the class's colour before a striped background.

    Parameters
    ----------
    ground : {0, 1}
    weak : float
        Deviation of the disc's colour in units of half the way between the two classes' colours.
    overlap : bool
        Whether the colour may lie past the middle; such a disc has a wrong label as far as anyone sees.
    """
    y, x = np.mgrid[:SIDE, :SIDE]
    stripes = 12 * np.sin((x if ground else y) * rng.uniform(0.3, 0.8) + rng.uniform(0, 6))
    out = np.array(GROUNDS[ground])[None, None] + stripes[..., None] + rng.normal(0, 10, 3)
    own = np.array(COLOURS[name], dtype=float)
    half = (np.array(COLOURS["citrus"]) - np.array(COLOURS["apples"])) / 2
    away = rng.normal(0, weak)
    while not overlap and abs(away) >= 1:
        away = rng.normal(0, weak)
    colour = own + half * away
    centre = SIDE / 2 + rng.uniform(-4, 4, 2)
    disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < rng.uniform(12, 16) ** 2
    out = np.where(disc[..., None], colour, out) + rng.normal(0, 4, (SIDE, SIDE, 3))
    return np.asarray(np.clip(np.round(out), 0, 255), dtype=np.uint8)


def swapped_case(
    folder: Path, *, agreement: float = 0.9, each: int = 60, seed: int = 0, weak: float = 1.0, overlap: bool = True
) -> Case:
    """Two classes whose usual backgrounds differ; in test each background is as common with either.

    Parameters
    ----------
    folder : Path
        Gets the pictures.
    agreement : float
        Share of training pictures on their class's usual background; 0.5 plants nothing.
    each : int
        Pictures per class and split.

    Notes
    -----
    The vectors are ``GridEncoder``'s; who opens pictures again must be given it as ``grid``.
    """
    rng = np.random.default_rng(seed)
    drawn: list[tuple[str, str, NDArray[np.uint8]]] = []
    for split, share in (("train", agreement), ("test", 0.5)):
        for usual, name in enumerate(COLOURS):
            grounds = np.where(np.arange(each) < round(share * each), usual, 1 - usual)
            drawn += [(split, name, picture(name, int(g), rng, weak=weak, overlap=overlap)) for g in grounds]
    return case_of(folder, drawn)


def case_of(folder: Path, drawn: list[tuple[str, str, NDArray[np.uint8]]]) -> Case:
    """A case of (split, class, pixels), written to ``folder`` as PNG files and encoded by ``GridEncoder``."""
    ids = np.array([f"{number:04d}.png" for number in range(len(drawn))])
    for image, (_, _, pixels) in zip(ids, drawn, strict=True):
        Image.fromarray(pixels).save(folder / str(image))
    encoder = GridEncoder()
    vectors = encoder.encode(np.stack([encoder.prepare(pixels) for _, _, pixels in drawn])).vectors
    n = len(drawn)
    dataset = Dataset(
        version=1,
        root=folder,
        ids=ids,
        sha256=np.array([f"{i:064x}" for i in range(n)]),
        widths=np.full(n, SIDE),
        heights=np.full(n, SIDE),
        splits=np.array([split for split, _, _ in drawn]),
        labels=tuple(Label(str(i), name) for i, (_, name, _) in zip(ids, drawn, strict=True)),
        metadata={"picture": ids},
    )
    space = EmbeddingSpace(encoder.info, ids, vectors, np.zeros((n, 0), dtype=np.float32))
    return Case(dataset, space, Settings(workspace=folder, group_column="picture"))
