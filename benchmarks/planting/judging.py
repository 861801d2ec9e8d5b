"""Plants a fault over seeds and counts what is found, what is named, which cause stands first, what is false."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from benchmarks.planting.fault import WORSE_MODEL, Fault, Twin, fresh
from tools.audit import run_check, run_checks
from tools.case import Case
from tools.findings import Finding, Scope
from tools.label_errors import case_suspects
from tools.registry import find_check

FEWEST_ADDED = 10
"""Errors a fault must add to one ordered pair before "ranked first" is asked of its cause."""
Key = tuple[str, str, tuple[str, ...], tuple[str, str] | None, str | None]
Said = tuple[tuple[str, Finding], ...]


@dataclass
class Cell:
    """Counts of one fault at one strength over seeds.

    ``asked`` are cases in which the fault added enough errors to one pair, ``mostly`` those of them in which it made
    more than half of that pair's errors; ``first`` and ``first_mostly`` say where it then stands first.
    """

    seeds: int = 0
    found: int = 0
    named: int = 0
    affected: int = 0
    both: int = 0
    asked: int = 0
    first: int = 0
    mostly: int = 0
    first_mostly: int = 0
    seeds_with_alarm: int = 0
    alarms: Counter[str] = field(default_factory=Counter)


def everything(case: Case) -> tuple[Said, set[str]]:
    """Findings of every check with the check's code, and the checks that failed."""
    outcomes = run_checks(case)
    failed = {o.code for o in outcomes if o.status == "failed"}
    return tuple((o.code, f) for o in outcomes for f in o.findings), failed


def key_of(said: tuple[str, Finding]) -> Key:
    """What makes a finding new beside the twin's: who says it, code and scope."""
    check, finding = said
    scope = finding.scope
    return check, finding.code, tuple(sorted(scope.classes)), scope.pair, scope.slice


def alarm_of(said: tuple[str, Finding]) -> str:
    """The code; where it is given as the cause of a confusion, that too."""
    check, finding = said
    return finding.code if check == finding.code else f"{finding.code} as a cause"


@cache
def twin_of(twin: Twin, seed: int) -> tuple[Case, Said, frozenset[str]]:
    """A clean case, what is said of it, and the checks that failed."""
    case = prepared(twin.make(seed), seed)
    said, failed = everything(case)
    return case, said, frozenset(failed)


def prepared(case: Case, seed: int, of: Case | None = None) -> Case:
    """The case under its seed with a store of its own, unless planting has seen to that."""
    if case.settings.seed == seed and (of is None or case.store is not of.store):
        return case
    return fresh(case, seed)


def quiet(twin: Twin, seeds: Iterable[int]) -> tuple[int, int, Counter[str]]:
    """Seeds, seeds with anything above low that is not true of the twin, and what it was."""
    count, loud, alarms = 0, 0, Counter[str]()
    for seed in seeds:
        _, said, failed = twin_of(twin, seed)
        false = {alarm_of(s) for s in said if _loud(s) and s[1].code not in twin.true}
        false |= {f"{code} failed" for code in failed}
        count, loud = count + 1, loud + bool(false)
        alarms.update(false)
    return count, loud, alarms


def measure(fault: Fault, strength: float, seeds: Iterable[int]) -> Cell:
    """Plant one fault at one strength over seeds, and judge it beside the twins."""
    cell = Cell()
    for seed in seeds:
        clean, before, _ = twin_of(fault.twin, seed)
        planted, affected = fault.plant(clean, strength, seed)
        case = prepared(planted, seed, clean)
        said, failed = everything(case)
        known = {key_of(s) for s in before}
        hits = [s for s in said if s[1].code in fault.codes and _names(fault, s[1])]
        new = {_hit(s) for s in hits} - {_hit(s) for s in before}
        named = _named(fault, case, clean, [f for _, f in hits], [f for _, f in before], affected or frozenset())
        if affected is not None:
            cell.named += len(named)
            cell.both += len(named & affected)
            cell.affected += len(affected) * fault.whole
        found = bool(new) or (fault.whole and bool(named & (affected or frozenset())))
        if fault.confirm is not None:
            found = found and fault.confirm(case, affected)
        cell.seeds += 1
        cell.found += found
        _count_rank(cell, fault, case, clean)
        allowed = fault.codes | fault.consequences | fault.twin.true | WORSE_MODEL
        alarms = {
            alarm_of(s) for s in said if _loud(s) and not {s[1].code, alarm_of(s)} & allowed and key_of(s) not in known
        }
        if not fault.twin.clean:  # what was wrong with it before may show in other classes now
            alarms -= {alarm_of(s) for s in before if _loud(s)}
        alarms |= {f"{code} failed" for code in failed}
        cell.alarms.update(alarms)
        cell.seeds_with_alarm += bool(alarms)
    return cell


def _loud(said: tuple[str, Finding]) -> bool:
    return said[1].severity.level != "low"


def _hit(said: tuple[str, Finding]) -> tuple[Key, str, bool]:
    """As ``key_of``, with the title, which names a cue, and whether it is above low."""
    return key_of(said), said[1].title, _loud(said)


def _names(fault: Fault, finding: Finding) -> bool:
    return not fault.classes or bool(fault.classes & (set(finding.scope.classes) | set(finding.scope.pair or ())))


def _named(
    fault: Fault, case: Case, clean: Case, hits: list[Finding], before: list[Finding], affected: frozenset[str]
) -> set[str]:
    """Pictures named for the fault, without untouched ones that the twin's findings name too."""
    if fault.codes == {"wrong-labels"}:
        return (_suspected(case) if hits else set()) - (_suspected(clean) - affected)
    named = {i for f in hits for i in (f.images if f.errors is None else f.errors)}
    return named - ({i for f in before if f.code in fault.codes for i in f.images} - affected)


def _suspected(case: Case) -> set[str]:
    found = case_suspects(case)
    return set(case.ids[found.rows[found.flagged]].tolist())


def _count_rank(cell: Cell, fault: Fault, case: Case, clean: Case) -> None:
    """Where the fault added enough errors to one pair: is it the first of that pair's causes?"""
    errors, gained = _errors(case), _errors(case)
    gained.subtract(_errors(clean))
    pair, count = max(gained.items(), key=lambda item: item[1], default=(("", ""), 0))
    if count < FEWEST_ADDED:
        return
    causes = run_check(case, find_check("confusion-causes"), Scope(pair=pair)).findings
    first, mostly = bool(causes) and causes[0].code in fault.codes | fault.causes, 2 * count > errors[pair]
    cell.asked, cell.first = cell.asked + 1, cell.first + first
    cell.mostly, cell.first_mostly = cell.mostly + mostly, cell.first_mostly + (first and mostly)


def _errors(case: Case) -> "Counter[tuple[str, str]]":
    rows = np.flatnonzero(case.derived.errors)
    said = case.derived.predicted
    return Counter((case.classes[case.targets[r]], case.classes[said[r]]) for r in rows.tolist())
