"""Declarations of ``advisor report``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace


class Format(StrEnum):
    """Formats of ``app.report.files``."""

    HTML = "html"
    MARKDOWN = "md"
    PDF = "pdf"
    JSON = "json"


def report(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files.")] = Path("reports"),
    week: Annotated[
        str | None, typer.Option("--week", metavar="WEEK", help="Write a kept report again, as 2026-W47.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DAY|WEEK|VERSION",
            help="Compare with this instead of the last report: 2026-10-01, 2026-W40, or a version of the data.",
        ),
    ] = None,
    formats: Annotated[
        list[Format] | None, typer.Option("--format", help="Only these formats; all when left out.")
    ] = None,
    tries: Annotated[
        int, typer.Option("--try", metavar="N", min=0, help="How many recommended changes to try out.")
    ] = 5,
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Thumbnails inside the files.")] = True,
    list_: Annotated[bool, typer.Option("--list", help="Only list the reports that are kept.")] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Write this week's report: what changed since the last one, whether it is more than noise, what to do next.

    One report a week: a second run in the same week refreshes it. Everything stands in one file per format, pictures
    included; nothing is fetched when it is read. The folder of `advisor inbox watch DIR --remember` is looked into
    first, and the report says what came.

    Examples:

      advisor report
      advisor report --out /mnt/reports --format html --format pdf
      advisor report --week 2026-W47 --no-pictures
      advisor report --since 2026-10-01
      advisor report --since 3
    """
    from app.weekly import run_list, run_report

    if list_:
        run_list(workspace=workspace, json=json)
        return
    run_report(
        out, week=week, since=since, formats=[f.value for f in formats or ()], tries=tries, pictures=pictures,
        workspace=workspace, json=json,
    )  # fmt: skip


def backtest(
    dates: Annotated[
        str | None,
        typer.Option("--dates", metavar="COLUMN", help="Metadata column with dates, year first; EXIF's when left out."),
    ] = None,
    tries: Annotated[int, typer.Option("--try", metavar="N", min=0, help="Changes tried at each moment.")] = 5,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Replay history: audit the data as they were at earlier moments, and hold the advice against what came later.

    Moments come from the dates of the pictures, else from the versions of the data. The track record of the replay
    stands in every report from then on, so that the advice can be judged before any of it was followed on purpose.

    Examples:

      advisor backtest
      advisor backtest --dates photographed --try 3
    """
    from app.ledger import run_back_test

    run_back_test(dates, tries=tries, group=group, seed=seed, workspace=workspace, json=json)


class Unit(StrEnum):
    """Schedulers of ``app.units``."""

    SYSTEMD = "systemd"
    CRON = "cron"
    GITHUB_ACTIONS = "github-actions"
    AIRFLOW = "airflow"


def schedule(
    weekly: Annotated[
        str | None, typer.Option("--weekly", metavar="'DAY HH:MM'", help="As 'mon 07:00'; the one that is kept else.")
    ] = None,
    timezone: Annotated[str, typer.Option("--timezone", metavar="ZONE", help="As Europe/Paris.")] = "UTC",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files.")] = Path("reports"),
    once: Annotated[
        bool, typer.Option("--once", help="Make the report if it is due and not there, and end: for other schedulers.")
    ] = False,
    print_: Annotated[
        Unit | None, typer.Option("--print", help="Only print a ready unit for another scheduler.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget the schedule.")] = False,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Make the report every week, here in the foreground until Ctrl-C, or by another scheduler.

    One report a week, whatever the clock, missed weeks or a second scheduler do; the last report that fell due while
    nothing ran is made at once, marked as late if that was last week's. `advisor status` ends with 5 while a report is
    overdue.

    Examples:

      advisor schedule --weekly "mon 07:00" --timezone Europe/Paris --out /mnt/reports
      advisor schedule --weekly "mon 07:00" --print systemd
    """
    from app.scheduled import run_schedule

    run_schedule(
        weekly, timezone, out, once_only=once, unit=None if print_ is None else print_.value, clear=clear,
        workspace=workspace, json=json,
    )  # fmt: skip
