"""How often the ledger finds a promise kept, and the promised interval right, when advice on wrong labels is followed.

Run ``python -m benchmarks.promises [--trials N]``. Cases are made of vectors: 180 training and 180 test pictures of
three classes, single pictures or bursts of four, a share of the training labels wrong. The promise is that of
``relabel``; it is followed by taking every suggested label unseen, or by a person who looks at each suspect and knows.
The last row changes nothing of worth: one training picture in ten is left out at random.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch

from benchmarks.planting.vectors import vector_case
from benchmarks.planting.wrong_labels import flip
from tools.case import Case
from tools.changes import History
from tools.dataset import Label
from tools.following import Passage
from tools.label_errors import case_suspects
from tools.ledger import Promise
from tools.promises import Comparison, kept_promise
from tools.statistics import wilson
from tools.whatif import run_experiment

SIZES = {"a": 120, "b": 120, "c": 120}
SHARES, BURSTS = (0.05, 0.1, 0.2), (1, 4)


@dataclass(frozen=True)
class Trial:
    """One promise followed; ``verdict`` is the ledger's."""

    promised: str
    verdict: str
    covered: bool
    measured: str


def followed(case: Case, truth: dict[str, str], *, knows: bool) -> Case:
    """The case with the suspects relabelled: as suggested, or as is right."""
    found = case_suspects(case)
    labels = {x.image_id: x.name for x in case.dataset.labels}
    for row, better in zip(found.rows[found.flagged].tolist(), found.suggested[found.flagged].tolist(), strict=True):
        image = str(case.ids[row])
        labels[image] = truth.get(image, labels[image]) if knows else case.classes[better]
    return replace(
        case, dataset=replace(case.dataset, version=2, labels=tuple(Label(i, name) for i, name in labels.items()))
    )


def step(old: Case, new: Case) -> Comparison:
    """Both versions laid over each other."""
    return Comparison(Passage(old.dataset, new, History()), old.space)


def one(job: tuple[float, int, int]) -> tuple[Trial, Trial]:
    """A case, its promise, and what came of it when followed unseen and knowingly."""
    share, burst, seed = job
    clean = vector_case(SIZES, seed=seed, separation=4.0, test_share=0.5, burst=burst)
    case, truth = flip(clean, share, seed=seed)
    tried = run_experiment(case, "relabel").primary
    promise = Promise(tried.metric, tried.before, tried.after, tried.low, tried.high, tried.verdict)
    out = []
    for knows in (False, True):
        outcome = step(case, followed(case, truth, knows=knows)).step()
        assert outcome is not None
        verdict, _ = kept_promise(promise, outcome.measure, whole=True)
        inside = promise.low <= outcome.measure.delta <= promise.high
        out.append(Trial(promise.verdict, verdict, inside, outcome.measure.verdict))
    return out[0], out[1]


def null(job: tuple[int, int]) -> str:
    """What the ledger says of leaving one training picture in ten out at random."""
    burst, seed = job
    case = vector_case(SIZES, seed=seed, separation=4.0, test_share=0.5, burst=burst)
    keep = ~case.fit | (np.random.default_rng(seed).random(len(case.ids)) > 0.1)
    data, ids = case.dataset, set(case.ids[keep].tolist())
    columns = {name: getattr(data, name)[keep] for name in ("ids", "sha256", "widths", "heights", "splits")}
    fewer = replace(data, version=2, **columns, labels=tuple(x for x in data.labels if x.image_id in ids))
    space = replace(case.space, ids=fewer.ids, vectors=case.space.vectors[keep], names=case.space.names[keep])
    outcome = step(case, replace(case, dataset=fewer, space=space)).step()
    assert outcome is not None
    return outcome.measure.verdict


def counted(hits: int, of: int) -> str:
    """``37 of 40 (80–97 %)``."""
    low, high = wilson(hits, of)
    return f"{hits} of {of} ({100 * low:.0f}–{100 * high:.0f} %)" if of else "none"


def row(name: str, trials: list[Trial]) -> str:
    """Of the promised gains how many were kept, not kept and undecided; and the intervals that held."""
    gains = [t for t in trials if t.promised == "helps"]
    kept, missed = (sum(t.verdict == v for t in gains) for v in ("kept", "not kept"))
    helped = sum(t.measured == "helps" for t in trials)
    return (
        f"| {name} | {len(gains)} of {len(trials)} | {counted(kept, kept + missed)} | {len(gains) - kept - missed} | "
        f"{counted(sum(t.covered for t in trials), len(trials))} | {counted(helped, len(trials))} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=40)
    trials = parser.parse_args().trials
    torch.set_num_threads(1)
    print("| wrong labels | gain promised | kept, of those decided | undecided | measured in the promised interval |"
          " helped |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for share in SHARES:
            for burst in BURSTS:
                pairs = list(pool.map(one, [(share, burst, seed) for seed in range(trials)]))
                kind = "single pictures" if burst == 1 else "bursts of four"
                for number, how in enumerate(("taken unseen", "looked at")):
                    print(row(f"{100 * share:.0f} %, {kind}, {how}", [pair[number] for pair in pairs]), flush=True)
        said = list(pool.map(null, [(burst, seed) for burst in BURSTS for seed in range(2 * trials)]))
    print(f"\nOne picture in ten left out at random: said to help {counted(said.count('helps'), len(said))}, "
          f"to hurt {counted(said.count('hurts'), len(said))}")  # fmt: skip


if __name__ == "__main__":
    main()
