"""Concepts in words, with limits: what a picture may show, on one axis, or as the user typed it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.words import clean, key

LONGEST = 100
"""Characters of one phrase, name or label. CLIP reads 77 tokens; longer texts would be cut silently."""
CONCEPTS, PHRASES, TEMPLATES, TEXTS = 200, 100, 20, 5000
"""Most of each in one vocabulary; texts = phrases × templates, each of which is encoded."""
PLAIN_TEMPLATES = ("{}", "a photo of {}", "a picture of {}", "an image showing {}")


class BadVocabulary(ValueError):
    """Words or a file of words that cannot be taken; the message names the place and what to mend."""


@dataclass(frozen=True)
class Concept:
    """Something that a picture may show.

    Attributes
    ----------
    name : str
        Stable: settings, findings and the user's vectors call it so.
    label : str
        What people read.
    phrases : tuple of str
        Texts for the encoder, which mean the same.
    group : str
        Concepts of one vocabulary with the same group exclude each other; empty = may be there with any other.
    """

    name: str
    label: str
    phrases: tuple[str, ...]
    group: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """The concepts of one axis.

    Attributes
    ----------
    axis : str
    title : str
    templates : tuple of str
        Sentences with one ``{}``, which a phrase takes the place of.
    concepts : tuple of Concept

    Raises
    ------
    BadVocabulary
        For an empty or too long text, two concepts of one name, a template without exactly one ``{}``, a group of
        one, or more of anything than the limits of this module.
    """

    axis: str
    title: str
    templates: tuple[str, ...]
    concepts: tuple[Concept, ...]

    def __post_init__(self) -> None:
        _count(self.axis, "concepts", len(self.concepts), CONCEPTS)
        _count(self.axis, "templates", len(self.templates), TEMPLATES)
        for template in self.templates:
            check_text(self.axis, "template", template)
            if template.count("{}") != 1:
                raise BadVocabulary(f"{self.axis}, template {template!r}: expected exactly one {{}}, for the phrase")
        for concept in self.concepts:
            _checked(f"{self.axis}, concept {concept.name!r}", concept)
        names = Counter(key(concept.name) for concept in self.concepts)
        if names and (twice := names.most_common(1)[0])[1] > 1:
            raise BadVocabulary(f"{self.axis}: two concepts are named {twice[0]!r}; rename or remove one")
        lonely = [g for g, n in Counter(c.group for c in self.concepts if c.group).items() if n == 1]
        if lonely:
            raise BadVocabulary(f"{self.axis}: group {lonely[0]!r} has one concept; add another, or leave group out")
        texts = len(self.templates) * sum(len(concept.phrases) for concept in self.concepts)
        _count(self.axis, "texts (phrases × templates)", texts, TEXTS)


def vocabulary_of(words: Sequence[str]) -> Vocabulary:
    """A vocabulary of the user's own words, one concept per word; what is the same word is taken once.

    Raises
    ------
    BadVocabulary
        For a word without a visible letter or digit, one that is too long, or too many.

    >>> vocabulary_of(["a Hand", "plate", "hand"]).concepts[0]
    Concept(name='hand', label='a Hand', phrases=('a Hand',), group='')
    """
    if isinstance(words, str):
        raise BadVocabulary("expected a list of words, saw one text")
    concepts: dict[str, Concept] = {}
    for number, word in enumerate(words, start=1):
        text = clean(word)
        if not any(c.isalnum() for c in text):
            raise BadVocabulary(f"word {number} has no letter or digit; write what the picture shows, e.g. a hand")
        concepts.setdefault(key(text), Concept(key(text), text, (text,)))
    return Vocabulary("words", "Your words", PLAIN_TEMPLATES, tuple(concepts.values()))


def check_text(place: str, what: str, text: str) -> None:
    """Refuse an empty or too long text.

    Raises
    ------
    BadVocabulary
    """
    if not text:
        raise BadVocabulary(f"{place}: {what} is empty; write it or remove it")
    if len(text) > LONGEST:
        raise BadVocabulary(f"{place}: {what} has {len(text)} characters; at most {LONGEST} are read, shorten it")


def _checked(place: str, concept: Concept) -> None:
    check_text(place, "name", concept.name)
    check_text(place, "label", concept.label)
    _count(place, "phrases", len(concept.phrases), PHRASES)
    for phrase in concept.phrases:
        check_text(place, "phrase", phrase)


def _count(place: str, what: str, seen: int, most: int) -> None:
    if not 1 <= seen <= most:
        raise BadVocabulary(f"{place}: expected 1 to {most} {what}, saw {seen}")
