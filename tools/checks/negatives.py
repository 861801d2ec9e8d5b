"""Pictures of none of the classes that the model calls a class with confidence, and classes worth adding for them.

Three sources, each where it exists: a class called negative, other or background; unlabelled pictures unlike any
training picture; and each class left out in turn, to see what heads trained on the others say of it (open-set
recognition, Hendrycks & Gimpel 2017, with the area under the curve of confidence and of nearness).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest
from tools.case import Case
from tools.contrast import contrast
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.folds import partition
from tools.kinds import kinds
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import clustered_auc, clustered_share
from tools.subclasses import find_parts
from tools.training.baseline import parent_scores, plain_training
from tools.wording import listed, phrase

CODE = "negatives"
NAMES = frozenset({"negative", "negatives", "other", "others", "background", "none", "nothing", "unknown", "reject"})
CONFIDENT = 0.9
WORTH_SAYING = 0.05
"""Confident answers on fewer than one in twenty foreign pictures do not call for a negative class."""
FEWEST = 20
"""Training pictures of a class that is left out, and foreign pictures altogether."""
MOST_ROWS = 2000
MOST_LEFT_OUT = 10
FAR = 0.01
"""Nearness to training that fewer than one in a hundred held-out training pictures fall below."""
MOST_LOOKED_AT = 2000
FEWEST_TOGETHER = 5
MOST_CLUSTERS = 4
SHOWN = 24


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What heads without a class say of its pictures.

    Attributes
    ----------
    number : int
    rows, said : ndarray of int64, shape (m,)
    confidence, nearness : ndarray, shape (m,)
        Highest probability, and similarity to the nearest picture trained on.
    known_confidence, known_nearness : ndarray, shape (q,)
        Of held-out pictures of the other classes.
    known : ndarray of int64, shape (q,)
    """

    number: int
    rows: NDArray[np.int64]
    said: NDArray[np.int64]
    confidence: NDArray[np.float64]
    nearness: NDArray[np.float64]
    known: NDArray[np.int64]
    known_confidence: NDArray[np.float64]
    known_nearness: NDArray[np.float64]


def check(case: Case, scope: Scope) -> Findings:
    """Report confident answers on foreign pictures, real ones first, then those of classes left out."""
    foreign = [number for number, name in enumerate(case.classes) if name.strip().casefold() in NAMES]
    left_out = leave_one_out(case, foreign)
    outside = case.derived.once("unlike training", lambda: unlike_training(case))
    if not left_out and not foreign and not len(outside):
        raise NotApplicable(
            f"no class called negative or other, no unlabelled pictures unlike the training pictures, and fewer than "
            f"three classes with {FEWEST} training pictures to leave out in turn"
        )
    evidence: list[Evidence] = []
    rows = np.flatnonzero(case.derived.judged & np.isin(case.targets, foreign))
    if len(rows):
        share = _confident_share(case, "confident on pictures of none", rows, foreign)
        evidence.append(share)
        if share.low is not None and share.low > WORTH_SAYING and _asked(case, scope, foreign):
            yield _of_negatives(case, rows, foreign, share)
    if len(outside):
        share = _confident_share(case, "confident on unlike pictures", outside, foreign)
        evidence.append(share)
        if len(outside) >= FEWEST_TOGETHER and share.low is not None and share.low > WORTH_SAYING and scope == Scope():
            yield _of_unlike(case, outside, foreign, share)
    if left_out:
        measured = _left_out_evidence(case, left_out)
        evidence += measured
        chosen = scoped_classes(case, scope)
        low = measured[0].low
        if low is not None and low > WORTH_SAYING and any(chosen[x.number] for x in left_out):
            yield _of_left_out(case, [x for x in left_out if chosen[x.number]], measured, foreign)
    evidence.append(Evidence("share worth saying", WORTH_SAYING, "share"))
    evidence.append(Evidence("confident from", CONFIDENT, "share", how="highest probability"))
    text = (
        "Confident answers ({confident from} or more) on pictures of none of the classes stay below "
        "{share worth saying}, or cannot be told from it with so few pictures."
    )
    return Measured(tuple(evidence), phrase(text, evidence))


