"""Cluttered pictures: busy surroundings or several things in the foreground, and whether errors follow clutter.

Of a sample of pictures: the share of the background that is edge, and the separate patches of foreground. Errors are
compared within classes, between pictures more and less cluttered than is usual for their class, because a class of
crates is busy by nature. Where the encoder has a text tower, printed text, frames and the like are read too.
"""

from collections.abc import Iterator

import numpy as np

from tools.case import Case
from tools.concept_modes import presence_partitions
from tools.eyes import Looks
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes, scoped_images
from tools.statistics import clustered_share
from tools.variety import Partition, binned, relative_to_class
from tools.variety_findings import error_tests, gathered_errors
from tools.wording import phrase

CODE = "clutter"
CLUTTERED = 0.1
"""Share of the background that is edge from which on a picture is cluttered, set by looking: things on a plain or
softly patterned table lie below, crates on a shop's shelves above."""
COMMON = 0.05
"""Share of cluttered pictures that is worth saying."""
SHOWN = 12


def check(case: Case, scope: Scope) -> Findings:
    """Report how many pictures are cluttered, and errors that follow clutter."""
    seen = case.derived.parts.looks
    partitions, note = relative_partitions(case, seen), ""
    try:
        partitions += presence_partitions(case, "clutter", "printed text, frames and the like")
    except NotApplicable as reason:
        note = f" Marks are not read: {reason}."
    tests = [test for partition in partitions for test in error_tests(case, partition)]
    yield from gathered_errors(case, scope, CODE, tests)
    yield from _cluttered(case, scope, seen)
    return _measured(case, scope, seen, [t.difference.high - t.difference.excess for t in tests], note)


def relative_partitions(case: Case, seen: Looks) -> list[Partition]:
    """More edges or more patches than the median of the class's training pictures."""
    out = []
    for name, values, words in (
        ("busy background", seen.edges, "with a busier background than is usual for their class"),
        ("patches", seen.pieces, "in more patches of foreground than is usual for their class"),
    ):
        beyond = relative_to_class(case, seen.rows, values.astype(np.float64))
        modes = (f"not {words}", words)
        of = np.where(np.isnan(beyond), -1, beyond > 0).astype(np.int64)
        out.append(Partition(name, seen.rows, modes, of, f"{len(seen.rows)} pictures opened again", 0, of_pixels=True))
    return out


def _cluttered(case: Case, scope: Scope, seen: Looks) -> Iterator[Finding]:
    inside = scoped_images(case, scope)[seen.rows]
    rows, edges = seen.rows[inside], seen.edges[inside].astype(np.float64)
    hits = binned(edges, (CLUTTERED,)) == 1
    share, low, high = clustered_share(hits, case.derived.grouping.groups[rows], case.settings.confidence)
    if low < COMMON:
        return
    worst = rows[np.argsort(-edges, kind="stable")][: min(SHOWN, int(hits.sum()))]
    ids = tuple(str(i) for i in case.ids[worst])
    evidence = (
        Evidence(
            "share of cluttered pictures", share, "share", len(rows), low, high, "of a sample; groups drawn whole"
        ),
        Evidence("limit", CLUTTERED, "share", how="share of the background that is edge"),
    )
    yield Finding(
        CODE,
        "Cluttered pictures",
        severity(None),
        phrase("In {share of cluttered pictures} ({share of cluttered pictures|interval}) of "
               "{share of cluttered pictures|n} pictures looked at, {limit} of the background or more is edges: other "
               "things, or many of the same.", evidence),
        evidence,
        Scope(classes=tuple(c for c, s in zip(case.classes, scoped_classes(case, scope), strict=True) if s)
              if scope.classes or scope.pair else ()),
        ids,
        (
            Recommendation(
                "look at", "the most cluttered pictures", CODE,
                "the guides ask for a clear thing without clutter in training pictures, and for test pictures as they "
                "will be in use. Crop or retake them if use is less cluttered; else keep them",
                Cost(clicks=len(ids)), images=ids,
            ),
        ),
    )  # fmt: skip


def _measured(case: Case, scope: Scope, seen: Looks, half_widths: list[float], note: str) -> Measured:
    inside = scoped_classes(case, scope)
    per_class = []
    for number in np.flatnonzero(inside).tolist():
        mine = case.targets[seen.rows] == number
        if mine.any():
            name, n = case.classes[number], int(mine.sum())
            low, middle, high = np.quantile(seen.edges[mine], (0.25, 0.5, 0.75))
            how = "median and quartiles of the share of the background that is edge"
            patches = float(seen.pieces[mine].mean())
            per_class += [
                Evidence(f"edges behind {name}", float(middle), "share", n, float(low), float(high), how),
                Evidence(f"patches of foreground in pictures of {name}", patches, "ratio", n, how="mean"),
            ]
    found = [Evidence("pictures looked at", len(seen.rows), "images", how="of a sample over classes and splits")]
    if half_widths:
        found.append(Evidence("half width", min(half_widths), "points", how="of the surest comparison of errors"))
        text = "Errors were compared to {half width} at best on {pictures looked at} pictures."
    else:
        text = "Of {pictures looked at} pictures too few are judged to compare errors."
    return Measured((*found, *per_class), phrase(text, found) + note)
