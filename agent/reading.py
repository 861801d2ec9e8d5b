"""Decides between the pattern that fits a question and the examples that it is like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from agent.examples import CONTEXT, Reading, examples
from agent.phrases import certain, kind_of
from agent.plan import ACTS, OF_THE_LAST, Intent

TRUST, TRUST_KIND = 0.1, 0.3
"""What a fitting pattern adds to the likeness of its intent, and a named what-if to that of its kind."""
LEAST, LEAST_TO_LEAN, LEAST_TO_ACT = 0.25, 0.35, 0.45
"""Likeness from which on examples alone decide; what leans on the last answer, or acts, must be likelier. Chosen, as
``TRUST``, on voices left out of the examples one at a time (``python -m benchmarks.agent_examples``)."""
DOUBTFUL, CLOSE = 0.5, 0.03
"""Below this likeness, and with the second reading this near, a question is asked back: one in three is right then."""
AROUND = 0.3
"""Weight of all that was said beside the part that asks."""
PERHAPS, OFFERED = 0.1, 2
"""Likeness from which on an intent of a question that is not understood is offered, and how many are."""

AS_EXPERIMENTS = {"merge": "merge-classes", "split": "split-class"}
"""Intents that are what-ifs of their own."""
_ASKED_TO_ACT = re.compile(r"\b(?:you|please|pls|plz|we|u|just|go ahead|let.?s)\b")
LEANING: frozenset[Intent] = OF_THE_LAST | {"next"}


@dataclass(frozen=True)
class Read:
    """What a text asks for.

    Attributes
    ----------
    intent : Intent or None
    kind : str
        The what-if or change, where examples know it; empty else.
    perhaps : tuple of str
        Examples of the two likeliest intents of a text that is not understood, or that may as well mean either; each
        class in them is ``@``.
    strength : float
        How like it is to what it is read as, with what a fitting pattern adds.
    tells : bool
        Whether it rather tells something than asks.
    """

    intent: Intent | None
    kind: str = ""
    perhaps: tuple[str, ...] = ()
    strength: float = 0.0
    tells: bool = False


def read_as(text: str, by_pattern: Intent | None, whole: str = "") -> Read:
    """What a text asks for.

    Parameters
    ----------
    text : str
        Lower case, in which class names are ``NAME``.
    by_pattern : Intent or None
        As the patterns have it.
    whole : str
        All that was said, where the text is a part of it: it counts a little.
    """
    if not any(c.isalpha() for c in text) or (by_pattern and certain(text)):
        return Read(by_pattern, strength=float(by_pattern is not None))
    known = examples()
    readings = known.readings(text)
    likeness = {reading.intent: max(reading.score, 0.0) for reading in readings if not reading.kind}
    if whole:
        for reading in known.readings(whole):
            if not reading.kind and reading.label != CONTEXT:
                likeness[reading.intent] += AROUND * max(reading.score, 0.0)
    if by_pattern:
        likeness[by_pattern] = likeness.get(by_pattern, 0.0) + TRUST
    for intents, least in ((LEANING, LEAST_TO_LEAN), (ACTS, LEAST_TO_ACT)):
        for intent in (intents & likeness.keys()) - {by_pattern}:
            likeness[intent] *= likeness[intent] >= least
    if "?" in text and not _ASKED_TO_ACT.search(text):
        likeness["change"] = 0.0  # "split limes?" is a question about it
    telling = likeness.pop(CONTEXT, 0.0)
    ranked = sorted(likeness, key=lambda intent: -likeness[intent])
    strength, tells = likeness[ranked[0]], telling > likeness[ranked[0]]
    if by_pattern is None and strength < LEAST:
        near = [i for i in ranked if i != "help" and likeness[i] >= PERHAPS][:OFFERED]
        offered = tuple(known.first[intent] for intent in near) if len(near) == OFFERED else ()
        return Read(None, "", offered, strength, tells)
    either = strength < DOUBTFUL and strength - likeness[ranked[1]] < CLOSE and "help" not in ranked[:2]
    offered = tuple(known.first[intent] for intent in ranked[:2]) if either else ()
    return Read(cast(Intent, ranked[0]), _kind(readings, ranked[0], text), offered, strength, tells)


def _kind(readings: Sequence[Reading], intent: str, text: str) -> str:
    """The what-if of an intent that is named, or else the one that the examples are about; empty if it has none."""
    kinds = {reading.kind: reading.score for reading in readings if reading.kind and reading.intent == intent}
    if intent == "experiment":
        kinds |= {AS_EXPERIMENTS[r.label]: r.score for r in readings if r.label in AS_EXPERIMENTS}
    if kinds and (named := kind_of(text)):
        kinds[named] = kinds.get(named, 0.0) + TRUST_KIND
    return max(kinds, key=lambda kind: kinds[kind], default="")
