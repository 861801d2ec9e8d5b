"""Test or production pictures that differ from the training pictures, in what, and whether errors fall on them.

A ridge classifier learns to tell the pictures of two splits apart, out of fold with groups kept whole (classifier
two-sample test, Lopez-Paz & Oquab 2017). Its area under the curve is one half where nothing differs; chance is what
whole groups dealt to the splits at random within their class give. Labelled splits are compared class by class in equal
numbers, so that another mix of classes alone is no shift.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import norm

from tools.case import Case
from tools.contrast import contrast
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.folds import partition
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, clustered_auc, clustered_mean, clustered_share
from tools.wording import listed, phrase

CODE = "distribution-shift"
Side = Literal["test", "production"]
FEWEST_GROUPS = 8
"""Groups of each split, for the whole and for a class; fewer can be told apart by their objects alone."""
MOST = 600
"""Pictures of each split that are looked at, drawn at random where there are more."""
PERMUTATIONS = 99
FOLDS = 5
STRENGTH = 1.0
"""Ridge penalty beside the mean squared length of the centred vectors."""
RATE = 0.05
WORTH_SAYING = 0.60
"""Area below which the splits overlap so much that no one would collect other pictures for it."""
MOST_CLASSES = 12
SHOWN = 24


@dataclass(frozen=True, eq=False)
class Shift:
    """How well two splits can be told apart.

    Attributes
    ----------
    side : {"test", "production"}
    name : str or None
        A class; None for all together.
    auc, low, high : float
    p : float
    rows, scores : ndarray, shape (m,)
        Rows of the side and how unlike training each is, out of fold.
    training : ndarray of int64
        Training rows compared with.
    """

    side: Side
    name: str | None
    auc: float
    low: float
    high: float
    p: float
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    training: NDArray[np.int64]


def check(case: Case, scope: Scope) -> Findings:
    """Report each split that differs from training; the family is every split, whole and class by class."""
    both: tuple[Side, ...] = ("test", "production")
    sides = [side for side in both if _rows(case, side).size]
    if not sides or not case.fit.any() or (sides == ["test"] and not case.has_test):
        raise NotApplicable("there is no second split: neither labelled test pictures nor production pictures")
    found = [shift for side in sides for shift in _shifts(case, side)]
    if not found:
        raise NotApplicable(
            f"no class has pictures in both splits, or a split has fewer than {FEWEST_GROUPS} groups of them"
        )
    rejected = benjamini_hochberg(np.array([s.p for s in found]), RATE)
    sure = [s for s, r in zip(found, rejected, strict=True) if r and s.low > 0.5 and s.auc >= WORTH_SAYING]
    chosen = scoped_classes(case, scope)
    for side in sides:
        whole = next((s for s in sure if s.side == side and s.name is None), None)
        parts = [s for s in sure if s.side == side and s.name is not None and chosen[case.number(s.name)]]
        if parts or (whole is not None and (chosen.all() or not _classes_compared(found, side))):
            yield _finding(case, _all(found, side), parts, found, everywhere=whole is not None)
    evidence = (
        *(_auc(s) for s in found if s.name is None),
        Evidence("worth saying", WORTH_SAYING, "score", how="area under the curve; one half = alike"),
        Evidence(
            "area that chance reaches", _reach(found), "score", how="half-width of the widest interval above half"
        ),
    )
    text = (
        "The splits could not be told apart beyond {worth saying} (area under the curve; one half is alike, one wholly "
        "different); about {area that chance reaches} would have been told from chance."
    )
    return Measured(evidence, phrase(text, evidence))


def _rows(case: Case, side: str) -> NDArray[np.int64]:
    if side == "test":
        return np.flatnonzero(case.evaluation) if case.has_test else np.zeros(0, dtype=np.int64)
    return np.flatnonzero(case.dataset.splits == "production")


def _all(found: list[Shift], side: str) -> Shift:
    return next(s for s in found if s.side == side and s.name is None)


def _classes_compared(found: list[Shift], side: str) -> bool:
    return any(s.side == side and s.name is not None for s in found)


def _shifts(case: Case, side: Side) -> list[Shift]:
    rng = case.rng(f"{CODE} {side}")
    theirs, ours = _rows(case, side), np.flatnonzero(case.fit)
    labels = case.targets
    pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    named: list[int] = []
    if (labels[theirs] >= 0).all():
        most = max(FEWEST_GROUPS, MOST // max(1, len(case.classes)))
        for number in range(len(case.classes)):
            a, b = rng.permutation(ours[labels[ours] == number]), rng.permutation(theirs[labels[theirs] == number])
            size = min(len(a), len(b), most)
            if size:
                pairs.append((a[:size], b[:size]))
                named.append(number)
    else:
        size = min(len(ours), len(theirs), MOST)
        pairs.append((rng.permutation(ours)[:size], rng.permutation(theirs)[:size]))
    if not pairs:  # no class has pictures in both
        return []
    together = np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])
    out = [_two_sample(case, side, None, together, rng)]
    largest = sorted(range(len(named)), key=lambda i: -len(pairs[i][0]))[:MOST_CLASSES]
    out += [_two_sample(case, side, case.classes[named[i]], pairs[i], rng) for i in sorted(largest)]
    return [shift for shift in out if shift is not None]


def _two_sample(
    case: Case,
    side: Side,
    name: str | None,
    pair: tuple[NDArray[np.int64], NDArray[np.int64]],
    rng: np.random.Generator,
) -> Shift | None:
    training, theirs = pair
    rows = np.concatenate([training, theirs])
    is_theirs = np.repeat([False, True], [len(training), len(theirs)])
    groups = case.derived.grouping.groups[rows]
    if min(len(np.unique(groups[~is_theirs])), len(np.unique(groups[is_theirs]))) < FEWEST_GROUPS:
        return None
    strata = case.targets[rows] if (case.targets[theirs] >= 0).all() else np.zeros(len(rows), dtype=np.int64)
    sides = np.stack([is_theirs, *_dealt(is_theirs, groups, strata, rng)], axis=1).astype(np.float64)
    folds = partition(is_theirs.astype(np.int64), groups, FOLDS, rng)
    scores = held_out_ridge(case.space.vectors[rows], sides, folds)
    auc, low, high = clustered_auc(
        scores[~is_theirs, 0], scores[is_theirs, 0], groups[~is_theirs], groups[is_theirs], case.settings.confidence
    )
    chance = np.array([_area(scores[:, i], sides[:, i] > 0) for i in range(1, sides.shape[1])])
    spread = max(float(chance.std()), 1e-9)  # a normal tail: 99 deals alone could not reach a small corrected p
    p = float(norm.sf((auc - chance.mean()) / spread))
    return Shift(side, name, auc, low, high, p, theirs, scores[is_theirs, 0], training)


def _dealt(
    is_theirs: NDArray[np.bool_], groups: NDArray[np.int64], strata: NDArray[np.int64], rng: np.random.Generator
) -> list[NDArray[np.bool_]]:
    """Sides after whole groups change places within their class, ``PERMUTATIONS`` times."""
    pairs = np.stack([strata, groups], axis=1)
    names, unit = np.unique(pairs, axis=0, return_inverse=True)
    order = np.argsort(unit.ravel(), kind="stable")
    sizes = np.bincount(unit.ravel())
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    out = []
    for _ in range(PERMUTATIONS):
        shuffled = rng.permutation(len(sizes))
        shuffled = shuffled[np.argsort(names[shuffled, 0], kind="stable")]
        source = np.concatenate([order[starts[u] : starts[u] + sizes[u]] for u in shuffled])
        moved = np.empty(len(groups), dtype=np.bool_)
        moved[order] = is_theirs[source]
        out.append(moved)
    return out


def held_out_ridge(
    vectors: NDArray[np.float32], sides: NDArray[np.float64], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Ridge scores of each picture by a fit without its fold, for many labellings at once; shape (m, labellings).

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)
    sides : ndarray, shape (m, labellings)
        0 or 1.
    folds : ndarray of int64, shape (m,)
    """
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    gram = centred @ centred.T
    out = np.zeros_like(sides)
    for fold in np.unique(folds):
        held = folds == fold
        inner = gram[np.ix_(~held, ~held)]
        inner[np.diag_indices(len(inner))] += STRENGTH * float(np.trace(gram)) / len(gram)
        mean = sides[~held].mean(axis=0)
        out[held] = gram[np.ix_(held, ~held)] @ cho_solve(cho_factor(inner), sides[~held] - mean)
    return out


