"""Takes sentences apart into what can be checked: names, numbers in their forms, directions, negations.

The same code reads facts and the claims that cite them, so that a form it does not know is unknown on both sides.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from agent.words import CAMEL

Form = Literal["single", "of", "range", "arrow"]
Unit = Literal["", "%", "points"]

_NUMBER = r"[+-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?"
_PERCENT = r"%|per\s?cent\b|pct\b|prozent\b"
_POINTS = r"percentage[ -]points?\b|prozentpunkten?\b|punkten?\b|punkt\b|points?\b|pp\b|pts?\b"
_UNIT = rf"(?:\s*(?:{_POINTS}|{_PERCENT}))?"
_ONE = rf"(?<![\w.])(?P<{{0}}>{_NUMBER})(?P<{{0}}_unit>{_UNIT})"
_PATTERNS: tuple[tuple[Form, str], ...] = (
    ("arrow", r"{0}\s*(?:→|->|=>)\s*{1}"),
    ("arrow", r"\b(?:from|von)\s+{0}\s+(?:up\s+|down\s+)?(?:to|auf)\s+{1}"),
    ("range", r"\b(?:between|zwischen)\s+{0}\s+(?:and|und)\s+{1}"),
    ("range", r"{0}\s*(?:–|—|‒|\bto\b|\bbis\b)\s*{1}"),
    ("range", r"{0}-{1}"),
    ("of", r"{0}\s+(?:(?:out\s+)?of|von)\s+(?:(?:the|these|those|all|its|their|den|diesen|allen)\s+)?{1}"),
    ("of", r"{0}\s*/\s*{1}"),
    ("single", r"{0}"),
)
_FORMS = tuple(
    (form, re.compile(pattern.format(*(_ONE.format(name) for name in "ab")), re.IGNORECASE))
    for form, pattern in _PATTERNS
)
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "hundred": 100, "thousand": 1000, "dozen": 12,
}  # fmt: skip
_WORD_NUMBER = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)
_BOTH = re.compile(r"\b(the|these|those|both)\s+two\b", re.IGNORECASE)
_ONE_OF = re.compile(r"\bone(?=\s+(of|in|out)\b)", re.IGNORECASE)
_NOUNS = {
    "errors": "fehler fehlern errors mistakes confusions misses error mistake confusion",
    "pictures": "bilder bildern bild fotos pictures images photos photographs shots picture image photo",
    "labels": "beschriftungen beschriftung labels label",
    "clicks": "clicks click",
    "minutes": "minutes minute",
    "seconds": "seconds second",
    "classes": "klassen klasse classes class",
    "kinds": "kinds kind",
    "groups": "groups group bursts burst",
    "cues": "cues cue",
}
_NOUN = {word: noun for noun, words in _NOUNS.items() for word in words.split()}
_SAID = re.compile(
    r"(?:\b(?:called|call|calls|calling|named|predicted|predicts|said|says|answers?|labelled|labeled)(?: as)?"
    r"|\b(?:taken|mistaken|mistakes?|takes?)(?: \S+){0,3} (?:for|as)|\bas|\blike)(?: an?| the)? \W*$",
    re.IGNORECASE,
)
_OF = re.compile(r"\b(?:of|for|on|in|true|real)(?: the| an?)? \W*$", re.IGNORECASE)
_NAME = "\ufffc"
_BESIDE_BEFORE = re.compile(
    rf"{_NAME}(\d+){_NAME}(?:'s)?(?:\s|\(|:|=|,? ?\b(?:is|at|has|have|had|with|only|reaches|recall|of|the|about)\b)*$"
)
_BESIDE_AFTER = re.compile(rf"(?:\s+[a-z]+){{0,3}}\s+(?:of|for|on|in)\s+(?:the\s+)?{_NAME}(\d+){_NAME}")


@dataclass(frozen=True)
class Number:
    """One number, or two that belong together.

    Attributes
    ----------
    form : {"single", "of", "range", "arrow"}
        ``71 %``; ``3 of 9``; ``12–65 %``; ``71 % → 74 %``.
    values : tuple of Decimal
    units : tuple of Unit
    signed : tuple of bool
        Whether a sign was written.
    noun : str
        What is counted, where it says so: ``errors``, ``pictures`` …
    owner : str
        The class it stands directly beside; empty if none.
    """

    form: Form
    values: tuple[Decimal, ...]
    units: tuple[Unit, ...]
    signed: tuple[bool, ...]
    noun: str = ""
    owner: str = ""
    text: str = ""

    def same_as(self, other: "Number") -> bool:
        """Whether a claim's number (self) repeats a fact's: form, values, units, and the sign where one is written."""
        if (self.form, self.units) != (other.form, other.units):
            return False
        pairs = zip(self.values, other.values, self.signed, strict=True)
        if self.form == "single":
            return all(mine == theirs if sign else abs(mine) == abs(theirs) for mine, theirs, sign in pairs)
        return self.values == other.values


@dataclass(frozen=True)
class Reading:
    """A sentence taken apart.

    Attributes
    ----------
    numbers : tuple of Number
        In order.
    names : tuple of str
        Classes in order, repeats in a row once.
    said : frozenset of str
        Classes that the sentence gives as what a model says.
    true : frozenset of str
        Classes that it gives as what pictures show.
    files : tuple of str
        Words that look like file names.
    rest : str
        The words without names, files and numbers, lower case.
    capitals : tuple of str
        Words with a capital inside the sentence.
    """

    numbers: tuple[Number, ...]
    names: tuple[str, ...]
    said: frozenset[str]
    true: frozenset[str]
    files: tuple[str, ...]
    rest: str
    capitals: tuple[str, ...]


def normal(text: str) -> str:
    """One spelling for signs, blanks, full-width digits and typographic variants.

    >>> normal("−３.1\\u202f%")
    '-3.1 %'
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2044", "/").replace("’", "'")
    visible = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return re.sub(r"\s+", " ", visible.replace("**", "").replace("`", " ")).strip()


