"""The weekly report as a document: what changed since the last one, whether it is more than noise, what to do next.

Everything is computed by the same checks and experiments as an audit; here only two of them are laid side by side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from agent.weekly_advice import advice_sentences
from agent.weekly_parts import (
    Sentence,
    Tone,
    action_list,
    data_sentences,
    finding_sentences,
    kept_findings,
    label_sentences,
    metric_sentences,
    quality_of,
    touched,
)
from agent.weekly_since import baseline
from embeddings.progress import Progress, silent
from tools.advice import try_advice
from tools.audit import run_checks
from tools.case import Case
from tools.decisions import Decisions, settle
from tools.documents import audit_document, case_head
from tools.effects import Effect
from tools.errors import AdvisorError
from tools.findings import Change, Outcome
from tools.goals import State, goals_of, not_reached, reached
from tools.ledger import given_by_audit, record
from tools.registry import NotApplicable
from tools.reports import Report, Reports, monday_of, week_after, week_of
from tools.shoot_evidence import shown_by_shoots
from tools.shoots import Shoots
from tools.standing import said_then, standing
from tools.workspace import Workspace

Json = dict[str, Any]
Made = TypeVar("Made")
TONES: dict[State, Tone] = {"met": "same", "missed": "worse", "open": "same"}
SECTIONS = {
    "goal": "The goal",
    "data": "Pictures and labels",
    "model": "How good it is",
    "findings": "What was found",
    "labels": "Labels to look at",
    "advice": "Advice that was followed",
    "watched": "The watched folder",
    "production": "Production pictures",
}
TREND = 12
"""Weeks shown side by side."""
HEADLINE = 2
"""Sections that the headline speaks of, each by the beginning of its weightiest sentence."""


@dataclass
class Steps:
    """Steps of a report; one that fails is said in the report and stops nothing else."""

    failed: list[Json] = field(default_factory=list)

    def run(self, name: str, step: Callable[[], list[Made]]) -> list[Made]:
        """What a step gives, nothing if it failed."""
        try:
            return step()
        except Exception as fault:  # noqa: BLE001 - a report must come out; what failed stands in it
            self.failed.append({"step": name, "error": f"{type(fault).__name__}: {fault}"})
            return []


def weekly_report(
    workspace: Workspace,
    case: Case,
    now: datetime,
    *,
    week: str | None = None,
    late: str | None = None,
    since: str | None = None,
    next_due: str | None = None,
    tries: int = 5,
    extra: Mapping[str, Callable[[], list[Sentence]]] | None = None,
    keep: Callable[[Sequence[Outcome], Mapping[Change, Effect]], None] | None = None,
    on_step: Progress = silent,
) -> Report:
    """Run everything, compare with the report before, and keep the result under its week.

    Parameters
    ----------
    now : datetime
        With the user's time zone; decides the week, and which findings are put off.
    week : str, optional
        Write the report of this week instead.
    late : str, optional
        When it was due, if that was in a week before this one.
    since : str, optional
        What to compare with instead of the report before: ``agent.weekly_since.baseline``.
    next_due : str, optional
        When a schedule makes the next one; the next week's first day when left out.
    tries : int
        Recommended changes tried.
    extra : mapping of str to callable, optional
        Further sections' sentences, by section.
    keep : callable, optional
        Gets what every check said, before decisions, and what was tried.
    """
    week = week or week_of(now)
    then, compared = baseline(workspace, case, week, since, on_step=on_step)
    checked = run_checks(case, on_step=on_step, remember=workspace)
    outcomes = shown_by_shoots(checked, Shoots(workspace).results())
    outcomes = settle(outcomes, Decisions(workspace).standing(), now.date())
    effects = try_advice(case, outcomes, most=tries, on_step=on_step, remember=workspace)
    if keep is not None:
        keep(checked, effects)
    audit = audit_document(case, outcomes, effects)
    steps = Steps()

    model = steps.run("model", lambda: metric_sentences(workspace, case, then))

    def findings() -> list[Sentence]:
        before = then["findings"] if then else ()
        if any(s.tone == "better" for s in model):
            return finding_sentences(audit, then, {f["id"] for f in before})
        return finding_sentences(audit, then, touched(workspace, case, then, before))

    goals = goals_of(workspace)
    found = () if goals is None or not case.derived.judged.any() else reached(case, goals)
    sections: dict[str, list[Sentence]] = {
        "goal": [Sentence(r.text, TONES[r.state], r.evidence) for r in found],
        "data": steps.run("data", lambda: data_sentences(workspace, case, then)),
        "model": model,
        "findings": steps.run("findings", findings),
        "labels": steps.run("labels", lambda: label_sentences(audit, then)),
    }
    followed: dict[str, str] = dict(then.get("followed", {})) if then else {}

    def advice() -> list[Sentence]:
        sentences, extents = advice_sentences(workspace, case, then, audit, on_step=on_step)
        followed.update(extents)
        return sentences

    sections["advice"] = steps.run("advice", advice)
    record(workspace, given_by_audit(case, audit))
    for name, step in (extra or {}).items():
        sections[name] = steps.run(name, step)
    trend = steps.run("trend", lambda: _trend(workspace, case, week))
    steps.failed += [{"step": o["code"], "error": o["reason"]} for o in audit["outcomes"] if o["status"] == "failed"]
    document = {
        **case_head(case, _headline(sections, steps.failed, quality_of(audit) if then is None else None)),
        "week": week,
        "from": monday_of(week).isoformat(),
        "since": compared,
        "late": late,
        "next_due": next_due or monday_of(week_after(week)).isoformat(),
        "dataset": audit["dataset"],
        "model": audit["model"],
        "standing": standing(workspace, case),
        "quality": quality_of(audit),
        "sections": [
            {"id": name, "title": SECTIONS.get(name, name), "sentences": [s.to_json() for s in sentences]}
            for name, sentences in sections.items()
        ],
        "actions": action_list(audit, not_reached(found)),
        "findings": kept_findings(audit),
        "followed": followed,
        "failed": steps.failed,
        "trend": trend,
        "audit": audit,
    }
    return Reports(workspace).keep(week, document)


def _headline(sections: Mapping[str, Sequence[Sentence]], failed: Sequence[Json], first: list[Json] | None) -> str:
    """What matters most: what got worse, then better, then news; one sentence of a section.

    Of the first report, whose figures are ``first``, how good the model is and what was found.
    """
    goal = " ".join(s.text for s in sections["goal"][:1])
    every = [(name, s) for name, sentences in sections.items() if name != "goal" for s in sentences]
    if first is not None:
        figures = ", ".join(f"{q['name']} {q['text']} ({q['interval']})" for q in first[:1])
        told = [s.text for s in sections["findings"][:2]]
        words = " ".join([f"The first report: {figures or 'there is nothing to compare with yet'}.", *told])
    else:
        ordered = [(name, s) for tone in ("worse", "better", "news") for name, s in every if s.tone == tone]
        by_section = {name: s.text.partition(". ")[0].removesuffix(".") for name, s in reversed(ordered)}
        kept = list(dict.fromkeys(name for name, _ in ordered))[:HEADLINE]
        words = " ".join(f"{by_section[name]}." for name in kept) or "Nothing changed."
    words = f"{goal} {words}" if goal else words
    return words + (f" {len(failed)} step{'' if len(failed) == 1 else 's'} failed." if failed else "")


def _trend(workspace: Workspace, case: Case, week: str) -> list[Json]:
    """Balanced accuracy of each of the last weeks' models, all by today's labels on today's pictures."""
    out = []
    earlier = [r for r in Reports(workspace).all() if r.week < week][-(TREND - 1) :]
    for report in earlier:
        entry: Json = {"week": report.week, "name": report.document["standing"]["name"], "value": None}
        try:
            said = said_then(workspace, case, report.document["standing"])
            found = quality_by(case, said)
        except (NotApplicable, AdvisorError) as reason:  # it cannot be measured again: a gap, with its reason
            out.append({**entry, "reason": str(reason)})
            continue
        out.append({**entry, **found})
    return [*out, {"week": week, "name": standing(workspace, case)["name"], **quality_by(case, None)}]


def quality_by(case: Case, said: Any) -> Json:
    """Balanced accuracy with interval on the pictures that count errors; nulls where nothing can be judged."""
    from tools.metrics import quality

    predicted = case.derived.predicted if said is None else said.predicted
    judged = case.derived.judged if said is None else said.covered & case.evaluation
    if not judged.any():
        return {"value": None, "low": None, "high": None, "n": 0}
    found = quality(case, predicted, judged, "").balanced_accuracy
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}
