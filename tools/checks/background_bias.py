"""How far the background alone gives the label away, and whether the model goes by it when it is exchanged."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from tools.background import Readings, Swapped, read_parts, swap_backgrounds
from tools.case import Case
from tools.cues import background_advice, balance_advice
from tools.exchange import SWAPS
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Rung, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.scorers import speaker
from tools.statistics import benjamini_hochberg, clustered_mean, clustered_share, quantile_of_normal, wilson
from tools.wording import listed, phrase

CODE = "background-bias"
FEWEST_PER_CLASS = 8
"""Pictures of a class in the sample, below which nothing is read from its backgrounds."""
FEWEST_SWAPPED = 12
FEWEST_ERRORS = 5
SMALLEST_GAP = 0.05
"""Accuracy lost by backgrounds of other classes, beyond backgrounds of the own, that is worth a word."""
SHARED = 0.4
"""Where a reader that learnt from foregrounds alone reads this much of what backgrounds tell (above chance), the thing
itself is in the background too: 0.5 on shelves full of fruit (grocery), 0.3 on the demo's single fruit."""
LARGE_AREA = 0.7
"""Foregrounds that cover more than this leave too little background to speak of."""
NAMED = 3
SHOWN = 24
TITLES: dict[Rung, str] = {
    "causal": "The background gives the class away, and the model goes by it",
    "present": "The background tells the class; that the model goes by it is not shown",
    "not_measurable": "Background and foreground tell the class alike; which of them decides cannot be told",
}
TELLS = (
    "From the background alone {balanced accuracy of the background} of the classes' pictures are recognised "
    "({balanced accuracy of the background|interval}; by chance {by chance}), from the foreground alone "
    "{balanced accuracy of the foreground}."
)
CLASSES = " Most recognisable by background: {classes}."
GAP = (
    " Put on backgrounds of other classes, {speaker} gets {right on other classes' backgrounds} of {pictures swapped} "
    "pictures right, on other backgrounds of the own class {right on own class's backgrounds}: the own class's are "
    "worth {background gap} ({background gap|interval})."
)
NAMES = (
    " Of the wrong answers on other classes' backgrounds {wrong answers that name the background's class} name the "
    "class the background came from (by chance {by chance among others})."
)
ERRORS = (
    " Of {errors looked at} errors, {errors whose background is taken for the answer} have a background that alone is "
    "taken for the class answered."
)
UNCLEAR = (
    " But a reader of foregrounds alone gets {read by foregrounds} of the backgrounds right: the things themselves are "
    "in the background too, as on a full shelf, so this is no proof that the surround decides."
)
NOT_USED = " That the model goes by it is not shown: what is read may be colour that the thing throws on its surround."
COVERED = (
    " But the foreground covers {foreground area} of a picture, so little background is left and this proves little."
)


@dataclass(frozen=True)
class Gap:
    """BG-gap of Xiao et al. 2020: accuracy on backgrounds of the own class less that on backgrounds of others."""

    same: float
    other: float
    gap: float
    low: float
    high: float
    p: float
    pictures: int
    named: float
    wrong: int


def check(case: Case, scope: Scope) -> Findings:
    """Yield one finding where backgrounds tell the label beyond chance; family: the label and the model's answer."""
    if not case.derived.judged.any():
        raise NotApplicable("there is no labelled picture to judge")
    readings = read_parts(case, FEWEST_PER_CLASS)
    gap = measure_gap(case, swap_backgrounds(case))
    told, goes_by = benjamini_hochberg(np.array([readings.p, gap.p])).tolist()
    evidence = _evidence(case, readings, gap)
    shared, covered = is_shared(readings), readings.area > LARGE_AREA
    proven = goes_by and gap.low > 0 and gap.gap >= SMALLEST_GAP and not (shared or covered)
    classes = [name for name, _ in _recognised(case, readings)]
    chosen = scoped_classes(case, scope)
    if (told or proven) and (not classes or any(chosen[case.number(name)] for name in classes)):
        yield _finding(case, readings, gap, evidence, classes, proven=proven, shared=shared, covered=covered)
    half = Evidence("gap that would have shown", max(SMALLEST_GAP, gap.high - gap.gap), "points", gap.pictures)
    text = "backgrounds of the own class worth {gap that would have shown} over those of other classes"
    return Measured((*evidence, half), phrase(text, (half,)))


