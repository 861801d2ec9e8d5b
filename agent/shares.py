"""Reads out of a question which share is to be found or right.

Every share goes to the words of a role that stand nearest to it: what is found or missed, what is right or a false
alarm.
"""

import re
from collections.abc import Iterator

from agent.mistakes import FOUND, GOT, MISS, PRECISION, REALLY, RECALL, RIGHT, SURE, WRONG
from agent.nearness import CLAUSE, FAR, apart
from agent.numbers import ANY, CLEAR, share
from agent.phrases import NAME
from agent.stated import DEMAND, asks_whether, is_score, is_shown, is_told

_ROLES = (
    (PRECISION, "precision", 1, -FAR),
    (RECALL, "recall", 1, -FAR),
    (WRONG, "precision", -1, 0),
    (MISS, "recall", -1, 0),
    (RIGHT, "precision", 1, 0),
    (FOUND, "recall", 1, 0),
    (GOT, "recall", 1, CLAUSE // 2),
    (SURE, "precision", 1, CLAUSE),
    (REALLY, "precision", 1, CLAUSE),
)
"""Words of a role, what a share of it is a goal for, whether it is wanted or not, and how much further off they count.

Precision and recall by their names count before all else.
"""
_WORDS = [re.compile(rf"(?<![\w-])(?:{words})(?!\w)") for words, *_ in _ROLES]
_SURE = _WORDS[[words for words, *_ in _ROLES].index(SURE)]
_ANSWERS = (
    r"(?:say|call|shout|shoot|shot|cry|crie|flag|claim|tell|label|beep|predict|mark|alarm|answer|yell|scream|bark|name|"
    r"declare|report|read|print|announce|think|sort|sell|book|ring|put)\w*"
)
_FRAME = re.compile(
    rf"\b(?:when|if|whenever|each time|every time|once|where)(?: \w+){{0,2}}? {_ANSWERS}\b|"
    rf"\bof (?:everything|all|what|whatever|the ones|those|things|\d+)(?: \w+){{0,4}}? {_ANSWERS}\b|"
    rf"\b(?:things|pictures|ones|parts|all|everything|what)(?: that)? (?:we|i|it|they|you)(?: \w+)? {_ANSWERS}\b|"
    r"\bof (?:the |all |its |my |our |those )*(?:rejects|rejected|alarms|stops|flagged|calls|hits|answers|beeps|"
    rf"accepted)\b|{NAME}[\"'”]? (?:calls|answers|predictions|labels|alarms|hits|verdicts|stops|flags)\b|"
    r"\b(?:its|the) (?:calls|alarms|answers)\b"
)
"""Speaks of what the model answers, so that a share of it without a role is one that is right, or wrong."""
_NAMED_ONLY = re.compile(
    rf"(?:\b(?:of|at|least|is|to|about|around|above|over|the|be|should|must|a|min|minimum|for|on|gets?|and|with|reach\w*|"
    rf"in|has|have|needs?|can)\b|[\s=>≥:(){NAME}])*"
)
_COUNTS = re.compile(
    r" (?:\w+ )?(?:pictures|images|photos|pics|shots|samples|examples|items|parts)\b|"
    rf" (?!please|always|across)[a-z]{{4,}}s\b| {NAME}s?"
)
_ASKED = re.compile(r"\b(?:what|which|how)(?: is the| is| much| high| good| kind of| the)* $")
_ALL_BUT = re.compile(r"\b(?:all|everything|every one|each one)(?: [a-z]+)? (?:but|except|bar|save)(?: for)? $")
_NEGATED = re.compile(r"(?:\b(?:not|never|no|without|free of)|n't)(?: (?:be|being|get|get to|go|a|any|have been))* ?$")


def wanted(text: str) -> tuple[str, float] | None:
    """The share that is wanted, of precision or recall; None where there is none.

    Parameters
    ----------
    text : str
        Lower case, numbers in figures.

    >>> wanted("1 in 50 may slip through"), wanted("of 200 pictures, what cutoff")
    (('recall', 0.98), None)
    >>> wanted("at the moment 8 % are missed, it should be 2 %")
    ('recall', 0.98)
    """
    whether = asks_whether(text)
    found: list[tuple[float, str, float]] = []
    told: list[tuple[float, str, float]] = []
    free: list[float] = []
    for amount in re.finditer(ANY, text):
        value = share(amount[0])
        if value is None or is_score(text, amount):
            continue
        if _ALL_BUT.search(text[: amount.start()]):
            value = round(1 - value, 6)
        roles = _roles(text, amount, value, whether or is_shown(text, amount))
        if is_told(text, amount):
            told += roles
        else:
            found += roles
            free.append(value)
    if not found and told and len(free) == 1:  # what is demanded has the role of what is told
        return min(told)[1], max(free[0], round(1 - free[0], 6))
    found = [role for role in found if role[2] > 0]
    return min(found, key=lambda role: role[0])[1:] if found else None


def _roles(text: str, amount: re.Match[str], value: float, whether: bool) -> Iterator[tuple[float, str, float]]:
    """Roles that an amount may have: how far off, of which kind, and the share it makes."""
    clear = CLEAR.fullmatch(amount[0]) is not None
    for words, (_, kind, sign, further) in zip(_WORDS, _ROLES, strict=True):
        named = further < 0
        if (not named and (whether or not clear)) or (words is _SURE and not DEMAND.search(text)):
            continue
        for word in words.finditer(text):
            far: float = apart(text, amount.span(), word.span()) + further
            if far > FAR or (not clear and not _beside(text, amount, word)):
                continue
            if named and _ASKED.search(text[: word.start()]):
                continue
            far -= len(word[0]) / 1000  # of two words as near, the longer one: a type ii error is no mere error
            negated = _NEGATED.search(text[: word.start()]) is not None
            if named or (sign > 0 and value >= 0.5):
                yield far, kind, value
            elif (sign < 0 and value <= 0.5) or (sign > 0 and negated):
                yield far, kind, round(1 - value, 6)
            elif sign < 0 and negated:
                yield far, kind, value
    if clear and not whether and _FRAME.search(text) and DEMAND.search(text):
        yield FAR + 1, "precision", value if value >= 0.5 else round(1 - value, 6)


def _beside(text: str, amount: re.Match[str], word: re.Match[str]) -> bool:
    """Whether a bare number stands beside a word, with nothing that counts between: precision of at least 95."""
    start, end = min(amount.end(), word.end()), max(amount.start(), word.start())
    counts = _COUNTS.match(text[amount.end() :]) is not None
    return not counts and (end <= start or _NAMED_ONLY.fullmatch(text[start:end]) is not None)
