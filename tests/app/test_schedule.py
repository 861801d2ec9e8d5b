"""When a report is due, one report a week whatever the clock does, and units for other schedulers."""

import ast
import json
import multiprocessing
import shlex
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from app import schedule as schedules
from app import scheduled, weekly
from app.cli import REPORT_OVERDUE, app
from app.schedule import Schedule, WrongSchedule, keep, kept, once, parse, state
from app.units import NAMES, unit
from benchmarks.planting.vectors import vector_case
from tools.reports import Reports, week_of
from tools.workspace import Workspace

RUN = CliRunner()
PARIS = ZoneInfo("Europe/Paris")
WEEK = timedelta(weeks=1)
MONDAY = Schedule(0, 7, 0, "Europe/Paris")
WORDS = ["advisor", "schedule", "--once", "--weekly", "mon 07:00", "--workspace", "/my place/100%", "--out", "/o'ut"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    kept_ = Workspace.open(tmp_path / "ws")
    case = vector_case({"cat": 60, "dog": 60}, separation=3, test_share=0.5)
    kept_.save_dataset(case.dataset, case.space)
    return kept_


def made(workspace: Workspace, week: str) -> Any:
    return lambda due=None: Reports(workspace).keep(week, {"week": week})


def test_due_is_a_wall_clock_time_also_where_clocks_change() -> None:
    sunday = Schedule(6, 2, 30, "Europe/Paris")
    assert MONDAY.due(datetime(2026, 10, 28, tzinfo=PARIS)).isoformat() == "2026-10-26T07:00:00+01:00"
    assert MONDAY.due(datetime(2026, 10, 21, tzinfo=PARIS)).isoformat() == "2026-10-19T07:00:00+02:00"
    skipped = sunday.due(datetime(2026, 3, 29, 12, tzinfo=PARIS))  # 02:30 does not exist on that day
    assert (
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC) <= skipped.astimezone(UTC) <= datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    )


def test_the_week_is_the_schedules_own_not_the_machines() -> None:
    late = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)  # Monday already in Paris
    assert MONDAY.due(late).date().isoformat() == "2026-11-30"


@pytest.mark.parametrize("text", ["monday 07:00", "mon 24:00", "mon 07:60", "07:00", "mon 7", ""])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(WrongSchedule, match="mon 07:00"):
        parse(text, "UTC")


@pytest.mark.parametrize("zone", ["Paris", "", "../etc", "/etc/localtime"])
def test_zones_that_are_none(zone: str) -> None:
    with pytest.raises(WrongSchedule, match="time zone"):
        parse("mon 07:00", zone)


def test_before_its_time_nothing_is_made_and_after_it_once(workspace: Workspace) -> None:
    calls: list[str] = []

    def make(due: datetime) -> None:
        calls.append("made")
        made(workspace, "2026-W48")()

    before, after = datetime(2026, 11, 23, 6, 59, tzinfo=PARIS), datetime(2026, 11, 23, 7, 0, tzinfo=PARIS)
    assert once(workspace, MONDAY, before, make).startswith("Not due before 2026-11-23T07:00")
    assert once(workspace, MONDAY, after, make) == "Made the report of 2026-W48"
    for moment in (after, after + timedelta(days=6), after - timedelta(hours=0.5)):  # also a clock put back
        once(workspace, MONDAY, moment, make)
    assert calls == ["made"]


FRIDAY = Schedule(4, 17, 0, "Europe/Paris")


def kept_make(workspace: Workspace, calls: list[str]) -> Any:
    def make(due: datetime) -> None:
        calls.append(due.isoformat())
        made(workspace, week_of(due))()

    return make


@pytest.mark.parametrize("change", [date(2026, 3, 27), date(2026, 10, 23), date(2026, 11, 27)])
def test_a_report_missed_on_friday_is_made_on_monday_once(workspace: Workspace, change: date) -> None:
    """Also where the clocks change on the Sunday between: forward on 29 March, back on 25 October."""
    friday = datetime(change.year, change.month, change.day, 17, tzinfo=PARIS)
    week, monday = week_of(friday), friday.replace(hour=9) + timedelta(days=3)
    calls: list[str] = []
    make = kept_make(workspace, calls)
    keep(workspace, FRIDAY, friday - timedelta(days=9))
    assert once(workspace, FRIDAY, friday - timedelta(days=7), make) == f"Made the report of {week_of(friday - WEEK)}"
    late = state(workspace, monday)
    assert late is not None
    assert (late["week"], late["overdue"], late["due"]) == (week, True, friday.isoformat())
    assert once(workspace, FRIDAY, monday, make) == f"Made the report of {week}, which was missed"
    for moment in (monday, monday + timedelta(days=1), monday - timedelta(hours=2)):
        assert once(workspace, FRIDAY, moment, make).startswith("Not due before")
    assert not (state(workspace, monday) or {})["overdue"]
    assert once(workspace, FRIDAY, friday + WEEK, make) == f"Made the report of {week_of(friday + WEEK)}"
    assert calls == [(friday + n * WEEK).isoformat() for n in (-1, 0, 1)]