def measure_gap(case: Case, swapped: Swapped) -> Gap:
    """The gap with an interval by groups of pictures; each picture is its own pair.

    Raises
    ------
    NotApplicable
        With too few pictures.
    """
    if len(swapped.rows) < FEWEST_SWAPPED:
        raise NotApplicable(f"fewer than {FEWEST_SWAPPED} judged pictures could be put on other backgrounds")
    own = case.targets[swapped.rows][:, None]
    same, other = (swapped.same == own).mean(axis=1), (swapped.other == own).mean(axis=1)
    groups = case.derived.grouping.groups[swapped.rows]
    gap, error = clustered_mean(same - other, groups, np.full(len(own), 1 / len(own)))
    half = quantile_of_normal(case.settings.confidence) * (error if np.isfinite(error) else 1.0)
    p = float(norm.sf(gap / error)) if 0 < error < np.inf else 1.0
    if error == 0 and gap > 0:  # every picture alike, as of a network that sees nothing else: a sign test over groups
        count = len(np.unique(groups))
        p, half = 0.5**count, gap * (1 - wilson(count, count, case.settings.confidence)[0])
    wrong = swapped.other != own
    named = float((swapped.other == swapped.donors)[wrong].mean()) if wrong.any() else 0.0
    return Gap(float(same.mean()), float(other.mean()), gap, max(-1.0, gap - half), min(1.0, gap + half), p, len(own),
               named, int(wrong.sum()))  # fmt: skip


def is_shared(readings: Readings) -> bool:
    """Whether foreground and background hold nearly the same: see ``SHARED``."""
    chance = 1 / len(np.unique(readings.targets))
    background, shared = (readings.accuracy(part, 0.95)[0] - chance for part in ("background", "shared"))
    return bool(background > 0 and shared / background >= SHARED)


def explained_errors(case: Case, readings: Readings) -> tuple[int, int, float]:
    """Errors of the sample, those whose background is taken for the answer, and the share of errors beyond chance.

    Chance: how often the background of a right picture of the same class is taken for that answer.
    """
    predicted = case.derived.predicted[readings.rows]
    judged, said = case.derived.judged[readings.rows], readings.said["background"]
    wrong, right = judged & (predicted != readings.targets), judged & (predicted == readings.targets)
    hits, excess = 0, 0.0
    for row in np.flatnonzero(wrong):
        mates = said[right & (readings.targets == readings.targets[row])]
        hit = bool(said[row] == predicted[row])
        hits += hit
        excess += hit - (float((mates == predicted[row]).mean()) if len(mates) else 0.0)
    count = int(wrong.sum())
    return count, hits, max(0.0, excess / count) if count else 0.0


def _recognised(case: Case, readings: Readings) -> list[tuple[str, float]]:
    """Classes whose backgrounds are recognised beyond chance for sure, best first, with the share."""
    chance, found = 1 / len(np.unique(readings.targets)), []
    for number in np.unique(readings.targets):
        mine = readings.targets == number
        hits = readings.said["background"][mine] == number
        share, low, _ = clustered_share(hits, readings.groups[mine], case.settings.confidence)
        if low > chance:
            found.append((case.classes[number], share))
    return sorted(found, key=lambda f: -f[1])[:NAMED]


