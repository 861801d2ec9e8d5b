"""Whether more pictures of a class still pay, or its curve is flat, and what training accuracy is worth.

A quick head of the advisor's own (ridge, equal weight per class) is trained on a quarter, a half and all of a class's
groups while the other classes stay whole, and judged on the same pictures it has not seen: the test split, else folds
that keep groups together. The last doubling is measured; what another would bring is extrapolated by a power law.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Level, Measured, Recommendation, Scope, Severity, severity
from tools.learning import MOST_ROWS, Curves, curves, expected_gain
from tools.metrics import balanced_weights
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, clustered_share, paired_interval, quantile_of_normal
from tools.wording import listed, phrase

CODE = "learning-curve"
WORTH = 0.02
"""A gain per doubling below this is called flat: twice the photographs for two pictures in a hundred."""
FEWEST_GROUPS = 8
"""Independent training groups of a class, so that a quarter of them is more than one."""
FEWEST_JUDGED = 10
GOOD = 0.98
"""A class with this recall has nothing left that more pictures could win."""
MOST = 8
NAMED = 6
GAP = 0.05
RATE = 0.05


@dataclass(frozen=True, eq=False)
class Curve:
    """One class's curve, or that of all classes together.

    Attributes
    ----------
    number : int or None
        None = every class cut down at once, balanced accuracy.
    share : tuple of float
        Recall (or balanced accuracy) at each step.
    last : tuple of float
        Gain of the last doubling: value, low, high.
    next : tuple of float
        Expected gain of another: value, low, high.
    p : float
        One-sided, that the last doubling brought nothing.
    judged : int
    """

    number: int | None
    share: tuple[float, ...]
    last: tuple[float, float, float]
    next: tuple[float, float, float]
    p: float
    judged: int

    @property
    def pays(self) -> bool:
        """Whether the last doubling brought something worth having."""
        return self.last[1] > 0 and self.last[0] >= WORTH

    @property
    def flat(self) -> bool:
        """Whether the last doubling brought less than is worth having, for sure."""
        return self.last[2] < WORTH


def check(case: Case, scope: Scope) -> Findings:
    """Report the classes that more pictures help, those they do not, and the train versus held-out gap."""
    needed = f"{FEWEST_GROUPS} independent training groups and {FEWEST_JUDGED} held-out pictures"
    if len(np.unique(case.targets[case.fit])) < 2 or not case.evaluation.any():
        raise NotApplicable(f"at least two classes need {needed} for a learning curve")
    found = curves(case)
    usable = _usable(case, found)
    if not len(usable):
        raise NotApplicable(f"no class has {needed}; its curve would be a guess")
    family = [measure(case, found, int(c)) for c in usable] + [measure(case, found, None)]
    holds = benjamini_hochberg(np.array([c.p for c in family]), RATE)
    chosen = scoped_classes(case, scope)
    inside = [c.number is None or bool(chosen[c.number]) for c in family]
    paying = [c for c, h, i in zip(family, holds, inside, strict=True) if h and i and c.pays]
    for curve in sorted(paying, key=lambda c: (c.number is not None, -c.next[0] * c.judged))[:MOST]:
        yield _pays(case, found, curve)
    flat = [c for c, i in zip(family, inside, strict=True) if i and c.flat and c.number is not None]
    if left := [c for c in flat if c.share[-1] < GOOD]:
        yield _flat(case, found, left)
    gap = train_gap(case, found)
    if gap[2].low is not None and gap[2].low >= GAP:
        yield _gap(case, gap)
    summary = _totals(family, holds, flat)
    table = [e for c, i in zip(family, inside, strict=True) if i for e in _table(case, found, c)]
    return Measured((*summary, *gap, *table), _detectable(summary))


def _usable(case: Case, found: Curves) -> NDArray[np.int64]:
    judged = np.bincount(case.targets[found.rows], minlength=len(case.classes))
    return np.flatnonzero((found.groups[:, -1] >= FEWEST_GROUPS) & (judged >= FEWEST_JUDGED))


def measure(case: Case, found: Curves, number: int | None) -> Curve:
    """The last doubling's gain with its interval, paired over the same pictures, and the expected next one.

    A class's gain is that of its recall less that of its false alarms (Youden's J): a class of random pictures is
    said more often, of its own and of others alike, when it has more of them, and has gained nothing.
    """
    targets, groups = case.targets[found.rows], case.derived.grouping.groups[found.rows]
    confidence = case.settings.confidence
    if number is None:
        hits, weights, units, whole = found.together.astype(np.float64), balanced_weights(targets), groups, 1.0
        share, judged = hits.mean(axis=0) @ weights, len(targets)
    else:
        own = targets == number
        strangers = targets[found.others] != number
        mine = found.alone[:, :, own].astype(np.float64)
        hits = np.concatenate([mine, 1.0 - found.said[:, :, number][:, :, strangers]], axis=2)
        sizes = [int(own.sum()), int(strangers.sum())]
        weights = np.repeat([0.5 / max(size, 1) for size in sizes], sizes)
        units, whole = np.concatenate([groups[own], groups[found.others[strangers]]]), 2.0
        share, judged = mine.mean(axis=(0, 2)), sizes[0]
    value, low, high = (whole * v for v in paired_interval(hits[:, -1] - hits[:, -2], units, weights, confidence))
    if high - low < 1e-9:  # no picture changed sides: a change in one of three would have to be seen, rule of three
        size = len(np.unique(units if number is None else groups[own]))
        low, high = value - 3 / size, value + 3 / size
    p = float(norm.sf(value / max((high - low) / (2 * quantile_of_normal(confidence)), 1e-9)))
    following = expected_gain(hits.mean(axis=0), units, weights, case.rng(f"{CODE} {number}"), confidence)
    ahead = (whole * following[0], whole * following[1], whole * following[2])
    return Curve(number, tuple(share.tolist()), (value, low, high), ahead, p, judged)


Gap = tuple[Evidence, Evidence, Evidence]


def train_gap(case: Case, found: Curves) -> Gap:
    """Accuracy on training pictures, on held-out ones, and their difference; the user's model where it can be told."""
    fit, confidence, groups = case.fit, case.settings.confidence, case.derived.grouping.groups
    given = case.predictions
    if case.subject == "user" and given is not None and case.has_test and (given.covered & fit).sum() >= 30:
        rows, held = np.flatnonzero(given.covered & fit), np.flatnonzero(case.derived.judged)
        seen, unseen, who = given.predicted[rows] == case.targets[rows], ~case.derived.errors[held], "your model"
    else:
        rows, held, who = found.trained_rows, found.rows, "the advisor's quick head"
        seen, unseen = found.trained > 0.5, found.together[:, -1].mean(axis=0) > 0.5
    at, low, high = clustered_share(seen, groups[rows], confidence)
    on, under, above = clustered_share(unseen, groups[held], confidence)
    difference, below, over = at - on, hypot(at - low, above - on), hypot(high - at, on - under)
    return (
        Evidence("accuracy on training pictures", at, "share", len(rows), low, high, f"{who}; pictures it learnt from"),
        Evidence("accuracy on unseen pictures", on, "share", len(held), under, above, f"{who}; held out"),
        Evidence(
            "gap", difference, "points", len(held), difference - below, difference + over, f"{who}; Newcombe, groups"
        ),
    )