def _area(scores: NDArray[np.float64], high: NDArray[np.bool_]) -> float:
    ranks = np.argsort(np.argsort(scores)) + 1
    n = int(high.sum())
    return float((ranks[high].sum() - n * (n + 1) / 2) / max(1, n * (len(high) - n)))


def _reach(found: list[Shift]) -> float:
    """About the smallest area told from chance: the interval's half-width above one half, widest split."""
    return 0.5 + max((s.high - s.low) / 2 for s in found if s.name is None)


def _auc(shift: Shift) -> Evidence:
    name = f"{shift.side} told apart" + (f" in {shift.name}" if shift.name else "")
    how = "area under the curve out of fold, groups whole; one half = alike"
    return Evidence(name, shift.auc, "score", len(shift.rows) + len(shift.training), shift.low, shift.high, how)


def _finding(case: Case, whole: Shift, parts: list[Shift], found: list[Shift], *, everywhere: bool) -> Finding:
    """Of a whole split, or where that is not sure, of the classes in which it surely differs."""
    parts = sorted(parts, key=lambda s: -s.auc)
    evidence = [_auc(whole), Evidence("p", whole.p, "p", how="groups dealt at random within classes, normal tail")]
    evidence += [_auc(s) for s in parts]
    speaks_of = [whole] if everywhere else parts
    rows, training = (np.concatenate([getattr(s, name) for s in speaks_of]) for name in ("rows", "training"))
    order = rows[np.argsort(-np.concatenate([s.scores for s in speaks_of]), kind="stable")]
    told = contrast(case, rows, training)
    if everywhere:
        text = "The {side} pictures can be told from the training pictures: {" + evidence[0].name + "} "
        text += "({" + evidence[0].name + "|interval}) of comparisons put the {side} picture on the right side, where "
        text += "half would be chance" + ("; most of all {parts}" if parts else "")
    else:
        text = "In some classes the {side} pictures can be told from the training pictures: {parts} of comparisons put "
        text += "the {side} picture on the right side, where half would be chance"
    text += (
        ". They are {contrast}." if told.words else ". No property or name measured here says in what; look at them."
    )
    compared = sum(s.side == whole.side and s.name is not None for s in found)
    evidence.append(Evidence("classes compared", compared, "count"))
    explained = None
    if whole.side == "test":
        by_class = [s for s in found if s.side == whole.side and s.name is not None] if everywhere else parts
        extra, said, explained = _errors(case, by_class or [whole])
        evidence += extra
        text += said
    spelled = listed([f"{s.name} {_auc(s).text}" for s in parts[:4]]) if parts else ""
    names = tuple(s.name for s in parts if s.name)
    ids = tuple(case.ids[order[:SHOWN]].tolist())
    wanted = f" of {listed(names[:4])}" if names else ""
    return Finding(
        CODE,
        f"The {whole.side} pictures differ from the training pictures"
        + ("" if everywhere else f" in {listed(names[:4])}"),
        severity(explained),
        phrase(text, evidence, side=whole.side, parts=spelled, contrast=told.text),
        tuple(evidence),
        Scope(classes=names),
        ids,
        (
            Recommendation(
                "collect",
                f"pictures taken as the {whole.side} pictures were{wanted}",
                CODE,
                "Training pictures should look like those the model will meet. It cannot be tried here: such pictures "
                "are not in the training split.",
                Cost(images=50, minutes=60),
                images=ids,
            ),
        ),
    )


