"""Concepts to scores per picture, by the best source there is, with what is present and what cannot be said."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax

from embeddings.concept_sources import Plan, Source, by_given, by_names, by_nothing, by_text
from embeddings.encoder import Encoder, TextScale
from embeddings.matching import Unscored
from embeddings.presence import FALSE_ALARMS, CannotCalibrate, Presence, false_alarm_counts, presence
from embeddings.space import EmbeddingSpace
from embeddings.text_vectors import TextCache
from embeddings.vocabulary import Concept, Vocabulary, vocabulary_of

UNRELATED = 100
"""Most texts of a bank whose false alarms are counted: each costs a sort of all pictures' scores."""


@dataclass(frozen=True, eq=False)
class ConceptScore:
    """One concept over all pictures of a space.

    Attributes
    ----------
    concept : Concept
    scored_as : str
        The user's vector or the ImageNet name that stands for it; with a text tower the concept's own name.
    similarity : ndarray of float64, shape (n,)
        Cosine to the text, or the name's logit. Not comparable between concepts or pictures.
    score : ndarray of float64, shape (n,)
        ``similarity`` less its mean over the bank: what makes a picture near to any text is gone.
    probability : ndarray of float64, shape (n,), or None
        As the model was trained to give it: a softmax within the concept's group (CLIP), over all 1,000 names
        (ImageNet), or a sigmoid of its own (SigLIP). None without a group or a scale. A softmax says which of the
        group is likeliest, not that any of it is there.
    presence : Presence or CannotCalibrate
        In which pictures it is present, at the stated false-alarm rate.
    """

    concept: Concept
    scored_as: str
    similarity: NDArray[np.float64]
    score: NDArray[np.float64]
    probability: NDArray[np.float64] | None
    presence: Presence | CannotCalibrate


@dataclass(frozen=True, eq=False)
class ConceptScores:
    """Every concept asked for is either scored or unscored, exactly once.

    Attributes
    ----------
    source : {"text", "given", "imagenet names", "none"}
    note : str
        For people: what the scores come from, and what that cannot do.
    scored : tuple of ConceptScore
    unscored : tuple of Unscored
        With the reason.
    bank : int
        Texts that scores are compared with; 0 = none, so that ``score`` is ``similarity``.
    measured_false_alarms : float or None
        With the own pictures as null: the mean share of them that a text of the bank is called present in. Near the
        stated rate where the rule suits these pictures, above it where scores without the concept are skewed.
    """

    source: Source
    note: str
    scored: tuple[ConceptScore, ...]
    unscored: tuple[Unscored, ...]
    bank: int
    measured_false_alarms: float | None


def concepts_for(
    space: EmbeddingSpace,
    encoder: Encoder | None,
    words: Vocabulary | Sequence[str],
    *,
    null: EmbeddingSpace | None = None,
    false_alarms: float = FALSE_ALARMS,
    cache: TextCache | None = None,
) -> ConceptScores:
    """Score words in all pictures of a space.

    Parameters
    ----------
    space : EmbeddingSpace
    encoder : Encoder or None
        The one that made the space. Its text tower is the first choice, then the space's own text
        vectors (``space.texts``), then its ImageNet names.
    words : Vocabulary or sequence of str
    null : EmbeddingSpace, optional
        Pictures believed to show none of these concepts, by the same encoder. Without it the own pictures serve;
        ``presence`` says what that assumes.
    false_alarms : float
    cache : TextCache, optional
        Keeps text vectors between calls.

    Raises
    ------
    ValueError
        If encoder or null belong to another space, or a text vector that came with it has not length 1.
    BadVocabulary
        For words that cannot be taken.
    """
    vocabulary = words if isinstance(words, Vocabulary) else vocabulary_of(words)
    for other in (encoder.info if encoder else None, null.encoder if null else None):
        if other is not None and other.fingerprint != space.encoder.fingerprint:
            raise ValueError(f"expected the encoder of the space, {space.encoder.name}, saw another, {other.name}")
    if encoder is not None and encoder.info.has_text:
        plan = by_text(encoder, vocabulary, cache or TextCache())
    elif space.texts:
        plan = by_given(vocabulary, space.texts)
    elif space.names.shape[1]:
        plan = by_names(vocabulary)
    else:
        plan = by_nothing(space, vocabulary)
    return _scored(plan, space, null, false_alarms)


