"""Keep one training picture of every set of copies."""

import numpy as np

from tools.case import Case
from tools.duplicates import duplicates
from tools.findings import Cost
from tools.kinds import Arguments
from tools.training.baseline import Training


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Where some training pictures are copies of others."""
    return ({},) if _spare(case, np.flatnonzero(case.fit)).any() else ()


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Drop all but the first of each set; copies are found from pixels alone, so nothing leaks from labels."""
    return training.only(~_spare(case, training.rows))


def _spare(case: Case, rows: np.ndarray) -> np.ndarray:
    """Rows whose set of copies has an earlier member among these rows, shape (m,)."""
    sets = duplicates(case).sets[rows]
    first = np.zeros(len(rows), dtype=np.bool_)
    first[np.unique(sets, return_index=True)[1]] = True
    return ~first


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return "training pictures that are copies of others, left out"


def cost(case: Case, arguments: Arguments) -> Cost:
    """One look per copy."""
    count = int(_spare(case, np.flatnonzero(case.fit)).sum())
    return Cost(clicks=count, minutes=count / 12)
