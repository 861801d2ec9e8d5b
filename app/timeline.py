"""The ``advisor history`` command: everything that happened, newest first."""

from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal

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
