"""Finds the data set's classes in a question: plural or singular, case, hyphens, typing errors, part of a name."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import combinations

from rapidfuzz.distance import DamerauLevenshtein

from agent.prompts import passage, word_list

WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DOUBLE = re.compile(r"(.)\1")
SHORTEST_SLIP = 4
EDITS = ((4, 0), (7, 1), (11, 2))
"""Typing errors forgiven for words of up to this many letters; longer words get three."""

QUESTION_WORDS = word_list("question_words")
"""Ordinary words of questions: none of them is taken for the name of a class, or for one that is missing."""

ORDINARY_WORDS = QUESTION_WORDS | word_list("ordinary_words")
"""Those and further words that are not taken for a missing class either; typing errors are not mended into them."""

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
    near = [
        (DamerauLevenshtein.distance(word, known, score_cutoff=forgiven), -len(known), known)
        for known in QUESTION_WORDS
        if known[:1] == word[:1] and abs(len(known) - len(word)) <= forgiven and len(known) >= 4
    ]
    distance, _, best = min(near, default=(forgiven + 1, 0, word))
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


@lru_cache(maxsize=4096)
def singular(word: str) -> str:
    """An English word without its plural ending, roughly; only ever compared with other such stems.

    >>> [singular(w) for w in ("cookies", "berries", "peaches", "glass", "satsumas", "boxes")]
    ['cooky', 'berry', 'peach', 'glass', 'satsuma', 'box']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if len(word) > 4 and word.endswith("ie"):
        return word[:-2] + "y"
    return word


def plain(text: str) -> str:
    """Lower case without accents, one character for each."""
    return "".join((unicodedata.normalize("NFKD", c)[:1] or " ").lower()[:1] for c in text)


@lru_cache(maxsize=4096)
def stems(name: str) -> tuple[str, ...]:
    """Words of a class name: ``Red-Grapefruit``, ``red_grapefruit`` and ``RedGrapefruit`` alike."""
    return tuple(singular(w) for w in WORD.findall(plain(CAMEL.sub(" ", name))))


def find_names(question: str, classes: Sequence[str], *, everyday: bool = False) -> Named:
    """Classes that a question names.

    Parameters
    ----------
    question : str
    classes : sequence of str
    everyday : bool
        Whether classes named like an ordinary word of a question (``good``, ``other``) count unquoted.
    """
    folded = plain(question)
    spans = [(m.start(), m.end()) for m in WORD.finditer(folded)]
    words = [singular(folded[a:b]) for a, b in spans]
    taken: list[Match] = _verbatim(question, classes)
    open_words = [not any(m.start < b and a < m.end for m in taken) for a, b in spans]
    names = tuple(classes)
    longest = max((len(stems(c)) for c in classes), default=1) + 1
    for fits in (_same, _near, _partly):
        for width in range(min(longest, len(words)), 0, -1):
            for at in range(len(words) - width + 1):
                if not all(open_words[at : at + width]):
                    continue
                raw = [folded[a:b] for a, b in spans[at : at + width]]
                if not everyday and all(w in QUESTION_WORDS for w in raw):
                    continue
                found = fits(words[at : at + width], names)
                if found:
                    start, end = spans[at][0], spans[at + width - 1][1]
                    one = found[0] if len(found) == 1 else ""
                    taken.append(Match(one, start, end, () if one else tuple(found)))
                    open_words[at : at + width] = [False] * width
    unknown = [
        question[a:b]
        for (a, b), is_open in zip(spans, open_words, strict=True)
        if is_open and folded[a:b] not in ORDINARY_WORDS and not folded[a:b].isdigit()
    ]
    return Named(tuple(sorted(taken, key=lambda m: m.start)), tuple(unknown))


def contrasted(question: str, classes: Sequence[str], named: Named) -> Named:
    """Also the class that differs from the one named in a single word which the question has: "good cookies as bad"."""
    if len(named.matches) != 1 or not named.classes:
        return named
    only = named.matches[0]
    whole = stems(only.name)
    for word in WORD.finditer(plain(question)):
        if only.start <= word.start() < only.end:
            continue
        stem = singular(word.group())
        turned = [(*whole[:at], stem, *whole[at + 1 :]) for at in range(len(whole))] if len(whole) > 1 else []
        other = next((c for c in classes if c != only.name and stems(c) in turned), None)
        if other is not None:
            both = sorted((only, Match(other, word.start(), word.end())), key=lambda m: m.start)
            return Named(tuple(both), named.unknown)
    return named


