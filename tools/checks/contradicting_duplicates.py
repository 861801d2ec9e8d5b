"""The same picture under two labels, set by set: at most one label of each set can be right.

Sets are those of ``tools.duplicates`` (same bytes, or near vectors confirmed by a perceptual hash). Whatever a model
says about such a set, it is counted wrong on all of its judged pictures but those of one label: a ceiling on the
metric that no training lifts.
"""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.duplicates import duplicates
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_images
from tools.wording import listed, phrase

CODE = "contradicting-duplicates"
UNWINNABLE = 0.05
"""From a twentieth of the judged pictures on, what no model can get right weighs as much as most fixes gain, so the
metric can no longer be trusted (the share at which split-leakage distrusts it too)."""
MOST = 10
"""Findings given, those with most sets first; the totals cover all."""


def check(case: Case, scope: Scope) -> Findings:
    """Report each combination of labels that stands on copies of one picture."""
    labelled = case.targets >= 0
    if labelled.sum() < 2 or len(case.classes) < 2:
        raise NotApplicable("labels can contradict each other only where two pictures and two classes are labelled")
    found = duplicates(case)
    rows = contradicting(case.targets, found.sets)
    kept = rows & touching(found.sets, rows & scoped_images(case, scope))
    combinations: dict[tuple[int, ...], list[int]] = {}
    inside = np.flatnonzero(kept)  # whole sets, so only these need looking through
    for number in np.unique(found.sets[inside]).tolist():
        members = inside[found.sets[inside] == number]
        combinations.setdefault(tuple(np.unique(case.targets[members]).tolist()), []).extend(members.tolist())
    lost = unwinnable(case.targets, found.sets, case.derived.judged)
    judged = int(case.derived.judged.sum())
    totals = (
        Evidence("pictures under contradicting labels", int(kept.sum()), "images", int(labelled.sum())),
        Evidence("sets under contradicting labels", len(np.unique(found.sets[kept])), "count", how="sets of copies"),
        Evidence("judged pictures no model can get right", lost, "images", judged, how="but one label of each set"),
        Evidence("share no model can get right", lost / max(judged, 1), "share", judged),
    )
    largest_first = sorted(combinations.items(), key=lambda item: (-len(item[1]), item[0]))
    for numbers, members in largest_first[:MOST]:
        yield _finding(case, found.sets, numbers, np.array(members), totals)
    return Measured(totals, f"two copies under unlike labels, among copies of this kind: {found.reach}")


def contradicting(targets: NDArray[np.int64], sets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Labelled images whose set holds more than one label, shape (n,).

    >>> contradicting(np.array([0, 1, 0, 0, -1]), np.array([0, 0, 1, 1, 1])).tolist()
    [True, True, False, False, False]
    """
    labelled = targets >= 0
    pairs = np.unique(np.stack([sets[labelled], targets[labelled]]), axis=1)
    labels_in = np.bincount(pairs[0], minlength=int(sets.max()) + 1)
    return np.asarray(labelled & (labels_in[sets] > 1))


def touching(sets: NDArray[np.int64], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Images whose set holds one of ``rows``, shape (n,)."""
    return np.asarray(np.bincount(sets, weights=rows)[sets] > 0)


def unwinnable(targets: NDArray[np.int64], sets: NDArray[np.int64], judged: NDArray[np.bool_]) -> int:
    """Judged images that any model which says one thing of all copies must get wrong.

    >>> unwinnable(np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1]), np.array([True] * 4 + [False]))
    1
    """
    rows = np.flatnonzero(judged & contradicting(targets, sets))
    if not len(rows):
        return 0
    pairs, counts = np.unique(np.stack([sets[rows], targets[rows]]), axis=1, return_counts=True)
    largest = np.zeros(int(sets.max()) + 1, dtype=np.int64)
    np.maximum.at(largest, pairs[0], counts)
    return int(len(rows) - largest.sum())


def _finding(
    case: Case,
    sets: NDArray[np.int64],
    numbers: tuple[int, ...],
    members: NDArray[np.int64],
    totals: tuple[Evidence, ...],
) -> Finding:
    names = tuple(case.classes[c] for c in numbers)
    ids = tuple(case.ids[members].tolist())
    errors = int(case.derived.errors.sum())
    hit = int(case.derived.errors[members].sum())
    count = len(np.unique(sets[members]))
    evidence = (
        Evidence("pictures here", len(ids), "images", how="copies, unlike labels; listed set by set"),
        Evidence("sets here", count, "count", how="sets of copies with exactly these labels"),
        Evidence("errors among them", hit, "images", errors, how=f"{case.subject}; errors on these pictures"),
        *totals,
    )
    text = "The same picture stands under {labels}: {pictures here} pictures in {sets here} sets of copies. At most "
    text += "one label of each set can be right"
    lost = case.derived.judged.any() and totals[2].value > 0
    if lost:
        text += "; over all such sets {judged pictures no model can get right} judged pictures "
        text += "({share no model can get right}) count as errors whatever a model says"
    blocks = lost and totals[3].value >= UNWINNABLE
    short = listed(names) if len(names) <= 4 else "several labels"
    return Finding(
        CODE,
        f"The same picture is labelled {short}",
        severity(hit / errors if errors else None, blocks_trust=bool(blocks), below_floor=True),
        phrase(text + ".", evidence, labels=listed(names)),
        evidence,
        scope=Scope(classes=names, pair=(names[0], names[1]) if len(names) == 2 else None),
        images=ids,
        recommendations=(
            Recommendation(
                "relabel",
                f"copies labelled {listed(names)}",
                CODE,
                "Look at each set once and give all its pictures the same label; which one is right only a person "
                "can say, so there is nothing to try out beforehand.",
                Cost(clicks=count),
                images=ids,
            ),
        ),
    )
