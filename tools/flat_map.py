"""A case's pictures laid out flat, kept by their vectors alone, so that new labels or predictions keep the map."""

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case

METHOD = 1
"""Another number lays maps out anew."""


def kept_map(case: Case) -> NDArray[np.float32] | None:
    """Positions, shape (n, 2), rows in the case's order; None if the pictures were not laid out yet."""
    found = case.store.load(_key(case))
    return None if found is None else found["positions"].astype(np.float32)


def flat_map(case: Case, *, on_step: Progress = silent) -> NDArray[np.float32]:
    """Positions, from the store or computed and kept there."""
    found = kept_map(case)
    if found is None:
        from embeddings.layout import layout

        on_step("nearest neighbours", 0, 1)
        graph = case.derived.graph
        found = layout(
            case.space.vectors, graph.neighbours, graph.similarities, np.random.default_rng(case.settings.seed),
            on_step=on_step,
        )  # fmt: skip
        case.store.save(_key(case), {"positions": found})
    return found


def _key(case: Case) -> str:
    return f"flat-map-{METHOD}-{case.settings.seed}-{case.space.fingerprint}"