def _verbatim(question: str, classes: Sequence[str]) -> list[Match]:
    """Names in quotes; and, wherever they stand, names without words: signs, or scripts that set no spaces."""
    out = []
    for quoted in re.finditer(r"[\"'`“‘«]([^\"'`“”‘’«»]+)[\"'`”’»]", question):
        same = [c for c in classes if c == quoted[1]] or [c for c in classes if stems(c) == stems(quoted[1])]
        if same:
            name = same[0] if len(same) == 1 else ""
            out.append(Match(name, quoted.start(), quoted.end(), () if name else tuple(same)))
    wordless = [c for c in classes if not stems(c) or UNSPACED.search(c)]
    return out + [Match(c, question.index(c), question.index(c) + len(c)) for c in wordless if c in question]


@dataclass(frozen=True)
class _Index:
    """Names of classes by what is looked up of them."""

    by_stems: dict[tuple[str, ...], list[str]]
    by_letters: dict[str, list[str]]
    by_first: dict[str, list[tuple[str, str]]]
    by_part: dict[tuple[str, ...], list[str]]


@lru_cache(maxsize=8)
def _index(classes: tuple[str, ...]) -> _Index:
    out = _Index({}, {}, {}, {})
    for name in classes:
        whole = stems(name)
        letters = "".join(whole)
        out.by_stems.setdefault(whole, []).append(name)
        out.by_letters.setdefault(letters, []).append(name)
        out.by_first.setdefault(letters[:1], []).append((name, letters))
        for start, end in combinations(range(len(whole) + 1), 2):
            part, length = whole[start:end], sum(map(len, whole[start:end]))
            if end - start < len(whole) and (length >= 4 or (length == 3 and end == len(whole))):
                names = out.by_part.setdefault(part, [])
                names += [name] * (name not in names)
    return out


def _same(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    index = _index(classes)
    return index.by_stems.get(tuple(words)) or index.by_letters.get("".join(words), [])


def _near(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    joined = "".join(words)
    if joined.isdigit():
        return []
    scored = {}
    for name, goal in _index(classes).by_first.get(joined[:1], ()):
        shorter = min(len(joined), len(goal))
        forgiven = next((edits for length, edits in EDITS if shorter <= length), 3)
        if abs(len(joined) - len(goal)) > max(forgiven, 1):
            continue
        distance = DamerauLevenshtein.distance(joined, goal, score_cutoff=forgiven)
        if distance <= forgiven or _slipped(joined, goal):
            scored[name] = distance
    return [name for name, distance in scored.items() if distance == min(scored.values())]


def _slipped(word: str, goal: str) -> bool:
    """Whether a short word is a name with a letter doubled, a double one dropped, or two neighbours exchanged.

    Such a slip hardly ever makes another English word, where a wrong letter often does (``pear``, ``peer``).

    >>> _slipped("aple", "apple"), _slipped("limme", "lime"), _slipped("paer", "pear"), _slipped("peer", "pear")
    (True, True, True, False)
    """
    if min(len(word), len(goal)) < SHORTEST_SLIP or word in ORDINARY_WORDS:
        return False
    if len(word) == len(goal):
        at, *others = [place for place, (a, b) in enumerate(zip(word, goal, strict=True)) if a != b] or [0]
        return others == [at + 1] and at > 0 and word[at : at + 2] == goal[at : at + 2][::-1]
    return abs(len(word) - len(goal)) == 1 and _DOUBLE.sub(r"\1", word) == _DOUBLE.sub(r"\1", goal)


def nearest(word: str, classes: Sequence[str]) -> str:
    """The class that a word was perhaps meant to be, which is asked and never assumed; empty where none is near.

    >>> nearest("Aple", ["Apple", "Lemon"]), nearest("citrus", ["Apple", "Lemon"])
    ('Apple', '')
    """
    scored = [(DamerauLevenshtein.normalized_similarity("".join(stems(word)), "".join(stems(c))), c) for c in classes]
    best, name = max(scored, key=lambda s: s[0], default=(0.0, ""))
    return name if best >= PERHAPS else ""


def _partly(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    """Classes of several words of which these are some, in order: ``grapefruit`` for ``Red-Grapefruit``.

    Short words count only as the last one: ``cat`` for ``black cat``, not ``red`` for ``Red-Grapefruit``.
    """
    return _index(classes).by_part.get(tuple(words), [])