def leave_one_out(case: Case, foreign: list[int]) -> list[LeftOut]:
    """Heads on all classes but one, for each of some classes; a sample of the training pictures."""
    counts = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    usable = [n for n in range(len(case.classes)) if counts[n] >= FEWEST and n not in foreign]
    if len(usable) < 3:
        return []
    rng = case.rng(CODE)
    chosen = sorted(rng.permutation(usable)[:MOST_LEFT_OUT].tolist())
    others = rng.permutation([n for n in usable if n not in chosen])[: 3 * MOST_LEFT_OUT - len(chosen)].tolist()
    rows = rng.permutation(np.flatnonzero(case.fit & np.isin(case.targets, chosen + others)))[:MOST_ROWS]
    groups, targets = case.derived.grouping.groups[rows], case.targets[rows]
    if len(np.unique(groups)) < 5:
        return []
    held = partition(targets, groups, 5, rng) == 0
    trainings, questions = [], []
    for number in chosen:
        mine = targets == number
        if not mine.any() or not (held & ~mine).any():
            continue
        trainings.append((number, plain_training(rows[~held & ~mine], case.targets, len(case.classes))))
        questions.append((rows[mine], rows[held & ~mine]))
    vectors, k = case.space.vectors, len(case.classes)
    asked = [np.concatenate(pair) for pair in questions]
    found = parent_scores(vectors, [t for _, t in trainings], asked, k, tolerance=3e-3)
    out = []
    for (number, training), (unseen, known), scores in zip(trainings, questions, found, strict=True):
        scores[:, number] = 0.0
        near = nearest(vectors[training.rows], vectors[np.concatenate([unseen, known])], 1)[0][:, 0].astype(np.float64)
        top, m = scores.max(axis=1), len(unseen)
        said = scores[:m].argmax(axis=1)
        out.append(LeftOut(number, unseen, said, top[:m], near[:m], known, top[m:], near[m:]))
    return out


def unlike_training(case: Case) -> NDArray[np.int64]:
    """Unlabelled pictures farther from training than nearly all held-out training pictures are; a sample of both."""
    rng = case.rng(f"{CODE} unlike")
    rows = rng.permutation(np.flatnonzero(case.targets < 0))[:MOST_LOOKED_AT]
    base = np.flatnonzero(case.fit)
    groups = case.derived.grouping.groups
    if not len(rows) or len(base) < 100 or len(np.unique(groups[base])) < 10:
        return np.zeros(0, dtype=np.int64)
    base = rng.permutation(base)[: 5 * MOST_LOOKED_AT]
    held = partition(case.targets[base], groups[base], 10, rng) == 0
    usual = nearest(case.space.vectors[base[~held]], case.space.vectors[base[held]], 1)[0][:, 0]
    theirs = nearest(case.space.vectors[base[~held]], case.space.vectors[rows], 1)[0][:, 0]
    return np.sort(rows[theirs < np.quantile(usual, FAR)])


def _asked(case: Case, scope: Scope, foreign: list[int]) -> bool:
    chosen = scoped_classes(case, scope)
    return bool(chosen.all() or chosen[foreign].any())


