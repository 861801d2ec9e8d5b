"""The evidence ladder of cues (present, used, causal): every candidate of a case, climbed once for all that ask."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.cue_candidates import MOST_PAIRS, background_cues, backgrounds_of, concept_cues
from tools.cue_likeness import only_likeness
from tools.cues import PRESENT, Cue, Tested, candidates, try_cue
from tools.findings import Evidence, Rung
from tools.interventions import SMALLEST, Effect, effect, intervene
from tools.label_errors import case_suspects
from tools.other_pictures import CONTROLS
from tools.registry import NotApplicable
from tools.statistics import benjamini_hochberg, wilson

FEWEST_CONFUSED = 5
"""Ordered pairs with fewer errors are not tested: a share of four pictures decides nothing."""
SAME_ERRORS = 0.5
"""Two cues that share this much of their errors (Jaccard) are one thing under two names."""
MOST_CHANGED = 3
"""Cues per case whose pictures are changed and encoded again, surest first."""
TRIED = {
    "background": "When the background of pictures of {a} is replaced by one from the other side of this difference",
    "": "When this is changed in pictures of {a} to what is usual for {b}, or back",
}
CAUSAL = (
    " {tried}, {speaker} moves {moved by the cue} of the way between {a} and {b} "
    "({moved by the cue|interval}; {pictures changed} pictures) beyond what equal changes without it do; "
    "{flipped by the cue} of them change sides ({flipped by the cue|interval}), {flipped by the controls} "
    "({flipped by the controls|interval}) under those controls."
)
NOT_CAUSAL = (
    " {tried}, {speaker} moves {moved by the cue} of the way between {a} and {b} beyond equal changes without it "
    "({moved by the cue|interval}; {pictures changed} pictures); that this causes the errors is not shown: both "
    "ways, and {smallest move called a cause} at least, are asked for."
)
NO_FURTHER = " Whether it causes the errors could not be tried: {reason}."


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


@dataclass(frozen=True, eq=False)
class Lower:
    """The lower rungs: every candidate tested, and those that are present and used, or not measurable.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Ordered pairs with enough errors, most errors first.
    cues : tuple of Cue
        Every candidate; without a confused pair those that need no pictures.
    tests : tuple of Tested
    leaning : tuple of Climbed
        Surest first.
    looked_at : int
        Pairs whose backgrounds were looked at.
    unseen : str
        Why backgrounds were not looked at; empty if they were.
    """

    pairs: tuple[tuple[str, str], ...]
    cues: tuple[Cue, ...]
    tests: tuple[Tested, ...]
    leaning: tuple[Climbed, ...]
    looked_at: int
    unseen: str


def candidates_climbed(case: Case) -> Lower:
    """Try every candidate on every confused pair; once per case."""

    def climb_all() -> Lower:
        pairs = confused_pairs(case)
        cues, unseen = all_candidates(case, pairs) if case.fit.any() else ([], "")
        tests = all_tests(case, pairs, cues)
        looked_at = 0 if unseen else min(MOST_PAIRS, len(_both(pairs)))
        return Lower(tuple(pairs), tuple(cues), tuple(tests), tuple(leaning(case, tests)), looked_at, unseen)

    return case.derived.once("lower rungs", climb_all)


def ladder(case: Case) -> tuple[Climbed, ...]:
    """Every cue that got beyond the first rung, the surest of them changed in pictures; once per case."""
    return case.derived.once("ladder", lambda: tuple(changed_in_pictures(case, candidates_climbed(case).leaning)))


def confused_pairs(case: Case, fewest: int = FEWEST_CONFUSED) -> list[tuple[str, str]]:
    """Ordered pairs (A, B) with at least ``fewest`` errors A → B, most errors first."""
    rows = np.flatnonzero(case.derived.errors)
    table = np.zeros((len(case.classes),) * 2, dtype=np.int64)
    np.add.at(table, (case.targets[rows], case.derived.predicted[rows]), 1)
    found = [(int(table[a, b]), case.classes[a], case.classes[b]) for a, b in np.argwhere(table >= fewest)]
    return [(a, b) for _, a, b in sorted(found, key=lambda f: (-f[0], f[1:]))]


def all_candidates(case: Case, pairs: Sequence[tuple[str, str]]) -> tuple[list[Cue], str]:
    """Every candidate cue, and why backgrounds could not be looked at (empty if they were)."""
    cues = candidates(case, _clear(case, np.flatnonzero(case.fit))) + concept_cues(case)
    looked_at = _both(pairs)[:MOST_PAIRS]
    if not looked_at:
        return cues, ""
    try:
        backgrounds = backgrounds_of(case, looked_at)
    except NotApplicable as reason:
        return cues, str(reason)
    return cues + [cue for pair in looked_at for cue in background_cues(case, pair, backgrounds)], ""


def _both(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs without their direction, in the order given."""
    return list(dict.fromkeys((min(pair), max(pair)) for pair in pairs))


