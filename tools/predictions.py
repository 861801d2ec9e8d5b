"""A model's scores for a dataset."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores of one model version over (part of) a dataset; task ``single``.

    Attributes
    ----------
    model, version : str
        As the user names them.
    probabilities : ndarray of float64, shape (n, k)
        In the dataset's order of images and classes; a row of NaN = no prediction for that image.
    predicted : ndarray of int64, shape (n,)
        Class number said by the model; -1 = none.
    full_vectors : bool
        True when one probability per class was given; False when only the top class and its score were
        (then a row holds that score and NaN elsewhere).
    """

    model: str
    version: str
    probabilities: NDArray[np.float64]
    predicted: NDArray[np.int64]
    full_vectors: bool

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(self.predicted):
            raise ValueError("one predicted class per row of probabilities is required")

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which images have a prediction, shape (n,)."""
        return self.predicted >= 0

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the model's name, version and scores."""
        digest = sha256(f"{self.model}\0{self.version}\0{self.full_vectors}".encode())
        digest.update(np.ascontiguousarray(self.probabilities).tobytes())
        digest.update(np.ascontiguousarray(self.predicted).tobytes())
        return digest.hexdigest()
