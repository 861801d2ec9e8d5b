"""What pictures are looked for: the words that remain of a question when all that only asks is taken away.

A question is cut into pieces at full stops, colons, dashes and commas. The piece that asks for pictures is stripped of
what asks before it ("could you pull up every photo with") and of what follows ("in my data, for slide 12"). A piece
that only asks ("got any?", "let me see them") speaks of the piece beside it; a question without any such words is
itself the description. Only English; what stays is as the person wrote it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from agent.phrases import with_parts
from agent.prompts import table

LONGEST_SEARCH = 80
TOLD, ASKED = 1, 2
PUNCTUATION = " \t,.?!;:\"'“”’()*"


@dataclass(frozen=True)
class Sought:
    """What one text looks for.

    Attributes
    ----------
    words : str
        Empty where it does not say.
    asks : int
        ``ASKED`` where it has words that ask for pictures, ``TOLD`` where it only tells that there are some, 0 where it
        is merely a description.
    """

    words: str
    asks: int


def searched(question: str) -> str:
    """What pictures are looked for, as the question says it; empty if it does not.

    >>> searched("show me pictures of green apples, please"), searched("any photos with a price tag in them?")
    ('green apples', 'price tag')
    >>> searched("Rotten pears, got any?"), searched("can you pull up everything where a finger is visible")
    ('Rotten pears', 'finger')
    >>> searched("I once saw a pear with a worm in this lot. Can you find it?")
    'pear with a worm'
    """
    return _sought(question).words[:LONGEST_SEARCH]


def _sought(text: str) -> Sought:
    if quoted := re.search(r"[\"“«]([^\"”»]+)[\"”»]", text):
        return Sought(quoted[1].strip(), ASKED)
    found = [_stripped(piece) for piece in _pieces(text)]
    described = [one for one in found if one.words]
    best = max(described, key=lambda one: one.asks, default=Sought("", 0))
    asking = next((at for at, one in enumerate(found) if one.asks and not one.words), None)
    if best.asks or asking is None:
        return best
    before = [one for one in found[:asking] if one.words]
    return Sought((before or described or [best])[-1 if before else 0].words, ASKED)


def _pieces(text: str) -> list[str]:
    """Pieces of a text; a comma inside a description ("red, shiny apples") does not cut.

    >>> _pieces("Boss is cross: any red, shiny apples, he asks, for a slide?")
    ['Boss is cross', 'any red, shiny apples', 'he asks', 'for a slide']
    """
    out: list[str] = []
    for sentence in _pattern("cut").split(text):
        joins = False
        for piece in re.split(r"\s*,\s*", sentence):
            if joins and _continues(piece):
                out[-1] = f"{out[-1]}, {piece}"
            elif piece.strip():
                out.append(piece.strip())
                joins = True
    return out


def _continues(piece: str) -> bool:
    """Whether what follows a comma still describes, and is no remark of its own."""
    words = re.findall(r"[\w'’]+", _without(_without(piece.strip(PUNCTUATION), "behind"), "asked_behind").lower())
    return 0 < len(words) <= table("looking")["longest_continued"] and not _asides() & set(words)


def _stripped(piece: str) -> Sought:
    """A piece without what asks before and behind what is looked for."""
    text = " ".join(piece.split()).strip(PUNCTUATION)
    how = TOLD if _pattern("told").match(text) else ASKED
    core = _pattern("core").search(text)
    if core and (words := _bare(_without(text[core.start() :], "front"), "which")):
        return Sought(words, how)
    text = _without(text, "polite")
    rest = _without(text, "front")
    if rest != text:
        return Sought(_bare(rest, "which"), how)
    ends = _without(text, "asked_behind")
    asks = ends != text or _pattern("polite_behind").search(text) is not None
    return Sought(_bare(_without(_without(ends, "behind"), "pictures_behind"), "article"), ASKED * asks)


def _bare(text: str, name: str) -> str:
    """What is looked for, without what leads to it and what follows; empty if nothing is left that says anything."""
    rest = _without(_without(text, name), "behind").strip(PUNCTUATION)
    return "" if _pattern("empty").fullmatch(rest) else rest


def _without(text: str, name: str) -> str:
    """A text without what a pattern finds again and again; what would take all of it from behind stays."""
    behind = name.endswith("behind")
    while found := _pattern(name).search(text) if behind else _pattern(name).match(text):
        rest = text[: found.start(found.lastindex or 0)].rstrip(PUNCTUATION) if behind else text[found.end() :]
        if rest == text or (behind and not rest):
            break
        text = rest
    return text


@cache
def _asides() -> frozenset[str]:
    return frozenset(table("looking")["asides"].split())


@cache
def _pattern(name: str) -> re.Pattern[str]:
    known = table("looking")
    parts = {part: _joined(alternatives) for part, alternatives in known["parts"].items()}
    return re.compile(with_parts("|".join(f"(?:{one})" for one in known["patterns"][name]), parts), re.IGNORECASE)


def _joined(alternatives: Sequence[str]) -> str:
    return "(?:" + "|".join(alternatives) + ")"
