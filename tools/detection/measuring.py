"""Everything that is measured of a detector, as one JSON document with a headline."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.detection.boxes import Boxes, BoxSet
from tools.detection.conditions import Condition, conditions, conditions_of
from tools.detection.error_types import HALF, Mistakes, Share, mistakes, shares
from tools.detection.keeping import Detector
from tools.detection.matching import Matches, match
from tools.detection.precision import Precision, Ranged, precisions
from tools.detection.sweep import AtThresholds, Reached, at, chosen, reach
from tools.errors import NoDataset
from tools.tuning import Goal

SCHEMA_VERSION = 1
Json = dict[str, Any]
WORDS = {
    "classification": "another class's thing",
    "localisation": "badly placed",
    "both": "another class's thing, and badly placed",
    "duplicate": "found twice",
    "background": "nothing there",
    "missed": "missed",
}
"""Each kind of mistake in plain words."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A detector on the pictures it is judged on.

    Attributes
    ----------
    boxset : BoxSet
    detector : Detector
    matches : Matches
    told : Mistakes
    split : str
        The split that was measured; empty for all pictures.
    score : float
        Detections below it count as not said where one number has to be given: the best F1 of all classes together.
    """

    boxset: BoxSet
    detector: Detector
    matches: Matches
    told: Mistakes
    split: str
    score: float


def judged(boxset: BoxSet, detected: Boxes) -> tuple[str, NDArray[np.bool_]]:
    """Which pictures a detector is judged on: test pictures, else validation pictures, else all it has answers for.

    Within the split every picture counts, also one without an answer: a detector that says nothing has missed.
    """
    answered = np.zeros(len(boxset), dtype=bool)
    answered[detected.pictures] = True
    for split in ("test", "val"):
        inside = boxset.in_split(split)
        if (inside & answered).any():
            return split, inside
    return "", np.ones(len(boxset), dtype=bool)


def measure(boxset: BoxSet, detector: Detector) -> Measured:
    """Match a detector's boxes with the labels of the pictures it is judged on.

    Raises
    ------
    NoDataset
        If there is no detection on any picture.
    """
    if not len(detector.boxes):
        raise NoDataset(
            expected="detections on these pictures", seen="none",
            todo="Import them: advisor import PATH --predictions FILE (COCO results, YOLO text files, or a table).",
        )  # fmt: skip
    split, pictures = judged(boxset, detector.boxes)
    matches = match(boxset, detector.boxes, pictures)
    return Measured(boxset, detector, matches, mistakes(matches), split, _best_score(matches))


def _best_score(matches: Matches) -> float:
    """Where all classes together reach the best F1 at an overlap of a half; 0 where nothing is right."""
    scored = ~matches.on_crowd[HALF]
    missed = int((matches.counted & (matches.found_by[HALF] < 0)).sum())
    found = chosen(matches.detected.scores[scored], matches.right(HALF)[scored], missed, Goal("f-beta", 1.0))
    return found if np.isfinite(found) else 0.0


def boxes_json(
    measured: Measured, *, overlap: float = 0.5, score: float | None = None, goal: Goal | None = None, seed: int = 0
) -> Json:
    """What ``advisor boxes`` says.

    Parameters
    ----------
    overlap : float
        How much a detection must overlap a thing to count, where one number has to be given.
    score : float, optional
        Below it nothing is said; the best F1 where left out.
    goal : Goal, optional
        Thresholds are then chosen for it, class by class.
    """
    matches, boxset = measured.matches, measured.boxset
    said_from = measured.score if score is None else score
    table, kinds = precisions(matches, seed), shares(matches, measured.told, seed)
    lost = conditions(boxset, matches, said_from, overlap, seed)
    numbers = [n for n, name in enumerate(matches.classes) if any(p.name == name for p in table)]
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "headline": headline(measured, table, kinds, lost),
        "detector": measured.detector.name,
        "pictures": len(matches.pictures),
        "split": measured.split or "all",
        "labels": int(matches.counted.sum()),
        "detections": len(matches.detected),
        "left_out": matches.left_out,
        "average_precision": [_precision_json(p) for p in table],
        "mistakes": [
            {"kind": k.kind, "text": WORDS[k.kind], "count": k.count, "gain": k.gain, "low": k.low, "high": k.high}
            for k in kinds
        ],
        "conditions": [_condition_json(c) for c in lost],
        "shares": _shares_by_split(boxset),
        "overlap": overlap,
        "score": said_from,
        "at": [
            {"class": "" if n is None else matches.classes[n], **_at_json(at(matches, n, said_from, overlap))}
            for n in (None, *numbers)
        ],
    }  # fmt: skip
    if goal is not None:
        document["goal"] = goal.text
        document["thresholds"] = [_goal_json(matches, n, overlap, goal, seed) for n in (None, *numbers)]
    return document


def headline(
    measured: Measured, table: tuple[Precision, ...], kinds: tuple[Share, ...], lost: tuple[Condition, ...]
) -> str:
    """One sentence: how good, what costs most, and where things are missed."""
    n = len(measured.matches.pictures)
    many = "" if n == 1 else "s"
    where = f"{measured.split} picture{many}" if measured.split else f"picture{many}, also what it learnt from"
    if not table:
        return f"No labelled box counts in {n} {where}."
    mean = table[0]
    text = (
        f"Average precision {_ranged_text(mean.at_half)} at an overlap of a half, {_ranged_text(mean.mean)} over "
        f"overlaps from .5 to .95 ({n} {where}, {mean.labels} box{'' if mean.labels == 1 else 'es'})."
    )
    if kinds and kinds[0].gain > 0:
        worst = kinds[0]
        text += f" Most is lost by what is {WORDS[worst.kind]}: {worst.count}, worth {100 * worst.gain:.1f} points"
        ends = "" if worst.low is None or worst.high is None else f" ({100 * worst.low:.1f}–{100 * worst.high:.1f})"
        text += f"{ends}."
    held = [c for c in lost if c.held_up and c.difference < 0]
    if held:
        first = held[0]
        text += (
            f" Things that are {first.words} are found in {100 * first.found[0]:.0f} %, others in "
            f"{100 * first.found_else[0]:.0f} % (difference {100 * first.low:.0f} to {100 * first.high:.0f} points)."
        )
    return text


def _ranged_text(value: Ranged) -> str:
    if value.low is None or value.high is None:
        return f"{100 * value.value:.1f} %"
    return f"{100 * value.value:.1f} % ({100 * value.low:.1f}–{100 * value.high:.1f})"


def _precision_json(found: Precision) -> Json:
    return {
        "class": found.name, "labels": found.labels, "pictures": found.pictures, "at_half": asdict(found.at_half),
        "mean": asdict(found.mean), "text": f"{_ranged_text(found.at_half)}; {_ranged_text(found.mean)}",
    }  # fmt: skip


def _condition_json(found: Condition) -> Json:
    return {
        **{name: value for name, value in asdict(found).items() if name not in ("found", "found_else")},
        "found": _interval_json(found.found), "found_else": _interval_json(found.found_else),
    }  # fmt: skip


def _interval_json(value: tuple[float, float, float]) -> Json:
    return dict(zip(("value", "low", "high"), value, strict=True))


def _at_json(found: AtThresholds) -> Json:
    return {
        "precision": _interval_json(found.precision), "recall": _interval_json(found.recall), "f1": found.f1,
        "right": found.right, "said": found.said, "there": found.there,
    }  # fmt: skip


def _goal_json(matches: Matches, number: int | None, overlap: float, goal: Goal, seed: int) -> Json:
    from tools.registry import NotApplicable

    name = "" if number is None else matches.classes[number]
    try:
        found: Reached = reach(matches, number, overlap, goal, seed)
    except NotApplicable as reason:
        return {"class": name, "status": "not applicable", "reason": str(reason)}
    return {
        "class": name, "threshold": found.threshold if np.isfinite(found.threshold) else None,
        "precision": _interval_json(found.precision), "recall": _interval_json(found.recall), "status": found.status,
    }  # fmt: skip


def _shares_by_split(boxset: BoxSet) -> list[Json]:
    """How many labelled boxes of each split have each condition: what the test asks and training never showed."""
    labels = boxset.labels
    splits = boxset.splits[labels.pictures]
    out = []
    for name, (words, having) in conditions_of(boxset, labels).items():
        counts = {
            split: {"boxes": int(inside.sum()), "with": int((inside & having).sum())}
            for split in dict.fromkeys(boxset.splits.tolist())
            for inside in [splits == split]
            if inside.any()
        }
        out.append({"name": name, "text": words, "splits": counts})
    return out
