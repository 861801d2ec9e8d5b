"""When the weekly report is due, and the loop that makes it: one report a week whatever the clock does.

What keeps it to one is the reports' own table, a row per ISO week, not the scheduler: so nothing of the scheduler is
stored (APScheduler's stores hold pickles, which run code when they are read: docs/decisions/0016), two of them do no
harm, and one that was down makes up for the last report that fell due when it starts, also if that was last week's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tools.errors import AdvisorError, WorkspaceDamaged
from tools.reports import Reports, monday_of, week_of
from tools.store import writer
from tools.workspace import Workspace

SCHEDULE, SINCE = "schedule", "since"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
POST_EVERY = 15
"""Minutes between attempts to send what a server did not take."""
NEAR = timedelta(days=1)
"""So soon before the next report is due, a missed one is left to it."""
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

    def due(self, now: datetime, weeks: int = 0) -> datetime:
        """When the report of this week, or of one so many weeks later, is due, in the schedule's zone.

        A time that a clock change skips is reached an hour later, as the wall clock is.
        """
        here = now.astimezone(ZoneInfo(self.timezone))
        day = monday_of(week_of(here)) + timedelta(days=self.day, weeks=weeks)
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


def keep(workspace: Workspace, schedule: Schedule | None, now: datetime | None = None) -> None:
    """Remember a schedule, and since when there is one, so that ``advisor status`` can tell what is overdue."""
    if schedule is None:
        workspace.choose(SCHEDULE, None)
        return
    since = (workspace.choice(SCHEDULE) or {}).get(SINCE) or (now or datetime.now(UTC)).isoformat()
    workspace.choose(SCHEDULE, {**vars(schedule), SINCE: since})


def kept(workspace: Workspace) -> Schedule | None:
    """The schedule of a workspace; None if there is none."""
    found = workspace.choice(SCHEDULE)
    return None if not found else Schedule(**{name: value for name, value in found.items() if name != SINCE})


def current(workspace: Workspace, schedule: Schedule, now: datetime) -> tuple[datetime, bool]:
    """When the report that counts now is, or was, due, and whether it is there.

    It is this week's, but before that is due, last week's if that was missed: if it fell due while there was a
    schedule, and neither that week nor a later one has a report.
    """
    due, weeks = schedule.due(now), [r.week for r in Reports(workspace).all()]
    if not _reached(now, due):
        before = schedule.due(now, -1)
        since = (workspace.choice(SCHEDULE) or {}).get(SINCE)
        asked = since is not None and _reached(before, datetime.fromisoformat(since))
        if asked and not any(week >= week_of(before) for week in weeks):
            return before, False
    return due, week_of(due) in weeks


def _reached(now: datetime, then: datetime) -> bool:
    """Whether a moment has come; by UTC, since times of one zone compare by their wall clock, which an hour repeats."""
    return now.astimezone(UTC) >= then.astimezone(UTC)


def state(workspace: Workspace, now: datetime) -> dict[str, Any] | None:
    """Whether the report that counts now is due, there or overdue; None without a schedule."""
    schedule = kept(workspace)
    if schedule is None:
        return None
    due, there = current(workspace, schedule, now)
    return {
        "schedule": schedule.text,
        "week": week_of(due),
        "due": due.isoformat(),
        "there": there,
        "overdue": _reached(now, due) and not there,
    }


def once(workspace: Workspace, schedule: Schedule, now: datetime, make: Callable[[datetime], None]) -> str:
    """Make the report that counts now if it is due, nobody has made it, and nobody is at it.

    Parameters
    ----------
    make : callable
        Makes the report that was due at the moment it is given.

    Returns
    -------
    str
        What was done, in words.
    """
    due, there = current(workspace, schedule, now)
    if not _reached(now, due):
        return f"Not due before {due.isoformat(timespec='minutes')}"
    following = schedule.due(now)
    late = week_of(due) != week_of(following)
    if late and not there and _reached(now + NEAR, following):
        words = f"the report of {week_of(due)} was missed, and this one tells what changed since the last there is"
        return f"Not due before {following.isoformat(timespec='minutes')}: {words}"
    try:
        with writer(workspace.path / "report.lock", wait=0.0):
            if current(workspace, schedule, now) != (due, False):
                return f"The report of {week_of(due)} is there already"
            make(due)
            return f"Made the report of {week_of(due)}" + (", which was missed" if late else "")
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
