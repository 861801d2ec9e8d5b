"""How often a mirrored or slightly shifted picture gets another answer, though it shows the same thing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.findings import Evidence
from tools.scorers import BaselineScorer, Pixels, Scorer
from tools.statistics import clustered_mean, quantile_of_normal, wilson

MOST = 120
"""Judged pictures looked at; each costs seven answers."""
FEWEST = 12
SHIFT = 0.04
"""Of the shorter side: 9 of 224 pixels, as much as two shots of a burst differ."""
WAYS = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""Up, down, left, right."""
CHUNK = 4
MIRRORED, SHIFTED = "answers that change when mirrored", "answers that change when shifted"


def consistency(case: Case, asked: Sequence[Scorer], *, on_step: Progress = silent) -> dict[str, tuple[Evidence, ...]]:
    """Both shares for everybody asked, by ``Scorer.speaker``; empty with fewer than ``FEWEST`` judged pictures.

    Intervals draw groups of pictures. A picture whose left and right matter (a road sign, a letter) may rightly change
    when mirrored.

    Raises
    ------
    NotApplicable
        If pictures cannot be opened any more.
    """
    rows = _sample(case)
    if len(rows) < FEWEST:
        return {}
    apart = all(one.side_by_side for one in asked)

    def ask(at: int, end: int) -> list[list[NDArray[np.bool_]]]:
        part = rows[at:end].tolist()
        pairs = zip(part, case.eyes.pixels(part), strict=True)
        return [[_changes(one, row, pixels) for one in asked] for row, pixels in pairs]

    done = case.eyes.in_slices(len(rows), ask, CHUNK, side_by_side=apart, on_step=on_step)
    changed = np.array([entry for chunk in done for entry in chunk], dtype=np.float64)  # (m, asked, mirror + shifts)
    return {
        one.speaker: (
            _share(case, MIRRORED, changed[:, i, 0], rows, "left and right exchanged"),
            _share(case, SHIFTED, changed[:, i, 1:].mean(axis=1), rows, f"by {100 * SHIFT:g} % of the shorter side"),
        )
        for i, one in enumerate(asked)
    }


def asked_beside(case: Case, own: Scorer) -> tuple[Scorer, ...]:
    """A network, and the baseline where its encoder is here."""
    from tools.registry import NotApplicable

    try:
        return own, BaselineScorer(case)
    except NotApplicable:
        return (own,)


def moved(pixels: Pixels, down: int, right: int) -> Pixels:
    """The picture shifted; what comes in at the edge is mirrored from inside.

    >>> moved(np.arange(6, dtype=np.uint8).reshape(2, 3, 1), 0, 1)[0, :, 0].tolist()
    [1, 0, 1]
    """
    height, width = pixels.shape[:2]
    pad = max(abs(down), abs(right))
    wide = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)), mode="reflect" if min(height, width) > 1 else "edge")
    return np.ascontiguousarray(wide[pad - down : pad - down + height, pad - right : pad - right + width])


def _changes(asked: Scorer, row: int, pixels: Pixels) -> NDArray[np.bool_]:
    """Whether the answer changes: mirrored, then for each shift; shape (1 + shifts,)."""
    step = max(1, round(SHIFT * min(pixels.shape[:2])))
    versions = [np.ascontiguousarray(pixels[:, ::-1]), *(moved(pixels, step * y, step * x) for y, x in WAYS)]
    said = asked.logits(row, [pixels, *versions]).argmax(axis=1)
    return np.asarray(said[1:] != said[0])


def _sample(case: Case) -> NDArray[np.int64]:
    """Judged pictures of the sample every check shares, at most ``MOST``."""
    rows = case.eyes.sample(2 * MOST)
    judged = rows[case.derived.judged[rows]]
    return np.sort(case.rng("consistency").permutation(judged)[:MOST])


def _share(case: Case, name: str, values: NDArray[np.float64], rows: NDArray[np.int64], how: str) -> Evidence:
    groups = case.derived.grouping.groups[rows]
    mean, error = clustered_mean(values, groups, np.full(len(values), 1 / len(values)))
    half = quantile_of_normal(case.settings.confidence) * error
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    if not 0 < error < np.inf:  # none or all: no spread to go by
        count = len(np.unique(groups))
        low, high = wilson(mean * count, count, case.settings.confidence)
    return Evidence(name, mean, "share", len(values), low, high, f"{how}; judged pictures, groups whole")
