"""Test or production pictures taken otherwise than the training pictures, with or without errors on them."""

from dataclasses import replace

import numpy as np

from benchmarks.planting.vectors import assemble
from tools.case import Case


def shifted_case(
    *,
    shift: float = 2.0,
    harmful: float = 0.0,
    split: str = "test",
    only: str | None = None,
    share: float = 1.0,
    each: int = 80,
    burst: int = 2,
    seed: int = 0,
) -> Case:
    """Three classes; the second split lies ``shift`` deviations away along an axis that says nothing of the class.

    Parameters
    ----------
    shift : float
        0 plants nothing.
    harmful : float
        Also moves shifted ``ash`` pictures this far towards ``elm``.
    split : str
        ``test``, or ``production`` (without labels).
    only : str, optional
        Shift this class alone.
    share : float
        Of the second split's bursts that are shifted.
    each : int
        Pictures per class and split.
    """
    rng = np.random.default_rng(seed)
    names = ("ash", "elm", "oak")
    objects = 2 * 3 * each // burst
    of = np.repeat(np.arange(objects), burst)
    label, second = (np.arange(objects) // (each // burst)) % 3, np.arange(objects) >= objects // 2
    moved = second & (rng.random(objects) < share)
    if only is not None:
        moved &= label == names.index(only)
    vectors = rng.normal(size=(objects, 32))
    vectors[np.arange(objects), label] += 4.0
    vectors[:, 10] += shift * moved
    towards = harmful * (moved & (label == 0))
    vectors[:, 0] -= towards
    vectors[:, 1] += towards
    case = assemble(
        vectors[of] + 0.1 * rng.normal(size=(len(of), 32)),
        [names[c] for c in label[of]],
        [split if s else "train" for s in second[of]],
        properties={"brightness": (0.5 + 0.1 * rng.normal(size=objects) - 0.2 * moved)[of].astype(np.float32)},
    )
    if split == "production":
        kept = tuple(x for x, s in zip(case.dataset.labels, second[of], strict=True) if not s)
        case = replace(case, dataset=replace(case.dataset, labels=kept))
    return case
