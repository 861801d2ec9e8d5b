"""Reads numbers as people write them: in figures or words, as shares, percentages or "9 out of every 10"."""

import re

from agent.phrases import NAME
from agent.units import PERCENT as _UNIT
from agent.units import UNIT as _MONEY

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: at for at, word in enumerate(_SMALL.split())}
_UNITS |= {word: 10 * at for at, word in enumerate(_TENS.split(), start=2)}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}
_SHORT = {**_SCALES, "k": 1000, "m": 1_000_000}
_WORD = "|".join([*_UNITS, *_SCALES])
_DIGIT = r"(?:\d|zero|oh|one|two|three|four|five|six|seven|eight|nine)\b"
_WRITTEN = re.compile(rf"\b(?:(?:a|{_WORD})(?:[ -](?:and )?(?:{_WORD}))+|{_WORD})\b")
_POINT = re.compile(
    rf"\b(?:(?P<before>\d+|oh|nought|(?:{_WORD})(?:[ -](?:{_WORD}))*|[a-z]+) )?point(?P<after>(?: {_DIGIT})+)"
)
_PARTS = (
    "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
    "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth",
)
_NTH = {word: at for at, word in enumerate(_PARTS[0].split(), start=3)}
_NTH |= {word: 10 * at for at, word in enumerate(_PARTS[1].split(), start=2)}
_NTH |= {"quarter": 4, "hundredth": 100, "thousandth": 1000}
_NTHS = "|".join(_NTH)
_OUT_OF = r"(?:in|out of|of|per|from|for|among)"
_EACH = r"(?:an? |every |each |the |any |my |our |all |its |his |her |their )"
_TIME = r"(?:hours?|days?|minutes?|weeks?|months?|shifts?|years?)\b"
_NOUN = rf"[a-z{NAME}'-]+"
_BETWEEN = re.compile(
    rf"\b(\d+)(?! (?:{_UNIT}|(?:{_MONEY})\b))((?: {_NOUN}){{1,3}}?) (in|out of|of|per|from|for)( (?:a|every|each|the))?"
    rf" (\d+)\b(?! ?%)"
)
_LIMIT = r"(?:at most|no more than|not more than|only|just|up to|max(?:imum)?|at least|at the most|or so)"
_TURNED = re.compile(
    rf"(?<!\d )\b(?:out of|of|from|per|in|for|among) (?:(?:every|each|the|a) )?(\d+)\b(?!\s*(?:{_UNIT}|[.,]\d))"
    rf"((?: {_NOUN}){{0,5}}?),?((?: (?:i|we|you|it)(?: {_NOUN}){{1,4}})?(?: {_LIMIT})?)"
    rf" (\d+|one|a single|not one)\b(?! ?(?:%|per ?cent|in |out of|of |class))"
)

_PLAIN = r"\d+(?:[.,]\d+)?"
_TIMES = {"once": "1 time ", "twice": "2 times "}

RATE = rf"(?:(?:\d+|one|an?) {_OUT_OF} {_EACH}?\d+(?! {_TIME})|\d+ ?/ ?\d+|1 ?: ?\d+)"
PERCENT = rf"\d*(?:[.,]\d+|\d)\s*{_UNIT}"
SHARE = rf"(?:{PERCENT}|[01]?[.,]\d+|100|\d{{2}}(?:[.,]\d+)?)"
ANY = rf"(?<![\w.,#])(?<!\w-)(?:{RATE}|{SHARE})(?!\w|[.,]\d)"
CLEAR = re.compile(rf"{RATE}|{PERCENT}|0?[.,]\d+")
"""A share that is one by its form; a bare 95 is one only beside a word such as precision."""


