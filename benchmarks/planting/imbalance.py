"""Too few pictures of a class: all but some of its training pictures are taken away."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case


def thin_out(case: Case, name: str, keep: int, *, seed: int = 0) -> Case:
    """Keep ``keep`` random training pictures of one class; its held-out pictures stay."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(case.fit & (case.targets == case.number(name)))
    stays = np.ones(len(case.ids), dtype=np.bool_)
    stays[rng.permutation(rows)[keep:]] = False
    return subset(case, stays)


def subset(case: Case, rows: NDArray[np.bool_]) -> Case:
    """The case with some of its pictures, without predictions."""
    dataset = case.dataset.only(rows)
    space = replace(case.space, ids=dataset.ids, vectors=case.space.vectors[rows], names=case.space.names[rows])
    return replace(case, dataset=dataset, space=space, predictions=None)
