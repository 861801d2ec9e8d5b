"""Partitions into folds that keep groups whole and classes spread."""

import numpy as np
from numpy.typing import NDArray


def partition(
    targets: NDArray[np.int64], groups: NDArray[np.int64], folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Fold of each image, shape (n,); whole groups together, every class spread as evenly as groups allow.

    Greedy: groups in random order, largest first; each goes to the fold that then deviates least from the
    ideal class counts (the idea of scikit-learn's StratifiedGroupKFold, ties broken at random).

    Parameters
    ----------
    targets : ndarray of int, shape (n,)
        Class numbers ≥ 0.
    groups : ndarray of int, shape (n,)
    folds : int
    rng : Generator
    """
    _, codes = np.unique(groups, return_inverse=True)
    count, k = int(codes.max()) + 1, int(targets.max()) + 1
    if count < folds:
        raise ValueError(f"{count} groups cannot be spread over {folds} folds")
    table = np.zeros((count, k))
    np.add.at(table, (codes, targets), 1.0)
    scale = 1.0 / np.maximum(table.sum(axis=0), 1.0)
    order = rng.permutation(count)
    order = order[np.argsort(-table[order].sum(axis=1), kind="stable")]
    load = np.zeros((folds, k))
    fold_of = np.empty(count, dtype=np.int64)
    for g in order:
        seen = table[g] > 0
        crowding = ((load[:, seen] + table[g, seen]) * scale[seen]).sum(axis=1)
        total = (load.sum(axis=1) + table[g].sum()) / len(targets)
        cost = crowding + 1e-3 * total
        best = np.flatnonzero(cost <= cost.min() + 1e-12)
        fold_of[g] = choice = int(rng.choice(best))
        load[choice] += table[g]
    return fold_of[codes]


def deal(
    targets: NDArray[np.int64], groups: NDArray[np.int64], folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """As ``partition``, less even and for many groups far quicker: those of one class are dealt out in turn.

    A group counts as of the class of its first image. Shape (n,); as many folds as there are groups at most.
    """
    names, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    shuffled = rng.permutation(len(names))
    order = shuffled[np.argsort(targets[first][shuffled], kind="stable")]
    fold = np.empty(len(names), dtype=np.int64)
    fold[order] = np.arange(len(names)) % min(folds, len(names))
    return fold[codes]
