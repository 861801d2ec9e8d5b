"""A known-answer drill: faults planted into a copy of the user's own vectors, searched for as the checks search.

What is found of the planted faults says how far a check's silence can be trusted on these pictures. Nothing is drawn:
labels are changed, vectors and hashes moved as light edits of photographs move them, a setting added to vectors.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest
from tools.case import Arrays, Case
from tools.cues import PRESENT, Cue, try_cue
from tools.duplicates import duplicates, identical_pairs, near_pairs
from tools.findings import Evidence
from tools.label_errors import FEWEST_IN_BURST, case_suspects, find_suspects
from tools.statistics import wilson
from tools.training.baseline import parent_scores, plain_training

SLIPS, BURSTS = 0.05, 0.03
"""Shares of the unsuspected pictures relabelled one by one and in whole groups: few enough to stay a minority."""
ENOUGH = 100
MOST_ROUNDS = 3
MOST_DRILLED = 4000
"""Larger sets are drilled on whole groups of about this many pictures; more pictures would only be found better."""
COPIES = 100
EDIT_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
EDIT_SIMILARITY = (0.873, 0.929, 0.965, 0.977, 0.985, 0.991, 0.996)
EDIT_BITS = (0, 0, 0, 2, 6, 10, 12)
"""Similarity and hash bits between 60 grocery photographs and five light edits of each (halved, recompressed, 2 % crop,
brightened, all at once), embedded encoder."""
CUE_TRIALS, CUE_PICTURES, FEWEST_FOR_CUE = 10, 150, 40
CUE_AGREEMENT = 0.9
CUE_SIZE = 0.5
"""Of the spread within a class (root mean square distance from its mean): added or taken away along one direction."""


@dataclass(frozen=True)
class Hits:
    """What came of one kind of planted fault.

    Attributes
    ----------
    found, planted : int
    wrongly : int
        Reported in the copy, not planted, and not reported without it.
    """

    found: int
    planted: int
    wrongly: int = 0

    @property
    def recall(self) -> float:
        """Share found; 0 where nothing could be planted."""
        return self.found / max(1, self.planted)


class Drill:
    """Drills of one case, each run when first asked for and kept by the case's fingerprint."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def _kept(self, kind: str, names: tuple[str, ...]) -> tuple[Hits, ...]:
        hashed = self._case.dataset.perceptual_hash is not None

        def compute() -> Arrays:
            found = getattr(self, f"_{kind}")()
            return {n: np.array([h.found, h.planted, h.wrongly]) for n, h in zip(names, found, strict=True)}

        kept = self._case.derived.kept(f"drill-{kind}-{hashed}", compute)
        return tuple(Hits(*(int(v) for v in kept[name])) for name in names)

    @cached_property
    def labels(self) -> tuple[Hits, Hits]:
        """Single slips, half of them to the class that fits second best; and pictures of whole relabelled groups."""
        slips, bursts = self._kept("labels", ("slips", "bursts"))
        return slips, bursts

    @cached_property
    def copies(self) -> tuple[Hits, Hits]:
        """Identical files, and lightly edited copies."""
        exact, near = self._kept("copies", ("exact", "near"))
        return exact, near

    @cached_property
    def cue(self) -> Hits:
        """A setting that goes along with one class of a pair in training, and with neither when judged."""
        return self._kept("cue", ("cue",))[0]

    def _labels(self) -> tuple[Hits, Hits]:
        case, rng = self._case, self._case.rng("drill-labels")
        suspects = case_suspects(case)
        plain = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
        inside = _some_groups(case.derived.grouping.groups[plain.rows], MOST_DRILLED, rng)
        training, clean = plain.only(inside), ~suspects.flagged[inside]
        runner_up = suspects.suggested[inside]
        groups = case.derived.grouping.groups
        total = np.zeros((2, 3), dtype=np.int64)
        for _ in range(MOST_ROUNDS):
            single, burst, labels = _relabelled(training.labels, groups[training.rows], clean, runner_up, rng)
            again = find_suspects(
                case.space.vectors, replace(training, labels=labels), groups, len(case.classes), rng,
                graph=case.derived.graph,
            ).flagged  # fmt: skip
            wrongly = int((again & clean & ~single & ~burst).sum())
            total += [[int((again & m).sum()), int(m.sum()), wrongly] for m in (single, burst)]
            if total[0, 1] >= ENOUGH:
                break
        return Hits(*total[0].tolist()), Hits(*total[1].tolist())

    def _copies(self) -> tuple[Hits, Hits]:
        case, rng = self._case, self._case.rng("drill-copies")
        n, count = len(case.ids), min(COPIES, len(case.ids))
        rows = rng.choice(n, count, replace=False)
        sha = case.dataset.sha256
        again = identical_pairs(np.concatenate([sha, sha[rows]]))
        exact = Hits(len(np.unique(again[again[:, 1] >= n][:, 1])), count)
        grades = rng.random(count)  # one grade for both: a harsher edit moves the vector and the hash
        similar = np.interp(1 - grades, EDIT_QUANTILES, EDIT_SIMILARITY)
        vectors = turned(case.space.vectors[rows], similar, rng)
        hashes = case.dataset.perceptual_hash
        if hashes is not None:
            bits = np.rint(np.interp(grades, EDIT_QUANTILES, EDIT_BITS)).astype(np.int64)
            hashes = np.concatenate([hashes, hashes[rows] ^ _some_bits(bits, rng)])
        similarities, found = nearest(case.space.vectors, vectors, min(case.derived.graph.neighbours.shape[1], n))
        neighbours = np.concatenate([np.zeros((n, found.shape[1]), dtype=np.int64), found])
        near = np.concatenate([np.full((n, found.shape[1]), -1, dtype=np.float32), similarities])
        pairs = near_pairs(neighbours, near, hashes)
        right = pairs[:, 0] == rows[pairs[:, 1] - n]
        known = np.isin(pairs[:, 0], np.flatnonzero(duplicates(case).copied))
        return exact, Hits(int(right.sum()), count, int((~right & ~known).sum()))

    def _cue(self) -> tuple[Hits]:
        case, rng = self._case, self._case.rng("drill-cue")
        counts = np.bincount(case.targets[case.fit], minlength=len(case.classes))
        large = np.flatnonzero(counts >= FEWEST_FOR_CUE)
        if len(large) < 2:
            return (Hits(0, 0),)
        found = sum(_cue_trial(case, rng.choice(large, 2, replace=False), rng) for _ in range(CUE_TRIALS))
        return (Hits(found, CUE_TRIALS),)


