"""Which classes a few words fit: wholly, misspelt, or as a part of the name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import DamerauLevenshtein

from agent.words import ORDINARY_WORDS, QUESTION_WORDS, stems

SHORTEST_SLIP = 4
LONG = 7
"""Letters from which on a part of a name is known by a misspelling of it."""
FEWEST_OF_ALL = 3
"""Classes that must share a word before it is taken to speak of them all."""
EDITS = ((4, 0), (7, 1), (11, 2))
"""Typing errors forgiven for words of up to this many letters; longer words get three."""
_DOUBLE = re.compile(r"(.)\1")


@dataclass(frozen=True)
class _Index:
    """Names of classes by what is looked up of them."""

    by_stems: dict[tuple[str, ...], list[str]]
    by_letters: dict[str, list[str]]
    by_first: dict[str, list[tuple[str, str]]]
    by_part: dict[tuple[str, ...], list[str]]
    by_word: dict[str, list[str]]


@lru_cache(maxsize=8)
def index(classes: tuple[str, ...]) -> _Index:
    """What is looked up of the names of a data set."""
    out = _Index({}, {}, {}, {}, {})
    for name in classes:
        whole = stems(name)
        letters = "".join(whole)
        out.by_stems.setdefault(whole, []).append(name)
        out.by_letters.setdefault(letters, []).append(name)
        out.by_first.setdefault(letters[:1], []).append((name, letters))
        for word in set(whole) if len(whole) > 1 else ():
            out.by_word.setdefault(word, []).append(name)
        for start, end in combinations(range(len(whole) + 1), 2):
            part, length = whole[start:end], sum(map(len, whole[start:end]))
            if end - start < len(whole) and (length >= 4 or (length == 3 and end == len(whole))):
                names = out.by_part.setdefault(part, [])
                names += [name] * (name not in names)
    out.by_part.update({part: [] for part, names in out.by_part.items() if _is_generic(part, names, classes)})
    return out


def _is_generic(part: tuple[str, ...], names: Sequence[str], classes: tuple[str, ...]) -> bool:
    """Whether a part of names speaks of all of them, as "stone" beside Sandstone and Limestone, or of any."""
    if len(part) > 1:
        return False
    within = [c for c in classes if c not in names and any(w.startswith(part) or w.endswith(part) for w in stems(c))]
    is_head = any(stems(name)[-1:] == part for name in names)
    return len(within) > is_head or len(names) == len(classes) >= FEWEST_OF_ALL


def same(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    """Classes called exactly so, however the name is cut into words."""
    known = index(classes)
    return known.by_stems.get(tuple(words)) or known.by_letters.get("".join(words), [])


def telling(word: str, classes: tuple[str, ...]) -> list[str]:
    """Classes of several words that a word tells from all others: ``bad`` of ``good_cookies`` and ``bad_cookies``."""
    names = index(classes).by_word.get(word, [])
    return names if len(names) == 1 else []


def slightly_off(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    """Classes of several words of which one is misspelt a little: ``gray granite`` for ``GreyGranite``."""
    out: list[str] = []
    for whole, names in index(classes).by_stems.items() if len(words) > 1 else ():
        if len(whole) != len(words):
            continue
        off = [(word, goal) for word, goal in zip(words, whole, strict=True) if word != goal]
        if len(off) == 1 and _is_slip(*off[0]):
            out += names
    return out


def _is_slip(word: str, goal: str) -> bool:
    close = min(len(word), len(goal)) >= SHORTEST_SLIP and word[:1] == goal[:1] and word not in ORDINARY_WORDS
    return close and DamerauLevenshtein.distance(word, goal, score_cutoff=1) == 1


def near(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    """Classes whose whole name is these words with the fewest typing errors, if with few enough."""
    joined = "".join(words)
    if (
        joined.isdigit()
        or joined in ORDINARY_WORDS
        or (len(words) > 1 and any(word in QUESTION_WORDS for word in words[:-1]))
    ):
        return []  # "the same stone" is no Sandstone
    scored = {}
    for name, goal in index(classes).by_first.get(joined[:1], ()):
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


def near_part(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    """Classes of several words of which a long one is this, misspelt a little: ``grapfruit``."""
    if len(words) > 1 or len(words[0]) < LONG:
        return []
    parts = [part for part in index(classes).by_part if len(part) == 1 and len(part[0]) >= LONG]
    meant = [part for part in parts if _is_slip(words[0], part[0])]
    return list(dict.fromkeys(name for part in meant for name in index(classes).by_part[part]))


def partly(words: Sequence[str], classes: tuple[str, ...]) -> list[str]:
    """Classes of several words of which these are some, in order: ``grapefruit`` for ``Red-Grapefruit``.

    Short words count only as the last one: ``cat`` for ``black cat``, not ``red`` for ``Red-Grapefruit``.
    """
    return index(classes).by_part.get(tuple(words), [])
