"""Classes with less than half the pictures of the largest class, and whether errors go to that class.

Imbalance does harm by pulling pictures of small classes to the large one. Whether it does here is measured: the share
of the small classes' errors that are named as the largest class, against the share it would get if errors were spread
by class size alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import clustered_share
from tools.wording import phrase

CODE = "class-balance"
RATIO = 2
"""Largest : smallest that Custom Vision calls balanced at most."""
COUNTED = 20
"""Errors below which shares are counts, too few to say where they go (DECISIONS "Few errors")."""


@dataclass(frozen=True, eq=False)
class Balance:
    """Training pictures per class and the extremes.

    Attributes
    ----------
    pictures : ndarray of int64, shape (k,)
    largest, smallest : int
        Class numbers; classes without any training picture are the image-quantity check's matter.
    short : ndarray of bool, shape (k,)
        Classes with less than 1 / ``RATIO`` of the largest.
    """

    pictures: NDArray[np.int64]
    largest: int
    smallest: int
    short: NDArray[np.bool_]

    @property
    def missing(self) -> NDArray[np.int64]:
        """Pictures each class lacks to reach the advised ratio, shape (k,)."""
        return np.where(self.short, -(-self.pictures[self.largest] // RATIO) - self.pictures, 0)


def check(case: Case, scope: Scope) -> Findings:
    """Report imbalance in one finding."""
    found = measure(case)
    if found is None:
        raise NotApplicable("fewer than two classes have labelled training pictures, so there is no balance to judge")
    evidence = _sizes(found)
    chosen = scoped_classes(case, scope)
    short = found.short if chosen[found.largest] else found.short & chosen
    if short.any():
        yield _finding(case, found, evidence, short)
    return Measured(evidence, f"a smallest class just below 1 : {RATIO} of the largest would have been reported")


def measure(case: Case) -> Balance | None:
    """Count the pictures a model may be fitted on; None with fewer than two classes."""
    pictures = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    present = np.flatnonzero(pictures)
    if len(present) < 2:
        return None
    largest = int(np.argmax(pictures))
    smallest = int(present[np.argmin(pictures[present])])
    return Balance(pictures, largest, smallest, (pictures > 0) & (pictures * RATIO < pictures[largest]))


def _sizes(found: Balance) -> tuple[Evidence, ...]:
    large, small = int(found.pictures[found.largest]), int(found.pictures[found.smallest])
    return (
        Evidence("largest", large, "images", how="labelled pictures in train and val"),
        Evidence("smallest", small, "images", how="labelled pictures in train and val"),
        Evidence("ratio", large / small, "ratio", how="largest ÷ smallest"),
        Evidence("advised ratio", RATIO, "count", how="Custom Vision: at most this many to one"),
        Evidence("classes below", int(found.short.sum()), "count", how="classes with less than half of the largest"),
    )


def _finding(case: Case, found: Balance, sizes: tuple[Evidence, ...], short: NDArray[np.bool_]) -> Finding:
    names = [case.classes[c] for c in np.flatnonzero(short)]
    large, small = case.classes[found.largest], case.classes[found.smallest]
    evidence = [*sizes]
    for c in np.flatnonzero(short):
        evidence.append(Evidence(f"images of {case.classes[c]}", found.pictures[c], "images"))
        evidence.append(
            Evidence(f"missing of {case.classes[c]}", found.missing[c], "images", how="to half the largest")
        )
    pull, explained = _pull(case, found)
    evidence += pull
    text = (
        "Not balanced: {largest} vs {smallest} images, ratio {ratio} ({large} and {small}); "
        "classes with less than half the pictures of {large}: {classes below}."
    )
    if pull:
        text += (
            " Of the small classes' errors {named as the largest} ({named as the largest|interval}) are named "
            "{large}, where class sizes alone would give {expected by size}: " + _verdict(explained)
        )
    rows = np.flatnonzero(case.fit & short[case.targets])
    return Finding(
        CODE,
        f"Many more pictures of {large} than of {small}",
        severity(explained, below_floor=True),
        phrase(text, evidence, large=large, small=small),
        tuple(evidence),
        scope=Scope(classes=tuple(names)),
        images=tuple(case.ids[rows].tolist()),
        recommendations=(
            Recommendation(
                "reweight",
                "small classes",
                CODE,
                "Give every class the same weight in training; this needs no new picture.",
                Cost(minutes=1),
                "reweight",
            ),
            *(
                Recommendation(
                    "collect",
                    case.classes[c],
                    CODE,
                    "Bring this class to half the size of the largest; new pictures cannot be tried out beforehand.",
                    Cost(images=int(found.missing[c])),
                )
                for c in np.flatnonzero(short)
            ),
        ),
    )


def _verdict(explained: float | None) -> str:
    return "errors follow the imbalance." if explained else "no more than that."


def _pull(case: Case, found: Balance) -> tuple[tuple[Evidence, ...], float | None]:
    """Where errors of the small classes go, and the share of all errors beyond what class sizes give.

    With fewer than ``COUNTED`` such errors nothing is said.
    """
    derived, targets = case.derived, case.targets
    wrong = derived.errors & (targets >= 0) & found.short[targets]
    if wrong.sum() < COUNTED:
        return (), None
    to_largest = derived.predicted[wrong] == found.largest
    others = found.pictures.sum() - found.pictures[targets[wrong]]
    expected = float((found.pictures[found.largest] / others).mean())
    share, low, high = clustered_share(to_largest, derived.grouping.groups[wrong], case.settings.confidence)
    n = int(wrong.sum())
    explained = max(0.0, share - expected) * n / int(derived.errors.sum()) if low > expected else 0.0
    return (
        Evidence("named as the largest", share, "share", n, low, high, f"errors of small classes; {case.subject}"),
        Evidence("expected by size", expected, "share", n, how="largest ÷ all pictures of the other classes, averaged"),
    ), explained
