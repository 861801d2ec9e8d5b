"""Takes a cue away from pictures, or brings it in, and measures what the model then says, beside equal other changes.

A background is replaced by others from the cue's other side, and as controls by some from its own side, which replace
the same pixels; donors of both sides are of the same classes. A property of the whole picture is brought to the other
class's usual value; its controls are the same change, its sign varying over the picture. What counts is the change of
the A − B margin less that of the controls.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays, Case
from tools.cue_candidates import kept
from tools.cues import Tested
from tools.margins import HeldOut, held_out
from tools.pixel_changes import CHANGEABLE, changed, equal_changes
from tools.registry import NotApplicable

Pixels = NDArray[np.uint8]

MOST_PICTURES = 20
"""Of each side; a picture costs ten encodings or more."""
FEWEST_PICTURES = 8
"""Of a side, below which it says nothing."""
CHANGES, CONTROLS = 3, 4
"""Backgrounds of the other side, and of the own side, that each picture is put on."""
DONORS, FEWEST_DONORS = 24, 6
"""Most and fewest pictures of a side that lend their backgrounds."""
SMALLEST = 0.2
"""Least part of the way from A to B that a cue must move pictures to be called a cause. Heads fitted to a hundred
pictures lean a little on anything; planted cues move them half the way and more."""
RESAMPLES = 999
SHORTER = 256
"""Pixels along the shorter side that changes are made on; no encoder here resizes to more than some 384."""
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
    """Change pictures of A and encode them again; kept in the case's store.

    Raises
    ------
    NotApplicable
        If nothing can be changed, pictures or encoder are not here, or there are too few pictures.
    """
    cue = test.cue
    if not (cue.change == "background" or cue.change in CHANGEABLE):
        raise NotApplicable("it is nothing that can be taken out of a picture or put into one")
    name = f"intervention-{cue.name}-{'|'.join(test.pair)}"
    arrays = kept(case, name, lambda: _measured(case, test))
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
    heads = held_out(case)
    rng = case.rng(f"intervention-{test.cue.name}-{test.pair}")
    rows, removed = _pictures(case, test, a, rng)
    judged = np.flatnonzero(case.derived.judged)
    found = heads.logits(judged, case.space.vectors[judged])
    margins, labels = found[:, a] - found[:, b], case.targets[judged]
    gap = float(np.median(margins[labels == a]) - np.median(margins[labels == b])) if (labels == b).any() else 0.0
    if gap <= 0:
        raise NotApplicable("the baseline does not tell the two classes apart")
    change = _Backgrounds(case, test, a, b, rng) if test.cue.change == "background" else _Property(case, test, a, b)
    done = _changed(case, heads, change, rows, removed, a, b, rng)
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
    heads: HeldOut,
    change: "_Backgrounds | _Property",
    rows: NDArray[np.int64],
    removed: NDArray[np.bool_],
    a: int,
    b: int,
    rng: np.random.Generator,
) -> list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
    """Margins (before, changes, controls) and donors of each picture; empty where it has no foreground."""
    from embeddings.cores import usable_cores

    encoder = case.eyes.encoder
    seeds = rng.integers(0, 2**32, len(rows))

    def one(at: int) -> list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
        out = []
        part = rows[at : at + CHUNK].tolist()
        for number, (row, pixels) in enumerate(zip(part, smaller(case.eyes.pixels(part)), strict=True), at):
            versions, donors, control_donors = change.versions(
                row, pixels, bool(removed[number]), np.random.default_rng(seeds[number])
            )
            if not versions:
                out.append((np.zeros(0), donors, control_donors))
                continue
            batch = np.stack([encoder.prepare(version) for version in (pixels, *versions)])
            found = heads.logits(np.full(len(batch), row), encoder.encode(batch).vectors)
            out.append((found[:, a] - found[:, b], donors, control_donors))
        return out

    threads = (case.settings.threads or usable_cores()) if encoder.side_by_side else 1
    with ThreadPoolExecutor(threads) as pool:
        return [entry for chunk in pool.map(one, range(0, len(rows), CHUNK)) for entry in chunk]


Versions = tuple[list[Pixels], NDArray[np.int64], NDArray[np.int64]]


class _Property:
    """Brings a property to the other class's usual value."""

    def __init__(self, case: Case, test: Tested, a: int, b: int) -> None:
        values = test.cue.values
        self._name = test.cue.change
        self._usual = [float(np.median(values[case.fit & (case.targets == number)])) for number in (a, b)]

    def versions(self, row: int, pixels: Pixels, removed: bool, rng: np.random.Generator) -> Versions:
        """One changed picture, and controls."""
        other = changed(pixels, self._name, self._usual[0 if removed else 1])
        return (
            [other, *equal_changes(pixels, other, rng, CONTROLS)],
            np.full(1, -1, dtype=np.int64),
            np.full(CONTROLS, -1, dtype=np.int64),
        )


