"""Vectors of the foreground and of the background of pictures, through any encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.counterfactuals import Fill, erase
from embeddings.encoder import Encoder
from embeddings.regions import NoRegion, region_of

BATCH = 32


@dataclass(frozen=True, eq=False)
class RegionVectors:
    """Every picture given is either kept or skipped, exactly once.

    Attributes
    ----------
    kept : ndarray of int64, shape (m,)
        Positions among the pictures given, ascending; the vectors follow it.
    foreground, background : ndarray of float32, shape (m, d)
        Unit length.
    skipped : tuple of (int, NoRegion)
        Position, and why there is nothing to part.
    """

    kept: NDArray[np.int64]
    foreground: NDArray[np.float32]
    background: NDArray[np.float32]
    skipped: tuple[tuple[int, NoRegion], ...]


def region_vectors(
    encoder: Encoder,
    pictures: Sequence[NDArray[np.uint8]],
    maps: Sequence[NDArray[np.float32]],
    *,
    threshold: float = 0.5,
    fill: Fill = "inpaint",
) -> RegionVectors:
    """Encode each picture with the background erased and with the foreground erased.

    As Only-FG and Only-BG of "Noise or Signal" (Xiao et al. 2020). The foreground is erased by ``fill``: a hole of one
    colour would still show the object's outline. The background becomes its complement's mean colour.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (h, w, 3), RGB
    maps : sequence of ndarray of float32, shape (h, w)
        Foreground probability of each picture.
    threshold : float
        From which probability on a pixel is foreground.

    Raises
    ------
    ValueError
        If there are not as many maps as pictures.
    """
    kept: list[int] = []
    regions: list[NDArray[np.bool_]] = []
    skipped: list[tuple[int, NoRegion]] = []
    for position, (picture, probability) in enumerate(zip(pictures, maps, strict=True)):
        try:
            if probability.shape != picture.shape[:2]:
                raise NoRegion(f"a map of {picture.shape[:2]}", f"{probability.shape}")
            regions.append(region_of(probability, threshold))
            kept.append(position)
        except NoRegion as reason:
            skipped.append((position, reason))

    def encoded(change: Callable[[NDArray[np.uint8], NDArray[np.bool_]], NDArray[np.uint8]]) -> NDArray[np.float32]:
        parts = [np.zeros((0, encoder.info.dimension), dtype=np.float32)]
        for at in range(0, len(kept), BATCH):
            rows = zip(kept[at : at + BATCH], regions[at : at + BATCH], strict=True)
            batch = [encoder.prepare(change(pictures[position], region)) for position, region in rows]
            parts.append(encoder.encode(np.stack(batch)).vectors)
        return np.concatenate(parts)

    return RegionVectors(
        kept=np.array(kept, dtype=np.int64),
        foreground=encoded(lambda picture, region: erase(picture, ~region, "mean")),
        background=encoded(lambda picture, region: erase(picture, region, fill)),
        skipped=tuple(skipped),
    )
