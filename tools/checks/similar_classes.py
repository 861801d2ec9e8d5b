"""Pairs of classes that a head cannot tell apart on pictures it has not seen.

For each pair the advisor's own head, cross-validated with bursts kept whole, decides between these two classes alone,
corrected for their sizes (Menon et al. 2021, logit adjustment): chance is one half whatever the balance. A pair is
reported when its balanced accuracy is below what separable classes reach, by a one-sided score test at the effective
number of groups, corrected (Benjamini–Hochberg) over all pairs of the case, in scope or not. Where labels that
look wrong stand behind the mixing, and the two are told apart once those are left out, nothing is said of the classes:
it is told as wrong labels (docs/decisions/0032).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.label_errors import case_suspects
from tools.likeness import share_mixed
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, clustered_mean, clustered_share
from tools.training.baseline import Training, parent_scores
from tools.wording import phrase

CODE = "similar-classes"
SEPARABLE = 0.90
"""Balanced accuracy between two classes that separable ones exceed: on grocery, with bursts kept whole, the median pair
reaches 0.996 and nine in ten exceed 0.94, so below 0.90 two classes are mistaken many times as often as is usual."""
FEWEST = 10
"""Training pictures a class needs; with fewer even chance (one half) is hardly told from ``SEPARABLE``."""
SHOWN = 60
"""Pictures listed with a finding, the most wrongly placed first."""
MOST = 10
"""Findings given, those with most errors first: a person mends pairs one at a time. The count covers all."""
RATE = 0.05
BY_LABELS, MIXED = 1 / 3, 1 / 3
"""Wrong labels and not likeness may be the reason where a flagged label stands behind this share of the pictures on the
wrong side; they surely are if fewer of the pair's pictures than that have a mixture of both classes around them: in
planted pairs .07–.42 with wrong labels, .34–.85 where the classes overlap, .8 and more for two names of one class."""
DEEP = 2 / 3
"""Depth of the wrong side from which on its labels and not likeness are the reason: in planted pairs in mixed
surroundings .75 to 1.14 with whole bursts mislabelled, .26 to .68 where the classes overlap (one pair in 60 .76)."""


@dataclass(frozen=True, eq=False)
class Pair:
    """How well two classes are told apart.

    Attributes
    ----------
    a, b : int
        Class numbers, a < b.
    balanced, low, high : float
        Balanced accuracy between the two out of fold, and its interval.
    p : float
        Of the hypothesis that it is ``SEPARABLE`` or better.
    n : int
        Pictures it was measured on.
    wrong : ndarray of int64
        Rows placed on the wrong side, worst first.
    """

    a: int
    b: int
    balanced: float
    low: float
    high: float
    p: float
    n: int
    wrong: NDArray[np.int64]


def check(case: Case, scope: Scope) -> Findings:
    """Report the inseparable pairs in scope, the one with most errors first."""
    counts = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    usable = np.flatnonzero(counts >= FEWEST)
    if len(usable) < 2:
        raise NotApplicable(f"at least two classes need {FEWEST} labelled training pictures to be compared")
    confused = confused_pairs(case, usable)
    pairs = [measure(case, a, b) for a, b in confused]
    family = len(usable) * (len(usable) - 1) // 2
    p = np.concatenate([[pair.p for pair in pairs], np.ones(family - len(pairs))])
    tested = zip(pairs, benjamini_hochberg(p, RATE), strict=False)
    similar = [pair for pair, bad in tested if bad and not by_labels(case, pair)]
    chosen = [pair for pair in similar if _in_scope(case, scope, pair)]
    usual = float(np.median([pair.balanced for pair in pairs] + [1.0] * (family - len(pairs))))
    shared = (
        Evidence("pairs compared", family, "count", how=f"classes with at least {FEWEST} training pictures"),
        Evidence("inseparable pairs", len(similar), "count", family, how="after Benjamini–Hochberg over all pairs"),
        Evidence("usual pair", usual, "share", family, how="median over pairs; unconfused ones count as perfect"),
        Evidence("separable", SEPARABLE, "share", how="what two separable classes exceed"),
    )
    errors = {id(pair): _errors_between(case, pair) for pair in chosen}
    for pair in sorted(chosen, key=lambda x: (-errors[id(x)], x.balanced))[:MOST]:
        yield _finding(case, pair, errors[id(pair)], shared)
    return Measured(shared, _detectable(case, usable, family))


def confused_pairs(case: Case, usable: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of classes that the head takes for one another at least once out of fold."""
    scores, targets = case.derived.baseline[case.fit], case.targets[case.fit]
    said = usable[scores[:, usable].argmax(axis=1)]
    wrong = (said != targets) & np.isin(targets, usable)
    ends = np.sort(np.stack([said[wrong], targets[wrong]], axis=1), axis=1)
    return [(int(a), int(b)) for a, b in np.unique(ends, axis=0)]


