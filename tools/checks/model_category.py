"""What kind of model this is: good, good but for a few classes, bad throughout, biased, or varying from run to run.

The five kinds of a vendor's guide, each decided by numbers with intervals; several may hold. A good model is no
finding: the check then passes and says so. Varying is measured by heads trained on different folds that are asked about
the same pictures, and by near-identical pictures that the subject calls different things.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.duplicates import duplicates
from tools.findings import Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.folds import partition
from tools.metrics import quality
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, clustered_mean, clustered_share
from tools.training.baseline import parent_scores, plain_training
from tools.wording import listed, phrase

CODE = "model-category"
GOOD = 0.80
"""Recall that a class of a good model reaches, and well above what is bad."""
BAD = 0.60
"""Recall below which a class is bad: the bar at which a class counts as weak elsewhere too."""
FEW = 1 / 3
"""Bad classes up to this share are a few; from two thirds on the model is bad throughout."""
FEWEST = 8
"""Judged pictures of a class; with fewer its recall decides nothing."""
VARYING = 0.10
"""Pictures on which two heads disagree, beyond which it matters which of them one happens to have."""
FEWEST_PAIRS = 5
MOST_TRAINED = 3000
MOST_ASKED = 1000
SHOWN = 24
RATE = 0.05


def check(case: Case, scope: Scope) -> Findings:
    """Report each kind that is proven; bias is left to the check that measures reliance on cues."""
    judged = case.derived.judged
    targets, errors = case.targets, case.derived.errors
    counts = np.bincount(targets[judged], minlength=len(case.classes))
    usable = np.flatnonzero(counts >= FEWEST)
    if len(usable) < 2:
        raise NotApplicable(f"fewer than two classes have {FEWEST} judged pictures")
    recalls = quality(case, case.derived.predicted, judged, case.subject)
    by_name = {e.name.removeprefix("recall of "): e for e in recalls.recall}
    bad = [int(n) for n in usable[proven_bad(case, usable)]]
    rest = [int(n) for n in usable if n not in bad]
    overall = recalls.balanced_accuracy
    shared = [
        overall,
        Evidence("classes judged", len(usable), "count", len(case.classes)),
        Evidence("bad classes", len(bad), "count", len(usable), how="recall below the bar, corrected over classes"),
        Evidence("bar of a bad class", BAD, "share"),
        Evidence("bar of a good class", GOOD, "share"),
    ]
    share = errors[np.isin(targets, bad)].sum() / max(1, errors.sum())
    chosen = scoped_classes(case, scope)
    own = [n for n in bad if chosen[n]]
    if own and len(bad) <= FEW * len(usable):
        others = float(np.mean([by_name[case.classes[n]].value for n in rest]))
        yield _few_bad(
            case, own, [by_name[case.classes[n]] for n in own], shared, explained=float(share), others=others
        )
    elif own and len(bad) >= (1 - FEW) * len(usable):
        yield _bad_throughout(case, own, shared)
    varying = _varying(case)
    if chosen.all() and varying is not None:
        disagreement, rows, copies = varying
        shared += [disagreement, *copies]
        if disagreement.low is not None and disagreement.low > VARYING:
            yield _variance(case, disagreement, rows, copies)
    kind = "good" if overall.low is not None and overall.low >= GOOD else "neither good nor bad beyond doubt"
    text = (
        "The model is {kind}: balanced accuracy {balanced accuracy} ({balanced accuracy|interval}), {bad classes} of "
        "{classes judged} classes surely below {bar of a bad class} recall. Whether it leans on a cue: see "
        "spurious-cue."
    )
    return Measured(tuple(shared), phrase(text, shared, kind=kind))


def proven_bad(case: Case, usable: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which classes' recall is below ``BAD``: one-sided score tests at the effective number of groups, corrected."""
    p = []
    for number in usable:
        rows = case.derived.judged & (case.targets == number)
        right, groups = (~case.derived.errors)[rows].astype(np.float64), case.derived.grouping.groups[rows]
        n = len(right)
        share, error = clustered_mean(right, groups, np.full(n, 1 / n))
        plain = share * (1 - share) / n
        independent = len(np.unique(groups))
        size = (
            float(independent) if plain == 0 or not np.isfinite(error) else n * min(1.0, plain / max(error**2, 1e-12))
        )
        p.append(float(norm.cdf((share - BAD) / np.sqrt(BAD * (1 - BAD) / max(size, 1.0)))))
    return benjamini_hochberg(np.array(p), RATE)


def _few_bad(
    case: Case, bad: list[int], recalls: list[Evidence], shared: list[Evidence], *, explained: float, others: float
) -> Finding:
    names = [case.classes[n] for n in bad]
    total = int(case.derived.errors.sum())
    how = "mean of the classes that are not surely bad"
    evidence = [
        *shared,
        *recalls,
        Evidence("errors in bad classes", explained, "share", total, how=case.subject),
        Evidence("recall of the other classes", others, "share", how=how),
    ]
    spelled = listed([f"{e.name.removeprefix('recall of ')} {e.text} ({e.interval})" for e in recalls])
    text = (
        "A {kind} model with a few bad classes: {spelled} recall, {errors in bad classes} of all errors; the other "
        "classes average {recall of the other classes}."
    )
    kind = "mostly good" if others >= GOOD else "middling"
    title = f"{kind.capitalize()}, with a few bad classes: {listed(names)}"
    return _finding(case, title, text, evidence, bad, explained, spelled=spelled, kind=kind)


