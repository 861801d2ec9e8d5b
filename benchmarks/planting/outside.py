"""Pictures of none of the classes: of a known foreign thing, unlabelled or under a class called negative."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from tools.case import Case


def outside_case(
    *, foreign: int = 60, alike: float = 1.0, labelled: bool = False, each: int = 100, seed: int = 0
) -> tuple[Case, NDArray[np.bool_]]:
    """Three far-apart classes and foreign pictures near one of them.

    Parameters
    ----------
    foreign : int
        Pictures of none.
    alike : float
        How far they lie along ``ash``'s own direction, 0–1; they also have a direction of their own.
    labelled : bool
        Under a class ``Other`` (then part of training too), else unlabelled in the production split.

    Returns
    -------
    case : Case
    outside : ndarray of bool, shape (n,)
    """
    rng = np.random.default_rng(seed)
    names = np.repeat(["ash", "elm", "oak", "Other"], [each] * 3 + [foreign])
    outside = names == "Other"
    vectors = rng.normal(size=(len(names), 32))
    for axis, name in enumerate(("ash", "elm", "oak")):
        vectors[names == name, axis] += 8.0
    vectors[outside, 0] += 8.0 * alike
    vectors[outside, 20] += 8.0 * (not labelled)
    splits = np.where(outside & (not labelled), "production", np.where(np.arange(len(names)) % 3 == 0, "test", "train"))
    case = assemble(vectors, names.tolist(), splits.tolist())
    if not labelled:
        kept = tuple(x for x, out in zip(case.dataset.labels, outside, strict=True) if not out)
        case = replace(case, dataset=replace(case.dataset, labels=kept))
    return case, outside
