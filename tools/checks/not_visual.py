"""Classes that come out no better than by chance although pictures and labels suffice: perhaps not a visual difference.

Chance is measured, not assumed: how often is a random picture of the class scored higher for it than a random picture
of the others (area under the curve; one half whatever the class's size), out of fold with groups kept whole. A class
is reported only if the interval says that it is at chance *and* cannot be far above it, and more pictures do not help.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.checks import learning_curve
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.learning import curves
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import clustered_auc, clustered_share, group_permutation_p
from tools.wording import listed, phrase

CODE = "not-visual"
FEWEST_GROUPS = 30
"""Independent pictures of the class and of the others: fewer leave an interval that reaches from chance to good."""
CHANCE = 0.5
WEAK = 0.70
"""The whole interval must lie below and reach down to chance: normal scores less than three quarters of a deviation
apart."""
PERMUTATIONS = 199
MOST_PERMUTED = 2_000
SHOWN = 24


@dataclass(frozen=True, eq=False)
class Area:
    """How well one class is told from all others.

    Attributes
    ----------
    number : int
    auc, low, high : float
    n : int
        Pictures of the class.
    """

    number: int
    auc: float
    low: float
    high: float
    n: int

    @property
    def at_chance(self) -> bool:
        """Not above chance, and surely not far above it."""
        return self.low <= CHANCE and self.high < WEAK


def check(case: Case, scope: Scope) -> Findings:
    """Report classes at chance; two classes that are all there is are one finding."""
    usable = _usable(case)
    if not len(usable):
        raise NotApplicable(
            f"no class has {FEWEST_GROUPS} independent labelled pictures, with as many of other classes beside it; "
            "with fewer, chance cannot be told from a hard class"
        )
    areas = [measure(case, int(c)) for c in usable]
    chosen = scoped_classes(case, scope)
    flat = [a for a in areas if a.at_chance and chosen[a.number] and not _still_learning(case, a.number)]
    if len(case.classes) == 2 and flat:
        flat = flat[:1]
    for area in flat:
        yield _finding(case, area)
    evidence = tuple(
        Evidence(
            f"told from the others: {case.classes[a.number]}", a.auc, "score", a.n, a.low, a.high, "AUC, out of fold"
        )
        for a in areas
        if chosen[a.number]
    )
    count = Evidence("classes", len(areas), "count", how=f"with at least {FEWEST_GROUPS} independent pictures")
    weak = Evidence("weak", WEAK, "score", how="area under the curve")
    return Measured(
        (*evidence, count, weak),
        phrase(
            "{classes} classes were compared with chance; one at chance whose area under the curve is below {weak} for "
            "sure would have been reported",
            [count, weak],
        ),
    )


def _usable(case: Case) -> NDArray[np.int64]:
    if not case.fit.any():
        return np.zeros(0, dtype=np.int64)
    k = len(case.classes)
    pairs = np.unique(np.stack([case.targets[case.fit], case.derived.grouping.groups[case.fit]]), axis=1)
    groups = np.bincount(pairs[0], minlength=k)
    return np.flatnonzero((groups >= FEWEST_GROUPS) & (groups.sum() - groups >= FEWEST_GROUPS))


def measure(case: Case, number: int) -> Area:
    """Area under the curve of a class against all others, out of fold; ranks by its share of the score."""
    rows = np.flatnonzero(case.fit)
    scores, groups = case.derived.baseline[rows, number], case.derived.grouping.groups[rows]
    own = case.targets[rows] == number
    auc, low, high = clustered_auc(scores[~own], scores[own], groups[~own], groups[own], case.settings.confidence)
    return Area(number, auc, low, high, int(own.sum()))


def _still_learning(case: Case, number: int) -> bool:
    curve = _curve(case, number)
    return curve is not None and curve.pays


def _curve(case: Case, number: int) -> learning_curve.Curve | None:
    found = curves(case)
    if not (case.targets[found.rows] == number).any():
        return None
    return learning_curve.measure(case, found, number)


def permutation_p(case: Case, number: int) -> float:
    """That a class chance alone has placed is said of its own pictures so much oftener; groups permuted.

    The statistic is recall less the rate at which the class is said of other pictures: zero for any prior.
    """
    rows = np.flatnonzero(case.fit)
    rng = case.rng(f"{CODE} {number}")
    groups = case.derived.grouping.groups
    if len(rows) > MOST_PERMUTED:
        names = rng.permutation(np.unique(groups[rows]))
        kept = np.isin(groups[rows], names[: max(2, len(names) * MOST_PERMUTED // len(rows))])
        rows = rows[kept]
    said = case.derived.baseline[rows].argmax(axis=1) == number
    own = case.targets[rows] == number

    def excess(source: NDArray[np.int64]) -> float:
        moved = own[source]
        return float(said[moved].mean() - said[~moved].mean())

    if not own.any() or own.all():
        return 1.0
    return group_permutation_p(excess, groups[rows], rng, PERMUTATIONS)


def _finding(case: Case, area: Area) -> Finding:
    number, confidence = area.number, case.settings.confidence
    names = case.classes if len(case.classes) == 2 else (case.classes[number],)
    rows = np.flatnonzero(case.fit)
    said, own = case.derived.baseline[rows].argmax(axis=1) == number, case.targets[rows] == number
    groups = case.derived.grouping.groups[rows]
    recall, elsewhere = (
        clustered_share(said[own], groups[own], confidence),
        clustered_share(said[~own], groups[~own], confidence),
    )
    total = int(case.derived.errors.sum())
    hit = int((case.derived.errors & np.isin(case.targets, [case.number(n) for n in names])).sum())
    how = "the advisor's own head, out of fold, groups kept whole"
    evidence = [
        Evidence("training pictures", area.n, "images"),
        Evidence("area under the curve", area.auc, "score", area.n, area.low, area.high, f"{how}; chance is one half"),
        Evidence("chance", CHANCE, "score"),
        Evidence("recall", recall[0], "share", int(own.sum()), *recall[1:], how),
        Evidence("said of others", elsewhere[0], "share", int((~own).sum()), *elsewhere[1:], how),
        Evidence("p", permutation_p(case, number), "p", how="recall beyond what is said of others, groups permuted"),
        Evidence(
            "labels wrong at least",
            min(1.0, max(0.0, 2 - 2 * area.high)),
            "share",
            area.n,
            how="if the others of its labels were right and told perfectly: AUC = (1 + share right) ÷ 2, upper end",
        ),
        Evidence("errors", hit, "images", total, how=f"{case.subject}; on pictures of it"),
    ]
    text = (
        "{names} cannot be told from the rest in these pictures: with {training pictures} pictures the area under "
        "the curve is {area under the curve} ({area under the curve|interval}) where {chance} is chance; it is said of "
        "{recall} of its own pictures and of {said of others} of the others. Wrong labels alone would explain that "
        "only if at least {labels wrong at least} of them were wrong"
    )
    curve = _curve(case, number)
    if curve is not None:
        evidence.append(
            Evidence(
                "last doubling",
                curve.last[0],
                "points",
                curve.judged,
                *curve.last[1:],
                "recall less false alarms, quick head",
            )
        )
        text += ", and twice the pictures changed that by {last doubling} ({last doubling|interval})"
    text += ". What makes it a class may not be visible."
    mine = case.fit & (case.targets == number)
    ids = tuple(case.ids[np.flatnonzero(mine)[:SHOWN]].tolist())
    what = listed(names)
    return Finding(
        CODE,
        f"{what} may not be a visual difference",
        severity(hit / total if total else None, below_floor=True),
        phrase(text, evidence, names=listed(names, "or")),
        tuple(evidence),
        scope=Scope(classes=tuple(names), pair=(names[0], names[1]) if len(names) == 2 else None),
        images=ids,
        recommendations=(
            Recommendation(
                "relabel",
                what,
                CODE,
                "Let two people sort some of these pictures without seeing the labels. If they cannot, the difference "
                "is not in the pictures; if they can, write down what they look at and label by it. Only people can "
                "try this.",
                Cost(clicks=len(ids)),
                images=ids,
            ),
            Recommendation(
                "remove",
                f"the class {what}",
                CODE,
                "If nothing in the picture shows it, leave the class out or take its value from another source (order "
                "data, a sensor); more pictures will not help, and no experiment on these pictures can.",
            ),
        ),
    )
