"""Tries a change on a copy of the case: before and after on the same held-out images, with an interval.

Changes touch training folds only, and whatever chooses a change is recomputed inside every training fold, without
the evaluation labels: deciding once on all data says "helps" in a fifth of null trials (DECISIONS "Nested").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.effects import Effect, Measure
from tools.errors import UnknownName
from tools.fidelity import fidelity
from tools.findings import Cost
from tools.measures import Metric, Values, measured, precision_metric, recall_metric, said, whole_metrics
from tools.memory import Memory, recalled
from tools.registry import discover, sentence_of
from tools.training.baseline import Training, parent_scores, plain_training

Arguments = Mapping[str, str]
MOST_CLASSES = 20
"""A change of the whole set is shown class by class up to this many classes."""
TRAINED_ON_PART = (
    "Both sides were trained on a part of the training pictures at a time, so before lies below the figure of a model "
    "trained on all of them; what counts is the difference."
)


@dataclass(frozen=True)
class Kind:
    """An experiment as found on disk.

    Attributes
    ----------
    kind, sentence : str
    eligible : callable
        Case → the argument sets this kind could be tried with there; empty = not eligible.
    change : callable
        (case, training, arguments, rng) → the changed training set; sees training rows only.
    describe : callable
        (case, arguments) → target in words.
    cost : callable
        (case, arguments) → Cost of doing it for real.
    counted_as : callable or None
        (case, arguments) → the class each class is judged as, before and after alike; None = as itself.
    meant_for : callable or None
        (case, arguments) → evaluation images (bool, shape (n,)) that the change is to help, by a metric's name.
    start : callable or None
        (case, training, arguments, rng) → what before is trained on, where that is not the training set as it is; the
        same generator as ``change`` gets.
    more : callable or None
        (case, arguments) → vectors, shape (m, d), of pictures made for the trial; ``change`` may train on them as rows
        from the number of images of the case on.
    judged_on : callable or None
        (case, arguments) → evaluation images that count, bool, shape (n,); None = all.
    note : str
        What else a careful reader must know.
    """

    kind: str
    sentence: str
    eligible: Callable[[Case], tuple[dict[str, str], ...]]
    change: Callable[[Case, Training, Arguments, np.random.Generator], Training]
    describe: Callable[[Case, Arguments], str]
    cost: Callable[[Case, Arguments], Cost]
    counted_as: Callable[[Case, Arguments], NDArray[np.int64]] | None = None
    meant_for: Callable[[Case, Arguments], dict[str, NDArray[np.bool_]]] | None = None
    start: Callable[[Case, Training, Arguments, np.random.Generator], Training] | None = None
    more: Callable[[Case, Arguments], NDArray[np.float32]] | None = None
    judged_on: Callable[[Case, Arguments], NDArray[np.bool_]] | None = None
    note: str = ""


OPTIONAL = ("counted_as", "meant_for", "start", "more", "judged_on")


@cache
def kinds() -> dict[str, Kind]:
    """All experiments by kind."""
    import tools.experiments

    return {
        kind: Kind(
            kind,
            sentence_of(m),
            m.eligible,
            m.change,
            m.describe,
            m.cost,
            note=getattr(m, "NOTE", ""),
            **{name: getattr(m, name, None) for name in OPTIONAL},
        )
        for kind, m in discover(tools.experiments).items()
    }


def pair_of(case: Case, arguments: Arguments) -> tuple[str, str]:
    """The two classes of an argument ``pair=A|B``; names may themselves hold a bar.

    Raises
    ------
    UnknownName
        If no way to cut the text gives two classes of the case.
    """
    pieces = arguments["pair"].split("|")
    for cut in range(1, len(pieces)):
        a, b = "|".join(pieces[:cut]), "|".join(pieces[cut:])
        if a in case.classes and b in case.classes:
            return a, b
    raise UnknownName(
        expected="pair=A|B with two class names", seen=arguments["pair"], todo=f"Classes: {', '.join(case.classes)}."
    )


def run_experiment(
    case: Case,
    kind: str,
    arguments: Arguments | None = None,
    *,
    on_step: Progress = silent,
    remember: Memory | None = None,
) -> Effect:
    """Try one change and measure it.

    Raises
    ------
    UnknownName
        For a kind that does not exist or arguments it cannot take in this case.
    NotApplicable
        If what it needs, such as the pictures themselves, is not here.
    """
    if kind not in kinds():
        raise UnknownName(expected=f"one of {', '.join(kinds())}", seen=kind, todo="Name one of these.")
    found = kinds()[kind]
    given = dict(arguments or {})
    allowed = found.eligible(case)
    if given not in allowed:
        options = "; ".join(" ".join(f"{k}={v}" for k, v in a.items()) or "no arguments" for a in allowed[:12])
        raise UnknownName(
            expected=f"arguments that fit {kind} in this data set" + (f" ({options})" if allowed else ""),
            seen=" ".join(f"{k}={v}" for k, v in given.items()) or "no arguments",
            todo="Choose one of the listed ones." if allowed else f"{kind} has nothing to work on here.",
        )
    parts = {"case": case.fingerprint, "experiment": kind, "arguments": given}
    return recalled(remember, Effect, parts, lambda: try_change(case, found, given, on_step=on_step))


def try_change(case: Case, kind: Kind, arguments: Arguments, *, on_step: Progress = silent) -> Effect:
    """Fit with and without the change in every fold of every repeat, and compare on the same pictures."""
    before: list[Training] = []
    after: list[Training] = []
    questions: list[NDArray[np.int64]] = []
    total = case.settings.repeats * case.settings.folds
    for repeat in range(case.settings.repeats):
        folds = case.derived.folds(repeat)
        for fold in np.unique(folds[folds >= 0]):
            on_step(f"trying {kind.kind}", len(before), total)
            rows = np.flatnonzero((folds >= 0) & (folds != fold))
            questions.append(np.flatnonzero(case.evaluation if case.has_test else folds == fold))
            plain = plain_training(rows, case.targets, len(case.classes))
            purpose = f"{kind.kind}-{repeat}-{fold}"
            before.append(plain if kind.start is None else kind.start(case, plain, arguments, case.rng(purpose)))
            after.append(kind.change(case, plain, arguments, case.rng(purpose)))
    vectors, classes = case.space.vectors, len(case.classes)
    if kind.more is not None:
        vectors = np.concatenate([vectors, kind.more(case, arguments)])
    judged = np.arange(classes) if kind.counted_as is None else kind.counted_as(case, arguments)
    both = [
        said(questions, parent_scores(vectors, t, questions, classes), case.evaluation, judged, case.settings.repeats)
        for t in (before, after)
    ]
    on_step(f"trying {kind.kind}", total, total)
    return Effect(
        kind=kind.kind,
        target=kind.describe(case, arguments),
        arguments=dict(arguments),
        measures=_measures(case, kind, both[0], both[1], arguments, judged),
        repeats=case.settings.repeats,
        folds=case.settings.folds,
        confidence=corrected_confidence(case),
        changed=float(np.mean([touched(b, a) for b, a in zip(before, after, strict=True)])),
        evaluated_on=(
            "the given test split" if case.has_test else "held-out folds, pictures of one group kept together"
        ),
        cost=kind.cost(case, arguments),
        notes=(TRAINED_ON_PART, kind.note) if kind.note else (TRAINED_ON_PART,),
        fidelity=fidelity(case),
    )


def touched(before: Training, after: Training) -> int:
    """How many training images were dropped, added, relabelled or reweighted."""
    was = dict(zip(before.rows.tolist(), before.labels.tolist(), strict=True))
    parents = after.parents[after.labels].tolist()
    now = dict(zip(after.rows.tolist(), zip(parents, after.weights.tolist(), strict=True), strict=True))
    moved = len(was.keys() ^ now.keys())
    changed = sum(now[row][0] != label or now[row][1] != 1.0 for row, label in was.items() if row in now)
    split = int(np.isin(after.labels, np.flatnonzero(np.bincount(after.parents)[after.parents] > 1)).sum())
    return int(moved + max(changed, split))


def corrected_confidence(case: Case) -> float:
    """Level after Bonferroni over the kinds this case makes eligible, run or not (DECISIONS 5)."""
    family = sum(bool(kind.eligible(case)) for kind in kinds().values())
    return 1 - (1 - case.settings.confidence) / max(1, family)


def _measures(
    case: Case, kind: Kind, before: Values, after: Values, arguments: Arguments, judged: NDArray[np.int64]
) -> tuple[Measure, ...]:
    """The whole, then the classes in question (or all of few), then the pictures that the change is meant to help.

    What decides (the primary) and what was named beforehand (the pictures in question) keep their level; the other
    metrics share one (Bonferroni), or some of forty would "help" by chance.
    """
    counts = case.evaluation if kind.judged_on is None else case.evaluation & kind.judged_on(case, arguments)
    inside = counts[case.evaluation]
    targets = judged[case.targets[counts]]
    sides = before[:, inside], after[:, inside], targets
    metrics: list[Metric | None] = [*whole_metrics(*sides)]
    focus = [arguments["class"]] if "class" in arguments else []
    focus += pair_of(case, arguments) if "pair" in arguments else []
    everyone = case.classes if not focus and len(case.classes) <= MOST_CLASSES else ()
    together = [name for name in focus if (judged == case.number(name)).sum() > 1]
    for name in (*focus, *everyone):
        number = case.number(name)
        if (of := targets == number).any():
            title = "the two as one" if name in together else name
            metrics.append(recall_metric(f"recall of {title}", *sides, of))
            metrics.append(precision_metric(f"precision of {title}", *sides, number))
    known = [metric for metric in metrics if metric is not None]
    named = {} if kind.meant_for is None else kind.meant_for(case, arguments)
    aimed = [recall_metric(name, *sides, mask[counts]) for name, mask in named.items() if mask[counts].any()]
    clusters, confidence, margin = (
        case.derived.grouping.groups[counts],
        corrected_confidence(case),
        case.settings.margin,
    )
    others = 1 - (1 - confidence) / max(1, len(known) - 1)
    return tuple(
        measured(metric, clusters, level, margin, primary=metric is known[0])
        for metric, level in [
            (known[0], confidence),
            *((m, others) for m in known[1:]),
            *((m, confidence) for m in aimed),
        ]
    )
