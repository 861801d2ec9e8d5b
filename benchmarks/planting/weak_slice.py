"""A group of one class on which the model fails: a cluster of test pictures drawn near another class."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from tools.case import Case


def slice_case(
    *, share: float = 0.3, pull: float = 1.0, each: int = 300, burst: int = 1, seed: int = 0, tagged: bool = False
) -> tuple[Case, NDArray[np.bool_]]:
    """Two classes; a part of both stands apart on an axis of its own; in test that of ``cup`` is drawn towards ``jug``.

    Parameters
    ----------
    share : float
        Of the pictures of ``cup``.
    pull : float
        0 plants nothing: the part is there, but no harder than the rest; 1 puts its test pictures between the classes.
    each : int
        Pictures per class, half of them test.
    burst : int
        Pictures of one object, alike.
    tagged : bool
        Whether a metadata column and the brightness tell the part from the rest.

    Returns
    -------
    case : Case
    part : ndarray of bool, shape (n,)
    """
    rng = np.random.default_rng(seed)
    n = 2 * each
    objects = np.arange(n) // burst
    labels = np.repeat([0, 1], each)
    test = objects % 2 == 1
    apart = rng.random(n)[objects * burst] < share  # of both classes, so that standing apart says nothing of the class
    part = apart & (labels == 0)
    vectors = rng.normal(size=(n, 32))[objects * burst] + rng.normal(size=(n, 32)) * 0.15 * (burst > 1)
    vectors[:, 0] += np.where(labels == 0, -2.5, 2.5) + np.where(part & test, 2.5 * pull, 0.0)
    vectors[:, 1] += 6.0 * apart
    brightness = (0.5 + rng.normal(scale=0.05, size=n) + 0.2 * part * tagged).astype(np.float32)
    metadata = {"place": np.where(part, "cellar", "hall")} if tagged else {}
    return assemble(
        vectors,
        ["cup" if label == 0 else "jug" for label in labels],
        ["test" if t else "train" for t in test],
        metadata=metadata,
        properties={"brightness": brightness},
    ), part
