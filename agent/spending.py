"""What the language model has cost, month by month, kept in the workspace as soon as each call has ended."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.context import ModelSettings
from tools.workspace import Workspace

SPENDING = "language model spending"


@dataclass(frozen=True)
class Spent:
    """One month.

    Attributes
    ----------
    calls, sent, received : int
    price : float
        At the rates of the time of each call.
    """

    calls: int = 0
    sent: int = 0
    received: int = 0
    price: float = 0.0


def this_month() -> str:
    """``2026-03``, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m")


def spent(workspace: Workspace, month: str | None = None) -> Spent:
    """What a month has cost so far."""
    found = (workspace.choice(SPENDING) or {}).get(month or this_month())
    return Spent(**found) if found else Spent()


def note_call(workspace: Workspace, settings: ModelSettings, sent: int, received: int) -> None:
    """Add one call; two processes that do so at once both count."""
    month = this_month()
    with workspace.database.writing() as db:
        row = db.execute("SELECT value FROM choices WHERE name = ?", (SPENDING,)).fetchone()
        known = json.loads(row[0]) if row else {}
        before = Spent(**known.get(month, {}))
        price = round(before.price + settings.price(sent, received), 8)
        known[month] = vars(Spent(before.calls + 1, before.sent + sent, before.received + received, price))
        db.execute("INSERT OR REPLACE INTO choices VALUES (?,?)", (SPENDING, json.dumps(known)))


def over_cap(workspace: Workspace, settings: ModelSettings) -> bool:
    """Whether this month has cost as much as it may."""
    return bool(settings.monthly_cap) and spent(workspace).price >= settings.monthly_cap
