"""Concepts to unit vectors by a text tower, each the mean over its phrases and templates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, unit
from embeddings.vocabulary import Concept

BATCH = 256


class TextCache:
    """Unit vectors of texts, kept in memory per encoder fingerprint, so that no text is encoded twice."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], NDArray[np.float32]] = {}

    def vectors(self, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, shape (n, d); unknown ones are encoded in batches of 256.

        Raises
        ------
        NoTextTower
        """
        fingerprint = encoder.info.fingerprint
        unknown = [text for text in dict.fromkeys(texts) if (fingerprint, text) not in self._known]
        for at in range(0, len(unknown), BATCH):
            batch = unknown[at : at + BATCH]
            for text, vector in zip(batch, encoder.encode_text(batch), strict=True):
                self._known[fingerprint, text] = vector
        out = np.zeros((len(texts), encoder.info.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            out[row] = self._known[fingerprint, text]
        return out


def concept_vectors(
    encoder: Encoder, concepts: Sequence[Concept], templates: Sequence[str], cache: TextCache
) -> NDArray[np.float32]:
    """Prompt ensembling: the mean of the unit vectors of all phrases in all templates, of unit length again.

    Parameters
    ----------
    concepts : sequence of Concept, length c
    templates : sequence of str
        Each with one ``{}``.

    Returns
    -------
    ndarray of float32, shape (c, d)

    Raises
    ------
    NoTextTower

    References
    ----------
    Radford et al. 2021, Learning transferable visual models from natural language supervision, §3.1.4.
    """
    texts = [[template.replace("{}", phrase) for phrase in c.phrases for template in templates] for c in concepts]
    vectors = cache.vectors(encoder, [text for of_concept in texts for text in of_concept]).astype(np.float64)
    ends = np.cumsum([len(of_concept) for of_concept in texts])
    parts = np.split(vectors, ends[:-1]) if len(ends) else []
    means = np.stack([part.mean(axis=0) for part in parts]) if parts else np.zeros((0, encoder.info.dimension))
    return unit(means)
