"""Encoders and spaces for tests of concepts: text vectors are known, and nothing is learned."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from embeddings.concepts import ConceptScore, ConceptScores
from embeddings.encoder import Encoded, EncoderInfo, NoTextTower, TextScale
from embeddings.presence import Presence
from embeddings.space import EmbeddingSpace

DIMENSION = 96
COMMON = np.eye(DIMENSION, dtype=np.float32)[0]
INFO = EncoderInfo("two towers", "a" * 64, DIMENSION, has_text=True)


class TwoTowers:
    """An encoder whose text vectors are known: a direction common to all texts, and one of the text's own."""

    def __init__(self, *, info: EncoderInfo = INFO, scale: TextScale | None = None) -> None:
        self.info = info
        self.text_scale = scale or TextScale(100.0, 0.0)
        self.side_by_side = True
        self.asked: list[str] = []

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        raise NotImplementedError

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        raise NotImplementedError

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        raise NotImplementedError

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self.info.has_text:
            raise NoTextTower("no text")
        self.asked += texts
        return np.stack([unit(2 * COMMON + own(text)) for text in texts])


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def own(text: str) -> NDArray[np.float32]:
    """A fixed random direction of a text; the same for all its templates."""
    core = max((word for word in ("hand", "plate", "indoors", "outdoors") if word in text), default=text)
    return unit(np.random.default_rng(int(sha256(core.encode()).hexdigest()[:12], 16)).normal(size=DIMENSION))


def pictures(rng: np.random.Generator, n: int, *, hubness: float = 0.5) -> NDArray[np.float32]:
    """Vectors of nothing in particular; each leans towards all texts by an amount of its own."""
    return np.asarray(
        0.3 * rng.normal(size=(n, DIMENSION)) + hubness * rng.exponential(size=(n, 1)) * COMMON, dtype=np.float32
    )


def space(
    vectors: NDArray[np.floating],
    *,
    names: NDArray[np.float32] | None = None,
    texts: Mapping[str, NDArray[np.float32]] | None = None,
) -> EmbeddingSpace:
    ids = np.array([f"{i:05d}" for i in range(len(vectors))])
    info = INFO if names is None else EncoderInfo("no text", "b" * 64, vectors.shape[1], has_text=False)
    logits = np.zeros((len(ids), 0), np.float32) if names is None else names
    return EmbeddingSpace(info, ids, unit(vectors), logits, texts or {})


def of(result: ConceptScores, name: str) -> tuple[ConceptScore, Presence]:
    score = next(s for s in result.scored if s.concept.name == name)
    assert isinstance(score.presence, Presence)
    return score, score.presence
