"""Cues: things that go along with a label without being it. Candidates, and the first rungs of the evidence ladder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact, mannwhitneyu
from scipy.stats import t as student

from tools.case import Case
from tools.contrast import WORDS
from tools.findings import Cost, Recommendation
from tools.statistics import clustered_mean, difference_of_shares
from tools.subclasses import find_parts

PRESENT = 0.65
"""Smallest probability of superiority (AUC) that counts as going along with the label."""
FEWEST_COUNTER = 10
"""With fewer pictures that contradict the cue, its use cannot be measured (DECISIONS "Cue ladder")."""
MOST_VALUES = 12
"""A metadata column with more values than this is a name, not a setting."""
FEWEST_TRAINING = 40
MOST_FOR_KINDS = 600
"""Training pictures of a class in which kinds are looked for, whole groups; a direction needs no more."""
FEWEST_GROUPS = 8
"""Independent groups of either class, below which nothing is said to go along with the label."""
HOURS = ("night", "morning", "afternoon", "evening")
SIDES = {"width": ("narrower in pixels", "wider in pixels"), "height": ("lower in pixels", "higher in pixels")}


@dataclass(frozen=True, eq=False)
class Cue:
    """A number per picture that might go along with a label.

    Attributes
    ----------
    name : str
        ``border_brightness``, ``camera = A7``, ``kinds of Apple``.
    less, more : str
        What low and high values mean, in words.
    values : ndarray of float64, shape (n,)
        NaN where it was not measured; such pictures are left out.
    of_class : str
        For a direction between kinds of one class: that class. It says something of pairs with that class only.
    of_pair : tuple of str
        For a cue looked for in the pictures of two classes: these, sorted. It says something of that pair only.
    change : str
        What can be changed in a picture to take the cue away or bring it in: ``background``, the name of a property,
        or empty where nothing can.
    chosen_on : ndarray of int64
        Rows whose labels were looked at when this cue was picked; its presence is measured on others.
    """

    name: str
    less: str
    more: str
    values: NDArray[np.float64]
    of_class: str = ""
    of_pair: tuple[str, ...] = ()
    change: str = ""
    chosen_on: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def speaks_of(self, pair: tuple[str, str]) -> bool:
        """Whether it may be tried on a pair."""
        return (not self.of_class or self.of_class in pair) and (not self.of_pair or set(self.of_pair) == set(pair))


@dataclass(frozen=True, eq=False)
class Tested:
    """One cue against one ordered pair: does A get called B where its cue looks like B's?

    Attributes
    ----------
    cue : Cue
    pair : tuple of str
        (A, B).
    strength : float
        AUC of the cue between A and B on the training images, 0.5–1.
    present_p : float
        Mann-Whitney on group means: groups, not images, are the independent units.
    looks_like_b : ndarray of bool, shape (n,)
        Which images have the cue on B's side of the midpoint of the class medians.
    against, along : tuple of int
        (errors A → B, judged images of A) where the cue contradicts the label, and where it agrees.
    low, high : float
        Interval of the difference of the two error shares (Newcombe).
    used_p : float or None
        One-sided, groups drawn whole; None = not measurable.
    """

    cue: Cue
    pair: tuple[str, str]
    strength: float
    present_p: float
    looks_like_b: NDArray[np.bool_]
    against: tuple[int, int]
    along: tuple[int, int]
    low: float
    high: float
    used_p: float | None

    @property
    def words(self) -> str:
        """What a picture that looks like B in it is: ``with a brighter surround``."""
        known = np.isfinite(self.cue.values)
        values, side = self.cue.values[known], self.looks_like_b[known]
        return self.cue.more if side.all() or values[side].mean() >= values[~side].mean() else self.cue.less


def candidates(case: Case, training: NDArray[np.int64], classes: Sequence[str] | None = None) -> list[Cue]:
    """Properties, metadata values, time and size, and the directions between stable kinds of a class.

    Parameters
    ----------
    training : ndarray of int64
        Rows that directions may be found on; evaluation images never take part in finding one.
    classes : sequence of str, optional
        Look for kinds in these only; all classes when left out.
    """
    cues = [
        Cue(name, *WORDS[name], values.astype(np.float64), change=name)
        for name, values in case.dataset.properties.items()
        if name in WORDS and np.ptp(values[training])
    ]
    cues += [cue for column, texts in _columns(case) for cue in _value_cues(column, texts)]
    for name, words in SIDES.items():
        pixels = (case.dataset.widths if name == "width" else case.dataset.heights).astype(np.float64)
        if np.ptp(pixels[training]):
            cues.append(Cue(name, *words, pixels))
    groups, labels = case.derived.grouping.groups, case.targets[training]
    for name in case.classes if classes is None else classes:
        rows = training[labels == case.number(name)]
        if len(rows) < FEWEST_TRAINING:
            continue
        rng = case.rng(f"cue-{name}")
        rows = _sample(rows, groups[rows], rng)
        vectors = case.space.vectors[rows]
        parts, _ = find_parts(vectors, groups[rows], rng, most=2)
        if parts is not None:
            direction = vectors[parts.labels == 1].mean(axis=0) - vectors[parts.labels == 0].mean(axis=0)
            values = case.space.vectors @ direction
            words = f"like the larger kind of {name}", f"like the smaller kind of {name}"
            cues.append(Cue(f"kinds of {name}", *words, values.astype(np.float64), name))
    return cues


def try_cue(
    case: Case,
    cue: Cue,
    pair: tuple[str, str],
    training: NDArray[np.int64],
    judged: NDArray[np.int64],
    predicted: NDArray[np.int64],
) -> Tested:
    """Measure presence on training rows and use on judged rows.

    Parameters
    ----------
    training, judged : ndarray of int64
        Rows of the case.
    predicted : ndarray of int64, shape (n,)
        Class numbers; only the judged rows are read.
    """
    a, b = case.number(pair[0]), case.number(pair[1])
    groups = case.derived.grouping.groups
    of_a, of_b = (_usable(cue, training[case.targets[training] == number]) for number in (a, b))
    means = [group_means(cue.values[rows], groups[rows]) for rows in (of_a, of_b)]
    if min(map(len, means)) < FEWEST_GROUPS:
        nothing = np.zeros(len(cue.values), dtype=np.bool_)
        return Tested(cue, pair, 0.5, 1.0, nothing, (0, 0), (0, 0), -1.0, 1.0, None)
    test = mannwhitneyu(means[1], means[0])
    auc = float(test.statistic) / (len(means[0]) * len(means[1]))
    medians = [float(np.median(cue.values[rows])) for rows in (of_a, of_b)]
    middle = sum(medians) / 2
    looks_like_b = cue.values > middle if auc >= 0.5 else cue.values < middle
    mine = judged[case.targets[judged] == a]
    mine = mine[np.isfinite(cue.values[mine])]
    wrong, against = predicted[mine] == b, looks_like_b[mine]
    counts = [(int(wrong[side].sum()), int(side.sum())) for side in (against, ~against)]
    low, high, p = -1.0, 1.0, None
    if min(counts[0][1], counts[1][1]) >= FEWEST_COUNTER:
        low, high = difference_of_shares(*counts[0], *counts[1], case.settings.confidence)
        p = _one_sided(wrong, against, groups[mine])
    return Tested(cue, pair, max(auc, 1 - auc), float(test.pvalue), looks_like_b, counts[0], counts[1], low, high, p)


def balance_advice(pair: tuple[str, str], code: str) -> Recommendation:
    """Train so that a pair's rare setting counts as much as its usual one."""
    first, second = sorted(pair)
    return Recommendation(
        action="reweight",
        target=f"{first} and {second}, so that the rare setting counts as much as the usual one",
        code=code,
        why="what goes along with a label then no longer decides",
        cost=Cost(clicks=1, minutes=1),
        experiment="group-balance",
        arguments={"pair": f"{first}|{second}"},
    )


