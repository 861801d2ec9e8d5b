"""The same pictures seen by another encoder, whose deviations are its own; fresh pictures are seen by both."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools.case import Case

NAME = "other"


@dataclass(frozen=True, eq=False)
class TwoViews:
    """Two spaces of one case, as ``tools.case.OtherSpaces`` asks for.

    Attributes
    ----------
    own : EmbeddingSpace
    vectors : ndarray of float32, shape (n, d)
        The case's pictures as the other encoder sees them.
    fresh : ndarray of float32, shape (m, d)
        Fresh pictures as it sees them, in the order of those that the own encoder sees.
    """

    own: EmbeddingSpace
    vectors: NDArray[np.float32]
    fresh: NDArray[np.float32]

    @property
    def encoders(self) -> tuple[EncoderInfo, ...]:
        """The case's own, and the other."""
        return self.own.encoder, EncoderInfo(NAME, NAME, self.vectors.shape[1], has_text=False)

    def space(self, encoder: EncoderInfo) -> EmbeddingSpace:
        """Vectors by one of them."""
        return self.own if encoder == self.own.encoder else replace(self.own, encoder=encoder, vectors=self.vectors)


def with_view(case: Case, other: Case, fresh: NDArray[np.float32]) -> Case:
    """A case that a second encoder has seen as well: what it sees of each picture is that of another case's picture.

    Parameters
    ----------
    other : Case
        Of as many pictures, with the same labels and splits, in the same order.
    fresh : ndarray of float32, shape (m, d)
    """
    if other.targets.tolist() != case.targets.tolist() or (other.dataset.splits != case.dataset.splits).any():
        raise ValueError("the two views must show the same pictures")
    return replace(case, others=TwoViews(case.space, other.space.vectors, fresh))


def other_fresh(case: Case) -> NDArray[np.float32]:
    """Fresh pictures as the other encoder sees them."""
    assert isinstance(case.others, TwoViews)
    return case.others.fresh
