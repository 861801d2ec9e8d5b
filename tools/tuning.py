"""Thresholds for a stated goal: chosen on half of the groups, measured on the other; or why the goal cannot be reached.

Each class is a yes-or-no question on its own score, or the whole model is asked when to keep silent. What is reached is
never claimed on the pictures it was chosen on; the threshold itself is chosen on all of them, with an interval.
"""

from bisect import bisect_left
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.calibration import fit_temperature
from tools.case import Case
from tools.errors import AdvisorError, UnknownName
from tools.registry import NotApplicable
from tools.statistics import clustered_share, wilson
from tools.thresholds import CAUTION, FEWEST_KEPT, Interval, halves, threshold_for_precision

FEWEST = 60
FEWEST_OF_CLASS = 20
DRAWS = 200
POINTS = 101
NEVER = "never"
Kind = Literal["precision", "recall", "f-beta", "cost"]
Status = Literal["reached", "missed", "unmeasured", "impossible"]


class WrongGoal(AdvisorError):
    """A goal outside its range."""


@dataclass(frozen=True)
class Goal:
    """What a threshold is to achieve.

    Attributes
    ----------
    kind : {"precision", "recall", "f-beta", "cost"}
    value : float
        The least precision or recall (0–1), β of F, or the cost of a miss.
    false_alarm : float
        Cost of a false alarm, for ``cost``.

    Raises
    ------
    WrongGoal
        For a value out of range.
    """

    kind: Kind
    value: float
    false_alarm: float = 1.0

    def __post_init__(self) -> None:
        share = self.kind in ("precision", "recall")
        finite = np.isfinite([self.value, self.false_alarm]).all()
        if not finite or not 0 < self.value <= (1 if share else np.inf) or self.false_alarm <= 0:
            raise WrongGoal(
                expected="a share above 0 and up to 1" if share else "numbers above 0",
                seen=f"{self.kind} {self.value:g}",
                todo="Write, e.g., --precision 0.95, --f-beta 2, or --cost 5 1 (a miss, a false alarm).",
            )

    @property
    def text(self) -> str:
        """In words."""
        if self.kind == "cost":
            return f"least cost at {self.value:g} a miss and {self.false_alarm:g} a false alarm"
        return f"best F{self.value:g}" if self.kind == "f-beta" else f"{self.kind} of {100 * self.value:g} %"


@dataclass(frozen=True, eq=False)
class Tuned:
    """A threshold and what it reaches on pictures it was not chosen on.

    Attributes
    ----------
    name : str
        The class; empty for the whole model's option not to answer.
    threshold, low, high : float
        Chosen on all judged pictures, and where nineteen in twenty redraws of groups put it; inf = no threshold.
    precision, recall : tuple of float
        Value, low, high of thresholds chosen in the same way on one half of the groups and measured on the other;
        halves whose other half allows no threshold are left out. For the whole model, recall is the share answered.
    usual : tuple of (tuple of float, tuple of float)
        Precision and recall of the highest score's answer.
    status : {"reached", "missed", "unmeasured", "impossible"}
        Missed: chosen for the goal, yet measured below it elsewhere. Unmeasured: neither half alone has pictures enough
        to choose on. Impossible: no threshold clears the goal with the confidence asked for.
    best : float
        The best precision or recall that any threshold shows, without that confidence.
    curve : ndarray, shape (points, 3)
        Threshold, precision, recall on all judged pictures: for plots, not for claims.
    """

    name: str
    threshold: float
    low: float
    high: float
    precision: Interval
    recall: Interval
    usual: tuple[Interval, Interval]
    status: Status
    best: float
    curve: NDArray[np.float64]


