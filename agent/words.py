"""Words of questions and of class names, as they are compared."""

import re
import unicodedata
from functools import lru_cache

from agent.prompts import word_list

WORD = re.compile(r"[^\W_]+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

QUESTION_WORDS = word_list("question_words")
"""Ordinary words of questions: none of them is taken for the name of a class, or for one that is missing."""

ORDINARY_WORDS = QUESTION_WORDS | word_list("ordinary_words")
"""Those and further words that are not taken for a missing class either; typing errors are not mended into them."""


@lru_cache(maxsize=4096)
def singular(word: str) -> str:
    """An English word without its plural ending, roughly; only ever compared with other such stems.

    >>> [singular(w) for w in ("cookies", "berries", "peaches", "glass", "satsumas", "boxes")]
    ['cooky', 'berry', 'peach', 'glass', 'satsuma', 'box']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if len(word) > 4 and word.endswith("ie"):
        return word[:-2] + "y"
    return word


def plain(text: str) -> str:
    """Lower case without accents, one character for each."""
    return "".join((unicodedata.normalize("NFKD", c)[:1] or " ").lower()[:1] for c in text)


@lru_cache(maxsize=4096)
def stems(name: str) -> tuple[str, ...]:
    """Words of a class name: ``Red-Grapefruit``, ``red_grapefruit`` and ``RedGrapefruit`` alike."""
    return tuple(singular(w) for w in WORD.findall(plain(CAMEL.sub(" ", name))))
