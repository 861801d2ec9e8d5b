"""Reads out of a question what a miss and a false alarm cost, or how much worse one of them is."""

import re
from collections.abc import Sequence
from itertools import permutations
from math import inf

from agent.mistakes import ALARM, BINNED, MISS
from agent.nearness import Span, nearest
from agent.numbers import RATE
from agent.phrases import NAME
from agent.units import IN_FRONT, SPOKEN, TIME, UNIT, factor

_NUMBER = r"\d+(?:[.,]\d+)?|[.,]\d+"
_AMOUNT = re.compile(
    rf"(?<![\w.,#-])(?:(?P<front>{IN_FRONT})\s*(?P<fronted>{_NUMBER})|"
    rf"(?P<number>{_NUMBER}|an?(?=\s(?:{UNIT})\b))\s*(?P<unit>(?:{UNIT})(?!\w))?)(?!\w|%|\s*%|[.,]\d)"
)
_COSTS = re.compile(
    rf"{SPOKEN}|\b(?:cost\w*|expensive|price\w*|los(?:e|es|ing|t)|loss|worth|sets? (?:me|us|you|them) back|pay\w*|paid|"
    r"penalt\w+|damages?|weigh\w*|hurts?|eats?|bill\w*|charg\w*)\b"
)
_SAID = re.compile(
    r"(?:\b(?:cost\w*|back|los(?:e|es|ing|t|s)|pay\w*|paid|worth|at|to|for|about|around|roughly|some|say|approximately|"
    rf"is|are|be|takes?|it|me|us|you|weigh\w*|of|as|alarms?|positives?|fp|fn|miss(?:es)?|{NAME})|[=:~–→-])\s*$"
)
_WORSE = re.compile(
    r"worse|cost|expensive|\bbad\b|serious|as much|dear|pric|heav|weigh|hurt|grave|severe|harm|import|matter|painful|"
    r"\bas (?:big|terrible|awful|nasty|critical)|cheap|less|mild|light|harmless|trouble|hassle|pain|damage|what\b"
)
_LESS = re.compile(r"cheap|\bless\b|mild|light|harmless")
_TIMES = re.compile(r"(\d+(?:\.\d+)?) ?(?:times|x\b|×|-?fold)(?P<how>[^.;?!]*?\b(?:as|than)\b(?! \w+ as\b))?")
_TWICE = (
    (r"\b(?:twice|double)\b(?: (?=as\b))?", "2 times "),
    (r"\b(?:thrice|triple)\b", "3 times"),
    (r"\bquadruple\b", "4 times"),
    (r"\ban order of magnitude\b", "10 times"),
    (r"\b2 orders of magnitude\b", "100 times"),
    (r"\bhalf as\b", "0.5 times as"),
    (r"\ba tenner\b", "10 pounds"),
    (r"\ba fiver\b", "5 pounds"),
)
_PART_OF = re.compile(r"((?:costs?|worth|weighs?|hurts?) (?:only |about |just )*)1 in ([1-9]\d*) (?:of|as) ")
_PART_AS = re.compile(r"1 in ([1-9]\d*) as ")
_RATIO = re.compile(r"(?<![\d.,])(\d+(?:\.\d+)?) ?(?::|to|vs\.?) ?(\d+(?:\.\d+)?)(?![\d.,%]| ?%)")
_EXCHANGE = re.compile(
    r"\b(?:rather|sooner|better|prefer|than|as (?:bad|much|many|costly|expensive)|worth|equals?|same as|outweighs?|"
    r"to (?:avoid|prevent|save|spare)|instead of)\b|=|≈|\b(?:for|per) (?:each|every|one|an?|1|miss)"
)
_COUNT = re.compile(rf"\b(\d+|one|an?|single|each|every|per)(?: (?!(?:and|or|but)\b)[a-z{NAME}]+)?\s+$")


def costs(text: str) -> tuple[float, float] | None:
    """What a miss and a false alarm cost; 1 for the one that is not said. None where no costs above 0 are named.

    Parameters
    ----------
    text : str
        Lower case, numbers in figures.

    >>> costs("a miss costs 2 euros and a false alarm 5 cents"), costs("a false alarm costs 5 minutes, a miss 2 hours")
    ((2.0, 0.05), (120.0, 5.0))
    >>> costs("a miss is 10 times as bad as a false alarm"), costs("rather 20 false alarms than one miss")
    ((10.0, 1.0), (20.0, 1.0))
    >>> costs("a miss costs 5 euros and a false alarm 0 euros")
    """
    found = _costs(text)
    return found if found and all(0 < cost < inf for cost in found) else None


