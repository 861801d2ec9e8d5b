"""Judged pictures of a class with a cue taken away or brought in, each beside equal other changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.cues import Tested
from tools.other_pictures import SHORTER, MovedProperty, OtherBackgrounds, Pixels, smaller
from tools.pixel_changes import CHANGEABLE
from tools.registry import NotApplicable

MOST_PICTURES = 20
"""Of each side; a picture costs ten encodings or more."""
FEWEST_PICTURES = 8
"""Of a side, below which it says nothing."""
CHUNK = 4
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Changed(Generic[Found]):
    """One picture of A with its changed versions, and what came of them.

    Attributes
    ----------
    row : int
    removed : bool
        As in ``Moves``.
    donors, control_donors : ndarray of int64, shape (changes,) and (controls,)
    found : Found
    """

    row: int
    removed: bool
    donors: NDArray[np.int64]
    control_donors: NDArray[np.int64]
    found: Found


def changed_pictures(
    case: Case,
    test: Tested,
    use: Callable[[int, list[Pixels]], Found],
    *,
    most: int = MOST_PICTURES,
    side: int = SHORTER,
    side_by_side: bool | None = None,
) -> list[Changed[Found]]:
    """Make the changed versions of pictures of A, and hand each picture's to ``use``.

    Parameters
    ----------
    use : callable
        Takes a row and the picture as it is, then changed, then changed as controls; called from several threads.
    most : int
        Pictures with the cue, and without it.
    side : int
        Shorter side that pictures keep, pixels.
    side_by_side : bool or None
        As ``Eyes.in_slices`` takes it.

    Raises
    ------
    NotApplicable
        If nothing can be changed, or there are too few pictures.
    """
    must_be_changeable(test)
    a, b = (case.number(name) for name in test.pair)
    rng = case.rng(f"intervention-{test.cue.name}-{test.pair}")
    rows, removed = _pictures(case, test, a, rng, most)
    change = (
        OtherBackgrounds(case, test, a, b, rng) if test.cue.change == "background" else MovedProperty(case, test, a, b)
    )
    seeds = rng.integers(0, 2**32, len(rows))

    def one(at: int, end: int) -> list[Changed[Found]]:
        out = []
        part = rows[at:end].tolist()
        for number, (row, pixels) in enumerate(zip(part, smaller(case.eyes.pixels(part), side), strict=True), at):
            gone = bool(removed[number])
            versions, donors, controls = change.versions(row, pixels, gone, np.random.default_rng(seeds[number]))
            if versions:  # else it has no foreground
                out.append(Changed(row, gone, donors, controls, use(row, [pixels, *versions])))
        return out

    chunks = case.eyes.in_slices(len(rows), one, CHUNK, side_by_side=side_by_side)
    done = [entry for chunk in chunks for entry in chunk]
    if not done:
        raise NotApplicable("no foreground could be told from a background in these pictures")
    return done


def must_be_changeable(test: Tested) -> None:
    """Refuse what is neither a background nor a property with a change of its own.

    Raises
    ------
    NotApplicable
    """
    if not (test.cue.change == "background" or test.cue.change in CHANGEABLE):
        raise NotApplicable("it is nothing that can be taken out of a picture or put into one")


def _pictures(
    case: Case, test: Tested, a: int, rng: np.random.Generator, most: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Judged pictures of A with the cue, and without it; groups in turn."""
    mine = np.flatnonzero(case.derived.judged & (case.targets == a) & np.isfinite(test.cue.values))
    groups = case.derived.grouping.groups
    chosen = []
    for side in (mine[test.looks_like_b[mine]], mine[~test.looks_like_b[mine]]):
        rows = rng.permutation(side)
        later = np.ones(len(rows), dtype=np.bool_)
        later[np.unique(groups[rows], return_index=True)[1]] = False
        picked = rows[np.argsort(later, kind="stable")][:most]
        chosen.append(picked if len(picked) >= FEWEST_PICTURES else picked[:0])
    if not len(chosen[1]) or (not len(chosen[0]) and test.cue.change != "background"):
        raise NotApplicable(f"fewer than {FEWEST_PICTURES} pictures of {test.pair[0]} can be changed")
    return np.concatenate(chosen), np.repeat([True, False], [len(c) for c in chosen])
