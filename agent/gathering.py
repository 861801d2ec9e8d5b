"""Runs a plan's checks and turns what they report into facts, causes and actions."""

from collections.abc import Sequence

from agent import facts as stated
from agent import standing
from agent.box_thresholds import box_threshold_facts
from agent.context import Context
from agent.gathered import Gathered, remembered
from agent.pictures import CODE, label_facts, picture_facts
from agent.plan import Plan
from agent.progress_facts import progress_facts
from agent.prompts import sentence
from agent.search_facts import search_facts
from agent.state import Json
from agent.threshold_facts import threshold_facts
from agent.version_facts import version_facts
from tools.case import Case
from tools.documents import TRUST, evidence_json, ranked
from tools.findings import Evidence, Finding, Scope
from tools.registry import NotApplicable

PAIRS_SHOWN = 4
"""Other classes that one class is confused with."""
CLASSES_IN_OVERVIEW = 2
"""Worst classes told where the findings name them too."""
APART = {"picture", "search", "versions", "progress"}
"""Intents that are answered without a check."""
FINDINGS_SHOWN = 8
CAUSES_SHOWN = 4
HINTS_SHOWN = 2
"""Per direction: causes, and among them those that may be chance; the rest stay in the document."""


def gather(case: Case, plan: Plan, context: Context, available: Sequence[str]) -> Gathered:
    """Run the checks of a plan.

    Parameters
    ----------
    available : sequence of str
        Codes of the checks there are.
    """
    out = Gathered()
    codes, missing = plan.checks(available, boxes=case.boxes is not None)
    out.not_checked += [sentence("not_checked.missing", code=code) for code in missing]
    if plan.intent not in {"search", "versions", "progress"}:
        standing.accuracy_fact(case, out.facts)
    if plan.intent in APART:
        _apart(case, plan, context, out)
        return out
    if plan.intent == "confusion":
        _confusion(case, plan, context, out, codes)
        return out
    if plan.intent == "threshold" and case.boxes is not None and case.boxes.measured is not None:
        parts = {"case": case.fingerprint, "boxes": dict(plan.goal), "classes": plan.classes}
        remembered(out, context.memory, parts, lambda fresh: box_threshold_facts(case, plan, fresh))
        return out
    if plan.intent == "threshold" and plan.goal:
        parts = {"case": case.fingerprint, "goal": dict(plan.goal), "classes": plan.classes}
        remembered(out, context.memory, parts, lambda fresh: threshold_facts(case, plan, fresh))
        return out
    if plan.intent in {"worst", "threshold", "overview"}:
        few = CLASSES_IN_OVERVIEW if plan.intent == "overview" else standing.WORST_SHOWN
        standing.class_facts(case, out.facts, plan.classes, few)
    if plan.intent == "balance" or (plan.intent == "collect" and plan.classes):
        out.group("findings", "", [fact["id"] for fact in standing.size_facts(case, out.facts, plan.classes)])
    pair = plan.pair if plan.intent == "merge" else None
    scope = Scope(classes=() if pair else plan.classes, pair=pair)
    scoped = [c for c in codes if c not in TRUST[:2] or plan.intent in {"comparable", "duplicates", "overview"}]
    out.note(context.run_checks(case, scoped, scope, on_step=context.on_step, remember=context.memory))
    sure = [f for f in ranked(out.outcomes) if f.errors is None or stated.established(f)]
    for found in sure[:FINDINGS_SHOWN]:
        out.findings.append(found)
        ids = [f["id"] for f in stated.finding(out.facts, found)]
        out.groups.append({"kind": "findings", "title": found.title, "facts": ids})
    _quiet(out)
    _trust(case, context, out, [c for c in codes if c not in scoped])
    return out


def _apart(case: Case, plan: Plan, context: Context, out: Gathered) -> None:
    match plan.intent:
        case "search":
            search_facts(case, plan, context, out)
        case "versions":
            version_facts(case, plan, context, out)
        case "progress":
            progress_facts(case, plan, context, out)
        case _:
            parts = {"case": case.fingerprint, "picture": plan.picture}
            remembered(out, context.memory, parts, lambda fresh: _picture(case, plan.picture, fresh))


