"""What following advice really changed: both models on the same pictures with the newer labels, and the promise beside.

The old model is the baseline trained on the training pictures and labels of then, the new one on those of now; as in
a what-if (``tools.whatif``), with its folds, repeats and intervals. Where more than one thing changed, what the advice
alone did is measured too: the old training set with nothing but that advice followed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.dataset import Label
from tools.effects import Measure
from tools.following import TRAINED, Passage
from tools.ledger import Advice, Promise
from tools.measures import Values, measured, said, whole_metrics
from tools.memory import Memory, recalled
from tools.pieces import joined, joined_space
from tools.training.baseline import Fitted, fit_trainings, plain_training
from tools.training.baseline import Training as HeadTraining

Verdict = Literal["kept", "not kept", "cannot tell"]
BELONGS = 0.2
"""An old and a new class are judged as one where at least this share of either's common pictures went from one to the
other: a split or a merge moves all or a good part, corrected labels a few."""
FEWEST = 10
"""Common evaluation pictures, below which nothing is measured."""


@dataclass(frozen=True)
class Outcome:
    """What changed between two versions.

    Attributes
    ----------
    measure : Measure
        Of the baseline, before = then.
    evaluated_on : str
    together : tuple of tuple of str
        Classes judged as one on both sides, because they were split or merged in between.
    """

    measure: Measure
    evaluated_on: str
    together: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Training:
    """Which pictures of a comparison a side is trained on, and as what.

    Attributes
    ----------
    rows : ndarray of bool, shape (n,)
    labels : ndarray of int64, shape (n,)
        Numbers of the comparison's class names; −1 where there is none.
    """

    rows: NDArray[np.bool_]
    labels: NDArray[np.int64]

    @property
    def digest(self) -> str:
        """Equal for equal training sets."""
        used = np.where(self.rows, self.labels, -1)
        return sha256(np.ascontiguousarray(used).tobytes()).hexdigest()


class Comparison:
    """Two dataset versions laid over each other: every picture of the new one, then those that are gone.

    Parameters
    ----------
    passage : Passage
    old_space : EmbeddingSpace
        Vectors of the old version by the same encoder.
    memory : Memory, optional
    """

    def __init__(self, passage: Passage, old_space: EmbeddingSpace, memory: Memory | None = None) -> None:
        self._passage, self._memory = passage, memory
        old, new = passage.old, passage.new
        gone = np.array([row for image, row in old.index.items() if image not in passage.now], dtype=np.int64)
        self._old_rows = np.full(len(new.ids) + len(gone), -1, dtype=np.int64)
        for image, row in passage.now.items():
            self._old_rows[row] = old.index[image]
        self._old_rows[len(new.ids) :] = gone
        self._there = np.arange(len(self._old_rows)) < len(new.ids)
        self.names = tuple(sorted({*old.classes, *new.classes}))
        self.case = self._union(gone, old_space)

    def _union(self, gone: NDArray[np.int64], old_space: EmbeddingSpace) -> Case:
        old, new = self._passage.old, self._passage.new
        everything = np.arange(len(new.ids))
        ids = [*new.ids.tolist(), *(f"{old.ids[row]} (version {old.version})" for row in gone.tolist())]
        order = np.arange(len(ids))
        dataset = joined(new.dataset, [(new.dataset, everything), (old, gone)], ids, order)
        names = [*self._passage.after, *(self._passage.before[row] for row in gone.tolist())]
        labels = tuple(Label(i, name) for i, name in zip(ids, names, strict=True) if name is not None)
        dataset = replace(dataset, labels=labels)
        space = joined_space([new.space, old_space], [everything, gone], dataset.ids, order)
        return Case(dataset, space, new.settings, store=new.store)

    # -- who is trained on what

    @cached_property
    def tested(self) -> bool:
        """Whether both versions share a test split to measure on."""
        return self._passage.new.has_test and len(np.unique(self._now.labels[self._held_out])) >= 2

    @cached_property
    def _held_out(self) -> NDArray[np.bool_]:
        then = np.array([*self._passage.old.splits.tolist(), ""])[self._old_rows]
        return np.asarray(self._common & (then == "test") & (self.case.dataset.splits == "test"))

    @cached_property
    def _common(self) -> NDArray[np.bool_]:
        """Pictures that both versions hold, labelled now."""
        return np.asarray(self._there & (self._old_rows >= 0) & (self._now.labels >= 0))

    def _numbers(self, names: Sequence[str | None]) -> NDArray[np.int64]:
        number = {name: i for i, name in enumerate(self.names)}
        return np.array([-1 if name is None else number[name] for name in names], dtype=np.int64)

    @cached_property
    def _trainable(self) -> tuple[str, ...]:
        return TRAINED if self._passage.new.has_test else (*TRAINED, "test")

    @cached_property
    def _now(self) -> Training:
        gone = len(self._old_rows) - len(self._passage.after)
        labels = np.concatenate([self._numbers(self._passage.after), np.full(gone, -1, dtype=np.int64)])
        splits = np.isin(self.case.dataset.splits, self._trainable)
        return Training(np.asarray(self._there & splits & (labels >= 0)), labels)

    @cached_property
    def _then(self) -> Training:
        labels = np.append(self._numbers(self._passage.before), -1)[self._old_rows]
        splits = np.isin(np.append(self._passage.old.splits, "")[self._old_rows], self._trainable)
        return Training(np.asarray((self._old_rows >= 0) & splits & (labels >= 0)), labels)

    def alone(self, advice: Advice) -> Training:
        """The old training set with what was done of one piece of advice, and nothing else."""
        then, now = self._then, self._now
        passage, index = self._passage, self.case.dataset.index
        rows, labels = then.rows.copy(), then.labels.copy()
        take = np.zeros(len(rows), dtype=np.bool_)  # rows that are to be as they are now
        if advice.action in ("collect", "collect-more"):
            take[: len(passage.after)] = passage.fresh
            named = self._numbers([name for name in advice.classes if name in self.names])
            take &= np.isin(now.labels, named) if len(named) else True
        elif advice.action in ("split", "merge") or (advice.action in ("remove", "drop-class") and not advice.images):
            take = np.isin(then.labels, self._numbers([name for name in advice.classes if name in self.names]))
        elif advice.images:
            for image in advice.images:
                at = passage.now.get(image, index.get(f"{image} (version {passage.old.version})"))
                if at is not None:
                    take[at] = True
        else:
            take[: len(passage.after)] = passage.fresh
        rows[take], labels[take] = now.rows[take], now.labels[take]
        return Training(rows, labels)

    @cached_property
    def judged(self) -> NDArray[np.int64]:
        """The class that each class is judged as: split and merged ones as one; shape (names,)."""
        parent = list(range(len(self.names)))
        both = self._common & (self._then.labels >= 0)
        pairs = np.stack([self._then.labels[both], self._now.labels[both]], axis=1)
        sizes = [np.bincount(pairs[:, side], minlength=len(parent)) for side in (0, 1)]
        vanished = {self.names.index(n) for n in self._passage.old.classes if n not in self._passage.new.classes}
        new = {self.names.index(n) for n in self._passage.new.classes if n not in self._passage.old.classes}
        found, counts = np.unique(pairs, axis=0, return_counts=True)
        for (a, b), count in zip(found.tolist(), counts.tolist(), strict=True):
            share = count / min(sizes[0][a], sizes[1][b])
            if a != b and (a in vanished or b in new) and share >= BELONGS:
                low, high = sorted((_root(parent, a), _root(parent, b)))
                parent[high] = low
        return np.array([_root(parent, number) for number in range(len(parent))], dtype=np.int64)

    @cached_property
    def _parents(self) -> NDArray[np.int64]:
        """As the what-ifs do it: scores of a split class's kinds are added up, those of merged classes are not."""
        out = np.arange(len(self.names))
        for group in self.together:
            old = [name for name in group if name in self._passage.old.classes]
            if len(old) == 1:
                out[[self.names.index(name) for name in group]] = self.names.index(old[0])
        return out

    @property
    def together(self) -> tuple[tuple[str, ...], ...]:
        """Groups of classes that are judged as one."""
        groups = [tuple(self.names[i] for i in np.flatnonzero(self.judged == root)) for root in np.unique(self.judged)]
        return tuple(group for group in groups if len(group) > 1)

    # -- measuring

    def step(self, *, on_step: Progress = silent) -> Outcome | None:
        """The whole change from then to now; None where too few pictures are common to both."""
        return self._measured(self._now, "the change of data", on_step)

    def of(self, advice: Advice, *, on_step: Progress = silent) -> tuple[Outcome | None, bool]:
        """What one piece of advice did; and whether that is the whole change."""
        training = self.alone(advice)
        whole = training.digest == self._now.digest
        return self._measured(training, f"{advice.action} {advice.target}", on_step), whole

    def _measured(self, after: Training, what: str, on_step: Progress) -> Outcome | None:
        evaluation = self._evaluation
        if evaluation.sum() < FEWEST or len(np.unique(self.judged[self._now.labels[evaluation]])) < 2:
            return None
        parts: Mapping[str, object] = {
            "comparison": self.case.fingerprint,
            "then": self._then.digest,
            "after": after.digest,
            "evaluation": sha256(np.where(evaluation, self._now.labels, -1).tobytes()).hexdigest(),
        }
        return recalled(self._memory, Outcome, parts, lambda: self._compute(after, what, on_step))

    @cached_property
    def _evaluation(self) -> NDArray[np.bool_]:
        """Pictures that both sides are judged on."""
        both = self._common & self._now.rows & self._then.rows
        return self._held_out if self.tested else both & (self.case.derived.folds() >= 0)

    @cached_property
    def _folds(self) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """Rows that may be trained on, and rows asked about, for each fold of each repeat."""
        kept, questions = [], []
        for repeat in range(self.case.settings.repeats):
            folds = self.case.derived.folds(repeat)
            for fold in np.unique(folds[folds >= 0]):
                kept.append(np.flatnonzero((folds >= 0) & (folds != fold)))
                questions.append(np.flatnonzero(self._evaluation & (self.tested | (folds == fold))))
        return kept, questions

    def _trainings(self, side: Training, parents: NDArray[np.int64]) -> list[HeadTraining]:
        """One per fold; outputs only for classes that the side has."""
        own = np.unique(side.labels[side.rows])
        labels = np.searchsorted(own, side.labels)
        rows = [rows[side.rows[rows]] for rows in self._folds[0]]
        return [replace(plain_training(r, labels, len(own)), parents=parents[own]) for r in rows]

    @cached_property
    def _old_heads(self) -> Fitted:
        """Heads of then, beside which all that came after is judged."""
        trainings = self._trainings(self._then, np.arange(len(self.names)))
        return fit_trainings(self.case.space.vectors, trainings)

    def _heads_after(self, after: Training) -> Fitted:
        """Heads of what came after, started from those of then where these know every class."""
        trainings = self._trainings(after, self._parents)
        pairs = zip(trainings, self._old_heads.trainings, strict=True)
        known = all(np.isin(t.parents[t.labels], old.parents[old.labels]).all() for t, old in pairs)
        return fit_trainings(self.case.space.vectors, trainings, near=self._old_heads if known else None)

    def _said(self, heads: Fitted) -> Values:
        questions = self._folds[1]
        scores = heads.scores(self.case.space.vectors, questions, len(self.names))
        return said(questions, scores, self._evaluation, self.judged, self.case.settings.repeats)

    def _compute(self, after: Training, what: str, on_step: Progress) -> Outcome:
        settings, evaluation = self.case.settings, self._evaluation
        on_step(f"measuring {what}", 0, 2)
        before = self._said(self._old_heads)
        on_step(f"measuring {what}", 1, 2)
        now = before if after.digest == self._then.digest else self._said(self._heads_after(after))
        on_step(f"measuring {what}", 2, 2)
        decides = whole_metrics(before, now, self.judged[self._now.labels[evaluation]])[0]
        clusters = self.case.derived.grouping.groups[evaluation]
        found = measured(decides, clusters, settings.confidence, settings.margin, primary=True)
        where = "the test pictures that both versions hold" if self.tested else (
            "held-out folds of the pictures that both versions hold, groups of similar pictures kept together"
        )  # fmt: skip
        return Outcome(found, where, self.together)


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        number = parent[number]
    return number


