"""Thresholds that serve better than the highest score: per class, and an option not to answer.

Every threshold is chosen on half of the groups and measured on the other half, both ways round. Three questions: which
part of the pictures could be answered at a given precision; which recall each class keeps at a given precision; and
for which classes saying yes at a threshold of their own beats saying the class with the highest score (F1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, Severity, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, clustered_share
from tools.thresholds import Interval, Tradeoff, crossed, f1_gain, halves, threshold_for_f1
from tools.wording import phrase

CODE = "thresholds"
GOALS = (0.90, 0.95)
"""Precision people ask for (METHODS §5); other goals are a question of its own."""
FEWEST = 60
"""Judged pictures: fewer leave under 30 to choose on and a Wilson interval some 25 points wide to measure with."""
FEWEST_OF_CLASS = 20
WORTH = 0.02
"""Of F1; smaller gains are not worth another rule."""
CLOSE = 0.02
"""A goal missed by less elsewhere is still the trade-off asked for; the sentence gives what was measured there."""
LEAST_KEPT = 0.2
"""A model that answers less than a fifth of the pictures is not one that people use."""
SHOWN = 24
RATE = 0.05


@dataclass(frozen=True, eq=False)
class Own:
    """One class at a threshold of its own, chosen for F1 on the other half.

    Attributes
    ----------
    number : int
    threshold : float
    gain : tuple of float
        Of F1 over the highest score: value, low, high.
    p : float
    precision, recall : tuple of (tuple of float, tuple of float)
        Before and after, each value, low, high.
    mended : int
        Wrong yes-or-no decisions about the class before, less those after.
    found : ndarray of int64
        Rows of the class that only the threshold finds.
    """

    number: int
    threshold: float
    gain: Interval
    p: float
    precision: tuple[Interval, Interval]
    recall: tuple[Interval, Interval]
    mended: int
    found: NDArray[np.int64]


def check(case: Case, scope: Scope) -> Findings:
    """Report the abstain option, then the classes that a threshold of their own serves better."""
    rows = np.flatnonzero(case.derived.judged)
    if len(rows) < FEWEST or len(np.unique(case.targets[rows])) < 2:
        raise NotApplicable(
            f"a threshold needs {FEWEST} judged pictures of two classes, half to choose on and half to measure on; "
            f"there are {len(rows)}"
        )
    said = case.derived.predicted[rows]
    top = case.derived.scores[rows, said]
    if not np.isfinite(top).all() or len(np.unique(top)) < 3:
        raise NotApplicable("the predictions carry no scores that a threshold could be set on")
    half = halves(case.targets[rows], case.derived.grouping.groups[rows], case.rng(CODE))
    options = abstaining(case, rows, half)
    evidence = _option_evidence(case, rows, options)
    now = evidence[0]
    best = [o for o in options if now.value < o.goal <= o.precision[0] + CLOSE and o.kept[0] >= LEAST_KEPT]
    if best and best[-1].precision[1] > best[-1].withheld[2]:
        yield _abstain(case, rows, best[-1], evidence)
    full = case.subject == "baseline" or (case.predictions is not None and case.predictions.full_vectors)
    own = own_thresholds(case, rows, half) if full else []
    better = benjamini_hochberg(np.array([o.p for o in own]), RATE)
    chosen = scoped_classes(case, scope)
    for found, holds in sorted(zip(own, better, strict=True), key=lambda pair: -pair[0].gain[0]):
        if holds and found.gain[1] > 0 and found.gain[0] >= WORTH and chosen[found.number]:
            yield _own(case, found, len(own))
    evidence += class_evidence(case, rows, half, chosen) if full else ()
    return Measured(evidence, _detectable(own, evidence))


def abstaining(case: Case, rows: NDArray[np.int64], half: NDArray[np.int64]) -> tuple[Tradeoff, ...]:
    """What answering only above a score reaches, per goal; rows of the other half than the one it was chosen on."""
    said, groups = case.derived.predicted[rows], case.derived.grouping.groups[rows]
    top = case.derived.scores[rows, said]
    hits = said == case.targets[rows]
    return tuple(crossed(top, hits, half, groups, goal, case.settings.confidence) for goal in GOALS)


def own_thresholds(case: Case, rows: NDArray[np.int64], half: NDArray[np.int64]) -> list[Own]:
    """Each class with enough pictures at its own threshold, measured where it was not chosen."""
    groups, targets, confidence = case.derived.grouping.groups[rows], case.targets[rows], case.settings.confidence
    out = []
    for number in np.flatnonzero(np.bincount(targets, minlength=len(case.classes)) >= FEWEST_OF_CLASS).tolist():
        scores, positives = case.derived.scores[rows, number], targets == number
        if any(positives[half == h].sum() < 2 for h in (0, 1)):
            continue
        picked = np.array([threshold_for_f1(scores[half != h], positives[half != h]) for h in (0, 1)])
        before, after = case.derived.predicted[rows] == number, scores >= picked[half]
        gain, p = f1_gain(positives, before, after, groups, case.rng(f"{CODE} {number}"), confidence)
        precision = [clustered_share(positives[yes], groups[yes], confidence) for yes in (before, after)]
        recall = [clustered_share(yes[positives], groups[positives], confidence) for yes in (before, after)]
        wrong = [int((yes != positives).sum()) for yes in (before, after)]
        found = rows[positives & after & ~before]
        out.append(
            Own(
                number,
                float(picked.mean()),
                gain,
                p,
                (precision[0], precision[1]),
                (recall[0], recall[1]),
                wrong[0] - wrong[1],
                found,
            )
        )
    return out


def class_evidence(
    case: Case, rows: NDArray[np.int64], half: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> tuple[Evidence, ...]:
    """Recall that each class keeps at each precision; a class that cannot reach it is said to keep none."""
    groups, targets = case.derived.grouping.groups[rows], case.targets[rows]
    counts = np.bincount(targets, minlength=len(case.classes))
    out = []
    for number in np.flatnonzero((counts >= FEWEST_OF_CLASS) & chosen).tolist():
        positives, name = targets == number, case.classes[number]
        for goal in GOALS:
            found = crossed(case.derived.scores[rows, number], positives, half, groups, goal, case.settings.confidence)
            value, low, high = clustered_share(found.mask[positives], groups[positives], case.settings.confidence)
            reach = (
                f"precision there {100 * found.precision[0]:.1f} %" if found.mask.any() else "no threshold reaches it"
            )
            how = f"{case.subject}; threshold chosen on the other half of the groups; {reach}"
            title = f"recall of {name} where precision {goal:.2f} is aimed at"
            out.append(Evidence(title, value, "share", int(positives.sum()), low, high, how))
    return tuple(out)


def _option_evidence(case: Case, rows: NDArray[np.int64], options: tuple[Tradeoff, ...]) -> tuple[Evidence, ...]:
    groups = case.derived.grouping.groups[rows]
    correct = case.derived.predicted[rows] == case.targets[rows]
    value, low, high = clustered_share(correct, groups, case.settings.confidence)
    out = [Evidence("share right now", value, "share", len(rows), low, high, f"{case.subject}; answering everything")]
    for option in options:
        text = f"{option.goal:.2f}"
        how = f"aiming at {text}; score above a threshold chosen on the other half of the groups"
        n = int(option.mask.sum())
        out.append(Evidence(f"answered aiming at {text}", option.kept[0], "share", len(rows), *option.kept[1:], how))
        if n:
            out.append(
                Evidence(f"right of those at {text}", option.precision[0], "share", n, *option.precision[1:], how)
            )
    return tuple(out)


def _abstain(case: Case, rows: NDArray[np.int64], option: Tradeoff, shared: tuple[Evidence, ...]) -> Finding:
    n, kept = len(rows), int(option.mask.sum())
    correct = case.derived.predicted[rows] == case.targets[rows]
    how = "threshold chosen on half of the groups, measured on the other half"
    evidence = (
        *shared,
        Evidence("threshold", option.threshold, "score", n, how="mean of the two halves' choices"),
        Evidence("answered", option.kept[0], "share", n, *option.kept[1:], how),
        Evidence("right of the answered", option.precision[0], "share", kept, *option.precision[1:], how),
        Evidence("right of the withheld", option.withheld[0], "share", n - kept, *option.withheld[1:], how),
        Evidence("errors withheld", int((~correct & ~option.mask).sum()), "images", int((~correct).sum()), how=how),
        Evidence("all errors", int((~correct).sum()), "images", n, how=case.subject),
    )
    mostly_wrong = option.withheld[2] < 0.5
    text = (
        "Answering everything, {model} is right in {share right now}. If it answers only at a score of {threshold} or "
        "more, it answers {answered} ({answered|interval}) of the pictures and is right in {right of the answered} "
        "({right of the answered|interval}) of them, and {errors withheld} of {all errors} errors go to a person"
    )
    text += (
        "; most answers held back would have been wrong ({right of the withheld} right)."
        if mostly_wrong
        else "; of the answers held back {right of the withheld} would have been right."
    )
    lower = f"{GOALS[0]:.2f}"
    if option.goal != GOALS[0] and any(e.name == f"right of those at {lower}" for e in shared):
        text += (
            f" With a lower aim it would answer {{answered aiming at {lower}}} "
            f"and be right in {{right of those at {lower}}} of them."
        )
    held = rows[~option.mask & ~correct]
    order = np.argsort(-case.derived.scores[held, case.derived.predicted[held]], kind="stable")[:SHOWN]
    ids = tuple(case.ids[held[order]].tolist())
    # an offer rather than a fault: a person's time is spent instead of an error made, so never above low
    return Finding(
        CODE,
        "Not answering below a score",
        Severity("low", None, option.precision[0] - shared[0].value),
        phrase(text, evidence, model=_model(case)),
        evidence,
        images=ids,
        recommendations=(
            Recommendation(
                "change threshold",
                "the whole model: answer only above a score",
                CODE,
                phrase(
                    "Send pictures with a top score below {threshold} to a person; gains diminish as the threshold "
                    "rises. It was measured above on pictures it was not chosen on; no retraining is involved.",
                    evidence,
                ),
                Cost(minutes=5),
                images=ids,
            ),
        ),
    )


def _model(case: Case) -> str:
    return "the model" if case.subject == "user" else "the advisor's own baseline (not your model)"


def _own(case: Case, found: Own, family: int) -> Finding:
    name, rows = case.classes[found.number], case.derived.judged
    n = int((rows & (case.targets == found.number)).sum())
    total = int(case.derived.errors.sum())
    how = f"{case.subject}; threshold chosen on half of the groups, measured on the other half"
    (precision, precision_after), (recall, recall_after) = found.precision, found.recall
    evidence = (
        Evidence("threshold", found.threshold, "score", n, how="best F1; mean of the two halves' choices"),
        Evidence("recall by the highest score", recall[0], "share", n, *recall[1:], case.subject),
        Evidence("recall at the threshold", recall_after[0], "share", n, *recall_after[1:], how),
        Evidence("precision by the highest score", precision[0], "share", None, *precision[1:], case.subject),
        Evidence("precision at the threshold", precision_after[0], "share", None, *precision_after[1:], how),
        Evidence("gain of F", found.gain[0], "points", n, *found.gain[1:], "F1, paired, groups drawn again"),
        Evidence("p", found.p, "p", n, how=f"no gain; before Benjamini–Hochberg over {family} classes"),
        Evidence(
            "wrong decisions fewer", found.mended, "count", total, how="missed and wrongly said, before less after"
        ),
    )
    lower = recall_after[0] > recall[0]
    text = (
        "Saying {name} whenever its own score reaches {threshold}, instead of when it is the highest, moves its recall "
        "from {recall by the highest score} to {recall at the threshold} ({recall at the threshold|interval}) and its "
        "precision from {precision by the highest score} to {precision at the threshold} "
        "({precision at the threshold|interval}) on pictures the threshold was not chosen on."
    )
    ids = tuple(case.ids[found.found[:SHOWN]].tolist())
    why = (
        "Too many pictures of this class are missed: lower its threshold, it costs little precision. "
        if lower
        else "Too much is taken for this class: raise its threshold, it costs little recall. "
    )
    return Finding(
        CODE,
        f"A threshold of its own serves {name} better",
        severity(max(0, found.mended) / total if total else None),
        phrase(text, evidence, name=name),
        evidence,
        scope=Scope(classes=(name,)),
        images=ids,
        recommendations=(
            Recommendation(
                "change threshold",
                name,
                CODE,
                why + "Measured above; thresholds act on scores alone, so there is no training to try.",
                Cost(minutes=5),
                images=ids,
            ),
        ),
    )


def _detectable(own: list[Own], evidence: tuple[Evidence, ...]) -> str:
    if not own:
        return "no class has enough judged pictures with scores for a threshold of its own; the whole model's was tried"
    widths = sorted((o.gain[2] - o.gain[1]) / 2 for o in own)
    typical = Evidence("typical", max(WORTH, widths[len(widths) // 2]), "points")
    return phrase(
        "a class whose F score (of precision and recall together) gains about {typical} by a threshold of its own "
        "would have been reported",
        [typical],
    )