def _errors(case: Case, apart: list[Shift]) -> tuple[list[Evidence], str, float | None]:
    """Errors on the third least like training against the rest, each class's own rate taken out.

    Least alike within its class wherever a class could be compared: what changed may differ from class to class.
    """
    rows = np.concatenate([s.rows for s in apart])
    scores = np.concatenate([np.argsort(np.argsort(s.scores)) / len(s.scores) for s in apart])
    judged = case.derived.judged[rows]
    rows, scores = rows[judged], scores[judged]
    wrong, groups, targets = case.derived.errors[rows], case.derived.grouping.groups[rows], case.targets[rows]
    unlike = scores > np.quantile(scores, 2 / 3) if len(scores) else np.zeros(0, dtype=np.bool_)
    if min(int(unlike.sum()), int((~unlike).sum())) < 10 or not wrong.any():
        return [], "", None
    rate = np.bincount(targets, weights=wrong) / np.maximum(np.bincount(targets), 1)
    beyond = wrong - rate[targets]
    weights = np.where(unlike, 1 / unlike.sum(), -1 / (~unlike).sum())
    gap = float(beyond @ weights)
    _, error = clustered_mean(
        np.where(unlike, beyond - beyond[unlike].mean(), beyond - beyond[~unlike].mean()) * weights * len(rows),
        groups,
        np.full(len(rows), 1 / len(rows)),
    )
    half = float(norm.ppf((1 + case.settings.confidence) / 2)) * error
    evidence = []
    for name, side in (("errors on the least alike third", unlike), ("errors on the others", ~unlike)):
        share, low, high = clustered_share(wrong[side], groups[side], case.settings.confidence)
        evidence.append(Evidence(name, share, "share", int(side.sum()), low, high, case.subject))
    how = "least alike third less the others, each class's own error rate taken out"
    evidence.append(Evidence("excess of errors", gap, "points", len(rows), gap - half, gap + half, how))
    if gap - half <= 0:
        text = (
            " The model errs on {errors on the least alike third} of the third least like training and on "
            "{errors on the others} of the others; within classes that is no more than chance."
        )
        return evidence, text, None
    explained = gap * float(unlike.sum()) / max(1, int(case.derived.errors.sum()))
    text = (
        " The model errs on {errors on the least alike third} of the third least like training and on "
        "{errors on the others} of the others ({excess of errors} within classes): errors follow the difference."
    )
    return evidence, text, explained
