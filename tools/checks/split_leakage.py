"""Held-out pictures whose copies are in the training data, and what they do to the metric.

Copies are those of the near-duplicates check. A test set is compared with everything a model may be fitted on (train
and val), a val set with train. Pictures of the same burst are another matter: the grouped-images check.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.duplicates import duplicates
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_images
from tools.statistics import clustered_share, wilson
from tools.wording import phrase

CODE = "split-leakage"
LEAKED_SHARE = 0.05
"""From a twentieth of the test pictures on, remembered pictures can lift the metric by as much as most fixes gain, so
it can no longer be trusted (CIFAR-10's test set has 3 % such copies; Barz & Denzler 2020 measured their effect)."""
SEEN_BY = {"test": ("train", "val"), "val": ("train",)}


@dataclass(frozen=True, eq=False)
class Leak:
    """Leaked images of one split.

    Attributes
    ----------
    split : str
    held_out, leaked : ndarray of bool, shape (n,)
    sources : ndarray of bool, shape (n,)
        Training pictures that are copies of leaked ones.
    """

    split: str
    held_out: NDArray[np.bool_]
    leaked: NDArray[np.bool_]
    sources: NDArray[np.bool_]


def check(case: Case, scope: Scope) -> Findings:
    """Report leaked pictures of test and of val."""
    leaks = measure(case)
    if not leaks:
        raise NotApplicable("there is no test or val split beside train, so nothing can leak between splits")
    inside = scoped_images(case, scope)
    evidence: list[Evidence] = []
    for leak in leaks:
        found = _evidence(case, leak, inside)
        evidence += found
        if (leak.leaked & inside).any():
            yield _finding(case, leak, inside, (*found, *_accuracy(case, leak)))
    totals = ", ".join(f"{int(leak.held_out.sum())} {leak.split}" for leak in leaks)
    return Measured(tuple(evidence), f"one copied picture among {totals} pictures; found are {duplicates(case).reach}")


def measure(case: Case) -> list[Leak]:
    """Held-out pictures with a copy in the training data, for each split that is there."""
    splits, sets = case.dataset.splits, duplicates(case).sets
    leaks = []
    for split, sources in SEEN_BY.items():
        held_out, seen = splits == split, np.isin(splits, sources)
        if held_out.any() and seen.any():
            leaked = held_out & np.isin(sets, sets[seen])
            leaks.append(Leak(split, held_out, leaked, seen & np.isin(sets, sets[leaked])))
    return leaks


def _evidence(case: Case, leak: Leak, inside: NDArray[np.bool_]) -> tuple[Evidence, ...]:
    total, leaked = int((leak.held_out & inside).sum()), int((leak.leaked & inside).sum())
    low, high = wilson(leaked, total, case.settings.confidence)
    how = f"{leak.split} pictures with a copy in {' or '.join(SEEN_BY[leak.split])}"
    return (
        Evidence(f"leaked {leak.split} pictures", leaked, "images", total, how=how),
        Evidence(f"leaked share of {leak.split}", leaked / max(total, 1), "share", total, low, high, how),
    )


def _accuracy(case: Case, leak: Leak) -> tuple[Evidence, ...]:
    """Accuracy with and without leaked pictures; nothing where the split is not the one errors are counted on."""
    derived = case.derived
    judged = derived.judged & leak.held_out
    clean = judged & ~leak.leaked
    if leak.split != "test" or not case.has_test or not clean.any():
        return ()
    out = []
    for name, rows in (("accuracy with them", judged), ("accuracy without them", clean)):
        value, low, high = clustered_share(
            ~derived.errors[rows], derived.grouping.groups[rows], case.settings.confidence
        )
        out.append(Evidence(name, value, "share", int(rows.sum()), low, high, f"{case.subject}, test, groups as units"))
    out.append(Evidence("change", out[1].value - out[0].value, "points", int(judged.sum()), how="without − with"))
    return tuple(out)


def _finding(case: Case, leak: Leak, inside: NDArray[np.bool_], evidence: tuple[Evidence, ...]) -> Finding:
    split = leak.split
    text = (
        f"{{leaked {split} pictures}} {split} pictures ({{leaked share of {split}}}) have a copy in the training data."
    )
    if any(e.name == "change" for e in evidence):
        text += (
            " Without them accuracy is {accuracy without them} ({accuracy without them|interval}) instead of "
            "{accuracy with them}."
        )
    ids = tuple(case.ids[leak.leaked & inside].tolist())
    share = leak.leaked.sum() / leak.held_out.sum()
    return Finding(
        CODE,
        f"Pictures of {split} are also in the training data",
        severity(None, blocks_trust=bool(split == "test" and case.has_test and share >= LEAKED_SHARE)),
        phrase(text, evidence),
        evidence,
        images=ids,
        recommendations=(
            Recommendation(
                "remove",
                f"copies of {split} pictures in the training data",
                CODE,
                "Take the training copies out and train again. This mends the measurement, not the model, so there "
                "is no gain to try out beforehand.",
                Cost(clicks=int(leak.sources.sum())),
                images=tuple(case.ids[leak.sources].tolist()),
            ),
        ),
    )
