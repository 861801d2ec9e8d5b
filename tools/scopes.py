"""Which classes and images a scope speaks of."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Scope


def scoped_classes(case: Case, scope: Scope) -> NDArray[np.bool_]:
    """Classes that a scope names, shape (k,); all of them where it names none."""
    named = set(scope.classes) | set(scope.pair or ())
    if not named:
        return np.ones(len(case.classes), dtype=np.bool_)
    return np.array([name in named for name in case.classes], dtype=np.bool_)


def scoped_images(case: Case, scope: Scope) -> NDArray[np.bool_]:
    """Images labelled with a class of the scope, shape (n,); where it names none, every image, labelled or not."""
    if not scope.classes and scope.pair is None:
        return np.ones(len(case.ids), dtype=np.bool_)
    chosen = scoped_classes(case, scope)
    targets = case.targets
    return np.asarray((targets >= 0) & chosen[targets])
