"""How often weak slices are found where errors fall at random, and what they cost on a large set.

Run ``python -m benchmarks.slices``.
"""

import time
from dataclasses import replace

import numpy as np

from benchmarks.planting.vectors import assemble
from tools.audit import run_check
from tools.case import Case
from tools.findings import Scope
from tools.groups import Grouping
from tools.predictions import Predictions
from tools.registry import find_check

MAJORITIES = (0.5, 0.7, 0.8, 0.9)
RUNS = 200


def random_case(majority: float, seed: int, *, n: int = 400, burst: int = 2, errors: float = 0.2) -> Case:
    """Two classes, one with this share of the pictures; errors, column and properties at random, constant in bursts."""
    rng = np.random.default_rng(seed)
    objects = n // burst
    labels = rng.random(objects) < majority
    wrong = rng.random(objects) < errors
    column, bright = rng.random(objects) < majority, rng.normal(size=(objects, 2))
    vectors = rng.normal(size=(objects, 32))
    of = np.repeat(np.arange(objects), burst)
    case = assemble(
        vectors[of] + 0.1 * rng.normal(size=(n, 32)),
        ["more" if label else "less" for label in labels[of]],
        metadata={"mark": np.where(column[of], "yes", "no")},
        properties={
            "brightness": bright[of, 0].astype(np.float32),
            "sharpness": (bright[of, 1] + 0.1 * rng.normal(size=n)).astype(np.float32),
        },
    )
    said = np.where(wrong[of], 1 - case.targets, case.targets)
    scores = np.where(said[:, None] == np.arange(2), 0.8, 0.2)
    return replace(case, predictions=Predictions("random", "1", scores, said, True))


def flagged_at_random(majority: float, seed: int) -> bool:
    """Whether the check finds anything although errors fall anywhere."""
    return bool(run_check(random_case(majority, seed), find_check("weak-slices"), Scope()).findings)


def cost(n: int = 50_000, dimension: int = 512, classes: int = 20) -> float:
    """CPU-seconds of the check alone on a large set, graph and scores given."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % classes
    case = assemble(
        rng.normal(size=(n, dimension)) + 2 * rng.normal(size=(classes, dimension))[labels],
        [f"class {label:02d}" for label in labels],
        metadata={"place": rng.choice(["a", "b", "c"], n)},
        properties={name: rng.normal(size=n).astype(np.float32) for name in ("brightness", "sharpness", "contrast")},
    )
    said = np.where(rng.random(n) < 0.1, (labels + 1) % classes, labels)
    scores = np.full((n, classes), 0.1 / (classes - 1))
    scores[np.arange(n), said] = 0.9
    case = replace(case, predictions=Predictions("random", "1", scores, said, True))
    case.derived.__dict__["grouping"] = _alone(n)
    started = time.process_time()
    run_check(case, find_check("weak-slices"), Scope())
    return time.process_time() - started


def _alone(n: int) -> Grouping:
    return Grouping(np.arange(n), "copies", 0.97)


if __name__ == "__main__":
    for share in MAJORITIES:
        print(f"majority {share:.0%}: {sum(flagged_at_random(share, seed) for seed in range(RUNS))} of {RUNS} flagged")
    print(f"50,000 × 512, 20 classes: {cost():.1f} CPU-s")
