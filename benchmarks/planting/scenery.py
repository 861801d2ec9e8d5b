"""What a look at the pixels would have found, for cases made of vectors: backdrops, clutter, sizes, frames."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from embeddings.scenery import SMALL
from tools.case import Case
from tools.code_version import code_version
from tools.derived import LOOKS

Values = NDArray[np.floating]
ORDINARY = {
    "spread": (20.0, 40.0),
    "edges": (0.0, 0.06),
    "area": (0.06, 0.5),
    "lightness": (20.0, 90.0),
    "chroma": (0.0, 40.0),
    "warmth": (-20.0, 20.0),
}
"""Ranges from which values are drawn evenly where none are given."""


def seen(case: Case, values: Mapping[str, Values] | None = None, *, seed: int = 0) -> Case:
    """The same case, whose store says that every picture was opened again.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n, …)
        Of those in ``ORDINARY``, ``pieces``, ``small`` and ``background``; what is left out is drawn at random, the
        same for one group, and follows no class.
    """
    rng = np.random.default_rng(seed)
    groups = np.unique(case.derived.grouping.groups, return_inverse=True)[1]
    count, dimension = int(groups.max()) + 1, case.space.vectors.shape[1]
    drawn: dict[str, Values] = {name: rng.uniform(*limits, count)[groups] for name, limits in ORDINARY.items()}
    drawn["pieces"] = rng.integers(1, 4, count)[groups].astype(np.float32)
    drawn["small"] = rng.uniform(0, 255, (count, SMALL, SMALL, 3))[groups]
    background = rng.normal(size=(count, dimension))[groups]
    drawn["background"] = background / np.linalg.norm(background, axis=1, keepdims=True)
    found = {name: value.astype(np.float32) for name, value in {**drawn, **(values or {})}.items()}
    rows = np.arange(len(case.ids))
    looks = {name: found[name] for name in LOOKS} | {"looked at": rows}
    parts = {"area": found["area"], "background": found["background"], "foreground": case.space.vectors}
    end = f"{case.fingerprint}-{code_version()}"
    case.store.save(f"parts-{end}", {**parts, **looks, "rows": rows, "unparted": np.array(0)})
    return case
