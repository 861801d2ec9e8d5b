"""``advisor history``: everything that happened, newest first; ``advisor undo``: the last of it that can be undone."""

from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse

FIRST = 40


def run_history(*, workspace: Path, json: str | None) -> None:
    """Show the timeline."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.timeline import timeline

    events = [asdict(event) for event in timeline(kept)]
    headline = f"{len(events)} event{'' if len(events) == 1 else 's'}"
    rows = [
        {
            "At (UTC)": e["at"][:16].replace("T", " "),
            "What": e["kind"],
            "": shown(e["text"]),
            "Who": shown(e["who"]),
            "Why": shown(e["why"]),
            "Take back": e["undo"],
        }
        for e in events[:FIRST]
    ]
    out.say(Text(headline, style="bold"))
    if rows:
        out.say(table(rows, tuple(rows[0])))
    if len(events) > FIRST:
        out.say(f"and {len(events) - FIRST} earlier in --json")
    out.deliver({**case_head(case, headline), "events": events})


def run_label_trail(image: str, *, workspace: Path, json: str | None) -> None:
    """Show what a picture's label was."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.label_trail import label_trail

    trail = [asdict(step) for step in label_trail(kept, image)]
    headline = f"{image}: {trail[-1]['label'] or 'no label'}"
    rows = [
        {
            "At (UTC)": step["at"][:16].replace("T", " "),
            "Data": str(step["version"]),
            "Label": shown(step["label"] or "–"),
            "How": step["how"],
            "Who": shown(step["who"]),
            "Why": shown(step["why"]),
        }
        for step in trail
    ]
    out.say(Text(shown(headline), style="bold"), table(rows, tuple(rows[0])))
    out.deliver({**case_head(case, headline), "image": image, "labels": trail})


def run_undo(place: int, *, workspace: Path, json: str | None) -> None:
    """Take back the ``place``-th newest of what can be."""
    kept, _ = open_case(workspace)
    from tools.timeline import undoable

    there = undoable(kept)
    if place > len(there):
        raise WrongUse(
            expected="something to take back" if not there else f"a number from 1 to {len(there)}",
            seen="nothing" if not there else str(place),
            todo="See: advisor history.",
        )
    kind, *what = there[place - 1].takes_back
    if kind == "change":
        from app.history import Accepting
        from app.history import run_undo as undo_change

        undo_change(int(what[0]), Accepting(workspace, json))
    elif kind == "decision":
        from app.decide import run_undo as undo_decision

        undo_decision(int(what[0]), workspace=workspace, json=json)
    elif kind == "inbox":
        from app.inbox import run_decide

        run_decide(what, "waiting", "", None, workspace=workspace, json=json)
    else:
        from app.goal import run_undo as undo_goal

        undo_goal(workspace=workspace, json=json)
