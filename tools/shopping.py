"""What to photograph next: class, condition, how many, what it is expected to bring. Nothing untried is promised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.effects import Effect, Measure
from tools.findings import LEVELS, Finding, Outcome
from tools.gap_trials import FEWEST_TAKES, Gap, distinct, gap_of, try_gap
from tools.goals import Goals, not_reached, reached
from tools.kinds import kinds
from tools.memory import Memory
from tools.shoots import Cell, Plan
from tools.whatif import run_experiment

CODES = (
    "image-quantity",
    "class-balance",
    "weak-slices",
    "spurious-cue",
    "hidden-subclasses",
    "variety-angle",
    "variety-background",
    "variety-lighting",
    "variety-size",
    "variety-style",
)
"""Checks that name what is missing."""
ANY = "new objects, in new places"
MISSED = 2.0
"""A class whose limit is surely not reached counts this much more than by its costs alone."""
FEWEST_ASKED = 10


@dataclass(frozen=True)
class Row:
    """One line of the list.

    Attributes
    ----------
    name : str
        The class.
    condition : str
        In words.
    pictures : int
        To take; as many as the trial took away where there was one.
    gain : Measure or None
        Balanced accuracy without and with as many pictures; None = not measured.
    of_condition : Measure or None
        Recall of the pictures in question.
    reason : str
        Why the gain was not measured; empty if it was.
    weight : float
        Of the class by the goal; 1 = as any.
    there, fails, like : str
        A picture of what is there, of what fails, and, where there is neither, one of another class that shows the
        condition; empty where there is none.
    codes : tuple of str
        Checks that ask for it.
    level : str
        Of the gravest of these findings.
    """

    name: str
    condition: str
    pictures: int
    gain: Measure | None
    of_condition: Measure | None
    reason: str
    weight: float
    there: str
    fails: str
    like: str = ""
    codes: tuple[str, ...] = ()
    level: str = "low"

    @property
    def hurts(self) -> bool:
        """Whether more of these were shown to make the model worse, so that none is asked for."""
        return self.gain is not None and self.gain.verdict == "hurts"

    @property
    def per_picture(self) -> float | None:
        """Goal-weighted gain of balanced accuracy per picture; None = not measured."""
        return None if self.gain is None else self.weight * self.gain.delta / max(1, self.pictures)


def shopping_list(
    case: Case,
    outcomes: Sequence[Outcome],
    goals: Goals | None = None,
    *,
    most: int = 12,
    on_step: Progress = silent,
    remember: Memory | None = None,
) -> tuple[Row, ...]:
    """The list, best gain per picture first; what could not be measured comes before what brought nothing.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of ``CODES``; settled findings are left out.
    most : int
        Rows; those of which more would hurt come behind them.
    """
    findings = [f for o in outcomes for f in o.findings if not f.settled and f.code in CODES]
    findings.sort(key=lambda f: -LEVELS.index(f.severity.level))
    weights = class_weights(case, goals)
    rows = []
    gaps = distinct([gap for f in findings if (gap := _gap(case, f)) is not None])
    steps = len(case.classes) + len(gaps)
    levels = {f.code + (f.scope.slice or f.title): f.severity.level for f in findings}
    for number, name in enumerate(case.classes):
        on_step("trying out what pictures bring", number, steps)
        rows.append(_of_class(case, name, findings, weights[name], remember))
    for number, gap in enumerate(gaps, start=len(case.classes)):
        on_step("trying out what pictures bring", number, steps)
        rows.append(_of_gap(case, gap, weights[gap.name], levels.get(gap.code + gap.slice, "low"), remember))
    on_step("trying out what pictures bring", steps, steps)
    hurting = tuple(r for r in rows if r.hurts)
    return (*sorted((r for r in rows if not r.hurts), key=_rank)[:most], *hurting)


def _gap(case: Case, finding: Finding) -> Gap | None:
    return None if finding.code in ("image-quantity", "class-balance") else gap_of(case, finding)


def _rank(row: Row) -> tuple[int, float, int]:
    if row.gain is None:
        return 1, 0.0, -LEVELS.index(row.level)
    return (0 if row.gain.verdict == "helps" else 2 if row.gain.delta <= 0 else 1), -(row.per_picture or 0.0), 0


def class_weights(case: Case, goals: Goals | None) -> dict[str, float]:
    """What the goal makes of each class: cost of a miss over the mean of those given, twice that for a missed limit.

    Without a goal all count alike, as in balanced accuracy.
    """
    out = dict.fromkeys(case.classes, 1.0)
    if goals is None:
        return out
    costs = {name: cost for name, mistake, cost in goals.costs if mistake == "miss" and name in out}
    mean = float(np.mean(list(costs.values()))) if costs else 0.0
    if mean > 0:
        out = {name: costs.get(name, mean) / mean for name in out}
    surely = not_reached(reached(case, goals)) if goals.limits and case.derived.judged.any() else frozenset()
    return {name: w * (MISSED if name in surely else 1.0) for name, w in out.items()}


def _of_class(case: Case, name: str, findings: Sequence[Finding], weight: float, remember: Memory | None) -> Row:
    mine = case.targets == case.number(name)
    kind, arguments = kinds()["collect-more"], {"class": name}
    advice = [
        r for f in findings if f.code in ("image-quantity", "class-balance") for r in f.recommendations
        if r.action == "collect" and r.target == name
    ]  # fmt: skip
    about = [f for f in findings if name in f.scope.classes and f.code in ("image-quantity", "class-balance")]
    pictures = max([r.cost.images for r in advice], default=0) or max(FEWEST_ASKED, int((mine & case.fit).sum()))
    effect, reason = None, ""
    if arguments in kind.eligible(case):
        effect = run_experiment(case, kind.kind, arguments, remember=remember)
        pictures = effect.cost.images
    else:
        reason = "too few independent takes of the class to train on half of them"
    there, fails, like = _examples(case, mine)
    return Row(
        name, ANY, pictures, effect.primary if effect else None, _recall(effect, f"recall of {name}"), reason, weight,
        there, fails, like, ("collect-more", *dict.fromkeys(f.code for f in about)),
        max((f.severity.level for f in about), key=LEVELS.index, default="low"),
    )  # fmt: skip


def _of_gap(case: Case, gap: Gap, weight: float, level: str, remember: Memory | None) -> Row:
    takes = gap.takes(case)
    effect, reason = None, ""
    pictures = gap.needed or FEWEST_ASKED
    if takes >= FEWEST_TAKES:
        effect = try_gap(case, gap, remember=remember)
        pictures = effect.cost.images
    elif takes:
        reason = f"only {takes} independent takes of it in training: leaving them out says nothing"
    else:
        reason = "no training picture shows it, so nothing could be left out"
    there, fails, like = _examples(case, gap.mask, gap.images)
    return Row(
        gap.name, gap.condition, pictures, effect.primary if effect else None,
        _recall(effect, f"recall of {gap.name}, {gap.condition}"), reason, weight, there, fails, like, (gap.code,),
        level,
    )  # fmt: skip


def _recall(effect: Effect | None, name: str) -> Measure | None:
    return None if effect is None else next((m for m in effect.measures if m.metric == name), None)


def _examples(case: Case, mask: NDArray[np.bool_], shown: Sequence[str] = ()) -> tuple[str, str, str]:
    """One that is right (else one of training), one that is wrong (of those shown first), one of another class."""
    judged, errors, index = case.derived.judged, case.derived.errors, case.dataset.index
    first = [index[i] for i in shown if i in index]
    wrong = [row for row in first if errors[row] and mask[row]] or np.flatnonzero(mask & errors).tolist()
    right = np.flatnonzero(mask & judged & ~errors).tolist() or np.flatnonzero(mask & case.fit & ~errors).tolist()
    scores = np.nan_to_num(case.derived.scores)
    there = max(right, key=lambda row: scores[row, case.targets[row]], default=None)
    like = first[0] if first and not wrong and there is None else None
    return (
        "" if there is None else str(case.ids[there]),
        str(case.ids[wrong[0]]) if wrong else "",
        "" if like is None else str(case.ids[like]),
    )


def as_plan(case: Case, rows: Sequence[Row], *, by: str = "") -> Plan:
    """The list as a shoot whose pictures are ticked off."""
    named: dict[str, int] = {}
    cells = []
    for row in rows:
        cell = Cell(row.name, row.condition, row.pictures)
        named[cell.folder.casefold()] = named.get(cell.folder.casefold(), 0) + 1
        again = named[cell.folder.casefold()]
        cells.append(cell if again == 1 else Cell(row.name, f"{again} {row.condition}", row.pictures))
    title = f"shopping list of {len(cells)} kinds of pictures"
    return Plan("list", title, tuple(cells), case.dataset.version, by=by)