class _Backgrounds:
    """Puts a picture's foreground on backgrounds of other pictures."""

    def __init__(self, case: Case, test: Tested, a: int, b: int, rng: np.random.Generator) -> None:
        self._encoder = case.eyes.encoder
        self._donors = [donors_of(case, rows) for rows in matched_donors(case, test, (a, b), rng)]
        if min(map(len, self._donors)) < FEWEST_DONORS:
            raise NotApplicable(
                f"fewer than {FEWEST_DONORS} pictures, of one class as many on either side, can lend a background"
            )

    def versions(self, row: int, pixels: Pixels, removed: bool, rng: np.random.Generator) -> Versions:
        """Backgrounds of the other side, then of the own side."""
        from embeddings.counterfactuals import put_on
        from embeddings.foreground import foreground_maps
        from embeddings.regions import NoRegion, region_of

        none = np.zeros(0, dtype=np.int64)
        probability = foreground_maps(self._encoder, [pixels])[0]
        try:
            region_of(probability)
        except NoRegion:
            return [], none, none
        other, own = (self._donors[0], self._donors[1]) if removed else (self._donors[1], self._donors[0])
        picked = []
        for donors, count in ((other, CHANGES), (own, CONTROLS)):
            pool = [donor for donor in donors if donor[0] != row]
            picked.append([pool[i] for i in rng.choice(len(pool), count, replace=len(pool) < count)])
        versions = [put_on(pixels, probability, behind) for side in picked for _, behind in side]
        return versions, *(np.array([donor[0] for donor in side], dtype=np.int64) for side in picked)  # type: ignore[return-value]


Donor = tuple[int, Pixels]
"""A row, and its picture with the foreground erased."""


def matched_donors(
    case: Case, test: Tested, classes: tuple[int, int], rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Rows on A's side of the cue and on B's, each class as often on one as on the other.

    A background keeps a little of the thing that was before it (its rim, its colour on the surround). Were the donors
    of one side all of one class, that little would count as the cue.
    """
    known = (case.fit | case.derived.judged) & np.isfinite(test.cue.values)
    sides: tuple[list[int], list[int]] = ([], [])
    for number in classes:
        mine = known & (case.targets == number)
        rows = [rng.permutation(np.flatnonzero(mine & side)) for side in (~test.looks_like_b, test.looks_like_b)]
        count = min(DONORS // 2, *map(len, rows))
        for side, found in zip(sides, rows, strict=True):
            side += found[:count].tolist()
    return [np.array(side, dtype=np.int64) for side in sides]


def donors_of(case: Case, rows: NDArray[np.int64]) -> list[Donor]:
    """Backgrounds of rows; those in which no foreground can be told from a background are left out."""
    from embeddings.counterfactuals import erase
    from embeddings.foreground import foreground_maps
    from embeddings.regions import NoRegion, region_of

    out = []
    pictures = smaller(case.eyes.pixels(rows.tolist()))
    maps = foreground_maps(case.eyes.encoder, pictures)
    for row, pixels, probability in zip(rows.tolist(), pictures, maps, strict=True):
        try:
            out.append((row, erase(pixels, region_of(probability))))
        except NoRegion:
            continue
    return out


def smaller(pictures: Sequence[Pixels]) -> list[Pixels]:
    """Pictures reduced by a whole factor, the shorter side still at least ``SHORTER``."""
    out = []
    for pixels in pictures:
        factor = max(1, min(pixels.shape[:2]) // SHORTER)
        height, width = (side // factor for side in pixels.shape[:2])
        blocks = pixels[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
        out.append(np.round(blocks.mean(axis=(1, 3))).astype(np.uint8))
    return out
