"""Decides between the pattern that fits a question and the examples that it is like."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from agent.examples import CONTEXT, Reading, examples
from agent.phrases import certain, kind_of
from agent.plan import ACTS, OF_THE_LAST, Intent

TRUST, TRUST_KIND = 0.03, 0.3
"""What a fitting pattern adds to the likeness of its intent, and a named what-if to that of its kind."""
LEAST, LEAST_TO_LEAN, LEAST_TO_ACT = 0.16, 0.35, 0.46
"""Likeness from which on examples alone decide; what leans on the last answer, or acts, must be likelier. Chosen, as
``TRUST``, on voices left out of the examples one at a time (``python -m benchmarks.agent_examples``)."""
DOUBTFUL, NEAR = 0.5, 0.15
"""Below this likeness, and with the second reading this near, that one is offered beside the answer."""
PERHAPS, OFFERED = 0.05, 2
"""Likeness from which on an intent of a question that is not understood is offered, and how many are."""

LEAST_TO_RETRAIN = 0.3
"""Likeness from which on a new version is trained with a change, and not as it is."""
WITH_KINDS = frozenset({"experiment", "change", "retrain"})
AS_EXPERIMENTS = {"merge": "merge-classes", "split": "split-class"}
"""Intents that are what-ifs of their own."""
_ASKED_TO_ACT = re.compile(r"\b(?:you|please|pls|plz|we|u|just|go ahead|let.?s)\b")
LEANING: frozenset[Intent] = OF_THE_LAST | {"next"}
NOT_OFFERED: frozenset[Intent] = LEANING | ACTS | {"help"}
"""What leans, acts or asks nothing is not offered as another reading."""


@dataclass(frozen=True)
class Read:
    """What a text asks for.

    Attributes
    ----------
    intent : Intent or None
    kind : str
        The what-if or change, where examples know it; empty else.
    perhaps : tuple of str
        Examples of what it may mean instead, or of the two likeliest intents of a text that is not understood; each
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


def likeliest(text: str) -> list[tuple[str, float]]:
    """Intents by how like a lower-case text is to their examples, the likeliest first; telling is none."""
    readings = examples().readings(text)
    return [(r.intent, r.score) for r in readings if not r.kind and r.label != CONTEXT]


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
        return Read(by_pattern, strength=float(by_pattern is not None))
    known = examples()
    readings = known.readings(text)
    likeness = {reading.intent: max(reading.score, 0.0) for reading in readings if not reading.kind}
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
    others = [intent for intent in ranked if intent not in NOT_OFFERED and likeness[intent] >= PERHAPS]
    if by_pattern is None and strength < LEAST:
        offered = tuple(known.first[intent] for intent in others[:OFFERED])
        return Read(None, "", offered if len(offered) == OFFERED else (), strength, tells)
    second = next((intent for intent in others if intent != ranked[0]), None)
    either = strength < DOUBTFUL and second is not None and strength - likeness[second] < NEAR
    offered = (known.first[second],) if second is not None and either else ()
    return Read(cast(Intent, ranked[0]), _kind(readings, ranked[0], text), offered, strength, tells)


def _kind(readings: Sequence[Reading], intent: str, text: str) -> str:
    """The what-if that is named, or else the one that the examples are about; empty if there is none.

    A change is told in the same words whether it is to be tried, made, or trained with, so all three count.
    """
    if intent not in WITH_KINDS:
        return ""
    kinds: dict[str, float] = defaultdict(float)
    for reading in readings:
        kinds[reading.kind or AS_EXPERIMENTS.get(reading.label, "")] += max(reading.score, 0.0)
    kinds.pop("", None)
    if named := kind_of(text):
        kinds[named] += TRUST_KIND
    best, score = max(kinds.items(), key=lambda item: item[1], default=("", 0.0))
    return best if intent != "retrain" or score >= LEAST_TO_RETRAIN else ""
