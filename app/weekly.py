"""The ``advisor report`` command: this week's report made, kept and written."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.text import Text

from app import schedule
from app.commands import open_case
from app.escaping import shown
from app.inbox_watching import arrive, production_sections
from app.kept_audit import keep_audit
from app.printing import case_lines, table
from app.terminal import Terminal, WrongUse


def run_report(
    folder: Path,
    *,
    week: str | None,
    since: str | None,
    formats: Sequence[str],
    tries: int,
    pictures: bool,
    workspace: Path,
    json: str | None,
    due: datetime | None = None,
) -> None:
    """Make this week's report, or that which was due at a moment, or take a kept one, and write its files."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from agent.weekly import weekly_report
    from app.report.files import FORMATS, write_report
    from app.report.first_page import due_words
    from tools.reports import Reports, monday_of, week_of

    chosen = schedule.kept(kept)
    now = datetime.now().astimezone(None if chosen is None else ZoneInfo(chosen.timezone))
    this = week_of(now if due is None else due)
    if week is not None:
        monday_of(week)
    if week is None or week == this or since is not None:
        if week not in (None, this):
            raise WrongUse(
                expected="--since for this week's report", seen=f"--week {week}", todo="Leave one of the two out."
            )
        came = arrive(out, kept, workspace)
        with out.steps() as steps:
            extra = production_sections(kept, case, this, came, steps)
            following = None if chosen is None else chosen.due(due or now, 1).isoformat(timespec="minutes")
            late = None if due is None or this == week_of(now) else due.isoformat(timespec="minutes")
            report = weekly_report(
                kept, case, now, week=this, late=late, since=since, next_due=following, tries=tries, extra=extra,
                keep=partial(keep_audit, kept, case), on_step=steps,
            )  # fmt: skip
    else:
        report = Reports(kept).get(week)
    written, missing = write_report(report.document, case, folder, formats or FORMATS, pictures=pictures)
    out.say(Text(f"Week {report.week}", style="bold"), Text(shown(report.document["headline"])))
    out.say(*case_lines({**report.document, "dataset": None}))
    for name, path in written.items():
        out.say(f"{name.upper()}: {shown(path)}")
    for name, reason in missing.items():
        out.say(f"{name.upper()} not written: {shown(reason)}")
    out.say(due_words(report.document))
    files = {name: str(path) for name, path in written.items()}
    out.deliver({**report.document, "files": files, "not_written": missing})


def run_list(*, workspace: Path, json: str | None) -> None:
    """List kept reports, newest first."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.reports import Reports

    found = [
        {"week": r.week, "created": r.created, "refreshed": r.refreshed, "headline": r.document["headline"]}
        for r in reversed(Reports(kept).all())
    ]
    headline = f"{len(found)} report{'' if len(found) == 1 else 's'}" if found else "No report was made yet"
    out.say(Text(headline, style="bold"))
    if found:
        rows = [{"Week": r["week"], "Refreshed": r["refreshed"][:16], "": shown(r["headline"])} for r in found]
        out.say(table(rows, tuple(rows[0])))
    out.deliver({**case_head(case, headline), "reports": found})
