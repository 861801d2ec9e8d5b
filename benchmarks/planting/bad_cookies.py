"""Bad cookies of two kinds under one label: broken ones as photographed, and intact ones browned and darkened to burnt.

No picture is written: half of the intact cookies are changed between decoding and encoding.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from embeddings.embedded import EmbeddedEncoder
from embeddings.images import open_picture
from embeddings.properties import describe
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.settings import Settings

BURNT = (0.50, 0.38, 0.30)
"""Shares of red, green and blue that are left: darker, and browner because blue goes first."""
WARM = (10.0, 50.0)
"""Red less blue, from where a pixel begins to count as baked to where it wholly does; the tray is grey and stays."""


def burn(pixels: NDArray[np.uint8], amount: float = 1.0) -> NDArray[np.uint8]:
    """A cookie left in the oven; ``amount`` 0 changes nothing, 1 is dark brown."""
    warmth = pixels[..., 0].astype(np.float64) - pixels[..., 2]
    baked = np.clip((warmth - WARM[0]) / (WARM[1] - WARM[0]), 0, 1)[..., None]
    left = 1 - amount * baked * (1 - np.array(BURNT))
    return np.asarray(np.rint(pixels * left), dtype=np.uint8)


def bad_cookies_case(
    folder: Path, cache: Path, *, share: float = 0.5, amount: float = 1.0, seed: int = 0
) -> tuple[Case, NDArray[np.str_]]:
    """``good`` and ``bad``, where bad holds the broken cookies and a burnt share of the intact ones.

    Parameters
    ----------
    folder : Path
        With ``{train,test}/{intact,broken}``.
    cache : Path
        For the encoder's export.

    Returns
    -------
    case : Case
    kind : ndarray of str, shape (n,)
        ``intact``, ``burnt`` or ``broken``.
    """
    rng = np.random.default_rng(seed)
    paths, kinds, splits = [], [], []
    for split in ("train", "test"):
        for was in ("intact", "broken"):
            found = sorted((folder / split / was).iterdir())
            burnt = rng.permutation(len(found)) < share * len(found) if was == "intact" else np.zeros(len(found), bool)
            paths += found
            kinds += ["burnt" if b else was for b in burnt]
            splits += [split] * len(found)
    encoder = EmbeddedEncoder(cache)
    vectors, names, properties = [], [], []
    for path, kind in zip(paths, kinds, strict=True):
        pixels = open_picture(path, smallest_side=512).pixels
        if kind == "burnt":
            pixels = burn(pixels, amount)
        encoded = encoder.encode(encoder.prepare(pixels)[None])
        vectors.append(encoded.vectors[0])
        names.append(encoded.names[0])
        properties.append(describe(pixels)[0])
    columns = {name: np.array([p[name] for p in properties], dtype=np.float32) for name in properties[0]}
    labels = ["good" if kind == "intact" else "bad" for kind in kinds]
    case = assemble(np.stack(vectors).astype(np.float64), labels, splits, properties=columns, settings=Settings())
    space = EmbeddingSpace(encoder.info, case.ids, np.stack(vectors), np.stack(names))
    return replace(case, space=space), np.array(kinds)
