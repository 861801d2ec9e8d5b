"""Classes with fewer training pictures than the guides ask for, and whether the errors are there.

Pictures of a burst show one object again and again, so the number of independent groups stands beside the number of
pictures; the guides' floors are about pictures, and only those decide.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import clustered_share
from tools.wording import listed, phrase

CODE = "image-quantity"
ADVISED = 50
"""Pictures per class that Custom Vision and Clarifai advise as a minimum."""
FLOOR = 15
"""Pictures per object below which AI Builder does not train."""
NAMED = 6
"""Classes named in the sentence; the evidence holds them all."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """Training pictures and independent groups per class, shapes (k,)."""

    pictures: NDArray[np.int64]
    groups: NDArray[np.int64]


def check(case: Case, scope: Scope) -> Findings:
    """Report the classes that are short of pictures, in one finding."""
    if not case.fit.any():
        raise NotApplicable("no training picture has a label, so there is nothing to count per class")
    found = measure(case)
    chosen = scoped_classes(case, scope)
    evidence = tuple(e for c in np.flatnonzero(chosen) for e in _counts(case.classes[c], found, int(c)))
    short = np.flatnonzero(chosen & (found.pictures < ADVISED))
    if len(short):
        yield _finding(case, found, short[np.argsort(found.pictures[short], kind="stable")])
    return Measured(evidence, f"one class with {ADVISED - 1} training pictures would have been reported")


def measure(case: Case) -> Quantity:
    """Count the pictures a model may be fitted on."""
    targets, k = case.targets[case.fit], len(case.classes)
    pairs = np.unique(np.stack([targets, case.derived.grouping.groups[case.fit]]), axis=1)
    return Quantity(np.bincount(targets, minlength=k), np.bincount(pairs[0], minlength=k))


def _counts(name: str, found: Quantity, number: int) -> tuple[Evidence, ...]:
    pictures, groups = int(found.pictures[number]), int(found.groups[number])
    return (
        Evidence(f"images of {name}", pictures, "images", how="labelled pictures in train and val"),
        Evidence(f"groups of {name}", groups, "count", pictures, how="bursts or near copies count once"),
    )


def _finding(case: Case, found: Quantity, short: NDArray[np.int64]) -> Finding:
    names = [case.classes[c] for c in short]
    evidence = [
        Evidence("classes short of pictures", len(short), "count", len(case.classes)),
        Evidence("advised", ADVISED, "images", how="Custom Vision and Clarifai: at least this many per class"),
        Evidence("floor", FLOOR, "images", how="AI Builder: at least this many per object"),
        Evidence("classes below the floor", float((found.pictures[short] < FLOOR).sum()), "count", len(case.classes)),
        Evidence(
            "pictures missing", float((ADVISED - found.pictures[short]).sum()), "images", how="to advised, summed"
        ),
    ]
    for c in short:
        evidence += [*_counts(case.classes[c], found, int(c)), *_recall(case, int(c))]
        evidence.append(Evidence(f"missing of {case.classes[c]}", ADVISED - found.pictures[c], "images"))
    extra, explained = _concentration(case, short)
    evidence += extra
    rows = np.flatnonzero(case.fit & np.isin(case.targets, short))
    return Finding(
        CODE,
        f"Few pictures of {listed(names)}" if len(names) <= 3 else "Many classes have few pictures",
        severity(explained, below_floor=True),
        _sentence(found, names, short, evidence),
        tuple(evidence),
        scope=Scope(classes=tuple(names)),
        images=tuple(case.ids[rows].tolist()),
        recommendations=tuple(
            _collect(name, ADVISED - int(found.pictures[c])) for name, c in zip(names, short, strict=True)
        ),
    )


def _sentence(found: Quantity, names: list[str], short: NDArray[np.int64], evidence: list[Evidence]) -> str:
    """The summary; class names and their counts enter as words, so that no class name can break the template."""
    by_name = {e.name: e.text for e in evidence}
    words: dict[str, str] = {}
    parts: list[str] = []
    for i, (name, c) in enumerate(zip(names[:NAMED], short, strict=False)):
        field = "abcdef"[i]
        words |= {f"name_{field}": name, f"images_{field}": by_name[f"images of {name}"]}
        words |= {f"groups_{field}": by_name[f"groups of {name}"]}
        bursts = f" in {{groups_{field}}} groups" if 0 < found.groups[c] < found.pictures[c] else ""
        parts.append(f"{{name_{field}}} has {{images_{field}}}{bursts}")
    more = ", and others have fewer than advised" if len(names) > NAMED else ""
    text = f"The guides advise {{advised}} training pictures per class; {listed(parts)}{more}."
    if (found.pictures[short] < FLOOR).any():
        text += " Classes even below {floor}, the floor for training at all: {classes below the floor}."
    if "excess" in by_name:
        text += (
            " The model errs on {error share of short classes} of their pictures against "
            "{error share of the others} of the others (difference {excess}, {excess|interval})."
        )
    return phrase(text, evidence, **words)


def _recall(case: Case, number: int) -> tuple[Evidence, ...]:
    rows = case.derived.judged & (case.targets == number)
    if not rows.any():
        return ()
    value, low, high = clustered_share(
        ~case.derived.errors[rows], case.derived.grouping.groups[rows], case.settings.confidence
    )
    how = f"{case.subject}; Wilson interval at the effective number of groups"
    return (Evidence(f"recall of {case.classes[number]}", value, "share", int(rows.sum()), low, high, how),)


def _concentration(case: Case, short: NDArray[np.int64]) -> tuple[tuple[Evidence, ...], float | None]:
    """Error shares of short and other classes, and the share of all errors beyond the others' rate."""
    judged, errors = case.derived.judged, case.derived.errors
    inside = judged & np.isin(case.targets, short)
    outside = judged & ~inside
    if not inside.any() or not outside.any():
        return (), None
    groups, confidence = case.derived.grouping.groups, case.settings.confidence
    here, here_low, here_high = clustered_share(errors[inside], groups[inside], confidence)
    there, there_low, there_high = clustered_share(errors[outside], groups[outside], confidence)
    n, others = int(inside.sum()), int(outside.sum())
    low = here - there - hypot(here - here_low, there_high - there)
    high = here - there + hypot(here_high - here, there - there_low)
    extra = (here - there) * n if low > 0 else 0.0
    return (
        Evidence("error share of short classes", here, "share", n, here_low, here_high, case.subject),
        Evidence("error share of the others", there, "share", others, there_low, there_high, case.subject),
        Evidence("excess", here - there, "points", n, low, high, "difference of shares; Newcombe, groups as units"),
    ), extra / max(1, int(errors.sum()))


def _collect(name: str, missing: int) -> Recommendation:
    return Recommendation(
        "collect",
        name,
        CODE,
        "Photograph more objects of this class, in new places rather than from new angles; pictures that do not "
        "exist yet cannot be tried out on the data at hand.",
        Cost(images=missing),
    )
