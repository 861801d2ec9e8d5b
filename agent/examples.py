"""Reads questions by their likeness to examples (``prompts/examples.txt``), where no pattern fits for certain.

Words, pairs of words and pieces of words of 3 and 4 letters, weighted by how rare they are (TF-IDF); one ridge
regression for each kind of question, solved once in closed form. The same examples give the same scores.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from agent.phrases import NAME
from agent.prompts import passage

PENALTY = 0.5
PIECES = (3, 4)
STEPS = 20
"""Of conjugate gradients: 1e-3 from the exact solution."""
TINY = 1e-30
LONGEST = 500
"""Letters of a question that are compared."""
_TOKEN = re.compile(rf"{NAME}|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)?|%|[$€£]")
_FILE = re.compile(r"\S+\.\w{3,4}\b(?=\W|$)")
Example = tuple[str, str]
"""A label, as ``labels`` or ``experiment.remove``, and a phrasing in which each class is ``@``."""


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
    return out


@dataclass(frozen=True)
class Reading:
    """How like the examples of one label a question is: about 1 = as they are, 0 = not at all."""

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
        self.first = dict(reversed(given))
        """The first example of each label."""
        known = sorted(set(given))
        self.labels = tuple(sorted({label for label, _ in known}))
        counted = [pieces(phrasing.replace("@", NAME)) for _, phrasing in known]
        spread: Counter[str] = Counter()
        for counts in counted:
            spread.update(counts.keys())
        self._column = {piece: at for at, piece in enumerate(sorted(spread))}
        self._rarity = np.log([(1 + len(known)) / (1 + spread[piece]) for piece in self._column]) + 1
        vectors = self._vectors(counted)
        wanted = np.array([[float(label == one) for one in self.labels] for label, _ in known])
        self._usual = wanted.mean(axis=0)
        self._weights = vectors.T @ _ridge(vectors, wanted - self._usual)

    def _vectors(self, counted: Sequence[Counter[str]]) -> csr_matrix:
        """Rows of length 1."""
        column = self._column
        rows = np.repeat(np.arange(len(counted)), [len(counts) for counts in counted])
        columns = np.array([column.get(piece, -1) for counts in counted for piece in counts])
        times = np.array([n for counts in counted for n in counts.values()], dtype=float)
        known = columns >= 0
        rows, columns, times = rows[known], columns[known], times[known]
        values = (1 + np.log(times)) * self._rarity[columns]
        lengths = np.sqrt(np.bincount(rows, values * values, minlength=len(counted)))
        return csr_matrix((values / lengths[rows], (rows, columns)), shape=(len(counted), len(column)))

    def likeness(self, one: str, other: str) -> float:
        """Cosine of two texts."""
        first, second = self._vectors([pieces(one), pieces(other)]).toarray()
        return float(first @ second)

    def readings(self, text: str) -> list[Reading]:
        """All labels for a lower-case text in which class names are ``NAME``, the likeliest first."""
        scores = (self._vectors([pieces(text)]) @ self._weights)[0] + self._usual
        order = np.argsort(-scores, kind="stable")
        return [Reading(self.labels[at], float(scores[at])) for at in order]


def _ridge(vectors: csr_matrix, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
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
    out, label = [], ""
    for line in passage("examples").splitlines():
        if line.startswith("["):
            label = line.strip("[] ")
        elif line.strip() and not line.startswith("#"):
            out.append((label, line.strip()))
    return out
