"""One class under two names: nothing in the pictures tells them apart."""

from dataclasses import replace

import numpy as np

from tools.case import Case


def halve(case: Case, name: str, second: str, *, seed: int = 0) -> tuple[Case, int]:
    """Rename a random half of a class, whole groups, in every split.

    Returns
    -------
    case : Case
    renamed : int
        Pictures that now carry the second name.
    """
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(case.targets == case.number(name))
    groups, codes = np.unique(case.derived.grouping.groups[rows], return_inverse=True)
    second_half = rng.permutation(len(groups)) < len(groups) // 2
    chosen = set(case.ids[rows[second_half[codes]]].tolist())
    labels = tuple(
        replace(label, name=second) if label.image_id in chosen and label.name == name else label
        for label in case.dataset.labels
    )
    return replace(case, dataset=replace(case.dataset, labels=labels)), len(chosen)
