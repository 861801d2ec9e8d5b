"""Candidate causes of an A → B confusion, each a yes or no per picture of A, tested against A's correct pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from embeddings.index import nearest
from tools.case import Case
from tools.checks.hidden_subclasses import class_kinds
from tools.checks.spurious_cue import all_tests
from tools.contrast import contrast
from tools.experiments import reweight
from tools.findings import Cost, Recommendation, Rung
from tools.label_errors import find_suspects
from tools.training.baseline import Training, parent_scores, plain_training

NEIGHBOURS = 10
MIXED = (0.3, 0.7)
"""Between these shares of B among the nearest pictures of A and B, the surroundings do not say which it is."""
FAR_QUANTILE = 0.05
"""Farther from A's training pictures than 95 % of A's own training pictures are from other groups of A."""
EXTREME_QUANTILE = 0.025
FEWEST_CONFUSED = 3


@dataclass(frozen=True, eq=False)
class Cause:
    """One candidate for one ordered pair.

    Attributes
    ----------
    code : str
        The check that knows more of it.
    pair : tuple of str
    title : str
    why : str
        How it makes the mistake, in one clause.
    errors, correct : ndarray of bool, shape (n,)
        Pictures of A called B, and pictures of A called A, that show it.
    p : float
        One-sided Fisher test that errors show it more often than correct pictures do.
    recommendation : Recommendation
    rung : Rung or None
        For cues.
    """

    code: str
    pair: tuple[str, str]
    title: str
    why: str
    errors: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    p: float
    recommendation: Recommendation
    rung: Rung | None = None


def ordered_pairs(case: Case) -> list[tuple[str, str]]:
    """Every (A, B) with at least ``FEWEST_CONFUSED`` errors, most errors first."""
    rows = np.flatnonzero(case.derived.errors)
    table = np.zeros((len(case.classes),) * 2, dtype=np.int64)
    np.add.at(table, (case.targets[rows], case.derived.predicted[rows]), 1)
    found = [(int(table[a, b]), case.classes[a], case.classes[b]) for a, b in np.argwhere(table >= FEWEST_CONFUSED)]
    return [(a, b) for _, a, b in sorted(found, key=lambda f: (-f[0], f[1:]))]


def candidate_causes(case: Case, pairs: list[tuple[str, str]]) -> list[Cause]:
    """Every candidate for every pair given; shared work (refits, cues) is done once."""
    if not pairs:
        return []
    shared = _Shared(case)
    return [cause for pair in pairs for cause in _of_pair(case, shared, pair)]


class _Shared:
    """Counterfactual refits and cue tests that all pairs use."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.plain = _rescored(case, lambda t: t)
        training = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
        groups, rng = case.derived.grouping.groups, case.rng("wrong-labels")
        self.suspects = find_suspects(case.space.vectors, training, groups, len(case.classes), rng)
        self.suspect = np.zeros(len(case.ids), dtype=np.bool_)
        self.suspect[self.suspects.rows[self.suspects.flagged]] = True
        self.cleaned = _rescored(case, lambda t: t.only(~self.suspect[t.rows]))
        self.balanced = None
        if reweight.eligible(case):
            self.balanced = _rescored(case, lambda t: reweight.change(case, t, {}, case.rng("reweight")))


def _rescored(case: Case, change: Callable[[Training], Training]) -> NDArray[np.int64]:
    """Class numbers the baseline says of evaluation pictures after a change of its training; −1 elsewhere."""
    classes = len(case.classes)
    if case.has_test:
        rows = [np.flatnonzero(case.fit)]
        questions = [np.flatnonzero(case.evaluation)]
    else:
        folds = case.derived.folds()
        names = np.unique(folds[folds >= 0])
        rows = [np.flatnonzero((folds >= 0) & (folds != f)) for f in names]
        questions = [np.flatnonzero(folds == f) for f in names]
    trainings = [change(plain_training(r, case.targets, classes)) for r in rows]
    out = np.full(len(case.ids), -1, dtype=np.int64)
    for where, scores in zip(questions, parent_scores(case.space.vectors, trainings, questions, classes), strict=True):
        out[where] = scores.argmax(axis=1)
    return out