def _what(case: Case, curve: Curve) -> str:
    return "balanced accuracy" if curve.number is None else "recall"


def _evidence(case: Case, found: Curves, curve: Curve) -> tuple[Evidence, ...]:
    taken = found.pictures if curve.number is None else found.pictures[curve.number : curve.number + 1]
    sizes = taken.sum(axis=0)
    how = "the advisor's quick head, groups held out" if not case.has_test else "the advisor's quick head, on test"
    n = curve.judged
    return (
        Evidence("pictures at a half", sizes[-2], "images", how="training pictures, mean over repeats"),
        Evidence("pictures now", sizes[-1], "images", how="training pictures of one head, mean over repeats"),
        Evidence(f"{_what(case, curve)} at a quarter", curve.share[0], "share", n, how=how),
        Evidence(f"{_what(case, curve)} at a half", curve.share[1], "share", n, how=how),
        Evidence(f"{_what(case, curve)} now", curve.share[2], "share", n, how=how),
        Evidence(
            "last doubling",
            curve.last[0],
            "points",
            n,
            *curve.last[1:],
            "paired, groups and repeats; a class's less false alarms",
        ),
        Evidence(
            "another doubling", curve.next[0], "points", n, *curve.next[1:], "extrapolated: error falls as a power"
        ),
        Evidence("p", curve.p, "p", n, how="no gain by the last doubling, before Benjamini–Hochberg"),
        Evidence("worth having", WORTH, "points", how="a gain per doubling below it is called flat"),
    )


