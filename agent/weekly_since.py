"""What a weekly report compares with: the report before, or a week, day or version of the data that was named."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from agent.weekly_parts import kept_findings
from embeddings.progress import Progress, silent
from tools.audit import run_checks
from tools.case import Case
from tools.documents import audit_document
from tools.errors import AdvisorError, UnknownName
from tools.reports import WEEK, Report, Reports
from tools.workspace import Workspace

Json = dict[str, Any]


def baseline(
    workspace: Workspace, case: Case, week: str, since: str | None, *, on_step: Progress = silent
) -> tuple[Mapping[str, Any] | None, Json | None]:
    """The document to compare with, and what the report says of it.

    Parameters
    ----------
    week : str
        Of the report that is made; the report before is of an earlier one.
    since : str or None
        ``2026-W40``: that week's report. ``2026-10-01``: the last report made by the end of that day, else the
        version of the data that was the newest then. ``3``: that version of the data, audited now.

    Returns
    -------
    document : mapping or None
        None for a first report.
    said : dict or None
        ``week`` or ``version``, and ``created``.

    Raises
    ------
    UnknownName
        If there is no such report, day or version.
    EncoderMismatch
        If that version has no vectors by the case's encoder.
    """
    if since is None:
        return _of(Reports(workspace).before(week))
    if WEEK.fullmatch(since):
        return _of(Reports(workspace).get(since))
    if since.isdecimal():
        return _audited(workspace, case, int(since), on_step)
    day = _day(since)
    reports = [r for r in Reports(workspace).all() if _local(r.created) <= day and r.week != week]
    if reports:
        return _of(reports[-1])
    versions = [info.version for info in workspace.datasets() if _local(info.created) <= day]
    if not versions:
        first = min(_local(info.created) for info in workspace.datasets())
        raise UnknownName(
            expected=f"a day from {first.isoformat()} on, when the first data came",
            seen=since,
            todo="Name a later day.",
        )
    return _audited(workspace, case, max(versions), on_step)


def _of(report: Report | None) -> tuple[Mapping[str, Any] | None, Json | None]:
    return (None, None) if report is None else (report.document, {"week": report.week, "created": report.created})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnknownName(
            expected="a week (2026-W40), a day (2026-10-01) or the number of a version of the data",
            seen=text,
            todo="Write one of these; advisor report --list and advisor history show what there is.",
        ) from None


def _local(moment: str) -> date:
    """The day of a UTC moment here."""
    return datetime.fromisoformat(moment).astimezone().date()


def _audited(workspace: Workspace, case: Case, version: int, on_step: Progress) -> tuple[Json, Json]:
    """A version of the data as a report would have kept it, judged by the baseline of then."""
    dataset = workspace.dataset(version)
    space = workspace.space(dataset, case.space.encoder.name)
    if space.encoder.fingerprint != case.space.encoder.fingerprint:
        raise AdvisorError(
            expected=f"vectors of dataset version {version} by the encoder {case.space.encoder.name} of today",
            seen="vectors by an earlier form of it",
            todo="Name a later version or day.",
        )
    before = Case(dataset, space, case.settings, store=workspace.store, confirmed=case.confirmed)
    audit = audit_document(before, run_checks(before, on_step=on_step, remember=workspace), {})
    created = next(info.created for info in workspace.datasets() if info.version == version)
    then = {
        "week": f"version {version}",
        "dataset": {"version": version},
        "standing": {
            "dataset": version, "given": None, "name": "the baseline", "encoder": space.encoder.name
        },
        "findings": kept_findings(audit),
        "followed": {},
    }  # fmt: skip
    return then, {"version": version, "created": created}
