"""What several checks need, computed once per case and kept by fingerprint."""

from collections.abc import Callable
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from embeddings.index import NeighbourGraph, neighbour_graph
from tools.code_version import code_version
from tools.eyes import MEASURES, Looks, Parts
from tools.folds import partition
from tools.groups import Grouping, nearness_in_graph, similarity_groups
from tools.training.baseline import parent_scores, plain_training

if TYPE_CHECKING:
    from tools.case import Arrays, Case

Found = TypeVar("Found")

NEIGHBOURS = 20
PARTS = ("area", "foreground", "background")
LOOKS = ("small", *MEASURES)
COPY_SIMILARITY = 0.97
"""Nearer than this, two pictures are taken for views of one object when nothing better is known."""
STEPS = 16
"""Thresholds tried, evenly from where one picture in twenty has so near a neighbour down to the usual 20th neighbour:
similarities differ between encoders, so the range comes from the case."""
SURE = 0.01
"""Held-out images must be nearer to training images than test images are by more than chance before any grouping."""
LARGEST_GROUP = 0.25
"""A threshold that joins more than this share of the images says nothing about bursts."""


class Derived:
    """Lazily computed arrays of one case; all shapes follow the dataset's order of images and classes."""

    def __init__(self, case: "Case") -> None:
        self._case = case
        self._found: dict[str, Any] = {}

    def once(self, key: str, compute: Callable[[], Found]) -> Found:
        """What several checks of one run need and is no plain array: computed by the first that asks."""
        if key not in self._found:
            self._found[key] = compute()
        found: Found = self._found[key]
        return found

    def kept(self, name: str, compute: "Callable[[], Arrays]") -> "Arrays":
        """Arrays from the case's store, else computed and kept there, by the case and the code's version."""
        key = f"{name}-{self._case.fingerprint}-{code_version()}"
        found = self._case.store.load(key)
        if found is None:
            found = compute()
            self._case.store.save(key, found)
        return found

    @cached_property
    def graph(self) -> NeighbourGraph:
        """The 20 nearest neighbours of every image, all splits together; exact unless its ``recall`` is below 1."""

        def compute() -> "Arrays":
            graph = neighbour_graph(self._case.space.vectors, NEIGHBOURS)
            recall = np.array(graph.recall)
            return {"neighbours": graph.neighbours, "similarities": graph.similarities, "recall": recall}

        kept = self.kept("graph", compute)
        neighbours, similarities = kept["neighbours"].astype(np.int64), kept["similarities"].astype(np.float32)
        return NeighbourGraph(neighbours, similarities, float(kept["recall"]))

    @cached_property
    def parts(self) -> Parts:
        """Foreground, background and looks of a sample of the pictures (``Eyes.sample``), which are opened again.

        Raises
        ------
        NotApplicable
            If pictures or encoder are not here.
        """
        case = self._case

        def compute() -> "Arrays":
            found = case.eyes.take_apart(case.eyes.sample())
            arrays: Arrays = {name: getattr(found, name) for name in PARTS}
            arrays |= {name: getattr(found.looks, name) for name in LOOKS}
            unparted = np.array(found.unparted)
            return {**arrays, "rows": found.rows, "looked at": found.looks.rows, "unparted": unparted}

        kept = self.kept("parts", compute)
        looks = Looks(kept["looked at"].astype(np.int64), *(kept[name].astype(np.float32) for name in LOOKS))
        area, foreground, background = (kept[name].astype(np.float32) for name in PARTS)
        return Parts(kept["rows"].astype(np.int64), area, foreground, background, int(kept["unparted"]), looks)

    @cached_property
    def test_nearness(self) -> NDArray[np.float32]:
        """Similarity of each test image to its nearest training image; empty without a test split."""
        case = self._case
        if not case.has_test:
            return np.zeros(0, dtype=np.float32)
        parts = np.where(case.fit, 0, -1)
        return nearness_in_graph(case.space.vectors, self.graph, parts, np.flatnonzero(case.evaluation))

    @cached_property
    def random_nearness(self) -> NDArray[np.float32]:
        """Similarity of each image held out by random folds to its nearest training image."""
        case = self._case
        return nearness_in_graph(case.space.vectors, self.graph, self.random_folds, np.flatnonzero(case.fit))

    @cached_property
    def grouping(self) -> Grouping:
        """Groups that folds keep whole: the user's column, else similarity clusters (DECISIONS "Groups").

        The similarity is the first of ``thresholds`` at which held-out images are no nearer to training
        images than test images are; it is fixed by similarities alone, before any accuracy is seen.
        """
        case = self._case
        column = case.settings.group_column
        if column is not None and column in case.dataset.metadata:
            values = case.dataset.metadata[column]
            codes = np.unique(values, return_inverse=True)[1].astype(np.int64)
            alone = values == ""
            codes[alone] = codes.max() + 1 + np.arange(int(alone.sum()))
            return Grouping(codes, "column", nan)

        def compute() -> "Arrays":
            groups, similarity, source = self._similarity_grouping()
            return {"groups": groups, "similarity": np.array(similarity), "source": np.array(source)}

        kept = self.kept("grouping", compute)
        return Grouping(kept["groups"].astype(np.int64), str(kept["source"]), float(kept["similarity"]))

    def _similarity_grouping(self) -> tuple[NDArray[np.int64], float, str]:
        case = self._case
        vectors = case.space.vectors
        copies = similarity_groups(vectors, self.graph, COPY_SIMILARITY)
        nearer = case.has_test and mannwhitneyu(self.random_nearness, self.test_nearness, alternative="greater")
        if not nearer or nearer.pvalue >= SURE:
            return copies, COPY_SIMILARITY, "copies"
        best, chosen = copies, COPY_SIMILARITY
        for similarity in self.thresholds():
            groups = self.groups_at(similarity)
            if groups is None:
                break
            folds = np.full(len(case.ids), -1, dtype=np.int64)
            inside = case.targets[case.fit], groups[case.fit]
            folds[case.fit] = partition(*inside, case.settings.folds, case.rng("grouping"))
            best, chosen = groups, similarity
            held_out = nearness_in_graph(vectors, self.graph, folds, np.flatnonzero(case.fit))
            if np.median(held_out) <= np.median(self.test_nearness):
                break
        return best, chosen, "similarity"

    def thresholds(self) -> tuple[float, ...]:
        """Similarities at which pictures may be taken for one group, tightest first."""
        similarities = self.graph.similarities[self._case.fit]
        tightest, loosest = np.quantile(similarities[:, 0], 0.95), np.median(similarities[:, -1])
        return tuple(float(v) for v in np.linspace(tightest, min(tightest, loosest), STEPS))

    def groups_at(self, similarity: float) -> NDArray[np.int64] | None:
        """Similarity groups at a threshold; None where they are too large or too few to hold out."""
        case = self._case
        groups = similarity_groups(case.space.vectors, self.graph, similarity)
        sizes = np.bincount(groups[case.fit])
        if sizes.max() > LARGEST_GROUP * case.fit.sum() or (sizes > 0).sum() < 2 * case.settings.folds:
            return None
        return groups

    def accuracy_with(self, groups: NDArray[np.int64], purpose: str) -> NDArray[np.bool_]:
        """Whether the baseline is right out of fold when these groups are kept whole, shape (n,); of ``fit``."""
        case = self._case
        folds = self._folds(groups, purpose)
        scores = out_of_fold(case.space.vectors, case.targets, folds, len(case.classes))
        return np.asarray((scores.argmax(axis=1) == case.targets) & case.fit)

    def folds(self, repeat: int = 0) -> NDArray[np.int64]:
        """Fold of each image of ``fit`` in one repeat, groups whole; -1 outside ``fit``; shape (n,)."""
        return self._folds(self.grouping.groups, f"folds-{repeat}")

    @cached_property
    def random_folds(self) -> NDArray[np.int64]:
        """Folds that ignore groups: what a tool that has not looked would report."""
        return self._folds(np.arange(len(self._case.ids)), "random-folds")

    def _folds(self, groups: NDArray[np.int64], purpose: str) -> NDArray[np.int64]:
        case = self._case
        out = np.full(len(case.ids), -1, dtype=np.int64)
        count = min(case.settings.folds, len(np.unique(groups[case.fit])))
        out[case.fit] = partition(case.targets[case.fit], groups[case.fit], count, case.rng(purpose))
        return out

    @cached_property
    def baseline(self) -> NDArray[np.float64]:
        """Scores of the advisor's own baseline, shape (n, k).

        Out of fold with groups kept whole for images in ``fit``; from a head trained on all of ``fit`` for others.
        """
        return np.asarray(self._scores("baseline", self.folds()), dtype=np.float64)

    @cached_property
    def random_baseline(self) -> NDArray[np.float64]:
        """As ``baseline``, but with random folds for the images in ``fit``."""
        return np.asarray(self._scores("random-baseline", self.random_folds), dtype=np.float64)

    def _scores(self, name: str, folds: NDArray[np.int64]) -> NDArray[np.generic]:
        case = self._case

        def compute() -> "Arrays":
            return {"scores": out_of_fold(case.space.vectors, case.targets, folds, len(case.classes))}

        return self.kept(name, compute)["scores"]

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """The subject's scores, shape (n, k); rows of NaN where the subject said nothing that may be judged.

        The user's predictions on images it was trained on are no evidence: only evaluation rows are kept.
        """
        case = self._case
        if case.subject == "baseline" or case.predictions is None:
            return self.baseline
        out = case.predictions.probabilities.copy()
        out[~case.evaluation] = np.nan
        return out

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The subject's class number per image, -1 where it may not be judged; shape (n,)."""
        case = self._case
        if not case.evaluation.any():
            return np.full(len(case.ids), -1, dtype=np.int64)
        if case.subject == "user" and case.predictions is not None:
            return np.where(case.evaluation, case.predictions.predicted, -1)
        return np.where(case.fit | case.evaluation, self.baseline.argmax(axis=1), -1)

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """Evaluation images with a prediction by the subject, shape (n,)."""
        return np.asarray(self._case.evaluation & (self.predicted >= 0))

    @cached_property
    def errors(self) -> NDArray[np.bool_]:
        """Judged images that the subject gets wrong, shape (n,)."""
        return np.asarray(self.judged & (self.predicted != self._case.targets))


def out_of_fold(
    vectors: NDArray[np.float32], targets: NDArray[np.int64], folds: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Scores of heads that never saw the image they score, shape (n, classes).

    Parameters
    ----------
    folds : ndarray of int64, shape (n,)
        Fold of each training image; images with −1 are scored by a head trained on all folds.
    """
    names = np.unique(folds[folds >= 0]).tolist()
    trainings = [plain_training(np.flatnonzero((folds >= 0) & (folds != name)), targets, classes) for name in names]
    trainings.append(plain_training(np.flatnonzero(folds >= 0), targets, classes))
    questions = [np.flatnonzero(folds == name) for name in (*names, -1)]
    out = np.zeros((len(vectors), classes))
    for rows, scores in zip(questions, parent_scores(vectors, trainings, questions, classes), strict=True):
        out[rows] = scores
    return out
