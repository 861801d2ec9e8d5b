"""Tries a change on a copy of the case: before and after on the same held-out images, with an interval.

Changes touch training folds only, and whatever chooses a change is recomputed inside every training fold, without
the evaluation labels: deciding once on all data says "helps" in a fifth of null trials (DECISIONS "Nested").
"""

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.effects import Effect, Measure
from tools.errors import UnknownName
from tools.fidelity import fidelity
from tools.kinds import Arguments, Kind, kinds, pair_of
from tools.measures import Metric, measured, precision_metric, recall_metric, whole_metrics
from tools.memory import Memory, recalled
from tools.sides import Side, Tried, both_sides, plain_side
from tools.training.baseline import Training

MOST_CLASSES = 20
"""A change of the whole set is shown class by class up to this many classes."""
TRAINED_ON_PART = (
    "Both sides were trained on a part of the training pictures at a time, so before lies below the figure of a model "
    "trained on all of them; what counts is the difference."
)


def run_experiment(
    case: Case,
    kind: str,
    arguments: Arguments | None = None,
    *,
    on_step: Progress = silent,
    remember: Memory | None = None,
) -> Effect:
    """Try one change and measure it.

    Raises
    ------
    UnknownName
        For a kind that does not exist or arguments it cannot take in this case.
    NotApplicable
        If what it needs, such as the pictures themselves, is not here.
    """
    if kind not in kinds():
        raise UnknownName(expected=f"one of {', '.join(kinds())}", seen=kind, todo="Name one of these.")
    found = kinds()[kind]
    given = dict(arguments or {})
    allowed = found.eligible(case)
    if given not in allowed:
        options = "; ".join(" ".join(f"{k}={v}" for k, v in a.items()) or "no arguments" for a in allowed[:12])
        raise UnknownName(
            expected=f"arguments that fit {kind} in this data set" + (f" ({options})" if allowed else ""),
            seen=" ".join(f"{k}={v}" for k, v in given.items()) or "no arguments",
            todo="Choose one of the listed ones." if allowed else nothing_to_do(found),
        )
    parts = {"case": case.fingerprint, "experiment": kind, "arguments": given}
    return recalled(remember, Effect, parts, lambda: try_change(case, found, given, on_step=on_step))


def nothing_to_do(kind: Kind) -> str:
    """Why a kind cannot be tried, and what it would take."""
    return f"{kind.kind} has nothing to work on here" + (f": it needs {kind.needs}." if kind.needs else ".")


def try_change(case: Case, kind: Kind, arguments: Arguments, *, on_step: Progress = silent) -> Effect:
    """Fit with and without the change in every fold of every repeat, and compare on the same pictures."""
    return judge_sides(case, kind, arguments, *both_sides(case, kind, arguments, on_step=on_step))


def judge_sides(case: Case, kind: Kind, arguments: Arguments, before: Side, after: Side) -> Effect:
    """Compare what two sides say of the same pictures."""
    truth = case.targets if kind.truth is None else kind.truth(case, arguments)
    classes = max(len(case.classes), int(truth.max()) + 1)
    counted = case.evaluation if kind.about == "model" else case.fit
    if kind.asked is not None:
        counted = counted | kind.asked(case, arguments)
    scores = _scores_before(case, kind, before, classes), after.scores(classes)
    first, second = (
        Tried(side, said, counted, case.settings.repeats) for side, said in zip((before, after), scores, strict=True)
    )
    notes = (TRAINED_ON_PART, kind.note) if kind.note else (TRAINED_ON_PART,)
    return Effect(
        kind=kind.kind,
        target=kind.describe(case, arguments),
        arguments=dict(arguments),
        measures=_measures(case, kind, arguments, first, second, truth),
        repeats=case.settings.repeats,
        folds=case.settings.folds,
        confidence=corrected_confidence(case),
        changed=_changed(before, after),
        evaluated_on=(
            "the given test split"
            if case.has_test and kind.about == "model"
            else "held-out folds, pictures of one group kept together"
        ),
        cost=kind.cost(case, arguments),
        notes=notes,
        fidelity=fidelity(case),
        about=kind.about,
    )


def _scores_before(case: Case, kind: Kind, before: Side, classes: int) -> list[NDArray[np.float64]]:
    """What the unchanged side says; the same for all kinds that leave it and the questions alone."""
    usual = kind.about == "model" and kind.asked is None and classes == len(case.classes)
    if usual and before.fitted is plain_side(case).fitted:
        return case.derived.once("plain scores", lambda: before.scores(classes))
    return before.scores(classes)