def _evidence(case: Case, readings: Readings, gap: Gap) -> tuple[Evidence, ...]:
    n, chance = len(readings.rows), 1 / len(np.unique(readings.targets))
    how = "ridge readers, out of fold, groups whole"
    out = [
        Evidence(f"balanced accuracy of the {part}", value, "share", n, low, high, how)
        for part in ("background", "foreground", "whole")
        for value, low, high in [readings.accuracy(part, case.settings.confidence)]
    ]
    read = readings.accuracy("shared", case.settings.confidence)
    errors, hits, excess = explained_errors(case, readings)
    others = max(1, len(case.classes) - 1)
    out += [
        Evidence("read by foregrounds", *read[:1], "share", n, *read[1:], "backgrounds, by a reader of foregrounds"),
        Evidence("by chance", chance, "share", how="one of the classes that were read"),
        Evidence("p of the background", readings.p, "p", n, how="labels of whole groups permuted"),
        Evidence("foreground area", readings.area, "share", n, how="median"),
        Evidence("right on own class's backgrounds", gap.same, "share", gap.pictures, how=f"{SWAPS} backgrounds each"),
        Evidence("right on other classes' backgrounds", gap.other, "share", gap.pictures),
        Evidence("pictures swapped", gap.pictures, "images"),
        Evidence("background gap", gap.gap, "points", gap.pictures, gap.low, gap.high, "Xiao et al. 2020; by groups"),
        Evidence("wrong answers that name the background's class", gap.named, "share", gap.wrong),
        Evidence("by chance among others", 1 / others, "share"),
        Evidence("errors looked at", errors, "images"),
        Evidence("errors whose background is taken for the answer", hits, "images", errors),
        Evidence(
            "errors beyond chance", excess, "share", errors, how="less the rate among right pictures of the class"
        ),
    ]
    return tuple(out)


def _finding(
    case: Case,
    readings: Readings,
    gap: Gap,
    evidence: tuple[Evidence, ...],
    classes: list[str],
    *,
    proven: bool,
    shared: bool,
    covered: bool,
) -> Finding:
    errors, _, excess = explained_errors(case, readings)
    template = TELLS + (CLASSES if classes else "") + (GAP if gap.wrong else "")
    template += NAMES if gap.wrong and len(case.classes) > 2 else ""
    template += ERRORS if errors >= FEWEST_ERRORS else ""
    template += COVERED if covered else UNCLEAR if shared else "" if proven else NOT_USED
    rung: Rung = "causal" if proven else "not_measurable" if shared or covered else "present"
    said, predicted = readings.said["background"], case.derived.predicted[readings.rows]
    wrong = case.derived.errors[readings.rows]
    right = said == readings.targets
    order = np.concatenate([np.flatnonzero(wrong & (said == predicted)), np.flatnonzero(right & ~wrong)])
    target = listed(classes or list(case.classes)[:NAMED])
    advice = [
        Recommendation("collect", f"pictures of {target} before the backgrounds of the other classes", CODE,
                       "what a class shares with its background then no longer gives it away",
                       Cost(images=20 * max(1, len(classes)), minutes=30)),
    ]  # fmt: skip
    pair = _worst_pair(case, readings)
    if proven:
        advice.append(background_advice(CODE))
    if proven and pair is not None:
        advice.append(balance_advice(pair, CODE))
    return Finding(
        CODE,
        TITLES[rung],
        severity(excess if proven and errors >= FEWEST_ERRORS else None),
        phrase(template, evidence, classes=listed(classes), speaker=speaker(case)),
        evidence,
        scope=Scope(classes=tuple(classes)),
        images=tuple(str(i) for i in case.ids[readings.rows[order]][:SHOWN]),
        recommendations=tuple(advice),
        rung=rung,
    )


def _worst_pair(case: Case, readings: Readings) -> tuple[str, str] | None:
    """The true class and the answer of most errors whose background is taken for the answer."""
    predicted = case.derived.predicted[readings.rows]
    hits = case.derived.errors[readings.rows] & (readings.said["background"] == predicted)
    if not hits.any():
        return None
    pairs, counts = np.unique(np.stack([readings.targets[hits], predicted[hits]]), axis=1, return_counts=True)
    a, b = pairs[:, counts.argmax()].tolist()
    return case.classes[a], case.classes[b]
