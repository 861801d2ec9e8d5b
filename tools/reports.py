"""Weekly reports as they are kept: one a week, refreshed within it."""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tools import records
from tools.errors import AdvisorError, UnknownName
from tools.workspace import Workspace

LAYOUT = records.REPORTS_SINCE
WEEK = re.compile(r"(\d{4})-W(\d{2})")


class WrongWeek(AdvisorError):
    """A text that names no week of the calendar."""


@dataclass(frozen=True)
class Report:
    """One week's report.

    Attributes
    ----------
    week : str
        ISO 8601, as ``2026-W48``.
    created, refreshed : str
        When it was first and last written; UTC, ISO 8601.
    document : mapping
        Plain JSON.
    """

    week: str
    created: str
    refreshed: str
    document: Mapping[str, Any]


def week_of(moment: datetime) -> str:
    """The ISO week a moment lies in, by its own time zone.

    >>> week_of(datetime(2027, 1, 1)), week_of(datetime(2026, 11, 26))
    ('2026-W53', '2026-W48')
    """
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> date:
    """The first day of a week.

    Raises
    ------
    WrongWeek

    Examples
    --------
    >>> monday_of("2026-W48").isoformat()
    '2026-11-23'
    """
    found = WEEK.fullmatch(week)
    try:
        if found is None:
            raise ValueError(week)
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise WrongWeek(expected="a week as 2026-W48", seen=week, todo="Write year-Wweek, two digits.") from None


def week_after(week: str) -> str:
    """The week after one.

    >>> week_after("2026-W53")
    '2027-W01'
    """
    monday = monday_of(week) + timedelta(days=7)
    return week_of(datetime(monday.year, monday.month, monday.day))


class Reports:
    """The reports of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> tuple[Report, ...]:
        """Every report, oldest week first."""

        def look(db: sqlite3.Connection) -> tuple[Report, ...]:
            rows = db.execute("SELECT week, created, refreshed, document FROM reports ORDER BY week")
            return tuple(Report(week, made, again, json.loads(text)) for week, made, again, text in rows)

        return self._workspace.database.read(look, layout=LAYOUT) or ()

    def get(self, week: str) -> Report:
        """One week's.

        Raises
        ------
        UnknownName
        """
        there = self.all()
        found = next((r for r in there if r.week == week), None)
        if found is None:
            weeks = ", ".join(r.week for r in there) or "there is none yet"
            raise UnknownName(expected=f"a week with a report ({weeks})", seen=week, todo="Run: advisor report.")
        return found

    def before(self, week: str) -> Report | None:
        """The newest report of an earlier week."""
        earlier = [r for r in self.all() if r.week < week]
        return earlier[-1] if earlier else None

    def keep(self, week: str, document: Mapping[str, Any]) -> Report:
        """Write a week's report, or refresh it; its week has one row whatever happens."""
        at, text = records.now(), json.dumps(document, allow_nan=False)
        with self._workspace.database.writing() as db:
            db.execute(
                "INSERT INTO reports VALUES (?,?,?,?) "
                "ON CONFLICT (week) DO UPDATE SET refreshed = excluded.refreshed, document = excluded.document",
                (week, at, at, text),
            )
        return self.get(week)
