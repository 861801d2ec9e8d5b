"""Scores that promise more, or less, than the share of right answers, and the one number that mends them.

Looks at the score of the class that is said. Calibration error with equal-mass bins, read beside what a perfectly
calibrated model of this size would show; a temperature fitted on some groups and judged on the others.
"""

import numpy as np
from numpy.typing import NDArray

from tools.calibration import Calibration, calibration, temperature_out_of_fold
from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.statistics import clustered_mean, quantile_of_normal
from tools.wording import phrase

CODE = "calibration"
FEWEST = 50
"""Judged pictures, five bins of the least size; a share of so many has a Wilson interval some 25 points wide."""
MOST = 20_000
"""Judged pictures looked at, whole groups drawn at random, so that large sets stay under a second."""
SURE = 0.05
WORTH = 0.02
"""A smaller calibration error moves no decision: a score of 0.90 means at least 0.88."""
HARMFUL = 0.05
"""Above it a threshold set by reading the score misses its aim by more than half of the way from 0.90 to 1."""
SHOWN = 24


def check(case: Case, scope: Scope) -> Findings:
    """Report miscalibrated scores; the whole model at once, since scores given a true class cannot be calibrated."""
    rows = scored(case)
    if len(rows) < FEWEST:
        raise NotApplicable(
            f"{len(rows)} judged pictures carry a probability for every class; fewer than {FEWEST} say nothing of "
            "calibration"
        )
    before, after, bias, temperature = measure(case, rows)
    evidence = _evidence(case, rows, before, after, bias, temperature)
    if before.p <= SURE and before.corrected >= WORTH and before.low > 0:
        yield _finding(case, rows, before, after, bias, evidence)
    return Measured(
        evidence,
        phrase(
            "Of perfectly calibrated models nineteen in twenty would show a calibration error up to {chance level} "
            "here; a larger one, of at least {smallest worth saying}, would have been reported.",
            evidence,
        ),
    )


def scored(case: Case) -> NDArray[np.int64]:
    """Judged rows with a full vector of probabilities, at most about ``MOST``."""
    if not case.derived.judged.any():
        return np.zeros(0, dtype=np.int64)
    scores = case.derived.scores
    full = case.subject == "baseline" or (case.predictions is not None and case.predictions.full_vectors)
    whole = case.derived.judged & np.isfinite(scores).all(axis=1) & full
    rows = np.flatnonzero(whole)
    if len(rows) <= MOST:
        return rows
    names, sizes = np.unique(case.derived.grouping.groups[rows], return_counts=True)
    order = case.rng(f"{CODE} sample").permutation(len(names))
    return rows[np.isin(case.derived.grouping.groups[rows], names[order[np.cumsum(sizes[order]) <= MOST]])]


Bias = tuple[float, float, float]


def measure(case: Case, rows: NDArray[np.int64]) -> tuple[Calibration, Calibration, Bias, float]:
    """Calibration as it is and after a temperature from other groups; mean score less accuracy; the temperature."""
    scores, targets, groups = case.derived.scores[rows], case.targets[rows], case.derived.grouping.groups[rows]
    confidence = case.settings.confidence
    correct = case.derived.predicted[rows] == targets
    said = scores[np.arange(len(rows)), case.derived.predicted[rows]]
    before = calibration(said, correct, groups, case.rng(CODE), confidence=confidence)
    mended, temperature = temperature_out_of_fold(scores, targets, groups, case.rng(f"{CODE} temperature"))
    said_after = mended[np.arange(len(rows)), case.derived.predicted[rows]]
    after = calibration(said_after, correct, groups, case.rng(f"{CODE} after"), confidence=confidence)
    mean, error = clustered_mean(said - correct, groups, np.full(len(rows), 1 / len(rows)))
    half = quantile_of_normal(confidence) * (error if np.isfinite(error) else 1.0)
    return before, after, (mean, mean - half, mean + half), temperature


def _evidence(
    case: Case, rows: NDArray[np.int64], before: Calibration, after: Calibration, bias: Bias, temperature: float
) -> tuple[Evidence, ...]:
    n = len(rows)
    predicted = case.derived.predicted[rows]
    said = case.derived.scores[rows, predicted]
    accuracy = float((predicted == case.targets[rows]).mean())
    pivot = "equal-mass bins, upward bias taken off, group bootstrap"
    return (
        Evidence(
            "mean score",
            float(said.mean()),
            "share",
            n,
            how=f"{case.subject}; of the class said; sampled beyond {MOST}",
        ),
        Evidence("share right", accuracy, "share", n, how=f"{case.subject}; on the same pictures"),
        Evidence("promised too much", bias[0], "points", n, bias[1], bias[2], "mean score less share right; groups"),
        Evidence("calibration error", before.corrected, "share", n, before.low, before.high, pivot),
        Evidence("calibration error as usually computed", before.error, "share", n, how="ECE, equal-mass bins"),
        Evidence("chance level", before.chance, "share", n, how="95 % of perfectly calibrated models stay below"),
        Evidence("p", before.p, "p", n, how="of perfect calibration; independent draws and group signs, the larger"),
        Evidence("temperature", temperature, "ratio", n, how="fitted on all judged pictures; 1 = nothing to mend"),
        Evidence("error after it", after.corrected, "share", n, after.low, after.high, "fitted on other groups only"),
        Evidence("smallest worth saying", WORTH, "share", how="a smaller one moves no decision"),
    )


def _finding(
    case: Case,
    rows: NDArray[np.int64],
    before: Calibration,
    after: Calibration,
    bias: Bias,
    evidence: tuple[Evidence, ...],
) -> Finding:
    direction = "too sure of itself" if bias[1] > 0 else "too modest" if bias[2] < 0 else "unreliable in its scores"
    model = "The model" if case.subject == "user" else "The advisor's own baseline (not your model)"
    text = (
        "{model} is {direction}: its scores average {mean score}, but {share right} of its answers are right. "
        "Calibration error {calibration error} ({calibration error|interval}); chance alone would give up to "
        "{chance level}. "
    )
    mends = after.high < before.corrected and after.corrected < before.low
    text += (
        "Dividing the logits by a temperature of {temperature} brings it to {error after it} "
        "({error after it|interval}) on pictures it was not fitted on."
        if mends
        else "A temperature does not mend it ({error after it}, {error after it|interval}, after one)."
    )
    predicted = case.derived.predicted[rows]
    said = case.derived.scores[rows, predicted]
    wrong = predicted != case.targets[rows]
    first = np.where(wrong, -said, 1.0) if bias[0] > 0 else np.where(wrong, 1.0, said)
    order = np.argsort(first, kind="stable")[:SHOWN]
    ids = tuple(case.ids[rows[order[first[order] < 1.0]]].tolist())
    # the baseline's scores are nobody's product: worth knowing, never worse than low
    harmful = case.subject == "user" and before.low >= HARMFUL
    return Finding(
        CODE,
        f"Scores are {direction.replace(' of itself', '')}",
        severity(None, below_floor=harmful),
        phrase(text, evidence, model=model, direction=direction),
        evidence,
        images=ids,
        recommendations=(
            Recommendation(
                "calibrate",
                "the scores",
                CODE,
                phrase(
                    "Divide the logits by {temperature} before the softmax, or read scores through such a table; "
                    "which class is said stays the same, so accuracy does too. It acts on scores alone, so no "
                    "retraining could try it."
                    if mends
                    else "Do not read these scores as probabilities; choose thresholds by measured precision instead. "
                    "A temperature was tried and does not mend them.",
                    evidence,
                ),
                Cost(minutes=5),
                images=ids,
            ),
        ),
    )
