"""Why A is called B: candidate causes, each with the share of these errors it explains and a test against correct A."""

from collections.abc import Callable

import numpy as np

from tools.case import Case
from tools.cause import Cause
from tools.causes import candidate_causes
from tools.findings import Evidence, Finding, Measured, Rung, Scope, severity
from tools.ladder import confused_pairs
from tools.registry import Findings, NotApplicable
from tools.shared_evidence import FEWEST_CONFUSED
from tools.statistics import benjamini_hochberg, difference_of_shares, wilson
from tools.wording import phrase

MOST_PAIRS = 3
"""An audit without a pair in question looks at the pairs with the most errors."""
SHOWN = 24
FEWEST_SHOWING = 2
SAME_ERRORS = 0.5
SURE = 0.01
"""P-value a named cause needs before likeness gives way to it."""
LIKELY = 0.05
"""P-value from which on a refit that takes errors away stands before what merely goes along with them."""
SMALLEST_EXCESS = 0.1
"""A cause that errors show hardly more often than correct pictures do is none (DECISIONS "Few errors")."""
Place = tuple[bool, bool, bool, bool, float, int]


def check(case: Case, scope: Scope) -> Findings:
    """Yield one finding per cause that errors show more often than correct pictures do; family = all confused pairs."""
    if not case.derived.errors.any():
        raise NotApplicable("the model makes no error on the judged pictures")
    pairs = confused_pairs(case, FEWEST_CONFUSED)
    if scope.pair is None and not pairs:
        raise NotApplicable(f"no class is called another at least {FEWEST_CONFUSED} times: too few errors to explain")
    wanted = [scope.pair] if scope.pair is not None else pairs[:MOST_PAIRS]
    if scope.pair is None and scope.classes:
        wanted = [p for p in pairs if set(p) & set(scope.classes)][:MOST_PAIRS]
    extra = [p for p in wanted if p not in pairs]
    causes = candidate_causes(case, pairs + extra)
    rejected = benjamini_hochberg(np.array([c.p for c in causes if c.pair not in extra]))
    supported = dict(zip([id(c) for c in causes if c.pair not in extra], rejected.tolist(), strict=True))

    def proven(cause: Cause) -> bool:
        return cause.settled or supported.get(id(cause), False)

    evidence: list[Evidence] = []
    for pair in wanted:
        mine = [c for c in causes if c.pair == pair and _exceeds(case, c)]
        chosen = _distinct(mine, lambda c: _place(c, sure=proven(c), excess=_excess(case, c)))
        for cause in chosen:
            yield _finding(case, cause, proven=proven(cause))
        evidence += _accounts(case, pair, [c for c in chosen if proven(c)])
    text = "No cause known here shows more often among the errors than among the correct pictures."
    return Measured(tuple(evidence), text)


def _sides(case: Case, pair: tuple[str, str]) -> "tuple[np.typing.NDArray[np.bool_], np.typing.NDArray[np.bool_]]":
    a, b = (case.number(name) for name in pair)
    mine = case.derived.judged & (case.targets == a)
    return mine & (case.derived.predicted == b), mine & (case.derived.predicted == a)


def _exceeds(case: Case, cause: Cause) -> bool:
    if int(cause.errors.sum()) < FEWEST_SHOWING:
        return False
    return cause.whole or _excess(case, cause) >= SMALLEST_EXCESS


def _excess(case: Case, cause: Cause) -> float:
    """Share of the errors that show it, less the share of the correct pictures that do."""
    errors, correct = _sides(case, cause.pair)
    return float(cause.errors.sum() / errors.sum() - cause.correct.sum() / max(1, correct.sum()))


def _distinct(causes: list[Cause], place: Callable[[Cause], Place]) -> list[Cause]:
    """Strongest first; of two causes with one code that show in nearly the same errors only the stronger stays.

    Likeness alone gives way to a sure cause with a name that shows in nearly the same errors: pictures with wrong
    labels or one light also look alike, and the name is what can be acted on.
    """
    kept: list[Cause] = []
    sure = [c for c in causes if c.named and (c.p < SURE or c.settled)]
    for cause in sorted(causes, key=place):
        rivals = [k for k in kept if k.code == cause.code] + ([] if cause.named else sure)
        if all(_overlap(k, cause) < SAME_ERRORS for k in rivals):
            kept.append(cause)
    return kept


