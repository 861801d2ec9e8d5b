"""A class whose label has nothing to do with the pictures: random groups of every class under a new name."""

from dataclasses import replace

import numpy as np

from tools.case import Case


def rename_at_random(case: Case, name: str, share: float, *, seed: int = 0) -> tuple[Case, frozenset[str]]:
    """Give a share of the groups, whatever they show, to a new class.

    Returns
    -------
    case : Case
    truth : frozenset of str
        Ids that carry the new name.
    """
    rng = np.random.default_rng(seed)
    groups = case.derived.grouping.groups
    chosen = np.isin(groups, [g for g in np.unique(groups) if rng.random() < share])
    ids = frozenset(case.ids[chosen].tolist())
    labels = tuple(replace(label, name=name) if label.image_id in ids else label for label in case.dataset.labels)
    return replace(case, dataset=replace(case.dataset, labels=labels)), ids
