"""Candidate causes of an A → B confusion, each a yes or no per picture of A, tested against A's correct pictures."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.cause import Cause, Pair, advise
from tools.checks import not_visual
from tools.checks.image_quality import FAULTS, Fault, flag, values
from tools.checks.similar_classes import FEWEST, by_labels, measure
from tools.checks.spurious_cue import advice as break_link
from tools.contrast import contrast
from tools.cue_likeness import only_likeness
from tools.cues import PRESENT, Tested, balance_advice
from tools.findings import Cost, Evidence, Rung
from tools.ladder import Climbed, all_tests, further, ladder, of_effect
from tools.likeness import far, mixed
from tools.scorers import own_network, speaker
from tools.shared_evidence import Shared
from tools.slices import first_half
from tools.statistics import quantile_of_normal

PRESENT_P = 0.05
INSEPARABLE_P = 0.05
BY_LABELS = 0.5
"""Where flagged labels are this share of the pictures of a kind, wrong labels made the kind."""
FEWEST_DRAWN = 5
"""Errors of a pair from which kinds of the other class are left out of training to see which of them draws the errors:
with fewer, one-sided McNemar tests cannot reject at .05."""


def candidate_causes(case: Case, pairs: list[tuple[str, str]]) -> list[Cause]:
    """Every candidate for every pair given; shared work (refits, cues) is done once."""
    if not pairs:
        return []
    shared = Shared(case)
    return [cause for pair in pairs for cause in _of_pair(case, shared, pair)]


def _of_pair(case: Case, shared: Shared, names: tuple[str, str]) -> Iterator[Cause]:
    pair = Pair(case, shared, names)
    yield from _refit_causes(case, shared, pair)
    yield from _likeness_causes(case, shared, pair)
    yield from _chance_causes(case, shared, pair)
    yield from _slice_causes(case, shared, pair)
    yield from _poor_pictures(case, pair)
    yield from _kind_causes(case, pair)
    yield from _other_kind_causes(case, shared, pair)
    yield from _cue_causes(case, pair)


def _refit_causes(case: Case, shared: Shared, pair: Pair) -> Iterator[Cause]:
    count = int(shared.suspects.flagged.sum())
    if count:
        advice = advise("relabel", f"{count} training labels that look wrong", "wrong labels teach the confusion",
                         Cost(clicks=count, minutes=count / 12), "relabel")  # fmt: skip
        why = (
            "its own label looks wrong, or it comes right when the training pictures with doubtful labels are left out"
        )
        yield pair.refitted("wrong-labels", "wrong labels", why, shared.cleaned, shared.doubted, advice)
    if shared.balanced is not None:
        target, why = "the classes, so that each counts the same in training", "in doubt the larger class wins"
        advice = advise("reweight", target, why, Cost(clicks=1, minutes=1), "reweight")
        none = np.zeros(len(case.ids), dtype=np.bool_)
        why = "it comes right when every class weighs the same in training"
        yield pair.refitted("class-balance", "imbalance", why, shared.balanced, none, advice)


def _likeness_causes(case: Case, shared: Shared, pair: Pair) -> Iterator[Cause]:
    a, b = pair.names
    advice = advise("collect", f"pictures that show what tells {a} from {b}",
                     "nothing in these pictures decides; a closer view, or a rule for the border, would",
                     Cost(images=30, minutes=30))  # fmt: skip
    why = f"its nearest training pictures are a mixture of {a} and {b}"
    alike = pair.shown("similar-classes", "the two look alike", why, mixed(case, pair.a, pair.b), advice)
    yield _as_a_pair(case, pair, replace(alike, p=1.0, named=False))
    advice = advise("collect", f"more pictures of {a} like these", "the model has never seen the like",
                     Cost(images=30, minutes=30))  # fmt: skip
    why = f"no training picture of {a} is as near to it as held-out pictures of {a} are to each other"
    title = f"unlike any training picture of {a}"
    beyond, p = far(case, pair.a)
    strange = pair.shown("distribution-shift", title, why, beyond, advice, likeness=True)
    yield replace(strange, p=max(p, strange.p))  # errors lie far out anyway, so the shift must be shown as well


def _as_a_pair(case: Case, pair: Pair, alike: Cause) -> Cause:
    """Likeness tested out of fold, where it holds for the two classes as a whole; unproven where they are separable.

    Comparing right and wrong pictures shows nothing: where nothing tells two classes apart both are in mixed
    surroundings, and where the two are separable an error is so because it is one.
    """
    first, second = sorted((pair.a, pair.b))
    sizes = [int((case.fit & (case.targets == c)).sum()) for c in (first, second)]
    if min(sizes) < FEWEST:
        return alike
    found = measure(case, first, second)
    if found.p >= INSEPARABLE_P or by_labels(case, found):
        return alike
    name = "right between the two"
    how = "the advisor's own head, out of fold, groups kept whole, between these two classes alone"
    evidence = (Evidence(name, found.balanced, "share", found.n, found.low, found.high, how),)
    note = f"Deciding between {{a}} and {{b}} alone is right in {{{name}}} ({{{name}|interval}}) of unseen pictures."
    return replace(alike, p=found.p, evidence=evidence, note=note, whole=True)


def _chance_causes(case: Case, shared: Shared, pair: Pair) -> Iterator[Cause]:
    """A class that nothing in the pictures tells from the others: then all of its confusions come from that."""
    for number in (pair.a, pair.b):
        area = shared.area(number)
        if area is None or not area.at_chance:
            continue
        name, label = "told from all others", case.classes[number]
        how = "area under the curve, the advisor's own head out of fold, groups kept whole; half is chance"
        evidence = (Evidence(name, area.auc, "score", area.n, area.low, area.high, how),)
        spread = (area.high - area.low) / (2 * quantile_of_normal(case.settings.confidence))
        p = float(norm.cdf((area.auc - not_visual.WEAK) / max(spread, 1e-9)))
        advice = advise("relabel", label, "say what in a picture decides this label, or drop it",
                         Cost(clicks=area.n, minutes=area.n / 12))  # fmt: skip
        why = f"nothing in the pictures says that they are {label}"
        cause = pair.shown("not-visual", f"{label} cannot be seen", why, pair.both, advice)
        note = f"The area under the curve of {label} against all other classes is {{{name}}} ({{{name}|interval}})."
        everything = {"errors": pair.errors, "correct": pair.correct}  # labels look wrong there for this very reason
        yield replace(cause, p=p, evidence=evidence, note=note, whole=True, **everything)


def _slice_causes(case: Case, shared: Shared, pair: Pair) -> Iterator[Cause]:
    """Groups of pictures with more errors than elsewhere, tested on the half that did not find them."""
    a = pair.names[0]
    for found in shared.slices:
        if pair.a not in found.classes:
            continue
        advice = advise("collect", f"pictures of {a} {found.words}", "the model errs more on them than elsewhere",
                         Cost(images=30, minutes=30))  # fmt: skip
        why = f"it is among the pictures {found.words}"
        tested = case.derived.judged & ~first_half(case)
        cause = pair.shown("weak-slices", f"pictures {found.words}", why, found.members, advice, tested=tested)
        yield replace(cause, named=found.named)


def _kind_causes(case: Case, pair: Pair) -> Iterator[Cause]:
    a, b = pair.names
    kinds = pair.shared.kinds(a)
    if kinds is None:
        return
    for part in range(int(kinds.parts.labels.max()) + 1):
        shows = np.zeros(len(case.ids), dtype=np.bool_)
        shows[kinds.judged[kinds.part_of == part]] = True
        these, rest = kinds.rows[kinds.parts.labels == part], kinds.rows[kinds.parts.labels != part]
        if pair.shared.suspect[these].mean() >= BY_LABELS:  # then wrong labels made the kind
            continue
        advice = advise("split", a, "each kind gets a label of its own, and their scores are added up again",
                         Cost(clicks=len(these), minutes=5), "split-class", **{"class": a})  # fmt: skip
        why = f"it is of the kind of {a} that is {contrast(case, these, rest).text}"
        title = f"one kind of {a} looks like {b}"
        yield replace(pair.shown("hidden-subclasses", title, why, shows, advice, likeness=True), named=False)


def _other_kind_causes(case: Case, shared: Shared, pair: Pair) -> Iterator[Cause]:
    """Kinds of B that draw pictures of A: left out of training, beside as many pictures of B left out at random."""
    a, b = pair.names
    kinds = shared.kinds(b)
    if kinds is None or pair.errors.sum() < FEWEST_DRAWN:
        return
    found = []
    for part, left in enumerate(shared.without(kinds)):
        these, rest = kinds.rows[kinds.parts.labels == part], kinds.rows[kinds.parts.labels != part]
        if shared.suspect[these].mean() >= BY_LABELS:  # then wrong labels made the kind
            continue
        advice = advise("split", b, f"one kind of it looks like {a}; each kind gets a label of its own, and their "
                        "scores are added up again", Cost(clicks=len(these), minutes=5), "split-class",
                        **{"class": b})  # fmt: skip
        words = contrast(case, these, rest).text
        why = f"it comes right when the kind of {b} that is {words} is left out of training"
        found.append(pair.left_out("hidden-subclasses", f"one kind of {b} looks like {a}", why, left, advice))
    if found:
        yield min(found, key=lambda cause: cause.p)


def _cue_causes(case: Case, pair: Pair) -> Iterator[Cause]:
    b = pair.names[1]
    climbed = [found for found in ladder(case) if found.test.pair == pair.names]
    for found in climbed:
        if not _made_by_labels(case, pair, found.test):
            yield _climbed_cause(case, pair, found)
    told = {found.test.cue.name for found in climbed}
    for test in all_tests(case, [pair.names], [cue for cue in pair.shared.cues if cue.name not in told]):
        if test.strength < PRESENT or test.present_p >= PRESENT_P or not test.against[1] or only_likeness(case, test):
            continue
        if _made_by_labels(case, pair, test):
            continue
        rung: Rung = "used" if test.low > 0 else "not_measurable" if test.used_p is None else "present"
        advice = balance_advice(pair.names, "confusion-causes")
        why = f"the picture is {test.words}, as those of {b} mostly are"
        title, of_class = f"pictures that are {test.words}", bool(test.cue.of_class)
        cause = pair.shown("spurious-cue", title, why, test.looks_like_b, advice, rung, likeness=of_class)
        yield replace(cause, named=not of_class)


def _made_by_labels(case: Case, pair: Pair, test: Tested) -> bool:
    """Whether a direction between kinds leads to pictures of A that are there by wrong labels."""
    side = case.fit & (case.targets == pair.a) & test.looks_like_b
    return bool(test.cue.of_class and side.any() and pair.shared.suspect[side].mean() >= BY_LABELS)


def _climbed_cause(case: Case, pair: Pair, climbed: Climbed) -> Cause:
    """A cue as its own check sees it, with what came of changing it in pictures."""
    test = climbed.test
    why = f"the picture is {test.words}, as those of {pair.names[1]} mostly are"
    collect, *others = break_link(case, test, np.flatnonzero(pair.errors & test.looks_like_b))
    title = f"pictures that are {test.words}"
    of_class = bool(test.cue.of_class)
    cause = pair.shown("spurious-cue", title, why, test.looks_like_b, collect, climbed.rung, likeness=of_class)
    evidence = () if climbed.effect is None else tuple(of_effect(climbed.effect, case.settings.confidence))
    told_by = speaker(case) if own_network(case) is not None else "the advisor's own baseline"
    note = "" if climbed.effect is None else further(climbed, told_by).strip()
    settled = climbed.rung in ("used", "causal")
    return replace(cause, evidence=evidence, note=note, settled=settled, also=tuple(others), named=not of_class)


def _poor_pictures(case: Case, pair: Pair) -> Iterator[Cause]:
    """Judged pictures that their own check calls dark, blurred, tiny …"""
    for fault in FAULTS:
        if fault.column not in ("side", "aspect") and fault.column not in case.dataset.properties:
            continue
        poor = fault.title[0].lower() + fault.title[1:]
        advice = advise("collect", f"better pictures of {pair.names[0]} in place of {poor}, or more like them",
                         "the model has hardly seen such pictures, or nobody could tell them",
                         Cost(images=20, minutes=20))  # fmt: skip
        yield pair.shown("image-quality", poor, f"it is one of the {poor}", _flagged(case, fault), advice)


def _flagged(case: Case, fault: Fault) -> NDArray[np.bool_]:
    """Pictures with the fault, looked for once for all pairs."""
    return case.derived.once(f"flagged {fault.name}", lambda: flag(values(case, fault.column), fault))
