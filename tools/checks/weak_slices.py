"""Groups of pictures on which the model errs more than elsewhere in the same class, with what tells them apart.

Candidates are metadata values, the outer thirds of measured properties, look-alikes within a class (k-means) and
look-alikes over classes (mixtures over vector, label and score; Eyuboglu et al. 2022, Domino). They are learnt on half
of the groups, and those on which errors gather there are tested on the other half: exactly, within classes, groups
counted once (Benjamini–Hochberg over all that are tested).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from tools.case import Case
from tools.contrast import contrast
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.slices import FEWEST, Slice, Units, candidates, first_half, gathering_p, units_of
from tools.statistics import benjamini_hochberg, clustered_mean, clustered_share, quantile_of_normal
from tools.wording import listed, phrase

CODE = "weak-slices"
RATE = 0.05
WORTH_TESTING = 0.2
"""A candidate is tested where its p on the half it was learnt on is no larger: fewer tests, each with more power. The
other half has no part in this choice, so its tests stay fair."""
SAME_ERRORS = 0.5
"""Two slices that share this much of their errors (Jaccard) are one; the surer is kept."""
MOST = 8
SHOWN = 24


@dataclass(frozen=True, eq=False)
class Tested:
    """A slice and how the subject fares on the half it was not learnt on.

    Attributes
    ----------
    found : Slice
    p : float
    inside, outside : Evidence
        Error rates; outside in the same classes, weighted as they are inside.
    difference : Evidence
    rows : ndarray of int64
        All judged rows of the slice, both halves.
    excess : float
        Share of the tested half's errors beyond what the outside rate would give.
    """

    found: Slice
    p: float
    inside: Evidence
    outside: Evidence
    difference: Evidence
    rows: NDArray[np.int64]
    excess: float


@dataclass(frozen=True, eq=False)
class Weak:
    """The weak slices of a case.

    Attributes
    ----------
    results : tuple of Tested
        Surest first, each with errors of its own.
    tried, tested : int
        Candidates, and those that were carried to the other half.
    """

    results: tuple[Tested, ...]
    tried: int
    tested: int


def check(case: Case, scope: Scope) -> Findings:
    """Report slices whose excess of errors holds on the half that did not find them."""
    learnt, tested = halves(case)
    if min(learnt.wrong.sum(), tested.wrong.sum()) < 2:
        raise NotApplicable("too few errors to gather anywhere: either half of the judged pictures needs two at least")
    found = weak(case)
    shared = (
        Evidence("candidates", found.tried, "count", how="metadata, outer thirds, look-alikes in and over classes"),
        Evidence("candidates tested", found.tested, "count", how="errors gathered there on the half they come from"),
        Evidence(
            "groups tested on", len(tested.sizes), "count", len(tested.rows), how="bursts of one class count once"
        ),
        Evidence("fewest groups", FEWEST, "count", how="inside and outside a slice, in either half"),
    )
    chosen = scoped_classes(case, scope)
    wanted = [r for r in found.results if chosen[list(r.found.classes)].any()]
    for result in wanted[:MOST]:
        yield _finding(case, result, shared)
    return Measured(*_detectable(tested, found.tested, shared))


def weak(case: Case) -> Weak:
    """Slices whose excess of errors holds on the half that did not find them; once per case."""

    def compute() -> Weak:
        learnt, tested = halves(case)
        found = list(candidates(case, first_half(case)))
        carried = [s for s in found if worth_testing(s, learnt, tested)]
        p = np.array([gathering_p(s, tested) for s in carried])
        rejected = benjamini_hochberg(p, RATE)
        results = [measure(case, s, float(v), tested) for s, v, r in zip(carried, p, rejected, strict=True) if r]
        return Weak(tuple(distinct(case, results)), len(found), len(carried))

    return case.derived.once("weak slices", compute)


def halves(case: Case) -> tuple[Units, Units]:
    """Units to learn from, and units to test on."""
    first, judged = first_half(case), case.derived.judged
    groups, errors = case.derived.grouping.groups, case.derived.errors
    learnt, tested = (units_of(np.flatnonzero(rows), groups, case.targets, errors) for rows in (first, judged & ~first))
    return learnt, tested


def worth_testing(candidate: Slice, learnt: Units, tested: Units) -> bool:
    """Large enough on both halves, and with an excess of errors on the half it comes from."""
    for units in (learnt, tested):
        inside, mine = units.inside(candidate.members), np.isin(units.stratum, candidate.classes)
        if min(int(inside.sum()), int((mine & ~inside).sum())) < FEWEST:
            return False
    return gathering_p(candidate, learnt) <= WORTH_TESTING


def measure(case: Case, found: Slice, p: float, tested: Units) -> Tested:
    """Error rates inside and outside on the tested half, by picture, groups drawn whole."""
    rows, level = tested.rows, case.settings.confidence
    wrong, groups, targets = case.derived.errors[rows], case.derived.grouping.groups[rows], case.targets[rows]
    inside = found.members[rows]
    share, low, high = clustered_share(wrong[inside], groups[inside], level)
    outside = ~inside & np.isin(targets, np.unique(targets[inside]))
    mix = np.bincount(targets[inside], minlength=len(case.classes)) / np.maximum(
        np.bincount(targets[outside], minlength=len(case.classes)), 1
    )
    weights = mix[targets[outside]]
    if len(np.unique(targets[inside])) == 1:
        other, below, above = clustered_share(wrong[outside], groups[outside], level)
    else:
        other, error = clustered_mean(wrong[outside].astype(np.float64), groups[outside], weights / weights.sum())
        half = quantile_of_normal(level) * error
        below, above = max(0.0, other - half), min(1.0, other + half)
    gap = share - other
    how = f"{case.subject}, the half of the groups that did not find it"
    return Tested(
        found,
        p,
        Evidence("errors in the slice", share, "share", int(inside.sum()), low, high, how),
        Evidence("errors elsewhere", other, "share", int(outside.sum()), below, above, f"{how}; same classes"),
        Evidence(
            "difference",
            gap,
            "points",
            int(inside.sum()),
            gap - sqrt((share - low) ** 2 + (above - other) ** 2),
            gap + sqrt((high - share) ** 2 + (other - below) ** 2),
            "from the two intervals (Newcombe)",
        ),
        np.flatnonzero(found.members & case.derived.judged),
        gap * int(inside.sum()) / max(1, int(wrong.sum())),
    )


def distinct(case: Case, results: Sequence[Tested]) -> list[Tested]:
    """The surest first; intervals must exclude no difference, and each slice must bring errors of its own.

    Look-alikes give way to a slice with a name that is not ten times less sure.
    """
    kept: list[Tested] = []
    for result in sorted(results, key=lambda r: (r.p if r.found.named else 10 * r.p, -r.excess, r.found.name)):
        if result.difference.low is None or result.difference.low <= 0:
            continue
        mine = set(result.rows[case.derived.errors[result.rows]].tolist())
        twins = [set(k.rows[case.derived.errors[k.rows]].tolist()) for k in kept]
        if all(len(mine & other) < SAME_ERRORS * len(mine | other) for other in twins):
            kept.append(result)
    return kept


def _detectable(tested: Units, tests: int, shared: tuple[Evidence, ...]) -> tuple[tuple[Evidence, ...], str]:
    """The error rate that a fifth of the largest class would have had to reach, alone among the tests."""
    sizes = np.bincount(tested.stratum)
    largest = int(sizes.argmax())
    total, bad = int(sizes[largest]), int(tested.wrong[tested.stratum == largest].sum())
    drawn = max(FEWEST, total // 5)
    p = hypergeom.sf(np.arange(drawn + 1) - 1, total, bad + np.arange(drawn + 1), drawn)
    reached = np.flatnonzero(p <= RATE / max(1, tests))
    if not len(reached):
        text = (
            "No group of errors held on the other half, but with {groups tested on} groups none could have been seen."
        )
        return shared, phrase(text, shared)
    evidence = (
        *shared,
        Evidence("smallest slice in this example", drawn, "count", total, how="a fifth of the largest class's groups"),
        Evidence("error rate it needs", float(reached[0]) / drawn, "share", drawn, how="exact test, corrected"),
        Evidence("error rate around it", bad / total, "share", total),
    )
    return evidence, phrase(
        "Errors gather nowhere that {candidates} candidates could show: a slice of {smallest slice in this example} "
        "groups in the largest class would have been seen from about {error rate it needs} errors "
        "({error rate around it} in the class as a whole).",
        evidence,
    )


def _finding(case: Case, result: Tested, shared: tuple[Evidence, ...]) -> Finding:
    found, rows = result.found, result.rows
    names = [case.classes[c] for c in found.classes]
    shown = listed(names) if len(names) <= 3 else "several classes"
    others = np.flatnonzero(case.derived.judged & np.isin(case.targets, found.classes) & ~found.members)
    same = "the same class" if len(names) == 1 else "the same classes"
    told = contrast(case, rows, others)
    errors = case.derived.errors
    order = rows[np.argsort(~errors[rows], kind="stable")]
    evidence = (
        Evidence("pictures", len(rows), "images", int(case.derived.judged.sum()), how="judged pictures, both halves"),
        Evidence("wrong pictures", int(errors[rows].sum()), "images", len(rows)),
        result.inside,
        result.outside,
        result.difference,
        Evidence("p", result.p, "p", result.inside.n, how="exact within classes, groups counted once, uncorrected"),
        *shared,
    )
    text = (
        "Pictures of {classes} {words} ({pictures} judged, {wrong pictures} of them wrong) are harder than the rest: "
        "measured on groups that took no part in finding them, {errors in the slice} "
        "({errors in the slice|interval}) are wrong, elsewhere in {same} {errors elsewhere} "
        "({errors elsewhere|interval})."
    )
    text += (
        " Compared with those they are {contrast}."
        if told.words
        else " Nothing measured tells them apart: look at them."
    )
    images = tuple(case.ids[order[:SHOWN]].tolist())
    wrong = tuple(case.ids[order[: int(errors[rows].sum())]][:SHOWN].tolist())
    return Finding(
        CODE,
        f"Errors gather in pictures of {shown} {found.words}",
        severity(result.excess),
        phrase(text, evidence, classes=shown, words=found.words, same=same, contrast=told.text),
        evidence,
        Scope(classes=tuple(names), slice=found.name),
        images,
        (
            Recommendation(
                "collect",
                f"pictures of {shown} {found.words}",
                CODE,
                "The model errs on these more than on others of the class, so new pictures like them teach it most. It "
                "cannot be tried before they exist.",
                Cost(images=20, minutes=20),
                images=wrong,
            ),
        ),
    )
