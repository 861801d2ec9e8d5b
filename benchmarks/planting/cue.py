"""A setting that goes along with the label in training and not in test: hands and plates, as numbers."""

import numpy as np

from benchmarks.planting.vectors import assemble
from tools.case import Case


def cue_case(
    *,
    agreement: float = 0.9,
    strength: float = 3.0,
    each: int = 150,
    seed: int = 0,
    measured: bool = True,
) -> tuple[Case, frozenset[str]]:
    """Two classes with a weak difference of their own and a strong shared direction that follows the label.

    Parameters
    ----------
    agreement : float
        Share of training pictures whose setting is their class's usual one; 0.5 plants nothing. In test: half.
    strength : float
        Size of the setting's direction, in within-class deviations.
    measured : bool
        Whether a property (the surround's brightness) shows the setting.

    Returns
    -------
    case : Case
    against : frozenset of str
        Test pictures whose setting is the other class's usual one.
    """
    rng = np.random.default_rng(seed)
    dimension, n = 32, 4 * each
    labels = np.repeat([0, 1], 2 * each)
    in_test = np.tile(np.repeat([False, True], each), 2)
    agrees = rng.random(n) < np.where(in_test, 0.5, agreement)
    setting = np.where(agrees, labels, 1 - labels)
    vectors = rng.normal(size=(n, dimension))
    vectors[:, 0] += (labels - 0.5) * 2.5
    vectors[:, 1] += (setting - 0.5) * strength * 2
    bright = (0.3 + 0.4 * setting + rng.normal(scale=0.08, size=n)).astype(np.float32)
    plain = rng.normal(0.5, 0.1, size=n).astype(np.float32)
    case = assemble(
        vectors,
        ["apples" if label == 0 else "citrus" for label in labels],
        ["test" if t else "train" for t in in_test],
        properties={"border_brightness": bright if measured else plain, "sharpness": plain},
    )
    return case, frozenset(str(i) for i in case.ids[in_test & ~agrees])
