"""Takes a cue away from pictures, or brings it in, and measures what the model then says, beside equal other changes.

A background is replaced by others from the cue's other side, and as controls by some from its own side, which replace
the same pixels; donors of both sides are of the same classes. A property of the whole picture is brought to the other
class's usual value; its controls are the same change, its sign varying over the picture. What counts is the change of
the A − B margin less that of the controls.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays, Case
from tools.cues import Tested
from tools.other_pictures import MovedProperty, OtherBackgrounds, smaller
from tools.pixel_changes import CHANGEABLE
from tools.registry import NotApplicable
from tools.scorers import Scorer, scorer

MOST_PICTURES = 20
"""Of each side; a picture costs ten encodings or more."""
FEWEST_PICTURES = 8
"""Of a side, below which it says nothing."""
SMALLEST = 0.2
"""Least part of the way from A to B that a cue must move pictures to be called a cause. Heads fitted to a hundred
pictures lean a little on anything; planted cues move them half the way and more."""
RESAMPLES = 999
CHUNK = 4


@dataclass(frozen=True, eq=False)
class Moves:
    """A − B margins of changed pictures.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Pictures of A.
    removed : ndarray of bool, shape (m,)
        Whether the cue was taken away (it was there) or brought in.
    before : ndarray of float64, shape (m,)
    after, controls : ndarray of float64, shape (m, changes) and (m, controls)
    donors, control_donors : ndarray of int64, same shapes
        Row that gave the background; −1 where nothing was given.
    gap : float
        Median margin of A's judged pictures less that of B's: the way from A to B.
    """

    rows: NDArray[np.int64]
    removed: NDArray[np.bool_]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    controls: NDArray[np.float64]
    donors: NDArray[np.int64]
    control_donors: NDArray[np.int64]
    gap: float


@dataclass(frozen=True)
class Effect:
    """What a cue does.

    Attributes
    ----------
    moved, low, high : float
        Part of the way from A to B, beyond the controls, and its interval; positive = the cue makes A look like B.
    p : float
        One-sided.
    flipped, control_flipped : float
        Share of pictures that the change, and the controls, carry over the border between A and B in the direction
        in question: away from B where the cue was removed, to B where it was brought in.
    removed, inserted : int
        Pictures it was taken from, and brought into.
    agree : bool
        Whether each side that was measured points to the cue.
    """

    moved: float
    low: float
    high: float
    p: float
    flipped: float
    control_flipped: float
    removed: int
    inserted: int
    agree: bool

    @property
    def causal(self) -> bool:
        """Interval above zero, at least ``SMALLEST``, both sides of one mind."""
        return bool(self.low > 0 and self.moved >= SMALLEST and self.agree)


def intervene(case: Case, test: Tested) -> Moves:
    """Change pictures of A and ask about them again (``tools.scorers``); kept in the case's store.

    Raises
    ------
    NotApplicable
        If nothing can be changed, pictures or encoder are not here, or there are too few pictures.
    """
    cue = test.cue
    if not (cue.change == "background" or cue.change in CHANGEABLE):
        raise NotApplicable("it is nothing that can be taken out of a picture or put into one")
    name = f"intervention-{cue.name}-{'|'.join(test.pair)}"
    arrays = case.derived.kept(name, lambda: _measured(case, test))
    values = {field.name: arrays[field.name] for field in fields(Moves) if field.name != "gap"}
    return Moves(**values, gap=float(arrays["gap"][0]))  # type: ignore[arg-type]


def effect(case: Case, moves: Moves) -> Effect:
    """The cue's effect; interval by drawing groups of pictures and donors again (pigeonhole bootstrap, Owen 2007)."""
    groups = np.unique(case.derived.grouping.groups[moves.rows], return_inverse=True)[1]
    ones = np.ones(len(moves.rows))
    sign = np.where(moves.removed, 1.0, -1.0)
    plain = sign * (moves.after.mean(axis=1) - moves.controls.mean(axis=1)) / moves.gap
    rng = case.rng("interventions")
    drawn = np.array([_resampled(moves, sign, groups, rng) for _ in range(RESAMPLES)])
    drawn = drawn[np.isfinite(drawn)]
    tail = (1 - case.settings.confidence) / 2
    moved = _both_sides(plain, moves.removed, ones)
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (-1.0, 1.0)
    sides = [plain[side].mean() for side in (moves.removed, ~moves.removed) if side.any()]
    over, under = _flips(moves, moves.after), _flips(moves, moves.controls)
    removed = int(moves.removed.sum())
    p = (1 + int((drawn <= 0).sum())) / (1 + len(drawn))
    return Effect(
        moved, float(low), float(high), p, over, under, removed, len(moves.rows) - removed, bool(min(sides) > 0)
    )  # fmt: skip


