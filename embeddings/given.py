"""In place of an encoder where the user brings the vectors: pictures are decoded and measured, not encoded."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoded, EncoderInfo, NoTextTower, TextScale

GIVEN = "given"
"""Name under which a workspace remembers that its vectors came from a file."""


class NoEncoder:
    """Gives every picture a vector of length 0."""

    info = EncoderInfo(GIVEN, "0" * 64, 0, has_text=False)
    text_scale: TextScale | None = None
    side_by_side = True

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Nothing of the picture."""
        return np.zeros(0, dtype=np.uint8)

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """Vectors of length 0."""
        nothing = np.zeros((len(batch), 0), dtype=np.float32)
        return Encoded(nothing, nothing)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """There is no text tower.

        Raises
        ------
        NoTextTower
        """
        raise NoTextTower(
            "the vectors were given in a file, so other words than its text/<concept> vectors cannot be encoded; "
            "add them to the file, or import with a CLIP encoder"
        )

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """Even energy: nothing is known of regions."""
        return np.ones((len(batch), 1, 1), dtype=np.float32)