def kept_promise(promise: Promise, found: Measure, *, whole: bool) -> tuple[Verdict, str]:
    """Whether what was promised came true, and why.

    Parameters
    ----------
    promise : Promise
    found : Measure
        What the advice alone did.
    whole : bool
        Whether it was followed fully; of half a change nobody promised anything, but it may have helped already.

    >>> from tools.effects import Measure
    >>> promised = Promise("balanced accuracy", 0.80, 0.84, 0.01, 0.07, "helps")
    >>> def measured(low, high, verdict): return Measure("m", 0.8, 0.8 + (low + high) / 2, low, high, 0.0, verdict, 200)
    >>> kept_promise(promised, measured(0.02, 0.06, "helps"), whole=True)[0]
    'kept'
    >>> kept_promise(promised, measured(0.002, 0.008, "no_effect"), whole=True)[0]
    'not kept'
    >>> kept_promise(promised, measured(-0.02, 0.05, "cannot_tell"), whole=True)[0]
    'cannot tell'
    """
    if promise.verdict == "cannot_tell":
        return "cannot tell", "nothing was promised: when it was tried, the pictures did not settle it"
    if promise.verdict == "helps":
        if found.low > 0 and found.high >= promise.low:
            return "kept", "it helped" if whole else "it helped, though followed in part"
        if not whole:
            return "cannot tell", "followed in part only"
        if found.low > 0:
            return "not kept", "it helped less than promised"
        if found.high < promise.low:
            return "not kept", "the gain promised is ruled out"
        return "cannot tell", "the interval leaves both open"
    if not whole:
        return "cannot tell", "followed in part only"
    if promise.verdict == "hurts":
        if found.high < 0:
            return "kept", "it hurt, as was said"
        return ("not kept", "it did not hurt") if found.low > promise.high else ("cannot tell", "the interval leaves "
                                                                                 "both open")  # fmt: skip
    if found.verdict == "no_effect":
        return "kept", "no effect worth having, as was said"
    if found.verdict in ("helps", "hurts"):
        return "not kept", f"it {found.verdict}"
    return "cannot tell", "the interval leaves both open"