def _changed(before: Side, after: Side) -> float:
    """Training images that the change touched, averaged over fits; all of them where scores or vectors are changed."""
    counts = []
    for number, (was, now) in enumerate(zip(before.fitted.trainings, after.fitted.trainings, strict=True)):
        factor = None if after.factors is None else after.factors[number]
        every = after.vectors is not before.vectors or (factor is not None and np.ptp(factor) > 0)
        counts.append(len(was.rows) if every else touched(was, now))
    return float(np.mean(counts))


def touched(before: Training, after: Training) -> int:
    """How many training images were dropped, added, relabelled or reweighted."""
    size = int(max(before.rows.max(initial=-1), after.rows.max(initial=-1))) + 1
    was, now = np.full(size, -1), np.full(size, -1)
    weights = np.ones(size)
    was[before.rows] = before.parents[before.labels]
    now[after.rows] = after.parents[after.labels]
    weights[after.rows] = after.weights
    there = was >= 0, now >= 0
    moved = (there[0] != there[1]).sum()
    changed = (there[0] & there[1] & ((was != now) | (weights != 1.0))).sum()
    split = np.isin(after.labels, np.flatnonzero(np.bincount(after.parents)[after.parents] > 1)).sum()
    return int(moved + max(changed, split))


def corrected_confidence(case: Case) -> float:
    """Level after Bonferroni over the kinds this case makes eligible, run or not (DECISIONS 5)."""
    family = case.derived.once("eligible kinds", lambda: sum(bool(kind.eligible(case)) for kind in kinds().values()))
    return 1 - (1 - case.settings.confidence) / max(1, family)


def _measures(
    case: Case, kind: Kind, arguments: Arguments, before: Tried, after: Tried, truth: NDArray[np.int64]
) -> tuple[Measure, ...]:
    """The whole, then the classes in question (or all of few), then the pictures that the change is meant to help.

    What decides (the primary) and what was named beforehand (the pictures in question) keep their level; the other
    metrics share one (Bonferroni), or some of forty would "help" by chance.
    """
    classes = max(len(case.classes), int(truth.max()) + 1)
    judged = np.arange(classes) if kind.counted_as is None else kind.counted_as(case, arguments)
    counts = before.counted if kind.judged_on is None else before.counted & kind.judged_on(case, arguments)
    inside = counts[before.counted]
    whole = before.said(judged), after.said(judged), judged[truth[before.counted]]
    sides = whole[0][:, inside], whole[1][:, inside], whole[2][inside]
    metrics: list[Metric | None] = [*whole_metrics(*sides)]
    focus = [arguments["class"]] if "class" in arguments else []
    focus += pair_of(case, arguments) if "pair" in arguments else []
    focus = [name for name in focus if (sides[2] == judged[case.number(name)]).any()]
    everyone = case.classes if not focus and len(case.classes) <= MOST_CLASSES else ()
    together = [name for name in focus if (judged == case.number(name)).sum() > 1]
    for name in (*focus, *everyone):
        number = case.number(name)
        if (of := sides[2] == number).any():
            title = "the two as one" if name in together else name
            metrics.append(recall_metric(f"recall of {title}", *sides, of))
            metrics.append(precision_metric(f"precision of {title}", *sides, number))
    known = [metric for metric in metrics if metric is not None]
    named = {} if kind.meant_for is None else kind.meant_for(case, arguments)
    masks = {name: mask[before.counted] for name, mask in named.items()}
    aimed = [recall_metric(name, *whole, mask) for name, mask in masks.items() if mask.any()]
    groups, margin, confidence = case.derived.grouping.groups, case.settings.margin, corrected_confidence(case)
    own = None if kind.deciding is None else kind.deciding(case, arguments, before, after)
    others = 1 - (1 - confidence) / max(1, len(known) - (own is None))
    out = [] if own is None else [measured(own, groups[before.counted], confidence, margin, primary=True)]
    for metric in known:
        primary = own is None and metric is known[0]
        level = confidence if primary else others
        out.append(measured(metric, groups[counts], level, margin, primary=primary))
    return (*out, *(measured(metric, groups[before.counted], confidence, margin, primary=False) for metric in aimed))
