"""Copies of pictures: identical files or lightly edited ones, inside a split or across splits, relabelled or not."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.dataset import Label


def with_hashes(case: Case, *, seed: int = 0) -> Case:
    """The same case with a random perceptual hash per picture: unrelated ones differ in about 32 of 64 bits."""
    hashes = np.random.default_rng(seed).integers(0, 2**63, len(case.ids), dtype=np.uint64)
    return replace(case, dataset=replace(case.dataset, perceptual_hash=hashes))


def plant_copies(
    case: Case,
    count: int,
    *,
    source: str = "train",
    into: str = "train",
    exact: bool = False,
    relabel: bool = False,
    bits: int = 4,
    similarity: float = 0.95,
    seed: int = 0,
) -> tuple[Case, dict[str, str]]:
    """Add copies of ``count`` pictures.

    Parameters
    ----------
    source, into : str
        Split the originals come from and the copies go to.
    exact : bool
        Same bytes, vector and hash; else ``bits`` bits and ``similarity`` away, about what a 2 % crop does.
    relabel : bool
        Give each copy another class than its original's.

    Returns
    -------
    case : Case
    truth : dict of str to str
        Id of each copy → id of its original.
    """
    rng = np.random.default_rng(seed)
    data, k = case.dataset, len(case.classes)
    rows = rng.choice(np.flatnonzero((data.splits == source) & (case.targets >= 0)), count, replace=False)
    ids = [f"copies/{i:05d}.jpg" for i in range(count)]
    targets = case.targets[rows]
    if relabel:
        targets = (targets + rng.integers(1, k, count)) % k
    new = [Label(i, case.classes[t]) for i, t in zip(ids, targets, strict=True)]
    sha = data.sha256[rows] if exact else np.array([f"c{i:063x}" for i in range(count)])
    vectors = case.space.vectors[rows] if exact else _turned(case.space.vectors[rows], similarity, rng)
    hashes = None
    if data.perceptual_hash is not None:
        copied = data.perceptual_hash[rows] ^ (np.uint64(0) if exact else np.uint64(2**bits - 1))
        hashes = np.concatenate([data.perceptual_hash, copied])
    dataset = replace(
        data,
        ids=np.concatenate([data.ids, ids]),
        sha256=np.concatenate([data.sha256, sha]),
        widths=np.concatenate([data.widths, data.widths[rows]]),
        heights=np.concatenate([data.heights, data.heights[rows]]),
        splits=np.concatenate([data.splits, np.full(count, into)]),
        labels=(*data.labels, *new),
        metadata={name: np.concatenate([column, column[rows]]) for name, column in data.metadata.items()},
        properties={name: np.concatenate([column, column[rows]]) for name, column in data.properties.items()},
        perceptual_hash=hashes,
    )
    space = replace(
        case.space,
        ids=dataset.ids,
        vectors=np.concatenate([case.space.vectors, vectors]),
        names=np.concatenate([case.space.names, case.space.names[rows]]),
    )
    truth = {copy: str(case.ids[row]) for copy, row in zip(ids, rows, strict=True)}
    return replace(case, dataset=dataset, space=space), truth


def _turned(vectors: NDArray[np.float32], similarity: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Unit vectors at exactly this cosine similarity from the given ones, in random directions."""
    aside = rng.normal(size=vectors.shape)
    aside -= (aside * vectors).sum(axis=1, keepdims=True) * vectors
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    return np.asarray(similarity * vectors + np.sqrt(1 - similarity**2) * aside, dtype=np.float32)
