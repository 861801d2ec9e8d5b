"""Proposes a test set where there is none: whole groups, every class, as large as what it is to show asks for.

The test set is locked by accepting it (``tools.changing``): it stays the test set in every later import.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.changes import Edit
from tools.changing import Draft, NothingToChange
from tools.duplicates import duplicates
from tools.errors import AdvisorError
from tools.folds import partition
from tools.holding_out import Strata, hold_out, strata
from tools.proposals import counted
from tools.statistics import clustered_mean, quantile_of_normal, wilson
from tools.training.baseline import parent_scores, plain_training

POWER = 0.80
SHARES = (0.10, 0.15, 0.20, 0.25, 0.30)
"""Shares of the pictures that are weighed; more would leave too little to train on."""
SEE = 0.05
"""Change of balanced accuracy that the test set is to show with ``POWER``, unless another is asked for."""
RECALL, HALF = 0.8, 0.15
"""A class counts as testable where a recall of 80 % would be known to 15 points either way: 26 objects."""
KEPT_APART = 20
"""Groups that the median class is to keep where only likeness tells what belongs together."""
DRAWS = 8
MOST_MEASURED = 5_000
"""Pictures of random whole groups that the spread of a change is measured on; more would take minutes for a digit."""
MOST_VALUES = 12
"""A metadata column with more values than this is a name, not a setting to be spread."""
UNLOCKED = (
    "The ruler is another one now: figures measured with the locked test set and without it cannot be compared. "
    "advisor versions compare puts two models on the same pictures"
)
LOCKED = (
    "These pictures are test pictures from now on, in every later import, wherever their files lie; copies of them are "
    "left out of training and told"
)


@dataclass(frozen=True)
class Option:
    """A size of test set and the smallest change that it shows with 80 % power.

    Attributes
    ----------
    pictures : int
    share : float
    seen : float
        Change of balanced accuracy, 0–1.
    """

    pictures: int
    share: float
    seen: float


@dataclass(frozen=True)
class Part:
    """One class in the proposal.

    Attributes
    ----------
    name : str
    pictures, groups : int
        All that have the label.
    test_pictures, test_groups : int
    low, high : float or None
        Between which a recall of 80 % would be known; None without a test picture.
    missing : int
        New objects to photograph for the test set until that is 15 points either way.
    reason : str
        Why the class cannot be tested; empty if it can.
    """

    name: str
    pictures: int
    groups: int
    test_pictures: int
    test_groups: int
    low: float | None
    high: float | None
    missing: int
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Groups:
    """What is kept on one side.

    Attributes
    ----------
    numbers : ndarray of int64, shape (n,)
    source : {"column", "likeness", "copies"}
        The user's column; pictures alike; or near copies only, where looser likeness would join nearly everything.
    similarity : float or None
        None for a column.
    """

    numbers: NDArray[np.int64]
    source: str
    similarity: float | None


@dataclass(frozen=True, eq=False)
class Proposal:
    """A test set.

    Attributes
    ----------
    held : ndarray of bool, shape (n,)
    groups : Groups
    options : tuple of Option
    chosen : Option
        What the held pictures, as they are, show.
    parts : tuple of Part
    columns : tuple of str
        Metadata columns whose values are spread over both sides, too.
    enough : bool
        Whether the chosen size shows the change that was asked for.
    """

    held: NDArray[np.bool_]
    groups: Groups
    options: tuple[Option, ...]
    chosen: Option
    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    enough: bool


def propose(case: Case, *, size: int | None = None, see: float = SEE, on_step: Progress = silent) -> Proposal:
    """A group-aware, stratified test set.

    Parameters
    ----------
    case : Case
        Without a test split.
    size : int, optional
        Pictures; the smallest of ``SHARES`` that shows a change of ``see`` when left out.
    see : float
        Change of balanced accuracy, 0–1.
    on_step : callable

    Raises
    ------
    NothingToChange
        If there is a test split already.
    AdvisorError
        If there is too little to divide, or the size is no size.
    """
    rows = _divisible(case)
    if size is not None and not 1 <= size <= len(rows) / 2:
        raise AdvisorError(
            expected=f"a test set of 1 to {len(rows) // 2} pictures, half of those with a label", seen=str(size),
            todo="Name a size in between, or leave --size out.",
        )  # fmt: skip
    if not 0 < see < 1:
        raise AdvisorError(expected="a change between 0 and 100 points", seen=f"{100 * see:g}", todo="E.g. --see 5.")
    on_step("looking for what belongs together", 0, 3)
    kept = whole_groups(case)
    groups = kept.numbers
    on_step("measuring what a test set shows", 1, 3)
    spread = spread_of_change(case, groups)
    on_step("dividing", 2, 3)
    total = len(rows)
    options = tuple(Option(ceil(s * total), s, smallest_seen(ceil(s * total), spread)) for s in SHARES)
    wanted = next((o.share for o in options if o.seen <= see), SHARES[-1]) if size is None else size / total
    columns, slices = _settings(case, rows)
    found = strata(case.targets[rows], groups[rows], len(case.classes), slices)
    held = np.zeros(len(case.ids), dtype=np.bool_)
    held[rows] = hold_out(found, wanted, case.rng("split"))
    if not held.any():
        raise AdvisorError(
            expected="classes with at least two groups of pictures", seen="none",
            todo="Photograph more objects, or name the column that tells them apart: --group COLUMN.",
        )  # fmt: skip
    number = int(held.sum())
    chosen = Option(number, number / total, smallest_seen(number, spread))
    parts = tuple(_part(case, found, rows, held, c) for c in range(len(case.classes)))
    return Proposal(held, kept, options, chosen, parts, columns, chosen.seen <= see)


def _divisible(case: Case) -> NDArray[np.int64]:
    given = case.dataset.splits == "test"
    if case.has_test or given.any():
        raise NothingToChange(
            expected="a data set without test pictures", seen=f"{counted(int(given.sum()))} in the split test",
            todo="They are the ruler. To keep them so in later imports: advisor split --given --accept.",
        )  # fmt: skip
    rows = np.flatnonzero(case.targets >= 0)
    if len(case.classes) < 2 or len(rows) < 2 * case.settings.folds:
        raise AdvisorError(
            expected=f"two classes and {2 * case.settings.folds} labelled pictures at least",
            seen=f"{len(case.classes)} and {len(rows)}", todo="Import more pictures first.",
        )  # fmt: skip
    return rows


def whole_groups(case: Case) -> Groups:
    """The user's column, else pictures alike; joined where copies of one picture lie in several groups.

    Without a test split nothing says how alike pictures of one object are. So the loosest similarity is taken at which
    the median class still has ``KEPT_APART`` groups (or half as many as pictures): joining too much costs a little
    choice, joining too little puts one object on both sides.
    """
    grouping = case.derived.grouping
    groups, source, similarity = grouping.groups, "column", None
    if grouping.source != "column":
        source, similarity = "copies", grouping.similarity
        pictures = np.median(list(case.dataset.counts.values()))
        for looser in case.derived.thresholds():
            wider = case.derived.groups_at(looser)
            if wider is None or _median_groups(case, wider) < min(KEPT_APART, pictures / 2):
                break
            groups, source, similarity = wider, "likeness", looser
    return Groups(_joined(groups, duplicates(case).sets), source, similarity)


def _median_groups(case: Case, groups: NDArray[np.int64]) -> float:
    return float(np.median([len(np.unique(groups[case.targets == c])) for c in range(len(case.classes))]))


def _joined(groups: NDArray[np.int64], copies: NDArray[np.int64]) -> NDArray[np.int64]:
    count = int(groups.max()) + 1
    edges = coo_matrix((np.ones(len(groups)), (groups, count + copies)), shape=(count + int(copies.max()) + 1,) * 2)
    return np.asarray(connected_components(edges, directed=False)[1][groups], dtype=np.int64)


def spread_of_change(case: Case, groups: NDArray[np.int64]) -> float:
    """Variance per picture of a paired change of balanced accuracy, whole groups drawn.

    The change looked at is that of leaving out a fifth of the groups of each class, out of fold, averaged over
    ``DRAWS`` draws: about as much as a what-if touches. Never less than the rule of three allows where hardly a
    picture changes sides.
    """
    rows = np.flatnonzero(case.fit)
    targets, k = case.targets, len(case.classes)
    rng = case.rng("spread of a change")
    rows = _sample(rows, groups, rng)
    folds = np.full(len(targets), -1, dtype=np.int64)
    count = min(case.settings.folds, len(np.unique(groups[rows])))
    folds[rows] = partition(targets[rows], groups[rows], count, rng)
    names = np.unique(folds[rows]).tolist()
    sets = [np.flatnonzero((folds >= 0) & (folds != name)) for name in names]
    every = [plain_training(_thinned(train, targets, groups, rng), targets, k) for _ in range(DRAWS) for train in sets]
    trainings = [*(plain_training(train, targets, k) for train in sets), *every]
    questions = [np.flatnonzero(folds == name) for name in names] * (DRAWS + 1)
    right = np.zeros((DRAWS + 1, len(targets)))
    scores = parent_scores(case.space.vectors, trainings, questions, k)
    for number, (asked, said) in enumerate(zip(questions, scores, strict=True)):
        right[number // len(names), asked] = said.argmax(axis=1) == targets[asked]
    counts = np.bincount(targets[rows], minlength=k)
    weights = 1 / (counts[targets[rows]] * np.count_nonzero(counts))
    errors = [clustered_mean((right[0] - less)[rows], groups[rows], weights)[1] for less in right[1:]]
    spread = len(rows) * float(np.mean(np.square(errors)))
    return max(spread if np.isfinite(spread) else 1.0, 3 / len(np.unique(groups[rows])))


def _sample(rows: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of random whole groups, ``MOST_MEASURED`` about."""
    if len(rows) <= MOST_MEASURED:
        return rows
    names, sizes = np.unique(groups[rows], return_counts=True)
    order = rng.permutation(len(names))
    return rows[np.isin(groups[rows], names[order[np.cumsum(sizes[order]) <= MOST_MEASURED]])]