def test_of_several_missed_weeks_one_is_made(workspace: Workspace) -> None:
    calls: list[str] = []
    keep(workspace, FRIDAY, datetime(2026, 9, 1, tzinfo=PARIS))
    monday = datetime(2026, 11, 30, 9, tzinfo=PARIS)
    for _ in range(3):
        once(workspace, FRIDAY, monday, kept_make(workspace, calls))
    assert [r.week for r in Reports(workspace).all()] == ["2026-W48"]


def test_a_report_made_by_hand_afterwards_stands_for_the_missed_one(workspace: Workspace) -> None:
    keep(workspace, FRIDAY, datetime(2026, 9, 1, tzinfo=PARIS))
    monday = datetime(2026, 11, 30, 9, tzinfo=PARIS)
    made(workspace, "2026-W49")()
    assert not (state(workspace, monday) or {})["overdue"]
    assert once(workspace, FRIDAY, monday, made(workspace, "2026-W48")).startswith("Not due before 2026-12-04T17:00")


def test_a_new_schedule_owes_nothing_and_a_changed_one_what_it_owed(workspace: Workspace) -> None:
    monday = datetime(2026, 11, 30, 9, tzinfo=PARIS)
    keep(workspace, FRIDAY, monday)
    assert not (state(workspace, monday) or {})["overdue"]
    keep(workspace, None)
    keep(workspace, FRIDAY, monday - WEEK)
    keep(workspace, Schedule(3, 17, 0, "Europe/Paris"), monday)
    assert (state(workspace, monday) or {})["overdue"]


def test_a_missed_report_is_left_to_the_next_when_that_is_near(workspace: Workspace) -> None:
    keep(workspace, MONDAY, datetime(2026, 9, 1, tzinfo=PARIS))
    calls: list[str] = []
    make = kept_make(workspace, calls)
    early = datetime(2026, 11, 30, 6, tzinfo=PARIS)
    assert once(workspace, MONDAY, early, make).startswith(
        "Not due before 2026-11-30T07:00+01:00: the report of 2026-W"
    )
    assert (state(workspace, early) or {})["overdue"]
    once(workspace, MONDAY, early + timedelta(hours=1), make)
    assert calls == ["2026-11-30T07:00:00+01:00"]


def test_an_hour_that_comes_twice_is_reached_once(workspace: Workspace) -> None:
    sunday = Schedule(6, 2, 30, "Europe/Paris")
    keep(workspace, sunday, datetime(2026, 10, 20, tzinfo=PARIS))
    again = datetime(2026, 10, 25, 2, 10, tzinfo=PARIS, fold=1)  # forty minutes after the first half past two
    assert once(workspace, sunday, again, made(workspace, "2026-W43")) == "Made the report of 2026-W43"


def test_a_missed_week_is_not_made_up_for_and_the_current_one_is(workspace: Workspace) -> None:
    made(workspace, "2026-W46")()
    thursday = datetime(2026, 11, 26, 9, tzinfo=PARIS)
    once(workspace, MONDAY, thursday, made(workspace, "2026-W48"))
    assert [r.week for r in Reports(workspace).all()] == ["2026-W46", "2026-W48"]


def test_a_failure_leaves_the_week_open(workspace: Workspace) -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=PARIS)

    def broken(due: datetime) -> None:
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError):
        once(workspace, MONDAY, now, broken)
    assert once(workspace, MONDAY, now, made(workspace, "2026-W48")) == "Made the report of 2026-W48"


def hold(path: Path, ready: Any, done: Any) -> None:
    def wait(due: datetime) -> None:
        ready.set()
        done.wait(20)

    once(Workspace.open(path), MONDAY, datetime(2026, 11, 26, 9, tzinfo=PARIS), wait)


def test_two_schedulers_make_one_report(workspace: Workspace) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(workspace.path, ready, done))
    other.start()
    try:
        assert ready.wait(30)
        now = datetime(2026, 11, 26, 9, tzinfo=PARIS)
        assert once(workspace, MONDAY, now, lambda due: pytest.fail("made twice")).startswith("Another process")
    finally:
        done.set()
        other.join(20)


