"""Things that go along with a label (brightness, surround, camera, a setting) and that the model leans on instead."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.contrast import Contrast, contrast
from tools.cue_suspects import contradicting
from tools.cues import FEWEST_COUNTER, Tested, background_advice, balance_advice
from tools.drill import cue_evidence
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.interventions import SMALLEST
from tools.ladder import FEWEST_CONFUSED, Climbed, candidates_climbed, further, ladder, of_effect
from tools.registry import Findings, NotApplicable
from tools.scorers import speaker
from tools.statistics import wilson
from tools.wording import phrase

SHOWN = 24
USED = (
    "Pictures of {a} that are {words}, as those of {b} mostly are, are called {b} in "
    "{errors where the cue contradicts the label} of cases; other pictures of {a} in {errors elsewhere}."
)
COMPARED = " Compared with those others they are {contrast}."
NOT_MEASURABLE = (
    "Pictures of {b} are mostly {words}, those of {a} are not ({goes along with the label} of comparisons); too few "
    "pictures of {a} contradict that to say whether the model uses it."
)
DRILLED = (
    " In a drill on your vectors {settings found again} of {settings planted} planted and measured settings were found."
)
SUSPECTS = (
    " Of the training pictures of {a} and {b} whose labels look wrong ({suspected labels}), "
    "{suspects that contradict the cue} contradict it: their labels may be right, so look before changing them."
)


def check(case: Case, scope: Scope) -> Findings:
    """Yield a finding per pair and cue that is present and used; the family is every confused pair of the case."""
    found = candidates_climbed(case)
    if not found.pairs:
        raise NotApplicable(
            f"no class is called another at least {FEWEST_CONFUSED} times: there is no confusion to explain"
        )
    if not found.tests:
        raise NotApplicable("no properties, metadata or stable kinds that could be a cue")
    for climbed in ladder(case):
        if _wanted(climbed.test, scope):
            yield _finding(case, climbed)
    evidence: tuple[Evidence, ...] = (
        Evidence("cues tried", len({t.cue.name for t in found.tests}), "count"),
        Evidence("confused pairs", len(found.pairs), "count"),
        Evidence("pictures needed against a cue", FEWEST_COUNTER, "images"),
        Evidence("pairs whose backgrounds were looked at", found.looked_at, "count"),
        Evidence("smallest move called a cause", SMALLEST, "share", how="part of the way from one class to the other"),
    )
    drilled = cue_evidence(case)
    text = (
        "{cues tried} cues were tried on {confused pairs} confused pairs; a cue with fewer than "
        "{pictures needed against a cue} pictures that contradict it, or one without a name here, may have been missed."
    )
    if drilled:
        text += DRILLED
        evidence += drilled
    if found.unseen:
        text += " Backgrounds were not looked at: {unseen}."
    return Measured(evidence, phrase(text, evidence, unseen=found.unseen))


def _wanted(test: Tested, scope: Scope) -> bool:
    of_pair = scope.pair is None or test.pair == scope.pair
    return of_pair and (not scope.classes or bool(set(test.pair) & set(scope.classes)))


def _finding(case: Case, climbed: Climbed) -> Finding:
    test, rung = climbed.test, climbed.rung
    a, b = test.pair
    number = case.number(a)
    mine = case.derived.judged & (case.targets == number) & np.isfinite(test.cue.values)
    errors, on_b = mine & (case.derived.predicted == case.number(b)), test.looks_like_b
    evidence = _evidence(case, climbed)
    sides = np.flatnonzero(mine & on_b), np.flatnonzero(mine & ~on_b)
    told = contrast(case, *sides) if min(map(len, sides)) >= 2 else Contrast(())
    template = NOT_MEASURABLE if test.used_p is None else USED + (COMPARED if told.words else "")
    template += further(climbed, speaker(case))
    if any(e.name == "suspects that contradict the cue" and e.value for e in evidence):
        template += SUSPECTS
    explained = test.against[0] / max(1, int(case.derived.errors.sum()))
    names = {
        "a": a,
        "b": b,
        "words": test.words,
        "contrast": told.text,
        "reason": climbed.reason,
    }
    rows, aligned = np.flatnonzero(errors & on_b), np.flatnonzero(mine & ~errors & on_b)
    return Finding(
        code="spurious-cue",
        title=f"{a} called {b} in pictures that are {test.words}",
        severity=severity(explained if rung in ("used", "causal") else None),
        scope=Scope(classes=(a, b), pair=(a, b), slice=test.cue.name),
        summary=phrase(template, evidence, **names),
        evidence=evidence,
        images=tuple(str(i) for i in case.ids[np.concatenate([rows, aligned])][:SHOWN]),
        recommendations=advice(case, test, rows),
        rung=rung,
        errors=frozenset(str(i) for i in case.ids[errors & on_b]),
        correct=frozenset(str(i) for i in case.ids[mine & (case.derived.predicted == number) & on_b]),
    )


def _evidence(case: Case, climbed: Climbed) -> tuple[Evidence, ...]:
    test = climbed.test
    out = [
        Evidence("goes along with the label", test.strength, "share",
                 how="chance that a picture of the one has more of it than one of the other, from group means"),
        _share(case, "errors where the cue contradicts the label", *test.against),
        _share(case, "errors elsewhere", *test.along),
    ]  # fmt: skip
    if test.used_p is not None:
        difference = test.against[0] / test.against[1] - test.along[0] / test.along[1]
        judged = test.against[1] + test.along[1]
        out.append(Evidence("difference", difference, "points", judged, test.low, test.high, "Newcombe interval"))
    if climbed.effect is not None:
        out += of_effect(climbed.effect, case.settings.confidence)
    if climbed.rung in ("used", "causal"):
        suspected, contrary = contradicting(case, test)
        out += [
            Evidence("suspected labels", suspected, "images", how="training pictures of the two classes"),
            Evidence("suspects that contradict the cue", contrary, "images", suspected),
        ]
    return (*out, *cue_evidence(case))


def advice(case: Case, test: Tested, rows: NDArray[np.int64]) -> tuple[Recommendation, ...]:
    """Break the link by new pictures like those of ``rows``, or weigh the rare setting more."""
    a, b = test.pair
    collect = Recommendation(
        "collect", f"pictures of {a} that are {test.words}, and of {b} that are not", "spurious-cue",
        "pictures that break the link take the cue away", Cost(images=2 * FEWEST_COUNTER, minutes=20), None, {},
        tuple(str(i) for i in case.ids[rows][:SHOWN]),
    )  # fmt: skip
    balance = balance_advice((a, b), "spurious-cue")
    if test.cue.change == "background":
        return collect, background_advice("spurious-cue"), balance
    return collect, balance


def _share(case: Case, name: str, count: int, of: int) -> Evidence:
    low, high = wilson(count, of, case.settings.confidence)
    return Evidence(name, count / max(1, of), "share", of, low, high, "Wilson interval")
