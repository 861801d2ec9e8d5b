"""Whether designed shoots keep their power, and how often an innocent setting is called causal.

Run ``python -m benchmarks.shoots [--trials N]``. First the statistic alone: objects drawn apart, with the accuracies
that the design was made for, with one picture each or with three that are not independent; then with the same
accuracies in both settings. Then whole shoots on vectors: a cue that misleads and its innocent twin, both designed for
a cost of 30 points.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import torch

from benchmarks.planting.cue import cue_case
from benchmarks.planting.new_photos import arrive
from tools.designing import design
from tools.shoot_arrivals import tick_off
from tools.shoot_evaluation import evaluate
from tools.statistics import wilson
from tools.two_by_two import objects_needed, shown_in_draws

ACCURACIES = ((0.95, 0.95, 0.55, 0.6), (0.9, 0.9, 0.55, 0.7), (0.9, 0.8, 0.75, 0.6), (0.85, 0.85, 0.7, 0.75))
PICTURES, ALIKE = 3, 4.0
"""Pictures of one object, and how alike they are: object accuracies follow Beta(4 p, 4 (1 − p))."""


def drawn(shares: tuple[float, ...], objects: int, pictures: int, trials: int, seed: int) -> float:
    """Share of experiments that call it causal."""
    rng = np.random.default_rng([seed, objects, pictures])
    right = np.zeros((trials, 4))
    for cell, share in enumerate(shares):
        if pictures == 1:
            right[:, cell] = rng.binomial(objects, share, trials)
        else:
            own = rng.beta(ALIKE * share, ALIKE * (1 - share), size=(trials, objects))
            right[:, cell] = (rng.binomial(pictures, own) / pictures).sum(axis=1)
    return float(shown_in_draws(right, objects).mean())


def whole(job: tuple[float, int]) -> tuple[bool, float]:
    """One shoot from design to result: agreement of the setting with the label in training, seed."""
    torch.set_num_threads(1)
    agreement, seed = job
    case, _ = cue_case(agreement=agreement, seed=seed)
    pair = ("apples", "citrus")
    plan = replace(
        design(case, pair, "border_brightness", settings=("in hands", "on plates"), drop=0.3), number=1
    )  # fmt: skip
    arrived = arrive(case, plan, plan.cells[0].wanted, seed=seed)
    result = evaluate(arrived, plan, tick_off(arrived, plan, case.dataset), case.dataset)
    return result.verdict == "causal", result.value


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20_000, help="of the statistic alone")
    parser.add_argument("--shoots", type=int, default=200, help="whole shoots of each kind")
    given = parser.parse_args()
    print("accuracies (own, own, other, other)   objects   causal, 1 picture   3 pictures   innocent twin")
    for shares in ACCURACIES:
        needed = objects_needed(shares)
        if needed is None:
            continue
        null = (*shares[:2], *shares[:2])
        rates = [drawn(shares, needed, n, given.trials, 1) for n in (1, PICTURES)]
        print(
            f"{shares!s:38}{needed:7}   {rates[0]:17.3f}   {rates[1]:10.3f}   "
            f"{drawn(null, needed, 1, given.trials, 2):.3f}"
        )
    with ProcessPoolExecutor() as pool:
        for name, agreement in (("a cue that misleads", 0.9), ("its innocent twin", 0.5)):
            found = list(pool.map(whole, [(agreement, seed) for seed in range(given.shoots)], chunksize=10))
            hits = sum(causal for causal, _ in found)
            low, high = wilson(hits, len(found))
            cost = float(np.mean([value for _, value in found]))
            print(f"{name}: causal in {hits} of {len(found)} ({low:.3f}–{high:.3f}), mean cost {cost:+.3f}")


if __name__ == "__main__":
    main()
