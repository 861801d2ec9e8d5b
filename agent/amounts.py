"""Reads amounts out of a question: the goal of a threshold, and numbers of versions."""

import re
from typing import Any

_SHARE = r"(?:\d+(?:[.,]\d+)?\s*(?:%|per ?cent|percent)|0?[.,]\d+|1[.,]0+|100|\d{2}(?:[.,]\d+)?)"
_RATE = r"(?:\d+|one|an?) (?:in|of|out of) (?:a |every )?\d+"
_ANY = rf"(?:{_RATE}|{_SHARE})"
_FEW = rf"(?:{_RATE}|\d+(?:[.,]\d+)?\s*(?:%|per ?cent|percent)|0?[.,]\d+)"
_PRECISION = r"(?:precision|precise|purity|(?:right|correct|sure) when it says)"
_RECALL = r"(?:recall|sensitivity|hit rate|found|caught|detected|of all)"
_MONEY = (
    r"(?:[$€£]\s*(\d+(?:[.,]\d+)?)|(\d+(?:[.,]\d+)?|(?:an?|one)(?=\s(?:cent|ct|pence|dollar|eur|usd|pound|buck|point|unit)))\s*"
    r"(cents?|ct|pence|dollars?|euros?|eur|usd|pounds?|bucks|points?|units?|¢|€|\$|£)?)"
)
_FALSE = (
    r"(?:false (?:alarms?|positives?|rejects?)|(?:throwing|thrown|throw) (?:away|out) (?:an? )?good|"
    r"wrong(?:ly)? (?:alarms?|rejected|called))"
)
_MISS = r"(?:misse?[sd]?|missing|missed|false negatives?|overlook\w*|undetected)"
_ACCEPTED = r"(?:wrong(?:ly)?|false(?:ly)?|bad) accept(?:s|ed|ances?|ing)?"
_REJECTED = r"(?:wrong(?:ly)?|false(?:ly)?|needless) reject(?:s|ed|ions?|ing)?"
_SMALL = {"cent": 0.01, "cents": 0.01, "ct": 0.01, "pence": 0.01, "¢": 0.01}
_WORDS = {
    "ninety": 90, "eighty": 80, "seventy": 70, "sixty": 60, "fifty": 50, "nine": 9, "eight": 8, "seven": 7, "six": 6,
    "five": 5, "four": 4, "three": 3, "two": 2, "one": 1,
}  # fmt: skip
_WRITTEN = re.compile(
    r"\b(ninety|eighty|seventy|sixty|fifty)(?:[ -](nine|eight|seven|six|five|four|three|two|one))?\b|"
    r"\b(nine|eight|seven|six|five|four|three|two|one)(?= (?:per ?cent|%))"
)


def goal_of(text: str) -> dict[str, Any]:
    """The goal of a threshold; empty if the text names none.

    Parameters
    ----------
    text : str
        Lower case.

    Returns
    -------
    dict
        ``kind`` precision, recall, f-beta or cost; ``value`` a share, β or the cost of a miss; ``false_alarm``.

    >>> goal_of("98 % precision"), goal_of("miss at most 1 in 50"), goal_of("a precision of 0.9")
    ({'kind': 'precision', 'value': 0.98}, {'kind': 'recall', 'value': 0.98}, {'kind': 'precision', 'value': 0.9})
    >>> goal_of("a miss costs 2 euros and a false alarm 5 cents")
    {'kind': 'cost', 'value': 2.0, 'false_alarm': 0.05}
    >>> goal_of("a wrong accept costs 5 euros, a wrong reject 1 euro")
    {'kind': 'cost', 'value': 1.0, 'false_alarm': 5.0}
    """
    text = _WRITTEN.sub(lambda m: str(_WORDS.get(m[1], 0) + _WORDS.get(m[2] or m[3], 0)), text)
    costs = _cost(text, _MISS), _cost(text, _FALSE)
    if all(pair := (_cost(text, _REJECTED), _cost(text, _ACCEPTED))):  # beside wrong accepts, a reject is a miss
        costs = pair
    if all(costs) or (any(costs) and "cost" in text):
        return {"kind": "cost", "value": costs[0] or 1.0, "false_alarm": costs[1] or 1.0}
    if beta := re.search(r"\bf[- ]?(\d(?:\.\d)?)\b", text):
        return {"kind": "f-beta", "value": float(beta[1]) or 1.0}
    return _limit(text) or _floor(text)


