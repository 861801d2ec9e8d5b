"""How often a property or a slice that means nothing is flagged, by check, class balance and kind of randomness.

Run ``python -m benchmarks.nulls --runs 200``. Two overlapping classes, a random property and a random column, drawn per
picture or constant in bursts of five; the share of the larger class varies. At most 18 of 200 is within 5 % (its 99 %
quantile); a check counts as flagging where it reports the random thing, or anything above low.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
from scipy.stats import binom

from benchmarks.planting.vectors import assemble
from tools.audit import run_check
from tools.case import Case
from tools.cues import PRESENT
from tools.findings import Scope
from tools.ladder import all_candidates, all_tests, confused_pairs, leaning
from tools.registry import checks, find_check
from tools.settings import Settings
from tools.statistics import benjamini_hochberg

MAJORITIES = (0.5, 0.7, 0.8, 0.9)
BURST = 5
PICTURES = 400
SIDES = 2.0
"""Distance between the class centres, in deviations: enough errors to explain, few enough to be a model."""
OTHERS = ("image-quality", "confusion-causes", "weak-slices")
RATE = 0.05
Counts = dict[str, bool]


def null_case(*, majority: float, burst: int, seed: int, slices: bool = False) -> Case:
    """Two classes, and a property (or a column of two values) that has nothing to do with them.

    Parameters
    ----------
    majority : float
        Share of the larger class.
    burst : int
        Pictures that share label, object and random value; 1 = every picture for itself.
    slices : bool
        A column instead of a property.
    """
    rng = np.random.default_rng([seed, burst, round(100 * majority), slices])
    count = PICTURES // burst
    larger = np.arange(count) < round(majority * count)
    label = np.repeat(larger, burst)
    objects = np.repeat(rng.normal(size=(count, 12)), burst, axis=0)
    vectors = objects + 0.2 * rng.normal(size=(len(label), 12)) * (burst > 1)
    vectors[:, 0] += SIDES * (label - 0.5)
    value = np.repeat(rng.normal(size=count), burst)
    # whole bursts, of both classes in each half
    test = np.repeat(np.arange(count) % 2 == 1, burst)
    metadata = {"burst": np.repeat([f"b{i}" for i in range(count)], burst)}
    if slices:
        metadata["slice"] = np.where(value > 0, "s", "t")
    quiet = {"brightness": 0.45, "sharpness": 270.0, "entropy": 7.4}
    properties = {name: np.full(len(label), usual, dtype=np.float32) for name, usual in quiet.items()}
    if not slices:
        properties["brightness"] = np.clip(0.45 + 0.15 * value, 0.01, 1).astype(np.float32)
    return assemble(
        vectors,
        ["a" if side else "b" for side in label],
        ["test" if side else "train" for side in test],
        settings=Settings(group_column="burst", seed=seed),
        metadata=metadata,
        properties=properties,
    )


def rungs(case: Case) -> Counts:
    """Whether the random thing is called present or used, and whether the whole check speaks of it."""
    outcome = run_check(case, find_check("spurious-cue"), Scope())
    out = {"present": False, "used": False, "whole check": bool(outcome.findings)}
    pairs = confused_pairs(case)
    if not pairs:
        return out
    tests = all_tests(case, pairs, all_candidates(case, pairs)[0])
    present = benjamini_hochberg(np.array([test.present_p for test in tests]))
    out["present"] = any(p and test.strength >= PRESENT for p, test in zip(present, tests, strict=True))
    # the second rung by itself, as if every cue were present
    sure = [replace(test, present_p=0.0, strength=1.0) for test in tests]
    out["used"] = any(found.rung == "used" for found in leaning(case, sure))
    return out


def flags(case: Case, code: str) -> bool:
    """Whether another check finds something above low, or that errors gather at the random thing."""
    outcome = run_check(case, find_check(code), Scope())
    if code == "confusion-causes":
        return any(f.code == "spurious-cue" and f.severity.level != "low" for f in outcome.findings)
    return any(f.severity.level != "low" for f in outcome.findings)


def one(setting: tuple[float, int, bool, int, tuple[str, ...]]) -> Counts:
    """All columns of the table for one run."""
    majority, burst, slices, seed, others = setting
    case = null_case(majority=majority, burst=burst, seed=seed, slices=slices)
    found = {f"spurious-cue, {name}": flagged for name, flagged in rungs(case).items()}
    return found | {code: flags(case, code) for code in others}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print flagged runs per setting and column, with the most that 5 % allows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--others", nargs="*", default=OTHERS, help="checks beside spurious-cue")
    given = parser.parse_args(arguments)
    others = tuple(code for code in given.others if code in checks())
    print(f"flagged of {given.runs} runs; at most {int(binom.ppf(0.99, given.runs, RATE))} is within {RATE:.0%}")
    with ProcessPoolExecutor(given.workers) as pool:
        for slices in (False, True):
            for burst in (1, BURST):
                for majority in MAJORITIES:
                    settings = [(majority, burst, slices, seed, others) for seed in range(given.runs)]
                    found = list(pool.map(one, settings, chunksize=5))
                    counts = {name: sum(run[name] for run in found) for name in found[0]}
                    kind = f"{'column' if slices else 'property'} {'per burst' if burst > 1 else 'per picture'}"
                    print(f"{kind:22} {majority:.0%}  " + "  ".join(f"{n}: {c}" for n, c in counts.items()), flush=True)


if __name__ == "__main__":
    main()
