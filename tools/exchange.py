"""Judged pictures put on backgrounds of their own class, and of others: who gets which is drawn once per case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from tools.case import Case
from tools.other_pictures import Donor, Pixels, donors_of, smaller
from tools.registry import NotApplicable

MOST_SWAPPED = 80
SWAPS = 2
"""Backgrounds of the own class, and of other classes, that each picture is put on."""
POOL = 8
"""Backgrounds per class to choose from."""
CHUNK = 4
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Put(Generic[Found]):
    """One picture on other backgrounds, and what came of them.

    Attributes
    ----------
    row : int
    same, other : tuple of int
        Rows that gave the backgrounds of its own class, and of other classes.
    found : Found
    """

    row: int
    same: tuple[int, ...]
    other: tuple[int, ...]
    found: Found


class Exchange:
    """Judged pictures and the backgrounds that each is put on, drawn once per case.

    Attributes
    ----------
    rows : ndarray of int64
        Spread over classes; at most so many.
    pools : dict of int to list of Donor
        Backgrounds that each class lends.

    Raises
    ------
    NotApplicable
        If fewer than two classes can lend backgrounds.
    """

    def __init__(self, case: Case, most: int = MOST_SWAPPED) -> None:
        rng = case.rng("swap-backgrounds")
        sample = case.derived.parts.rows
        judged = rng.permutation(sample[case.derived.judged[sample]])
        self._case = case
        self.pools: dict[int, list[Donor]] = {}
        for number in range(len(case.classes)):
            rows = rng.permutation(sample[case.fit[sample] & (case.targets[sample] == number)])
            found = donors_of(case, rows[: POOL + 1])
            if len(found) > SWAPS:
                self.pools[number] = found
        turn = np.zeros(len(judged), dtype=np.int64)
        for number in range(len(case.classes)):
            mine = case.targets[judged] == number
            turn[mine] = np.arange(int(mine.sum()))
        rows = judged[np.argsort(turn, kind="stable")]
        self.rows = np.sort(rows[np.isin(case.targets[rows], list(self.pools))][:most])
        if len(self.pools) < 2 or not len(self.rows):
            raise NotApplicable("fewer than two classes have enough pictures that could be parted")
        self._seeds = rng.integers(0, 2**32, len(self.rows))

    def backgrounds(self, position: int) -> tuple[list[Donor], list[Donor]]:
        """For one of ``rows``: backgrounds of its own class, and of other classes."""
        dice, row = np.random.default_rng(self._seeds[position]), int(self.rows[position])
        own = int(self._case.targets[row])
        mates = [donor for donor in self.pools[own] if donor[0] != row]
        same = [mates[i] for i in dice.choice(len(mates), SWAPS, replace=False)]
        others = dice.choice([n for n in self.pools if n != own], SWAPS).tolist()
        return same, [self.pools[n][int(dice.integers(len(self.pools[n])))] for n in others]

    def put(
        self, use: Callable[[int, list[Pixels]], Found], *, side: int, side_by_side: bool | None = None
    ) -> list[Put[Found]]:
        """Put every picture on its backgrounds, and hand them to ``use``.

        Parameters
        ----------
        use : callable
            Takes a row and the picture as it is, on backgrounds of its own class, then of others; called from several
            threads.
        side : int
            Shorter side that pictures keep, pixels.

        Raises
        ------
        NotApplicable
            If no picture has a foreground.
        """
        from embeddings.counterfactuals import put_on
        from embeddings.foreground import foreground_maps
        from embeddings.regions import NoRegion

        eyes = self._case.eyes

        def one(at: int, end: int) -> list[Put[Found]]:
            out = []
            part = self.rows[at:end].tolist()
            pictures = smaller(eyes.pixels(part), side)
            maps = foreground_maps(eyes.encoder, pictures)
            for position, (row, pixels, probability) in enumerate(zip(part, pictures, maps, strict=True), at):
                same, other = self.backgrounds(position)
                try:
                    versions = [put_on(pixels, probability, behind) for _, behind in (*same, *other)]
                except NoRegion:
                    continue
                found = use(row, [pixels, *versions])
                out.append(Put(row, tuple(d[0] for d in same), tuple(d[0] for d in other), found))
            return out

        chunks = eyes.in_slices(len(self.rows), one, CHUNK, side_by_side=side_by_side)
        done = [entry for chunk in chunks for entry in chunk]
        if not done:
            raise NotApplicable("no foreground could be told from a background in the judged pictures")
        return done
