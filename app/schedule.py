"""When the weekly report is due, and the loop that makes it: one report a week whatever the clock does.

What keeps it to one is the reports' own table, a row per ISO week, not the scheduler: so nothing of the scheduler is
stored (APScheduler's stores hold pickles, which run code when they are read: docs/decisions/0016), two of them do no
harm, and one that was down makes up for the current week when it starts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tools.errors import AdvisorError, WorkspaceDamaged
from tools.reports import Reports, monday_of, week_of
from tools.store import writer
from tools.workspace import Workspace

SCHEDULE = "schedule"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
POST_EVERY = 15
"""Minutes between attempts to send what a server did not take."""
TIME = re.compile(r"([a-z]{3}) +(\d{1,2}):(\d{2})", re.IGNORECASE)


class WrongSchedule(AdvisorError):
    """A time of the week that is none."""


@dataclass(frozen=True)
class Schedule:
    """A time of the week.

    Attributes
    ----------
    day : int
        0 = Monday.
    hour, minute : int
    timezone : str
        IANA name.
    """

    day: int
    hour: int
    minute: int
    timezone: str

    @property
    def text(self) -> str:
        """As ``parse`` reads it, with its zone."""
        return f"{DAYS[self.day]} {self.hour:02d}:{self.minute:02d} {self.timezone}"

    def due(self, now: datetime) -> datetime:
        """When this week's report is due, in the schedule's zone.

        A time that a clock change skips is reached an hour later, as the wall clock is.
        """
        here = now.astimezone(ZoneInfo(self.timezone))
        day = monday_of(week_of(here)) + timedelta(days=self.day)
        return datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=ZoneInfo(self.timezone))


def parse(text: str, timezone: str) -> Schedule:
    """A schedule from ``mon 07:00`` and a zone.

    Raises
    ------
    WrongSchedule

    Examples
    --------
    >>> parse("Mon 7:05", "Europe/Paris").text
    'mon 07:05 Europe/Paris'
    """
    found = TIME.fullmatch(text.strip())
    day, hour, minute = (found[1].lower(), int(found[2]), int(found[3])) if found else ("", 0, 0)
    if day not in DAYS or hour > 23 or minute > 59:
        raise WrongSchedule(
            expected="a day and time as: mon 07:00", seen=text, todo=f"Days are {', '.join(DAYS)}; hours 00 to 23."
        )
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongSchedule(
            expected="a time zone as Europe/Paris or UTC", seen=timezone, todo="Use a name of the IANA time zones."
        ) from None
    return Schedule(DAYS.index(day), hour, minute, timezone)


def keep(workspace: Workspace, schedule: Schedule | None) -> None:
    """Remember a schedule, so that ``advisor status`` can tell when a report is overdue."""
    workspace.choose(SCHEDULE, None if schedule is None else vars(schedule))


def kept(workspace: Workspace) -> Schedule | None:
    """The schedule of a workspace; None if there is none."""
    found = workspace.choice(SCHEDULE)
    return None if not found else Schedule(**found)


def state(workspace: Workspace, now: datetime) -> dict[str, Any] | None:
    """Whether this week's report is due, there or overdue; None without a schedule."""
    schedule = kept(workspace)
    if schedule is None:
        return None
    due = schedule.due(now)
    there = any(r.week == week_of(due) for r in Reports(workspace).all())
    return {
        "schedule": schedule.text,
        "week": week_of(due),
        "due": due.isoformat(),
        "there": there,
        "overdue": now >= due and not there,
    }


def once(workspace: Workspace, schedule: Schedule, now: datetime, make: Callable[[], None]) -> str:
    """Make this week's report if it is due, nobody has made it, and nobody is at it.

    Returns
    -------
    str
        What was done, in words.
    """
    due = schedule.due(now)
    if now < due:
        return f"Not due before {due.isoformat(timespec='minutes')}"
    try:
        with writer(workspace.path / "report.lock", wait=0.0):
            if any(r.week == week_of(due) for r in Reports(workspace).all()):
                return f"The report of {week_of(due)} is there already"
            make()
            return f"Made the report of {week_of(due)}"
    except WorkspaceDamaged as fault:
        if "another process" in fault.seen:
            return f"Another process is making the report of {week_of(due)}"
        raise


def loop(schedule: Schedule, tick: Callable[[], None], post: Callable[[], None]) -> None:
    """Make up for what is due, then wait for the time of the week, until stopped; between, post what waits."""
    from apscheduler.schedulers.blocking import BlockingScheduler
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    tick()
    scheduler = BlockingScheduler(timezone=schedule.timezone)
    trigger = CronTrigger(
        day_of_week=schedule.day, hour=schedule.hour, minute=schedule.minute, timezone=schedule.timezone
    )
    # A job that comes late (a laptop that slept) runs once, instead of being dropped silently after a second.
    scheduler.add_job(tick, trigger, misfire_grace_time=None, coalesce=True, max_instances=1)
    scheduler.add_job(
        post, IntervalTrigger(minutes=POST_EVERY), misfire_grace_time=None, coalesce=True, max_instances=1
    )
    try:
        scheduler.start()
    except (KeyboardInterrupt, SystemExit):
        scheduler.shutdown(wait=False)


def command(workspace: Path, out: Path, schedule: Schedule) -> list[str]:
    """What another scheduler is to run."""
    time = f"{DAYS[schedule.day]} {schedule.hour:02d}:{schedule.minute:02d}"
    return [
        "advisor", "schedule", "--once", "--weekly", time, "--timezone", schedule.timezone,
        "--workspace", str(workspace.resolve()), "--out", str(out.resolve()),
    ]  # fmt: skip