def _picture(case: Case, picture: str, out: Gathered) -> None:
    try:
        out.group("findings", "", label_facts(case, picture, out.facts))
    except NotApplicable as reason:
        out.skip("wrong-labels", str(reason))
    try:
        out.groups.append({"kind": "findings", "title": "", "facts": picture_facts(case, picture, out.facts)})
    except NotApplicable as reason:
        out.not_checked.append(sentence("not_checked.outcome", code=CODE, reason=str(reason)))


def _confusion(case: Case, plan: Plan, context: Context, out: Gathered, codes: Sequence[str]) -> None:
    pair = plan.pair or standing.main_pair(case, plan.classes[0] if plan.classes else None)
    if pair is None:
        name = plan.classes[0] if plan.classes else None
        text = sentence("standing.no_confusion", name=name) if name else sentence("standing.no_errors")
        out.facts.state("standing", text)
        return
    if plan.pair is None:
        others = standing.confused(case, plan.classes[0] if plan.classes else None)[:PAIRS_SHOWN]
        standing.confusion_facts(case, out.facts, [p for p in others if set(p[:2]) != set(pair)], first=False)
    if "confusion-causes" in codes:
        for way in (pair, pair[::-1]):
            _one_direction(case, way, context, out)
    _trust(case, context, out, [c for c in codes if c in TRUST])


def _one_direction(case: Case, pair: tuple[str, str], context: Context, out: Gathered) -> None:
    outcomes = context.run_checks(
        case, ("confusion-causes",), Scope(pair=pair), on_step=context.on_step, remember=context.memory
    )
    out.note(outcomes)
    measured = {e.name: e for o in outcomes for e in o.measured.evidence}
    if f"{pair[0]} called {pair[1]}" not in measured:
        return
    stated.direction(out.facts, pair, measured, standing.error_images(case, pair))
    found = sorted(
        (f for o in outcomes for f in o.findings),
        key=lambda f: (not stated.established(f), -len(f.errors or ())),
    )
    hints = [f for f in found if not stated.established(f)]
    left_out = [*hints[HINTS_SHOWN:], *found[CAUSES_SHOWN:]]
    for cause in found:
        out.causes.append(_cause_json(cause, pair, measured, case.subject))
        if not any(cause is other for other in left_out):
            out.findings.append(cause)
            out.causes[-1]["facts"] = [f["id"] for f in stated.finding(out.facts, cause, "cause")]
    stated.account(out.facts, pair, measured)


def _cause_json(found: Finding, pair: tuple[str, str], measured: dict[str, Evidence], subject: str) -> Json:
    a, b = pair
    of = int(measured[f"{a} called {b}"].value)
    fine = int(measured[f"{a} called {a}"].value)
    count = len(found.errors or ())
    return {
        "code": found.code,
        "title": found.title,
        "pair": list(pair),
        "share_of_errors": count / of if of else 0.0,
        "share_of_correct": len(found.correct or ()) / fine if fine else None,
        "subject": subject,
        "rung": found.rung,
        "experiments": sorted({r.experiment for r in found.recommendations if r.experiment}),
        "established": stated.established(found),
        "evidence": [evidence_json(e) for e in found.evidence],
        "images": list(found.images),
        "count": count,
        "of": of,
        "facts": [],
    }


def _trust(case: Case, context: Context, out: Gathered, codes: Sequence[str]) -> None:
    """Checks that say whether the counts can be believed: shown only where they found something grave."""
    if not codes:
        return
    outcomes = context.run_checks(case, codes, Scope(), on_step=context.on_step, remember=context.memory)
    out.outcomes += outcomes
    for found in ranked(outcomes):
        if found.severity.level == "high":
            stated.finding(out.facts, found, "trust")


def _quiet(out: Gathered) -> None:
    from tools.registry import checks

    for outcome in out.outcomes:
        if outcome.status == "passed":
            about = checks()[outcome.code].sentence if outcome.code in checks() else outcome.code
            ids = [f["id"] for f in stated.passed(out.facts, outcome, about)]
            out.groups.append({"kind": "quiet", "title": "", "facts": ids})
