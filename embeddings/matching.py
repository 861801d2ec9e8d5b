"""Finds the vector or name that stands for a concept, and says why where none does."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from embeddings.names import imagenet_names
from embeddings.vocabulary import Concept
from embeddings.words import key, singulars

SHOWN = 3
"""Most names that a reason suggests."""
ALIKE = 80
"""Least likeness in spelling (0 to 100) of a name that a reason suggests: "lemmon" and "lemon" have 91."""


@dataclass(frozen=True)
class Unscored:
    """A concept that this source cannot score.

    Attributes
    ----------
    concept : Concept
    reason : str
    """

    concept: Concept
    reason: str


@dataclass(frozen=True)
class Matched:
    """A concept and what stands for it.

    Attributes
    ----------
    concept : Concept
    position : int
        Among the names offered.
    name : str
    """

    concept: Concept
    position: int
    name: str


def match(
    concepts: Sequence[Concept], names: Sequence[str], *, what: str
) -> tuple[tuple[Matched, ...], tuple[Unscored, ...]]:
    """For each concept the one name that is the same word; every concept is in exactly one of the two results.

    The same word: equal but for capitals, hyphens, a leading article and a regular plural. A concept's name is tried
    first, then its label and its phrases. Of names that differ in capitals alone (the dog Cardigan, the garment
    cardigan) the one spelled so is taken. Nothing is matched by meaning, so that no score speaks for another word.

    Parameters
    ----------
    names : sequence of str
    what : str
        What they are, for the reason: "ImageNet name".

    >>> matched, unscored = match([Concept("limes", "limes", ("limes",))], ["lemon", "lime"], what="name")
    >>> matched[0].name, unscored
    ('lime', ())
    """
    keys = [key(name) for name in names]
    places: dict[str, list[int]] = {}
    for position, spelling in enumerate(keys):
        places.setdefault(spelling, []).append(position)
    matched: list[Matched] = []
    unscored: list[Unscored] = []
    for concept in concepts:
        texts = dict.fromkeys((concept.name, concept.label, *concept.phrases))
        found = next((places[w] for text in texts for w in singulars(text) if w in places), [])
        exact = [position for position in found if names[position] == concept.label]
        if len(found) == 1 or len(exact) == 1:
            position = (exact or found)[0]
            matched.append(Matched(concept, position, names[position]))
        else:
            unscored.append(Unscored(concept, _reason(concept, names, keys, what)))
    return tuple(matched), tuple(unscored)


def match_imagenet(concepts: Sequence[Concept]) -> tuple[tuple[Matched, ...], tuple[Unscored, ...]]:
    """``match`` among the 1,000 ImageNet names."""
    return match(concepts, imagenet_names(), what="ImageNet name")


def _reason(concept: Concept, names: Sequence[str], keys: Sequence[str], what: str) -> str:
    word = singulars(concept.name)[-1]
    near = [name for name, spelling in zip(names, keys, strict=True) if word in spelling.split()]
    near.sort(key=lambda name: not key(name).endswith(word))  # kinds of it before what is only called after it
    if not near:
        alike = process.extract(word, keys, scorer=fuzz.ratio, limit=SHOWN, score_cutoff=ALIKE)
        near = [names[position] for *_, position in alike]
    suggestion = f"; close to it: {', '.join(near[:SHOWN])}" if near else ""
    return f"no {what} is {concept.name!r}{suggestion}"
