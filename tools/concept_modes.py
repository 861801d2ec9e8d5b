"""Modes of an axis as a text tower reads them: which concept of each exclusive group a picture is likeliest to show."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from embeddings.text_vectors import TextCache, concept_vectors
from embeddings.vocabulary import Concept
from embeddings.vocabulary_files import null_phrases, shipped
from tools.case import Case
from tools.registry import NotApplicable
from tools.variety import Partition

if TYPE_CHECKING:
    from embeddings.concepts import ConceptScores
    from embeddings.encoder import Encoder

LIKELIEST = 0.5
"""Probability within its group from which on a concept is taken: more than all the others together."""
NEEDS_TEXT = (
    "reading {what} off a picture needs a CLIP encoder: the encoder {name} has no text tower "
    "(import with --encoder open_clip:… or transformers:…)"
)


def concept_partitions(case: Case, axis: str, what: str, *, narrow: bool = False) -> list[Partition]:
    """One partition per group of concepts that exclude each other.

    Parameters
    ----------
    axis : str
        A shipped vocabulary.
    what : str
        What it says of a picture, for the reason why it cannot.
    narrow : bool
        Whether it is worth saying if all pictures are read alike: not for style, where photographs are the rule.

    Raises
    ------
    NotApplicable
        Without a text tower, or if the encoder is not here.

    Notes
    -----
    The likeliest of a group need not be there. A picture is left out where none has at least ``LIKELIEST``, or where
    the likeliest is no nearer to it than every null phrase is. Even so, what a class looks like takes part in how its
    pictures are read.
    """
    encoder = reading_encoder(case, what)
    cache = TextCache()
    scored = concept_scores(case, encoder, axis, cache).scored
    unrelated = nearest_unrelated(case, encoder, axis, cache)
    assert encoder.text_scale is not None
    out = []
    for group in dict.fromkeys(s.concept.group for s in scored if s.concept.group):
        members = [s for s in scored if s.concept.group == group]
        similarity = np.stack([s.similarity for s in members], axis=1)
        likely = softmax(encoder.text_scale.scale * similarity, axis=1)
        told = (likely.max(axis=1) >= LIKELIEST) & (similarity.max(axis=1) > unrelated)
        modes = tuple(f"read by the encoder as “{s.concept.label}”" for s in members)
        how = (
            f"likeliest of {len(members)} phrases, probability at least {LIKELIEST}, and likelier than any unrelated "
            "phrase; the encoder may misread"
        )
        of = np.where(told, likely.argmax(axis=1), -1).astype(np.int64)
        out.append(Partition(group, np.arange(len(case.ids)), modes, of, how, narrow=narrow))
    return out


def nearest_unrelated(case: Case, encoder: "Encoder", axis: str, cache: TextCache) -> NDArray[np.float32]:
    """Similarity of each picture to the nearest of the null phrases, in the axis's templates; shape (n,)."""
    phrases = tuple(Concept(phrase, phrase, (phrase,)) for phrase in null_phrases())
    vectors = concept_vectors(encoder, phrases, shipped(axis).templates, cache)
    return np.asarray((case.space.vectors @ vectors.T).max(axis=1))


def presence_partitions(case: Case, axis: str, what: str) -> list[Partition]:
    """One partition, without and with it, per concept of an axis that more pictures show than false alarms explain.

    Raises
    ------
    NotApplicable
        Without a text tower, or if the encoder is not here.
    """
    from embeddings.presence import Presence

    scores = concept_scores(case, reading_encoder(case, what), axis)
    out = []
    for scored in scores.scored:
        told = scored.presence
        if isinstance(told, Presence) and told.told:
            name = scored.concept.label
            how = (
                f"score above {told.threshold:.3f}, false-alarm rate {told.false_alarms}; what looks alike scores alike"
            )
            modes = (f"read by the encoder as without {name}", f"read by the encoder as showing {name}")
            rows = np.arange(len(case.ids))
            out.append(Partition(scored.concept.name, rows, modes, told.present.astype(np.int64), how, ordinary=0))
    return out


def reading_encoder(case: Case, what: str) -> "Encoder":
    """The case's encoder, which must have a text tower.

    Raises
    ------
    NotApplicable
    """
    if not case.space.encoder.has_text:
        raise NotApplicable(NEEDS_TEXT.format(what=what, name=case.space.encoder.name))
    encoder = case.eyes.encoder
    if encoder.text_scale is None:
        raise NotApplicable(f"the encoder {encoder.info.name} does not say how its similarities become probabilities")
    return encoder


def concept_scores(case: Case, encoder: "Encoder", axis: str, cache: TextCache | None = None) -> "ConceptScores":
    """Scores of a shipped vocabulary over all pictures."""
    from embeddings.concepts import concepts_for

    return concepts_for(case.space, encoder, shipped(axis), cache=cache)