def choose(scores: NDArray[np.float64], positives: NDArray[np.bool_], goal: Goal) -> float:
    """The threshold for a goal on these pictures; inf where none reaches it.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
    positives : ndarray of bool, shape (n,)

    Notes
    -----
    Precision and recall must clear the goal by their Wilson bound at one-sided ``CAUTION``: of precision the lowest
    such threshold is taken (most is found), of recall the highest (fewest false alarms). Ties fall on one side.

    Examples
    --------
    >>> scores, yes = np.array([0.9, 0.7, 0.6, 0.2]), np.array([True, False, True, False])
    >>> choose(scores, yes, Goal("f-beta", 1)), choose(scores, yes, Goal("cost", 1, 5))
    (0.6, 0.9)
    """
    if goal.kind == "precision":
        return threshold_for_precision(scores, positives, goal.value)
    thresholds, found, said = _sweep(scores, positives)
    total = int(positives.sum())
    if not total:
        return float("inf")
    if goal.kind == "recall":
        enough = bisect_left(range(total + 1), goal.value - 1e-12, key=lambda f: wilson(f, total, 2 * CAUTION - 1)[0])
        return float(thresholds[np.searchsorted(found, enough)]) if enough <= total else float("inf")
    if goal.kind == "cost":
        loss = goal.value * (total - found) + goal.false_alarm * (said - found)
        best = int(np.argmin(loss))
        return float(thresholds[best]) if loss[best] < goal.value * total else float("inf")
    square = goal.value**2
    return float(thresholds[np.argmax((1 + square) * found / (said + square * total))])


def _sweep(
    scores: NDArray[np.float64], positives: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct thresholds from the highest on; how many positives, and how many in all, score at least that much."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) < 0, True)
    return scores[order][last], np.cumsum(positives[order])[last], np.flatnonzero(last) + 1


def tune(
    case: Case, goal: Goal, classes: tuple[str, ...] = (), *, whole: bool = False, on_step: Progress = silent
) -> tuple[Tuned, ...]:
    """Thresholds of classes, or of the whole model's option not to answer.

    Parameters
    ----------
    classes : tuple of str
        All with enough judged pictures when empty.
    whole : bool
        Instead of classes: below which top score to leave a picture to a person.

    Raises
    ------
    NotApplicable
        With too few judged pictures, or predictions without scores.
    WrongGoal
        For the whole model and anything but a precision of all classes.
    UnknownName
        For a class that does not exist.
    """
    if whole and classes:
        raise WrongGoal(
            expected="either classes or the option not to answer", seen="both", todo="Leave one of them out."
        )
    if whole and goal.kind != "precision":
        raise WrongGoal(
            expected="a precision for the option not to answer", seen=goal.text, todo="Write, e.g., --precision 0.95."
        )
    rows = np.flatnonzero(case.derived.judged)
    if len(rows) < FEWEST:
        raise NotApplicable(f"a threshold needs {FEWEST} judged pictures, half to choose on and half to measure on; "
                            f"there are {len(rows)}")  # fmt: skip
    scores, said = case.derived.scores[rows], case.derived.predicted[rows]
    full = case.subject == "baseline" or (case.predictions is not None and case.predictions.full_vectors)
    if not np.isfinite(scores[np.arange(len(rows)), said]).all() or not (full or whole):
        raise NotApplicable("the predictions carry no scores for every class; give one column per class")
    half = halves(case.targets[rows], case.derived.grouping.groups[rows], case.rng("thresholds"))
    if len(np.unique(half)) < 2:
        raise NotApplicable("all judged pictures are of one group, so none are left to measure on")
    if whole:
        right = said == case.targets[rows]
        return (_tuned(case, "", goal, rows, scores[np.arange(len(rows)), said], right, np.ones_like(right), half),)
    counts = np.bincount(case.targets[rows], minlength=len(case.classes))
    if unknown := [name for name in classes if name not in case.classes]:
        raise UnknownName(
            expected="a class of the data set", seen=unknown[0], todo=f"Classes: {', '.join(case.classes)}."
        )
    wanted = [case.number(name) for name in classes] or np.flatnonzero(counts >= FEWEST_OF_CLASS).tolist()
    few = [case.classes[number] for number in wanted if counts[number] < FEWEST_OF_CLASS]
    if few or not wanted:
        raise NotApplicable(f"{', '.join(few) or 'every class'} has fewer than {FEWEST_OF_CLASS} judged pictures")
    out = []
    for done, c in enumerate(wanted):
        on_step("tuning thresholds", done, len(wanted))
        out.append(_tuned(case, case.classes[c], goal, rows, scores[:, c], case.targets[rows] == c, said == c, half))
    on_step("tuning thresholds", len(wanted), len(wanted))
    return tuple(out)


def _tuned(
    case: Case, name: str, goal: Goal, rows: NDArray[np.int64], scores: NDArray[np.float64],
    positives: NDArray[np.bool_], usual: NDArray[np.bool_], half: NDArray[np.int64],
) -> Tuned:  # fmt: skip
    groups, confidence = case.derived.grouping.groups[rows], case.settings.confidence
    parts = [choose(scores[half != h], positives[half != h], goal) for h in (0, 1)]
    kept, threshold = scores >= np.array(parts)[half], choose(scores, positives, goal)
    found = np.ones_like(positives) if not name else positives
    measured = np.isfinite(parts)[half]

    def reached(yes: NDArray[np.bool_], on: NDArray[np.bool_]) -> tuple[Interval, Interval]:
        said, asked = yes & on, found & on
        of = clustered_share(positives[said], groups[said], confidence) if said.any() else (0.0, 0.0, 1.0)
        return of, clustered_share(yes[asked], groups[asked], confidence) if asked.any() else (0.0, 0.0, 1.0)

    precision, recall = reached(kept, measured)
    thresholds, hits, said = _sweep(scores, positives)
    curve = np.stack([thresholds, hits / said, (hits if name else said) / max(1, int(found.sum()))], axis=1)
    met = {"precision": precision[0], "recall": recall[0]}.get(goal.kind, np.inf) >= goal.value
    status: Status = "reached" if kept.any() and met else "missed"
    if not np.isfinite(threshold):
        status = "impossible"
    elif not measured.any():
        status = "unmeasured"
    enough = curve[said >= min(FEWEST_KEPT, len(rows))]
    best = float(enough[:, 2 if goal.kind == "recall" else 1].max())
    low, high = _spread(scores, positives, groups, goal, case.rng(f"thresholds-{name}"), confidence)
    points = np.unique(np.linspace(0, len(curve) - 1, POINTS).astype(np.int64))
    return Tuned(
        name, threshold, low, high, precision, recall, reached(usual, np.ones_like(usual)), status, best, curve[points]
    )


def _spread(
    scores: NDArray[np.float64], positives: NDArray[np.bool_], groups: NDArray[np.int64], goal: Goal,
    rng: np.random.Generator, confidence: float,
) -> tuple[float, float]:  # fmt: skip
    """Where the threshold falls when groups are drawn again; ends are inf where too many draws reach no threshold."""
    names, codes = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(names), len(names))])
        drawn.append(choose(scores[rows], positives[rows], goal))
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], method="nearest")
    return float(low), float(high)


