"""Cuts a message into sentences, and at words that may join a second question to the first."""

import re
from collections.abc import Iterator

from agent.names import mended
from agent.prompts import word_list

LONGEST_READ = 1500
"""Letters of a question that are read: of a longer one the beginning and the end, where people ask."""
BEGINNING = 500
FEWEST_WORDS = 2
"""Of a part: a single word after a full stop belongs to the sentence before it."""

_ASKS = word_list("asking_words")
_SENTENCE = re.compile(
    r"(?<=[?!;])[\s)\"”]+|(?<=[^\W\d_]{2}\.)\s+|(?<=\d%)\.\s+|(?<=\d)\.\s+(?=[A-Z])|\s+\.\s+|\s*[\n…]+\s*"
)
_ABBREVIATED = re.compile(r"\b(?:vs|etc|eg|approx|incl|no|nr|fig|resp|ca|mr|mrs|dr)\.\s+$", re.IGNORECASE)
_LINK = re.compile(
    r",?\s+(?:and|also|plus|but|then)\s+(?:(?:also|then|please|maybe|second|secondly),?\s+)*(?=(\w+))", re.IGNORECASE
)
_LEADING = re.compile(
    r"(?:(?:and|also|so|then|but|ok|okay|well|now|hi|hello|hey|oh|secondly|second|besides|finally|lastly|plus|please|"
    r"anyway|honestly|basically)\b[\s,.!:]*)+",
    re.IGNORECASE,
)


def shortened(question: str) -> str:
    """A question of a length that is read.

    >>> len(shortened("why is it wrong? " * 1000)) <= LONGEST_READ
    True
    """
    if len(question) <= LONGEST_READ:
        return question
    first, last = question[:BEGINNING], question[BEGINNING - LONGEST_READ + 1 :]
    return f"{first.rpartition(' ')[0] or first}\n{last.partition(' ')[2] or last}"


def sentences(question: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end.

    >>> [("I sell limes. Why are they bad?")[a:b] for a, b in sentences("I sell limes. Why are they bad?")]
    ['I sell limes.', 'Why are they bad?']
    """
    return _pieces(question, (m for m in _SENTENCE.finditer(question) if not _ABBREVIATED.search(question[: m.end()])))


def linked(question: str) -> list[tuple[int, int]]:
    """Where a text can be cut in two questions, as the end of the first and the beginning of the second.

    >>> [("is it blurred and should i merge them")[b:] for _, b in linked("is it blurred and should i merge them")]
    ['should i merge them']
    """
    return [(m.start(), m.end()) for m in _LINK.finditer(question) if mended(m[1].lower()) in _ASKS]


def without_opening(part: str) -> str:
    """A part without "and", "also", "then" at its beginning.

    >>> without_opening("And then, should I merge them?")
    'should I merge them?'
    """
    opening = _LEADING.match(part)
    return part[opening.end() :] if opening else part


def asks(part: str) -> bool:
    """Whether a part has the form of a question or an order.

    >>> asks("Also, do I have enough pears"), asks("I have enough pears."), asks("I have enough pears?")
    (True, False, True)
    """
    first = re.match(r"[^\W\d_]+", without_opening(part))
    return "?" in part or (first is not None and mended(first[0].lower()) in _ASKS)


def _pieces(text: str, gaps: Iterator[re.Match[str]]) -> list[tuple[int, int]]:
    """Pieces between gaps; one of a single word is joined to the piece before it, or else to the next."""
    out: list[tuple[int, int]] = []
    start = 0
    for end, after in [*((m.start(), m.end()) for m in gaps), (len(text), len(text))]:
        if len(text[start:end].split()) >= FEWEST_WORDS:
            out.append((start, end))
        elif out:
            out[-1] = (out[-1][0], end)
        else:
            continue
        start = after
    return out or [(0, len(text))]