@lru_cache(maxsize=256)
def _name_pattern(name: str) -> re.Pattern[str]:
    words = [w for w in re.split(r"[\s_-]+", normal(CAMEL.sub(" ", name))) if w]
    joined = r"[\s_-]?".join(_number_free(w) for w in words) or re.escape(name)
    return re.compile(rf"(?<!\w){joined}(?!\w)", re.IGNORECASE)


def _number_free(word: str) -> str:
    """A word, singular or plural, as a pattern."""
    stem = re.escape(word)
    if word.endswith("y") and len(word) > 3:
        return rf"(?:{stem}|{re.escape(word[:-1])}ies)"
    if word.endswith("ies") and len(word) > 4:
        return rf"(?:{stem}|{re.escape(word[:-3])}y)"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return rf"{re.escape(word[:-1])}s?"
    return rf"{stem}(?:e?s)?" if word[-1:].isalpha() else stem


def read(text: str, classes: Sequence[str], images: Sequence[str] = ()) -> Reading:
    """Take a sentence apart.

    Parameters
    ----------
    text : str
        Without its citation.
    classes : sequence of str
        All class names of the data set.
    images : sequence of str
        Ids that may stand in it.
    """
    masked, files = _mask_files(normal(text), images)
    masked, names = _mask_names(masked, classes)
    said, true = _roles(masked, names)
    counted = _BOTH.sub("both", masked)
    counted = _ONE_OF.sub("1", counted)
    counted = _WORD_NUMBER.sub(lambda m: str(_WORDS[m[1].lower()]), counted)
    numbers, rest = _numbers(counted, {mark: name for mark, name in names.items() if name not in said})
    order = [names[c] for c in re.findall(rf"{_NAME}(\d+){_NAME}", masked)]
    once = tuple(n for i, n in enumerate(order) if i == 0 or order[i - 1] != n)
    inside = re.sub(r"^\W*\w+", "", re.sub(rf"{_NAME}\d+{_NAME}", " ", masked))
    capitals = tuple(re.findall(r"(?<![.!?:] )(?<!\w)[A-Z]\w+", inside))
    return Reading(numbers, once, said, true, files, rest.lower(), capitals)


