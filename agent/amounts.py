"""Reads amounts out of a question: the goal of a threshold, and numbers of versions.

Every amount goes to the words of a role that stand nearest to it: what is found or missed, what is right or a false
alarm.
"""

import re
from collections.abc import Sequence
from itertools import permutations
from typing import Any

from agent.numbers import ANY, PERCENT, RATE, bare_share, in_figures, share
from agent.phrases import NAME

__all__ = ["bare_share", "goal_of", "share", "versions_of"]

_MISS = (
    r"miss(?:es|ed|ing)?|false negatives?|overlook\w*|undetected|unnoticed|undiscovered|escapes?|escaped|"
    r"slip\w*(?: through| past| by)?|(?:let|get|gets|got|go|goes|pass|passes|come|comes)(?: \w+)? (?:through|past)|"
    r"lost|los(?:e|es|ing)(?! (?:me |us )?[\d$€£])|unfound|not (?:be )?(?:found|caught|detected)|fnr|false accepts?|"
    rf"(?:bad|faulty|defective|broken|{NAME})(?: \w+)?(?: (?:that|which|we|is|are|it|gets?))*"
    r" (?:ship|shipped|sold|sell|deliver|delivered|reach\w*)"
)
_ALARM = (
    r"false (?:alarms?|positives?|rejects?|rejections?|calls?|hits?)|"
    r"(?:throwing|thrown|throw|throws) (?:away|out) (?:an? )?good\w*|"
    r"wrong(?:ly)? (?:alarms?|rejected|called|flagged|positives?)|needless(?:ly)? \w+|unnecessary \w+|overkill|"
    r"pseudo[ -]?rejects?|fpr|alarms? for nothing|good (?:\w+ ){0,2}(?:thrown|reject|discard|scrap|wast|binn)\w*"
)
_WRONG = rf"{_ALARM}|wrong(?:ly)?|mistakes?|mistaken|incorrect(?:ly)?|errors?|false(?:ly)?"
_RIGHT = r"right|trust|believe|correct(?:ly)?|accurate|true(?! positive)|reliable|trustworthy|justified"
_FOUND = (
    r"found|finds?|catch(?:es|ing)?|caught|detect(?:s|ed|ing)?|recogni[sz]e[sd]?|spot(?:s|ted)?|pick(?:s|ed)? up|"
    r"discover(?:s|ed)?|flag(?:s|ged)?|capture[sd]?|of all|get(?:s|ting)?|got"
)
_PRECISION = r"precision|precise|purity|ppv"
_RECALL = r"recall|sensitivity|hit[ -]rate|detection rate|tpr|completeness|coverage"
_SURE = r"sure|certain|confident|confidence"
_MONEY = re.compile(
    r"(?:[$€£]\s*(\d+(?:[.,]\d+)?)|\b(\d+(?:[.,]\d+)?|an?(?=\s(?:cent|ct|pence|dollar|eur|usd|pound|buck|point|unit)))\s*"
    r"(cents?|ct|pence|p|dollars?|euros?|eur|usd|pounds?|bucks|points?|units?|¢|€|\$|£)?(?![\d%]))(?![\w.,]*\d)"
)
_COSTS = re.compile(
    r"[$€£¢]|\b(?:cost\w*|expensive|price\w*|loses?|losing|worth|euros?|dollars?|cents?|pounds?|pence|bucks)\b"
)
_WORSE = re.compile(r"worse|cost|expensive|bad|serious|as much")
_TIMES = re.compile(r"(\d+) ?(?:times|x)\b")
_SMALL = {"cent", "cents", "ct", "pence", "p", "¢"}
_WHETHER = re.compile(r"^\W*(?:so |and |but )*(?:is|are|does|do)\b(?! there)")
_SCORE = re.compile(
    r"(?:score|confidence|threshold|cut-?off|limit|probability|it says)s? (?:of|is|at|=|above|over|below|under)? ?$"
)
FAR, CLAUSE, SENTENCE = 60, 25, 60
"""Letters up to which an amount belongs to a role; how much further a comma, and the end of a sentence, sets them."""


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

    >>> goal_of("98 % precision"), goal_of("miss at most 1 in 50"), goal_of("right nine times out of ten")
    ({'kind': 'precision', 'value': 0.98}, {'kind': 'recall', 'value': 0.98}, {'kind': 'precision', 'value': 0.9})
    >>> goal_of("a miss costs 2 euros and a false alarm 5 cents")
    {'kind': 'cost', 'value': 2.0, 'false_alarm': 0.05}
    >>> goal_of("a wrong accept costs 5 euros, a wrong reject 1 euro")
    {'kind': 'cost', 'value': 1.0, 'false_alarm': 5.0}
    """
    text = in_figures(text)
    if costs := _costs(text):
        return {"kind": "cost", "value": costs[0], "false_alarm": costs[1]}
    if beta := re.search(r"\bf[- ]?(\d(?:\.\d)?)\b", text):
        return {"kind": "f-beta", "value": float(beta[1]) or 1.0}
    return _share(text)


def _share(text: str) -> dict[str, Any]:
    """The share whose role is nearest."""
    whether = _WHETHER.match(text) is not None
    roles = [(_PRECISION, "precision", 1, True), (_RECALL, "recall", 1, True)]
    if not whether:
        roles += [(_WRONG, "precision", -1, False), (_MISS, "recall", -1, False)]
        roles += [(_RIGHT, "precision", 1, False), (_FOUND, "recall", 1, False), (_SURE, "precision", 1, False)]
    found = []
    for amount in re.finditer(rf"(?<![\w.,])(?:{ANY})", text):
        value, clear = share(amount[0]), re.fullmatch(rf"{RATE}|{PERCENT}|0?[.,]\d+", amount[0])
        if value is None or _SCORE.search(text[: amount.start()]):
            continue
        for at, (words, kind, sign, named) in enumerate(roles):
            if (sign < 0 and value > 0.5) or (not named and (not clear or (sign > 0 and value < 0.5))):
                continue
            for word in re.finditer(rf"\b(?:{words})\b", text):
                apart = _apart(text, amount.span(), word.span()) - FAR * named + CLAUSE * (words is _SURE)
                if apart <= FAR:
                    found.append((apart, at, kind, value if sign > 0 else round(1 - value, 6)))
    if not found:
        return {}
    _, _, kind, value = min(found)
    return {"kind": kind, "value": value}


def _apart(text: str, one: tuple[int, int], other: tuple[int, int]) -> int:
    """How far two stretches of a text are from each other."""
    start, end = min(one[1], other[1]), max(one[0], other[0])
    between = text[start:end]
    gaps = (
        len(re.findall(r",(?!\d)| and | but ", between)) * CLAUSE + len(re.findall(r"[.;?!](?!\d)", between)) * SENTENCE
    )
    return max(end - start, 0) + gaps


def _costs(text: str) -> tuple[float, float] | None:
    """What a miss and a false alarm cost; 1 for the one that is not said."""
    miss, alarm = _MISS, _ALARM
    accepted, rejected = (rf"(?:wrong(?:ly)?|false(?:ly)?|{word})" for word in ("bad", "needless"))
    if re.search(rf"{accepted} accept", text) and re.search(rf"{rejected} reject", text):
        # beside wrong accepts, a reject is a miss
        miss, alarm = rf"{rejected} reject\w*", rf"{accepted} accept\w*"
    misses, alarms = ([m.span() for m in re.finditer(rf"\b(?:{words})\b", text)] for words in (miss, alarm))
    if misses and alarms and (times := _TIMES.search(text)) and _WORSE.search(text):
        ratio = float(times[1])
        return (ratio, 1.0) if misses[0] < alarms[0] else (1.0, ratio)
    if not _COSTS.search(text):
        return None
    amounts = [(m.span(), _worth(m)) for m in _MONEY.finditer(text) if _is_money(m, text)]
    if len(amounts) >= 2 and misses and alarms:
        pairs = permutations(amounts, 2)
        best = min(pairs, key=lambda p: _nearest(text, p[0][0], misses) + _nearest(text, p[1][0], alarms))
        return best[0][1], best[1][1]
    named = [amount for amount in _MONEY.finditer(text) if amount[1] or amount[3]]
    if len(amounts) == len(named) == 2 and (misses or alarms):  # the other amount is that of the other mistake
        known = misses or alarms
        one, other = sorted(amounts, key=lambda amount: _nearest(text, amount[0], known))
        return (one[1], other[1]) if misses else (other[1], one[1])
    if len(amounts) == 1 and (misses or alarms) and "cost" in text:
        value = amounts[0][1]
        near = [_nearest(text, amounts[0][0], spans) for spans in (misses, alarms)]
        return (value, 1.0) if near[0] < near[1] else (1.0, value)
    return None


def _is_money(amount: re.Match[str], text: str) -> bool:
    """An amount with a currency, or a bare number that is no share, version or rate."""
    return bool(amount[1] or amount[3]) or not re.match(r"\s*(?:%|per ?cent|in \d|out of|of \d)", text[amount.end() :])


def _worth(amount: re.Match[str]) -> float:
    plain = amount[1] or amount[2]
    value = 1.0 if plain in {"a", "an"} else float(plain.replace(",", "."))
    return round(value * (0.01 if amount[3] in _SMALL else 1.0), 6)


def _nearest(text: str, amount: tuple[int, int], spans: Sequence[tuple[int, int]]) -> float:
    return min((_apart(text, amount, span) for span in spans), default=float("inf"))


_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "1st": 1, "2nd": 2, "3rd": 3}


def versions_of(text: str, *, bare: bool = False) -> tuple[int, ...]:
    """Numbers of versions that a lower-case text names, each once, in its order.

    Parameters
    ----------
    text : str
    bare : bool
        Whether numbers alone count where none is called a version.

    >>> versions_of("compare version 3 and 5"), versions_of("is v5 better than v4"), versions_of("98 % of version 2")
    ((3, 5), (5, 4), (2,))
    >>> versions_of("is number four better than number three"), versions_of("2 or 5?", bare=True)
    ((4, 3), (2, 5))
    """
    text = in_figures(
        re.sub(r"\bone\b", "1", text) if re.search(r"\b(?:versions?|v|number|model) one\b", text) else text
    )
    ordered = rf"\b({'|'.join(_ORDINALS)}) (?:version|model|release)\b"
    text = re.sub(ordered, lambda m: f"version {_ORDINALS[m[1]]}", text)
    link = r"\s*(?:,|and|with|to|against|or|vs\.?|versus|&|/|->|→|-|by|than|the)\s*"
    further = rf"{link}(?:(?:the |with )?(?:v|versions?|number|no\.?|model|release)\s*)?#?\d+\b(?!\s*%)"
    called = r"(?:v(?:ersions?|ers?|\.)?|releases?|models?|numbers?|no\.?|nr\.?|run)"
    found: list[int] = []
    for match in re.finditer(rf"\b{called}\s*#?(\d+)\b(?!\s*%)((?:{further})*)", text):
        found += [int(match[1]), *map(int, re.findall(r"\d+", match[2]))]
    if bare and not found:
        found = [
            int(n)
            for n in re.findall(
                r"(?<![\w.,%$€£])\d{1,3}\b(?!\s*%|[.,]\d|\s*(?:weeks?|days?|months?|pictures|photos))", text
            )
        ]
    return tuple(dict.fromkeys(found))
