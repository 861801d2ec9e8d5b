"""Wrong labels: what is found of planted ones, beside cleanlab's rankings, and human verdicts on CIFAR-10's test set.

Run ``python -m benchmarks.labels FOLDER`` on the folder that holds ``grocery/`` and ``cifar10-test-label-errors/``;
with cleanlab (Apache-2.0 from 2.8 on, nothing here depends on it) ``uv run --no-sync --with 'cleanlab>=2.8' python -m
benchmarks.labels FOLDER``. Without it its three published rankings (Northcutt, Jiang & Chuang 2021; Kuan & Mueller
2022) are computed by their formulas and its own flags are left out.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.baseline import load
from benchmarks.planting.wrong_labels import flip
from tools.case import Case
from tools.label_errors import Suspects, case_suspects, doubt_of
from tools.statistics import quantile_of_normal, wilson

SEEDS = range(100, 120)
"""None of them was looked at when the method's numbers were chosen (0–14 were)."""
KINDS: dict[str, tuple[tuple[float, ...], dict[str, bool]]] = {
    "random slips": ((0.02, 0.05, 0.15), {}),
    "slips to the nearest class": ((0.02, 0.05, 0.15), {"alike": True}),
    "whole bursts": ((0.04, 0.08, 0.20), {"bursts": True}),
}
"""Share of pictures (of groups of three and more for bursts) planted, weak to strong."""
Scores = NDArray[np.float64]


def average_precision(scores: Scores, wrong: NDArray[np.bool_]) -> float:
    """Area under the precision-recall curve by steps; ties in the order given."""
    hits = wrong[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()) if hits.any() else 0.0


def rankings(labels: NDArray[np.int64], scores: Scores) -> dict[str, Scores]:
    """Cleanlab's three rankings, larger = more doubtful."""
    if find_spec("cleanlab"):
        score = import_module("cleanlab.rank").get_label_quality_scores
        names = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
        return {n: -score(labels, scores, method=n, adjust_pred_probs=False) for n in names}
    rows = np.arange(len(labels))
    own, others = scores[rows, labels], scores.copy()
    others[rows, labels] = -np.inf
    entropy = -(scores * np.log(np.maximum(scores, 1e-6))).sum(axis=1) / np.log(scores.shape[1])
    ratio = np.maximum(entropy / np.maximum(own, 1e-6), 1e-6)
    return {
        "self_confidence": -own,
        "normalized_margin": others.max(axis=1) - own,
        "confidence_weighted_entropy": -np.log(ratio + 1) / ratio,
    }


def flags(labels: NDArray[np.int64], scores: Scores) -> NDArray[np.bool_] | None:
    """What cleanlab's default filter flags; None without it."""
    if not find_spec("cleanlab"):
        return None
    find = import_module("cleanlab.filter").find_label_issues
    return np.asarray(find(labels, scores, n_jobs=1), dtype=np.bool_)


def interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean over seeds with its 95 % interval (Student's t)."""
    half = quantile_of_normal(0.95, len(values) - 1) * float(values.std(ddof=1)) / len(values) ** 0.5
    return float(values.mean()), float(values.mean()) - half, float(values.mean()) + half


def shares(found: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Counts (found and wrong, wrong, found)."""
    return int((found & wrong).sum()), int(wrong.sum()), int(found.sum())


def text_of(counts: NDArray[np.int64]) -> str:
    """Recall and precision over all seeds, with Wilson intervals that take pictures as independent."""
    hit, wrong, found = counts.sum(axis=0)
    low, high = wilson(hit, wrong)
    least, most = wilson(hit, found)
    return (
        f"recall {hit / wrong:.3f} ({low:.3f}–{high:.3f}), precision {hit / max(found, 1):.3f} ({least:.3f}–{most:.3f})"
    )


def planted(case: Case) -> None:
    """Recall, precision and average precision per planted set."""
    before = case_suspects(case).flagged
    print(f"untouched labels flagged: {before.sum()} of {len(before)}")
    for kind, (strengths, how) in KINDS.items():
        for strength in strengths:
            ours: list[tuple[int, int, int]] = []
            fresh: list[tuple[int, int, int]] = []
            theirs: list[tuple[int, int, int]] = []
            ranked: dict[str, list[float]] = {}
            for seed in SEEDS:
                faulty, truth = flip(case, strength, seed=seed, **how)
                found = case_suspects(faulty)
                wrong = np.isin(faulty.ids[found.rows], list(truth))
                ours.append(shares(found.flagged, wrong))
                fresh.append(shares(found.flagged & (wrong | ~before), wrong))
                for name, value in _rankings_of(faulty, found).items():
                    ranked.setdefault(name, []).append(average_precision(value, wrong))
                flagged = flags(faulty.targets[found.rows], found.alone)
                if flagged is not None:
                    theirs.append(shares(flagged, wrong))
            print(f"{kind}, {strength:.0%}: {text_of(np.array(ours))}")
            print(f"    beyond what the untouched labels raise: {text_of(np.array(fresh))}")
            if theirs:
                print(f"    cleanlab's filter: {text_of(np.array(theirs))}")
            _compare({name: np.array(values) for name, values in ranked.items()})


def _rankings_of(case: Case, found: Suspects) -> dict[str, Scores]:
    labels = case.targets[found.rows]
    out = {"ours": found.doubt}
    for view in ("alone", "apart"):
        out |= {f"{name}, {view}": value for name, value in rankings(labels, getattr(found, view)).items()}
    return out


def _compare(ranked: dict[str, NDArray[np.float64]]) -> None:
    """Ours beside the best of cleanlab's rankings on scores of random folds, and of folds that keep groups whole."""
    ours = ranked["ours"]
    for view in ("alone", "apart"):
        best = max((n for n in ranked if n.endswith(view)), key=lambda n: ranked[n].mean())
        delta, low, high = interval(ours - ranked[best])
        print(
            f"    average precision {ours.mean():.3f}; {best} {ranked[best].mean():.3f}; "
            f"difference {delta:+.3f} ({low:+.3f} to {high:+.3f})"
        )


def reviewed(folder: Path) -> None:
    """CIFAR-10's test labels against five people's verdicts on 275 of them.

    They are the 275 with the largest margin of a model's held-out scores, so they cannot rank methods.
    """
    labels = np.load(folder / "given_labels.npy", allow_pickle=False).astype(np.int64)
    scores = np.load(folder / "pred_probs.npy", allow_pickle=False).astype(np.float64)
    verdicts = json.loads((folder / "human_review.json").read_text())
    rows = np.array([int(v["id"]) for v in verdicts])
    wrong = np.array([v["mturk"]["given"] < 3 for v in verdicts])
    low, high = wilson(int(wrong.sum()), len(wrong))
    print(
        f"reviewed {len(wrong)}: {wrong.sum()} wrong (fewer than 3 of 5 people agree with the given label), "
        f"precision {wrong.mean():.3f} ({low:.3f}–{high:.3f})"
    )
    ours = {"ours (scores alone, no vectors)": doubt_of(scores, labels)[0]}
    for name, value in (ours | rankings(labels, scores)).items():
        area, least, most = _bootstrap(lambda s, w: average_precision(s, w), value[rows], wrong)
        print(f"  {name}: average precision inside {area:.3f} ({least:.3f}–{most:.3f})")
        for n in (25, 50, 100, 275):
            _bounds(n, np.argsort(-value, kind="stable")[:n], rows, wrong)


def _bounds(n: int, top: NDArray[np.int64], rows: NDArray[np.int64], wrong: NDArray[np.bool_]) -> None:
    known = np.isin(rows, top)
    hit, unknown = int(wrong[known].sum()), n - int(known.sum())
    print(
        f"    first {n}: {hit} wrong, {int(known.sum()) - hit} right, {unknown} never reviewed: "
        f"precision between {hit / n:.3f} and {(hit + unknown) / n:.3f}"
    )


def _bootstrap(
    measure: Callable[[Scores, NDArray[np.bool_]], float], scores: Scores, wrong: NDArray[np.bool_]
) -> tuple[float, float, float]:
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(wrong), len(wrong)) for _ in range(1000)]
    values = [measure(scores[d], wrong[d]) for d in drawn]
    return measure(scores, wrong), float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


if __name__ == "__main__":
    here = Path(sys.argv[1])
    print("cleanlab " + ("installed" if find_spec("cleanlab") else "not installed: its rankings by their formulas"))
    planted(load(here / "grocery"))
    reviewed(here / "cifar10-test-label-errors")
