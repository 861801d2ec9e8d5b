"""What a tier of training is given and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress
from tools.case import Arrays, Case
from tools.folds import deal
from tools.kinds import Kind, kinds
from tools.registry import NotApplicable
from tools.training.baseline import Training, plain_training
from tools.training.recipe import Recipe, WrongRecipe

STOPPING = 8
"""One group of training pictures in so many is kept for stopping where the data has no val split."""
FEWEST_STOPPING = 20
MOST_OPTIONS = 8


@dataclass(frozen=True, eq=False)
class Job:
    """One training.

    Attributes
    ----------
    case : Case
    recipe : Recipe
    training : Training
        After the recipe's changes; ``more`` holds what rows from the number of images on stand for.
    more : ndarray of float32, shape (m, d)
        Vectors of pictures made for the training.
    stop, judge : ndarray of int64
        Rows on which fine-tuning decides when to stop, and rows that the metrics are counted on; neither is trained on.
    ruler : str
        What ``judge`` is, in words.
    folder : Path
        Survives a kill: checkpoints and logs.
    notes : tuple of str
        What each change did, counted.
    """

    case: Case
    recipe: Recipe
    training: Training
    more: NDArray[np.float32]
    stop: NDArray[np.int64]
    judge: NDArray[np.int64]
    ruler: str
    folder: Path
    notes: tuple[str, ...] = ()

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Of the case's pictures and of those made for the training."""
        if not len(self.more):  # no second copy of them all
            return self.case.space.vectors
        return np.concatenate([self.case.space.vectors, self.more])


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model.

    Attributes
    ----------
    scores : ndarray of float64, shape (len(judge), k)
        Probabilities; NaN rows where the model gave none.
    weights : mapping of str to ndarray
        ``head.weight`` (outputs, d), ``head.bias``, ``head.parents``, and ``tower.…`` of what was fine-tuned; empty
        where the model lives elsewhere.
    history : tuple of mapping of str to float
        One entry an epoch.
    notes : tuple of str
    """

    scores: NDArray[np.float64]
    weights: Arrays
    history: tuple[Mapping[str, float], ...] = ()
    notes: tuple[str, ...] = ()


Trainer = Callable[[Job, Progress], Trained]


def prepare(case: Case, recipe: Recipe, folder: Path) -> Job:
    """Set pictures apart, and make the training set that the recipe asks for.

    Raises
    ------
    WrongRecipe
        For a change that this data set or this tier cannot take.
    NotApplicable
        If there are too few pictures to train and judge on.
    """
    fit, judge, ruler = _judged_apart(case)
    stop = np.zeros(0, dtype=np.int64)
    if recipe.tier == "fine-tune":
        stop = _stopping(case, fit)
        fit = np.setdiff1d(fit, stop)
    training = plain_training(fit, case.targets, len(case.classes))
    if len(np.unique(training.labels)) < 2 or not len(judge):
        raise NotApplicable("a training needs labelled pictures of two classes, and others to judge it on")
    more, notes = np.zeros((0, case.space.vectors.shape[1]), dtype=np.float32), []
    for number, (kind, arguments) in enumerate(recipe.changes):
        found, given = _usable(case, kind, dict(arguments), recipe), dict(arguments)
        split = len(training.parents) != len(case.classes)
        if (len(more) or (split and found.more is None)) and kind != (last := recipe.changes[number - 1][0]):
            # They would take made pictures for given ones, and outputs for classes.
            raise WrongRecipe(
                expected=f"{kind} before what makes pictures or splits a class", seen=f"{kind} after {last}",
                todo=f"Write --with {kind} first.",
            )  # fmt: skip
        if found.more is not None:
            if len(more):
                raise WrongRecipe(expected="one change that makes pictures", seen="two", todo="Leave one out.")
            more = found.more(case, given)
        before, training = training, found.change(case, training, given, case.rng(f"retrain-{kind}"))
        notes.append(f"{kind}: {_changed(before, training)}")
    return Job(case, recipe, training, more, stop, judge, ruler, folder, tuple(notes))


def _changed(before: Training, after: Training) -> str:
    """What a change did, counted.

    >>> start = plain_training(np.arange(4), np.array([0, 0, 1, 1]), 2)
    >>> _changed(start, start.only(np.array([True, True, True, False])))
    '1 picture left out'
    >>> _changed(start, start)
    'nothing was changed'
    """
    numbers = {what: np.setdiff1d(a, b) for what, a, b in (
        ("left out", before.rows, after.rows), ("added", after.rows, before.rows),
    )}  # fmt: skip
    was, now = ({row: at for at, row in enumerate(t.rows.tolist())} for t in (before, after))
    pairs = [(was[row], now[row]) for row in was.keys() & now.keys()]
    relabelled = sum(bool(before.labels[old] != after.labels[new]) for old, new in pairs)
    weighed = sum(bool(before.weights[old] != after.weights[new]) for old, new in pairs)
    counts = [(len(rows), what) for what, rows in numbers.items()]
    counts += [(relabelled, "with another label"), (weighed, "with another weight")]
    words = [f"{n} picture{'' if n == 1 else 's'} {what}" for n, what in counts if n]
    return ", ".join(words) or "nothing was changed"


def _judged_apart(case: Case) -> tuple[NDArray[np.int64], NDArray[np.int64], str]:
    if case.has_test:
        return np.flatnonzero(case.fit), np.flatnonzero(case.evaluation), "the given test split"
    folds = case.derived.folds()
    share = f"one part in {case.settings.folds} of the pictures, set apart by whole groups (no test split was given)"
    return np.flatnonzero((folds >= 0) & (folds != 0)), np.flatnonzero(folds == 0), share


def _stopping(case: Case, fit: NDArray[np.int64]) -> NDArray[np.int64]:
    """The given val split, or some groups of the training pictures; never all that there is of a class.

    Raises
    ------
    NotApplicable
        If nothing is left then.
    """
    targets, groups = case.targets[fit], case.derived.grouping.groups[fit]
    stop = case.dataset.splits[fit] == "val"
    if not case.has_test or stop.sum() < FEWEST_STOPPING:
        stop = deal(targets, groups, STOPPING, case.rng("stopping")) == 0
    while len(lost := np.setdiff1d(targets, targets[~stop])):
        stop &= ~np.isin(groups, groups[np.isin(targets, lost)])
    if not stop.any():
        raise NotApplicable("fine-tuning needs a second group of pictures of some class, to see when to stop")
    return np.asarray(fit[stop])


def _usable(case: Case, kind: str, given: dict[str, str], recipe: Recipe) -> Kind:
    """The experiment of a change, where doing it for real means no more than changing the training set."""
    found = kinds().get(kind)
    usable = [name for name, k in kinds().items() if k.trains]
    if found is None or kind not in usable:
        raise WrongRecipe(
            expected=f"a change of the training pictures ({', '.join(usable)})", seen=kind,
            todo="Name one of these; see: advisor experiment list.",
        )  # fmt: skip
    if given not in found.eligible(case):
        options = [":".join((kind, *(f"{k}={v}" for k, v in a.items()))) for a in found.eligible(case)]
        if not options:
            raise WrongRecipe(
                expected="changes that have something to work on", seen=f"{kind}, which has nothing in this data set",
                todo=f"Leave {kind} out; see: advisor experiment list.",
            )  # fmt: skip
        more = f" and {len(options) - MOST_OPTIONS} more" if len(options) > MOST_OPTIONS else ""
        raise WrongRecipe(
            expected=f"--with one of {'; '.join(options[:MOST_OPTIONS])}{more}",
            seen=":".join((kind, *(f"{k}={v}" for k, v in given.items()))), todo="Name one of these.",
        )  # fmt: skip
    if found.more is not None and recipe.tier != "head":
        raise WrongRecipe(
            expected=f"--tier head with {kind}, which makes vectors", seen=f"--tier {recipe.tier}",
            todo="For fine-tuning use --augment light or --augment cut.",
        )  # fmt: skip
    return found
