"""Pictures as they would be with a cue or without: on other pictures' backgrounds, or with a property moved."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.cues import Tested
from tools.pixel_changes import changed, equal_changes
from tools.registry import NotApplicable

Pixels = NDArray[np.uint8]
CHANGES, CONTROLS = 3, 4
"""Backgrounds of the other side, and of the own side, that each picture is put on."""
DONORS, FEWEST_DONORS = 24, 6
"""Most and fewest pictures of a side that lend their backgrounds."""
SHORTER = 256
"""Pixels along the shorter side that changes are made on; no encoder here resizes to more than some 384."""
Versions = tuple[list[Pixels], NDArray[np.int64], NDArray[np.int64]]


class MovedProperty:
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


class OtherBackgrounds:
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


def smaller(pictures: Sequence[Pixels], shorter: int = SHORTER) -> list[Pixels]:
    """Pictures reduced by a whole factor, the shorter side still at least so many pixels."""
    out = []
    for pixels in pictures:
        factor = max(1, min(pixels.shape[:2]) // shorter)
        height, width = (side // factor for side in pixels.shape[:2])
        blocks = pixels[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
        out.append(np.round(blocks.mean(axis=(1, 3))).astype(np.uint8))
    return out
