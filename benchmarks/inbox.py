"""What labelling the inbox in an order brings: accuracy on a fixed test split after the first n pictures of it.

Training pictures are held back as the inbox; a few whole bursts of every class are what is known. Orders are compared
on the same draws: ours, ours without gaps, the margin alone, core-set (Sener & Savarese 2018), BADGE (Ash et al. 2020)
and random. Gaps come from the checks on the known pictures alone, so the test labels choose nothing.

Run: python -m benchmarks.inbox FOLDER [--seeds 10] [--known 100] [--short Lemon --short Lime]
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from tools.audit import run_checks
from tools.case import Case
from tools.groups import similarity_groups
from tools.importing import import_dataset
from tools.inbox_gaps import CHECKS, gaps_of, membership
from tools.inbox_ranking import by_gain, by_value, margin, weights
from tools.replaying import columns
from tools.settings import Settings
from tools.training.baseline import parent_scores, plain_training
from tools.workspace import Workspace

BATCHES = (50, 100)
BURST = 0.90
"""Similarity of the embedded encoder from which pictures are one burst here."""
SHORT = 4
"""Pictures that are known of a class that is short."""

Order = NDArray[np.int64]


def known_rows(
    case: Case, bursts: NDArray[np.int64], known: int, short: Sequence[str], rng: np.random.Generator
) -> Order:
    """Whole bursts of every class, about so many pictures in the mix of the classes; few of the short ones."""
    fit = np.flatnonzero(case.fit)
    out: list[int] = []
    for number, name in enumerate(case.classes):
        mine = fit[case.targets[fit] == number]
        wanted = SHORT if name in short else max(SHORT, round(known * len(mine) / len(fit)))
        got: list[int] = []
        for burst in rng.permutation(np.unique(bursts[mine])):
            if len(got) < wanted:
                got += mine[bursts[mine] == burst].tolist()
        out += got[:wanted]
    return np.array(sorted(out), dtype=np.int64)


def part_of(case: Case, rows: Order) -> Case:
    """The case that holds some pictures only, all of them to train on."""
    data = case.dataset
    ids = set(data.ids[rows].tolist())
    labels = tuple(label for label in data.labels if label.image_id in ids)
    part = replace(data, **columns(data, rows), labels=labels, skipped=())
    space = replace(case.space, ids=part.ids, vectors=case.space.vectors[rows], names=case.space.names[rows])
    return Case(replace(part, splits=np.full(len(rows), "train")), space, case.settings)


def core_set(vectors: NDArray[np.float32], known: NDArray[np.float32], most: int) -> Order:
    """k-center greedy: each next is the farthest from all that are known or chosen."""
    away = 1 - (vectors @ known.T).max(axis=1)
    out = []
    for _ in range(most):
        out.append(int(away.argmax()))
        away = np.minimum(away, 1 - vectors @ vectors[out[-1]])
        away[out] = -np.inf
    return np.array(out)


def badge(scores: NDArray[np.float64], vectors: NDArray[np.float32], most: int, rng: np.random.Generator) -> Order:
    """k-means++ on the last layer's gradients, each the outer product of (scores − said) and the vector."""
    pull = scores - np.eye(scores.shape[1])[scores.argmax(axis=1)]
    square = (pull**2).sum(axis=1)
    out, away = [int(square.argmax())], np.full(len(vectors), np.inf)
    while len(out) < most:
        last = out[-1]
        to = square + square[last] - 2 * (pull @ pull[last]) * (vectors @ vectors[last])
        away = np.minimum(away, np.maximum(to, 0))
        away[out] = 0
        out.append(int(rng.choice(len(vectors), p=away / away.sum())))
    return np.array(out)