def _says(case: Case, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The subject's scores of rows, labelled or not; its predictions on unlabelled pictures are no training."""
    scores = case.derived.scores[rows]
    if case.subject == "user" and case.predictions is not None:
        given = case.predictions.probabilities[rows]
        scores = np.where(np.isnan(scores), given, scores)
    return np.asarray(np.nan_to_num(scores, nan=0.0))


def _confident_share(case: Case, name: str, rows: NDArray[np.int64], foreign: list[int]) -> Evidence:
    hits = _confident(case, rows, foreign)
    share, low, high = clustered_share(hits, case.derived.grouping.groups[rows], case.settings.confidence)
    how = f"{case.subject}: highest probability, of a class of things, at least {CONFIDENT:g}"
    return Evidence(name, share, "share", len(rows), low, high, how)


def _confident(case: Case, rows: NDArray[np.int64], foreign: list[int]) -> NDArray[np.bool_]:
    scores = _says(case, rows)
    scores[:, foreign] = 0.0
    return np.asarray(scores.max(axis=1) >= CONFIDENT)


def _of_negatives(case: Case, rows: NDArray[np.int64], foreign: list[int], share: Evidence) -> Finding:
    names = listed([case.classes[n] for n in foreign])
    sure = rows[_confident(case, rows, foreign)]
    total = int(case.derived.errors.sum())
    evidence = (
        share,
        Evidence("confident wrong answers", len(sure), "images", total, how="of all errors"),
        Evidence("confident from", CONFIDENT, "share"),
    )
    text = (
        "On {confident on pictures of none} ({confident on pictures of none|interval}) of the pictures of {names} the "
        "model says another class with {confident from} or more."
    )
    explained = len(sure) / total if total else None
    title, classes = "Confident answers on pictures of none of the classes", tuple(case.classes[n] for n in foreign)
    tried = {"class": classes[0]} if len(classes) == 1 else None
    return _finding(case, title, text, evidence, sure, tried, names, explained, classes)


def _of_unlike(case: Case, rows: NDArray[np.int64], foreign: list[int], share: Evidence) -> Finding:
    sure = rows[_confident(case, rows, foreign)]
    evidence = (
        share,
        Evidence("unlike pictures", len(rows), "images", how="farther from training than 99 % of held-out training"),
        Evidence("confident from", CONFIDENT, "share"),
    )
    text = (
        "{unlike pictures} unlabelled pictures are unlike any training picture; on {confident on unlike pictures} "
        "({confident on unlike pictures|interval}) of them the model still says a class with {confident from} or more. "
        "Whether they belong to a class only a person can say."
    )
    title, tried = "Confident answers on pictures unlike any it was trained on", {"from": "unlabelled"}
    return _finding(case, title, text, evidence, sure, tried)


def _finding(
    case: Case,
    title: str,
    text: str,
    evidence: tuple[Evidence, ...],
    sure: NDArray[np.int64],
    tried: dict[str, str] | None,
    names: str = "",
    explained: float | None = None,
    classes: tuple[str, ...] = (),
) -> Finding:
    """A finding on real foreign pictures, with clusters of them worth a class of their own.

    ``tried`` are the arguments of the what-if that adds a negative class; None = there is none for several at once.
    """
    recommendations, order, clusters = _advice(case, sure, tried)
    evidence += (Evidence("groups of look-alikes", clusters, "count", len(sure)),)
    if clusters:
        text += " Groups of look-alikes among them that may deserve a class of their own: {groups of look-alikes}."
    return Finding(
        CODE,
        title,
        severity(explained),
        phrase(text, evidence, names=names),
        evidence,
        Scope(classes=classes),
        tuple(case.ids[order[:SHOWN]].tolist()),
        recommendations,
    )


def _advice(
    case: Case, sure: NDArray[np.int64], tried: dict[str, str] | None
) -> tuple[tuple[Recommendation, ...], NDArray[np.int64], int]:
    """A negative class; and a class for each cluster of confident mistakes that is large enough."""
    ids = tuple(case.ids[sure[:SHOWN]].tolist())
    arguments = tried if tried in kinds()["add-negative"].eligible(case) else None
    advice = [
        Recommendation(
            "add negative class",
            "pictures of none of the classes",
            CODE,
            "Trained on as a class of their own they teach the model to say so.",
            Cost(images=50, clicks=len(sure)),
            None if arguments is None else "add-negative",
            arguments or {},
            images=ids,
        )
    ]
    if len(sure) < FEWEST_TOGETHER:
        return tuple(advice), sure, 0
    groups = case.derived.grouping.groups[sure]
    parts, _ = find_parts(case.space.vectors[sure], groups, case.rng(f"{CODE} clusters"), most=MOST_CLUSTERS)
    labels = np.zeros(len(sure), dtype=np.int64) if parts is None else parts.labels
    order = sure[np.argsort(labels, kind="stable")]
    large = [part for part in range(int(labels.max()) + 1) if (labels == part).sum() >= FEWEST_TOGETHER]
    for place, part in enumerate(large):
        rows = sure[labels == part]
        told = contrast(case, rows, np.flatnonzero(case.fit)).text if case.fit.sum() >= 2 and len(rows) >= 2 else ""
        advice.append(
            Recommendation(
                "add class",
                f"the things in the pictures of group {'ABCD'[place]}",
                CODE,
                f"The model takes them for one of its classes. Compared with the training pictures they are {told}. A "
                "class of their own ends these false positives if they are one kind of thing.",
                Cost(images=50, clicks=len(rows)),
                images=tuple(case.ids[rows[:SHOWN]].tolist()),
            )
        )
    return tuple(advice), order, len(large)


def _left_out_evidence(case: Case, left_out: list[LeftOut]) -> list[Evidence]:
    groups, level = case.derived.grouping.groups, case.settings.confidence
    rows = np.concatenate([x.rows for x in left_out])
    known = np.concatenate([x.known for x in left_out])
    hits = np.concatenate([x.confidence for x in left_out]) >= CONFIDENT
    how = "the advisor's own head, trained without the class"
    share, low, high = clustered_share(hits, groups[rows], level)
    out = [Evidence("confident on a class never seen", share, "share", len(rows), low, high, how)]
    for name, unseen, seen in (
        ("told by confidence", [x.confidence for x in left_out], [x.known_confidence for x in left_out]),
        ("told by nearness", [x.nearness for x in left_out], [x.known_nearness for x in left_out]),
    ):
        auc, low, high = clustered_auc(np.concatenate(unseen), np.concatenate(seen), groups[rows], groups[known], level)
        how = "chance that a held-out picture of a known class scores higher than one of a class left out"
        out.append(Evidence(name, auc, "score", len(rows) + len(known), low, high, how))
    out.append(Evidence("classes left out in turn", len(left_out), "count", len(case.classes)))
    out.append(Evidence("training pictures used", len(np.union1d(rows, known)), "images", int(case.fit.sum())))
    return out


def _of_left_out(case: Case, left_out: list[LeftOut], measured: list[Evidence], foreign: list[int]) -> Finding:
    def worst(x: LeftOut) -> float:
        return -float((x.confidence >= CONFIDENT).mean())

    evidence, spelled, images = [*measured, Evidence("confident from", CONFIDENT, "share")], [], []
    for x in sorted(left_out, key=worst)[:3]:
        sure = x.confidence >= CONFIDENT
        if not sure.any():
            continue
        name, said = case.classes[x.number], int(np.bincount(x.said[sure]).argmax())
        own = Evidence(f"confident on {name} unseen", float(sure.mean()), "share", len(x.rows))
        evidence.append(own)
        spelled.append(f"{name} on {own.text}, mostly as {case.classes[said]}")
        images += case.ids[x.rows[np.argsort(-x.confidence)][:8]].tolist()
    text = (
        "Asked about a class it was never shown (each of {classes left out in turn} left out in turn), a head trained "
        "on the others names one of them with {confident from} or more on {confident on a class never seen} "
        "({confident on a class never seen|interval}) of the pictures"
    )
    text += ": {worst}" if spelled else ""
    text += (
        ". Its confidence tells foreign pictures from known ones in {told by confidence} of comparisons, nearness to "
        "the training pictures in {told by nearness} (half is chance)."
    )
    why = "There is such a class already; more pictures of look-alikes belong there." if foreign else (
        "Without one the model has no way to say that a picture shows none of its classes. It cannot be tried before "
        "such pictures exist."
    )  # fmt: skip
    return Finding(
        CODE,
        "Things that belong to no class are called a class with confidence",
        severity(None),
        phrase(text, evidence, worst="; ".join(spelled)),
        tuple(evidence),
        Scope(),
        tuple(images[:SHOWN]),
        (Recommendation("add negative class", "look-alikes that are none of the classes", CODE, why, Cost(images=50)),),
    )
