"""Copies of one picture, identical, lightly edited or mirrored.

Precision before recall: a pair counts only if its vectors are near *and* its perceptual hashes agree (or its bytes
are the same), so a burst of one object is not taken for copies; ``tools.duplicates`` gives the measured thresholds.
A mirrored picture under another label is no copy (a left and a right hand); other copies whose labels differ are the
contradicting-duplicates check's.
"""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.drill import copy_evidence
from tools.duplicates import Duplicates, duplicates
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_images
from tools.wording import phrase

CODE = "near-duplicates"
REDUNDANT_SHARE = 0.05
"""From a twentieth of the pictures on, copies overstate how much data there is and weigh single pictures double by
more than a usual interval's width; the same share that makes a finding's errors medium."""


def check(case: Case, scope: Scope) -> Findings:
    """Report sets of copies."""
    if len(case.ids) < 2:
        raise NotApplicable(f"copies need at least two pictures; this data set holds {len(case.ids)}")
    found = duplicates(case)
    inside = scoped_images(case, scope)
    members = found.copied & _touching(found.sets, inside)
    evidence = measure(found, members, inside) + copy_evidence(case)
    if members.any():
        yield _copies(case, found, members, evidence)
    return Measured(evidence, f"{found.reach}; one such pair would have been reported")


def _touching(sets: NDArray[np.int64], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Images whose set holds an image in scope, shape (n,)."""
    return np.asarray(np.bincount(sets, weights=inside)[sets] > 0)


def measure(found: Duplicates, members: NDArray[np.bool_], inside: NDArray[np.bool_]) -> tuple[Evidence, ...]:
    """Count copies among some images."""
    sets = len(np.unique(found.sets[members]))
    spare = int(members.sum()) - sets
    pairs = members[found.pairs[:, 0]]
    total = max(int(inside.sum()), 1)
    how = "identical bytes" + (
        ", or near vectors confirmed by a perceptual hash" if found.hashed else ", or all but identical vectors"
    )
    return (
        Evidence("pictures with a copy", float(members.sum()), "images", total, how=how),
        Evidence("sets of copies", sets, "count", how=how),
        Evidence("redundant copies", spare, "images", how="pictures left over when one of each set is kept"),
        Evidence("share redundant", spare / total, "share", total, how="redundant copies of all pictures looked at"),
        Evidence("identical pairs", float(found.identical[pairs].sum()), "count", how="same SHA-256 of the file"),
    )


def _copies(case: Case, found: Duplicates, members: NDArray[np.bool_], evidence: tuple[Evidence, ...]) -> Finding:
    rows = np.flatnonzero(members)
    rows = rows[np.argsort(found.sets[rows], kind="stable")]
    ids = tuple(case.ids[rows].tolist())
    spare = int(next(e.value for e in evidence if e.name == "redundant copies"))
    share = next(e.value for e in evidence if e.name == "share redundant")
    trained = found.sets[members & case.fit]
    experiment = (
        "deduplicate" if len(np.unique(trained)) < len(trained) else None
    )  # copies in test alone: nothing to try
    return Finding(
        CODE,
        "Copies of the same picture",
        severity(None, below_floor=share >= REDUNDANT_SHARE),
        phrase(
            "{pictures with a copy} pictures are copies of one another, in {sets of copies} sets: "
            "{redundant copies} of them ({share redundant}) add nothing new.",
            evidence,
        ),
        evidence,
        images=ids,
        recommendations=(
            Recommendation(
                "deduplicate",
                "copies of the same picture",
                CODE,
                "Keep one picture of each set: copies count one object several times, in training and in metrics.",
                Cost(clicks=spare),
                experiment,
                {},
                ids,
            ),
        ),
    )
