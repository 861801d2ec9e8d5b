"""The user's own last layer, fitted again with the rare setting of two classes weighing as much as the usual one.

Kirichenko, Izmailov & Wilson 2023 ("Last layer re-training is sufficient for robustness to spurious correlations"):
the features of a network that leans on a cue still hold what it should lean on; a last layer fitted on groups of equal
weight finds it. The groups come from a cue that is discovered in the training pictures.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.cues import Tested
from tools.effects import Measure, rare_recall
from tools.errors import UnreadableInput
from tools.experiments.group_balance import FEWEST_PER_CLASS, balanced, misleading
from tools.findings import Evidence
from tools.inner_folds import held_out_scores
from tools.measures import Metric, measured, recall_metric, whole_metrics
from tools.readers.last_layer_file import LastLayer
from tools.readers.match_ids import Places
from tools.registry import NotApplicable
from tools.statistics import clustered_share
from tools.store import replace_file, unwritable
from tools.training.baseline import Training, plain_training
from tools.training.head import fit

FEWEST_IN_GROUP = 5
"""Judged pictures of a group, below which its accuracy is not told."""
DRAWS = 999


@dataclass(frozen=True, eq=False)
class Placed:
    """A last layer laid onto a case.

    Attributes
    ----------
    features : ndarray of float32, shape (n, d)
        Rows of the case; zeros where the file has none.
    there : ndarray of bool, shape (n,)
    weight, bias : ndarray of float64, shape (k, d) and (k,)
        By the case's class numbers; −∞ in the bias for classes that the layer lacks.
    order : tuple of int
        Class number of each row of the file's weight.
    """

    features: NDArray[np.float32]
    there: NDArray[np.bool_]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    order: tuple[int, ...]

    def said(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Class number that the layer as it is says of rows."""
        return said_by(self.weight, self.bias, self.features[rows])


@dataclass(frozen=True, eq=False)
class Mended:
    """The layer before and after.

    Attributes
    ----------
    cue : Tested
        Found in the training pictures; its sides are the groups.
    weight, bias : ndarray of float64
        In the order of the file, shape (k, d) and (k,).
    measures : tuple of Measure
        The user's layer against the balanced one: the rare setting (primary), balanced accuracy, accuracy …
    unbalanced : tuple of Measure
        The same fit without balance against the balanced one: what balancing itself does.
    groups : tuple of (str, Evidence, Evidence)
        Each group in words, its accuracy before and after.
    worst : Evidence
        Accuracy of the worst group after, less that of the worst before, with an interval.
    worst_before, worst_after : float
    trained_on, judged_on : str
        Which pictures, in words.
    """

    cue: Tested
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    measures: tuple[Measure, ...]
    unbalanced: tuple[Measure, ...]
    groups: tuple[tuple[str, Evidence, Evidence], ...]
    worst: Evidence
    worst_before: float
    worst_after: float
    trained_on: str
    judged_on: str


def placed(case: Case, given: LastLayer) -> Placed:
    """Match ids to images and the layer's classes to the case's.

    Raises
    ------
    UnreadableInput
        For ids or classes that the data set lacks.
    """
    found = Places(case.dataset.index, case.dataset.root).find(given.ids)
    unknown = [text for text, row in zip(given.ids, found, strict=True) if row is None]
    if unknown:
        raise UnreadableInput(
            expected=f"ids of the data set, such as {case.ids[0]}",
            seen=f"{len(unknown)} that it lacks, e.g. {unknown[0]!r}, in {given.path}",
            todo="Export features of the same folder; write paths relative to it.",
        )
    rows = np.array(found, dtype=np.int64)
    classes = given.classes or case.classes
    foreign = [name for name in classes if name not in case.classes]
    if foreign or len(classes) != len(given.bias) or len(set(rows.tolist())) < len(rows):
        seen = f"{foreign[0]!r}, which it lacks" if foreign else f"{len(given.bias)} rows of weight"
        raise UnreadableInput(
            expected=f"one row of weight for each of the classes {', '.join(classes)}, one row of features per image",
            seen=f"{seen}, in {given.path}", todo="Add the array classes (k,): the classes in the order of the rows.",
        )  # fmt: skip
    order = tuple(case.number(name) for name in classes)
    features = np.zeros((len(case.ids), given.features.shape[1]), dtype=np.float32)
    features[rows] = given.features
    there = np.zeros(len(case.ids), dtype=np.bool_)
    there[rows] = True
    there &= np.isin(case.targets, order)
    weight, bias = np.zeros((len(case.classes), features.shape[1])), np.full(len(case.classes), -np.inf)
    weight[list(order)], bias[list(order)] = given.weight, given.bias
    return Placed(features, there, weight, bias, order)