def _table(case: Case, found: Curves, curve: Curve) -> tuple[Evidence, ...]:
    whose = "all classes" if curve.number is None else case.classes[curve.number]
    wanted = ("pictures now", f"{_what(case, curve)} now", "last doubling", "another doubling")
    rows = [e for e in _evidence(case, found, curve) if e.name in wanted]
    return tuple(Evidence(f"{e.name}: {whose}", e.value, e.unit, e.n, e.low, e.high, e.how) for e in rows)


def _pays(case: Case, found: Curves, curve: Curve) -> Finding:
    evidence = _evidence(case, found, curve)
    name = "every class" if curve.number is None else case.classes[curve.number]
    extra = max(1, round(float(next(e.value for e in evidence if e.name == "pictures now"))))
    what = _what(case, curve)
    template = (
        "More pictures of {name} still help: from {pictures at a half} to {pictures now} training pictures {what} rose "
        "from {_ at a half} to {_ now}, a gain of {last doubling} ({last doubling|interval}){net}. Another doubling is "
        "expected to bring {another doubling} ({another doubling|interval}), if the curve goes on as it did."
    ).replace("_", what)
    net = "" if curve.number is None else " once its false alarms are taken off"
    subject = "the balanced accuracy" if curve.number is None else "its recall"
    text = phrase(template, evidence, name=name, what=subject, net=net)
    gain = min(curve.next[0], curve.last[0])
    total = int(case.derived.errors.sum())
    judged = case.derived.judged & ((case.targets == curve.number) if curve.number is not None else True)
    explained = min(1.0, max(0.0, gain) * int(judged.sum()) / total) if total else None
    # the last doubling is proven, the next one extrapolated: it explains no error, so never more than medium
    level: Level = "medium" if curve.last[1] >= WORTH and severity(explained).level != "low" else "low"
    asked = case.targets[found.rows] == curve.number if curve.number is not None else True
    missed = found.rows[asked & (found.alone[:, -1].mean(axis=0) < 0.5)]
    names = () if curve.number is None else (name,)
    return Finding(
        CODE,
        f"More pictures of {name} still help",
        Severity(level, explained, max(0.0, curve.next[0])),
        text,
        evidence,
        scope=Scope(classes=names),
        images=tuple(case.ids[missed].tolist()),
        recommendations=(
            Recommendation(
                "collect",
                name,
                CODE,
                "Photograph as many again, of new objects in new places; pictures that do not exist yet cannot be "
                "tried on the data at hand, so the gain is read off the curve.",
                Cost(images=extra),
            ),
        ),
    )


