"""Things that a detector misses more often than others of their class: small, cut off, partly hidden, crowded.

Found is what a detection overlaps by half, at the score where all classes together reach the best F1. Conditions are
compared within classes and held up by Benjamini-Hochberg over all of them (``tools.detection.conditions``); what each
explains is how many fewer would be missed if such things were found as often as the others of their classes.
"""

from collections.abc import Iterator

import numpy as np

from tools.case import Case
from tools.detection.conditions import Condition, conditions, conditions_of
from tools.detection.cropping import crop_names
from tools.detection.error_types import HALF
from tools.detection.measuring import Measured as Detected
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.wording import phrase

CODE = "missed-things"
SHOWN = 24
WHY = {
    "small": "take such pictures from nearer or larger, or cut large ones into tiles: what is small in the picture is "
    "smaller still where the detector looks",
    "truncated": "the guides ask for things at the picture's edge among the training pictures",
    "occluded": "the guides ask for partly hidden things among the training pictures",
    "crowded": "the guides ask for groups of things among the training pictures; look also at how overlapping answers "
    "are suppressed",
}
OTHERWISE = "the guides ask for training pictures as varied as those it will meet"


def check(case: Case, scope: Scope) -> Findings:
    """Report every condition that holds up, the one that explains most first."""
    found = _detected(case)
    told = conditions(found.boxset, found.matches, found.score, seed=case.settings.seed)
    if not told:
        raise NotApplicable(
            "too few labelled boxes are judged: ten with a condition and ten without it in one class, in five pictures"
        )
    held = [condition for condition in told if condition.held_up and condition.difference < 0]
    misses = _misses(found)
    for condition in sorted(held, key=lambda c: c.difference * c.boxes):
        if inside := _finding(case, scope, found, condition, misses):
            yield inside
    return _measured(told, misses)


def _detected(case: Case) -> Detected:
    if case.boxes is None:
        raise NotApplicable("no boxes: these pictures have one label each, and none was cut out of a larger one")
    found = case.boxes.measured
    if found is None:
        raise NotApplicable("labelled boxes but no detector's; import them with --predictions")
    return found


def _misses(found: Detected) -> int:
    matches = found.matches
    best = np.append(matches.detected.scores, -np.inf)[matches.found_by[HALF]]
    return int((matches.counted & (best < found.score)).sum())


def _finding(case: Case, scope: Scope, found: Detected, condition: Condition, misses: int) -> Finding | None:
    explained = -condition.difference * condition.boxes / misses if misses else 0.0
    images = _crops(case, scope, found, condition.name)
    if (scope.classes or scope.pair) and not images:
        return None
    evidence = [
        Evidence("found with it", condition.found[0], "share", condition.boxes, *condition.found[1:]),
        Evidence("found without it", condition.found_else[0], "share", condition.others, *condition.found_else[1:],
                 "of boxes of the same classes, weighted alike"),
        Evidence("difference", condition.difference, "points", condition.boxes + condition.others, condition.low,
                 condition.high, "pictures drawn anew"),
        Evidence("share of misses", min(1.0, explained), "share", misses, how="fewer if found as often as the others"),
    ]  # fmt: skip
    shares, text = _shares(found, condition.name)
    evidence += shares
    summary = phrase(
        f"Of things that are {condition.words} {{found with it}} are found ({{found with it|interval}}, "
        "{found with it|n} boxes), of others of the same classes {found without it}: {difference} "
        f"({{difference|interval}}). That is {{share of misses}} of what is missed.{text}",
        evidence,
    )
    yet = "a detector is not trained here, so this was measured and not tried"
    return Finding(
        CODE,
        f"Things that are {condition.words} are missed more often",
        severity(explained),
        summary,
        tuple(evidence),
        Scope(slice=condition.name),
        images,
        (
            Recommendation(
                "collect", f"training pictures with things that are {condition.words}", CODE,
                f"{WHY.get(condition.name, OTHERWISE)}; {yet}", Cost(images=50), images=images,
            ),
        ),
    )  # fmt: skip


def _crops(case: Case, scope: Scope, found: Detected, condition: str) -> tuple[str, ...]:
    """Pictures of missed things with the condition, the largest first; of the classes asked for."""
    matches, boxset = found.matches, found.boxset
    having = conditions_of(boxset, matches.labels)[condition][1]
    best = np.append(matches.detected.scores, -np.inf)[matches.found_by[HALF]]
    wanted = set(scope.pair or scope.classes) or set(boxset.classes)
    asked = np.isin(matches.labels.classes, [n for n, name in enumerate(boxset.classes) if name in wanted])
    rows = np.flatnonzero(having & matches.counted & (best < found.score) & asked)
    rows = rows[np.argsort(-matches.labels.areas[rows], kind="stable")]
    judged = np.flatnonzero(np.isin(boxset.labels.pictures, matches.pictures))
    names, _ = crop_names(boxset)
    ids = [names[judged[row]] for row in rows]
    return tuple(name for name in ids if name in case.dataset.index)[:SHOWN]


def _shares(found: Detected, condition: str) -> tuple[list[Evidence], str]:
    """How many training boxes have the condition, beside the judged ones."""
    labels = found.boxset.labels
    having = conditions_of(found.boxset, labels)[condition][1]
    splits = found.boxset.splits[labels.pictures]
    train, judged = splits == "train", splits == found.split
    if not found.split or not train.any():
        return [], ""
    evidence = [
        Evidence("share of training boxes", float(having[train].mean()), "share", int(train.sum())),
        Evidence("share of judged boxes", float(having[judged].mean()), "share", int(judged.sum())),
    ]
    text = " Of the training boxes {share of training boxes} are so, of the judged ones {share of judged boxes}."
    return evidence, text


def _measured(told: tuple[Condition, ...], misses: int) -> Measured:
    def each() -> Iterator[Evidence]:
        yield Evidence("things missed", misses, "count")
        yield Evidence("half width", min((c.high - c.low) / 2 for c in told), "points", how="of the surest comparison")
        for c in told:
            n = c.boxes + c.others
            yield Evidence(
                f"things that are {c.words}", c.difference, "points", n, c.low, c.high, "found, less others found"
            )

    evidence = tuple(each())
    text = "Of {things missed} missed things the conditions were compared to {half width} at best."
    return Measured(evidence, phrase(text, evidence))