def contrasted(
    similarity: NDArray[np.floating], bank: NDArray[np.floating], used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Similarities less the mean over the used part of the bank, picture by picture.

    Whatever adds the same amount to a picture's similarity with every text is gone. Speaker verification knows it as
    cohort normalisation (Auckenthaler et al. 2000); CLIP as distribution normalisation (Zhou et al. 2023).

    Parameters
    ----------
    similarity : ndarray, shape (n, c)
    bank : ndarray, shape (n, b)
    used : ndarray of bool, shape (c, b)
        A concept that uses none of the bank keeps its similarities.
    """
    weights = used / np.maximum(used.sum(axis=1, keepdims=True), 1)
    return np.asarray(similarity - bank @ weights.T.astype(bank.dtype), dtype=np.float64)


def _scored(plan: Plan, space: EmbeddingSpace, null: EmbeddingSpace | None, false_alarms: float) -> ConceptScores:
    similarity, bank = plan.measure(space)
    scores = contrasted(similarity, bank, plan.used)
    without = None if null is None else contrasted(*plan.measure(null), plan.used)
    unrelated = _unrelated(bank, false_alarms) if plan.neutral and without is None else None
    probabilities = _probabilities(plan, similarity, bank)
    scored = []
    for i, found in enumerate(plan.matched):
        reference = None if without is None else without[:, i]
        told = presence(scores[:, i], reference, false_alarms=false_alarms, unrelated=unrelated)
        scored.append(
            ConceptScore(found.concept, found.name, similarity[:, i], scores[:, i], probabilities.get(i), told)
        )
    measured = unrelated.mean() / len(bank) if unrelated is not None and len(unrelated) else None
    width = int(plan.used.sum(axis=1).max(initial=0))
    return ConceptScores(plan.source, plan.note, tuple(scored), plan.unscored, width, measured)


def _unrelated(bank: NDArray[np.floating], false_alarms: float) -> NDArray[np.int64]:
    """In how many pictures texts of the bank, each compared with all of it, are called present."""
    columns = bank[:, :: max(1, -(-bank.shape[1] // UNRELATED))]
    return false_alarm_counts(columns - bank.mean(axis=1, keepdims=True), false_alarms)


def _probabilities(
    plan: Plan, similarity: NDArray[np.float64], bank: NDArray[np.floating]
) -> dict[int, NDArray[np.float64]]:
    """Per column of ``similarity``, where the source gives a probability."""
    if plan.source == "imagenet names":
        whole = logsumexp(bank, axis=1)
        return {i: np.exp(similarity[:, i] - whole) for i in range(similarity.shape[1])}
    if plan.scale is None:
        return {}
    if plan.scale.bias:
        values = expit(plan.scale.scale * similarity + plan.scale.bias)
        return {i: values[:, i] for i in range(values.shape[1])}
    return _within_groups([found.concept.group for found in plan.matched], similarity, plan.scale)


def _within_groups(
    groups: Sequence[str], similarity: NDArray[np.float64], scale: TextScale
) -> dict[int, NDArray[np.float64]]:
    members: dict[str, list[int]] = defaultdict(list)
    for i, group in enumerate(groups):
        if group:
            members[group].append(i)
    out: dict[int, NDArray[np.float64]] = {}
    for columns in members.values():
        shares = softmax(scale.scale * similarity[:, columns], axis=1)
        out.update({column: shares[:, at] for at, column in enumerate(columns)})
    return out