def _costs(text: str) -> tuple[float, float] | None:
    text = re.sub(rf"\b(\d+) ?({UNIT}) (\d\d)\b(?! ?(?:%|{UNIT}|\d))", r"\1.\3 \2", text)
    for pattern, times in _TWICE:
        text = re.sub(pattern, times, text)
    text = _PART_OF.sub(lambda m: f"{m[1]}{1 / int(m[2]):g} times as ", text)
    text = _PART_AS.sub(lambda m: f"{1 / int(m[1]):g} times as ", text)
    misses, alarms = _mistakes(text)
    if misses and alarms and (found := _times(text, misses, alarms) or _exchanged(text, misses, alarms)):
        return found
    amounts = _amounts(text)
    with_unit = [amount for amount in amounts if amount["unit"] or amount["front"]]
    if not (misses or alarms) or not (_COSTS.search(text) or len(with_unit) > 1 or re.search(r"= ?\d", text)):
        return None
    if not with_unit and misses and alarms and (ratio := _RATIO.search(text)):
        one, other = float(ratio[1]), float(ratio[2])
        return (one, other) if misses[0] < alarms[0] else (other, one)
    if len(amounts) >= 2 and misses and alarms:
        pairs = permutations(amounts, 2)
        best = min(pairs, key=lambda p: nearest(text, p[0].span(), misses) + nearest(text, p[1].span(), alarms))
        return _worth(best[0], best[1])
    if len(amounts) == 2:  # the other amount is that of the other mistake
        near, far = sorted(amounts, key=lambda amount: nearest(text, amount.span(), misses or alarms))
        return _worth(near, far) if misses else _worth(far, near)
    if len(amounts) == 1 and re.search(r"cost|set\w* \w+ back|\bpay", text):
        value = _plain(amounts[0])
        apart = [nearest(text, amounts[0].span(), spans) for spans in (misses, alarms)]
        return (value, 1.0) if apart[0] < apart[1] else (1.0, value)
    return None


def _mistakes(text: str) -> tuple[list[Span], list[Span]]:
    """Where a text speaks of misses, and where of false alarms; a stretch within another one does not count."""
    miss, alarm = MISS, ALARM
    accepted, rejected = (rf"(?:wrong(?:ly)?|false(?:ly)?|{word})" for word in ("bad", "needless"))
    if re.search(rf"{accepted} accept", text) and re.search(rf"{rejected} reject", text):
        # beside wrong accepts, a reject is a miss
        miss, alarm = rf"{rejected} reject\w*", rf"{accepted} accept\w*"
    found = [[m.span() for m in re.finditer(rf"(?<!\w)(?:{words})(?!\w)", text)] for words in (miss, alarm)]
    misses, alarms = _alone(found[0], found[1]), _alone(found[1], found[0])
    if misses and not alarms:
        binned = [m.span() for m in re.finditer(rf"(?<!\w)(?:{BINNED})", text)]
        alarms = [b for b in binned if not any(m[0] < b[1] and b[0] < m[1] for m in misses)]
    return misses, alarms


def _alone(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Stretches that no longer one of the other mistake overlaps."""
    return [s for s in spans if not any(o[0] < s[1] and s[0] < o[1] and o[1] - o[0] > s[1] - s[0] for o in others)]


def _times(text: str, misses: Sequence[Span], alarms: Sequence[Span]) -> tuple[float, float] | None:
    """How many times one mistake is as bad as the other; what follows "than" or "as" is the lesser one."""
    times = _TIMES.search(text)
    if times is None or not float(times[1]) or not _WORSE.search(text):
        return None
    ratio, first = float(times[1]), misses[0] < alarms[0]
    if times["how"]:
        after = [min((s[0] for s in spans if s[0] >= times.end()), default=len(text)) for spans in (misses, alarms)]
        first = after[1] < after[0] if after[0] != after[1] else first
        first = first != (_LESS.search(times["how"]) is not None)
    if ratio < 1:
        ratio, first = round(1 / ratio, 4), not first
    return (ratio, 1.0) if first else (1.0, ratio)


def _exchanged(text: str, misses: Sequence[Span], alarms: Sequence[Span]) -> tuple[float, float] | None:
    """How many of one mistake weigh as much as one of the other: rather ten false alarms than one miss."""
    if not _EXCHANGE.search(text) or any(m["unit"] or m["front"] for m in _AMOUNT.finditer(text)):
        return None
    many = [_counted(text, spans) for spans in (misses, alarms)]
    if min(many) != 1 or max(many) == 1:
        return None
    return float(many[1]), float(many[0])


def _counted(text: str, spans: Sequence[Span]) -> int:
    """How many of a mistake are spoken of; 0 if that is not said."""
    for start, end in spans:
        if count := _COUNT.search(text[:start]) or re.search(rf" (\d+|one|an?) (?=\w+|{NAME})", text[start:end]):
            return int(count[1]) if count[1].isdigit() else 1
    return 0


def _amounts(text: str) -> list[re.Match[str]]:
    """Amounts of money or time; where fewer than two have a unit, also those that stand where a cost is said."""
    rates = [m.span() for m in re.finditer(rf"\b(?:{RATE})", text)]
    found = [m for m in _AMOUNT.finditer(text) if not any(a <= m.start() < b for a, b in rates)]
    with_unit = [m for m in found if m["unit"] or m["front"]]
    money = [m for m in with_unit if m["front"] or not TIME.fullmatch(m["unit"])]
    said = [m for m in found if m in with_unit or _SAID.search(text[: m.start()])]
    return next((some for some in (money, with_unit, said) if len(some) >= 2), found)


def _plain(amount: re.Match[str]) -> float:
    number = amount["fronted"] or amount["number"]
    return 1.0 if number in {"a", "an"} else float(number.replace(",", "."))


def _worth(miss: re.Match[str], alarm: re.Match[str]) -> tuple[float, float]:
    """Two costs in one unit: as they are said where they have the same, and in euros or minutes otherwise."""
    factors = [factor(amount["unit"] or "") for amount in (miss, alarm)]
    if factors[0] == factors[1]:
        return _plain(miss), _plain(alarm)
    return round(_plain(miss) * factors[0], 6), round(_plain(alarm) * factors[1], 6)