def service_json(case: Case, goal: Goal, tuned: tuple[Tuned, ...]) -> dict[str, Any]:
    """What a service loads; ``rule`` says how to use it."""
    scores, targets = case.derived.scores[case.derived.judged], case.targets[case.derived.judged]
    model = f"advisor baseline on {case.space.encoder.name}"
    if case.subject == "user" and case.predictions is not None:
        model = f"{case.predictions.model} {case.predictions.version}".strip()
    return {
        "schema_version": 1,
        "model": model,
        "subject": case.subject,
        "encoder": case.space.encoder.fingerprint,
        "goal": {**asdict(goal), "text": goal.text},
        "rule": "a class is said where its own score is at least its threshold; below answer_from nothing is said "
                "(null: that was not tuned; never: no picture is sure enough); "
                "scores are as the model gives them, before the temperature",
        "temperature": fit_temperature(scores, targets) if np.isfinite(scores).all() else None,
        "answer_from": next((_number(t.threshold) or NEVER for t in tuned if not t.name), None),
        "classes": {t.name: tuned_json(t, curve=False) for t in tuned if t.name},
    }  # fmt: skip


def tuned_json(tuned: Tuned, *, curve: bool = True) -> dict[str, Any]:
    """One threshold as plain JSON; null where there is none."""
    keys = ("threshold", "low", "high")
    out: dict[str, Any] = {"class": tuned.name or None, **{key: _number(getattr(tuned, key)) for key in keys}}
    for key in ("precision", "recall"):
        out[key] = dict(zip(("value", "low", "high"), getattr(tuned, key), strict=True))
    out["usual"] = {"precision": tuned.usual[0][0], "recall": tuned.usual[1][0]}
    out |= {"status": tuned.status, "best": tuned.best}
    return {**out, "curve": tuned.curve.tolist()} if curve else out


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