def _flat(case: Case, found: Curves, flat: list[Curve]) -> Finding:
    flat = sorted(flat, key=lambda c: c.share[-1])
    evidence = [Evidence("flat classes", len(flat), "count"), Evidence("worth having", WORTH, "points")]
    words: dict[str, str] = {}
    parts = []
    for letter, curve in zip("abcdef", flat[:NAMED], strict=False):
        assert curve.number is not None
        words[f"name_{letter}"] = case.classes[curve.number]
        evidence += [
            Evidence(f"recall {letter}", curve.share[-1], "share", curve.judged, how=case.classes[curve.number]),
            Evidence(
                f"most {letter}", curve.last[2], "points", curve.judged, how="upper end of the last doubling's gain"
            ),
        ]
        parts.append(f"{{name_{letter}}} (recall {{recall {letter}}}, the last doubling at most {{most {letter}}})")
    text = f"The curve is flat for {listed(parts)}"
    text += ", among {flat classes} such classes" if len(flat) > NAMED else ""
    text += ": more pictures of the same kind will not help them."
    names = tuple(case.classes[c.number] for c in flat if c.number is not None)
    numbers = [c.number for c in flat if c.number is not None]
    missed = found.rows[np.isin(case.targets[found.rows], numbers) & (found.alone[:, -1].mean(axis=0) < 0.5)]
    return Finding(
        CODE,
        "More of the same pictures will not help" + (f" {listed(names)}" if len(names) <= 3 else ""),
        Severity("low"),
        phrase(text, evidence, **words),
        tuple(evidence),
        scope=Scope(classes=names),
        images=tuple(case.ids[missed].tolist()),
        recommendations=(
            Recommendation(
                "look at",
                f"what is still wrong of {listed(names)}",
                CODE,
                "Do not spend work on more pictures of this kind; look what the missed ones have in common (another "
                "kind, wrong labels, a look-alike class) and mend that. There is nothing to try until you have looked.",
                Cost(clicks=len(missed)),
                images=tuple(case.ids[missed].tolist()),
            ),
        ),
    )


def _gap(case: Case, gap: Gap) -> Finding:
    mine = case.subject == "user" and gap[0].how.startswith("your model")
    text = (
        "Judged on the pictures it learnt from, {who} is right in {accuracy on training pictures}; on pictures it has "
        "not seen, in {accuracy on unseen pictures} ({accuracy on unseen pictures|interval}). An accuracy measured on "
        "training pictures promises {gap} too much."
    )
    return Finding(
        CODE,
        "Accuracy on training pictures promises too much",
        severity(None, below_floor=mine),
        phrase(text, gap, who="your model" if mine else "the advisor's quick head (not your model)"),
        gap,
        recommendations=(
            Recommendation(
                "report",
                "the accuracy on unseen pictures",
                CODE,
                "Quote only figures from pictures the model has not learnt from; the difference is what it remembers.",
            ),
        ),
    )


def _totals(family: list[Curve], holds: NDArray[np.bool_], flat: list[Curve]) -> tuple[Evidence, ...]:
    widths = sorted((c.last[2] - c.last[1]) / 2 for c in family)
    n = len(family) - 1
    paying = sum(bool(h) and c.pays for c, h in zip(family[:-1], holds, strict=False))
    return (
        Evidence("classes with a curve", n, "count", how=f"sampled to {MOST_ROWS} training pictures at most"),
        Evidence("classes where more still helps", paying, "count", n, how="after Benjamini–Hochberg"),
        Evidence(
            "classes with a flat curve", len(flat), "count", n, how="the interval lies below what is worth having"
        ),
        Evidence("classes we cannot tell", max(0, n - paying - len(flat)), "count", n),
        Evidence("smallest visible gain", widths[len(widths) // 2], "points", how="half the usual interval's width"),
    )


def _detectable(summary: tuple[Evidence, ...]) -> str:
    return phrase(
        "In the usual class the last doubling would have to bring about {smallest visible gain} to be seen; of "
        "{classes with a curve} classes {classes with a flat curve} are flat, and for {classes we cannot tell} we "
        "cannot tell with this many pictures.",
        summary,
    )
