"""Takes a cue away from pictures, or brings it in, and measures what the model then says, beside equal other changes.

A background is replaced by others from the cue's other side, and as controls by some from its own side, which replace
the same pixels; donors of both sides are of the same classes. A property of the whole picture is brought to the other
class's usual value; its controls are the same change, its sign varying over the picture. What counts is the change of
the A − B margin less that of the controls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays, Case
from tools.changed_pictures import Changed, changed_pictures, must_be_changeable
from tools.cues import Tested
from tools.other_pictures import Pixels
from tools.registry import NotApplicable
from tools.scorers import scorer

SMALLEST = 0.2
"""Least part of the way from A to B that a cue must move pictures to be called a cause. Heads fitted to a hundred
pictures lean a little on anything; planted cues move them half the way and more."""
RESAMPLES = 999


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
        The way from A to B: ``way_between``.
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
    must_be_changeable(test)
    name = f"intervention-{test.cue.name}-{'|'.join(test.pair)}"
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


def moves_of(done: Sequence[Changed[NDArray[np.float64]]], gap: float) -> Moves:
    """Margins of pictures, each as (before, changes, controls), and the way from A to B."""
    margins = np.stack([one.found for one in done])
    donors = np.stack([one.donors for one in done])
    count = donors.shape[1]
    return Moves(
        rows=np.array([one.row for one in done], dtype=np.int64),
        removed=np.array([one.removed for one in done], dtype=np.bool_),
        before=margins[:, 0],
        after=margins[:, 1 : 1 + count],
        controls=margins[:, 1 + count :],
        donors=donors,
        control_donors=np.stack([one.control_donors for one in done]),
        gap=gap,
    )


def way_between(of_a: NDArray[np.float64], of_b: NDArray[np.float64], *, answers: bool = False) -> float:
    """Median margin of A's pictures less that of B's.

    A model that goes by a cue alone does not tell the classes apart where the cue is as common with either. Where that
    way is less than half of the way between the pictures it calls A and those it calls B, the latter is taken.

    Parameters
    ----------
    of_a, of_b : ndarray of float64
        Margins of pictures of A and of B.
    answers : bool
        Whether margins are bare answers (1, 0, −1), whose medians say nothing: means then.

    >>> both = np.array([4.0, -4.0])
    >>> way_between(np.array([3.0, 1.0, 2.0]), np.array([-1.0, -2.0])), way_between(both, both)
    (3.5, 8.0)
    """
    middle = np.mean if answers else np.median
    if not len(of_a) or not len(of_b):
        return 0.0
    by_class = float(middle(of_a) - middle(of_b))
    together = np.concatenate([of_a, of_b])
    called_a, called_b = together[together > 0], together[together < 0]
    by_answer = float(middle(called_a) - middle(called_b)) if len(called_a) and len(called_b) else 0.0
    return by_class if by_class >= by_answer / 2 else by_answer


def _measured(case: Case, test: Tested) -> Arrays:
    a, b = (case.number(name) for name in test.pair)
    asked = scorer(case)
    judged = np.flatnonzero(case.derived.judged)
    found = asked.known(judged)
    margins, labels = found[:, a] - found[:, b], case.targets[judged]
    gap = way_between(margins[labels == a], margins[labels == b])
    if gap <= 0:
        raise NotApplicable(f"{asked.speaker} does not tell the two classes apart")

    def ask(row: int, pictures: list[Pixels]) -> NDArray[np.float64]:
        logits = asked.logits(row, pictures)
        return np.asarray(logits[:, a] - logits[:, b])

    done = changed_pictures(case, test, ask, side=asked.side, side_by_side=asked.side_by_side)
    moves = moves_of(done, gap)
    return {field.name: np.atleast_1d(getattr(moves, field.name)) for field in fields(Moves)}