def _of_pair(case: Case, shared: _Shared, pair: tuple[str, str]) -> Iterator[Cause]:
    a, b = (case.number(name) for name in pair)
    mine = case.derived.judged & (case.targets == a)
    errors, correct = mine & (case.derived.predicted == b), mine & (case.derived.predicted == a)

    def cause(
        code: str,
        title: str,
        why: str,
        shows: NDArray[np.bool_],
        recommendation: Recommendation,
        rung: Rung | None = None,
    ) -> Cause:
        hit, calm = errors & shows, correct & shows
        table = np.array([[hit.sum(), errors.sum() - hit.sum()], [calm.sum(), correct.sum() - calm.sum()]])
        p = float(fisher_exact(table, alternative="greater").pvalue)
        return Cause(code, pair, title, why, hit, calm, p, recommendation, rung)

    def recommend(
        action: str,
        target: str,
        why: str,
        shows: NDArray[np.bool_],
        cost: Cost,
        experiment: str | None = None,
        **arguments: str,
    ) -> Recommendation:
        code = "confusion-causes"
        images = tuple(str(i) for i in case.ids[errors & shows][:24])
        return Recommendation(action, target, code, why, cost, experiment, arguments, images)

    name_a, name_b = pair
    fixed = (shared.plain != a) & (shared.cleaned == a)
    broken = (shared.plain == a) & (shared.cleaned != a)
    shows = shared.suspect | np.where(correct, broken, fixed)
    count = int(shared.suspects.flagged.sum())
    yield cause(
        "wrong-labels", "wrong labels", "the picture's own label looks wrong, or it comes right when the training "
        "pictures whose labels look wrong are left out", shows,
        recommend("relabel", f"{count} training labels that look wrong", "wrong labels teach the confusion", shows,
                  Cost(clicks=count, minutes=count / 12), "relabel"),
    )  # fmt: skip
    if shared.balanced is not None:
        fixed, broken = (shared.plain != a) & (shared.balanced == a), (shared.plain == a) & (shared.balanced != a)
        shows = np.where(correct, broken, fixed)
        yield cause(
            "class-balance", "imbalance", "it comes right when every class weighs the same in training", shows,
            recommend("reweight", "all classes, weighted equally in training", "the larger class wins in doubt", shows,
                      Cost(clicks=1, minutes=1), "reweight"),
        )  # fmt: skip
    mixed = _mixed(case, a, b)
    yield cause(
        "similar-classes", "the two look alike",
        f"its nearest training pictures are a mixture of {name_a} and {name_b}", mixed,
        recommend("collect", f"pictures that show what tells {name_a} from {name_b}", "nothing in these pictures "
                  "decides; a closer view, or a rule for the border, would", mixed, Cost(images=30, minutes=30)),
    )  # fmt: skip
    far = _far(case, a)
    yield cause(
        "distribution-shift", f"unlike any training picture of {name_a}",
        f"no training picture of {name_a} is as near to it as held-out pictures of {name_a} are to each other", far,
        recommend("collect", f"more pictures of {name_a} like these", "the model has never seen the like", far,
                  Cost(images=30, minutes=30)),
    )  # fmt: skip
    yield from _poor_pictures(case, name_a, cause, recommend)
    kinds, _ = class_kinds(case, name_a)
    if kinds is not None:
        for part in range(int(kinds.parts.labels.max()) + 1):
            shows = np.zeros(len(case.ids), dtype=np.bool_)
            shows[kinds.judged[kinds.part_of == part]] = True
            these, rest = kinds.rows[kinds.parts.labels == part], kinds.rows[kinds.parts.labels != part]
            words = contrast(case, these, rest).text
            yield cause(
                "hidden-subclasses", f"one kind of {name_a} looks like {name_b}", f"it is of the kind that is {words}",
                shows, recommend("split", name_a, "each kind gets a label of its own; their scores are added up again",
                                 shows, Cost(clicks=len(these), minutes=5), "split-class", **{"class": name_a}),
            )  # fmt: skip
    for test in all_tests(case, [pair]):
        if test.strength >= 0.65 and test.present_p < 0.05 and test.against[1]:
            values, on_b = test.cue.values, test.looks_like_b
            words = test.cue.more if values[on_b].mean() >= values[~on_b].mean() else test.cue.less
            rung: Rung = "used" if test.low > 0 else "not_measurable" if test.used_p is None else "present"
            yield cause(
                "spurious-cue", f"{name_a} that is {words}", f"it is {words}, as {name_b} mostly is", on_b,
                recommend("group-balance", f"{name_a} and {name_b}, rare and usual settings counted alike",
                          "the rare setting counts as much as the usual one", on_b, Cost(clicks=1, minutes=1),
                          "group-balance", pair="|".join(sorted(pair))), rung,
            )  # fmt: skip


