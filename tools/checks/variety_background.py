"""Classes photographed before one kind of background, and whether errors gather before some kind of background.

The surround's brightness and colour are known of every picture. A sample is opened again: is the backdrop plain or
busy, and into which kinds do the vectors of the pictures with their foreground erased fall? Kinds without a text tower
have no name: pictures show them, and what remains of a large object may take part in them.
"""

import numpy as np

from tools.case import Case
from tools.concept_modes import concept_partitions
from tools.contrast import contrast
from tools.findings import Scope
from tools.registry import Findings, NotApplicable
from tools.subclasses import find_parts
from tools.variety import Partition, binned
from tools.variety_findings import report

CODE = "variety-background"
PLAIN = 12.0
"""Spread of the backdrop's colours (8-bit Lab units) up to which it is plain, set by looking: trays and tables of one
colour lie below (85 cookies on one tray: median 10.0), patterned ones above (234 grocery shelves: 16.0 at least)."""
DARK, BRIGHT = 0.33, 0.67
COLOURFUL = 0.25
KINDS = "ABCDEF"


def check(case: Case, scope: Scope) -> Findings:
    """Report errors that gather before a kind of background, and classes that lack a kind that others have."""
    partitions, notes = border_partitions(case), []
    try:
        partitions.append(backdrop(case))
        partitions += background_kinds(case)
    except NotApplicable as reason:
        notes.append(f"Backdrops were not looked at: {reason}.")
    try:
        partitions += concept_partitions(case, "backgrounds", "the background", narrow=True)
    except NotApplicable as reason:
        notes.append(f"Kinds of background are not named: {reason}.")
    if not partitions:
        raise NotApplicable(notes[0].removesuffix("."))
    return (yield from report(case, scope, CODE, partitions, note=" ".join(notes)))


def border_partitions(case: Case) -> list[Partition]:
    """By brightness and colour of the outer ring, of every picture."""
    rows, properties = np.arange(len(case.ids)), case.dataset.properties
    out = []
    if "border_brightness" in properties:
        of = binned(properties["border_brightness"].astype(np.float64), (DARK, BRIGHT))
        modes = ("dark around the edges", "of medium brightness around the edges", "bright around the edges")
        how = f"mean luma of the outer ring below {DARK}, up to {BRIGHT}, above"
        out.append(Partition("surround", rows, modes, of, how, of_pixels=True))
    if "border_saturation" in properties:
        of = binned(properties["border_saturation"].astype(np.float64), (COLOURFUL,))
        colours = ("grey, white or black around the edges", "colourful around the edges")
        how = f"mean saturation of the outer ring below {COLOURFUL}"
        out.append(Partition("surround's colour", rows, colours, of, how, of_pixels=True))
    return out


def backdrop(case: Case) -> Partition:
    """Plain (neutral) or busy, of a sample."""
    seen = case.derived.parts.looks
    how = f"colours of the outer ring spread by up to {PLAIN:g} Lab units; {len(seen.rows)} pictures opened again"
    modes = "before a plain backdrop", "before a busy background"
    of = binned(seen.spread.astype(np.float64), (PLAIN,))
    return Partition("backdrop", seen.rows, modes, of, how, narrow=True, of_pixels=True)


def background_kinds(case: Case) -> list[Partition]:
    """Stable clusters of the background vectors of a sample, found without labels; empty where none is stable."""
    parts = case.derived.parts
    groups = case.derived.grouping.groups[parts.rows]
    found, stability = find_parts(parts.background, groups, case.rng("background-kinds"))
    if found is None:
        return []
    words = []
    for kind in range(len(found.centres)):
        mine, others = parts.rows[found.labels == kind], parts.rows[found.labels != kind]
        told = [w for w in contrast(case, mine, others).words if not w.startswith("to the encoder")]
        words.append(f"of background kind {KINDS[kind]}" + (f" ({', '.join(told)} than the others)" if told else ""))
    how = (
        f"clusters of the pictures with their foreground erased, stability {stability:.2f}; "
        f"{len(parts.rows)} pictures opened again"
    )
    return [Partition("kind of background", parts.rows, tuple(words), found.labels, how, narrow=True, of_pixels=True)]
