"""Cases made of vectors alone: Gaussian classes on the sphere, optionally in bursts, with or without a test split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.dataset import Dataset, Label
from tools.settings import Settings

ENCODER = EncoderInfo("planted", "planted", 32, has_text=False)


def vector_case(
    sizes: dict[str, int],
    *,
    seed: int = 0,
    separation: float = 2.0,
    burst: int = 1,
    burst_spread: float = 0.15,
    test_share: float = 0.0,
    settings: Settings | None = None,
) -> Case:
    """A clean case: one Gaussian class per name.

    Parameters
    ----------
    sizes : dict of str to int
        Images per class.
    separation : float
        Distance between class centres in units of the within-class deviation (about 32 dimensions).
    burst : int
        Images per burst; images of a burst differ by ``burst_spread`` deviations.
    test_share : float
        Share of each class that becomes the test split (0 = no split); whole bursts.
    """
    rng = np.random.default_rng(seed)
    rows: list[NDArray[np.float64]] = []
    names: list[str] = []
    splits: list[str] = []
    dimension = ENCODER.dimension
    for name, size in sizes.items():
        centre = rng.normal(size=dimension) * separation / np.sqrt(2 * dimension) * np.sqrt(dimension) / 2
        bursts = -(-size // burst)
        objects = np.repeat(rng.normal(size=(bursts, dimension)), burst, axis=0)[:size]
        rows.append(centre + objects + rng.normal(size=(size, dimension)) * burst_spread * (burst > 1))
        names += [name] * size
        in_test = np.repeat(np.arange(bursts) < round(test_share * bursts), burst)[:size]
        splits += ["test" if t else "train" for t in in_test]
    return assemble(np.concatenate(rows), names, splits, settings=settings)


def assemble(
    vectors: NDArray[np.float64],
    names: Sequence[str],
    splits: Sequence[str] | None = None,
    *,
    settings: Settings | None = None,
    metadata: dict[str, NDArray[np.str_]] | None = None,
    properties: dict[str, NDArray[np.float32]] | None = None,
) -> Case:
    """A case from vectors and class names; ids are ``0000.jpg`` … in the order given."""
    n = len(names)
    ids = np.array([f"{i:05d}.jpg" for i in range(n)])
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    encoder = EncoderInfo("planted", "planted", vectors.shape[1], has_text=False)
    dataset = Dataset(
        version=1,
        root=Path(),
        ids=ids,
        sha256=np.array([f"{i:064x}" for i in range(n)]),
        widths=np.full(n, 512),
        heights=np.full(n, 512),
        splits=np.array(splits if splits is not None else ["train"] * n),
        labels=tuple(Label(str(i), name) for i, name in zip(ids, names, strict=True)),
        metadata=metadata or {},
        properties=properties or {},
    )
    space = EmbeddingSpace(encoder, ids, unit, np.zeros((n, 0), dtype=np.float32))
    return Case(dataset, space, settings or Settings())
