"""Ready units for other schedulers: systemd, cron, GitHub Actions, Airflow."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.schedule import DAYS, Schedule

NAMES = ("systemd", "cron", "github-actions", "airflow")


def unit(name: str, schedule: Schedule, words: Sequence[str], now: datetime) -> str:
    """The text of a unit.

    Parameters
    ----------
    name : str
        One of ``NAMES``.
    words : sequence of str
        The command.
    now : datetime
        Decides the shift to UTC for GitHub Actions, which knows no zones.
    """
    return {"systemd": _systemd, "cron": _cron, "github-actions": _github, "airflow": _airflow}[name](
        schedule, words, now
    )


def _systemd(schedule: Schedule, words: Sequence[str], now: datetime) -> str:
    day, time = DAYS[schedule.day].capitalize(), f"{schedule.hour:02d}:{schedule.minute:02d}:00"
    # systemd has quotes and per cent signs of its own.
    command = " ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"' for w in words)
    return f"""# ~/.config/systemd/user/advisor-report.service
[Unit]
Description=Weekly image-model report

[Service]
Type=oneshot
ExecStart=/usr/bin/env {command}

# ~/.config/systemd/user/advisor-report.timer; then: systemctl --user enable --now advisor-report.timer
[Unit]
Description=Weekly image-model report

[Timer]
OnCalendar={day} {time} {schedule.timezone}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _cron(schedule: Schedule, words: Sequence[str], now: datetime) -> str:
    command = shlex.join(words).replace("%", "\\%")  # a bare per cent sign ends a line of cron
    day = (schedule.day + 1) % 7
    return f"""# crontab -e; a machine that is off at that time makes no report before the next run
CRON_TZ={schedule.timezone}
{schedule.minute} {schedule.hour} * * {day} {command}
"""


def _github(schedule: Schedule, words: Sequence[str], now: datetime) -> str:
    moment = schedule.due(now).astimezone(UTC)
    day = (moment.weekday() + 1) % 7
    shift = "the same all year" if _fixed(schedule, now) else "an hour off for half of the year: it knows no time zones"
    return f"""# .github/workflows/advisor-report.yml
# {schedule.text} as UTC, {shift}.
# Give the run its workspace and pictures: a self-hosted runner that keeps them, or steps that fetch them.
name: advisor-report
on:
  schedule:
    - cron: "{moment.minute} {moment.hour} * * {day}"
  workflow_dispatch:
jobs:
  report:
    runs-on: self-hosted
    steps:
      - name: report
        run: |
          {shlex.join(words)}
      - uses: actions/upload-artifact@v4
        with:
          name: report
          path: {_yaml(words[words.index("--out") + 1])}
"""


def _yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _fixed(schedule: Schedule, now: datetime) -> bool:
    zone, year = ZoneInfo(schedule.timezone), now.year
    return datetime(year, 1, 1, tzinfo=zone).utcoffset() == datetime(year, 7, 1, tzinfo=zone).utcoffset()


def _airflow(schedule: Schedule, words: Sequence[str], now: datetime) -> str:
    day = (schedule.day + 1) % 7
    return f'''"""Weekly image-model report; put this into the DAGs folder."""

import pendulum
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG(
    "advisor_report",
    schedule="{schedule.minute} {schedule.hour} * * {day}",
    start_date=pendulum.datetime({now.year}, 1, 1, tz={schedule.timezone!r}),
    catchup=False,
    max_active_runs=1,
):
    BashOperator(task_id="report", bash_command={shlex.join(words)!r})
'''
