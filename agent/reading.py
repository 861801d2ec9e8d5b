"""Decides between the pattern that fits a question and the examples that it is like."""

from collections import defaultdict
from dataclasses import dataclass
from typing import cast

from agent.examples import examples
from agent.phrases import certain, kind_of
from agent.plan import ACTS, OF_THE_LAST, Intent

TRUST = 0.3
"""What a fitting pattern adds to the likeness of its intent, and a named what-if to that of its kind."""
LEAST, LEAST_TO_ACT = 0.3, 0.45
"""Likeness from which on examples alone decide: of five parts of the examples, each left out once, 118 of 143 phrasings
about something else stay so (at 0.2 only 96), at the price of 43 of 1,114 right ones. What acts, or leans on the last
answer, must be likelier. (``python -m benchmarks.agent_examples``)"""
PERHAPS, OFFERED = 0.1, 2
"""Likeness from which on an intent of a question that is not understood is offered, and how many are."""

LEANING = ACTS | OF_THE_LAST | {"next"}


@dataclass(frozen=True)
class Read:
    """What a text asks for.

    Attributes
    ----------
    intent : Intent or None
    kind : str
        The what-if or change, where examples know it; empty else.
    perhaps : tuple of str
        Examples of the two likeliest intents of a text that is not understood; each class in them is ``@``.
    """

    intent: Intent | None
    kind: str = ""
    perhaps: tuple[str, ...] = ()


def read_as(text: str, by_pattern: Intent | None) -> Read:
    """What a text asks for.

    Parameters
    ----------
    text : str
        Lower case, in which class names are ``NAME``.
    by_pattern : Intent or None
        As the patterns have it.
    """
    if not any(c.isalpha() for c in text) or (by_pattern and certain(text)):
        return Read(by_pattern)
    known = examples()
    likeness: dict[str, float] = defaultdict(float)
    kinds: dict[str, float] = defaultdict(float)
    readings = known.readings(text)
    for reading in readings:
        likeness[reading.intent] += max(reading.score, 0.0)
        kinds[reading.kind] += max(reading.score, 0.0)
    if by_pattern:
        likeness[by_pattern] += TRUST
    for intent in LEANING & likeness.keys() - {by_pattern}:
        likeness[intent] *= likeness[intent] >= LEAST_TO_ACT
    ranked = sorted(likeness, key=lambda intent: -likeness[intent])
    if by_pattern is None and likeness[ranked[0]] < LEAST:
        near = [i for i in ranked if i != "help" and likeness[i] >= PERHAPS][:OFFERED]
        labels = [next(r.label for r in readings if r.intent == intent) for intent in near]
        return Read(None, perhaps=tuple(known.first[label] for label in labels) if len(near) == OFFERED else ())
    return Read(cast(Intent, ranked[0]), _kind(kinds, text))


def _kind(kinds: dict[str, float], text: str) -> str:
    """The what-if that is named, or else the one that the examples are about."""
    if named := kind_of(text):
        kinds[named] += TRUST
    return max((kind for kind in kinds if kind), key=lambda kind: kinds[kind])
