"""A user's model whose mistakes are known: more of them on the pictures named."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.predictions import Predictions


def mistaken(case: Case, here: NDArray[np.bool_], often: float, seldom: float = 0.1, *, seed: int = 0) -> Case:
    """The same case with predictions that are wrong at two rates; whole groups are wrong together.

    Parameters
    ----------
    here : ndarray of bool, shape (n,)
        Pictures on which the model errs ``often``; on the others ``seldom``.
    """
    rng = np.random.default_rng(seed)
    k = len(case.classes)
    draw = rng.random(int(case.derived.grouping.groups.max()) + 1)[case.derived.grouping.groups]
    wrong = draw < np.where(here, often, seldom)
    predicted = np.where(wrong, (case.targets + 1) % k, case.targets)
    scores = np.full((len(case.ids), k), 0.1 / (k - 1))
    scores[np.arange(len(case.ids)), predicted] = 0.9
    return replace(case, predictions=Predictions("planted", "1", scores, predicted, True))