def test_status_says_what_is_due(workspace: Workspace) -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=PARIS)
    assert state(workspace, now) is None
    keep(workspace, MONDAY)
    assert kept(workspace) == MONDAY
    found = state(workspace, now)
    assert found is not None
    assert (found["week"], found["overdue"], found["there"]) == ("2026-W48", True, False)
    assert not (state(workspace, datetime(2026, 11, 23, 6, tzinfo=PARIS)) or {})["overdue"]
    made(workspace, "2026-W48")()
    assert not (state(workspace, now) or {})["overdue"]


def test_the_commands(workspace: Workspace, tmp_path: Path) -> None:
    place = ["--workspace", str(workspace.path)]
    done = RUN.invoke(app, ["schedule", "--weekly", "mon 00:00", "--once", "--out", str(tmp_path / "r"), *place])
    assert done.exit_code == 0, done.output
    assert "Made the report of" in done.output
    assert len(list((tmp_path / "r").iterdir())) >= 3
    again = RUN.invoke(app, ["schedule", "--once", "--out", str(tmp_path / "r"), *place])
    assert "is there already" in again.output
    assert RUN.invoke(app, ["status", *place]).exit_code == 0
    with workspace.database.writing() as db:
        db.execute("DELETE FROM reports")
    overdue = RUN.invoke(app, ["status", "--json", "-", *place])
    assert overdue.exit_code == REPORT_OVERDUE
    assert json.loads(overdue.stdout)["report"]["overdue"]
    assert RUN.invoke(app, ["schedule", "--clear", *place]).exit_code == 0
    assert RUN.invoke(app, ["status", *place]).exit_code == 0


def test_a_late_report_says_so_and_is_of_the_week_it_was_due_in(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Monday(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2026, 11, 30, 9, tzinfo=PARIS).astimezone(tz)

    for module in (scheduled, weekly):
        monkeypatch.setattr(module, "datetime", Monday)
    keep(workspace, FRIDAY, datetime(2026, 9, 1, tzinfo=PARIS))
    done = RUN.invoke(app, ["schedule", "--once", "--out", str(tmp_path / "r"), "--workspace", str(workspace.path)])
    assert "Made the report of 2026-W48, which was missed" in " ".join(done.output.split()), done.output
    (report,) = Reports(workspace).all()
    assert (report.week, report.document["late"]) == ("2026-W48", "2026-11-27T17:00+01:00")
    assert report.document["next_due"] == "2026-12-04T17:00+01:00"
    assert "Made late: it was due 2026-11-27 17:00" in (tmp_path / "r" / "report-2026-W48.html").read_text("utf-8")


def test_the_loop_makes_up_for_what_is_due_and_late_jobs_are_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    from apscheduler.schedulers.blocking import BlockingScheduler

    ticks: list[str] = []
    seen: dict[str, Any] = {}
    monkeypatch.setattr(BlockingScheduler, "start", lambda self: seen.update(job=self.get_jobs()[0]))
    schedules.loop(MONDAY, lambda: ticks.append("tick"), lambda: None)
    assert ticks == ["tick"]
    job = seen["job"]
    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)
    after = job.trigger.get_next_fire_time(None, datetime(2026, 11, 24, tzinfo=PARIS))
    assert after.isoformat() == "2026-11-30T07:00:00+01:00"


@pytest.mark.parametrize("name", NAMES)
def test_units_hold_the_whole_command(name: str) -> None:
    text = unit(name, MONDAY, WORDS, datetime(2026, 11, 26, tzinfo=PARIS))
    if name == "systemd":
        line = next(part for part in text.splitlines() if part.startswith("ExecStart="))
        assert shlex.split(line.removeprefix("ExecStart=/usr/bin/env ").replace("%%", "%")) == WORDS
        assert "OnCalendar=Mon 07:00:00 Europe/Paris" in text
        assert "Persistent=true" in text
    elif name == "cron":
        line = text.splitlines()[-1]
        assert line.startswith("0 7 * * 1 ")
        assert shlex.split(line.split(" ", 5)[5].replace("\\%", "%")) == WORDS
        assert "CRON_TZ=Europe/Paris" in text
    elif name == "github-actions":
        import yaml

        found = yaml.safe_load(text)
        assert found[True]["schedule"] == [{"cron": "0 6 * * 1"}]
        assert shlex.split(found["jobs"]["report"]["steps"][0]["run"]) == WORDS
        assert found["jobs"]["report"]["steps"][1]["with"]["path"] == "/o'ut"
    else:
        calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
        (command,) = [k.value for c in calls for k in c.keywords if k.arg == "bash_command"]
        assert shlex.split(ast.literal_eval(command)) == WORDS
        assert 'schedule="0 7 * * 1"' in text


def test_sunday_is_nought_to_cron() -> None:
    text = unit("cron", Schedule(6, 7, 0, "UTC"), WORDS, datetime(2026, 11, 26, tzinfo=UTC))
    assert text.splitlines()[-1].startswith("0 7 * * 0 ")
