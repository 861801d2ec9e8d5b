"""Finds the data set's classes in a question: plural or singular, case, hyphens, typing errors, part of a name."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from agent.everyday import Span, idioms, meant
from agent.lookup import index, near, near_part, partly, same, slightly_off, telling
from agent.prompts import passage
from agent.words import ORDINARY_WORDS, QUESTION_WORDS, WORD, plain, singular, stems

UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_LETTERS = re.compile(r"[a-z]+")
_FORGIVEN = ((5, 0), (9, 1))
"""Typing errors forgiven in ordinary words shorter than this; longer ones get two."""


def spelt(text: str) -> str:
    """A lower-case text with the typing errors in its ordinary words mended.

    >>> spelt("whcih labls are wrnog")
    'which labels are wrong'
    """
    return _LETTERS.sub(lambda m: mended(m[0]), text)


@lru_cache(maxsize=4096)
def mended(word: str) -> str:
    """A lower-case word with its typing error mended, if it is an ordinary word with one."""
    forgiven = next((edits for length, edits in _FORGIVEN if len(word) < length), 2)
    if not forgiven or word in ORDINARY_WORDS or singular(word) in QUESTION_WORDS or word in _exemplary():
        return word
    likely = [
        (DamerauLevenshtein.distance(word, known, score_cutoff=forgiven), -len(known), known)
        for known in QUESTION_WORDS
        if known[:1] == word[:1] and abs(len(known) - len(word)) <= forgiven and len(known) >= 4
    ]
    distance, _, best = min(likely, default=(forgiven + 1, 0, word))
    return best if distance <= forgiven else word


@cache
def _exemplary() -> frozenset[str]:
    """Words that stand several times in the examples: they are meant as they are written."""
    counts = Counter(_LETTERS.findall(passage("examples")))
    return frozenset(word for word, count in counts.items() if count > 1)


PERHAPS = 0.7
"""Likeness of spelling (1 − edits ÷ length) from which on a class is asked back."""


@dataclass(frozen=True)
class Match:
    """A stretch of a question that names a class.

    Attributes
    ----------
    name : str
        The class; empty when ``choices`` holds several that fit equally well.
    start, end : int
        Position in the question.
    choices : tuple of str
        Classes among which the question does not decide.
    """

    name: str
    start: int
    end: int
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """What a question names.

    Attributes
    ----------
    matches : tuple of Match
        In the order of the question.
    unknown : tuple of str
        Words that are neither a class nor ordinary words of a question.
    """

    matches: tuple[Match, ...] = ()
    unknown: tuple[str, ...] = field(default=())

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes named for certain, each once, in the order of the question."""
        return tuple(dict.fromkeys(m.name for m in self.matches if m.name))

    @property
    def choices(self) -> tuple[str, ...]:
        """Classes of the first stretch that fits several."""
        return next((m.choices for m in self.matches if m.choices), ())


def find_names(question: str, classes: Sequence[str], *, everyday: bool = False) -> Named:
    """Classes that a question names.

    Parameters
    ----------
    question : str
    classes : sequence of str
    everyday : bool
        Whether classes named like an ordinary word of a question (``good``, ``other``) count wherever they stand
        unquoted, and not only where the words around show that the class is meant.
    """
    folded = plain(question)
    spans = [(m.start(), m.end()) for m in WORD.finditer(folded)]
    words = [singular(folded[a:b]) for a, b in spans]
    taken: list[Match] = _verbatim(question, classes)
    closed = [*((m.start, m.end) for m in taken), *idioms(folded)]
    open_words = [not any(start < b and a < end for start, end in closed) for a, b in spans]
    names = tuple(classes)
    longest = max((len(stems(c)) for c in classes), default=1) + 1
    ordinary: dict[Span, str] = {}
    telltale: dict[Span, str] = {}
    for fits in (slightly_off, same, near, partly, near_part):
        for width in range(min(longest, len(words)), 0, -1):
            for at in range(len(words) - width + 1):
                if not all(open_words[at : at + width]):
                    continue
                raw = [folded[a:b] for a, b in spans[at : at + width]]
                if not everyday and all(w in QUESTION_WORDS for w in raw):
                    if fits is same and len(found := same(words[at : at + width], names)) == 1:
                        ordinary.setdefault((spans[at][0], spans[at + width - 1][1]), found[0])
                    elif fits is same and width == 1 and (found := telling(words[at], names)):
                        telltale[spans[at]] = found[0]
                    continue
                found = fits(words[at : at + width], names)
                if found:
                    start, end = spans[at][0], spans[at + width - 1][1]
                    one = found[0] if len(found) == 1 else ""
                    taken.append(Match(one, start, end, () if one else tuple(found)))
                    open_words[at : at + width] = [False] * width
    telltale = {span: name for span, name in telltale.items() if not any(m.start <= span[0] < m.end for m in taken)}
    for start, end in meant(folded, ordinary, [(m.start, m.end) for m in taken], telltale):
        if not any(m.start < end and start < m.end for m in taken):
            taken.append(Match({**telltale, **ordinary}[start, end], start, end))
    parts = {word for part in index(names).by_part for word in part}
    unknown = [
        question[a:b]
        for (a, b), word, is_open in zip(spans, words, open_words, strict=True)
        if is_open and folded[a:b] not in ORDINARY_WORDS and not folded[a:b].isdigit() and word not in parts
    ]
    return Named(tuple(sorted(taken, key=lambda m: m.start)), tuple(unknown))


def _verbatim(question: str, classes: Sequence[str]) -> list[Match]:
    """Names in quotes; and, wherever they stand, names without words: signs, or scripts that set no spaces."""
    out = []
    for quoted in re.finditer(r"[\"'`“‘«]([^\"'`“”‘’«»]+)[\"'`”’»]", question):
        alike = [c for c in classes if c == quoted[1]] or [c for c in classes if stems(c) == stems(quoted[1])]
        if alike:
            name = alike[0] if len(alike) == 1 else ""
            out.append(Match(name, quoted.start(), quoted.end(), () if name else tuple(alike)))
    wordless = [c for c in classes if not stems(c) or UNSPACED.search(c)]
    out += [Match(c, question.index(c), question.index(c) + len(c)) for c in wordless if c in question]
    return out + _by_signs(question, classes, [(m.start, m.end) for m in out])


def _by_signs(question: str, classes: Sequence[str], taken: Sequence[Span]) -> list[Match]:
    """Classes that differ from others in signs or letter case alone (``C``, ``C#``), where they stand as written."""
    alike = Counter(map(stems, classes))
    out: list[Match] = []
    for name in sorted((c for c in classes if alike[stems(c)] > 1), key=len, reverse=True):
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?![\w#+])", question):
            if all(found.end() <= a or b <= found.start() for a, b in [*taken, *((m.start, m.end) for m in out)]):
                out.append(Match(name, found.start(), found.end()))
    return out


def nearest(word: str, classes: Sequence[str]) -> str:
    """The class that a word was perhaps meant to be, which is asked and never assumed; empty where none is near.

    >>> nearest("Aple", ["Apple", "Lemon"]), nearest("citrus", ["Apple", "Lemon"])
    ('Apple', '')
    """
    scored = [(DamerauLevenshtein.normalized_similarity("".join(stems(word)), "".join(stems(c))), c) for c in classes]
    best, name = max(scored, key=lambda s: s[0], default=(0.0, ""))
    return name if best >= PERHAPS else ""
