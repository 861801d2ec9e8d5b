"""How far two stretches of a question are from each other: letters, and commas and full stops between."""

import re
from collections.abc import Sequence

Span = tuple[int, int]
FAR, CLAUSE, SENTENCE, LOST = 60, 25, 60, 90
"""Letters up to which an amount belongs to a role; how much further a comma, and the end of a sentence, sets them; and
from where on it does not matter any more how far."""

_COMMA = re.compile(r",(?!\d)|\s[–—-]\s| and | but ")
_STOP = re.compile(r"[.;?!\n](?!\d)")


def apart(text: str, one: Span, other: Span) -> int:
    """How far two stretches of a text are from each other.

    >>> apart("a miss, and 5 euros", (2, 6), (12, 13)) > apart("a miss for 5 euros", (2, 6), (11, 12))
    True
    """
    start, end = min(one[1], other[1]), max(one[0], other[0])
    between = text[start:end]
    gaps = len(_COMMA.findall(between)) * CLAUSE + len(_STOP.findall(between)) * SENTENCE
    return max(end - start, 0) + gaps


def nearest(text: str, amount: Span, spans: Sequence[Span]) -> int:
    """How far the nearest of several stretches is; beyond ``LOST`` it does not matter how far."""
    return min([LOST, *(apart(text, amount, span) for span in spans)])