def figures(text: str) -> str:
    """A lower-case text with its number words in figures.

    >>> figures("ninety-five percent, point nine of them, no one else")
    '95 percent, 0.9 of them, no one else'
    >>> figures("two and a half cents, 3k parts, 1,200 euros, two point five percent, half a euro")
    '2.5 cents, 3000 parts, 1200 euros, 2.5 percent, 0.5 euro'
    """
    text = re.sub(
        rf"(?<!and )(?<!and a )\bhalf (?:an? |of (?:an? |one |1 ))?(?=(?:{_UNIT}|(?:{_MONEY})\b))", "0.5 ", text
    )
    text = _POINT.sub(_decimal, text)
    text = re.sub(r"(?<![\d.,])([1-9]\d{0,2})((?:[,'’]\d{3})+)(?![\d%]|[.,]?\d| ?%)", _together, text)
    text = re.sub(rf"(?<![\d.,])([1-9]\d{{0,2}})((?:\.\d{{3}})+)(?= ?(?:{_MONEY})\b)", _together, text)
    text = re.sub(r"\b(\d+(?:[.,]\d+)?)( ?k\b|(?<=[$€£]\d)m\b| (?:hundred|thousand|grand|million)\b)", _scaled, text)
    text = _WRITTEN.sub(lambda m: _figure(m, text), text)
    return re.sub(r"\b(\d+) and a half\b", r"\1.5", text)


def in_figures(text: str) -> str:
    """A lower-case text with its shares in one form, and what stands within a rate put behind it.

    >>> in_figures("right nine times out of ten"), in_figures("one miss in two hundred"), in_figures("half a percent")
    ('right 9 in 10 times', '1 in 200 miss', '0.5 percent')
    >>> in_figures("of 40 limes one may slip"), in_figures("every tenth may go"), in_figures("a quarter of them")
    ('1 in 40 limes may slip', '1 in 10 may go', '1 in 4 of them')
    >>> in_figures("5 per mille"), in_figures("three nines"), in_figures("1-2 %"), in_figures("between 95 and 98 %")
    ('0.5 %', '99.9 %', '2 %', 'between 95 %')
    """
    text = re.sub(r"\bthree[ -]quarters\b", "75 %", text)
    text = re.sub(r"\b(once|twice) (?=(?:in|out of|per|every|for every)\b)", lambda m: _TIMES[m[1]], text)
    text = figures(text)
    text = re.sub(rf"\b(\d+|an?|one)[ -]({_NTHS})(s?)\b(?! (?:version|model|class|time|run)s?\b)", _fraction, text)
    text = re.sub(rf"\b(?:one |1 )?(?:in )?(?:every|each) (?:({_NTHS})|(\d+)(?:th|st|nd|rd))\b", _every, text)
    text = re.sub(r"\b([2-6]) nines\b", lambda m: f"99.{'9' * (int(m[1]) - 2)}".rstrip(".") + " %", text)
    text = re.sub(r"\b(\d+(?:[.,]\d+)?) ?(‰|per ?mill?e?\b|promille\b|ppm\b)", _small, text)
    text = re.sub(rf"(\d)(?:\+|-?ish| or so| odd| plus)(?=\s*{_UNIT})", r"\1", text)
    text = re.sub(
        rf"(?<!from )\b({_PLAIN})\s*(?:{_UNIT})?\s*(?:-|–|to|or|and)\s*({_PLAIN})(?=\s*{_UNIT})", _laxer, text
    )
    text = re.sub(r"\b(\d+)(?: or | to |-|–)(\d+) (?=(?:in|out of|of) \d)", r"\2 ", text)
    text = _BETWEEN.sub(r"\1 in \5\2", text)
    return _TURNED.sub(_turned, text)


def _decimal(match: re.Match[str]) -> str:
    """Point nine as 0.9; "at this point five of them" stays."""
    before = match["before"] or "zero"
    if before.isdigit():
        whole = int(before)
    elif before in {"oh", "nought"}:
        whole = 0
    elif set(re.split(r"[ -]", before)) <= {*_UNITS, *_SCALES}:
        whole = _value(before)
    elif before in {"this", "that", "the", "a", "some", "which", "what", "one", "set", "operating", "working", "my"}:
        return match[0]
    else:
        return f"{before} 0.{_digits(match['after'])}"
    return f"{whole}.{_digits(match['after'])}"


