"""Classes photographed at one size or number only, and whether errors gather at some size or number.

Size is the share of the picture that the encoder's foreground map covers, number the separate patches of that map: a
measure, not a count of things. Where the encoder has a text tower, its reading of distance and number is used too.
"""

import numpy as np

from tools.case import Case
from tools.concept_modes import concept_partitions
from tools.findings import Scope
from tools.registry import Findings, NotApplicable
from tools.variety import Partition, binned
from tools.variety_findings import report

CODE = "variety-size"
SMALL, LARGE = 0.12, 0.35
"""Shares of the picture: about a third of its width and height, and about six tenths."""


def check(case: Case, scope: Scope) -> Findings:
    """Report errors that gather at a size or number, and classes that lack one that others have."""
    partitions, notes = [], []
    try:
        partitions += [size(case), number(case)]
    except NotApplicable as reason:
        notes.append(f"Sizes were not measured: {reason}.")
    try:
        partitions += concept_partitions(case, "size_and_number", "distance and number", narrow=True)
    except NotApplicable as reason:
        notes.append(f"Distance and number are not read in words: {reason}.")
    if not partitions:
        raise NotApplicable(notes[0].removesuffix("."))
    return (yield from report(case, scope, CODE, partitions, note=" ".join(notes)))


def size(case: Case) -> Partition:
    """By the foreground's share of the picture, of a sample."""
    parts = case.derived.parts
    modes = ("small in the picture", "of middling size in the picture", "large in the picture")
    how = f"foreground below {SMALL}, up to {LARGE}, above; {len(parts.rows)} pictures opened again"
    of = binned(parts.area.astype(np.float64), (SMALL, LARGE))
    return Partition("size", parts.rows, modes, of, how, narrow=True, of_pixels=True)


def number(case: Case) -> Partition:
    """By the patches of the foreground, of a sample."""
    seen = case.derived.parts.looks
    of = binned(np.where(seen.pieces > 0, seen.pieces, np.nan).astype(np.float64), (1.5,))
    how = f"patches of foreground of at least a hundredth of the picture; {len(seen.rows)} pictures opened again"
    modes = ("of one patch of foreground", "of several patches of foreground")
    return Partition("number", seen.rows, modes, of, how, ordinary=0, of_pixels=True)
