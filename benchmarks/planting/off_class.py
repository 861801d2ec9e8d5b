"""Off-class pictures: things of no class here, each of another kind, under labels of the data set."""

from dataclasses import replace

import numpy as np

from tools.case import Case


def plant_off_class(case: Case, count: int, *, distance: float = 1.0, seed: int = 0) -> tuple[Case, frozenset[str]]:
    """Replace the vectors of ``count`` random pictures.

    Parameters
    ----------
    distance : float
        1 = a random direction away from the span of class means; 0 = the picture itself; between them, a mixture.

    Returns
    -------
    case : Case
    truth : frozenset of str
        Ids of the replaced pictures.
    """
    rng = np.random.default_rng(seed)
    vectors = case.space.vectors.copy()
    rows = rng.choice(len(vectors), count, replace=False)
    means = np.stack([vectors[case.targets == c].mean(axis=0) for c in range(len(case.classes))])
    basis = np.linalg.qr(means.T)[0]
    aside = rng.normal(size=(count, vectors.shape[1]))
    aside -= (aside @ basis) @ basis.T
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    mixed = distance * aside + (1 - distance) * vectors[rows]
    vectors[rows] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return replace(case, space=replace(case.space, vectors=vectors)), frozenset(case.ids[rows].tolist())