def orders(case: Case, known: Order, inbox: Order, seed: int) -> dict[str, Order]:
    """The first pictures of the inbox by each order, as positions in it."""
    rng, most = np.random.default_rng([seed, 1]), max(BATCHES)
    scores = parent_scores(case.space.vectors, [plain_training(known, case.targets, len(case.classes))], [inbox],
                           len(case.classes))[0]  # fmt: skip
    vectors, unsure = case.space.vectors[inbox], margin(scores)
    mine = part_of(case, known)
    gaps = gaps_of(mine, run_checks(mine, CHECKS), None)
    belongs = membership(mine, gaps, vectors, scores)
    worth = weights(unsure, belongs, np.array([gap.importance for gap in gaps]))
    return {
        "gain, gaps counted": by_gain(worth, vectors, np.random.default_rng(seed), most).rows[:most],
        "gain without gaps": by_gain(unsure, vectors, np.random.default_rng(seed), most).rows[:most],
        "margin alone": by_value(unsure).rows[:most],
        "core-set": core_set(vectors, case.space.vectors[known], most),
        "BADGE": badge(scores, vectors, most, rng),
        "random": rng.permutation(len(inbox))[:most],
    }


def balanced(case: Case, scores: NDArray[np.float64], rows: Order) -> float:
    """Mean recall of the classes."""
    right, targets = scores.argmax(axis=1) == case.targets[rows], case.targets[rows]
    return float(np.mean([right[targets == number].mean() for number in np.unique(targets)]))


def reached(case: Case, known: int, short: Sequence[str], seeds: int, say: Callable[[str], None]) -> None:
    """Measure and print a table of paired differences."""
    bursts = similarity_groups(case.space.vectors, case.derived.graph, BURST)
    test = np.flatnonzero(case.evaluation)
    found: dict[tuple[str, int], list[float]] = {}
    for seed in range(seeds):
        start = known_rows(case, bursts, known, short, np.random.default_rng([seed, 0]))
        inbox = np.setdiff1d(np.flatnonzero(case.fit), start)
        chosen = {(name, n): inbox[order[:n]] for name, order in orders(case, start, inbox, seed).items()
                  for n in BATCHES}  # fmt: skip
        sets = {("nothing labelled", 0): start[:0], **chosen}
        trainings = [plain_training(np.concatenate([start, rows]), case.targets, len(case.classes))
                     for rows in sets.values()]  # fmt: skip
        scores = parent_scores(case.space.vectors, trainings, [test] * len(trainings), len(case.classes))
        for key, said in zip(sets, scores, strict=True):
            found.setdefault(key, []).append(100 * balanced(case, said, test))
    say(f"\n{len(start)} known, {len(inbox)} in the inbox, {len(test)} test pictures, {seeds} draws"
        + (f", short: {', '.join(short)}" if short else ""))  # fmt: skip
    say(f"nothing labelled: {np.mean(found['nothing labelled', 0]):.1f}\n")
    say("| order | labelled | balanced accuracy | against random | against the margin alone |\n|---|---|---|---|---|")
    for (name, n), values in found.items():
        if n:
            pairs = [_paired(values, found[other, n]) for other in ("random", "margin alone")]
            say(f"| {name} | {n} | {np.mean(values):.1f} | {pairs[0]} | {pairs[1]} |")


def _paired(values: Sequence[float], others: Sequence[float]) -> str:
    """Mean difference with its 95 % interval over draws."""
    away = np.array(values) - np.array(others)
    if not away.any():
        return ""
    half = student.ppf(0.975, len(away) - 1) * away.std(ddof=1) / np.sqrt(len(away))
    return f"{away.mean():+.1f} ({away.mean() - half:+.1f} to {away.mean() + half:+.1f})"


def main() -> None:
    """Import, hold back, measure."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--seeds", type=int, default=10)
    arguments.add_argument("--known", type=int, default=100)
    arguments.add_argument("--short", action="append", default=[])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = Workspace.open(Path(folder))
        settings = Settings(workspace=Path(folder))
        import_dataset(kept, given.folder, settings)
        reached(kept.case(settings), given.known, given.short, given.seeds, print)


if __name__ == "__main__":
    main()