def _place(cause: Cause, *, sure: bool, excess: float) -> Place:
    """What was changed stands before what only goes along: a cue changed in pictures, a cue told from chance by its own
    check, a refit that takes errors away; then what is told from chance, by p. Of what may be chance no p says which is
    the likelier cause, so the one that would explain most errors beyond what right pictures show comes first.
    """
    tried = cause.refit and cause.p < LIKELY
    last = (cause.p, -int(cause.errors.sum())) if sure or tried else (-excess, 0)
    return cause.rung != "causal", not (cause.settled and cause.named), not tried, not sure and not tried, *last


def _overlap(a: Cause, b: Cause) -> float:
    """Share of their errors that two causes have in common (Jaccard)."""
    return float((a.errors & b.errors).sum() / max(1, (a.errors | b.errors).sum()))


def _accounts(case: Case, pair: tuple[str, str], proven: list[Cause]) -> list[Evidence]:
    """How often, how much is explained, how much is not; one set per direction."""
    errors, correct = _sides(case, pair)
    a, b = pair
    judged = case.derived.judged & (case.targets == case.number(a))
    count, of = int(errors.sum()), int(judged.sum())
    low, high = wilson(count, of, case.settings.confidence) if of else (0.0, 1.0)
    explained = np.any([c.errors for c in proven], axis=0) if proven else np.zeros(len(case.ids), dtype=np.bool_)
    several = np.sum([c.errors for c in proven], axis=0) > 1 if proven else np.zeros(len(case.ids), dtype=np.bool_)
    who = "the user's model" if case.subject == "user" else "the advisor's own baseline"
    return [
        Evidence(f"{a} called {b}", count, "images", of, how=f"by {who}"),
        Evidence(f"share of {a} called {b}", count / max(1, of), "share", of, low, high, "Wilson interval"),
        Evidence(f"{a} called {a}", int(correct.sum()), "images", of),
        Evidence(f"{a} called {b}, with a cause", int((errors & explained).sum()), "images", count),
        Evidence(f"{a} called {b}, with several causes", int((errors & several).sum()), "images", count),
        Evidence(f"{a} called {b}, unexplained", int((errors & ~explained).sum()), "images", count),
    ]


def _finding(case: Case, cause: Cause, *, proven: bool) -> Finding:
    errors, correct = _sides(case, cause.pair)
    confidence = case.settings.confidence
    hit, of, calm, fine = (int(m.sum()) for m in (cause.errors, errors, cause.correct, correct))
    evidence = [
        Evidence("errors that show it", hit, "images", of),
        Evidence("errors of this kind", of, "images"),
        Evidence("share of these errors", hit / of, "share", of, *wilson(hit, of, confidence), "Wilson interval"),
    ]
    template = (
        "{errors that show it} of {errors of this kind} pictures of {a} called {b} ({share of these errors|interval}): "
        "{why}."
    )
    if fine:
        evidence.append(
            Evidence(
                "share of correct pictures",
                calm / fine,
                "share",
                fine,
                *wilson(calm, fine, confidence),
                "Wilson interval",
            )
        )
        interval = difference_of_shares(hit, of, calm, fine, confidence)
        evidence.append(
            Evidence("difference", hit / of - calm / fine, "points", of + fine, *interval, "Newcombe interval")
        )
        said = (
            " The same change makes {share of correct pictures} ({share of correct pictures|interval}) of the right "
            "pictures of {a} wrong."
            if cause.refit
            else " Of the pictures of {a} that are right it holds for {share of correct pictures} "
            "({share of correct pictures|interval})."
        )
        if not (
            cause.whole and (hit, calm) == (of, fine)
        ):  # of every picture, right or wrong: only the note tells anything
            template += said
    evidence += cause.evidence
    if cause.note:
        template += " " + cause.note
    if not proven:
        template += " With so few errors this may be chance."
    total = int(case.derived.errors.sum())
    a, b = cause.pair
    return Finding(
        code=cause.code,
        title=f"{a} called {b}: {cause.title}",
        severity=severity(hit / total if proven else None),
        scope=Scope(classes=cause.pair, pair=cause.pair),
        summary=phrase(template, evidence, a=a, b=b, why=cause.why),
        evidence=tuple(evidence),
        images=tuple(str(i) for i in case.ids[cause.errors][:SHOWN]),
        recommendations=(cause.recommendation, *cause.also),
        rung=_rung(cause, proven=proven),
        errors=frozenset(str(i) for i in case.ids[cause.errors]),
        correct=frozenset(str(i) for i in case.ids[cause.correct]),
    )


def _rung(cause: Cause, *, proven: bool) -> Rung:
    """What may be chance is not called used, whatever its own interval says."""
    if cause.rung is None:
        return "present" if proven else "none"
    return cause.rung if proven or cause.rung != "used" else "present"
