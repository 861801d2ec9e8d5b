"""What a whole audit costs: CPU-seconds per check, with graph and heads apart, and peak memory, by number of pictures.

Run ``python -m benchmarks.audit [--sizes 10000 50000 200000]``. The case is made of vectors: 20 classes in bursts of
three, 512 dimensions, a fifth of it test. With ``uv run --no-sync --with 'cleanlab[datalab]>=2.8' python -m
benchmarks.audit`` cleanlab's Datalab audits the same vectors, labels and held-out scores in the same run (its own
process, like ours, so that peak memory is each one's own).
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.duplicates import with_hashes
from benchmarks.planting.quality import with_properties
from benchmarks.planting.vectors import assemble
from tools.audit import run_check
from tools.case import Case
from tools.duplicates import duplicates
from tools.findings import Scope
from tools.label_errors import case_suspects
from tools.registry import checks

CLASSES, DIMENSIONS, BURST, KINDS = 20, 512, 3, 3
SEPARATION, WRONG = 0.2, 0.02
"""Classes overlap and labels are wrong, so that checks of errors have work to do."""
BUDGET = {50_000: (60, 3.0)}
"""CPU-seconds and GB aimed at."""


def vectors_of(n: int) -> tuple[NDArray[np.float64], list[str], list[str]]:
    """Classes of a few kinds each, in bursts; class names; splits by whole bursts."""
    rng = np.random.default_rng(0)
    objects = np.arange(n) // BURST
    label = objects % CLASSES
    kind = label * KINDS + rng.integers(0, KINDS, n)[objects]
    centres = rng.normal(size=(CLASSES, DIMENSIONS))[np.arange(CLASSES * KINDS) // KINDS]
    centres = centres + 0.7 * rng.normal(size=centres.shape)
    vectors = (
        centres[kind] * SEPARATION + rng.normal(size=(n, DIMENSIONS))[objects] + 0.2 * rng.normal(size=(n, DIMENSIONS))
    )
    test = rng.random(n)[objects] < 0.2
    label = np.where(rng.random(n) < WRONG, rng.integers(0, CLASSES, n), label)
    return vectors, [f"class {c}" for c in label], ["test" if t else "train" for t in test]


def case_of(n: int) -> Case:
    """A case of ``n`` pictures with properties and hashes."""
    vectors, names, splits = vectors_of(n)
    return with_hashes(with_properties(assemble(vectors, names, splits)))


def timed(name: str, work: Callable[[], object]) -> float:
    """Run and print CPU-seconds."""
    started = time.process_time()
    result = work()
    seconds = time.process_time() - started
    print(f"  {name:32s} {seconds:8.2f} {result if isinstance(result, str) else ''}", flush=True)
    return seconds


def ours(n: int) -> None:
    """Every check, after what they share."""
    case = case_of(n)
    derived = case.derived
    print(f"{n} pictures, ours: CPU-seconds")
    shared = [
        timed("neighbour graph", lambda: derived.graph),
        timed("groups", lambda: derived.grouping),
        timed("heads, groups whole", lambda: derived.baseline),
        timed("heads, random folds", lambda: derived.random_baseline),
        timed("label suspects", lambda: case_suspects(case)),
        timed("copies", lambda: duplicates(case)),
    ]

    def status(code: str) -> str:
        outcome = run_check(case, checks()[code], Scope())
        return f"{outcome.status} {outcome.reason[:70] if outcome.status in ('failed', 'not_applicable') else ''}"

    each = [timed(code, lambda code=code: status(code)) for code in checks()]  # type: ignore[misc]
    _total(n, sum(shared) + sum(each))


def cleanlab(n: int) -> None:
    """Datalab on the same vectors, labels and held-out scores."""
    case = case_of(n)
    scores = case.derived.random_baseline[case.fit]
    print(f"{n} pictures, cleanlab Datalab on the {int(case.fit.sum())} training pictures: CPU-seconds")

    def audit() -> str:
        labels = case.targets[case.fit]
        lab = import_module("cleanlab").Datalab({"labels": labels.tolist()}, label_name="labels", verbosity=0)
        lab.find_issues(features=case.space.vectors[case.fit], pred_probs=scores)
        return f"{len(lab.get_issue_summary())} kinds of issue"

    _total(n, timed("Datalab.find_issues", audit))


def _total(n: int, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    aim = f" (aim: {BUDGET[n][0]} s, {BUDGET[n][1]} GB)" if n in BUDGET else ""
    print(f"  {'all':32s} {seconds:8.2f}, peak memory {peak:.2f} GB{aim}", flush=True)


def main() -> None:
    """Measure each size in processes of their own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--only", choices=("ours", "cleanlab"), help="in this process")
    given = parser.parse_args()
    if given.only:
        for size in given.sizes:
            (ours if given.only == "ours" else cleanlab)(size)
        return
    for size in given.sizes:
        for side in ("ours", "cleanlab") if find_spec("cleanlab") else ("ours",):
            subprocess.run([sys.executable, "-m", "benchmarks.audit", "--only", side, "--sizes", str(size)], check=True)


if __name__ == "__main__":
    main()
