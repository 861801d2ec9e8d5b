"""Datasets and spaces put together from rows of several."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embeddings.space import EmbeddingSpace
from tools.dataset import Dataset
from tools.replaying import columns

Piece = tuple[Dataset, NDArray[np.int64]]
"""Some rows of a stored dataset."""


def joined(base: Dataset, pieces: Sequence[Piece], ids: Sequence[str], order: NDArray[np.int64]) -> Dataset:
    """Rows of several datasets under new ids, without labels; all else as of ``base``.

    Parameters
    ----------
    order : ndarray of int64
        Where each row stands in the pieces, laid end to end.
    """
    parts = [columns(data, rows) for data, rows in pieces]

    def column(name: str) -> NDArray[np.generic]:
        return np.concatenate([part[name] for part in parts])[order]

    def table(name: str, empty: str | float) -> dict[str, NDArray[np.generic]]:
        names = sorted({key for part in parts for key in part[name]})
        missing = [np.full(len(part["ids"]), empty) for part in parts]
        return {
            key: np.concatenate([p[name].get(key, m) for p, m in zip(parts, missing, strict=True)])[order]
            for key in names
        }

    texts = table("metadata", "")
    hashed = all(part["perceptual_hash"] is not None for part in parts)
    return replace(
        base,
        ids=np.array(ids, dtype=np.str_),
        **{name: column(name) for name in ("sha256", "widths", "heights", "splits")},  # type: ignore[arg-type]
        metadata={key: values for key, values in texts.items() if any(values.tolist())},  # type: ignore[misc]
        properties=table("properties", np.nan),  # type: ignore[arg-type]
        perceptual_hash=column("perceptual_hash") if hashed else None,  # type: ignore[arg-type]
        labels=(),
    )


def joined_space(
    spaces: Sequence[EmbeddingSpace], rows: Sequence[NDArray[np.int64]], ids: NDArray[np.str_], order: NDArray[np.int64]
) -> EmbeddingSpace:
    """Vectors of one encoder for such a dataset; arguments as of ``joined``."""
    vectors = np.concatenate([space.vectors[part] for space, part in zip(spaces, rows, strict=True)])[order]
    names = np.concatenate([space.names[part] for space, part in zip(spaces, rows, strict=True)])[order]
    return EmbeddingSpace(spaces[0].encoder, ids, vectors, names, spaces[0].texts)
