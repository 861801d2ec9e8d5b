"""One label over two kinds of thing: burnt and broken, both called bad."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from tools.case import Case


def kinds_case(
    *, distance: float = 5.0, each: int = 60, seed: int = 0, shift_second: float = 0.0
) -> tuple[Case, NDArray[np.int64]]:
    """``bad`` holds two kinds ``distance`` deviations apart, with ``good`` lying between them; test is half of it all.

    Parameters
    ----------
    distance : float
        0 plants nothing.
    shift_second : float
        Moves the second kind's test pictures towards ``good``, so that errors fall on it.

    Returns
    -------
    case : Case
    kind : ndarray of int64, shape (n,)
        −1 for good, 0 and 1 for the kinds of bad.
    """
    rng = np.random.default_rng(seed)
    kind = np.repeat([-1, 0, 1], [2 * each, each, each])
    vectors = rng.normal(size=(len(kind), 32))
    vectors[:, 0] += np.choose(kind + 1, [0.0, -distance, distance])
    vectors[:, 1] += np.where(kind < 0, 2.5, -2.5)
    test = np.arange(len(kind)) % 2 == 1
    vectors[test & (kind == 1), 1] += shift_second
    names = ["good" if k < 0 else "bad" for k in kind]
    return assemble(vectors, names, ["test" if t else "train" for t in test]), kind
