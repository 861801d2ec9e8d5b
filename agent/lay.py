"""Says numbers and verdicts again in plain words, with counts of pictures, and explains the words of an answer."""

import re
from dataclasses import dataclass
from functools import cache

from agent.prompts import sentence, table
from tools.effects import Measure
from tools.findings import Evidence

CITATION = re.compile(r"\[F\d+\]")
LEAST = 0.5
"""Of 100 pictures; below half a picture there is nothing to tell."""


@dataclass(frozen=True)
class Word:
    """A word that needs explaining.

    Attributes
    ----------
    term : str
    says : str
    fits : pattern
        Finds it in lower-case text.
    """

    term: str
    says: str
    fits: re.Pattern[str]


@cache
def glossary(language: str = "") -> tuple[Word, ...]:
    """All words, the most needed first."""
    entries = {**table("glossary"), **(table("glossary", language) if language else {})}.values()
    return tuple(Word(e["term"], e["says"], re.compile("|".join(f"(?:{p})" for p in e["fits"]))) for e in entries)


def words_in(text: str, language: str = "") -> list[Word]:
    """The words of a text that need explaining."""
    low = CITATION.sub("", text).lower()
    return [word for word in glossary(language) if word.fits.search(low)]


def counted(accuracy: Evidence) -> str:
    """Accuracy as pictures right and wrong; empty where their number is not known."""
    if not accuracy.n:
        return ""
    right = round(accuracy.value * accuracy.n)
    return sentence("lay.accuracy", right=str(right), wrong=str(accuracy.n - right))


def effect(measure: Measure) -> str:
    """What an effect is in pictures of a hundred.

    >>> effect(Measure("accuracy", 0.7, 0.75, 0.012, 0.088, 0.0, "helps", 200))
    'In plain words: of each hundred such pictures, 1 to 9 more come out right.'
    """
    low, high = (round(100 * value) for value in (measure.low, measure.high))
    balanced = "_each" if "balanced" in measure.metric else ""
    of = sentence(f"lay.of{balanced}") if not measure.metric.startswith("recall") else sentence("lay.of_class")
    if max(abs(100 * measure.low), abs(100 * measure.high)) < LEAST:
        return sentence("lay.nothing", of=of)
    if measure.low < 0 < measure.high:
        return sentence("lay.either", of=of, fewer=str(-low), more=str(high))
    if low == high:
        return sentence("lay.more_one" if low > 0 else "lay.fewer_one", of=of, count=str(abs(low)))
    if low >= 0:
        return sentence("lay.more", of=of, low=str(low), high=str(high))
    return sentence("lay.fewer", of=of, low=str(-high), high=str(-low))
