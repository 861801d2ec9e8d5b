"""Ranks what a kind of change could be tried on by a cheap head on held-out training pictures: what to try first.

The pictures that a verdict is given on take no part: had they chosen, the verdict would flatter what was chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.kinds import Arguments, Kind, kinds
from tools.metrics import balanced_weights
from tools.registry import NotApplicable
from tools.sides import plain_side
from tools.training.baseline import Training
from tools.training.ridge import RidgeFolds


@dataclass(frozen=True)
class Screened:
    """What a cheap head makes of one change.

    Attributes
    ----------
    arguments : mapping of str to str
    before, after : float
        Balanced accuracy on held-out training pictures, averaged over folds and repeats.
    """

    arguments: Mapping[str, str]
    before: float
    after: float

    @property
    def gain(self) -> float:
        """After − before."""
        return self.after - self.before


def screen(case: Case, kind: str, options: Sequence[Arguments], *, on_step: Progress = silent) -> list[Screened]:
    """Arguments of a kind, the most promising first; equals in their given order.

    Raises
    ------
    NotApplicable
        Without a test split, or for a kind whose gain is not one of a changed training set.
    """
    found = kinds()[kind]
    if not case.has_test:
        raise NotApplicable(
            "a ranking looks at held-out pictures, and without a test split those are the ones that the verdict is "
            "given on, which would then flatter whatever was ranked first"
        )
    if any(hook is not None for hook in (found.adjust, found.vectors, found.folds, found.truth)):
        raise NotApplicable(f"{kind} changes more than the training pictures, so a cheap head cannot rank it")
    out = []
    for done, arguments in enumerate(options):
        on_step(f"ranking {kind}", done, len(options))
        out.append(_screened(case, found, arguments))
    on_step(f"ranking {kind}", len(options), len(options))
    return sorted(out, key=lambda one: -one.gain)


def _screened(case: Case, kind: Kind, arguments: Arguments) -> Screened:
    plain, per_repeat = plain_side(case), len(plain_side(case).questions) // case.settings.repeats
    ridge = _ridge(case, kind, arguments)
    judged = np.arange(len(case.classes)) if kind.counted_as is None else kind.counted_as(case, arguments)
    counts = case.fit if kind.judged_on is None else kind.judged_on(case, arguments)
    before, after = [], []
    for number, (training, held) in enumerate(zip(plain.fitted.trainings, plain.questions, strict=True)):
        purpose = f"{kind.kind}-{number // per_repeat}-{number % per_repeat}"
        rows = held[counts[held]]
        first = training if kind.start is None else kind.start(case, training, arguments, case.rng(purpose))
        before.append(_figure(case, ridge, number, first, rows, judged))
        after.append(
            _figure(case, ridge, number, kind.change(case, training, arguments, case.rng(purpose)), rows, judged)
        )
    return Screened(dict(arguments), float(np.mean(before)), float(np.mean(after)))


def _ridge(case: Case, kind: Kind, arguments: Arguments) -> RidgeFolds:
    plain = plain_side(case)
    frame = plain.fitted.heads.centre, plain.fitted.heads.scale
    if kind.more is None:
        return case.derived.once("ridge", lambda: RidgeFolds(plain.vectors, frame, plain.fitted.trainings))
    vectors = np.concatenate([plain.vectors, kind.more(case, arguments)])
    return RidgeFolds(vectors, frame, plain.fitted.trainings)


def _figure(
    case: Case, ridge: RidgeFolds, fold: int, training: Training, rows: NDArray[np.int64], judged: NDArray[np.int64]
) -> float:
    """Balanced accuracy of one head on the pictures left out."""
    targets = judged[case.targets[rows]]
    return float((judged[ridge.said(fold, training, rows)] == targets) @ balanced_weights(targets))
