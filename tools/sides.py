"""The two sides of a what-if: one head per fold and repeat, with the change and without.

What is not changed is fitted once per case and kept: every what-if starts from it, and what a change leaves alone is
then the same to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Arrays, Case
from tools.kinds import Arguments, Kind
from tools.measures import Values, said
from tools.training.baseline import Fitted, Training, fit_trainings, plain_training
from tools.training.heads import Heads

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Side:
    """Heads and what they are asked.

    Attributes
    ----------
    vectors : ndarray of float32, shape (m, d)
        Of the images of the case, then of pictures made for the trial.
    fitted : Fitted
        One head per repeat and fold, repeats first.
    questions : tuple of ndarray of int64
        Images each head is asked about.
    factors : tuple of ndarray of float64 or None
        What each head's scores are multiplied by, shape (classes,); None = nothing.
    """

    vectors: NDArray[np.float32]
    fitted: Fitted
    questions: tuple[Rows, ...]
    factors: tuple[NDArray[np.float64], ...] | None = None

    def scores(
        self, classes: int, vectors: NDArray[np.float32] | None = None, questions: Sequence[Rows] | None = None
    ) -> list[NDArray[np.float64]]:
        """What each head says of its questions, or of others; arrays of shape (questions, classes)."""
        asked = self.questions if questions is None else questions
        found = self.fitted.scores(self.vectors if vectors is None else vectors, asked, classes)
        if self.factors is None:
            return found
        return [scores * factor for scores, factor in zip(found, self.factors, strict=True)]


@dataclass(frozen=True, eq=False)
class Tried:
    """What one side said.

    Attributes
    ----------
    side : Side
    scores : list of ndarray of float64, each shape (questions, classes)
    counted : ndarray of bool, shape (n,)
        Images that some head was asked about and that may count.
    repeats : int
    """

    side: Side
    scores: list[NDArray[np.float64]]
    counted: NDArray[np.bool_]
    repeats: int

    def said(self, judged: NDArray[np.int64]) -> Values:
        """How often each class was said of each counted image, shape (repeats, counted, classes)."""
        return said(self.side.questions, self.scores, self.counted, judged, self.repeats)


def plain_side(case: Case) -> Side:
    """Heads of the given training pictures, each asked about the fold that it was not trained on."""

    def fitted() -> Side:
        return held_out(case, "plain heads", [case.derived.folds(r) for r in range(case.settings.repeats)])

    return case.derived.once("plain side", fitted)


def held_out(case: Case, name: str, folds: Sequence[Rows]) -> Side:
    """Heads that leave out one fold each, kept by the case under a name.

    Parameters
    ----------
    folds : sequence of ndarray of int64, each shape (n,)
        One for each repeat; -1 outside the training images.
    """
    parts = [(one, fold) for one in folds for fold in np.unique(one[one >= 0])]
    classes, vectors = len(case.classes), case.space.vectors
    trainings = tuple(
        plain_training(np.flatnonzero((one >= 0) & (one != fold)), case.targets, classes) for one, fold in parts
    )

    def compute() -> Arrays:
        found = fit_trainings(vectors, trainings).heads
        return {
            "weights": found.weights,
            "centre": found.centre,
            "scale": np.array(found.scale),
            "gap": np.array(found.gap),
        }

    kept = case.derived.kept(name, compute)
    weights, centre = (kept[key].astype(np.float32) for key in ("weights", "centre"))
    heads = Heads(weights, centre, float(kept["scale"]), float(kept["gap"]))
    return Side(vectors, Fitted(trainings, heads), tuple(np.flatnonzero(one == fold) for one, fold in parts))


def both_sides(case: Case, kind: Kind, arguments: Arguments, *, on_step: Progress = silent) -> tuple[Side, Side]:
    """Heads without the change and with it."""
    plain = plain_side(case)
    if kind.folds is not None:
        return held_out(case, f"{kind.kind} heads", [kind.folds(case, r) for r in range(case.settings.repeats)]), plain
    before: list[Training] = []
    after: list[Training] = []
    factors: list[NDArray[np.float64]] = []
    per_repeat, total = len(plain.questions) // case.settings.repeats, len(plain.questions)
    for number, training in enumerate(plain.fitted.trainings):
        on_step(f"trying {kind.kind}", number, total)
        purpose = f"{kind.kind}-{number // per_repeat}-{number % per_repeat}"
        before.append(training if kind.start is None else kind.start(case, training, arguments, case.rng(purpose)))
        after.append(kind.change(case, training, arguments, case.rng(purpose)))
        if kind.adjust is not None:
            factors.append(kind.adjust(case, training, arguments, case.rng(purpose)))
    vectors = plain.vectors if kind.more is None else np.concatenate([plain.vectors, kind.more(case, arguments)])
    first = Side(vectors, _near(plain.fitted, vectors, before), _asked(case, kind, arguments, plain.questions))
    if kind.vectors is not None:
        other = kind.vectors(case, arguments)
        second = replace(first, vectors=other, fitted=fit_trainings(other, after))
    else:
        second = replace(first, fitted=_near(plain.fitted, vectors, after))
    on_step(f"trying {kind.kind}", total, total)
    return first, replace(second, factors=tuple(factors) or None)


def _near(known: Fitted, vectors: NDArray[np.float32], trainings: Sequence[Training]) -> Fitted:
    if all(mine is its for mine, its in zip(trainings, known.trainings, strict=True)):
        return known
    return fit_trainings(vectors, trainings, near=known)


def _asked(case: Case, kind: Kind, arguments: Arguments, held: Sequence[Rows]) -> tuple[Rows, ...]:
    """Held-out pictures, or all of the test split; and what a kind asks about besides, with every head."""
    questions = [np.flatnonzero(case.evaluation)] * len(held) if case.has_test else list(held)
    if kind.asked is not None:
        also = np.flatnonzero(kind.asked(case, arguments) & ~case.evaluation)
        questions = [np.concatenate([rows, also]) for rows in questions]
    return tuple(questions)
