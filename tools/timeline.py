"""Everything that happened to a workspace, in order: imports, changes, decisions, trainings, reports, letters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.changing import history
from tools.dataset import encode_id
from tools.decisions import Decisions
from tools.goals import TAKEN_BACK, Goals, goals_standing
from tools.inbox import Inbox
from tools.ledger import advice_given
from tools.outbox import Outbox
from tools.reports import Reports
from tools.shoots import Shoots
from tools.versions import Versions
from tools.workspace import Workspace


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    at : str
        UTC, ISO 8601.
    kind : str
        import, predictions, inbox, change, decision, goal, training, advice, report, mail, shoot, forget or relink.
    text : str
    who, why : str
        As people gave them; else empty.
    undo : str
        The command that takes it back; empty where nothing does.
    takes_back : tuple of str
        The same for ``advisor undo``: change, decision, goal or inbox, and its number or digest.
    """

    at: str
    kind: str
    text: str
    who: str = ""
    why: str = ""
    undo: str = ""
    takes_back: tuple[str, ...] = ()


def undoable(workspace: Workspace) -> list[Event]:
    """What can be taken back, newest first."""
    return [event for event in timeline(workspace) if event.takes_back]


def timeline(workspace: Workspace) -> list[Event]:
    """All events, newest first."""
    events = [*_imports(workspace), *_inbox(workspace), *_changes(workspace)]
    events += [*_decisions(workspace), *_made(workspace)]
    return sorted(events, key=lambda e: e.at)[::-1]


def _imports(workspace: Workspace) -> list[Event]:
    counts = {d.version: d.images for d in workspace.datasets()}
    out = []
    entries = workspace.imports(10_000)[::-1]
    goals = goals_standing(entries)
    for entry in entries:
        version = int(entry["version"])
        who, why = str(entry.get("who") or ""), str(entry.get("why") or "")
        if "forgotten" in entry:
            count = int(entry["forgotten"])
            out.append(Event(entry["at"], "forget", f"{count} picture{'' if count == 1 else 's'} forgotten", who, why))
            continue
        if "relinked" in entry:
            out.append(Event(entry["at"], "relink", f"Pictures found again in {entry['relinked']}", who, why))
            continue
        if "goal" in entry:
            out.append(_goal(entry, last=bool(goals) and entry is goals[-1]))
            continue
        given = entry.get("predictions")
        if set(entry) <= {"at", "version", "predictions"} and given:
            out.append(Event(entry["at"], "predictions", f"Predictions for dataset version {version}"))
        else:
            text = f"Dataset version {version} with {counts.get(version, 0)} pictures"
            out.append(Event(entry["at"], "import", text + (" and predictions" if given else "")))
    return out


def _goal(entry: Mapping[str, Any], *, last: bool) -> Event:
    """A goal set or cleared; only the last one can be taken back, as the others no longer hold."""
    words = f"Goal set: {Goals.from_json(entry['goal']).text}" if entry["goal"] else "Goal cleared"
    words = f"Taken back. {words}" if entry.get(TAKEN_BACK) else words
    return Event(entry["at"], "goal", words, undo="advisor undo" if last else "", takes_back=("goal",) if last else ())


def _changes(workspace: Workspace) -> list[Event]:
    found = history(workspace)
    standing = {c.number for c in found.standing}
    return [
        Event(
            c.at, "change", f"{c.summary} (dataset version {c.after})", c.by, c.why,
            f"advisor change undo {c.number}" if c.number in standing else "",
            ("change", str(c.number)) if c.number in standing and c.undoes is None else (),
        )
        for c in found.changes
        if c.kind != "import"
    ]  # fmt: skip


def _inbox(workspace: Workspace) -> list[Event]:
    inbox = Inbox(workspace)
    out = []
    for arrival in inbox.arrivals():
        new, said = arrival.counts.get("new", 0), arrival.counts.get("predictions", 0)
        text = f"{new} picture{'' if new == 1 else 's'} came into the inbox from {encode_id(arrival.source)}"
        out.append(Event(arrival.at, "inbox", text + (f", {said} predictions" if said else "")))
    for picture in inbox.pictures("skipped", "rejected"):
        undo = f"advisor inbox restore {picture.sha256[:12]}"
        words, back = f"{picture.state}: {picture.name}", ("inbox", picture.sha256)
        out.append(Event(picture.decided, "inbox", words, picture.who, picture.why, undo, back))
    return out


def _decisions(workspace: Workspace) -> list[Event]:
    out = []
    for d in Decisions(workspace).all():
        about = f"{d.title} is {d.label}" if d.label else d.title
        undo = "" if d.undone else f"advisor decide undo {d.number}"
        back = () if d.undone else ("decision", str(d.number))
        out.append(Event(d.at, "decision", f"{d.kind}: {about}", d.who, d.why, undo, back))
        if d.undone:
            out.append(Event(d.undone, "decision", f"Taken back: {d.kind} of {about}"))
    return out


def _made(workspace: Workspace) -> list[Event]:
    out = [
        Event(v.created, "training", f"Version {v.number}: {v.document['text']}, on dataset version {v.dataset}")
        for v in Versions(workspace).all()
    ]
    by_moment: dict[tuple[str, int], int] = {}
    for advice in advice_given(workspace):
        by_moment[advice.at, advice.dataset] = by_moment.get((advice.at, advice.dataset), 0) + 1
    for (at, version), count in by_moment.items():
        pieces = "piece of advice" if count == 1 else "pieces of advice"
        out.append(Event(at, "advice", f"{count} {pieces} for dataset version {version}"))
    for report in Reports(workspace).all():
        out.append(Event(report.created, "report", f"Report of {report.week}"))
        if report.refreshed != report.created:
            out.append(Event(report.refreshed, "report", f"Report of {report.week}, refreshed"))
    shoots = Shoots(workspace)
    for plan in shoots.all():
        words = f"Shoot {plan.number} written down: {plan.title}" + (f". {plan.prediction}" if plan.prediction else "")
        out.append(Event(plan.at, "shoot", words, plan.by, plan.why))
    out += [Event(r.at, "shoot", f"Shoot {r.shoot} evaluated: {r.text}") for r in shoots.results().values()]
    for letter in Outbox(workspace).all():
        if letter.state in ("sent", "failed"):
            words = "sent" if letter.state == "sent" else f"refused: {letter.error}"
            out.append(Event(letter.at, "mail", f"Report of {letter.week} to {letter.recipient}: {words}"))
    return out
