"""Classes that are called like words of every day (``good``, ``bad``, ``other``): where such a word means the class.

The words around it decide: "the bad ones", "confused with bad" and "good and bad" name classes, "bad pictures", "how
bad" and "any other problems" do not. The patterns are those of ``prompts/everyday.toml``; they know English only.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from agent.phrases import with_parts
from agent.prompts import table

MOST = 30
"""Everyday words of one question that are looked at: each is compared with what stands around it."""
FIRM, ASKED = "@", "¤"
"""Stand for a class, and for the word that is asked about, in the text that patterns are matched against."""
_OTHER_THINGS = re.compile(
    r"\b(?:pictures?|images?|imgs?|photos?|pics?|shots|labels?|tags?|errors?|mistakes?|scores?|results?|models?|ideas?|"
    r"numbers?|versions?|values?)\b|\b(?:no|any)thing\s+$"
)
_PICTURES_OF = re.compile(
    r"\b(?:pictures?|images?|imgs?|photos?|pics?|shots|labels?|tags?) (?:of|on|for) (?:the |all |our )*$"
)
_SINGLE = re.compile(r"\s+(?:one|part|stuff)\b(?! (?:comes|goes|gets)\b)")


@dataclass(frozen=True)
class _Patterns:
    before: re.Pattern[str]
    after: re.Pattern[str]
    around: re.Pattern[str]
    pairs: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    joined_before: re.Pattern[str]
    joined_after: re.Pattern[str]
    joined_end: re.Pattern[str]
    beside: re.Pattern[str]
    things: re.Pattern[str]
    without_the_rest: re.Pattern[str]
    many: re.Pattern[str]
    determiners: frozenset[str]


@cache
def _patterns() -> _Patterns:
    known = table("everyday")
    parts: dict[str, str] = known["parts"]

    def filled(pattern: str) -> re.Pattern[str]:
        return re.compile(with_parts(pattern, parts))

    refused, meant = known["refused"], known["meant"]
    return _Patterns(
        filled("|".join(refused["before"])),
        filled("|".join(refused["after"])),
        filled("|".join(refused["around"])),
        tuple((filled(before), filled(f"^(?:{after})")) for before, after in meant["pairs"]),
        filled(r"[@¤]\s*{adjoining}\s*$"),
        filled(r"^\s*{adjoining}\s*[@¤]"),
        filled(r"^(?:{end}|\s+{things}\b|\s+{pictures}\b|\s*{adjoining}\s*@)"),
        filled(meant["beside"]),
        filled(meant["things"]),
        filled(meant["without_the_rest"]),
        filled(meant["many"]),
        frozenset(known["determiners"].split()),
    )


Span = tuple[int, int]


def meant(folded: str, spans: Collection[Span], taken: Collection[Span], parts: Collection[Span] = ()) -> list[Span]:
    """Those of the spans of everyday words that mean classes.

    Parameters
    ----------
    folded : str
        A question in lower case.
    spans : collection of (int, int)
        Where everyday words that are names of classes begin and end.
    taken : collection of (int, int)
        Where other names of classes stand.
    parts : collection of (int, int)
        Where everyday words stand that tell one class of several words from the others.

    >>> text = "how bad are the bad ones"
    >>> meant(text, [(4, 7), (16, 19)], [])
    [(16, 19)]
    """
    spans, parts = sorted(spans)[:MOST], sorted(parts)[:MOST]
    there = [*spans, *parts, *taken]
    whole = [span for span in spans if _is_meant(folded, span, [other for other in there if other != span])]
    return whole + [span for span in parts if _stands_for(folded, span, [other for other in there if other != span])]


def idioms(folded: str) -> list[Span]:
    """Where sayings stand in which no class is named.

    >>> idioms("it has gone pear shaped")
    [(7, 23)]
    """
    return [
        found.span() for pattern in table("everyday")["idioms"]["patterns"] for found in re.finditer(pattern, folded)
    ]


def _is_meant(folded: str, span: Span, others: Collection[Span]) -> bool:
    known, word = _patterns(), folded[slice(*span)]
    before, after = _around(folded, span, others)
    if known.around.search(before + ASKED + after) or known.around.search(folded):
        return False
    determines = word in known.determiners
    if _joined(before, after, determines=determines):
        return True
    if not determines and (known.things.search(after) or known.many.search(after)):
        return not _of_something_else(before, after)
    if known.before.search(before) or known.after.search(after):
        return False
    return any(first.search(before) and then.search(after) for first, then in known.pairs)


def _stands_for(folded: str, span: Span, others: Collection[Span]) -> bool:
    """Whether a word stands for the class of which it is a part: "good and bad cookies", "the good ones"."""
    known, (before, after) = _patterns(), _around(folded, span, others)
    if folded[slice(*span)] in known.determiners or known.around.search(before + ASKED + after):
        return False
    alone = known.without_the_rest.search(after) is not None and not re.search(r"\ban?\s+$", before)
    alone = alone and not _of_something_else(before, after)
    return alone or _joined(before, after, determines=False)


def _joined(before: str, after: str, *, determines: bool) -> bool:
    """Whether the word is set beside another class: "good and bad", "other or bad"."""
    known = _patterns()
    if not (known.joined_before.search(before) or known.joined_after.search(after)):
        return False
    return bool(known.joined_end.search(after)) if determines else not known.beside.search(after)


def _of_something_else(before: str, after: str) -> bool:
    """Whether "the bad ones" are pictures or labels that were told of, or "the bad part" is one of a story."""
    if re.search(r"\bthe\s+$", before) and _SINGLE.match(after):
        return True
    told = None if _PICTURES_OF.search(before) else _OTHER_THINGS.search(before)
    return told is not None and (told.end() == len(before) or re.match(r"\s+ones?\b", after) is not None)


def _around(folded: str, span: Span, others: Collection[Span]) -> tuple[str, str]:
    return _masked(folded, 0, span[0], others), _masked(folded, span[1], len(folded), others)


def _masked(folded: str, start: int, end: int, others: Collection[Span]) -> str:
    """A stretch of the text in which the other names are ``FIRM``."""
    out, at = "", start
    for a, b in sorted(others):
        if start <= a and b <= end and a >= at:
            out, at = out + folded[at:a] + FIRM, b
    return out + folded[at:end]
