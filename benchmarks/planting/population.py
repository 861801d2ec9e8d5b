"""Where the pictures of a case come from, so that fresh ones can be drawn: the truth of a gain is the gain on those."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from tools.case import Case
from tools.settings import Settings

DIMENSION = 32
FRESH = 8_100
"""Fresh pictures a true gain is measured on, all kinds alike: its own error is then about .003 at an accuracy of .9."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures of a population.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of length 1.
    names : ndarray of str, shape (n,)
        Right classes.
    setting : ndarray of bool, shape (n,)
    burst, kind : ndarray of int64, shape (n,)
    """

    vectors: NDArray[np.float32]
    names: NDArray[np.str_]
    setting: NDArray[np.bool_]
    burst: NDArray[np.int64]
    kind: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """Kinds of pictures, each a Gaussian cloud of deviation 1 that belongs to a class.

    Attributes
    ----------
    centres : ndarray of float64, shape (kinds, at most ``DIMENSION`` − 1)
        In deviations; the directions left out hold nothing but noise.
    classes : tuple of str, length kinds
        The class of each kind.
    cue : float
        How far apart, in deviations, the two settings are along the last direction; 0 = there are none.
    """

    centres: NDArray[np.float64]
    classes: tuple[str, ...]
    cue: float = 0.0

    def draw(
        self,
        counts: Sequence[int],
        rng: np.random.Generator,
        *,
        burst: int = 1,
        spread: float = 0.0,
        agreement: float = 0.5,
    ) -> Drawn:
        """So many pictures of each kind.

        Parameters
        ----------
        counts : sequence of int, length kinds
            Multiples of ``burst``.
        burst : int
            Pictures that show the same object in the same setting.
        spread : float
            Deviations between pictures of one object.
        agreement : float
            Share of the bursts whose setting is the usual one of their class: the first class's is False.
        """
        if any(count % burst for count in counts):
            raise ValueError(f"{list(counts)} pictures cannot be cut into bursts of {burst}")
        kind = np.repeat(np.arange(len(counts)), np.array(counts) // burst)
        names = np.array(self.classes)[kind]
        vectors = rng.normal(size=(len(kind), DIMENSION))
        vectors[:, : self.centres.shape[1]] += self.centres[kind]
        usual = names != min(self.classes)
        setting = np.where(rng.random(len(kind)) < agreement, usual, ~usual)
        vectors[:, -1] += self.cue * (setting - 0.5)
        vectors = np.repeat(vectors, burst, axis=0)
        if spread:
            vectors += spread * rng.normal(size=vectors.shape)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        of = np.repeat(np.arange(len(kind)), burst)
        return Drawn(vectors.astype(np.float32), names[of], setting[of], of, kind[of])

    def fresh(self, rng: np.random.Generator, *, spread: float = 0.0, agreement: float = 0.5) -> Drawn:
        """``FRESH`` pictures, each of another object."""
        each = -(-FRESH // len(self.classes))
        return self.draw([each] * len(self.classes), rng, spread=spread, agreement=agreement)


def apart(names: Sequence[str], distance: float) -> Population:
    """One kind a class, every two centres ``distance`` deviations from each other."""
    return Population(np.eye(len(names)) * distance / np.sqrt(2), tuple(names))


def case_of(
    train: Drawn,
    test: Drawn | None,
    rng: np.random.Generator,
    *,
    repeats: int = 2,
    folds: int = 5,
    columns: Sequence[str] = (),
    together: int = 0,
) -> Case:
    """A case of drawn pictures; bursts are known by a column, and the brightness of the surround shows the setting.

    Parameters
    ----------
    test : Drawn or None
        None = no test split.
    rng : Generator
        Draws the brightness and the case's own seed.
    columns : sequence of str
        What a column tells of every picture: ``setting``, ``kind``.
    together : int
        So many pictures that follow each other are said to be a burst although each shows another object; 0 = none.
    """
    parts = [train] if test is None else [train, test]
    setting = np.concatenate([part.setting for part in parts])
    shift = int(train.burst.max()) + 1
    burst = np.concatenate([part.burst + number * shift for number, part in enumerate(parts)])
    if together:
        burst = np.concatenate([burst[: len(train.burst)] // together, burst[len(train.burst) :]])
    kind = np.concatenate([part.kind for part in parts])
    told = {"setting": np.where(setting, "plate", "hand"), "kind": np.array([f"kind {number}" for number in kind])}
    known = len(np.unique(burst)) < len(burst)
    bright = 0.3 + 0.4 * setting + rng.normal(scale=0.08, size=len(setting))
    return assemble(
        np.concatenate([part.vectors for part in parts]).astype(np.float64),
        np.concatenate([part.names for part in parts]).tolist(),
        np.repeat(["train", "test"][: len(parts)], [len(part.names) for part in parts]).tolist(),
        settings=Settings(
            repeats=repeats, folds=folds, seed=int(rng.integers(2**31)), group_column="burst" if known else None
        ),
        metadata={name: told[name] for name in columns}
        | ({"burst": np.array([f"b{number}" for number in burst])} if known else {}),
        properties={"border_brightness": bright.astype(np.float32)},
    )