def _mixed(case: Case, a: int, b: int) -> NDArray[np.bool_]:
    """Pictures whose nearest training pictures of A and B, other groups only, are of both."""
    base = np.flatnonzero(case.fit & np.isin(case.targets, [a, b]))
    rows = np.flatnonzero(case.derived.judged & (case.targets == a))
    out = np.zeros(len(case.ids), dtype=np.bool_)
    share = _neighbour_share(case, rows, base, b)
    out[rows] = (share >= MIXED[0]) & (share <= MIXED[1])
    return out


def _neighbour_share(case: Case, rows: NDArray[np.int64], base: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    vectors, groups = case.space.vectors, case.derived.grouping.groups
    _, found = nearest(vectors[base], vectors[rows], min(4 * NEIGHBOURS, len(base)))
    other = groups[base[found]] != groups[rows][:, None]
    counted = other & (np.cumsum(other, axis=1) <= NEIGHBOURS)
    hits = (case.targets[base[found]] == number) & counted
    return np.asarray(hits.sum(axis=1) / np.maximum(counted.sum(axis=1), 1), dtype=np.float64)


def _far(case: Case, a: int) -> NDArray[np.bool_]:
    """Pictures of A farther from A's training pictures (other groups) than nearly all training pictures of A are."""
    vectors, groups = case.space.vectors, case.derived.grouping.groups
    base = np.flatnonzero(case.fit & (case.targets == a))
    out = np.zeros(len(case.ids), dtype=np.bool_)
    if len(base) < 2:
        return out

    def nearness(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        similarity, found = nearest(vectors[base], vectors[rows], min(4 * NEIGHBOURS, len(base)))
        other = groups[base[found]] != groups[rows][:, None]
        return np.asarray(np.where(other, similarity, -1.0).max(axis=1), dtype=np.float64)

    usual = nearness(base)
    rows = np.flatnonzero(case.derived.judged & (case.targets == a))
    out[rows] = nearness(rows) < np.quantile(usual, FAR_QUANTILE)
    return out


def _poor_pictures(
    case: Case, name: str, cause: Callable[..., Cause], recommend: Callable[..., Recommendation]
) -> Iterator[Cause]:
    words = {
        "brightness": ("much darker than the training pictures", "much brighter than the training pictures"),
        "sharpness": ("more blurred than the training pictures", ""),
        "contrast": ("flatter than the training pictures", ""),
    }
    for prop, sides in words.items():
        if prop not in case.dataset.properties:
            continue
        values = case.dataset.properties[prop]
        low, high = np.quantile(values[case.fit], [EXTREME_QUANTILE, 1 - EXTREME_QUANTILE])
        for text, shows in zip(sides, (values < low, values > high), strict=True):
            if text:
                yield cause(
                    "image-quality", f"pictures {text}", f"it is {text}", shows,
                    recommend("collect", f"pictures of {name} in such conditions, or better light", "the model has "
                              "hardly seen such pictures", shows, Cost(images=20, minutes=20)),
                )  # fmt: skip
