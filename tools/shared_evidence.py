"""What the causes of all confusions of a case share: doubted labels, refits without a fault, cues, kinds, slices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.checks import not_visual
from tools.checks.hidden_subclasses import Kinds, class_kinds
from tools.checks.weak_slices import distinct, halves, worth_testing
from tools.checks.weak_slices import measure as measure_slice
from tools.cues import Cue
from tools.experiments import reweight
from tools.label_errors import case_suspects
from tools.ladder import candidates_climbed
from tools.slices import Slice, first_half, gathering_p
from tools.slices import candidates as slice_candidates
from tools.statistics import benjamini_hochberg
from tools.training.baseline import Training, parent_scores, plain_training

FEWEST_CONFUSED = 3
CONTROLS = 3
"""Random leavings-out beside each kind that is left out."""
MOST_OF_A_CLASS = 400
"""Training pictures of a class in those refits, kinds and controls alike: with all 50,000 of 20 classes each class with
kinds would cost 15 CPU-seconds, 90 without a test split."""
STRONG_DOUBT = 0.85
"""An error contradicts its label by definition; only a label that every view doubts this much may excuse it."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What the baseline says of evaluation pictures once a kind of a class is left out of training.

    Attributes
    ----------
    said : ndarray of int64, shape (n,)
        Class numbers; −1 for pictures that are not evaluated.
    beside : ndarray of int64, shape (controls, n)
        The same where as many pictures of the class, drawn in whole groups, are left out instead.
    """

    said: NDArray[np.int64]
    beside: NDArray[np.int64]


class Shared:
    """Counterfactual refits and cue tests that all pairs use."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._kinds: dict[str, Kinds | None] = {}
        self._areas: dict[int, not_visual.Area | None] = {}
        self._left_out: dict[str, list[LeftOut]] = {}
        self.plain = np.where(case.evaluation, case.derived.baseline.argmax(axis=1), -1)
        self.suspects = case_suspects(case)
        self.suspect = np.zeros(len(case.ids), dtype=np.bool_)
        self.suspect[self.suspects.rows[self.suspects.flagged]] = True
        self.doubted = np.zeros(len(case.ids), dtype=np.bool_)
        strong = self.suspects.flagged & ((self.suspects.doubt > STRONG_DOUBT) | self.suspects.burst)
        self.doubted[self.suspects.rows[strong]] = True
        self.cleaned = _rescored(case, lambda t: t.only(~self.suspect[t.rows]))
        self.balanced = None
        if reweight.eligible(case):
            self.balanced = _rescored(case, lambda t: reweight.change(case, t, {}, case.rng("reweight")))

    @cached_property
    def cues(self) -> list[Cue]:
        """Candidate cues, as their own check finds them."""
        return list(candidates_climbed(self.case).cues)

    @cached_property
    def slices(self) -> list[Slice]:
        """Weak slices confirmed on the half of the groups that did not find them."""
        learnt, tested = halves(self.case)
        if min(learnt.wrong.sum(), tested.wrong.sum()) < FEWEST_CONFUSED:
            return []
        found = slice_candidates(self.case, first_half(self.case))
        carried = [s for s in found if worth_testing(s, learnt, tested)]
        p = np.array([gathering_p(s, tested) for s in carried])
        sure = zip(carried, p.tolist(), benjamini_hochberg(p).tolist(), strict=True)
        results = [measure_slice(self.case, s, value, tested) for s, value, rejected in sure if rejected]
        return [result.found for result in distinct(self.case, results)]

    def area(self, number: int) -> not_visual.Area | None:
        """How well a class is told from all others; None where it has too few independent pictures to say."""
        if number not in self._areas:
            groups = self.case.derived.grouping.groups
            enough = len(np.unique(groups[self.case.fit & (self.case.targets == number)])) >= not_visual.FEWEST_GROUPS
            self._areas[number] = not_visual.measure(self.case, number) if enough else None
        return self._areas[number]

    def kinds(self, name: str) -> Kinds | None:
        """Stable kinds of a class, looked for once."""
        if name not in self._kinds:
            self._kinds[name] = class_kinds(self.case, name)[0]
        return self._kinds[name]

    def without(self, kinds: Kinds) -> list[LeftOut]:
        """One refit per kind of a class with that kind left out of training, and its random controls."""
        if kinds.name not in self._left_out:
            rng, few = self.case.rng(f"left-out-{kinds.name}"), self._few
            here = few[kinds.rows]
            rows, labels = kinds.rows[here], kinds.parts.labels[here]
            groups = self.case.derived.grouping.groups[rows]
            aside: list[NDArray[np.int64]] = []
            for part in range(int(kinds.parts.labels.max()) + 1):
                these = rows[labels == part]
                aside += [these, *(rows[drawn(groups, len(these), rng)] for _ in range(CONTROLS))]
            said = _rescored_each(self.case, [_leave_out(few, left) for left in aside])
            each = 1 + CONTROLS
            self._left_out[kinds.name] = [
                LeftOut(said[at], np.stack(said[at + 1 : at + each])) for at in range(0, len(said), each)
            ]
        return self._left_out[kinds.name]

    @cached_property
    def _few(self) -> NDArray[np.bool_]:
        """Pictures that refits of kinds are trained on: whole groups of each class, ``MOST_OF_A_CLASS`` at most."""
        rng, groups = self.case.rng("left-out"), self.case.derived.grouping.groups
        out = np.zeros(len(self.case.ids), dtype=np.bool_)
        for number in range(len(self.case.classes)):
            rows = np.flatnonzero(self.case.fit & (self.case.targets == number))
            small = len(rows) <= MOST_OF_A_CLASS
            out[rows if small else rows[drawn(groups[rows], MOST_OF_A_CLASS, rng)]] = True
        return out


def drawn(groups: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of whole groups in random order, until ``count`` pictures are drawn; the last group may be cut."""
    _, codes = np.unique(groups, return_inverse=True)
    place = rng.permutation(int(codes.max()) + 1)[codes]
    return np.argsort(place, kind="stable")[:count]


def _leave_out(kept: NDArray[np.bool_], rows: NDArray[np.int64]) -> Callable[[Training], Training]:
    return lambda training: training.only(kept[training.rows] & ~np.isin(training.rows, rows))


def _rescored(case: Case, change: Callable[[Training], Training]) -> NDArray[np.int64]:
    """Class numbers the baseline says of evaluation pictures after a change of its training; −1 elsewhere."""
    return _rescored_each(case, [change])[0]


def _rescored_each(case: Case, changes: Sequence[Callable[[Training], Training]]) -> list[NDArray[np.int64]]:
    """As ``_rescored`` for several changes, whose heads are fitted together."""
    classes = len(case.classes)
    if case.has_test:
        rows = [np.flatnonzero(case.fit)]
        questions = [np.flatnonzero(case.evaluation)]
    else:
        folds = case.derived.folds()
        names = np.unique(folds[folds >= 0])
        rows = [np.flatnonzero((folds >= 0) & (folds != f)) for f in names]
        questions = [np.flatnonzero(folds == f) for f in names]
    plain = [plain_training(r, case.targets, classes) for r in rows]
    trainings = [change(training) for change in changes for training in plain]
    scores = iter(parent_scores(case.space.vectors, trainings, questions * len(changes), classes))
    out = []
    for _ in changes:
        said = np.full(len(case.ids), -1, dtype=np.int64)
        for where in questions:
            said[where] = next(scores).argmax(axis=1)
        out.append(said)
    return out
