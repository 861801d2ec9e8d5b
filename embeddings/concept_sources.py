"""Where concept scores come from: a text tower, the user's text vectors, or the ImageNet names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, TextScale
from embeddings.matching import SHOWN, Matched, Unscored, match, match_imagenet
from embeddings.resolve import PREFERRED
from embeddings.space import EmbeddingSpace
from embeddings.text_vectors import TextCache, concept_vectors
from embeddings.vocabulary import Concept, Vocabulary
from embeddings.vocabulary_files import null_phrases
from embeddings.words import content_words

Source = Literal["text", "given", "imagenet names", "none"]
Measures = tuple[NDArray[np.float64], NDArray[np.floating]]

LEAST_BANK = 8
"""Fewest of the user's other text vectors that one of them is compared with: the mean over fewer is another concept."""
NO_TEXT = (
    "This encoder has no text tower, so free words cannot be scored; import with a CLIP encoder "
    f"(--encoder {PREFERRED[0].name} --download), or bring the words' text vectors with your own vectors."
)
ONLY_NAMES = f"{NO_TEXT} Only words that are among its 1,000 ImageNet names are scored."


@dataclass(frozen=True, eq=False)
class Plan:
    """How the pictures of any space of one encoder are measured.

    Attributes
    ----------
    source : {"text", "given", "imagenet names", "none"}
    note : str
    matched : tuple of Matched, length c
    unscored : tuple of Unscored
    measure : function of a space
        Similarities to the concepts, shape (n, c), and to the bank, shape (n, b).
    used : ndarray of bool, shape (c, b)
        What of the bank each concept is compared with.
    neutral : bool
        Whether the bank's texts are believed to be absent from the pictures.
    scale : TextScale or None
    """

    source: Source
    note: str
    matched: tuple[Matched, ...]
    unscored: tuple[Unscored, ...]
    measure: Callable[[EmbeddingSpace], Measures]
    used: NDArray[np.bool_]
    neutral: bool
    scale: TextScale | None = None


def by_text(encoder: Encoder, vocabulary: Vocabulary, cache: TextCache) -> Plan:
    """By a text tower, against the null phrases in the vocabulary's own templates.

    A null phrase that shares a word with a concept is left out for it.
    """
    phrases = null_phrases()
    neutral = tuple(Concept(phrase, phrase, (phrase,)) for phrase in phrases)
    vectors, bank = (
        concept_vectors(encoder, concepts, vocabulary.templates, cache).astype(np.float64)
        for concepts in (vocabulary.concepts, neutral)
    )
    words = [frozenset().union(*map(content_words, concept.phrases)) for concept in vocabulary.concepts]
    others = [content_words(phrase) for phrase in phrases]
    return Plan(
        source="text",
        note=f"Words are read by the text tower of {encoder.info.name}.",
        matched=tuple(Matched(concept, i, concept.name) for i, concept in enumerate(vocabulary.concepts)),
        unscored=(),
        measure=lambda space: (space.vectors @ vectors.T, space.vectors @ bank.T),
        used=np.array([[own.isdisjoint(other) for other in others] for own in words]),
        neutral=True,
        scale=encoder.text_scale,
    )


def by_given(vocabulary: Vocabulary, texts: Mapping[str, NDArray[np.float32]]) -> Plan:
    """By the user's text vectors, each against the others where there are 8 or more.

    Raises
    ------
    ValueError
        For a vector that is not finite and of length 1.
    """
    for name, vector in texts.items():
        if not abs(float(np.linalg.norm(vector)) - 1) <= 1e-3:  # NaN too
            raise ValueError(f"expected the text vector {name!r} to have length 1; normalise it")
    matched, unscored = match(vocabulary.concepts, list(texts), what="given text vector")
    bank = np.stack(list(texts.values())).astype(np.float64)
    rows = [found.position for found in matched]
    used = _all_but(rows, len(bank))
    used[used.sum(axis=1) < LEAST_BANK] = False
    some = f"{', '.join(list(texts)[:SHOWN])}{', …' if len(texts) > SHOWN else ''}"
    return Plan(
        source="given",
        note=f"Words are scored by the text vectors that came with your own vectors ({some}); add others to that file.",
        matched=matched,
        unscored=unscored,
        measure=lambda space: (space.vectors @ bank[rows].T, space.vectors @ bank.T),
        used=used,
        neutral=False,
    )


def by_names(vocabulary: Vocabulary) -> Plan:
    """By the logits of the ImageNet names, each against the other 999."""
    matched, unscored = match_imagenet(vocabulary.concepts)
    rows = [found.position for found in matched]
    return Plan(
        source="imagenet names",
        note=ONLY_NAMES,
        matched=matched,
        unscored=unscored,
        measure=lambda space: (space.names[:, rows].astype(np.float64), space.names),
        used=_all_but(rows, 1000),
        neutral=True,
    )


def by_nothing(space: EmbeddingSpace, vocabulary: Vocabulary) -> Plan:
    """No source: every concept is unscored, with the reason."""
    note, reason = NO_TEXT, "there are neither a text tower, nor text vectors, nor ImageNet names"
    if space.encoder.has_text:
        note = f"Words are read by the text tower of {space.encoder.name}; load that encoder."
        reason = "the encoder's text tower was not loaded"
    return Plan(
        source="none",
        note=note,
        matched=(),
        unscored=tuple(Unscored(concept, reason) for concept in vocabulary.concepts),
        measure=lambda space: (np.zeros((len(space.ids), 0)), np.zeros((len(space.ids), 0))),
        used=np.zeros((0, 0), dtype=np.bool_),
        neutral=False,
    )


def _all_but(rows: list[int], width: int) -> NDArray[np.bool_]:
    used = np.ones((len(rows), width), dtype=np.bool_)
    used[np.arange(len(rows)), rows] = False
    return used
