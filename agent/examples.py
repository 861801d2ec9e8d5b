"""Reads questions by their likeness to examples (``prompts/examples.txt``), where no pattern fits for certain.

Words, pairs and triples of words, pieces of words of 3 and 4 letters, and what words mean (``prompts/meanings.txt``),
alone, in order and in pairs, weighted by how rare they are (TF-IDF); one ridge regression for each intent and what-if.
The same examples give the same scores.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, combinations, pairwise, repeat

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from agent.phrases import NAME
from agent.prompts import passage

PENALTY = 0.5
PIECES = (3, 4)
STEPS = 14
"""Of conjugate gradients: scores are then about 0.03 from the exact ones."""
TINY = 1e-30
SHARED = 2
"""Examples that must have a piece before it counts."""
MOST_PAIRED = 30
"""Words of a question that are paired with every other."""
FRAME = frozenset(["@", "is", "are", "should", "would", "what", "which", "how", "i"])
"""Words that, with the meanings of the others, are the frame of a question: "is" before "background" …"""
LONGEST = 500
"""Letters of a question that are compared."""
_TOKEN = re.compile(rf"{NAME}|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)?|%|[$€£]")
_FILE = re.compile(r"\S+\.\w{3,4}\b(?=\W|$)")
Example = tuple[str, str]
"""A label, as ``labels`` or ``experiment.remove``, and a phrasing in which each class is ``@``."""
CONTEXT = "context"
"""The label of what people say before they ask: it asks nothing itself."""


def masked(text: str) -> list[str]:
    """Words of a lower-case text in which class names are ``NAME``; numbers are ``0``, files ``file``.

    >>> masked("is v3 above 98,5 % for lime_003.jpg?")
    ['is', 'v', '0', 'above', '0', '%', 'for', 'file']
    """
    words = [m[0] for m in _TOKEN.finditer(_FILE.sub("file", text[:LONGEST]))]
    return ["0" if w[0].isdigit() else "@" if w == NAME else w for w in words]


def pieces(text: str) -> Counter[str]:
    """What a text is compared by."""
    words = masked(text)
    out = Counter(f"w {w}" for w in words)
    ends = ["^", *words, "$"]
    out.update(f"p {a} {b}" for a, b in pairwise(ends))
    out.update(f"t {' '.join(ends[i : i + 3])}" for i in range(len(ends) - 2))
    for word in words:
        padded = f"<{word}>"
        out.update(f"c {padded[i : i + n]}" for n in PIECES for i in range(len(padded) - n + 1))
    out[f"names {min(words.count('@'), 2)}"] += 1
    meant = [meaning for word in words for meaning in meanings(word)]
    out.update(f"m {meaning}" for meaning in meant)
    named = {"@"} & {*words}
    for kind, together in (("b", {*meant} | named), ("q", {*words[:MOST_PAIRED]})):
        out.update(f"{kind} {a} {b}" for a, b in combinations(sorted(together), 2))
    said = [(*meanings(word), word)[0] for word in words if word in FRAME or meanings(word)]
    out.update(f"z {a} {b}" for a, b in pairwise(["^", *said, "$"]))
    return out


@lru_cache(maxsize=65536)
def meanings(word: str) -> tuple[str, ...]:
    """What a word may mean, of ``prompts/meanings.txt``.

    >>> meanings("blurry"), meanings("giraffe")
    (('quality',), ())
    """
    known = _meanings()
    begun = (f"{word[:length]}*" for length in range(2, len(word) + 1))
    return tuple(dict.fromkeys(m for form in (word, *begun) for m in known.get(form, ())))


@cache
def _meanings() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for line in passage("meanings").splitlines():
        if not line.startswith("#"):
            name, _, words = line.partition(":")
            for word in words.split():
                out.setdefault(word, []).append(name)
    return out


@dataclass(frozen=True)
class Reading:
    """How like the examples of an intent, or of one of its what-ifs, a question is: about 1 = as they are, 0 = not."""

    label: str
    score: float

    @property
    def intent(self) -> str:
        """The label without the what-if."""
        return self.label.partition(".")[0]

    @property
    def kind(self) -> str:
        """The what-if or change; empty for labels without."""
        return self.label.partition(".")[2]


class Examples:
    """Scores texts by examples; the order in which these are given does not matter."""

    def __init__(self, rows: Iterable[Example]) -> None:
        given = tuple(rows)
        self.first = dict(reversed([(of, phrasing) for label, phrasing in given for of in _with_intent(label)]))
        """The first example of each label and intent."""
        known = sorted(set(given))
        self.labels = tuple(sorted(self.first))
        counted = [pieces(phrasing.replace("@", NAME)) for _, phrasing in known]
        spread = Counter(chain.from_iterable(counted))
        shared = sorted(piece for piece, times in spread.items() if times >= SHARED)
        self._column = {piece: at for at, piece in enumerate(shared)}
        self._rarity = (np.log([(1 + len(known)) / (1 + spread[piece]) for piece in shared]) + 1).astype(np.float32)
        vectors = self._vectors(counted)
        at = {label: [self.labels.index(one) for one in _with_intent(label)] for label in {label for label, _ in known}}
        wanted = np.zeros((len(known), len(self.labels)), dtype=np.float32)
        for row, (label, _) in enumerate(known):
            wanted[row, at[label]] = 1
        self._usual = wanted.mean(axis=0)
        self._weights = vectors.T @ _ridge(vectors, wanted - self._usual)

    def _vectors(self, counted: Sequence[Counter[str]]) -> csr_matrix:
        """Rows of length 1."""
        rows = np.repeat(np.arange(len(counted)), [len(counts) for counts in counted])
        columns = np.fromiter(map(self._column.get, chain.from_iterable(counted), repeat(-1)), dtype=np.int64)
        times = np.fromiter(chain.from_iterable(counts.values() for counts in counted), dtype=np.float32)
        known = columns >= 0
        rows, columns, times = rows[known], columns[known], times[known]
        values = (1 + np.log(times)) * self._rarity[columns]
        lengths = np.sqrt(np.bincount(rows, values * values, minlength=len(counted)))
        values = (values / np.maximum(lengths, TINY)[rows]).astype(np.float32)
        return csr_matrix((values, (rows, columns)), shape=(len(counted), len(self._column)))

    def likeness(self, one: str, other: str) -> float:
        """Cosine of two texts."""
        first, second = self._vectors([pieces(one), pieces(other)]).toarray()
        return float(first @ second)

    def readings(self, text: str) -> list[Reading]:
        """All intents and what-ifs for a lower-case text in which class names are ``NAME``, the likeliest first."""
        scores = (self._vectors([pieces(text)]) @ self._weights)[0] + self._usual
        order = np.argsort(-scores, kind="stable")
        return [Reading(self.labels[at], float(scores[at])) for at in order]


def _with_intent(label: str) -> set[str]:
    return {label, label.partition(".")[0]}


def _ridge(vectors: csr_matrix, wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Solves (V Vᵀ + PENALTY) x = wanted by conjugate gradients, column by column at once."""
    turned = vectors.T.tocsr()
    found, left = np.zeros_like(wanted), wanted.copy()
    way, size = left.copy(), (left * left).sum(axis=0)
    for _ in range(STEPS):
        there = vectors @ (turned @ way) + PENALTY * way
        step = size / np.maximum((way * there).sum(axis=0), TINY)
        found += step * way
        left -= step * there
        before, size = size, (left * left).sum(axis=0)
        way = left + size / np.maximum(before, TINY) * way
    return found


@cache
def examples() -> Examples:
    """Of ``prompts/examples.txt``, learnt when they are first needed."""
    return Examples(written())


def written() -> list[Example]:
    """What ``prompts/examples.txt`` holds."""
    return [example for rows in voices().values() for example in rows]


def voices() -> dict[str, list[Example]]:
    """The same by whose voice they are in, in the order in which they were written; the first of many hands."""
    voice, label = "", ""
    out: dict[str, list[Example]] = {voice: []}
    for line in passage("examples").splitlines():
        if line.startswith("=="):
            voice = line.strip("= ")
            out[voice] = []
        elif line.startswith("["):
            label = line.strip("[] ")
        elif line.strip() and not line.startswith("#"):
            out[voice].append((label, line.strip()))
    return out
