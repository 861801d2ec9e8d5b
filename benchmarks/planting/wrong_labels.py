"""Wrong labels: single slips anywhere or to the class that looks most alike, or whole bursts."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case


def nearest_class(case: Case) -> NDArray[np.int64]:
    """For each class the one whose training pictures lie nearest on average, shape (classes,)."""
    rows = np.flatnonzero(case.fit)
    means = np.stack([case.space.vectors[rows[case.targets[rows] == c]].mean(axis=0) for c in range(len(case.classes))])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    similarities = means @ means.T
    np.fill_diagonal(similarities, -1)
    return np.asarray(similarities.argmax(axis=1), dtype=np.int64)


def flip(
    case: Case, share: float, *, seed: int = 0, bursts: bool = False, alike: bool = False
) -> tuple[Case, dict[str, str]]:
    """Give a share of the training pictures another label, a random one unless told.

    Parameters
    ----------
    share : float
        Of the training pictures; of the groups when ``bursts``.
    bursts : bool
        Whole groups of the case's grouping instead of single pictures.
    alike : bool
        The class that looks most alike instead of a random one: the slip people make.

    Returns
    -------
    case : Case
    truth : dict of str to str
        Image id → the right class.
    """
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(case.fit)
    groups = case.derived.grouping.groups[rows]
    if bursts:
        names, sizes = np.unique(groups, return_counts=True)
        large = names[sizes >= 3]
        chosen = rows[np.isin(groups, rng.choice(large, max(1, round(share * len(large))), replace=False))]
    else:
        chosen = rng.choice(rows, round(share * len(rows)), replace=False)
    new: dict[int, int] = {}
    shift = {int(g): int(rng.integers(1, len(case.classes))) for g in np.unique(case.derived.grouping.groups)}
    near = nearest_class(case) if alike else None
    for row in chosen.tolist():
        if near is not None:
            new[row] = int(near[case.targets[row]])
            continue
        step = shift[int(case.derived.grouping.groups[row])] if bursts else int(rng.integers(1, len(case.classes)))
        new[row] = int((case.targets[row] + step) % len(case.classes))
    truth = {str(case.ids[row]): case.classes[case.targets[row]] for row in new}
    by_id = {str(case.ids[row]): case.classes[label] for row, label in new.items()}
    labels = tuple(replace(label, name=by_id.get(label.image_id, label.name)) for label in case.dataset.labels)
    return replace(case, dataset=replace(case.dataset, labels=labels)), truth
