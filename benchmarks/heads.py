"""What heads cost: forty what-ifs on one case, and five folds of many pictures beside scikit-learn.

Run ``python -m benchmarks.heads [--only whatifs|folds] [--small]``; two threads. Vectors are Gaussian classes on the
sphere. Objectives are held against the same objective in 64 bits, minimised by SciPy's L-BFGS-B from zero until nothing
falls any more, on the first fold. scikit-learn fits the first fold on the same centred vectors (float32) and counts
times five; its stopping rule is its own, so what it reaches stands beside it.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import fmin_l_bfgs_b
from scipy.special import log_softmax
from scipy.stats import spearmanr

from benchmarks.planting.vectors import assemble
from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments, Kind, kinds
from tools.settings import Settings
from tools.sides import both_sides, plain_side
from tools.training.baseline import Training, fit_trainings
from tools.training.heads import fit_heads
from tools.training.ridge import RidgeFolds
from tools.whatif import judge_sides

THREADS = 2
REPEATS, FOLDS = 5, 5
STRENGTHS = (1.0, 10.0, 100.0)


def drawn(n: int, d: int, k: int, seed: int, separation: float = 0.11) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors and labels of classes that a linear head tells apart in three pictures of four (k = 10, d = 512)."""
    rng = np.random.default_rng(seed)
    centres, labels = rng.normal(size=(k, d)), rng.integers(0, k, n)
    vectors = rng.normal(size=(n, d)) + separation * centres[labels]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


@dataclass
class Clock:
    """Seconds by the wall and of all threads, of every block it is held over."""

    wall: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._since[0]
        self.cpu += time.process_time() - self._since[1]

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, {self.cpu:.1f} CPU-s"


def changes(case: Case) -> list[tuple[Kind, Arguments]]:
    """Forty changes: ten each of labels put right by a person, pictures left out, classes dropped, and merged."""
    names = case.classes

    def reviewed(number: int) -> Kind:
        def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
            chosen = np.random.default_rng(number).random(len(case.ids))[training.rows] < 0.03
            other = (training.labels + 1 + number % (len(names) - 1)) % len(names)
            return replace(training, labels=np.where(chosen, other, training.labels))

        return _kind("labels of 3 % changed", change)

    def thinned(number: int) -> Kind:
        def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
            return training.only(np.random.default_rng(number).random(len(case.ids))[training.rows] > 0.05)

        return _kind("5 % left out", change)

    pairs = [f"{names[i]}|{names[j]}" for i in range(len(names)) for j in range(i + 1, len(names))][:10]
    return [
        *((reviewed(number), {}) for number in range(10)),
        *((thinned(number), {}) for number in range(10)),
        *((kinds()["drop-class"], {"class": name}) for name in names[:10]),
        *((kinds()["merge-classes"], {"pair": pair}) for pair in pairs),
    ]


def _kind(name: str, change: Callable[..., Training]) -> Kind:
    return Kind(name, "", lambda _: ({},), change, lambda *_: name, lambda *_: Cost())


def what_ifs(n: int, d: int, k: int) -> None:
    """Time forty what-ifs, cold heads for comparison, and the ridge ranking of the same changes."""
    vectors, labels = drawn(n, d, k, 0)
    names = [f"class {label}" for label in labels]
    alone = {"group": np.array([str(i) for i in range(n)])}
    settings = Settings(repeats=REPEATS, folds=FOLDS, group_column="group")
    case = assemble(vectors.astype(np.float64), names, metadata=alone, settings=settings)
    tried = changes(case)
    plain, changing, judging, cold = Clock(), Clock(), Clock(), Clock()
    with plain:
        plain_side(case)
    deltas, moved = [], []
    for number, (kind, arguments) in enumerate(tried):
        with changing:
            before, after = both_sides(case, kind, arguments)
        with judging:
            deltas.append(judge_sides(case, kind, arguments, before, after).primary.delta)
        if number % 10 == 0:
            known = plain_side(case).fitted
            zero = replace(known, heads=replace(known.heads, weights=np.zeros_like(known.heads.weights)))
            with cold:
                fitted = fit_trainings(after.vectors, after.fitted.trainings, near=zero)
            other = judge_sides(case, kind, arguments, before, replace(after, fitted=fitted))
            moved.append(abs(other.primary.delta - deltas[-1]))
    total = Clock(*(sum(getattr(c, of) for c in (plain, changing, judging)) for of in ("wall", "cpu")))
    print(f"{len(tried)} what-ifs x {REPEATS * FOLDS} fits, {n:,} x {d} x {k}, {torch.get_num_threads()} threads")
    print(f"    plain heads, once: {plain}")
    print(f"    changed heads, from the plain ones: {changing}")
    print(f"    judged, with intervals: {judging}")
    print(f"    all: {total} (60 s are aimed at)")
    print(f"    heads from zero: {cold.cpu / len(moved):.2f} CPU-s a what-if, not {changing.cpu / len(tried):.2f}; "
          f"effects differ by {100 * max(moved):.3f} points at most")  # fmt: skip
    ranking(case, tried, deltas)


