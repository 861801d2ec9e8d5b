"""Things that go along with a label (brightness, surround, camera, a setting) and that the model leans on instead."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.contrast import contrast
from tools.cues import FEWEST_COUNTER, PRESENT, Cue, Tested, balance_advice, candidates, try_cue
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Rung, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.statistics import benjamini_hochberg, wilson
from tools.wording import phrase

FEWEST_CONFUSED = 5
"""Ordered pairs with fewer errors are not tested: a share of four pictures decides nothing."""
SAME_ERRORS = 0.5
"""Two cues that share this much of their errors (Jaccard) are one thing under two names."""
SHOWN = 24
USED = (
    "Pictures of {a} that are {words}, as those of {b} mostly are, are called {b} in "
    "{errors where the cue contradicts the label} of cases; other pictures of {a} in {errors elsewhere}. Compared with "
    "those others they are {contrast}."
)
NOT_MEASURABLE = (
    "Pictures of {b} are mostly {words}, those of {a} are not ({goes along with the label} of comparisons); too few "
    "pictures of {a} contradict that to say whether the model uses it."
)


def check(case: Case, scope: Scope) -> Findings:
    """Yield a finding per pair and cue that is present and used; the family is every confused pair of the case."""
    pairs = confused_pairs(case)
    if not pairs:
        raise NotApplicable(
            f"no class is called another at least {FEWEST_CONFUSED} times: there is no confusion to explain"
        )
    tests = all_tests(case, pairs, candidates(case, np.flatnonzero(case.fit)))
    if not tests:
        raise NotApplicable("no properties, metadata or stable kinds that could be a cue")
    present = benjamini_hochberg(np.array([t.present_p for t in tests]))
    here = [t for t, p in zip(tests, present, strict=True) if p and t.strength >= PRESENT]
    measurable = [t for t in here if t.used_p is not None]
    used = benjamini_hochberg(np.array([t.used_p for t in measurable], dtype=np.float64))
    leaned = [t for t, u in zip(measurable, used, strict=True) if u and t.low > 0]
    unclear = [t for t in here if t.used_p is None and t.against[1] > 0]
    for group, rung in ((leaned, "used"), (unclear, "not_measurable")):
        for test in _strongest(case, group, scope, everything=rung == "used"):
            yield _finding(case, test, rung)  # type: ignore[arg-type]
    evidence = (
        Evidence("cues tried", len({t.cue.name for t in tests}), "count"),
        Evidence("confused pairs", len(pairs), "count"),
        Evidence("pictures needed against a cue", FEWEST_COUNTER, "images"),
    )
    text = (
        "{cues tried} cues were tried on {confused pairs} confused pairs; a cue with fewer than "
        "{pictures needed against a cue} pictures that contradict it, or one without a name here, may have been missed."
    )
    return Measured(evidence, phrase(text, evidence))


def confused_pairs(case: Case) -> list[tuple[str, str]]:
    """Ordered pairs (A, B) with at least ``FEWEST_CONFUSED`` errors A → B."""
    rows = np.flatnonzero(case.derived.errors)
    table = np.zeros((len(case.classes),) * 2, dtype=np.int64)
    np.add.at(table, (case.targets[rows], case.derived.predicted[rows]), 1)
    return [(case.classes[a], case.classes[b]) for a, b in np.argwhere(table >= FEWEST_CONFUSED)]


def all_tests(case: Case, pairs: list[tuple[str, str]], cues: list[Cue]) -> list[Tested]:
    """Every candidate cue against every confused pair; directions within a class only against pairs of that class."""
    training, judged = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    return [
        try_cue(case, cue, pair, training, judged, case.derived.predicted)
        for pair in pairs
        for cue in cues
        if not cue.of_class or cue.of_class in pair
    ]


def _strongest(case: Case, tests: list[Tested], scope: Scope, *, everything: bool) -> list[Tested]:
    """Per pair the surest cue first; a cue whose errors are mostly those of a surer one says nothing new."""
    wanted = [
        t for t in tests
        if (scope.pair is None or t.pair == scope.pair) and (not scope.classes or set(t.pair) & set(scope.classes))
    ]  # fmt: skip
    wanted.sort(key=lambda t: (1.0 if t.used_p is None else t.used_p, -t.against[0], -t.strength))
    kept: list[tuple[Tested, NDArray[np.bool_]]] = []
    for test in wanted:
        a, b = (case.number(name) for name in test.pair)
        hits = case.derived.errors & (case.targets == a) & (case.derived.predicted == b) & test.looks_like_b
        twins = [(hits & known).sum() / max(1, (hits | known).sum()) for k, known in kept if k.pair == test.pair]
        if twins and (not everything or max(twins) >= SAME_ERRORS):
            continue
        kept.append((test, hits))
    return [test for test, _ in kept]


def _finding(case: Case, test: Tested, rung: Rung) -> Finding:
    a, b = test.pair
    judged, number = case.derived.judged, case.number(a)
    mine = judged & (case.targets == number)
    errors = mine & (case.derived.predicted == case.number(b))
    all_errors = int(case.derived.errors.sum())
    evidence = [
        Evidence("goes along with the label", test.strength, "share",
                 how="chance that a picture of the one has more of it than one of the other, from group means"),
        _share(case, "errors where the cue contradicts the label", *test.against),
        _share(case, "errors elsewhere", *test.along),
    ]  # fmt: skip
    if rung == "used":
        difference = test.against[0] / test.against[1] - test.along[0] / test.along[1]
        evidence.append(
            Evidence(
                "difference",
                difference,
                "points",
                sum((test.against[1], test.along[1])),
                test.low,
                test.high,
                "Newcombe interval",
            )
        )
    on_b = test.looks_like_b
    words = test.words
    sides = np.flatnonzero(mine & on_b), np.flatnonzero(mine & ~on_b)
    told = contrast(case, *sides).text if min(map(len, sides)) >= 2 else "too few to compare"
    template = USED if rung == "used" else NOT_MEASURABLE
    explained = test.against[0] / max(1, all_errors)
    rows = np.flatnonzero(errors & on_b)
    aligned = np.flatnonzero(mine & ~errors & on_b)
    return Finding(
        code="spurious-cue",
        title=f"{a} called {b} in pictures that are {words}",
        severity=severity(explained if rung == "used" else None),
        scope=Scope(classes=(a, b), pair=(a, b), slice=test.cue.name),
        summary=phrase(template, evidence, a=a, b=b, words=words, contrast=told),
        evidence=tuple(evidence),
        images=tuple(str(i) for i in case.ids[np.concatenate([rows, aligned])][:SHOWN]),
        recommendations=(
            Recommendation(
                "collect", f"pictures of {a} that are {words}, and of {b} that are not", "spurious-cue",
                "pictures that break the link take the cue away", Cost(images=2 * FEWEST_COUNTER, minutes=20), None, {},
                tuple(str(i) for i in case.ids[rows][:SHOWN]),
            ),
            balance_advice((a, b), "spurious-cue"),
        ),
        rung=rung,
        errors=frozenset(str(i) for i in case.ids[errors & on_b]),
        correct=frozenset(str(i) for i in case.ids[mine & (case.derived.predicted == number) & on_b]),
    )  # fmt: skip


def _share(case: Case, name: str, count: int, of: int) -> Evidence:
    low, high = wilson(count, of, case.settings.confidence)
    return Evidence(name, count / max(1, of), "share", of, low, high, "Wilson interval")