def said_by(weight: NDArray[np.float64], bias: NDArray[np.float64], features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Class with the highest logit of each row of features."""
    return np.asarray((features.astype(np.float64) @ weight.T + bias).argmax(axis=1), dtype=np.int64)


def mend(case: Case, layer: Placed, pair: tuple[str, str], *, on_step: Progress = silent) -> Mended:
    """Find the cue, balance, fit, and measure on pictures that took no part in any of it.

    Without a test split everything is done anew in each fold, the cue included.

    Raises
    ------
    NotApplicable
        If no cue between the two classes misleads held-out pictures, or there are too few pictures.
    """
    all_rows = np.flatnonzero(layer.there & case.fit)
    sizes = [int((case.targets[all_rows] == case.number(name)).sum()) for name in pair]
    if min(sizes) < FEWEST_PER_CLASS:
        raise NotApplicable(f"fewer than {FEWEST_PER_CLASS} training pictures of {pair[0]} or {pair[1]} with features")
    tries = []
    parts = _parts(case, layer)
    for number, (training, judged) in enumerate(parts):
        on_step("fitting the last layer", number, len(parts))
        tries.append(_Try(case, layer, pair, training, judged))
    whole = tries[0] if case.has_test else _Try(case, layer, pair, all_rows, np.zeros(0, dtype=np.int64))
    if whole.cue is None or not any(t.cue is not None for t in tries):
        raise NotApplicable(f"no cue between {pair[0]} and {pair[1]} misleads held-out training pictures")
    judge = _Judge(case, pair, tries)
    weight, bias = whole.balanced
    order = list(layer.order)
    where = "the given test split" if case.has_test else (
        "all labelled pictures, in folds, groups kept whole (no test split was given: your network has seen them)"
    )  # fmt: skip
    return Mended(
        whole.cue, weight[order], bias[order], judge.measures("theirs"), judge.measures("plain"), judge.groups(),
        *judge.worst(), f"{len(all_rows)} training pictures with features", where,
    )  # fmt: skip


def _parts(case: Case, layer: Placed) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Training and judged rows."""
    fit_rows = layer.there & case.fit
    if case.has_test:
        return [(np.flatnonzero(fit_rows), np.flatnonzero(layer.there & case.evaluation))]
    folds = case.derived.folds()
    names = np.unique(folds[fit_rows])
    return [(np.flatnonzero(fit_rows & (folds != f)), np.flatnonzero(fit_rows & (folds == f))) for f in names]


class _Try:
    """One fit: the cue found in its training pictures, and what three layers say of its judged ones."""

    def __init__(
        self, case: Case, layer: Placed, pair: tuple[str, str], rows: NDArray[np.int64], judged: NDArray[np.int64]
    ) -> None:
        training = plain_training(rows, case.targets, len(case.classes))
        rng = case.rng(f"last-layer-{'|'.join(pair)}")
        folds = case.settings.folds
        scores = held_out_scores(case, training, rng, folds=folds, tolerance=3e-3, vectors=layer.features)
        self.cue = None if scores is None else misleading(case, training, pair, scores.argmax(axis=1))
        self.rows = judged
        plain = _fitted(layer, training)
        self.balanced = plain if self.cue is None else _fitted(layer, balanced(case, training, self.cue))
        features = layer.features[judged]
        self.said = {"theirs": layer.said(judged), "plain": said_by(*plain, features)}
        self.said["balanced"] = said_by(*self.balanced, features)
        like_b = np.zeros(len(judged), dtype=np.bool_) if self.cue is None else self.cue.looks_like_b[judged]
        self.like_b = like_b
        self.sided = np.full(len(judged), self.cue is not None)


def _fitted(layer: Placed, training: Training) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    found = fit(layer.features, training)
    weight, bias = (found[f"head.{name}"].astype(np.float64) for name in ("weight", "bias"))
    lacking = np.setdiff1d(np.arange(len(bias)), layer.order)
    bias[lacking] = -np.inf
    return weight, bias


class _Judge:
    """Metrics of three layers on the same pictures."""

    def __init__(self, case: Case, pair: tuple[str, str], tries: Sequence[_Try]) -> None:
        self._case, self._pair = case, pair
        self._rows = np.concatenate([t.rows for t in tries])
        self._said = {name: np.concatenate([t.said[name] for t in tries]) for name in tries[0].said}
        like_b, sided = (np.concatenate([getattr(t, name) for t in tries]) for name in ("like_b", "sided"))
        self._targets = case.targets[self._rows]
        self._groups = case.derived.grouping.groups[self._rows]
        of_a, of_b = (self._targets == case.number(name) for name in pair)
        self._sides = {
            f"{pair[0]}, usual": of_a & sided & ~like_b,
            f"{pair[0]}, rare": of_a & sided & like_b,
            f"{pair[1]}, usual": of_b & sided & like_b,
            f"{pair[1]}, rare": of_b & sided & ~like_b,
        }

    def measures(self, before: str) -> tuple[Measure, ...]:
        """One of the layers against the balanced one."""
        k = len(self._case.classes)
        was, now = (np.eye(k)[self._said[name]][None] for name in (before, "balanced"))
        rare = self._sides[f"{self._pair[0]}, rare"] | self._sides[f"{self._pair[1]}, rare"]
        metrics: list[Metric] = whole_metrics(was, now, self._targets)
        if rare.any():
            metrics.insert(0, recall_metric(rare_recall(self._pair), was, now, self._targets, rare))
        settings = self._case.settings
        return tuple(
            measured(metric, self._groups, settings.confidence, settings.margin, primary=number == 0)
            for number, metric in enumerate(metrics)
        )

    def groups(self) -> tuple[tuple[str, Evidence, Evidence], ...]:
        """Accuracy of each group with enough pictures, before and after."""
        return tuple(
            (words, self._accuracy("theirs", words, mine), self._accuracy("balanced", words, mine))
            for words, mine in self._told().items()
        )

    def worst(self) -> tuple[Evidence, float, float]:
        """Change of the worst group's accuracy, whichever that is on either side, and both; groups drawn again."""
        told = list(self._told().values())
        if not told:
            raise NotApplicable(f"no group has {FEWEST_IN_GROUP} judged pictures")
        right = {name: said == self._targets for name, said in self._said.items()}

        def lowest(name: str, times: NDArray[np.float64]) -> float:
            shares = [float((right[name] * times)[m].sum() / t) for m in told if (t := float(times[m].sum())) > 0]
            return min(shares)

        ones = np.ones(len(self._rows))
        before, after = lowest("theirs", ones), lowest("balanced", ones)
        names, codes = np.unique(self._groups, return_inverse=True)
        rng, moves = self._case.rng("worst group"), []
        for _ in range(DRAWS):
            times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[codes].astype(np.float64)
            if any(times[m].sum() for m in told):
                moves.append(lowest("balanced", times) - lowest("theirs", times))
        tail = (1 - self._case.settings.confidence) / 2
        low, high = np.quantile(moves, [tail, 1 - tail])
        count = int(np.any(told, axis=0).sum())
        how = "worst of the groups on either side; bursts drawn again"
        return Evidence("worst group", after - before, "points", count, float(low), float(high), how), before, after

    def _told(self) -> dict[str, NDArray[np.bool_]]:
        return {words: mine for words, mine in self._sides.items() if int(mine.sum()) >= FEWEST_IN_GROUP}

    def _accuracy(self, who: str, words: str, mine: NDArray[np.bool_]) -> Evidence:
        right = (self._said[who] == self._targets)[mine]
        share, low, high = clustered_share(right, self._groups[mine], self._case.settings.confidence)
        return Evidence(f"{words}: {who}", share, "share", int(mine.sum()), low, high, "by groups")


def write_layer(found: Mended, given: LastLayer, file: Path) -> dict[str, tuple[int, ...]]:
    """Write ``weight`` and ``bias`` in the shapes and numbers of the user's file; returns the shapes.

    Parameters
    ----------
    file : Path
        ``.safetensors`` or ``.npz``; replaced whole.

    Raises
    ------
    UnreadableInput
        For another ending, or the file that was read.
    WorkspaceDamaged
        If it cannot be written.
    """
    from safetensors.numpy import save

    if file.suffix.lower() not in (".safetensors", ".npz") or file.resolve() == given.path.resolve():
        raise UnreadableInput(
            expected="a new .safetensors or .npz file after --out", seen=str(file), todo="Name another file."
        )
    weight = np.ascontiguousarray(found.weight.T if given.turned else found.weight, dtype=given.dtype)
    arrays = {"weight": weight, "bias": found.bias.astype(given.dtype)}
    if file.suffix.lower() == ".npz":
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        data = buffer.getvalue()
    else:
        data = save(arrays)
    try:
        replace_file(file, data)
    except OSError as error:
        raise unwritable(file, error) from error
    return {name: values.shape for name, values in arrays.items()}
