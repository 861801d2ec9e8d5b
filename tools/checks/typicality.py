"""Classes whose pictures are mostly untypical, with their strongest and their weakest examples.

A picture is a strong positive when a head that never saw it (groups kept whole, class sizes taken out) leads for its
own class by a clear margin, and at the rim when it leads by none. The null: a class has the share of strong positives
that the other classes have; intervals count groups, Benjamini–Hochberg over the classes. Of a class that cannot be told
as a whole, from all others or from one of them, nothing is said: none of its pictures could be typical.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.checks import not_visual, similar_classes
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, clustered_share, quantile_of_normal
from tools.wording import phrase

CODE = "typicality"
STRONG = 0.5
"""Lead over the next class from which a picture is a strong positive: at least three quarters against one quarter
between the two."""
MOSTLY = 0.5
"""A class is mostly untypical when the whole interval of its share of strong positives lies below one half."""
FEWEST = 20
FEWEST_GROUPS = 5
TOLD = 0.65
"""Area under the curve, or balanced accuracy of a pair, below which a class cannot be told as a whole."""
SHOWN = 12
RATE = 0.05


@dataclass(frozen=True, eq=False)
class Typical:
    """How typical one class's pictures are.

    Attributes
    ----------
    number : int
    strong, rim : tuple of float
        Share, low, high.
    others : tuple of float
        Share of strong positives among the other classes, low, high.
    p : float
        One-sided, that it has fewer strong positives than the others.
    order : ndarray of int64
        Its rows, weakest first.
    """

    number: int
    strong: tuple[float, float, float]
    rim: tuple[float, float, float]
    others: tuple[float, float, float]
    p: float
    order: NDArray[np.int64]

    @property
    def difference(self) -> tuple[float, float, float]:
        """Its share less that of the others, low, high (Newcombe)."""
        (a, low_a, high_a), (b, low_b, high_b) = self.strong, self.others
        return a - b, a - b - hypot(a - low_a, high_b - b), a - b + hypot(high_a - a, b - low_b)


def check(case: Case, scope: Scope) -> Findings:
    """Report the mostly untypical classes in scope, that with the fewest strong positives first."""
    counts = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    if (counts >= FEWEST).sum() < 2:
        raise NotApplicable(f"at least two classes need {FEWEST} labelled training pictures to tell what is typical")
    lead = margins(case)
    found = [t for c in np.flatnonzero(counts >= FEWEST).tolist() if (t := measure(case, lead, c)) is not None]
    if not found:
        raise NotApplicable(f"no class has {FEWEST_GROUPS} independent groups of pictures to tell what is typical")
    fewer = benjamini_hochberg(np.array([t.p for t in found]), RATE)
    chosen = scoped_classes(case, scope)
    for typical, untypical in sorted(zip(found, fewer, strict=True), key=lambda pair: pair[0].strong[0]):
        mostly = untypical and typical.strong[2] < MOSTLY and chosen[typical.number]
        if mostly and can_be_told(case, typical.number):
            yield _finding(case, lead, typical)
    table = tuple(
        Evidence(f"strong positives: {case.classes[t.number]}", t.strong[0], "share", len(t.order), *t.strong[1:])
        for t in found
        if chosen[t.number]
    )
    widest = max(found, key=lambda t: t.strong[2] - t.strong[1])
    half = Evidence("half of the widest interval", (widest.strong[2] - widest.strong[1]) / 2, "points")
    lead_needed = Evidence("mostly", MOSTLY, "share", how="the whole interval must lie below")
    return Measured(
        (*table, half, lead_needed),
        phrase(
            "a class with fewer than {mostly} strong positives, by more than its interval "
            "({half of the widest interval} either way in the class known worst), would have been reported",
            [half, lead_needed],
        ),
    )


def can_be_told(case: Case, number: int) -> bool:
    """Whether a class lies well and surely above chance, against all others and against each it is mistaken for.

    What is near chance as a whole is the business of ``not-visual``, ``similar-classes`` or the labels.
    """
    area = not_visual.measure(case, number)
    enough = np.flatnonzero(np.bincount(case.targets[case.fit], minlength=len(case.classes)) >= similar_classes.FEWEST)
    pairs = [pair for pair in similar_classes.confused_pairs(case, enough) if number in pair]
    found = [(area.auc, area.low)] + [(p.balanced, p.low) for p in (similar_classes.measure(case, *q) for q in pairs)]
    return all(value >= TOLD and low > not_visual.CHANCE for value, low in found)


def margins(case: Case) -> NDArray[np.float64]:
    """Lead of each training picture's own class over the next, −1 to 1, shape (n,); nan outside ``fit``.

    Scores are divided by the class's share of the training pictures and made to sum to one again, so that small
    classes are not untypical for being small.
    """
    rows = np.flatnonzero(case.fit)
    targets = case.targets[rows]
    share = np.maximum(np.bincount(targets, minlength=len(case.classes)) / len(rows), 1e-12)
    out = np.full(len(case.ids), np.nan)
    out[rows] = lead(case.derived.baseline[rows] / share, targets)
    return out


def lead(scores: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Own score less the best other one, after scaling rows to sum to one, shape (n,).

    >>> lead(np.array([[6.0, 3.0, 1.0], [1.0, 1.0, 0.0]]), np.array([0, 2])).round(2).tolist()
    [0.3, -0.5]
    """
    scaled = scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-12)
    rows = np.arange(len(targets))
    own = scaled[rows, targets]
    scaled[rows, targets] = -np.inf
    return np.asarray(own - scaled.max(axis=1))


