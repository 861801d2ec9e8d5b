"""Things that go along with a label (brightness, surround, camera, a setting) and that the model leans on instead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.contrast import Contrast, contrast
from tools.cue_candidates import MOST_PAIRS, background_cues, backgrounds_of, concept_cues
from tools.cue_suspects import contradicting
from tools.cues import FEWEST_COUNTER, PRESENT, Cue, Tested, balance_advice, candidates, try_cue
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Rung, Scope, severity
from tools.interventions import CONTROLS, SMALLEST, Effect, effect, intervene
from tools.registry import Findings, NotApplicable
from tools.statistics import benjamini_hochberg, wilson
from tools.wording import phrase

FEWEST_CONFUSED = 5
"""Ordered pairs with fewer errors are not tested: a share of four pictures decides nothing."""
SAME_ERRORS = 0.5
"""Two cues that share this much of their errors (Jaccard) are one thing under two names."""
MOST_CHANGED = 3
"""Cues per case whose pictures are changed and encoded again, surest first."""
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
TRIED = {
    "background": "When the background of pictures of {a} is replaced by one from the other side of this difference",
    "": "When this is changed in pictures of {a} to what is usual for {b}, or back",
}
CAUSAL = (
    " {tried}, {speaker} moves {moved by the cue} of the way between {a} and {b} "
    "({moved by the cue|interval}; {pictures changed} pictures) beyond what equal changes without it do; "
    "{flipped by the cue} of them change sides, {flipped by the controls} under those controls."
)
NOT_CAUSAL = (
    " {tried}, {speaker} moves {moved by the cue} of the way between {a} and {b} beyond equal changes without it "
    "({moved by the cue|interval}; {pictures changed} pictures); that this causes the errors is not shown: both "
    "ways, and {smallest move called a cause} at least, are asked for."
)
NO_FURTHER = " Whether it causes the errors could not be tried: {reason}."
SUSPECTS = (
    " Of the training pictures of {a} and {b} whose labels look wrong ({suspected labels}), "
    "{suspects that contradict the cue} contradict it: their labels may be right, so look before changing them."
)


@dataclass(frozen=True, eq=False)
class Climbed:
    """How far one cue got up the ladder.

    Attributes
    ----------
    test : Tested
    rung : Rung
    effect : Effect or None
        Of changing it in pictures.
    reason : str
        Why it was not changed.
    """

    test: Tested
    rung: Rung
    effect: Effect | None = None
    reason: str = ""


def check(case: Case, scope: Scope) -> Findings:
    """Yield a finding per pair and cue that is present and used; the family is every confused pair of the case."""
    pairs = confused_pairs(case)
    if not pairs:
        raise NotApplicable(
            f"no class is called another at least {FEWEST_CONFUSED} times: there is no confusion to explain"
        )
    cues, unseen = all_candidates(case, pairs)
    tests = all_tests(case, pairs, cues)
    if not tests:
        raise NotApplicable("no properties, metadata or stable kinds that could be a cue")
    climbed = climb(case, tests)
    for found in climbed:
        if _wanted(found.test, scope):
            yield _finding(case, found)
    evidence = (
        Evidence("cues tried", len({t.cue.name for t in tests}), "count"),
        Evidence("confused pairs", len(pairs), "count"),
        Evidence("pictures needed against a cue", FEWEST_COUNTER, "images"),
        Evidence(
            "pairs whose backgrounds were looked at", 0 if unseen else min(MOST_PAIRS, len(_both(pairs))), "count"
        ),
        Evidence("smallest move called a cause", SMALLEST, "share", how="part of the way from one class to the other"),
    )
    text = (
        "{cues tried} cues were tried on {confused pairs} confused pairs; a cue with fewer than "
        "{pictures needed against a cue} pictures that contradict it, or one without a name here, may have been missed."
    )
    if unseen:
        text += " Backgrounds were not looked at: {unseen}."
    return Measured(evidence, phrase(text, evidence, unseen=unseen))


def confused_pairs(case: Case) -> list[tuple[str, str]]:
    """Ordered pairs (A, B) with at least ``FEWEST_CONFUSED`` errors A → B, most errors first."""
    rows = np.flatnonzero(case.derived.errors)
    table = np.zeros((len(case.classes),) * 2, dtype=np.int64)
    np.add.at(table, (case.targets[rows], case.derived.predicted[rows]), 1)
    found = np.argwhere(table >= FEWEST_CONFUSED)
    order = np.argsort(-table[found[:, 0], found[:, 1]], kind="stable")
    return [(case.classes[a], case.classes[b]) for a, b in found[order]]


def all_candidates(case: Case, pairs: Sequence[tuple[str, str]]) -> tuple[list[Cue], str]:
    """Every candidate cue, and why backgrounds could not be looked at (empty if they were)."""
    cues = candidates(case, np.flatnonzero(case.fit)) + concept_cues(case)
    looked_at = _both(pairs)[:MOST_PAIRS]
    try:
        backgrounds = backgrounds_of(case, looked_at)
    except NotApplicable as reason:
        return cues, str(reason)
    return cues + [cue for pair in looked_at for cue in background_cues(case, pair, backgrounds)], ""


def _both(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs without their direction, in the order given."""
    return list(dict.fromkeys((min(pair), max(pair)) for pair in pairs))


def all_tests(case: Case, pairs: list[tuple[str, str]], cues: list[Cue]) -> list[Tested]:
    """Every candidate cue against every confused pair that it may speak of."""
    training, judged = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    return [
        try_cue(case, cue, pair, training, judged, case.derived.predicted)
        for pair in pairs
        for cue in cues
        if cue.speaks_of(pair)
    ]


