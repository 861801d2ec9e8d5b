"""When a report is due, one report a week whatever the clock does, and units for other schedulers."""

import ast
import json
import multiprocessing
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from app import schedule as schedules
from app.cli import REPORT_OVERDUE, app
from app.schedule import Schedule, WrongSchedule, keep, kept, once, parse, state
from app.units import NAMES, unit
from benchmarks.planting.vectors import vector_case
from tools.reports import Reports
from tools.workspace import Workspace

RUN = CliRunner()
PARIS = ZoneInfo("Europe/Paris")
MONDAY = Schedule(0, 7, 0, "Europe/Paris")
WORDS = ["advisor", "schedule", "--once", "--weekly", "mon 07:00", "--workspace", "/my place/100%", "--out", "/o'ut"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    kept_ = Workspace.open(tmp_path / "ws")
    case = vector_case({"cat": 60, "dog": 60}, separation=3, test_share=0.5)
    kept_.save_dataset(case.dataset, case.space)
    return kept_


def made(workspace: Workspace, week: str) -> Any:
    return lambda: Reports(workspace).keep(week, {"week": week})


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

    def make() -> None:
        calls.append("made")
        made(workspace, "2026-W48")()

    before, after = datetime(2026, 11, 23, 6, 59, tzinfo=PARIS), datetime(2026, 11, 23, 7, 0, tzinfo=PARIS)
    assert once(workspace, MONDAY, before, make).startswith("Not due before 2026-11-23T07:00")
    assert once(workspace, MONDAY, after, make) == "Made the report of 2026-W48"
    for moment in (after, after + timedelta(days=6), after - timedelta(hours=0.5)):  # also a clock put back
        once(workspace, MONDAY, moment, make)
    assert calls == ["made"]


def test_a_missed_week_is_not_made_up_for_and_the_current_one_is(workspace: Workspace) -> None:
    made(workspace, "2026-W46")()
    thursday = datetime(2026, 11, 26, 9, tzinfo=PARIS)
    once(workspace, MONDAY, thursday, made(workspace, "2026-W48"))
    assert [r.week for r in Reports(workspace).all()] == ["2026-W46", "2026-W48"]


def test_a_failure_leaves_the_week_open(workspace: Workspace) -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=PARIS)

    def broken() -> None:
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError):
        once(workspace, MONDAY, now, broken)
    assert once(workspace, MONDAY, now, made(workspace, "2026-W48")) == "Made the report of 2026-W48"


def hold(path: Path, ready: Any, done: Any) -> None:
    def wait() -> None:
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
        assert once(workspace, MONDAY, now, lambda: pytest.fail("made twice")).startswith("Another process")
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
