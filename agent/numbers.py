"""Reads numbers as people write them: in figures or words, as shares, percentages or "9 out of every 10"."""

import re

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: at for at, word in enumerate(_SMALL.split())}
_UNITS |= {word: 10 * at for at, word in enumerate(_TENS.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000}
_WORD = "|".join([*_UNITS, *_SCALES])
_WRITTEN = re.compile(rf"\b(?:(?:a|{_WORD})(?:[ -](?:and )?(?:{_WORD}))+|{_WORD})\b")
_POINT = re.compile(r"\b(?:zero |0 )?point((?: (?:\d|zero|one|two|three|four|five|six|seven|eight|nine)\b)+)")
_BETWEEN = re.compile(
    r"\b(\d+) ([a-z]+)(?: [a-z]+)?? (in|out of|of|per|from|for)( (?:a|every|each|the))? (\d+)\b(?! ?%)"
)
_UNIT = r"(?:%|per ?cent\b|pct\b|percents?\b)"

RATE = r"(?:\d+|one|an?) (?:in|out of|of|per|from|for) (?:(?:an?|every|each|the) )?\d+"
PERCENT = rf"\d+(?:[.,]\d+)?\s*{_UNIT}"
SHARE = rf"(?:{PERCENT}|0?[.,]\d+|1[.,]0+|100|\d{{2}}(?:[.,]\d+)?)"
ANY = rf"(?:{RATE}|{SHARE})"


def in_figures(text: str) -> str:
    """A lower-case text with its number words in figures, and what stands within a rate put behind it.

    >>> in_figures("right nine times out of ten"), in_figures("one miss in two hundred"), in_figures("half a percent")
    ('right 9 in 10 times', '1 in 200 miss', '0.5 percent')
    >>> in_figures("ninety-five percent, point nine of them, no one else")
    '95 percent, 0.9 of them, no one else'
    """
    text = re.sub(r"\bhalf (?:a|of (?:a|one)|of 1) (?=per ?cent|%)", "0.5 ", text)
    text = re.sub(r"\bthree[ -]quarters\b", "75 %", text)
    text = _POINT.sub(lambda m: "0." + "".join(d if d.isdigit() else str(_UNITS[d]) for d in m[1].split()), text)
    text = _WRITTEN.sub(lambda m: _figure(m, text), text)
    return _BETWEEN.sub(r"\1 in \5 \2", text)


def _figure(match: re.Match[str], text: str) -> str:
    words = [w for w in re.split(r"[ -]", match[0]) if w not in {"and", "a"}]
    if words == ["one"] and not re.match(
        r"(?:\s\w+){0,2}\s(?:in|out of|of|per|from)\s|\s*%|\sper|\scent|\seuro|\sdollar", text[match.end() :]
    ):
        return match[0]
    total = part = 0
    for word in words:
        if word in _SCALES:
            part = max(part, 1) * _SCALES[word]
            total, part = total + part, 0
        else:
            part += _UNITS[word]
    return str(total + part)


def share(text: str) -> float | None:
    """A share in 0–1 from ``98 %``, ``0.98``, ``98`` or ``1 in 50``; None for anything else.

    >>> share("98 %"), share("0,98"), share("1 in 50"), share("one in 20"), share("1")
    (0.98, 0.98, 0.02, 0.05, None)
    """
    if rate := re.fullmatch(
        r"(\d+|one|an?) (?:in|out of|of|per|from|for) (?:(?:an?|every|each|the) )?(\d+)", text.strip()
    ):
        first = int(rate[1]) if rate[1].isdigit() else 1
        return first / int(rate[2]) if 0 < first <= int(rate[2]) else None
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
