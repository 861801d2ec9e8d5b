"""Runs checks over a case; every check ends in exactly one outcome."""

import time
from collections.abc import Sequence
from dataclasses import asdict

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.findings import LEVELS, Finding, Measured, Outcome, Scope
from tools.memory import Memory, recalled
from tools.registry import Check, NotApplicable, checks, find_check

PAIR_ONLY = frozenset({"confusion-causes"})
"""Checks that answer one A → B question; a whole audit asks them about the pair most often confused."""


def run_checks(
    case: Case,
    codes: Sequence[str] | None = None,
    scope: Scope | None = None,
    *,
    on_step: Progress = silent,
    remember: Memory | None = None,
) -> tuple[Outcome, ...]:
    """Run checks and report what became of each.

    Parameters
    ----------
    case : Case
    codes : sequence of str, optional
        All checks when left out.
    scope : Scope, optional
        Restricts what is reported, never what is corrected for: the family of hypotheses stays the case's.
    on_step : callable
    remember : Memory, optional
        Results are kept there by case, code, scope and code version.

    Raises
    ------
    UnknownName
        For a code that does not exist.
    """
    wanted = [find_check(code) for code in codes] if codes is not None else list(checks().values())
    scope = scope or Scope()
    outcomes = []
    for done, check in enumerate(wanted):
        on_step(f"check {check.code}", done, len(wanted))
        outcomes.append(_remembered(case, check, scope, remember))
    on_step("checks", len(wanted), len(wanted))
    return tuple(outcomes)


def _remembered(case: Case, check: Check, scope: Scope, memory: Memory | None) -> Outcome:
    parts = {"case": case.fingerprint, "check": check.code, "scope": asdict(scope)}
    return recalled(memory, Outcome, parts, lambda: run_check(case, check, scope), lambda o: o.status != "failed")


def run_check(case: Case, check: Check, scope: Scope) -> Outcome:
    """Run one check to its outcome; a fault inside it becomes ``failed`` with the error kept, never silence."""
    started = time.perf_counter()
    findings: list[Finding] = []
    measured = Measured()
    generator = check.run(case, scope)
    try:
        while True:
            try:
                findings.append(next(generator))
            except StopIteration as stop:
                measured = stop.value or Measured()
                break
    except NotApplicable as reason:
        return Outcome(check.code, "not_applicable", str(reason), time.perf_counter() - started)
    except Exception as fault:  # noqa: BLE001 - one broken check must not silence the others; it is reported
        where = fault.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_name}, line {where.tb_lineno}" if where else "unknown place"
        reason_text = f"{type(fault).__name__}: {fault} (in {place}); please report this"
        return Outcome(check.code, "failed", reason_text, time.perf_counter() - started)
    findings.sort(key=lambda f: (-LEVELS.index(f.severity.level), -(f.severity.errors_explained or 0.0)))
    seconds = time.perf_counter() - started
    if findings:
        return Outcome(check.code, "found", "", seconds, tuple(findings), measured)
    return Outcome(check.code, "passed", measured.smallest_detectable, seconds, (), measured)
