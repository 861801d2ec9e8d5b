"""An embedding space: vectors, the ids they belong to, and the encoder's fingerprint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo


@dataclass(frozen=True, eq=False)
class EmbeddingSpace:
    """Unit vectors of one dataset version, row by row in the dataset's order.

    Attributes
    ----------
    encoder : EncoderInfo
        Who made the vectors.
    ids : ndarray of str, shape (n,)
        Image ids, in the dataset's order.
    vectors : ndarray of float32, shape (n, dimension)
        Unit length.
    names : ndarray of float32, shape (n, 1000) or (n, 0)
        ImageNet logits where the encoder has them.
    texts : mapping of str to ndarray of float32, each shape (dimension,)
        Unit vectors of concepts that came with the vectors, by name; empty where an encoder makes them.

    Raises
    ------
    ValueError
        If shapes differ, a vector is not finite or not of unit length; the ids are named.
    """

    encoder: EncoderInfo
    ids: NDArray[np.str_]
    vectors: NDArray[np.float32]
    names: NDArray[np.float32]
    texts: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.vectors.shape != (len(self.ids), self.encoder.dimension):
            raise ValueError(
                f"expected {len(self.ids)} vectors of length {self.encoder.dimension}, "
                f"got an array of shape {self.vectors.shape}"
            )
        if len(self.names) != len(self.ids):
            raise ValueError(f"expected names for {len(self.ids)} images, got {len(self.names)}")
        odd = [name for name, vector in self.texts.items() if vector.shape != (self.encoder.dimension,)]
        if odd:
            raise ValueError(f"expected text vectors of length {self.encoder.dimension}, got another for {odd[0]!r}")
        if len(self.ids):
            norms = np.linalg.norm(self.vectors, axis=1)
            bad = np.flatnonzero(~np.isfinite(norms) | (np.abs(norms - 1) > 1e-3))
            if len(bad):
                raise ValueError(
                    f"{len(bad)} vectors are not finite unit vectors, e.g. of {self.ids[bad[0]]!s}; "
                    "normalise each row to length 1 and leave out rows with NaN"
                )

    @cached_property
    def fingerprint(self) -> str:
        """Digest of encoder, ids and vectors."""
        digest = sha256(self.encoder.fingerprint.encode())
        digest.update("\0".join(self.ids.tolist()).encode("utf-8", "surrogateescape"))
        digest.update(np.ascontiguousarray(self.vectors).tobytes())
        return digest.hexdigest()