def _digits(words: str) -> str:
    return "".join(d if d.isdigit() else "0" if d == "oh" else str(_UNITS[d]) for d in words.split())


def _together(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match[0])


def _scaled(match: re.Match[str]) -> str:
    scale = match[2].strip()
    return f"{float(match[1].replace(',', '.')) * _SHORT[scale]:.10g}"


def _value(words: str) -> int:
    total = part = 0
    for word in re.split(r"[ -]", words):
        if word in _SCALES:
            part = max(part, 1) * _SCALES[word]
            total, part = total + part, 0
        elif word in _UNITS:
            part += _UNITS[word]
    return total + part


_ONE_COUNTS = re.compile(
    rf"(?: {_NOUN}){{0,3}}? {_OUT_OF} {_EACH}?(?:batch of |box of |total of )?(?:\d|(?:{_WORD})\b)|\s*{_UNIT}|"
    rf" (?:{_MONEY})\b| and a half| per |[ -](?:{_NTHS})\b"
)


def _figure(match: re.Match[str], text: str) -> str:
    """A number word in figures; "one" only where it counts something."""
    if match[0] == "one" and not _ONE_COUNTS.match(text[match.end() :]):
        return match[0]
    return str(_value(match[0]))


def _fraction(match: re.Match[str]) -> str:
    """Nine tenths as 9 in 10; a third only where a share can stand."""
    single = not match[1].isdigit() or match[1] == "1"
    after = match.string[match.end() :]
    if single == bool(match[3]) or (
        single and not re.match(r" (?:of|may|can|could|at|or|as|tops|max)\b|[.,;?!]|\W*$", after)
    ):
        return match[0]
    return f"{1 if single else match[1]} in {_NTH[match[2]]}"


def _every(match: re.Match[str]) -> str:
    return f"1 in {_NTH[match[1]] if match[1] else match[2]}"


def _small(match: re.Match[str]) -> str:
    return f"{float(match[1].replace(',', '.')) / (10_000 if match[2] == 'ppm' else 10):g} %"


def _laxer(match: re.Match[str]) -> str:
    """Of a range the end that is easier to keep: the lower one of 95–98 %, the upper one of 1–2 %."""
    low, high = (float(number.replace(",", ".")) for number in match.groups())
    return f"{low:g}" if high > low >= 50 else f"{high:g}"


def _turned(match: re.Match[str]) -> str:
    """Out of 40 limes 1 as 1 in 40 limes, where the first is the larger number."""
    few = int(match[4]) if match[4].isdigit() else 1
    if not 0 < few < int(match[1]):
        return match[0]
    return f"{few} in {match[1]}{match[2]}{match[3]}"


def share(text: str) -> float | None:
    """A share in 0–1 from ``98 %``, ``0.98``, ``98`` or ``1 in 50``; None for anything else.

    >>> share("98 %"), share("0,98"), share("1 in 50"), share("one in 20"), share("19/20"), share("1")
    (0.98, 0.98, 0.02, 0.05, 0.95, None)
    """
    if re.fullmatch(RATE, text.strip()):
        first, last = re.match(r"\d+", text.strip()), re.search(r"\d+$", text.strip())
        few, many = int(first[0]) if first else 1, int(last[0]) if last else 0
        return round(few / many, 6) if 0 < few <= many else None
    number = re.match(r"\d*[.,]?\d+", text.strip().replace(" ", ""))
    if number is None:
        return None
    value = float(number[0].replace(",", "."))
    percent = re.search(_UNIT, text) is not None or value > 1
    value = value / 100 if percent else value
    return round(value, 6) if 0 < value < 1 or (value == 1 and percent) else None


def bare_share(text: str) -> float | None:
    """The only share in a short text such as ``and at 90 %?``; None if there is none."""
    found = re.findall(ANY, in_figures(text))
    return share(found[0]) if len(found) == 1 else None
