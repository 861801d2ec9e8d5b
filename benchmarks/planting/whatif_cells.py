"""Cases on which a what-if should find no gain, and cases with a planted fault and the what-if that mends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.duplicates import plant_copies
from benchmarks.planting.null_changes import DECIDED_ONCE, NULL_CHANGES
from benchmarks.planting.other_view import with_view
from benchmarks.planting.population import Population, apart, case_of
from benchmarks.planting.wrong_labels import flip
from tools.case import Case
from tools.kinds import Arguments, Kind, kinds

CLASSES = ("cat", "dog", "hen")
BURST, SPREAD = 4, 0.3
"""Pictures per burst, and deviations between them; objects of a class differ by one."""
Built = tuple[Case, NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True)
class Setting:
    """What kind of case: with a test split or without, single pictures or bursts."""

    test: bool
    burst: int

    @property
    def spread(self) -> float:
        """Deviations between pictures of one object."""
        return SPREAD if self.burst > 1 else 0.0

    def __str__(self) -> str:
        return f"{'test split' if self.test else 'folds'}, {'bursts' if self.burst > 1 else 'single pictures'}"


SETTINGS = tuple(Setting(test, burst) for test in (True, False) for burst in (1, BURST))
SPLIT = tuple(setting for setting in SETTINGS if setting.test)


def built(
    population: Population,
    train: Sequence[int],
    setting: Setting,
    seed: int,
    *,
    test: Sequence[int] | None = None,
    agreement: float = 0.5,
    share: float = 0.0,
    copies: int = 0,
    columns: Sequence[str] = (),
    together: int = 0,
) -> Built:
    """A case of a population, and fresh pictures of it with the labels an evaluation would give them.

    Parameters
    ----------
    train : sequence of int
        Pictures of each kind.
    test : sequence of int, optional
        In the test split, where there is one; as many as in training when left out.
    agreement : float
        Of setting and class in training; in test and fresh pictures they are independent.
    share : float
        Of the training labels (of bursts, where there are), made wrong. Without a test split they judge as well, so
        that as many fresh labels are wrong.
    copies : int
        Training pictures copied.
    columns, together
        As of ``case_of``.
    """
    rng = np.random.default_rng([seed, setting.test, setting.burst])
    burst, spread = setting.burst, setting.spread
    trained = population.draw(train, rng, burst=burst, spread=spread, agreement=agreement)
    tested = population.draw(test or train, rng, burst=burst, spread=spread) if setting.test else None
    fresh = population.fresh(rng, spread=spread)
    case = case_of(trained, tested, rng, columns=columns, together=together)
    if share:
        case, _ = flip(case, share, seed=seed, bursts=burst > 1)
    if copies:
        case, _ = plant_copies(case, copies, exact=True, seed=seed)
    labels = np.searchsorted(case.classes, fresh.names)
    if share and not setting.test:
        wrong = rng.random(len(labels)) < share
        labels = np.where(wrong, (labels + rng.integers(1, len(case.classes), len(labels))) % len(case.classes), labels)
    return case, fresh.vectors, labels.astype(np.int64)


@dataclass(frozen=True)
class Cell:
    """What is tried on one kind of case.

    Attributes
    ----------
    name : str
    make : callable
        (setting, seed) → case, fresh vectors, their labels.
    changes : tuple of (str, Kind, Arguments)
        Name in the table, what-if, arguments.
    settings : tuple of Setting
    each : bool
        All trials in every setting; else they are dealt out over the settings in turn.
    """

    name: str
    make: Callable[[Setting, int], Built]
    changes: tuple[tuple[str, Kind, Arguments], ...]
    settings: tuple[Setting, ...] = SETTINGS
    each: bool = False
    expected: bool = False
    """Whether the true gain is the mean over all trials: where the ruler changes, no head of either side is better."""


def shipped(*named: str, **arguments: str) -> tuple[tuple[str, Kind, Arguments], ...]:
    """What-ifs of the product under their own names."""
    return tuple((name, kinds()[name], arguments) for name in named)


SINGLE = tuple(setting for setting in SETTINGS if setting.burst == 1)
BURSTS = tuple(setting for setting in SETTINGS if setting.burst > 1)
FAR, NEAR = apart(CLASSES, 6.0), apart(CLASSES, 3.0)
"""Classes that hardly overlap, and classes that a good model confuses in one picture of ten."""
TWO = Population(np.array([[0.0, 1.0], [-1.0, 0.0], [1.0, 0.0]]), ("good", "bad", "bad"))


def kinds_apart(distance: float) -> Population:
    """Two kinds of bad, so many deviations on either side of good, which lies between them."""
    return Population(TWO.centres * [distance, 1.0], TWO.classes)


def among_classes() -> Population:
    """Pictures of none that come from where those of the classes do."""
    return Population(NEAR.centres[[0, 1, 2, 0, 1, 2]], (*CLASSES, *["none"] * 3))


def unlabelled(name: str) -> Callable[[Setting, int], Built]:
    """Cases with pictures far from all classes that have no label and come from production."""
    centres = np.zeros((4, 4))
    centres[:3, :3], centres[3, 3] = NEAR.centres, 8.0
    population = Population(centres, (*CLASSES, name))

    def make(setting: Setting, seed: int) -> Built:
        case, fresh, labels = equal(population)(setting, seed)
        kept = tuple(label for label in case.dataset.labels if label.name != name)
        there = case.targets == case.number(name)
        splits = np.where(there, "production", case.dataset.splits)
        return replace(case, dataset=replace(case.dataset, labels=kept, splits=splits)), fresh, labels

    return make


def cue(length: float) -> Population:
    """Two classes 2.5 deviations apart, and a setting of a given length."""
    near = apart(("apples", "citrus"), 2.5)
    return Population(near.centres, near.classes, length)


def equal(population: Population, each: int = 80, **options: Any) -> Callable[[Setting, int], Built]:
    """Cases with as many training pictures of each kind; the rest as of ``built``."""
    train = [each] * len(population.classes)
    return lambda setting, seed: built(population, train, setting, seed, **options)


def as_added(population: Population, kind: int) -> Callable[[Setting, int], Built]:
    """Cases in which a column tells the kind; fresh pictures of one kind are of a class that a what-if adds."""

    def make(setting: Setting, seed: int) -> Built:
        case, fresh, labels = equal(population, columns=("kind",))(setting, seed)
        each = len(fresh) // len(population.classes)
        added = np.arange(len(fresh)) // each == kind
        return case, fresh, np.where(added, len(case.classes), labels)

    return make


def seen_twice(first: Population, second: Population) -> Callable[[Setting, int], Built]:
    """Cases whose pictures two encoders see, each with deviations of its own."""

    def make(setting: Setting, seed: int) -> Built:
        case, fresh, labels = equal(first)(setting, seed)
        other, other_fresh, _ = equal(second)(setting, seed + 1_000_000)
        return with_view(case, other, other_fresh), fresh, labels

    return make


def uneven(larger: int, smaller: int) -> Callable[[Setting, int], Built]:
    """Cases with many pictures of one class and few of the others."""
    return lambda setting, seed: built(NEAR, [larger, smaller, smaller], setting, seed, test=[80] * 3)


BALANCE = shipped("group-balance", pair="apples|citrus")
TUNED, PRIOR = shipped("threshold", how="tuned"), shipped("threshold", how="prior")
CAMERAS = shipped("camera-label", column="setting", how="weights")
NEGATIVE = shipped("add-negative", **{"class": "none"})
SWAP = shipped("encoder-swap", encoder="other")
FRUIT = Population(np.array([[0.0, 2.0], [-2.0, 0.0], [4.0, 0.0]]), ("lemon", "orange", "orange"))
"""Clementines, the last kind, are called orange and lie on the other side of the lemons."""
ADDED = shipped("add-class", column="kind", value="kind 2")
NULL = (
    Cell("", equal(NEAR), tuple((kind.kind, kind, {}) for kind in NULL_CHANGES), each=True),
    Cell("all four kinds of case", equal(NEAR), ((DECIDED_ONCE.kind, DECIDED_ONCE, {}),)),
    Cell(
        "right labels",
        equal(NEAR),
        (*shipped("relabel", "remove"), *shipped("split-class", **{"class": "cat"}), *TUNED),
    ),
    Cell("classes of one size", equal(NEAR), (*shipped("reweight"), *PRIOR)),
    Cell("no setting", equal(cue(0.0), 120, columns=("setting",)), (*BALANCE, *CAMERAS)),
    Cell("one in ten copied", equal(NEAR, copies=24), shipped("deduplicate")),
    Cell(
        "classes far apart",
        equal(FAR),
        (*shipped("merge-classes", pair="cat|dog"), *shipped("drop-class", **{"class": "cat"})),
    ),
    Cell("groups that mean nothing", equal(NEAR, together=4), shipped("regroup"), SINGLE, expected=True),
    Cell("pictures of none look like the classes", equal(among_classes()), NEGATIVE),
    Cell("unlabelled pictures far from all", unlabelled("new"), shipped("add-class", **{"from": "unlabelled"})),
    Cell("two encoders that see as much", seen_twice(NEAR, NEAR), SWAP),
)
PLANTED = (
    *(Cell(f"wrong labels, {s:.0%}", equal(NEAR, share=s), shipped("relabel", "remove")) for s in (0.1, 0.25)),
    *(
        Cell(f"imbalance, {a} : {b} : {b}", uneven(a, b), (*shipped("reweight"), *PRIOR))
        for a, b in ((160, 40), (200, 20))
    ),
    Cell(
        "cue, the setting agrees in 90 %",
        equal(cue(5.0), 120, agreement=0.9, columns=("setting",)),
        (*BALANCE, *CAMERAS),
        SPLIT,
    ),
    Cell(
        "two kinds, 7 apart",
        equal(kinds_apart(3.5), 60, columns=("kind",)),
        (*shipped("split-class", **{"class": "bad"}), *shipped("camera-label", column="kind", how="labels")),
    ),
    *(Cell(f"few pictures, {n} a class", equal(NEAR, n), shipped("collect-more")) for n in (80, 40)),
    Cell("bursts of four", equal(NEAR), shipped("regroup"), BURSTS, expected=True),
    Cell("pictures of none, 4 apart", equal(apart((*CLASSES, "none"), 4.0)), NEGATIVE),
    Cell("clementines called orange", as_added(FRUIT, 2), ADDED),
    Cell("another encoder sees classes 4 apart, not 3", seen_twice(NEAR, apart(CLASSES, 4.0)), SWAP),
)