def _resampled(moves: Moves, sign: NDArray[np.float64], groups: NDArray[np.int64], rng: np.random.Generator) -> float:
    weights = np.bincount(rng.integers(0, groups.max() + 1, groups.max() + 1), minlength=groups.max() + 1)[groups]
    known = np.unique(np.concatenate([moves.donors.ravel(), moves.control_donors.ravel(), [-1]]))
    times = np.bincount(rng.integers(1, max(2, len(known)), len(known) - 1), minlength=len(known)).astype(float)
    times[0] = 1.0  # what has no donor is not drawn again
    sides = []
    for values, donors in ((moves.after, moves.donors), (moves.controls, moves.control_donors)):
        share = times[np.searchsorted(known, donors)]
        total = share.sum(axis=1)
        sides.append(np.divide((values * share).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0))
    values = sign * (sides[0] - sides[1]) / moves.gap
    return _both_sides(values, moves.removed, np.where(np.isfinite(values), weights, 0.0))


def _both_sides(values: NDArray[np.float64], removed: NDArray[np.bool_], weights: NDArray[np.float64]) -> float:
    """Mean of the two sides' means: what changes in general do to A, whatever the cue, then cancels."""
    means = []
    for side in (removed, ~removed):
        if side.any():
            total = weights[side].sum()
            means.append(float(np.nansum(values[side] * weights[side]) / total) if total else np.nan)
    return float(np.mean(means))


def _flips(moves: Moves, margins: NDArray[np.float64]) -> float:
    """Share of changed pictures that go over the border in the direction in question."""
    wanted = np.where(moves.removed, 1.0, -1.0)
    return float(((np.sign(margins) == wanted[:, None]) & (np.sign(moves.before) == -wanted)[:, None]).mean())


def _measured(case: Case, test: Tested) -> Arrays:
    a, b = (case.number(name) for name in test.pair)
    asked = scorer(case)
    rng = case.rng(f"intervention-{test.cue.name}-{test.pair}")
    rows, removed = _pictures(case, test, a, rng)
    judged = np.flatnonzero(case.derived.judged)
    found = asked.known(judged)
    margins, labels = found[:, a] - found[:, b], case.targets[judged]
    gap = float(np.median(margins[labels == a]) - np.median(margins[labels == b])) if (labels == b).any() else 0.0
    if gap <= 0:
        raise NotApplicable(f"{asked.speaker} does not tell the two classes apart")
    change = (
        OtherBackgrounds(case, test, a, b, rng) if test.cue.change == "background" else MovedProperty(case, test, a, b)
    )
    done = _changed(case, asked, change, rows, removed, a, b, rng)
    usable = np.array([len(one) > 0 for one, _, _ in done])
    if not usable.any():
        raise NotApplicable("no foreground could be told from a background in these pictures")
    values = [one for one in done if len(one[0])]
    names = ("margins", "donors", "control_donors")
    margin, donors, control_donors = (np.stack([v[i] for v in values]) for i in range(len(names)))
    rows, removed = rows[usable], removed[usable]
    count = donors.shape[1]
    return {
        "rows": rows,
        "removed": removed,
        "before": margin[:, 0],
        "after": margin[:, 1 : 1 + count],
        "controls": margin[:, 1 + count :],
        "donors": donors,
        "control_donors": control_donors,
        "gap": np.array([gap]),
    }


def _pictures(
    case: Case, test: Tested, a: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Judged pictures of A with the cue, and without it; groups in turn."""
    mine = np.flatnonzero(case.derived.judged & (case.targets == a) & np.isfinite(test.cue.values))
    groups = case.derived.grouping.groups
    chosen = []
    for side in (mine[test.looks_like_b[mine]], mine[~test.looks_like_b[mine]]):
        rows = rng.permutation(side)
        later = np.ones(len(rows), dtype=np.bool_)
        later[np.unique(groups[rows], return_index=True)[1]] = False
        picked = rows[np.argsort(later, kind="stable")][:MOST_PICTURES]
        chosen.append(picked if len(picked) >= FEWEST_PICTURES else picked[:0])
    if not len(chosen[1]) or (not len(chosen[0]) and test.cue.change != "background"):
        raise NotApplicable(f"fewer than {FEWEST_PICTURES} pictures of {test.pair[0]} can be changed")
    return np.concatenate(chosen), np.repeat([True, False], [len(c) for c in chosen])


def _changed(
    case: Case,
    asked: Scorer,
    change: OtherBackgrounds | MovedProperty,
    rows: NDArray[np.int64],
    removed: NDArray[np.bool_],
    a: int,
    b: int,
    rng: np.random.Generator,
) -> list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
    """Margins (before, changes, controls) and donors of each picture; empty where it has no foreground."""
    seeds = rng.integers(0, 2**32, len(rows))

    def one(at: int, end: int) -> list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
        out = []
        part = rows[at:end].tolist()
        for number, (row, pixels) in enumerate(zip(part, smaller(case.eyes.pixels(part), asked.side), strict=True), at):
            versions, donors, control_donors = change.versions(
                row, pixels, bool(removed[number]), np.random.default_rng(seeds[number])
            )
            if not versions:
                out.append((np.zeros(0), donors, control_donors))
                continue
            found = asked.logits(row, [pixels, *versions])
            out.append((found[:, a] - found[:, b], donors, control_donors))
        return out

    chunks = case.eyes.in_slices(len(rows), one, CHUNK, side_by_side=asked.side_by_side)
    return [entry for chunk in chunks for entry in chunk]
