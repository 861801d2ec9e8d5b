"""What pictures are wanted for: findings that advise to collect, pairs that are confused, goals not surely reached."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest
from tools.case import Case
from tools.findings import HIGH_SHARE, MEDIUM_SHARE, Finding, Level, Outcome
from tools.goals import Goals, reached

CHECKS = ("class-balance", "hidden-subclasses", "image-quantity", "learning-curve", "similar-classes", "weak-slices")
"""Checks that name what is missing from vectors, labels and scores alone: no picture is opened again for a ranking."""
SHARE: Mapping[Level, float] = {"high": HIGH_SHARE, "medium": MEDIUM_SHARE, "low": MEDIUM_SHARE / 2}
"""Share of the errors that a finding stands for where it does not say."""
OPEN = 0.5
"""A goal that the pictures cannot decide about weighs this much of one that is surely missed."""
PAIRS, FEWEST_ERRORS = 3, 3
"""Pairs of classes that count as a gap, and how many errors make one."""
SHOWN = 24
EXAMPLES = 3
"""A picture belongs to the pictures of a gap as far as it is like the nearest few of them."""


@dataclass(frozen=True)
class Gap:
    """Something that pictures are wanted for.

    Attributes
    ----------
    name : str
        In words.
    code : str
        The check, or ``goal``.
    classes : tuple of str
        Whose pictures are wanted; empty = of any.
    images : tuple of str
        Ids of pictures that show what is meant; empty = none in particular.
    importance : float
        About the share of the errors it stands for.
    """

    name: str
    code: str
    classes: tuple[str, ...]
    images: tuple[str, ...]
    importance: float


def gaps_of(case: Case, outcomes: Iterable[Outcome], goals: Goals | None) -> tuple[Gap, ...]:
    """Gaps that findings (not dismissed ones), errors and goals name, the heaviest first; what wants all wants none."""
    found = [gap for outcome in outcomes for f in outcome.findings if not f.settled for gap in _of_finding(case, f)]
    found += _confusions(case)
    if goals is not None and case.derived.judged.any():
        found += [
            Gap(limit.text, "goal", (limit.name,), (), HIGH_SHARE * (1.0 if r.state == "missed" else OPEN))
            for limit, r in zip(goals.limits, reached(case, goals), strict=False)  # a cost comes after the limits
            if r.state != "met" and limit.name in case.classes
        ]
    unique = {(gap.name, gap.classes): gap for gap in sorted(found, key=lambda g: g.importance)}
    named = (gap for gap in unique.values() if gap.images or 0 < len(gap.classes) < len(case.classes))
    return tuple(sorted(named, key=lambda g: (-g.importance, g.name)))


def _confusions(case: Case) -> Iterable[Gap]:
    """The pairs most often confused, with the pictures on which they were."""
    errors = np.flatnonzero(case.derived.errors)
    pairs = Counter(zip(case.targets[errors].tolist(), case.derived.predicted[errors].tolist(), strict=True))
    for (a, b), count in pairs.most_common(PAIRS):
        if count >= FEWEST_ERRORS:
            rows = errors[(case.targets[errors] == a) & (case.derived.predicted[errors] == b)]
            names = (case.classes[a], case.classes[b])
            images = tuple(case.ids[rows[:SHOWN]].tolist())
            yield Gap(f"{names[0]} that is called {names[1]}", "confusion", names, images, count / len(errors))


def _of_finding(case: Case, finding: Finding) -> Iterable[Gap]:
    share = finding.severity.errors_explained
    weight = SHARE[finding.severity.level] if share is None else max(share, SHARE["low"])
    for advice in finding.recommendations:
        if advice.action in ("collect", "split"):
            classes = finding.scope.pair or finding.scope.classes
            named = (advice.target,) if advice.target in case.classes else classes
            name = f"pictures of {advice.target}" if advice.target in case.classes else advice.target
            yield Gap(name, finding.code, tuple(c for c in named if c in case.classes), advice.images, weight)


def membership(
    case: Case, gaps: Sequence[Gap], vectors: NDArray[np.float32], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far each new picture belongs to each gap, shape (n, gaps), 0–1.

    The chance that it is of one of the gap's classes; where the gap names pictures, times its place among the new ones
    by likeness to them.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
    scores : ndarray, shape (n, k)
        Chance of each class of the case.
    """
    out = np.zeros((len(vectors), len(gaps)))
    for number, gap in enumerate(gaps):
        columns = [case.number(name) for name in gap.classes]
        chance = scores[:, columns].sum(axis=1) if columns else np.ones(len(vectors))
        rows = [case.dataset.index[i] for i in gap.images if i in case.dataset.index]
        if rows and len(vectors) > 1:
            like = nearest(case.space.vectors[rows], vectors, EXAMPLES)[0].mean(axis=1)
            chance = chance * np.argsort(np.argsort(like, kind="stable"), kind="stable") / (len(vectors) - 1)
        out[:, number] = np.clip(chance, 0.0, 1.0)
    return out
