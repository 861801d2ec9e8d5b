"""The ``advisor schedule`` command."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.terminal import Terminal, WrongUse, report_error
from tools.errors import AdvisorError


def run_schedule(
    weekly: str | None,
    timezone: str,
    folder: Path,
    *,
    once_only: bool,
    unit: str | None,
    clear: bool,
    workspace: Path,
    json: str | None,
) -> None:
    """Keep the schedule; print a unit, run once, or stay."""
    out = Terminal(json)
    kept, _ = open_case(workspace)
    from app import schedule as schedules
    from app.units import unit as unit_text

    if clear:
        schedules.keep(kept, None)
        out.say("The schedule is forgotten.")
        out.deliver({"schema_version": 1, "schedule": None})
        return
    chosen = schedules.kept(kept) if weekly is None else schedules.parse(weekly, timezone)
    if chosen is None:
        raise WrongUse(
            expected="a time of the week", seen="none, and none is kept", todo="Write, e.g., --weekly 'mon 07:00'."
        )
    if unit is not None:
        words = schedules.command(workspace, folder, chosen)
        out.people.print(unit_text(unit, chosen, words, _now()), soft_wrap=True, end="")
        return
    schedules.keep(kept, chosen, _now())

    def tick() -> None:
        done = schedules.once(kept, chosen, _now(), lambda due: _make(workspace, folder, due))
        out.say(Text(f"{_now().isoformat(timespec='seconds')} {shown(done)}"))

    if once_only:
        tick()
        out.deliver({"schema_version": 1, **(schedules.state(kept, _now()) or {})})
        return
    out.say(f"Waiting for {chosen.text}; stop with Ctrl-C.")

    def surviving(work: Callable[[], None]) -> Callable[[], None]:
        def tried() -> None:
            try:
                work()
            except AdvisorError as fault:  # a week's fault must not end the weeks to come
                report_error(fault)

        return tried

    schedules.loop(chosen, surviving(tick), surviving(lambda: _post(workspace)))


def _make(workspace: Path, folder: Path, due: datetime) -> None:
    """Make the report that was due then, write its files, and send it."""
    from app.delivery import queue_report
    from app.weekly import run_report
    from tools.reports import week_of
    from tools.workspace import Workspace

    run_report(
        folder, week=None, since=None, formats=(), tries=5, pictures=True, workspace=workspace, json=None, due=due
    )
    queue_report(Workspace.open(workspace), week_of(due))
    _post(workspace)


def _post(workspace: Path) -> None:
    """Send what waits, if anything does."""
    from app.delivery import send_waiting
    from tools.outbox import Outbox

    kept, case = open_case(workspace)
    if Outbox(kept).waiting():
        send_waiting(kept, case)


def _now() -> datetime:
    return datetime.now().astimezone()