def drill(case: Case) -> Drill:
    """The drills of a case."""
    return Drill(case)


def label_evidence(case: Case, flagged: int) -> tuple[Evidence, ...]:
    """What the drill says of the label check, and how many wrong labels it leaves.

    Parameters
    ----------
    flagged : int
        Labels of the case that look wrong.
    """
    slips, bursts = drill(case).labels
    confidence = case.settings.confidence
    how = "known-answer drill: labels of unsuspected pictures changed, half of them to the class that fits next best"
    recall = wilson(slips.found, slips.planted, confidence)
    evidence = [
        Evidence("planted wrong labels found", slips.recall, "share", slips.planted, *recall, how),
        Evidence("found again", slips.found, "images", slips.planted, how=how),
        Evidence("planted", slips.planted, "images", how=how),
    ]
    if bursts.planted:
        interval = wilson(bursts.found, bursts.planted, confidence)
        how = "known-answer drill: whole groups that agree on a label given another one"
        evidence.append(Evidence("planted series found", bursts.recall, "share", bursts.planted, *interval, how))
    caught = slips.found + bursts.found
    if caught:
        of = caught + slips.wrongly
        precision, bounds = caught / of, wilson(caught, of, confidence)
        how = "known-answer drill: of the labels flagged only after planting; an upper bound where slips are rare"
        evidence.append(Evidence("planted among flagged", precision, "share", of, *bounds, how))
        value, low, high = left(flagged, (precision, *bounds), (slips.recall, *recall))
        how = "labels that look wrong × their precision × (1 − recall) ÷ recall, both as in the drill"
        evidence.append(Evidence("wrong labels not seen", value, "images", low=low, high=high, how=how))
    return tuple(evidence)