def ranking(case: Case, tried: Sequence[tuple[Kind, Arguments]], deltas: Sequence[float]) -> None:
    """Time ridge on the same fits, and compare its order with that of the heads."""
    side, clock, gains = plain_side(case), Clock(), []
    with clock:
        ridge = RidgeFolds(side.vectors, (side.fitted.heads.centre, side.fitted.heads.scale), side.fitted.trainings)
        for kind, arguments in tried:
            judged = np.arange(len(case.classes)) if kind.counted_as is None else kind.counted_as(case, arguments)
            on = case.fit if kind.judged_on is None else kind.judged_on(case, arguments)
            found = []
            for fold, (training, held) in enumerate(zip(side.fitted.trainings, side.questions, strict=True)):
                rows = held[on[held]]
                own = kind.change(case, training, arguments, np.random.default_rng(0))
                said = [judged[ridge.said(fold, one, rows)] == judged[case.targets[rows]] for one in (training, own)]
                found.append(said[1].mean() - said[0].mean())
            gains.append(float(np.mean(found)))
    print(f"    ridge ranking of the same changes: {clock}; rank correlation {spearmanr(gains, deltas)[0]:.2f}")


def folds(n: int, d: int, k: int) -> None:
    """Time five folds at three strengths beside scikit-learn, and measure how far objectives are from the least."""
    from sklearn.linear_model import LogisticRegression

    vectors, labels = drawn(n, d, k, 0)
    part = np.random.default_rng(1).integers(0, FOLDS, n)
    weights = np.stack([part != fold for fold in range(FOLDS)]).astype(np.float32)
    print(f"{FOLDS} folds of {n:,} x {d} x {k}, {torch.get_num_threads()} threads (20 CPU-s, 1e-6 are aimed at)")
    for strength in STRENGTHS:
        ours, theirs, checking = Clock(), Clock(), Clock()
        with ours:
            heads = fit_heads(vectors, np.tile(labels, (FOLDS, 1)), weights, k, strength=strength)
        rows = weights[0] > 0
        x = np.full((int(rows.sum()), d + 1), np.sqrt(1000), dtype=np.float32)  # an intercept penalised a thousandth
        x[:, :-1] = ((vectors - heads.centre) / np.float32(heads.scale))[rows]
        model = LogisticRegression(C=strength, max_iter=1000, fit_intercept=False)
        with theirs:
            model.fit(x, labels[rows])
        goal = Objective(x.astype(np.float64), labels[rows], k, strength)
        with checking:
            best = goal.least()
        own = heads.weights[0].astype(np.float64)
        own[-1] /= np.sqrt(1000)
        mine, its = goal.value(own), goal.value(model.coef_.T.astype(np.float64))
        least = min(best, mine)
        print(f"    C = {strength:g}: {ours}, {mine / least - 1:.1e} above the least; scikit-learn "
              f"{FOLDS * theirs.cpu:.1f} CPU-s, {its / least - 1:.1e} above; ratio {FOLDS * theirs.cpu / ours.cpu:.1f} "
              f"(the reference took {checking})", flush=True)  # fmt: skip


class Objective:
    """Σ CE + ½‖W‖² / C in 64 bits."""

    def __init__(self, x: NDArray[np.float64], labels: NDArray[np.int64], k: int, strength: float) -> None:
        self._x, self._labels, self._k, self._penalty = x, labels, k, 1 / strength

    def value(self, w: NDArray[np.float64]) -> float:
        """At weights of shape (d + 1, k)."""
        return self._both(w)[0]

    def _both(self, w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logs = log_softmax(self._x @ w, axis=1)
        rows = np.arange(len(logs))
        loss = -logs[rows, self._labels].sum()
        residual = np.exp(logs)
        residual[rows, self._labels] -= 1
        return float(loss + 0.5 * self._penalty * (w * w).sum()), self._x.T @ residual + self._penalty * w

    def least(self) -> float:
        """Where SciPy's L-BFGS-B ends."""
        shape = self._x.shape[1], self._k

        def flat(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            value, gradient = self._both(w.reshape(shape))
            return value, gradient.ravel()

        start = np.zeros(shape[0] * shape[1])
        found = fmin_l_bfgs_b(flat, start, m=30, factr=1e2, pgtol=1e-7, maxfun=5000, maxiter=5000)
        return float(found[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("whatifs", "folds"))
    parser.add_argument("--small", action="store_true", help="a tenth of the pictures")
    given = parser.parse_args(arguments)
    torch.set_num_threads(THREADS)
    share = 10 if given.small else 1
    if given.only != "folds":
        what_ifs(10_000 // share, 512, 10)
    if given.only != "whatifs":
        folds(50_000 // share, 512, 20)


if __name__ == "__main__":
    main()