def measure(case: Case, a: int, b: int) -> Pair:
    """Balanced accuracy between two classes, its interval and p-value."""
    rows = np.flatnonzero(case.fit & np.isin(case.targets, [a, b]))
    return _measured(case, a, b, rows, _margins(case, rows, b, case.derived.baseline[rows][:, [a, b]]))


def without_doubted(case: Case, a: int, b: int) -> tuple[Pair, float]:
    """As ``measure``, by heads between these two alone that are trained and measured without flagged labels.

    Returns
    -------
    pair : Pair
    depth : float
        How far pictures lie on the wrong side, flagged ones too, in units of how far the others lie on theirs
        (medians of the log odds): a label put on the wrong picture lies as deep as a right one, about 1, where classes
        overlap most lie near the border.
    """
    suspects = case_suspects(case)
    both = case.fit & np.isin(case.targets, [a, b])
    sure, folds = both.copy(), case.derived.folds()
    sure[suspects.rows[suspects.flagged]] = False
    trainings, questions = [], []
    for fold in np.unique(folds[both]):
        rows = np.flatnonzero(sure & (folds != fold))
        labels, weights = (case.targets[rows] == b).astype(np.int64), np.ones(len(rows), dtype=np.float32)
        trainings.append(Training(rows, labels, weights, np.arange(2, dtype=np.int64)))
        questions.append(np.flatnonzero(both & (folds == fold)))
    rows, scores = np.concatenate(questions), parent_scores(case.space.vectors, trainings, questions, 2)
    margin = _margins(case, rows, b, np.concatenate(scores))
    wrong = margin <= 0
    depth = -float(np.median(margin[wrong]) / np.median(margin[~wrong])) if 0 < wrong.sum() < len(rows) else 0.0
    return _measured(case, a, b, rows[sure[rows]], margin[sure[rows]]), depth