def _floor(text: str) -> dict[str, Any]:
    """A least precision or recall."""
    for kind, words in (("precision", _PRECISION), ("recall", _RECALL)):
        for pattern in (rf"({_ANY})[^.,;\d]{{0,24}}\b{words}", rf"{words}\b[^\d.;]{{0,24}}({_ANY})"):
            found = re.search(pattern, text)
            if found and (value := share(found[1])) is not None:
                return {"kind": kind, "value": value}
    right = rf"({_SHARE}) (?:of \w+ )?(?:of (?:the |them )?)?(?:are|is|to be|must be|come out)? ?(?:right|correct)\b"
    if (found := re.search(right, text)) and (value := share(found[1])) is not None:
        return {"kind": "precision", "value": value}
    if found := re.search(rf"\b(?:catch|find|detect|recogni[sz]e|spot)\b[^\d.;]{{0,16}}({_SHARE})", text):
        return {"kind": "recall", "value": value} if (value := share(found[1])) is not None else {}
    return {}


def _limit(text: str) -> dict[str, Any]:
    """A most of misses or of false alarms."""
    text = re.sub(r"\b(\d+|one|an?) (wrong|mistakes?|errors?|miss(?:es|ed)?) ((?:in|of|out of) \d+)", r"\1 \3 \2", text)
    for kind, words in (("precision", rf"(?:{_FALSE}|wrong|mistakes?|incorrect)"), ("recall", _MISS)):
        for pattern in (rf"({_FEW})[^.;\d]{{0,30}}\b{words}", rf"{words}\b[^\d.;]{{0,40}}({_FEW})"):
            found = re.search(pattern, text)
            if found and (value := share(found[1])) is not None and value <= 0.5:
                return {"kind": kind, "value": round(1 - value, 6)}
    return {}


def share(text: str) -> float | None:
    """A share in 0–1 from ``98 %``, ``0.98``, ``98`` or ``1 in 50``; None for anything else.

    >>> share("98 %"), share("0,98"), share("1 in 50"), share("one in 20"), share("1")
    (0.98, 0.98, 0.02, 0.05, None)
    """
    if rate := re.fullmatch(r"(\d+|one|an?) (?:in|of|out of) (?:a |every )?(\d+)", text.strip()):
        first = int(rate[1]) if rate[1].isdigit() else 1
        return first / int(rate[2]) if 0 < first <= int(rate[2]) else None
    number = re.match(r"\d*[.,]?\d+", text.strip().replace(" ", ""))
    if number is None:
        return None
    value = float(number[0].replace(",", "."))
    percent = "%" in text or "cent" in text or value > 1
    value = value / 100 if percent else value
    return round(value, 6) if 0 < value < 1 or (value == 1 and percent) else None


def bare_share(text: str) -> float | None:
    """The only share in a short text such as ``and at 90 %?``; None if there is none."""
    found = re.findall(_ANY, text)
    return share(found[0]) if len(found) == 1 else None


def _cost(text: str, words: str) -> float:
    """What a kind of mistake costs; 0 where it is not said."""
    for pattern in (rf"{words}[^\d$€£.;]{{0,40}}?\b(?:costs?|is|at|=|:)?\s*{_MONEY}", rf"{_MONEY}\s*(?:per|for (?:an?|each|every)|an?|each) [^\d;.]{{0,12}}{words}"):  # fmt: skip # noqa: E501
        found = re.search(pattern, text)
        if found and (found[1] or found[2] not in {"a", "an", "one"} or found[3]):
            plain = found[1] or found[2]
            value = 1.0 if plain in {"a", "an", "one"} else float(plain.replace(",", "."))
            return round(value * _SMALL.get(found[3] or "", 1.0), 6)
    return 0.0


def versions_of(text: str) -> tuple[int, ...]:
    """Numbers of versions that a lower-case text names, each once, in its order.

    >>> versions_of("compare version 3 and 5"), versions_of("is v5 better than v4"), versions_of("98 % of version 2")
    ((3, 5), (5, 4), (2,))
    """
    found: list[int] = []
    further = r"\s*(?:,|and|with|to|against|or|vs\.?|versus|&)\s*(?:v(?:ersion)?\s*)?#?\d+\b(?!\s*%)"
    listed = rf"\bv(?:ersions?|\.)?\s*#?(\d+)((?:{further})*)"
    for match in re.finditer(listed, text):
        found += [int(match[1]), *map(int, re.findall(r"\d+", match[2]))]
    return tuple(dict.fromkeys(found))
