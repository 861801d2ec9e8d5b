"""Names that come from data, made harmless: for people (Markdown) and for language models (plain characters)."""

import re
import unicodedata
from collections.abc import Sequence

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ACTIVE = re.compile(r"([\\`*<>\[\]!|#~])")


def visible(text: str) -> str:
    """Without control, bidirectional, zero-width and unassigned characters; line breaks become spaces.

    >>> visible("Li\\u200bme\\u202e!")
    'Lime!'
    """
    spaced = re.sub(r"[\r\n\t\u2028\u2029]+", " ", text)
    return "".join(c for c in spaced if unicodedata.category(c) not in _HIDDEN)


def markdown_safe(text: str) -> str:
    """Text in which nothing that came from data acts as Markdown, HTML or a link.

    Underscores inside words do nothing in CommonMark and stay readable.

    >>> markdown_safe("<b>[x](http://a.b)")
    '\\\\<b\\\\>\\\\[x\\\\](http:/ /a.b)'
    """
    broken = visible(text).replace("://", ":/ /")
    broken = re.sub(r"\bwww\.", "www ", broken, flags=re.IGNORECASE)
    return _ACTIVE.sub(r"\\\1", broken)


def shown_names(names: Sequence[str]) -> dict[str, str]:
    """What a language model may see of each name, by that; two names that look alike get a number.

    >>> shown_names(["Lime", "Li\\u200bme"])
    {'Lime': 'Lime', 'Lime (2)': 'Li\\u200bme'}
    """
    shown: dict[str, str] = {}
    for name in names:
        plain = visible(name).strip()[:80] or "unnamed"
        candidate, number = plain, 2
        while candidate in shown:
            candidate, number = f"{plain} ({number})", number + 1
        shown[candidate] = name
    return shown