def _bad_throughout(case: Case, bad: list[int], shared: list[Evidence]) -> Finding:
    text = (
        "Bad throughout: {bad classes} of {classes judged} classes are surely below {bar of a bad class} recall, and "
        "balanced accuracy is {balanced accuracy} ({balanced accuracy|interval}). Look at labels, classes and pictures "
        "as a whole before mending one class."
    )
    inside = np.isin(case.targets[case.derived.errors], bad)
    return _finding(case, "Bad in most classes", text, shared, bad, float(inside.mean()))


def _finding(
    case: Case, title: str, text: str, evidence: list[Evidence], bad: list[int], explained: float, **names: str
) -> Finding:
    wrong = case.ids[case.derived.errors & np.isin(case.targets, bad)]
    ids = tuple(wrong[:SHOWN].tolist())
    classes = tuple(case.classes[n] for n in bad)
    why = "Their mistakes, first of all their labels, show whether pictures, labels or the classes are at fault."
    return Finding(
        CODE,
        title,
        severity(explained),
        phrase(text, evidence, **names),
        tuple(evidence),
        Scope(classes=classes),
        ids,
        (Recommendation("look at", f"the mistakes on {listed(classes)}", CODE, why, images=ids),),
    )


def _varying(case: Case) -> tuple[Evidence, NDArray[np.int64], list[Evidence]] | None:
    """How often two heads trained on other folds disagree on one picture; the pictures; and near-identical pictures."""
    rng = case.rng(CODE)
    fit = np.flatnonzero(case.fit)
    groups = case.derived.grouping.groups
    if len(np.unique(groups[fit])) < 10:
        return None
    fit = rng.permutation(fit)[:MOST_TRAINED]
    if len(np.unique(groups[fit])) < 10:
        return None
    folds = partition(case.targets[fit], groups[fit], 5, rng)
    asked = np.flatnonzero(case.evaluation) if case.has_test else fit[folds == 4]
    asked = np.sort(rng.permutation(asked)[:MOST_ASKED])
    used = range(5 if case.has_test else 4)
    usable = (folds >= 0) if case.has_test else folds != 4
    k = len(case.classes)
    trainings = [plain_training(fit[usable & (folds != f)], case.targets, k) for f in used]
    found = parent_scores(case.space.vectors, trainings, [asked] * len(trainings), k, tolerance=3e-3)
    said = np.stack([scores.argmax(axis=1) for scores in found])
    apart = np.mean([said[a] != said[b] for a, b in combinations(range(len(said)), 2)], axis=0)
    n = len(asked)
    mean, error = clustered_mean(apart, groups[asked], np.full(n, 1 / n))
    half = float(norm.ppf((1 + case.settings.confidence) / 2)) * (error if np.isfinite(error) else 1.0)
    how = "the advisor's own heads, each without another fold of the training pictures, asked about the same pictures"
    evidence = Evidence("heads disagree", mean, "share", n, max(0.0, mean - half), min(1.0, mean + half), how)
    worst = asked[np.argsort(-apart, kind="stable")][: int((apart > 0).sum())]
    return evidence, worst, _copies(case)


def _copies(case: Case) -> list[Evidence]:
    """How often the subject calls two near-identical judged pictures different things; nothing if there are few."""
    pairs, predicted = duplicates(case).pairs, case.derived.predicted
    pairs = pairs[case.derived.judged[pairs].all(axis=1)]
    if len(pairs) < FEWEST_PAIRS:
        return []
    differ = predicted[pairs[:, 0]] != predicted[pairs[:, 1]]
    sets = duplicates(case).sets[pairs[:, 0]]
    share, low, high = clustered_share(differ, sets, case.settings.confidence)
    how = f"{case.subject}: near-identical pictures called different things"
    return [Evidence("copies told apart", share, "share", len(pairs), low, high, how)]


def _variance(case: Case, disagreement: Evidence, rows: NDArray[np.int64], copies: list[Evidence]) -> Finding:
    evidence = [disagreement, *copies, Evidence("bar of varying", VARYING, "share")]
    text = (
        "Which training pictures a head happens to get decides much: two heads trained on different parts disagree on "
        "{heads disagree} ({heads disagree|interval}) of the same pictures."
    )
    if copies:
        text += " Of near-identical pictures the model calls {copies told apart} pairs different things."
    why = "More, and more varied, training pictures make the answer depend less on which ones were drawn."
    return Finding(
        CODE,
        "Answers vary with the training pictures drawn",
        severity(None),
        phrase(text, evidence),
        tuple(evidence),
        images=tuple(case.ids[rows[:SHOWN]].tolist()),
        recommendations=(Recommendation("collect", "varied pictures of the classes the heads disagree on", CODE, why),),
    )
