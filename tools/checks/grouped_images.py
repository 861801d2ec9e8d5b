"""Bursts of one object: random folds promise an accuracy that pictures of new objects will not reach."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.metrics import quality
from tools.registry import Findings, NotApplicable
from tools.statistics import clustered_share, paired_interval, weighted_share
from tools.wording import listed, phrase

WORTH_SAYING = 0.02
"""Smaller differences of accuracy do not change what anybody would do."""
GROWN = 0.9
"""Bursts are spoken of where groups are fewer than this share of the pictures; else two partitions differ by chance."""
WEAK_RECALL = 0.6
FEWEST = 50
SHOWN = 24


def check(case: Case, scope: Scope) -> Findings:
    """Yield a finding for bursts, and one for what bursts do not explain of the distance to the test split."""
    fit = case.fit
    if fit.sum() < FEWEST:
        raise NotApplicable(f"fewer than {FEWEST} labelled training pictures: folds of them say little")
    random = _accuracy(case, "accuracy in random folds", case.derived.random_baseline.argmax(axis=1) == case.targets)
    if case.derived.grouping.source == "copies" and not case.has_test:
        yield from _over_thresholds(case, random)
    else:
        yield from _against_groups(case, random)
    how = "pictures alike in pairs or series, by similarity or by the group column"
    groups = Evidence(
        "groups of pictures", len(np.unique(case.derived.grouping.groups[fit])), "count", int(fit.sum()), how=how
    )
    worth = Evidence("smallest difference worth saying", WORTH_SAYING, "points")
    return Measured(
        (random, groups, worth),
        phrase(
            "Keeping {groups of pictures} groups of similar pictures together changed the accuracy by less than "
            "{smallest difference worth saying}, or by no more than chance.", [groups, worth],
        ),
    )  # fmt: skip


def _accuracy(case: Case, name: str, correct: NDArray[np.bool_]) -> Evidence:
    fit = case.fit
    clusters = case.derived.grouping.groups[fit]
    value, low, high = clustered_share(correct[fit], clusters, case.settings.confidence)
    return Evidence(name, value, "share", int(fit.sum()), low, high, "the advisor's own baseline, out of fold")


def _gain(
    case: Case, name: str, more: NDArray[np.bool_], less: NDArray[np.bool_], clusters: NDArray[np.int64], looks: int = 1
) -> Evidence:
    """``looks`` is the number of such gains among which one is picked: the interval is as much wider (Bonferroni)."""
    fit, confidence = case.fit, 1 - (1 - case.settings.confidence) / looks
    difference = (more.astype(np.float64) - less)[fit][None]
    n = int(fit.sum())
    value, low, high = paired_interval(difference, clusters[fit], np.full(n, 1 / n), confidence)
    return Evidence(name, value, "points", n, low, high, "paired over the same pictures; groups drawn whole")


def _against_groups(case: Case, random: Evidence) -> Iterator[Finding]:
    derived, fit = case.derived, case.fit
    by_random = (derived.random_baseline.argmax(axis=1) == case.targets) & fit
    by_group = (derived.baseline.argmax(axis=1) == case.targets) & fit
    grouped = _accuracy(case, "accuracy with groups held out", by_group)
    promised = _gain(case, "promised too much by bursts", by_random, by_group, derived.grouping.groups)
    sizes = np.bincount(derived.grouping.groups[fit])
    count = Evidence("groups of pictures", int((sizes > 0).sum()), "count", int(fit.sum()))
    pictures = Evidence("training pictures", int(fit.sum()), "images")
    evidence = [random, grouped, promised, count, pictures]
    test = _test_accuracy(case)
    given = promised.low is not None and promised.low > 0 and promised.value >= WORTH_SAYING
    if given := given and count.value < GROWN * pictures.value:
        template = (
            "The {training pictures} training pictures show only about {groups of pictures} different things: many are "
            "bursts of one object. Random folds give {accuracy in random folds} accuracy "
            "({accuracy in random folds|interval}); with every burst kept on one side it is "
            "{accuracy with groups held out} ({accuracy with groups held out|interval})"
        )
        if test is not None:
            evidence.append(test)
            template += ", and on the given test split {accuracy on test} ({accuracy on test|interval})"
        yield Finding(
            code="grouped-images",
            title="Bursts make random folds look too good",
            severity=severity(None, blocks_trust=True),
            summary=phrase(template + ".", evidence),
            evidence=tuple(evidence),
            images=_largest_groups(case),
            recommendations=(
                Recommendation(
                    "regroup", "folds that keep each burst together", "grouped-images",
                    "an accuracy from random folds counts the same object twice; every number of the advisor already "
                    "keeps these groups together",
                ),
            ),
        )  # fmt: skip
    if test is not None:
        yield from _shift(case, given)


def _test_accuracy(case: Case) -> Evidence | None:
    if not case.has_test:
        return None
    rows = case.evaluation
    correct = case.derived.baseline.argmax(axis=1) == case.targets
    value, low, high = clustered_share(correct[rows], case.derived.grouping.groups[rows], case.settings.confidence)
    how = "the advisor's own baseline, trained on all training pictures"
    return Evidence("accuracy on test", value, "share", int(rows.sum()), low, high, how)


def in_mix_of_test(case: Case) -> tuple[Evidence, Evidence] | None:
    """Accuracies out of fold and on test where classes count as often as in the test split; None without common ones.

    Without that another mix of classes alone, such as one that is rare in training, would look like other pictures.
    Classes without training pictures are left out.
    """
    correct, groups = case.derived.baseline.argmax(axis=1) == case.targets, case.derived.grouping.groups
    k = len(case.classes)
    ours, theirs = (np.bincount(case.targets[side], minlength=k) for side in (case.fit, case.evaluation))
    common = (ours > 0) & (theirs > 0)
    inside = np.isin(case.targets, np.flatnonzero(common))
    fit, test = np.flatnonzero(case.fit & inside), np.flatnonzero(case.evaluation & inside)
    if not len(fit) or not len(test):
        return None
    weights = (theirs / np.maximum(ours, 1))[case.targets[fit]]
    value, low, high = weighted_share(correct[fit], groups[fit], weights, case.settings.confidence)
    how = "the advisor's own baseline, out of fold, groups kept whole; classes weigh as in the test split"
    grouped = Evidence("accuracy with groups held out", value, "share", len(fit), low, high, how)
    value, low, high = clustered_share(correct[test], groups[test], case.settings.confidence)
    how = "the advisor's own baseline, trained on all training pictures; classes it was trained on"
    return grouped, Evidence("accuracy on test", value, "share", len(test), low, high, how)


def _shift(case: Case, bursts: bool) -> Iterator[Finding]:
    """The distance between held-out groups and the given test split: another session, place or camera."""
    compared = in_mix_of_test(case)
    if compared is None:
        return
    grouped, test = compared
    assert grouped.low is not None
    assert test.high is not None
    gap = grouped.value - test.value
    if test.high >= grouped.low or gap < WORTH_SAYING:
        return
    how = "accuracy with groups held out less accuracy on test, same mix of classes; their intervals do not meet"
    evidence = [
        grouped,
        test,
        Evidence("lost between training and test", gap, "points", how=how),
    ]
    predicted = case.derived.baseline.argmax(axis=1)
    recall = quality(case, predicted, case.evaluation, "the advisor's own baseline on test").recall
    weak = sorted((r for r in recall if r.value < WEAK_RECALL), key=lambda r: r.value)
    evidence += weak
    words = f"The test pictures differ from the training pictures{' by more than bursts explain' if bursts else ''}: "
    template = words + (
        "{accuracy with groups held out} with groups held out in the same mix of classes, but {accuracy on test} "
        "({accuracy on test|interval}) on test"
    )
    if weak:
        template += ". The overall figure hides weak classes: {weak}"
    spelled = listed([f"{r.name.removeprefix('recall of ')} {r.text}" for r in weak])
    names = tuple(r.name.removeprefix("recall of ") for r in weak)
    wrong = np.flatnonzero(case.evaluation & (predicted != case.targets))
    yield Finding(
        code="grouped-images",
        title="The test pictures are unlike the training pictures",
        severity=severity(None, blocks_trust=True),
        scope=Scope(classes=names),
        summary=phrase(template + ". Nothing in the data says why.", evidence, weak=spelled),
        evidence=tuple(evidence),
        images=tuple(str(i) for i in case.ids[wrong][:SHOWN]),
        recommendations=(
            Recommendation(
                "collect", f"pictures taken as the test pictures were, first of {listed(names) or 'all classes'}",
                "grouped-images",
                "more views of the same objects add little; new objects, places and days do. It cannot be tried here: "
                "such pictures are not in the training split",
            ),
        ),
    )  # fmt: skip


def _over_thresholds(case: Case, random: Evidence) -> Iterator[Finding]:
    """Without a test split nobody can say how alike is too alike: show the accuracy over a range."""
    by_random = (case.derived.random_baseline.argmax(axis=1) == case.targets) & case.fit
    evidence, worst = [random], None
    thresholds = case.derived.thresholds()
    for number, similarity in enumerate(thresholds):
        groups = case.derived.groups_at(similarity)
        if groups is None:
            break
        name = f"accuracy with similarity {similarity:.3f} kept together"
        if name == evidence[-1].name:  # where all similarities lie close together, two of the range read alike
            continue
        correct = case.derived.accuracy_with(groups, f"range-{number}")
        grown = len(np.unique(groups[case.fit])) < GROWN * case.fit.sum()
        loss = _gain(case, "lost at the loosest of these", by_random, correct, groups, len(thresholds))
        evidence.append(_accuracy(case, name, correct))
        if grown and loss.low is not None and loss.low > 0 and loss.value >= WORTH_SAYING:
            worst = loss
            if loss.value >= 2 * WORTH_SAYING:
                break
    if worst is None:
        return
    lowest = Evidence(
        "lowest accuracy of the range", min(e.value for e in evidence[1:]), "share", how="over the thresholds listed"
    )
    evidence += [worst, lowest]
    yield Finding(
        code="grouped-images",
        title="Accuracy depends on how alike training and held-out pictures are",
        severity=severity(None, below_floor=True),
        summary=phrase(
            "Random folds give {accuracy in random folds} accuracy ({accuracy in random folds|interval}), "
            "but it falls to {lowest accuracy of the range} "
            "when pictures that look alike stay on one side. There is no test split and no group column to say which "
            "is true for new pictures.",
            evidence,
        ),
        evidence=tuple(evidence),
        images=_largest_groups(case),
        recommendations=(
            Recommendation(
                "regroup", "a group column (object, video, day or place)", "grouped-images",
                "name the column that says which pictures belong together, or set a test split of new objects aside",
            ),
        ),
    )  # fmt: skip


def _largest_groups(case: Case) -> tuple[str, ...]:
    """Pictures of the largest groups, group by group."""
    rows = np.flatnonzero(case.fit)
    groups = case.derived.grouping.groups[rows]
    order = np.argsort(-np.bincount(groups), kind="stable")[:6]
    return tuple(str(i) for g in order for i in case.ids[rows[groups == g]][:4])[:SHOWN]
