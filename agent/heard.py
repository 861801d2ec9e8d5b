"""What of a message is read: the whole of it, and whether it holds a second question of another kind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.names import Named, find_names, spelt
from agent.parts import asks, linked, sentences, without_opening
from agent.phrases import NAME, intents
from agent.plan import OF_THE_LAST, Intent
from agent.reading import Read, likeliest, read_as

_MIX = re.compile(
    r"confus|mix|mistak|misclass|swap|instead of|rather than|apart|\bvs\b|versus|\btak(e|es|ing)\b.*\bfor\b|"
    r"\bcall(s|ed|ing)?\b|predict|classif|think|\bas\b"
)
FEWEST_OF_SECOND = 3
"""Words of a second question that is joined to the first by "and"."""
LONGEST_WHOLE, MOST_LETTERS = 45, 300
"""Words and letters of a message up to which all of it is compared with the examples: none of them is longer."""
SURE = 0.4
"""Likeness from which on each of two parts is taken for a question."""
SURE_TOGETHER, SURE_APART = 0.25, 0.12
"""How like the whole message must be to what either part asks (one that merely tells a story is like one only); where
the words say that another question begins, the smaller."""
_ANOTHER = re.compile(
    r"\W*(?:and|also|plus|second(?:ly)?|then|besides|another|separately|unrelated|by the way|btw|oh|one more|"
    r"(?:and )?while (?:you|we|i)\W?(?:re|are|m|am)? (?:at|on|in|there))\b",
    re.IGNORECASE,
)
NO_SECOND: frozenset[Intent] = OF_THE_LAST | {"help", "next"}
"""What leans on an answer, or asks nothing of the pictures, is no question beside another."""


@dataclass(frozen=True)
class Part:
    """A message, or a part of it, as it would be read alone."""

    words: str
    start: int
    end: int
    named: Named
    text: str
    by_pattern: Intent | None
    read: Read
    told: str = ""
    """The text of the whole message, where this is a part of it: amounts may stand beside what asks."""

    @property
    def requests(self) -> bool:
        """Whether it is something to answer, and surely."""
        return self.read.strength >= SURE and self.read.intent not in {None, *NO_SECOND} and not self.read.tells


def part_of(question: str, start: int, end: int, classes: Sequence[str]) -> Part:
    """The part between two places of a message."""
    words = question[start:end]
    named = find_names(words, classes)
    text = spelt(without_names(words, named).lower())
    by_pattern = _pattern(text, named)
    return Part(words, start, end, named, text, by_pattern, read_as(text, by_pattern))


def heard(question: str, classes: Sequence[str]) -> Part:
    """A message as it is read: all of it, or of a long one the sentence that asks most clearly.

    Where that sentence names no class, what the whole message names counts, and the sentence only says what is asked.
    """
    whole = part_of(question, 0, len(question), classes)
    if len(question.split()) <= LONGEST_WHOLE and len(question) <= MOST_LETTERS:
        return whole
    parts = [part_of(question, a, b, classes) for a, b in sentences(question)]
    asking = [part for part in parts if part.requests and asks(part.words)] or [part for part in parts if part.requests]
    clearest = max(asking, key=lambda part: part.read.strength, default=whole)
    if clearest.named.matches or not whole.named.matches:
        return replace(clearest, told=whole.text)
    return replace(whole, read=clearest.read, by_pattern=clearest.by_pattern)


def in_two(question: str, classes: Sequence[str]) -> tuple[str, str]:
    """The first question and, if a second of another kind follows, that one too."""
    pieces = sentences(question)
    whole = part_of(question, 0, len(question), classes)
    parts = [whole] if len(pieces) == 1 else [part_of(question, a, b, classes) for a, b in pieces]
    requests = [part for part in parts if part.requests]
    asking = [part for part in requests if asks(part.words)] or requests
    for at, part in enumerate(asking[1:]):
        if _two(asking[at], part, whole):
            return question[: part.start].strip(), without_opening(question[part.start :].strip())
    for part in asking:
        for end, start in linked(part.words):
            if len(part.words[start:].split()) < FEWEST_OF_SECOND:
                continue
            one, two = part_of(part.words, 0, end, classes), part_of(part.words, start, len(part.words), classes)
            reasons = two.words.lower().startswith("why") and not two.named.matches  # "which are worst, and why?"
            if one.requests and two.requests and not reasons and _two(one, two, whole):
                return question[: part.start + end].strip(), question[part.start + start :].strip()
    return question, ""


def _two(one: Part, other: Part, whole: Part) -> bool:
    """Whether two parts ask for different things, both of which the whole message is like."""
    apart = ("?" in one.words and "?" in other.words) or _ANOTHER.match(other.words) is not None
    together = dict(likeliest(whole.text)[: 3 if apart else 2])
    kinds, least = (one.read.intent, other.read.intent), SURE_APART if apart else SURE_TOGETHER
    return kinds[0] != kinds[1] and all(together.get(str(kind), 0.0) >= least for kind in kinds)


def without_names(question: str, named: Named) -> str:
    """The question with ``NAME`` for each name of a class."""
    out, at = "", 0
    for match in named.matches:
        out += question[at : match.start] + NAME
        at = match.end
    return out + question[at:]


def _pattern(text: str, named: Named) -> Intent | None:
    if not any(c.isalpha() for c in text) and not named.matches:
        return "help"
    for intent in intents(text):
        if intent in {"overview", "worst"} and named.classes:
            return "confusion"
        if intent == "labels" and len(named.classes) >= 2 and _MIX.search(text) and "wrong" not in text:
            return "confusion"
        return intent
    return None
