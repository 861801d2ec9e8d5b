"""Words that stand where the name of a class would, and are none: "why are bananas called lemons?".

Where they stand decides, by the patterns of ``prompts/missing.toml``: what is confused, split, merged, counted or
labelled is meant as a class; the tripod, the warehouse and the nephew of a story are not.
"""

import re
from collections.abc import Sequence
from functools import cache

from agent.names import Match, spelt
from agent.phrases import with_parts
from agent.plan import Intent
from agent.prompts import table

FIRM, OPEN = "@", "¤"
GROUPS: dict[Intent, tuple[str, ...]] = {
    "confusion": ("pairs", "alone"),
    "split": ("pairs", "alone"),
    "merge": ("pairs", "alone"),
    "labels": ("pairs", "counted"),
    **dict.fromkeys(("collect", "balance", "threshold", "change"), ("counted",)),
}
"""Patterns of the intents that ask something else of each class; the others can be answered without."""
FEWEST_LETTERS = 3
_NO_NOUN = re.compile(r".{3,}(?:ing|ly|ed)$")
"""Forms of verbs and adverbs: a class with such an ending ("seaweed") that is missing is not asked back."""


@cache
def _patterns(*groups: str) -> tuple[re.Pattern[str], ...]:
    known = table("missing")
    parts: dict[str, str] = known["parts"]
    return tuple(re.compile(with_parts(p, parts)) for group in groups for p in known[group]["patterns"])


def missing(intent: Intent, question: str, matches: Sequence[Match], unknown: Sequence[str]) -> tuple[str, ...]:
    """Those of the unknown words that are meant as classes.

    Parameters
    ----------
    intent : Intent
    question : str
    matches : sequence of Match
        Where classes are named.
    unknown : sequence of str
        Words of the question that are neither classes nor ordinary words.

    >>> question = "why are Bananas taken for lemons in my warehouse"
    >>> missing("confusion", question, [Match("Lemon", 26, 32)], ["Bananas", "warehouse"])
    ('Bananas',)
    """
    words = {w.lower() for w in unknown if _may_name(w)}
    if not words:
        return ()
    text, named = _masked(question, matches, words)
    found = [
        place
        for pattern in _patterns(*GROUPS.get(intent, ()))
        for m in pattern.finditer(text)
        for place in _places(text, m)
    ]
    return tuple(dict.fromkeys(named[place] for place in sorted(set(found))))


def about_any(question: str) -> bool:
    """Whether a question is about whichever classes there are, and not about some that it points at.

    >>> about_any("which labels could live together?"), about_any("should I split it?")
    (True, False)
    """
    low = question.lower()
    return not re.search(table("missing")["any"]["points"], low) and any(p.search(low) for p in _patterns("any"))


def _may_name(word: str) -> bool:
    low = word.lower()
    return len(word) >= FEWEST_LETTERS and spelt(low) == low and not _NO_NOUN.match(low)


def _masked(question: str, matches: Sequence[Match], words: set[str]) -> tuple[str, list[str]]:
    """The question with names as ``FIRM`` and the words as ``OPEN`` (and an s for a plural), and those words."""
    text, at = "", 0
    for match in matches:
        text, at = text + question[at : match.start] + FIRM, match.end
    text = re.sub(rf"[{OPEN}\s]+", " ", text + question[at:])
    named: list[str] = []

    def masked(found: re.Match[str]) -> str:
        word = found[0]
        if word.lower() not in words:
            return word.lower()
        named.append(word)
        return OPEN + "s" * (word.lower().endswith("s") and not word.lower().endswith("ss"))

    return re.sub(r"[^\W\d_]+", masked, text), named


def _places(text: str, found: re.Match[str]) -> list[int]:
    """Which of the words that are open a stretch of the text holds."""
    before = text.count(OPEN, 0, found.start())
    return list(range(before, before + found[0].count(OPEN)))
