"""Changes from which nothing can be expected: some random pictures before, as many others after."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments, Kind
from tools.training.baseline import Training, plain_training

RELABELLED, DROPPED = 0.1, 0.25
"""Shares of the bursts that are given another label, or left out, on either side."""
Change = Callable[[Case, Training, Arguments, np.random.Generator], Training]


def two_shares(
    case: Case, training: Training, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two disjoint random sets of as many whole bursts, each shape (m,); equal generators give equal sets."""
    groups = case.derived.grouping.groups[training.rows]
    names = rng.permutation(np.unique(groups))
    size = round(share * len(names))
    return np.isin(groups, names[:size]), np.isin(groups, names[size : 2 * size])


def slipped(case: Case, training: Training, side: int, rng: np.random.Generator) -> Training:
    """The training set with the labels of one of two random shares changed to random others."""
    chosen = two_shares(case, training, RELABELLED, rng)[side]
    classes = len(case.classes)
    shift = rng.integers(1, classes, int(case.derived.grouping.groups.max()) + 1)
    moved = (training.labels + shift[case.derived.grouping.groups[training.rows]]) % classes
    return replace(training, labels=np.where(chosen, moved, training.labels))


def thinned(case: Case, training: Training, side: int, rng: np.random.Generator) -> Training:
    """The training set without one of two random shares."""
    return training.only(~two_shares(case, training, DROPPED, rng)[side])


def cut(case: Case, training: Training, side: int, rng: np.random.Generator) -> Training:
    """After: the first class's pictures dealt at random to two outputs; before: as it is."""
    if side == 0:
        return training
    new, first = len(training.parents), training.labels == 0
    labels = np.where(first & (rng.random(len(first)) < 0.5), new, training.labels)
    return replace(training, labels=labels, parents=np.append(training.parents, 0))


def kind_of(name: str, side_of: Callable[[Case, Training, int, np.random.Generator], Training]) -> Kind:
    """A what-if whose two sides a function makes."""

    def side(number: int) -> Change:
        return lambda case, training, arguments, rng: side_of(case, training, number, rng)

    return Kind(
        name, "", lambda case: ({},), side(1), lambda case, arguments: name, lambda case, arguments: Cost(),
        start=side(0),
    )  # fmt: skip


def once(name: str, side_of: Callable[[Case, Training, int, np.random.Generator], Training]) -> Kind:
    """The same, decided once for the whole case without a look at any label, not anew in every fold."""

    def decided(case: Case, training: Training, number: int, rng: np.random.Generator) -> Training:
        everything = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
        whole = side_of(case, everything, number, case.rng(name))
        return whole.only(np.isin(whole.rows, training.rows))

    return kind_of(name, decided)


NULL_CHANGES = (
    kind_of("other random labels wrong", slipped),
    kind_of("other random pictures left out", thinned),
    kind_of("a class cut in two at random", cut),
)
DECIDED_ONCE = once("other random labels wrong, the same in every fold", slipped)
