"""Easy pictures: plain ones in one split, also easy to tell or not; test pictures right beside training pictures."""

from dataclasses import replace

import numpy as np

from tools.case import Case


def make_plain(
    case: Case, split: str, *, share: float = 1.0, bits: float = 0.3, easy: bool = False, seed: int = 0
) -> tuple[Case, frozenset[str]]:
    """Lower the entropy of a share of one split's pictures.

    Parameters
    ----------
    bits : float
        Twice the usual deviation of ``benchmarks.planting.quality.USUAL`` by default.
    easy : bool
        Also move these pictures' vectors four fifths of the way to the mean of their class.

    Returns
    -------
    case : Case
    truth : frozenset of str
        Ids of the plain pictures.
    """
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(case.dataset.splits == split)
    rows = rng.choice(rows, round(share * len(rows)), replace=False)
    properties = dict(case.dataset.properties)
    properties["entropy"] = properties["entropy"].copy()
    properties["entropy"][rows] -= bits
    space = case.space
    if easy:
        vectors = space.vectors.copy()
        for c in np.unique(case.targets[rows]):
            mine = rows[case.targets[rows] == c]
            mean = vectors[case.targets == c].mean(axis=0)
            vectors[mine] = 0.2 * vectors[mine] + 0.8 * mean / np.linalg.norm(mean)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        space = replace(space, vectors=vectors.astype(np.float32))
    planted = replace(case, dataset=replace(case.dataset, properties=properties), space=space)
    return planted, frozenset(case.ids[rows].tolist())


def shadow(case: Case, share: float, *, similarity: float = 0.9, seed: int = 0) -> tuple[Case, frozenset[str]]:
    """Move a share of the test pictures to just beside a training picture of their class."""
    rng = np.random.default_rng(seed)
    vectors = case.space.vectors.copy()
    test = np.flatnonzero(case.evaluation)
    rows = rng.choice(test, round(share * len(test)), replace=False)
    for row in rows.tolist():
        model = rng.choice(np.flatnonzero(case.fit & (case.targets == case.targets[row])))
        aside = rng.normal(size=vectors.shape[1])
        aside -= (aside @ vectors[model]) * vectors[model]
        vectors[row] = similarity * vectors[model] + np.sqrt(1 - similarity**2) * aside / np.linalg.norm(aside)
    return replace(case, space=replace(case.space, vectors=vectors)), frozenset(case.ids[rows].tolist())