def _margins(case: Case, rows: NDArray[np.int64], b: int, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds for each picture's own class, corrected for the sizes of the two, from scores of shape (rows, 2)."""
    is_b = case.targets[rows] == b
    log = np.log(np.maximum(scores, 1e-12))
    towards_b = log[:, 1] - log[:, 0] - np.log(is_b.sum() / (~is_b).sum())
    return np.asarray(np.where(is_b, towards_b, -towards_b))


def _measured(case: Case, a: int, b: int, rows: NDArray[np.int64], margin: NDArray[np.float64]) -> Pair:
    is_b = case.targets[rows] == b
    hits, groups = margin > 0, case.derived.grouping.groups[rows]
    share, below, above, null = [], 0.0, 0.0, 0.0
    for side in (~is_b, is_b):
        value, low, high = clustered_share(hits[side], groups[side], case.settings.confidence)
        share.append(value)
        below, above = below + (value - low) ** 2, above + (high - value) ** 2
        null += SEPARABLE * (1 - SEPARABLE) / _effective(hits[side], groups[side])
    balanced = sum(share) / 2
    return Pair(
        a,
        b,
        balanced,
        max(0.0, balanced - sqrt(below) / 2),
        min(1.0, balanced + sqrt(above) / 2),
        float(norm.cdf((balanced - SEPARABLE) / (sqrt(null) / 2))),
        len(rows),
        rows[np.argsort(margin, kind="stable")][: int((~hits).sum())],
    )


def by_labels(case: Case, pair: Pair) -> bool:
    """Whether labels that look wrong, rather than likeness, put pictures on the wrong side.

    Doubts arise wherever classes overlap. So doubted labels must be many among those pictures, and either few pictures
    are in mixed surroundings, or without those labels the two are separable and what is on the wrong side lies deep.
    """
    suspects = case_suspects(case)
    doubted = suspects.rows[suspects.flagged]
    flagged = int(np.isin(pair.wrong, doubted).sum())
    if not 0 < flagged >= BY_LABELS * len(pair.wrong):
        return False
    if share_mixed(case, pair.a, pair.b) < MIXED:
        return True
    left = [int((case.fit & (case.targets == c)).sum() - (case.targets[doubted] == c).sum()) for c in (pair.a, pair.b)]
    if min(left) < FEWEST:
        return False
    found, depth = without_doubted(case, pair.a, pair.b)
    return found.p >= RATE and depth >= DEEP


def _effective(hits: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """Number of independent pictures these are worth: n ÷ design effect, between 1 and n (Korn & Graubard 1998).

    Where every picture is alike (all right or all wrong) the number of groups.
    """
    n = len(hits)
    share, error = clustered_mean(hits.astype(np.float64), groups, np.full(n, 1 / n))
    plain = share * (1 - share) / n
    if plain == 0.0 or not np.isfinite(error):
        return float(len(np.unique(groups)))
    return max(1.0, n * min(1.0, plain / max(error * error, 1e-12)))


def mixed_neighbourhoods(case: Case, a: int, b: int) -> tuple[float, int]:
    """Balanced share of pictures whose nearest look-alike of the two classes, from another group, is of the other.

    Returns
    -------
    share : float
        Near 0 for separable classes, near ½ for one class under two names (at equal sizes).
    n : int
        Pictures with such a neighbour among their 20; (0, 0) if either class has none.
    """
    rows = np.flatnonzero(case.fit & np.isin(case.targets, [a, b]))
    near, groups = case.derived.graph.neighbours[rows], case.derived.grouping.groups
    eligible = case.fit[near] & np.isin(case.targets[near], [a, b]) & (groups[near] != groups[rows][:, None])
    has = eligible.any(axis=1)
    first = near[np.arange(len(rows)), eligible.argmax(axis=1)]
    other = case.targets[first] != case.targets[rows]
    sides = [other[has & (case.targets[rows] == c)] for c in (a, b)]
    if not all(len(side) for side in sides):
        return 0.0, 0
    return float(np.mean([side.mean() for side in sides])), int(has.sum())


def _in_scope(case: Case, scope: Scope, pair: Pair) -> bool:
    """Both classes are named, or the only one named is among them."""
    chosen = scoped_classes(case, scope)
    needed = min(2, int(chosen.sum()))
    return int(chosen[pair.a]) + int(chosen[pair.b]) >= needed


def _errors_between(case: Case, pair: Pair) -> int:
    targets, said = case.targets, case.derived.predicted
    between = ((targets == pair.a) & (said == pair.b)) | ((targets == pair.b) & (said == pair.a))
    return int((case.derived.errors & between).sum())


def _detectable(case: Case, usable: NDArray[np.int64], family: int) -> str:
    """The balanced accuracy that the two smallest classes would have to fall to, corrected for all pairs."""
    groups = [len(np.unique(case.derived.grouping.groups[case.fit & (case.targets == c)])) for c in usable]
    small = np.sort(groups)[:2]
    spread = sqrt(SEPARABLE * (1 - SEPARABLE) * float((1 / small).sum())) / 2
    reach = max(0.0, SEPARABLE + float(norm.ppf(RATE / family)) * spread)
    return (
        f"a pair with balanced accuracy below about {100 * reach:.0f} % between its two classes "
        f"({small[0]} and {small[1]} independent groups in the smallest; half is chance)"
    )


def _finding(case: Case, pair: Pair, errors: int, shared: tuple[Evidence, ...]) -> Finding:
    a, b = case.classes[pair.a], case.classes[pair.b]
    total = int(case.derived.errors.sum())
    mixed, n = mixed_neighbourhoods(case, pair.a, pair.b)
    how = "the advisor's own head, out of fold, groups kept whole, between these two classes alone"
    evidence = [
        Evidence("balanced accuracy between the two", pair.balanced, "share", pair.n, pair.low, pair.high, how),
        Evidence("p", pair.p, "p", pair.n, how="score test of being separable, before correction"),
        Evidence("wrong side", len(pair.wrong), "images", pair.n, how=how),
        Evidence("errors between the two", errors, "images", total, how=f"{case.subject}, both directions"),
        Evidence("all errors", total, "images", how=f"{case.subject}"),
        *shared,
    ]
    text = (
        "{a} and {b} are hard to tell apart in these pictures: deciding between these two alone is right in "
        "{balanced accuracy between the two} ({balanced accuracy between the two|interval}) of unseen pictures, where "
        "the usual pair reaches {usual pair}. {errors between the two} of {all errors} errors lie between them."
    )
    if n:
        evidence.append(Evidence("look-alikes of the other class", mixed, "share", n, how="nearest of another group"))
        text += " The nearest look-alike is of the other class for {look-alikes of the other class} of their pictures."
    ids = tuple(case.ids[pair.wrong[:SHOWN]].tolist())
    return Finding(
        CODE,
        f"{a} and {b} are hard to tell apart",
        severity(errors / total if total else None),
        phrase(text, evidence, a=a, b=b),
        tuple(evidence),
        scope=Scope(classes=(a, b), pair=(a, b)),
        images=ids,
        recommendations=_recommendations(a, b, ids),
    )


def _recommendations(a: str, b: str, ids: tuple[str, ...]) -> tuple[Recommendation, ...]:
    both = f"{a} and {b}"
    return (
        Recommendation(
            "merge",
            both,
            CODE,
            "If the difference does not matter to you, one class ends these errors.",
            Cost(clicks=1),
            "merge-classes",
            {"pair": f"{a}|{b}"},
        ),
        Recommendation(
            "relabel",
            both,
            CODE,
            "Write down the rule that separates them and apply it to these pictures; if people disagree on them, no "
            "model can do better. What the rule changes is known only after a person has looked.",
            Cost(clicks=len(ids)),
            images=ids,
        ),
        Recommendation(
            "collect",
            both,
            CODE,
            "Photograph what does tell them apart (cut open, label, stalk, size beside a known object); such pictures "
            "cannot be tried out before they exist.",
            Cost(images=2 * FEWEST),
        ),
    )