def measure(case: Case, margin: NDArray[np.float64], number: int) -> Typical | None:
    """Shares of a class and of the others; None with too few groups."""
    groups, confidence = case.derived.grouping.groups, case.settings.confidence
    mine, rest = case.fit & (case.targets == number), case.fit & (case.targets != number)
    if min(len(np.unique(groups[mine])), len(np.unique(groups[rest]))) < FEWEST_GROUPS:
        return None
    strong = clustered_share(margin[mine] >= STRONG, groups[mine], confidence)
    others = clustered_share(margin[rest] >= STRONG, groups[rest], confidence)
    rim = clustered_share(margin[mine] < 0, groups[mine], confidence)
    spread = hypot(strong[2] - strong[0], others[0] - others[1]) / quantile_of_normal(confidence)
    p = float(norm.cdf((strong[0] - others[0]) / max(spread, 1e-9)))
    rows = np.flatnonzero(mine)
    return Typical(number, strong, rim, others, p, rows[np.argsort(margin[rows], kind="stable")])


def _finding(case: Case, margin: NDArray[np.float64], found: Typical) -> Finding:
    name, n = case.classes[found.number], len(found.order)
    errors, judged = case.derived.errors, case.derived.judged
    total = int(errors.sum())
    mine = judged & (case.targets == found.number)
    rest = judged & ~mine
    elsewhere = float(errors[rest].mean()) if rest.any() else 0.0
    hit = int((errors & mine).sum())
    beyond = max(0.0, hit - elsewhere * int(mine.sum())) / total if total else None
    difference = found.difference
    how = "the advisor's own head, out of fold, groups kept whole, class sizes taken out"
    evidence = (
        Evidence("strong positives", found.strong[0], "share", n, *found.strong[1:], how),
        Evidence("strong positives of the others", found.others[0], "share", None, *found.others[1:], how),
        Evidence("difference", difference[0], "points", n, *difference[1:], "Newcombe, groups as units"),
        Evidence("at the rim", found.rim[0], "share", n, *found.rim[1:], "another class leads"),
        Evidence("lead of a strong positive", STRONG, "score", how="over the next class, of a score that sums to one"),
        Evidence("p", found.p, "p", n, how="as many strong positives as the others; before Benjamini–Hochberg"),
        Evidence("training pictures", n, "images"),
        Evidence("errors on it", hit, "images", total, how=case.subject),
    )
    weakest, strongest = found.order[:SHOWN], found.order[::-1][:SHOWN]
    strongest = strongest[margin[strongest] >= STRONG]
    weak_ids, strong_ids = tuple(case.ids[weakest].tolist()), tuple(case.ids[strongest].tolist())
    text = (
        "Most pictures of {name} are not typical of it: of {training pictures} only {strong positives} "
        "({strong positives|interval}) are strong positives, against {strong positives of the others} of the other "
        "classes, and {at the rim} ({at the rim|interval}) look more like another class."
    )
    return Finding(
        CODE,
        f"Few typical pictures of {name}",
        severity(beyond),
        phrase(text, evidence, name=name),
        evidence,
        scope=Scope(classes=(name,)),
        images=weak_ids + tuple(i for i in strong_ids if i not in weak_ids),
        recommendations=(
            Recommendation(
                "collect",
                f"strong examples of {name}",
                CODE,
                "Photograph more pictures that show the class as plainly as its strongest examples do, of new objects; "
                "pictures that do not exist yet cannot be tried out."
                if strong_ids
                else "There is no strong example at all: photograph some that show the class plainly; pictures that do "
                "not exist yet cannot be tried out.",
                Cost(images=max(FEWEST, n // 4)),
                images=strong_ids,
            ),
            Recommendation(
                "look at",
                f"the weakest examples of {name}",
                CODE,
                "Look whether they show the class at all; what they have in common is a kind of its own, a wrong label "
                "or a look-alike. Nothing is changed before you have looked, so nothing is tried.",
                Cost(clicks=len(weak_ids)),
                images=weak_ids,
            ),
        ),
    )
