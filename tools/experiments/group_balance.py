"""Weigh the rare setting of two confused classes as much as the usual one (last-layer retraining, DFR)."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.cues import PRESENT, Tested, candidates, try_cue
from tools.effects import rare_recall
from tools.findings import Cost
from tools.inner_folds import held_out_scores
from tools.kinds import Arguments, pair_of
from tools.ladder import misled
from tools.training.baseline import Training

FEWEST_PER_CLASS = 20
FEWEST_PER_SIDE = 4
LARGEST_WEIGHT = 8.0
"""A handful of pictures may not decide everything; caps the weight of a rare setting."""


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Pairs the baseline confuses out of fold on the training pictures, from classes with enough of them."""
    sizes = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    names = [name for number, name in enumerate(case.classes) if sizes[number] >= FEWEST_PER_CLASS]
    return tuple({"pair": f"{a}|{b}"} for i, a in enumerate(names) for b in names[i + 1 :])


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Find the cue that most misleads held-out pictures of this training set, then balance its two sides.

    Kirichenko, Izmailov & Wilson 2023 ("Last layer re-training is sufficient"), with discovered groups.
    """
    pair = pair_of(case, arguments)
    scores = held_out_scores(case, training, rng, folds=case.settings.folds, tolerance=3e-3)
    if scores is None:
        return training
    found = misleading(case, training, pair, scores.argmax(axis=1))
    return training if found is None else balanced(case, training, found)


def misleading(case: Case, training: Training, pair: tuple[str, str], said: NDArray[np.int64]) -> Tested | None:
    """The cue between two classes that goes along with most errors of held-out training pictures; None = none does.

    Parameters
    ----------
    said : ndarray of int64, shape (m,)
        Class number said of each training picture by a head that did not see its group.
    """
    predicted = np.full(len(case.ids), -1, dtype=np.int64)
    predicted[training.rows] = said
    best: tuple[int, Tested] | None = None
    for cue in candidates(case, training.rows, pair):
        tests = [try_cue(case, cue, p, training.rows, training.rows, predicted) for p in (pair, pair[::-1])]
        if tests[0].strength < PRESENT:
            continue
        mislead = sum(t.against[0] for t in tests)
        if best is None or mislead > best[0]:
            best = mislead, tests[0]
    return None if best is None or best[0] == 0 else best[1]


def balanced(case: Case, training: Training, found: Tested) -> Training:
    """The two sides of a cue weighing the same within each class of its pair."""
    weights = training.weights.copy()
    for name in found.pair:
        mine = training.labels == case.number(name)
        side = found.looks_like_b[training.rows]
        sizes = [int((mine & s).sum()) for s in (side, ~side)]
        if min(sizes) < FEWEST_PER_SIDE:
            continue
        for s, size in zip((side, ~side), sizes, strict=True):
            weights[mine & s] *= min(LARGEST_WEIGHT, sum(sizes) / (2 * size))
    return replace(training, weights=weights)


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return " and ".join(pair_of(case, arguments)) + ", the rare setting weighted as much as the usual one"


def meant_for(case: Case, arguments: Arguments) -> dict[str, NDArray[np.bool_]]:
    """Evaluation pictures of the pair on the other class's side of the surest cue between the two."""
    pair = pair_of(case, arguments)
    return {rare_recall(pair): misled(case).get(frozenset(pair), np.zeros(len(case.ids), dtype=np.bool_))}


def cost(case: Case, arguments: Arguments) -> Cost:
    """One retraining."""
    return Cost(clicks=1, minutes=1)