def _thinned(
    rows: NDArray[np.int64], targets: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Rows without a fifth of the groups of each class, at least one of a class with several."""
    keep = np.ones(len(rows), dtype=np.bool_)
    for number in np.unique(targets[rows]).tolist():
        mine = targets[rows] == number
        names = rng.permutation(np.unique(groups[rows[mine]]))
        keep &= ~mine | ~np.isin(groups[rows], names[: (len(names) + 3) // 5])
    return rows[keep]


def smallest_seen(pictures: int, spread: float) -> float:
    """Change that a paired comparison on so many pictures shows with 80 % power at 95 % confidence.

    >>> round(smallest_seen(240, 0.0765), 3)
    0.05
    """
    return (quantile_of_normal(0.95) + quantile_of_normal(2 * POWER - 1)) * sqrt(spread / pictures)


def objects_for(half: float, recall: float = RECALL) -> int:
    """Fewest objects with which a recall is known to ``half`` either way (Wilson, 95 %).

    >>> objects_for(0.15)
    26
    """
    n = 1
    while (ends := wilson(recall * n, n))[1] - ends[0] > 2 * half:
        n += 1
    return n


def _settings(case: Case, rows: NDArray[np.int64]) -> tuple[tuple[str, ...], tuple[NDArray[np.int64], ...]]:
    """Metadata columns with few values, and their values as numbers; −1 where a cell is empty."""
    names, slices = [], []
    for name, values in case.dataset.metadata.items():
        mine = values[rows]
        marks = np.unique(mine[mine != ""])
        if name != case.settings.group_column and 2 <= len(marks) <= MOST_VALUES:
            names.append(name)
            slices.append(np.where(mine == "", -1, np.searchsorted(marks, mine)).astype(np.int64))
    return tuple(names), tuple(slices)


def _part(case: Case, found: Strata, rows: NDArray[np.int64], held: NDArray[np.bool_], number: int) -> Part:
    mine = case.targets[rows] == number
    inside = mine & held[rows]
    groups, test = len(np.unique(found.codes[mine])), len(np.unique(found.codes[inside]))
    needed = objects_for(HALF)
    reason = ""
    if not test:
        reason = "all its pictures are one burst" if groups == 1 else "its groups hold other classes, too"
    low, high = wilson(RECALL * test, test) if test else (None, None)
    name = case.classes[number]
    return Part(name, int(mine.sum()), groups, int(inside.sum()), test, low, high, max(0, needed - test), reason)


def draft_of(case: Case, held: NDArray[np.bool_]) -> Draft:
    """The change that makes pictures the locked test set."""
    edits = []
    for row in np.flatnonzero(held).tolist():
        name = case.classes[case.targets[row]]
        edits.append(Edit(str(case.ids[row]), str(case.dataset.sha256[row]), name, name))
    return Draft("lock", f"test set of {counted(len(edits))} locked", tuple(edits), notes=(LOCKED,))


def given_test(case: Case) -> NDArray[np.bool_]:
    """The labelled test pictures that the import names, shape (n,).

    Raises
    ------
    NothingToChange
        If there are none.
    """
    held = (case.dataset.splits == "test") & (case.targets >= 0)
    if not held.any():
        raise NothingToChange(
            expected="test pictures that the import names", seen="none", todo="Leave --given out to have some proposed."
        )
    return np.asarray(held)
