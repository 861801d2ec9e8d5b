"""The ledger as plain JSON for machines; later versions only add keys."""

from dataclasses import asdict
from typing import Any

from tools.case import Case
from tools.documents import case_head, measure_json
from tools.findings import number_text
from tools.ledger import Promise
from tools.promises import Outcome
from tools.reckoning import Entry, Ledger, Share, Step, TrackRecord

Json = dict[str, Any]


def ledger_document(case: Case, ledger: Ledger) -> Json:
    """What ``advisor ledger --json`` writes."""
    return {
        **case_head(case, headline(ledger)),
        "entries": [entry_json(e) for e in ledger.entries],
        "steps": [step_json(s) for s in ledger.steps],
        "track_record": record_json(ledger.record),
    }


def headline(ledger: Ledger) -> str:
    """How much was given and followed, and whether it held."""
    record = ledger.record
    if not record.given:
        return "No advice was given yet: run advisor audit"
    text = f"{record.given} piece{'s' if record.given != 1 else ''} of advice given, {record.followed} followed"
    if not record.followed:
        return f"{text}: nothing followed yet, so there is no track record"
    if record.kept.of:
        return f"{text}; {record.kept.hits} of {record.kept.of} promised gains kept"
    return f"{text}; no promised gain is decided yet"


def entry_json(entry: Entry) -> Json:
    """One piece of advice with what became of it."""
    advice = entry.advice
    return {
        "id": advice.id,
        "given": list(entry.given),
        "from_version": advice.dataset,
        "at": advice.at,
        "by": advice.by,
        "code": advice.code,
        "action": advice.action,
        "target": advice.target,
        "why": advice.why,
        "classes": list(advice.classes),
        "images": list(advice.images),
        "expected": promise_json(advice.promise),
        "followed": asdict(entry.followed),
        "measured": outcome_json(entry.outcome),
        "nothing_else_changed": entry.whole,
        "unmeasured": entry.unmeasured or None,
        "promise": entry.verdict.replace(" ", "_") if entry.verdict else None,
        "reason": entry.reason or None,
    }


def promise_json(promise: Promise | None) -> Json | None:
    """The expected effect; None where the advice was not tried."""
    return None if promise is None else {**asdict(promise), "delta": promise.delta}


def outcome_json(outcome: Outcome | None) -> Json | None:
    """A measured change."""
    if outcome is None:
        return None
    together = [list(names) for names in outcome.together]
    return {**measure_json(outcome.measure), "evaluated_on": outcome.evaluated_on, "judged_as_one": together}


def step_json(step: Step) -> Json:
    """The whole change between two versions."""
    return {
        "before": step.before,
        "after": step.after,
        "measured": outcome_json(step.outcome),
        "unmeasured": step.unmeasured or None,
    }


def record_json(record: TrackRecord) -> Json:
    """The advisor's own track record."""
    return {
        "given": record.given,
        "followed": record.followed,
        "kept": share_json(record.kept),
        "undecided": record.undecided,
        "covered": share_json(record.covered),
        "text": record_text(record),
    }


def share_json(share: Share) -> Json:
    """A count with its interval; the share is null where nothing was counted."""
    return {**asdict(share), "share": share.hits / share.of if share.of else None}


def record_text(record: TrackRecord) -> str:
    """The track record in words."""
    if not record.followed:
        return "Nothing followed yet: there is no track record."
    parts = [
        f"Promised gains kept: {_share_text(record.kept)}"
        + (f"; {record.undecided} more cannot be told" if record.undecided else "")
    ]
    parts.append(f"Measured change inside the promised interval: {_share_text(record.covered)}")
    return ". ".join(parts) + "."


def _share_text(share: Share) -> str:
    if not share.of:
        return "none decided yet"
    low, high = number_text(share.low, "share").removesuffix(" %"), number_text(share.high, "share")
    return f"{share.hits} of {share.of} ({low}–{high})"
