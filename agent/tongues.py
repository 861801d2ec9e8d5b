"""Tells whether a question is in a language that the rules do not read."""

import re
import unicodedata
from functools import cache

from agent.prompts import table
from agent.words import QUESTION_WORDS, WORD

FEWEST, SHARE = 2, 0.34
"""Words of another language that are needed, and their least share of all words that are no class names."""
SCRIPTS = {
    "CYRILLIC": "Russian or a language written like it", "ARABIC": "Arabic or a language written like it",
    "HEBREW": "Hebrew", "GREEK": "Greek", "DEVANAGARI": "Hindi or a language written like it", "THAI": "Thai",
    "HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "CJK": "Chinese or Japanese",
}  # fmt: skip


def other_language(text: str) -> str:
    """English name of the language of a question without its class names; empty for English or what cannot be told.

    >>> other_language("warum verwechselt mein Modell Zitronen?"), other_language("why is it wrong?")
    ('German', '')
    """
    words = [w.lower() for w in re.findall(r"[^\W\d_][\w'’]*(?:-[^\W\d_][\w'’]*)*", text)]
    words = [part for word in words for part in ([word] if word in QUESTION_WORDS else word.split("-"))]
    if (script := _script(text)) and not any(w in QUESTION_WORDS for w in words):
        return script
    if not words:
        return ""
    counts = {name: sum(w in known for w in words) for name, known in _words().items()}
    best = max(counts, key=lambda name: counts[name])
    english = sum(w in QUESTION_WORDS and w not in _words()[best] for w in words)
    enough = counts[best] >= FEWEST and counts[best] >= SHARE * len(words) and counts[best] > english
    return best if enough else ""


def _script(text: str) -> str:
    letters = [unicodedata.name(c, "") for c in text if c.isalpha() and WORD.match(c)]
    for prefix, language in SCRIPTS.items():
        if sum(name.startswith(prefix) for name in letters) > len(letters) / 2:
            return language
    return ""


@cache
def _words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in table("tongues").items()}