def left(
    flagged: int, precision: tuple[float, float, float], recall: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Expected wrong labels beyond the flagged ones, and bounds from those of precision and recall.

    >>> left(20, (0.5, 0.4, 0.6), (0.8, 0.5, 1.0))
    (2.5, 0.0, 12.0)
    """

    def beyond(right: float, reached: float) -> float:
        return flagged * right * (1 - reached) / max(reached, 1e-9)

    return (
        beyond(precision[0], recall[0]),
        beyond(precision[1], recall[2]),
        beyond(precision[2], recall[1]),
    )


def copy_evidence(case: Case) -> tuple[Evidence, ...]:
    """What the drill says of the search for copies."""
    exact, near = drill(case).copies
    confidence = case.settings.confidence
    how = "known-answer drill: vectors and hashes moved as light edits of photographs move them"
    return (
        Evidence("planted identical files found", exact.recall, "share", exact.planted,
                 *wilson(exact.found, exact.planted, confidence), "known-answer drill: the same bytes once more"),
        Evidence("planted edited copies found", near.recall, "share", near.planted,
                 *wilson(near.found, near.planted, confidence), how),
    )  # fmt: skip


def cue_evidence(case: Case) -> tuple[Evidence, ...]:
    """What the drill says of the ladder of cues; empty where too few pictures allow none."""
    found = drill(case).cue
    if not found.planted:
        return ()
    how = (
        "known-answer drill: a setting added to the vectors of two classes, nine in ten of one and one in ten of other"
    )
    interval = wilson(found.found, found.planted, case.settings.confidence)
    return (
        Evidence("planted settings found", found.recall, "share", found.planted, *interval, how),
        Evidence("settings found again", found.found, "count", found.planted, how=how),
        Evidence("settings planted", found.planted, "count", how=how),
    )


def turned(
    vectors: NDArray[np.float32], similarity: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Unit vectors at the given cosine similarities from unit vectors, in random directions."""
    aside = rng.normal(size=vectors.shape)
    aside -= (aside * vectors).sum(axis=1, keepdims=True) * vectors
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    s = similarity[:, None]
    return np.asarray(s * vectors + np.sqrt(1 - s * s) * aside, dtype=np.float32)


def _some_bits(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint64]:
    """Words of 64 bits with that many random ones set."""
    order = np.argsort(rng.random((len(counts), 64)), axis=1)
    chosen = order < counts[:, None]
    return np.asarray((chosen * (np.uint64(1) << np.arange(64, dtype=np.uint64))).sum(axis=1), dtype=np.uint64)


def _some_groups(groups: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    names, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(names))
    return np.isin(codes, order[np.cumsum(sizes[order]) <= max(most, int(sizes[order[0]]))])


def _relabelled(
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    clean: NDArray[np.bool_],
    runner_up: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Which labels were changed one by one, which in whole groups, and all labels after it."""
    present, changed = np.unique(labels), labels.copy()
    burst = np.zeros(len(labels), dtype=np.bool_)
    names, sizes = np.unique(groups[clean], return_counts=True)
    for name in rng.permutation(names[sizes >= FEWEST_IN_BURST])[: max(1, ceil(BURSTS * len(names)))]:
        members = np.flatnonzero(groups == name)
        if len(np.unique(labels[members])) == 1 and clean[members].all():
            burst[members] = True
            changed[members] = rng.choice(present[present != labels[members[0]]])
    free = np.flatnonzero(clean & ~burst)
    single = np.zeros(len(labels), dtype=np.bool_)
    single[rng.choice(free, min(len(free), max(10, round(SLIPS * len(free)))), replace=False)] = True
    for i, row in enumerate(np.flatnonzero(single).tolist()):
        changed[row] = runner_up[row] if i % 2 else rng.choice(present[present != labels[row]])
    return single, burst, changed


def _cue_trial(case: Case, pair: NDArray[np.int64], rng: np.random.Generator) -> bool:
    """Plant a setting into a pair of classes, train on half, and try it as a cue in both directions."""
    groups, parts = case.derived.grouping.groups, []
    for c in pair:
        rows = np.flatnonzero(case.fit & (case.targets == c))
        parts.append(rows[_some_groups(groups[rows], CUE_PICTURES, rng)])
    rows = np.concatenate(parts)
    names, codes = np.unique(groups[rows], return_inverse=True)
    held = (rng.permutation(len(names)) % 2 == 0)[codes]
    is_b = case.targets[rows] == pair[1]
    agrees = (rng.random(len(names))[codes]) < np.where(held, 0.5, CUE_AGREEMENT)
    setting = np.where(agrees == is_b, 1.0, -1.0)
    x = case.space.vectors[rows]
    spread = float(np.mean([np.sqrt(((x[s] - x[s].mean(axis=0)) ** 2).sum(axis=1).mean()) for s in (is_b, ~is_b)]))
    along = rng.normal(size=x.shape[1])
    moved = x + CUE_SIZE * spread * setting[:, None] * (along / float(np.linalg.norm(along)))
    unit = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    labels = is_b.astype(np.int64)
    training = plain_training(np.flatnonzero(~held), labels, 2)
    judged = np.flatnonzero(held)
    said = parent_scores(unit, [training], [judged], 2)[0].argmax(axis=1)
    return _recognised(case, rows, pair, setting, held, np.asarray(pair[said]))


def _recognised(
    case: Case, rows: NDArray[np.int64], pair: NDArray[np.int64], setting: NDArray[np.float64],
    held: NDArray[np.bool_], said: NDArray[np.int64],
) -> bool:  # fmt: skip
    values, predicted = np.zeros(len(case.ids)), np.full(len(case.ids), -1, dtype=np.int64)
    values[rows] = setting
    predicted[rows[held]] = said
    cue = Cue("planted", "without it", "with it", values)
    for a, b in (pair, pair[::-1]):
        test = try_cue(case, cue, (case.classes[a], case.classes[b]), rows[~held], rows[held], predicted)
        known = test.used_p is not None and test.used_p < 0.05 and test.low > 0
        if known and test.strength >= PRESENT and test.present_p < 0.05:
            return True
    return False
