"""How often a week without any change is told as better or worse: two models of equal skill, errors drawn apart.

Run: python -m benchmarks.weekly [--weeks 200]
"""

import argparse

import numpy as np

from benchmarks.planting.vectors import vector_case
from tools.comparing import compare_models
from tools.predictions import Predictions
from tools.statistics import wilson


def null_weeks(weeks: int, classes: int, pictures: int, skill: float) -> tuple[int, int]:
    """Of so many null weeks, how many are told as changed by balanced accuracy, and how many by any measure."""
    case = vector_case({f"class {i}": 2 * pictures // classes for i in range(classes)}, separation=3, test_share=0.5)
    rng, whole, any_of = np.random.default_rng(0), 0, 0
    n, k = len(case.ids), len(case.classes)
    for _ in range(weeks):
        sides = []
        for _ in range(2):
            wrong = rng.random(n) >= skill
            said = np.where(wrong, (case.targets + rng.integers(1, k, n)) % k, case.targets)
            sides.append(Predictions("m", "1", np.eye(k)[said], said, True))
        found = compare_models(case, *sides, unasked=True)
        changed = [m.verdict in ("helps", "hurts") for m in found.measures]
        whole, any_of = whole + changed[0], any_of + any(changed)
    return whole, any_of


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=200)
    weeks = parser.parse_args().weeks
    print("| classes | pictures | skill | balanced accuracy told as changed | anything told as changed |")
    print("|---|---|---|---|---|")
    for classes, pictures in ((2, 200), (9, 684), (20, 2000)):
        for skill in (0.7, 0.9):
            counts = null_weeks(weeks, classes, pictures, skill)
            words = [
                f"{c} of {weeks} ({100 * wilson(c, weeks)[0]:.0f}–{100 * wilson(c, weeks)[1]:.0f} %)" for c in counts
            ]
            print(f"| {classes} | {pictures} | {skill} | {words[0]} | {words[1]} |")


if __name__ == "__main__":
    main()
