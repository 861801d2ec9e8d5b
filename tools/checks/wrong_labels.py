"""Training labels that are probably wrong, single slips and whole mislabelled series, ranked."""

import numpy as np
from scipy.stats import binomtest

from tools.case import Case
from tools.drill import label_evidence
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.label_errors import Suspects, case_suspects
from tools.registry import Findings, NotApplicable
from tools.statistics import wilson
from tools.training.baseline import Training, parent_scores, plain_training
from tools.wording import listed, phrase

FEWEST_PER_CLASS = 8
"""With fewer pictures of a class, held-out scores of it say nothing about a single label."""
NOISE_FLOOR = 0.03
"""Test sets in wide use have 3.3 % wrong labels on average (Northcutt, Athalye & Mueller 2021): above it, medium."""
FEWEST_ERRORS = 3
SHOWN = 60
UNSEEN = "wrong labels not seen"
DRILLED = (
    "In a drill on your pictures {found again} of {planted} planted wrong labels were found "
    "({planted wrong labels found|interval})"
)


def check(case: Case, scope: Scope) -> Findings:
    """Yield one finding that ranks suspects; restricted to labels given or suggested in ``scope``."""
    rows, classes = np.flatnonzero(case.fit), len(case.classes)
    counts = np.bincount(case.targets[rows], minlength=classes)
    if (counts >= FEWEST_PER_CLASS).sum() < 2:
        raise NotApplicable(
            f"at least two classes need {FEWEST_PER_CLASS} labelled pictures each for held-out scores to mean anything"
        )
    training = plain_training(rows, case.targets, classes)
    suspects = case_suspects(case)
    drilled = label_evidence(case, int(suspects.flagged.sum()))
    wanted = suspects.flagged & _in_scope(case, training, suspects, scope)
    if wanted.any():
        yield _finding(case, training, suspects, wanted, drilled)
    return Measured(drilled, phrase(DRILLED + "; fewer or subtler ones may have been missed.", drilled))


def _in_scope(case: Case, training: Training, suspects: Suspects, scope: Scope) -> "np.typing.NDArray[np.bool_]":
    given, better = training.labels, suspects.suggested
    if scope.pair is not None:
        pair = [case.number(name) for name in scope.pair]
        return np.asarray(np.isin(given, pair) & np.isin(better, pair))
    if scope.classes:
        numbers = [case.number(name) for name in scope.classes]
        return np.asarray(np.isin(given, numbers) | np.isin(better, numbers))
    return np.ones(len(given), dtype=np.bool_)


def _finding(
    case: Case,
    training: Training,
    suspects: Suspects,
    wanted: "np.typing.NDArray[np.bool_]",
    drilled: tuple[Evidence, ...],
) -> Finding:
    order = np.flatnonzero(wanted)[np.argsort(-suspects.doubt[wanted], kind="stable")]
    count, looked = len(order), len(training.rows)
    low, high = wilson(count, looked, case.settings.confidence)
    explained = errors_explained(case, training, wanted)
    evidence = [
        Evidence("labels that look wrong", count, "images", looked, how="held-out scores and neighbours disagree"),
        Evidence("labels looked at", looked, "images"),
        Evidence("share that looks wrong", count / looked, "share", looked, low, high, "Wilson interval"),
        Evidence("part of a whole series", int((suspects.burst & wanted).sum()), "images", how="the group as a whole"),
        *drilled,
    ]
    if explained is not None:
        how = "errors that vanish, less those that appear, when the baseline is refitted without the suspects"
        evidence.append(
            Evidence("share of errors explained", explained, "share", int(case.derived.errors.sum()), how=how)
        )
    pairs = [(case.classes[training.labels[i]], case.classes[suspects.suggested[i]]) for i in order]
    common = sorted(set(pairs), key=lambda p: (-pairs.count(p), p))[:3]
    ids = tuple(str(i) for i in case.ids[training.rows[order]])
    known = {e.name for e in drilled}
    rest = "; if yours are as plain, about {wrong labels not seen} more are not listed." if UNSEEN in known else "."
    summary = phrase(
        "{labels that look wrong} of {labels looked at} training labels look wrong "
        "({share that looks wrong}, {share that looks wrong|interval}); most often {pairs}. "
        "Not all of them will be: look before you change them. " + DRILLED + rest,
        evidence, pairs=listed([f"{a} that looks like {b}" for a, b in common]),
    )  # fmt: skip
    cost = Cost(clicks=count, minutes=count / 12)
    why = "a wrong label teaches the opposite of what is meant; each takes seconds to check"
    target = f"{count} labels that look wrong"
    return Finding(
        code="wrong-labels",
        title="Labels that look wrong",
        severity=severity(explained, below_floor=low >= NOISE_FLOOR),
        scope=Scope(classes=tuple(sorted({name for pair in common for name in pair}))),
        summary=summary,
        evidence=tuple(evidence),
        images=ids[:SHOWN],
        recommendations=(
            Recommendation("relabel", target, "wrong-labels", why, cost, "relabel", {}, ids[:SHOWN]),
            Recommendation("remove", target, "wrong-labels", why, cost, "remove", {}, ids[:SHOWN]),
        ),
    )


def errors_explained(case: Case, training: Training, suspects: "np.typing.NDArray[np.bool_]") -> float | None:
    """Share of the subject's errors that wrong labels explain; None where it cannot be told from chance.

    Without a test split an error on a suspect is one, from ``FEWEST_ERRORS`` on. With a test split: the share of the
    baseline's test errors that vanish, less those that appear, when it is refitted without the suspects; a few change
    under any refit, so more must vanish than appear (one-sided McNemar test at .05).
    """
    errors = case.derived.errors
    if not errors.any():
        return None
    if not case.has_test:
        there = int(errors[training.rows[suspects]].sum())
        return there / int(errors.sum()) if there >= FEWEST_ERRORS else None
    rows = np.flatnonzero(case.evaluation)
    trainings = (training, training.only(~suspects))
    with_all, without = (
        scores.argmax(axis=1) != case.targets[rows]
        for scores in parent_scores(case.space.vectors, trainings, (rows, rows), len(case.classes))
    )
    vanish, appear = int((with_all & ~without).sum()), int((without & ~with_all).sum())
    if not vanish + appear or binomtest(vanish, vanish + appear, alternative="greater").pvalue >= 0.05:
        return None
    return (vanish - appear) / int(with_all.sum())