def all_tests(case: Case, pairs: list[tuple[str, str]], cues: list[Cue]) -> list[Tested]:
    """Every candidate cue against every confused pair that it may speak of.

    Wrongly labelled pictures of a class are a kind of it, and without a test split they are judged too. So a picture
    whose own label is doubted is no witness for a direction between kinds.
    """
    training, judged = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    clear = _clear(case, judged)
    return [
        try_cue(case, cue, pair, training, clear if cue.of_class else judged, case.derived.predicted)
        for pair in pairs
        for cue in cues
        if cue.speaks_of(pair)
    ]


def _clear(case: Case, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows whose own label is not doubted."""
    if not case.fit.any():
        return rows
    suspects = case_suspects(case)
    return rows[~np.isin(rows, suspects.rows[suspects.flagged])]


def leaning(case: Case, tests: Sequence[Tested]) -> list[Climbed]:
    """Present, then used or not measurable; each rung corrected over the whole case."""
    present = benjamini_hochberg(np.array([t.present_p for t in tests]))
    here = [
        t for t, p in zip(tests, present, strict=True) if p and t.strength >= PRESENT and not only_likeness(case, t)
    ]
    measurable = [t for t in here if t.used_p is not None]
    used = benjamini_hochberg(np.array([t.used_p for t in measurable], dtype=np.float64))
    leaned = [t for t, u in zip(measurable, used, strict=True) if u and t.low > 0]
    unclear = [t for t in here if t.used_p is None and t.against[1] > 0]
    found = [Climbed(t, "used") for t in _strongest(case, leaned, everything=True)]
    told = {climbed.test.pair for climbed in found}
    return found + [
        Climbed(t, "not_measurable") for t in _strongest(case, unclear, everything=False) if t.pair not in told
    ]


def changed_in_pictures(case: Case, found: Sequence[Climbed]) -> list[Climbed]:
    """Causal for the surest, where changing the cue moves the model; corrected over those changed."""
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


def _strongest(case: Case, tests: Sequence[Tested], *, everything: bool) -> list[Tested]:
    """Per pair the surest cue first; a cue whose errors are mostly those of a surer one says nothing new.

    All of these were told from chance; a direction between kinds has no name to act on, so it comes after the others.
    """

    def rank(test: Tested) -> tuple[bool, float, int, float]:
        return bool(test.cue.of_class), 1.0 if test.used_p is None else test.used_p, -test.against[0], -test.strength

    order = sorted(tests, key=rank)
    kept: list[tuple[Tested, NDArray[np.bool_]]] = []
    for test in order:
        a, b = (case.number(name) for name in test.pair)
        hits = case.derived.errors & (case.targets == a) & (case.derived.predicted == b) & test.looks_like_b
        twins = [(hits & known).sum() / max(1, (hits | known).sum()) for k, known in kept if k.pair == test.pair]
        if twins and (not everything or max(twins) >= SAME_ERRORS):
            continue
        kept.append((test, hits))
    return [test for test, _ in kept]


def misled(case: Case, *, change: str = "") -> dict[frozenset[str], NDArray[np.bool_]]:
    """Evaluation images on the other class's side of the surest cue, by pair of classes; each bool, shape (n,).

    Parameters
    ----------
    change : str
        Of cues with this change only, such as ``background``.
    """
    surest: dict[tuple[str, str], Tested] = {}
    for found in candidates_climbed(case).leaning:
        if not change or found.test.cue.change == change:
            surest.setdefault(found.test.pair, found.test)
    out: dict[frozenset[str], NDArray[np.bool_]] = {}
    for way, test in surest.items():
        mask = case.evaluation & (case.targets == case.number(way[0])) & test.looks_like_b
        out[frozenset(way)] = out.get(frozenset(way), np.zeros_like(mask)) | mask
    return out


def further(climbed: Climbed, speaker: str) -> str:
    """What came of changing the cue in pictures: a template of ``of_effect`` with {a}, {b} and {reason}."""
    if climbed.effect is None:
        return NO_FURTHER
    text = CAUSAL if climbed.rung == "causal" else NOT_CAUSAL
    tried = TRIED.get(climbed.test.cue.change, TRIED[""])
    return text.replace("{tried}", tried).replace("{speaker}", speaker)


def of_effect(found: Effect, confidence: float) -> list[Evidence]:
    """Numbers that ``further`` speaks of."""
    pictures = found.removed + found.inserted
    flips = "mean over the changes of a picture; Wilson interval, pictures as units"
    how = f"cue taken from {found.removed} pictures and brought into {found.inserted}; less {CONTROLS} controls each"
    return [
        Evidence("moved by the cue", found.moved, "share", pictures, found.low, found.high, how),
        Evidence("pictures changed", pictures, "images"),
        Evidence("smallest move called a cause", SMALLEST, "share", how="part of the way from one class to the other"),
        *(
            Evidence(name, share, "share", pictures, *wilson(share * pictures, pictures, confidence), flips)
            for name, share in (
                ("flipped by the cue", found.flipped),
                ("flipped by the controls", found.control_flipped),
            )
        ),
    ]
