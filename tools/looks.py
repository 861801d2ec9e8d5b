"""A second look at the pixels of a sample of pictures: frame, backdrop, clutter; made once per case and kept."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays, Case
from tools.code_version import code_version
from tools.eyes import BATCH
from tools.registry import NotApplicable

MEASURES = ("spread", "edges", "pieces")


@dataclass(frozen=True, eq=False)
class Looks:
    """Measurements of ``embeddings.scenery``, picture by picture.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Of the case, ascending: ``case.eyes.sample()``.
    small : ndarray of float32, shape (m, SMALL, SMALL, 3)
    spread, edges, pieces : ndarray of float32, shape (m,)
    """

    rows: NDArray[np.int64]
    small: NDArray[np.float32]
    spread: NDArray[np.float32]
    edges: NDArray[np.float32]
    pieces: NDArray[np.float32]


def looks(case: Case) -> Looks:
    """Look at the sample, or recall what was seen.

    Raises
    ------
    NotApplicable
        If pictures or encoder are not here, or no picture has a label.
    """
    key = f"looks-{case.fingerprint}-{code_version()}"
    kept = case.store.load(key)
    if kept is None:
        kept = _look(case)
        case.store.save(key, kept)
    small, spread, edges, pieces = (kept[name].astype(np.float32) for name in ("small", *MEASURES))
    return Looks(kept["rows"].astype(np.int64), small, spread, edges, pieces)


def _look(case: Case) -> Arrays:
    from embeddings.cores import usable_cores
    from embeddings.foreground import foreground_maps
    from embeddings.scenery import Scenery, scenery

    encoder, rows = case.eyes.encoder, case.eyes.sample()
    if not len(rows):
        raise NotApplicable("there is no labelled picture to look at")

    def one(part: NDArray[np.int64]) -> list[Scenery]:
        pictures = case.eyes.pixels(part.tolist())
        maps = foreground_maps(encoder, pictures)
        return [scenery(picture, found) for picture, found in zip(pictures, maps, strict=True)]

    threads = (case.settings.threads or usable_cores()) if encoder.side_by_side else 1
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(one, [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)])
        seen = [found for part in parts for found in part]
    arrays: Arrays = {name: np.array([getattr(s, name) for s in seen], dtype=np.float32) for name in MEASURES}
    return {**arrays, "rows": rows, "small": np.stack([s.small for s in seen])}
