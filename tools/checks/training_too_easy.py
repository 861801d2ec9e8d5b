"""Training pictures plainer than those the model meets: in the test split, in production, or among its errors.

Compared class by class (a change of classes is no change of pictures), groups as units, Benjamini–Hochberg over traits
and sets. It matters as far as the errors gather on pictures harder than nineteen in twenty training pictures.
"""

from math import hypot

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.easiness import Gap, simplicity_gap, traits_of
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.statistics import benjamini_hochberg, clustered_share
from tools.wording import phrase

CODE = "training-too-easy"
MEDIUM_EFFECT = 0.5
"""Cohen's "medium": half a deviation; smaller differences of plainness occur between any two sessions."""
FEWEST = 40
FEWEST_ERRORS = 20
FEWEST_PART = 10
USUAL = 0.05
"""A picture harder than all but this share of the training pictures is outside what was learnt."""
SHOWN = 24
RATE = 0.05


def check(case: Case, scope: Scope) -> Findings:
    """Report each way in which training pictures are plainer than what the model meets."""
    if int(case.fit.sum()) < FEWEST:
        raise NotApplicable(f"fewer than {FEWEST} labelled training pictures")
    traits = traits_of(case)
    if not traits:
        raise NotApplicable("how plain the pictures are was not measured; import the folder again")
    sides = hard_sides(case)
    if not sides:
        raise NotApplicable(
            f"there is nothing to compare training pictures with: no test split, fewer than {FEWEST} production "
            f"pictures and fewer than {FEWEST_ERRORS} errors"
        )
    gaps = [(name, side, simplicity_gap(case, t, case.fit & ~side, side)) for t in traits for name, side in sides]
    plainer = benjamini_hochberg(np.array([g.p for _, _, g in gaps]), RATE)
    for (name, side, gap), holds in zip(gaps, plainer, strict=True):
        if holds and gap.effect >= MEDIUM_EFFECT:
            yield _finding(case, name, side, gap)
    table = tuple(
        Evidence(f"{g.trait.simpler} than {name}", g.effect, "score", int(side.sum()), g.low, g.high, "standardised")
        for name, side, g in gaps
    )
    medium = Evidence("medium effect", MEDIUM_EFFECT, "score", how="standardised difference")
    halves = [(g.high - g.low) / 2 for _, _, g in gaps if np.isfinite(g.high - g.low)]
    if not halves:
        raise NotApplicable("the pictures compared are all of one group, so how far they vary is not known")
    widest = Evidence("widest", max(halves), "score", how="half an interval")
    return Measured(
        (*table, medium, widest),
        phrase(
            "training pictures plainer by {medium effect} deviations (known to within {widest} where least is known) "
            "would have been reported",
            [medium, widest],
        ),
    )


def hard_sides(case: Case) -> list[tuple[str, NDArray[np.bool_]]]:
    """What training pictures are compared with, by name; shape (n,) each."""
    production, errors = case.dataset.splits == "production", case.derived.errors
    out = []
    if case.has_test and case.evaluation.sum() >= FEWEST:
        out.append(("the test pictures", case.evaluation))
    if production.sum() >= FEWEST:
        out.append(("production pictures", production))
    if errors.sum() >= FEWEST_ERRORS:
        out.append(("the pictures the model gets wrong", errors))
    return out


def beyond(case: Case, gap: Gap) -> NDArray[np.bool_]:
    """Pictures harder than all but ``USUAL`` of the training pictures, shape (n,)."""
    values = gap.trait.sign * case.dataset.properties[gap.trait.column].astype(np.float64)
    return np.asarray(values < np.quantile(values[case.fit], USUAL))


def _finding(case: Case, name: str, side: NDArray[np.bool_], gap: Gap) -> Finding:
    judged, errors, groups = case.derived.judged, case.derived.errors, case.derived.grouping.groups
    outside = beyond(case, gap)
    text = (
        "Training pictures are {words} than {name}: {column} {mean of training} against {mean of the others}, a "
        "difference of {effect} ({effect|interval}) deviations."
    )
    evidence = [
        Evidence("mean of training", gap.mean, "score", int(case.fit.sum()), how=f"{gap.trait.column}, by class"),
        Evidence("mean of the others", gap.other, "score", int(side.sum()), how=f"{gap.trait.column}, by class"),
        Evidence("effect", gap.effect, "score", None, gap.low, gap.high, "standardised difference, groups as units"),
        Evidence("p", gap.p, "p", how="no plainer; before Benjamini–Hochberg over traits and sets"),
    ]
    explained = None
    there, elsewhere = judged & outside, judged & ~outside
    if min(int(there.sum()), int(elsewhere.sum())) >= FEWEST_PART:
        a, low_a, high_a = clustered_share(errors[there], groups[there], case.settings.confidence)
        b, low_b, high_b = clustered_share(errors[elsewhere], groups[elsewhere], case.settings.confidence)
        low, high = a - b - hypot(a - low_a, high_b - b), a - b + hypot(high_a - a, b - low_b)
        gathers = low > 0
        explained = (a - b) * int(there.sum()) / max(1, int(errors.sum())) if gathers else 0.0
        evidence += [
            Evidence(
                "harder than usual", float(there.sum()), "images", int(judged.sum()), how="beyond 95 % of training"
            ),
            Evidence("error share there", a, "share", int(there.sum()), low_a, high_a, case.subject),
            Evidence("error share elsewhere", b, "share", int(elsewhere.sum()), low_b, high_b, case.subject),
            Evidence("excess", a - b, "points", int(there.sum()), low, high, "Newcombe, groups as units"),
        ]
        text += (
            " Of the judged pictures {harder than usual} are {harder} than nearly all training pictures; the model "
            "errs on {error share there} of them and on {error share elsewhere} of the others"
        )
        text += ": errors gather there." if gathers else ": no sign that errors gather there."
    hardest = np.flatnonzero(side)
    values = gap.trait.sign * case.dataset.properties[gap.trait.column]
    ids = tuple(case.ids[hardest[np.argsort(values[hardest], kind="stable")][:SHOWN]].tolist())
    words = {"words": gap.trait.simpler, "name": name, "harder": gap.trait.harder}
    return Finding(
        CODE,
        f"Training pictures are {gap.trait.simpler} than {name}",
        severity(explained),
        phrase(text, evidence, column=gap.trait.column.replace("_", " "), **words),
        tuple(evidence),
        images=ids,
        recommendations=(
            Recommendation(
                "collect",
                f"training pictures that are {gap.trait.harder}",
                CODE,
                "Photograph as the pictures shown here are: with clutter, colour and light as they occur in use. "
                "Pictures that do not exist yet cannot be tried out.",
                Cost(images=FEWEST),
                images=ids,
            ),
        ),
    )
