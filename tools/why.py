"""Which training pictures push one picture to the answer it gets, and whether it comes right without them.

The pictures are ranked by influence and checked by fitting the head again without them, whole bursts at a time, beside
as many others of the same classes. A search of this kind always finds pictures that matter more than random ones; so
they are called the cause only where the answer comes right without them, and hardly ever without the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.findings import Evidence
from tools.influence import Head, extended, fitted_head
from tools.registry import NotApplicable
from tools.statistics import quantile_of_normal
from tools.training.baseline import STRENGTH
from tools.training.heads import fit_heads

MOST = 12
"""Training pictures left out at most: more are no cause that anybody could look at."""
CONTROLS, FEWEST_CONTROLS = 20, 8
RARE = 0.05
"""Largest share of the controls that may correct the answer too."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What is asked about.

    Attributes
    ----------
    picture : str
        Id of the case, or a file's path.
    vector : ndarray of float32, shape (d,)
    row : int or None
        Of the case; None for a file.
    true : int or None
        Class number by its label, or as the user says.
    """

    picture: str
    vector: NDArray[np.float32]
    row: int | None
    true: int | None


@dataclass(frozen=True, eq=False)
class Pushed:
    """What was found.

    Attributes
    ----------
    answer : Answer
    said, other : int
        The baseline's answer, and the class it is held against: the true one, or the second best where the answer is
        right or the truth not known.
    margin : float
        Logit of ``said`` less that of ``other``.
    rows : ndarray of int64
        Training pictures that push hardest towards ``said``, most first.
    pushes : ndarray of float64
        By how much each raises the margin: with all pictures, less without it alone, the head fitted again.
    removed : ndarray of int64
        Training pictures that were left out: the fewest without which the answer comes right, else all that were tried.
    bursts : int
        Groups that these belong to.
    without : float
        The margin without them.
    corrected : bool
        Whether the answer without them is the true class.
    controls : ndarray of float64, shape (c,)
        Margins without as many others of the same classes.
    control_corrected : int
    confidence : float
        Of the interval of the controls.
    """

    answer: Answer
    said: int
    other: int
    margin: float
    rows: NDArray[np.int64]
    pushes: NDArray[np.float64]
    removed: NDArray[np.int64]
    bursts: int
    without: float
    corrected: bool
    controls: NDArray[np.float64]
    control_corrected: int
    confidence: float

    @property
    def mistake(self) -> bool:
        """Whether the answer is known to be wrong."""
        return self.answer.true is not None and self.answer.true != self.said

    @property
    def cause(self) -> bool:
        """Whether leaving them out corrects the answer, beyond what leaving out others does."""
        if not (self.mistake and self.corrected) or len(self.controls) < FEWEST_CONTROLS:
            return False
        low = self.moved_by_controls().low
        beyond = low is not None and self.without - self.margin < low
        return beyond and self.control_corrected <= RARE * len(self.controls)

    def moved(self) -> Evidence:
        """Change of the margin without the pictures."""
        how = f"head fitted again; margin {self.margin:.2f} with them, {self.without:.2f} without"
        return Evidence("moved without them", self.without - self.margin, "score", len(self.removed), how=how)

    def moved_by_controls(self) -> Evidence:
        """Change of the margin without as many others, with the interval in which one more such draw would fall."""
        moves = self.controls - self.margin
        count = len(moves)
        spread = float(moves.std(ddof=1)) * float(np.sqrt(1 + 1 / count))
        half = quantile_of_normal(self.confidence, count - 1) * spread
        how = f"{count} draws of as many pictures of the same classes, whole bursts; prediction interval (Student's t)"
        mean = float(moves.mean())
        return Evidence("moved without as many others", mean, "score", count, mean - half, mean + half, how)


def pushed(case: Case, answer: Answer, *, on_step: Progress = silent) -> Pushed:
    """Find the training pictures behind one answer of the baseline, and leave them out.

    A picture of the training set is answered by a head that did not see its fold, as everywhere.

    Raises
    ------
    NotApplicable
        If there are no training pictures of two classes.
    """
    training = training_rows(case, answer)
    if len(np.unique(case.targets[training])) < 2:
        raise NotApplicable("there are no training pictures of two classes")
    on_step("fitting the head", 0, 3)
    head = fitted_head(case.space.vectors[training], case.targets[training], len(case.classes))
    said, other = _asked(head, answer, case.targets[training])
    pushes = head.pushes(answer.vector, said, other)
    order = np.argsort(-pushes, kind="stable")
    groups = case.derived.grouping.groups[training]
    sets = prefixes(pushes, groups, MOST)
    if not sets:
        raise NotApplicable("no training picture pushes towards this answer")
    on_step("leaving training pictures out", 1, 3)
    refit = _Refit(case, training, answer, said, other)
    top = order[: min(MOST, int((pushes > 0).sum()))]
    nothing = np.zeros(0, dtype=np.int64)
    (margin, *margins), answers = refit.without([nothing, *sets, *top[:, None]])
    answers, alone = answers[1 : 1 + len(sets)], np.array(margins[len(sets) :])
    right = np.flatnonzero(answers == answer.true) if answer.true not in (None, said) else np.zeros(0, np.int64)
    which = int(right[0]) if len(right) else len(sets) - 1
    removed = sets[which]
    on_step("leaving others out", 2, 3)
    others = _controls(case, training, removed, groups)
    control_margins, control_answers = refit.without(others) if others else (np.zeros(0), np.zeros(0, np.int64))
    harder = np.argsort(alone, kind="stable")
    top, alone = top[harder], alone[harder]
    return Pushed(
        answer, said, other, float(margin), training[top], float(margin) - alone, training[removed],
        len(np.unique(groups[removed])), float(margins[which]), bool(len(right)),
        control_margins, int((control_answers == answer.true).sum()),
        case.settings.confidence,
    )  # fmt: skip


def training_rows(case: Case, answer: Answer) -> NDArray[np.int64]:
    """Rows of the head that answers: all of ``fit``, or for a picture of it the folds without it."""
    if answer.row is None or not case.fit[answer.row]:
        return np.flatnonzero(case.fit)
    folds = case.derived.folds()
    return np.flatnonzero(case.fit & (folds != folds[answer.row]))


def prefixes(pushes: NDArray[np.float64], groups: NDArray[np.int64], most: int) -> list[NDArray[np.int64]]:
    """Ever larger sets of whole groups that push, the hardest first; each at most ``most`` pictures.

    Parameters
    ----------
    pushes : ndarray of float64, shape (m,)
    groups : ndarray of int64, shape (m,)

    Returns
    -------
    list of ndarray of int64
        Positions; groups too large for what is left are passed over, and where the hardest alone is too large its
        hardest pictures stand for it.

    >>> [s.tolist() for s in prefixes(np.array([0.5, 0.4, 0.6, -1.0]), np.array([1, 1, 2, 3]), 3)]
    [[0, 1], [0, 1, 2]]
    """
    codes = np.unique(groups, return_inverse=True)[1]
    totals = np.bincount(codes, weights=pushes)
    chosen: list[int] = []
    out: list[NDArray[np.int64]] = []
    for code in np.argsort(-totals, kind="stable").tolist():
        members = np.flatnonzero(codes == code)
        if totals[code] <= 0 or len(chosen) == most:
            break
        if len(members) > most and not chosen:
            members = members[np.argsort(-pushes[members], kind="stable")][:most]
        if len(chosen) + len(members) <= most:
            chosen += members.tolist()
            out.append(np.array(chosen, dtype=np.int64))
    return out


class _Refit:
    """Heads fitted again with pictures left out, all at once."""

    def __init__(self, case: Case, training: NDArray[np.int64], answer: Answer, said: int, other: int) -> None:
        self._vectors, self._labels = case.space.vectors[training], case.targets[training]
        self._classes, self._vector, self._said, self._other = len(case.classes), answer.vector, said, other

    def without(self, sets: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Margin and answer without each set of positions."""
        weights = np.ones((len(sets), len(self._labels)), dtype=np.float32)
        for head, left_out in enumerate(sets):
            weights[head, left_out] = 0
        labels = np.repeat(self._labels[None], len(sets), axis=0)
        found = fit_heads(self._vectors, labels, weights, self._classes, strength=STRENGTH)
        asked = extended(self._vector[None], found.centre, found.scale)[0]
        logits = np.einsum("d,hdk->hk", asked, found.weights.astype(np.float64))
        known = np.stack([np.bincount(self._labels[w > 0], minlength=self._classes) > 0 for w in weights])
        logits = np.where(known, logits, -np.inf)  # a class without pictures cannot be said
        margins = logits[:, self._said] - logits[:, self._other]
        return np.nan_to_num(margins, posinf=np.finfo(float).max / 4, neginf=-np.finfo(float).max / 4), logits.argmax(
            axis=1
        )


def _asked(head: Head, answer: Answer, labels: NDArray[np.int64]) -> tuple[int, int]:
    """Said, and held against."""
    logits = head.logits(answer.vector[None])[0]
    known = np.bincount(labels, minlength=len(logits)) > 0
    order = [int(i) for i in np.argsort(-np.where(known, logits, -np.inf))]
    said = order[0]
    other = answer.true if answer.true not in (None, said) else order[1]
    return said, int(other)


def _controls(
    case: Case, training: NDArray[np.int64], removed: NDArray[np.int64], groups: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Sets of as many other pictures of the same classes, whole groups but for the last of each class."""
    labels, rng = case.targets[training], case.rng("others left out")
    counts = np.bincount(labels[removed])
    pools = {c: np.setdiff1d(np.flatnonzero(labels == c), removed) for c in np.flatnonzero(counts).tolist()}
    if any(len(pools[c]) < counts[c] for c in pools):
        return []
    out = []
    for _ in range(CONTROLS):
        drawn = []
        for c, pool in pools.items():
            rank = rng.permutation(int(groups.max()) + 1)[groups[pool]]
            drawn.append(pool[np.argsort(rank, kind="stable")][: counts[c]])
        out.append(np.concatenate(drawn))
    return out