def _mask_files(text: str, images: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    found: list[str] = []
    for image in sorted(images, key=len, reverse=True):
        if len(image) > 3 and image in text:
            found.append(image)
            text = text.replace(image, " ")
    for match in re.findall(r"\S+\.(?:jpe?g|png|webp|gif|bmp|tiff?)\b", text, re.IGNORECASE):
        found.append(match)
        text = text.replace(match, " ")
    return text, tuple(found)


def _mask_names(text: str, classes: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """Names replaced by numbered marks, the longest first, so that none is read inside another."""
    names: dict[str, str] = {}
    for number, name in enumerate(sorted(classes, key=lambda c: (-len(c), c))):
        names[str(number)] = name
        parts = re.split(rf"({_NAME}\d+{_NAME})", text)
        mark = f"{_NAME}{number}{_NAME}"
        text = "".join(p if p.startswith(_NAME) else _name_pattern(name).sub(mark, p) for p in parts)
    return text, names


def _roles(masked: str, names: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    said, true = set(), set()
    for match in re.finditer(rf"{_NAME}(\d+){_NAME}", masked):
        before = masked[: match.start()]
        if _SAID.search(before):
            said.add(names[match[1]])
        elif _OF.search(before) or re.match(r"[^.;]{0,30}\b(is|are|was|were|gets?) (called|taken|mistaken)",
                                            masked[match.end() :]):  # fmt: skip
            true.add(names[match[1]])
    return frozenset(said), frozenset(true)


def _numbers(text: str, names: Mapping[str, str]) -> tuple[tuple[Number, ...], str]:
    marks = [m.span() for m in re.finditer(rf"{_NAME}\d+{_NAME}", text)]
    taken = list(marks)
    found: list[tuple[int, Number]] = []
    for form, pattern in _FORMS:
        for match in pattern.finditer(text):
            if any(match.start() < b and a < match.end() for a, b in taken):
                continue
            number = _number(form, match, text, names)
            if number is not None:
                found.append((match.start(), number))
                taken.append(match.span())
    found.sort(key=lambda f: f[0])
    rest = text
    for start, end in sorted(taken, reverse=True):
        rest = f"{rest[:start]} {'@' if (start, end) in marks else '#'} {rest[end:]}"
    return tuple(n for _, n in found), rest


def _owner(before: str, after: str, names: Mapping[str, str]) -> str:
    """The class directly beside a number: ``Lime 30 %``, ``30 % of the pictures of Lime``."""
    ahead = _BESIDE_BEFORE.search(before)
    behind = _BESIDE_AFTER.match(after)
    if ahead and ahead[1] in names:
        return names[ahead[1]]
    return names[behind[1]] if behind and behind[1] in names else ""


def _number(form: Form, match: re.Match[str], text: str, names: Mapping[str, str]) -> Number | None:
    keys = ("a",) if form == "single" else ("a", "b")
    try:
        values = tuple(_decimal(match[k]) for k in keys)
    except InvalidOperation:
        return None
    units = [_unit(match[f"{k}_unit"]) for k in keys]
    if form == "of" and "%" in units:
        return None
    if len(units) == 2 and form != "of":
        units = [units[0] or units[1], units[1] or units[0]]
    signed = tuple(match[k][0] in "+-" for k in keys)
    after = text[match.end() :]
    owner = _owner(text[: match.start()], after, names)
    return Number(form, values, tuple(units), signed, _noun(after), owner, match.group().strip())


def _decimal(text: str) -> Decimal:
    """``1,234`` is a thousand and more, ``12,5`` twelve and a half."""
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return Decimal(text.replace(",", ""))
    return Decimal(text.rstrip(",").replace(",", "."))


def _unit(text: str) -> Unit:
    text = text.strip().lower()
    if not text:
        return ""
    return "%" if re.fullmatch(_PERCENT, text) else "points"


def _noun(after: str) -> str:
    """The thing counted: the first known noun within a few words, before anything that ends the phrase."""
    phrase = re.split(r"[.;:()\d,]", after, maxsplit=1)[0]
    for word in re.findall(r"[^\W\d_]+", phrase.lower())[:4]:
        if word in _NOUN:
            return _NOUN[word]
    return ""