def background_advice(code: str) -> Recommendation:
    """Train on the same things before other backgrounds."""
    return Recommendation(
        action="augment",
        target="the training pictures, also on other pictures' backgrounds",
        code=code,
        why="a background that any class may have says nothing of the class any more",
        cost=Cost(clicks=1, minutes=1),
        experiment="augment",
        arguments={"how": "background"},
    )


def _sample(rows: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows of random whole groups, about ``MOST_FOR_KINDS`` at most."""
    if len(rows) <= MOST_FOR_KINDS:
        return rows
    names, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(names))
    taken = np.zeros(len(names), dtype=np.bool_)
    taken[order[: max(1, int((np.cumsum(sizes[order]) <= MOST_FOR_KINDS).sum()))]] = True
    return rows[taken[codes]]


def _columns(case: Case) -> Iterator[tuple[str, NDArray[np.str_]]]:
    """The user's columns and EXIF's, the moment a picture was taken as day and time of day."""
    for column, texts in case.dataset.metadata.items():
        if column == case.settings.group_column:
            continue
        if column != "taken":
            yield column, texts
            continue
        stamps = [str(text) for text in texts]
        yield "day taken", np.array([s[:10] for s in stamps])
        yield "time of day", np.array([_time_of_day(s) for s in stamps])


def _time_of_day(stamp: str) -> str:
    """A quarter of the day, from EXIF's ``YYYY:MM:DD HH:MM:SS``.

    >>> _time_of_day("2024:05:01 07:30:00"), _time_of_day("unknown")
    ('morning', '')
    """
    hour = stamp[11:13]
    return HOURS[int(hour) // 6] if hour.isdecimal() and int(hour) < 24 else ""


def _value_cues(column: str, texts: NDArray[np.str_]) -> list[Cue]:
    values = [v for v in np.unique(texts) if v]
    if not 2 <= len(values) <= MOST_VALUES:
        return []
    return [
        Cue(
            f"{column} = {v}",
            f"not marked “{column} = {v}”",
            f"marked “{column} = {v}”",
            (texts == v).astype(np.float64),
        )
        for v in values
    ]


def _usable(cue: Cue, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that were measured and did not choose the cue."""
    measured = rows[np.isfinite(cue.values[rows])]
    return measured[~np.isin(measured, cue.chosen_on)] if len(cue.chosen_on) else measured


def _one_sided(wrong: NDArray[np.bool_], against: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """P-value that pictures against the label are wrong more often, groups drawn whole.

    Where neither side varies (all wrong here, none there) the spread says nothing; whole groups are then counted.
    """
    sides = [(wrong[s].astype(np.float64), groups[s]) for s in (against, ~against)]
    found = [clustered_mean(w, g, np.full(len(w), 1 / len(w))) for w, g in sides]
    difference = found[0][0] - found[1][0]
    spread = sqrt(found[0][1] ** 2 + found[1][1] ** 2)
    if spread > 0 and np.isfinite(spread):
        parts = [(error**2, len(np.unique(g)) - 1) for (_, error), (_, g) in zip(found, sides, strict=True)]
        degrees = spread**4 / sum(variance**2 / count for variance, count in parts)  # Welch 1947, groups as units
        return float(student.sf(difference / spread, degrees))
    if not np.isfinite(spread):
        return 1.0
    counts = [group_means(w, g) for w, g in sides]
    table = np.array([[int((c > 0).sum()), int((c == 0).sum())] for c in counts])
    return float(fisher_exact(table, alternative="greater").pvalue)


def group_means(values: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean of each group, float64, in the order of their names."""
    _, codes = np.unique(groups, return_inverse=True)
    return np.asarray(np.bincount(codes, weights=values) / np.bincount(codes), dtype=np.float64)