def climb(case: Case, tests: Sequence[Tested]) -> list[Climbed]:
    """Present, then used or not measurable, then causal for the surest; each rung corrected over the whole case."""
    present = benjamini_hochberg(np.array([t.present_p for t in tests]))
    here = [t for t, p in zip(tests, present, strict=True) if p and t.strength >= PRESENT]
    measurable = [t for t in here if t.used_p is not None]
    used = benjamini_hochberg(np.array([t.used_p for t in measurable], dtype=np.float64))
    leaned = [t for t, u in zip(measurable, used, strict=True) if u and t.low > 0]
    unclear = [t for t in here if t.used_p is None and t.against[1] > 0]
    found = [Climbed(t, "used") for t in _strongest(case, leaned, everything=True)]
    told = {climbed.test.pair for climbed in found}
    found += [Climbed(t, "not_measurable") for t in _strongest(case, unclear, everything=False) if t.pair not in told]
    done = [_changed(case, climbed) for climbed in found[:MOST_CHANGED]]
    causal = benjamini_hochberg(np.array([1.0 if c.effect is None else c.effect.p for c in done]))
    for i, climbed in enumerate(done):
        if climbed.effect is not None and climbed.effect.causal and causal[i]:
            done[i] = Climbed(climbed.test, "causal", climbed.effect)
    reason = f"only the {MOST_CHANGED} surest cues of a case are changed in pictures"
    return done + [Climbed(c.test, c.rung, None, reason) for c in found[MOST_CHANGED:]]


def _changed(case: Case, climbed: Climbed) -> Climbed:
    try:
        return Climbed(climbed.test, climbed.rung, effect(case, intervene(case, climbed.test)))
    except NotApplicable as reason:
        return Climbed(climbed.test, climbed.rung, None, str(reason))


def _wanted(test: Tested, scope: Scope) -> bool:
    of_pair = scope.pair is None or test.pair == scope.pair
    return of_pair and (not scope.classes or bool(set(test.pair) & set(scope.classes)))


def _strongest(case: Case, tests: Sequence[Tested], *, everything: bool) -> list[Tested]:
    """Per pair the surest cue first; a cue whose errors are mostly those of a surer one says nothing new."""
    order = sorted(tests, key=lambda t: (1.0 if t.used_p is None else t.used_p, -t.against[0], -t.strength))
    kept: list[tuple[Tested, NDArray[np.bool_]]] = []
    for test in order:
        a, b = (case.number(name) for name in test.pair)
        hits = case.derived.errors & (case.targets == a) & (case.derived.predicted == b) & test.looks_like_b
        twins = [(hits & known).sum() / max(1, (hits | known).sum()) for k, known in kept if k.pair == test.pair]
        if twins and (not everything or max(twins) >= SAME_ERRORS):
            continue
        kept.append((test, hits))
    return [test for test, _ in kept]


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
    template += _further(climbed)
    if any(e.name == "suspects that contradict the cue" and e.value for e in evidence):
        template += SUSPECTS
    explained = test.against[0] / max(1, int(case.derived.errors.sum()))
    names = {
        "a": a,
        "b": b,
        "words": test.words,
        "contrast": told.text,
        "reason": climbed.reason,
        "tried": TRIED.get(test.cue.change, TRIED[""]).format(a=a, b=b),
        "speaker": "the advisor's own baseline (not your model)" if case.subject == "user" else "the baseline",
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
        recommendations=_advice(case, test, rows),
        rung=rung,
        errors=frozenset(str(i) for i in case.ids[errors & on_b]),
        correct=frozenset(str(i) for i in case.ids[mine & (case.derived.predicted == number) & on_b]),
    )


def _further(climbed: Climbed) -> str:
    if climbed.effect is None:
        return NO_FURTHER
    return CAUSAL if climbed.rung == "causal" else NOT_CAUSAL


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
        out += _of_effect(climbed.effect)
    if climbed.rung in ("used", "causal"):
        suspected, contrary = contradicting(case, test)
        out += [
            Evidence("suspected labels", suspected, "images", how="training pictures of the two classes"),
            Evidence("suspects that contradict the cue", contrary, "images", suspected),
        ]
    return tuple(out)


def _of_effect(found: Effect) -> list[Evidence]:
    pictures = found.removed + found.inserted
    how = f"cue taken from {found.removed} pictures and brought into {found.inserted}; less {CONTROLS} controls each"
    return [
        Evidence("moved by the cue", found.moved, "share", pictures, found.low, found.high, how),
        Evidence("pictures changed", pictures, "images"),
        Evidence("smallest move called a cause", SMALLEST, "share", how="part of the way from one class to the other"),
        Evidence("flipped by the cue", found.flipped, "share", pictures),
        Evidence("flipped by the controls", found.control_flipped, "share", pictures),
    ]


def _advice(case: Case, test: Tested, rows: NDArray[np.int64]) -> tuple[Recommendation, ...]:
    a, b = test.pair
    collect = Recommendation(
        "collect", f"pictures of {a} that are {test.words}, and of {b} that are not", "spurious-cue",
        "pictures that break the link take the cue away", Cost(images=2 * FEWEST_COUNTER, minutes=20), None, {},
        tuple(str(i) for i in case.ids[rows][:SHOWN]),
    )  # fmt: skip
    return collect, balance_advice((a, b), "spurious-cue")


def _share(case: Case, name: str, count: int, of: int) -> Evidence:
    low, high = wilson(count, of, case.settings.confidence)
    return Evidence(name, count / max(1, of), "share", of, low, high, "Wilson interval")
