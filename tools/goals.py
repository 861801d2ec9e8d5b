"""What the user wants of the model, and how far it is from that: limits on mistakes, and what mistakes cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.errors import AdvisorError, UnknownName
from tools.findings import Evidence
from tools.registry import NotApplicable
from tools.statistics import clustered_mean, clustered_share, quantile_of_normal, wilson
from tools.wording import phrase
from tools.workspace import Workspace

Mistake = Literal["miss", "false-alarm"]
State = Literal["met", "missed", "open"]
GOAL = "goal"
TAKEN_BACK = "taken back"
MOST_LOOKED_AT = 10_000
"""Entries of the audit trail that are looked through for the last goal."""


class WrongGoals(AdvisorError):
    """A goal that cannot be followed as written."""


@dataclass(frozen=True)
class Limit:
    """At most so many mistakes of a kind.

    Attributes
    ----------
    name : str
        The class.
    mistake : {"miss", "false-alarm"}
        A miss is a picture of the class that is called something else; a false alarm one of another class that is
        called it. Rates are shares of the pictures of the class, or of the other classes.
    most : float
        In 0–1.
    """

    name: str
    mistake: Mistake
    most: float

    @property
    def text(self) -> str:
        """In words."""
        if self.mistake == "miss":
            return f"miss at most {100 * self.most:g} % of {self.name}"
        return f"call at most {100 * self.most:g} % of the others {self.name}"


@dataclass(frozen=True)
class Goals:
    """Limits and costs of a workspace.

    Attributes
    ----------
    limits : tuple of Limit
    costs : tuple of (str, Mistake, float)
        Class, mistake, and what one costs.
    weekly : int
        Pictures a week; 0 = not said.
    currency : str
    value : float
        What a picture is worth that is answered right; 0 = not said.
    """

    limits: tuple[Limit, ...] = ()
    costs: tuple[tuple[str, Mistake, float], ...] = ()
    weekly: int = 0
    currency: str = ""
    value: float = 0.0

    def __post_init__(self) -> None:
        for limit in self.limits:
            if not 0 <= limit.most < 1:
                raise WrongGoals(
                    expected="a rate from 0 to below 1", seen=f"{limit.most:g} for {limit.name}",
                    todo="Write, e.g., --miss broken=2% or broken=0.02.",
                )  # fmt: skip
        for name, _, cost in self.costs:
            if not (isfinite(cost) and cost >= 0):
                raise WrongGoals(expected="a cost of 0 or more", seen=f"{cost:g} for {name}", todo="Write a number.")
        if not (isfinite(self.value) and self.value >= 0):
            raise WrongGoals(expected="a value of 0 or more", seen=f"{self.value:g}", todo="Write a number.")
        if self.weekly < 0:
            raise WrongGoals(expected="pictures a week", seen=str(self.weekly), todo="Write 0 or more.")

    @property
    def text(self) -> str:
        """In words."""
        return "; ".join(limit.text for limit in self.limits) or "what mistakes cost and right answers are worth"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **asdict(self),
            "limits": [asdict(limit) for limit in self.limits],
            "costs": [list(c) for c in self.costs],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Goals":
        """What ``to_json`` wrote."""
        limits = tuple(Limit(**limit) for limit in found["limits"])
        costs = tuple((name, mistake, float(cost)) for name, mistake, cost in found["costs"])
        return cls(limits, costs, int(found["weekly"]), str(found["currency"]), float(found.get("value", 0.0)))


@dataclass(frozen=True)
class Reached:
    """How far one limit, or the cost, is reached.

    Attributes
    ----------
    text : str
        A sentence whose numbers stand in ``evidence``.
    state : {"met", "missed", "open"}
        Open: the interval holds the limit, so these pictures cannot tell.
    evidence : tuple of Evidence
    name : str
        The class; empty for the cost.
    """

    text: str
    state: State
    evidence: tuple[Evidence, ...]
    name: str = ""


def goals_of(workspace: Workspace) -> Goals | None:
    """What was set; None if nothing was."""
    found = workspace.choice(GOAL)
    return None if not found else Goals.from_json(found)


def set_goals(workspace: Workspace, case: Case, goals: Goals | None) -> None:
    """Keep goals, or none.

    Raises
    ------
    UnknownName
        For a class that the data set lacks; nothing is kept then.
    """
    _known(case, goals)
    now, before = None if goals is None else goals.to_json(), workspace.choice(GOAL) or None
    if now != before:
        workspace.choose(GOAL, now, record={"goal": now, "goal before": before})


def _known(case: Case, goals: Goals | None) -> None:
    for name in [*(limit.name for limit in goals.limits), *(c[0] for c in goals.costs)] if goals else ():
        if name not in case.classes:
            raise UnknownName(
                expected=f"one of the classes {', '.join(case.classes)}", seen=name, todo="Name one of these."
            )


def undo_goals(workspace: Workspace, case: Case) -> Goals | None:
    """Bring back the goals of before the last change of them; returns these.

    Raises
    ------
    UnknownName
        If they never changed, or a class is gone since.
    """
    standing = goals_standing(workspace.imports(MOST_LOOKED_AT)[::-1])
    if not standing:
        raise UnknownName(expected="a goal that was set or cleared", seen="none", todo="See: advisor history.")
    before = standing[-1]["goal before"]
    goals = None if before is None else Goals.from_json(before)
    _known(case, goals)
    workspace.choose(GOAL, before, record={"goal": before, "goal before": standing[-1]["goal"], TAKEN_BACK: True})
    return goals


def goals_standing(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries of the audit trail, oldest first, that set or cleared goals and were not taken back since."""
    out: list[Mapping[str, Any]] = []
    for entry in entries:
        if "goal" not in entry:
            continue
        if entry.get(TAKEN_BACK):
            out.pop()
        else:
            out.append(entry)
    return out


def reached(case: Case, goals: Goals) -> tuple[Reached, ...]:
    """Every limit, then the cost; by the subject's predictions on the pictures that count errors.

    Raises
    ------
    NotApplicable
        If nothing can be judged.
    """
    if not case.derived.judged.any():
        raise NotApplicable("no labelled picture with a prediction can be judged")
    out = [_limit(case, limit, goals.weekly) for limit in goals.limits]
    out += [_cost(case, goals)] if goals.costs else []
    return (*out, _worth(case, goals)) if goals.value else tuple(out)


def _limit(case: Case, limit: Limit, weekly: int) -> Reached:
    if limit.name not in case.classes:  # renamed or gone since: it must not fall silent
        return Reached(f"Goal: {limit.text}: the data set has no such class any more.", "open", (), limit.name)
    rows = np.flatnonzero(case.derived.judged)
    targets, said = case.targets[rows], case.derived.predicted[rows]
    number = case.number(limit.name)
    of = targets == number if limit.mistake == "miss" else targets != number
    if not of.any():
        return Reached(f"Goal: {limit.text}: no picture to measure it on.", "open", (), limit.name)
    wrong = (said != number) if limit.mistake == "miss" else (said == number)
    groups = case.derived.grouping.groups[rows]
    rate, low, high = clustered_share(wrong[of], groups[of], case.settings.confidence)
    state: State = "met" if high <= limit.most else "missed" if low > limit.most else "open"
    numbers = [Evidence("rate", rate, "share", int(of.sum()), low, high)]
    words = "{rate} ({rate|interval}) of {rate|n} pictures"
    if rate > limit.most:
        numbers.append(Evidence("away", rate - limit.most, "points"))
        words += ", {away} over the limit"
        if weekly:
            numbers.append(Evidence("a week", weekly * float(of.mean()) * (rate - limit.most), "count"))
            words += ", about {a week} a week too many if they come in the mix of these pictures"
    end = {"met": ": reached", "missed": ": not reached", "open": ": these pictures cannot tell"}[state]
    return Reached(f"Goal: {limit.text}: " + phrase(words, numbers) + f"{end}.", state, tuple(numbers), limit.name)


def _cost(case: Case, goals: Goals) -> Reached:
    """Mean cost of a judged picture, with an interval that draws whole groups, and what a week costs."""
    number = _mean(case, goals, _costs(case, goals), "cost", "mean cost of a picture's mistakes", (0.0, _worst(goals)))
    interval = " ({cost|interval})" if number.low is not None else ""
    words = phrase("Mistakes cost {cost}" + interval, (number,))
    gone = sorted({name for name, _, _ in goals.costs} - set(case.classes))
    left = f" (without {', '.join(gone)}: no such class any more)" if gone else ""
    return Reached(f"{words}{_unit(goals)}{left}.", "open", (number,))


def _worth(case: Case, goals: Goals) -> Reached:
    """What right answers bring, after what mistakes cost."""
    rows = np.flatnonzero(case.derived.judged)
    right = case.targets[rows] == case.derived.predicted[rows]
    values = np.where(right, goals.value, 0.0) - _costs(case, goals)
    how = "mean worth of a picture answered right, less what mistakes cost"
    number = _mean(case, goals, values, "worth", how, (-_worst(goals), goals.value))
    interval = " ({worth|interval})" if number.low is not None else ""
    after = " after mistakes" if goals.costs else ""
    return Reached(phrase("Right answers bring {worth}" + interval, (number,)) + f"{_unit(goals)}{after}.", "open",
                   (number,))  # fmt: skip


def _costs(case: Case, goals: Goals) -> NDArray[np.float64]:
    """What the answer to each judged picture costs."""
    rows = np.flatnonzero(case.derived.judged)
    targets, said = case.targets[rows], case.derived.predicted[rows]
    table = {(name, mistake): cost for name, mistake, cost in goals.costs}
    kinds: tuple[Mistake, ...] = get_args(Mistake)
    miss, alarm = (np.array([table.get((name, kind), 0.0) for name in case.classes]) for kind in kinds)
    return np.where(targets != said, miss[targets] + alarm[said], 0.0)


def _worst(goals: Goals) -> float:
    """The most that the answer to one picture can cost: it misses one class and is a false alarm of another."""
    return sum(max((cost for _, kind, cost in goals.costs if kind == k), default=0.0) for k in get_args(Mistake))


def _mean(
    case: Case, goals: Goals, values: NDArray[np.float64], name: str, how: str, limits: tuple[float, float]
) -> Evidence:
    """Mean over the judged pictures, groups drawn whole, for a week or a hundred pictures.

    Where every picture has the same value its spread says nothing: as many others as Wilson's interval allows where
    none of these groups was seen to differ, at the least or most that a picture can be worth.
    """
    groups, n = case.derived.grouping.groups[case.derived.judged], len(values)
    mean, error = clustered_mean(values, groups, np.full(n, 1 / n))
    half = quantile_of_normal(case.settings.confidence) * error
    scale = goals.weekly or 100
    low, high = max(limits[0], mean - half), min(limits[1], mean + half)
    if np.ptp(values) == 0:
        _, others = wilson(0, len(np.unique(groups)), case.settings.confidence)
        low, high = (mean + others * (limit - mean) for limit in limits)
    elif not isfinite(half):
        return Evidence(name, scale * mean, "score", n, how=how)
    return Evidence(name, scale * mean, "score", n, scale * low, scale * high, how)


def _unit(goals: Goals) -> str:
    currency = f" {goals.currency}" if goals.currency else ""
    return f"{currency} a week" if goals.weekly else f"{currency} per hundred pictures"


def not_reached(found: Sequence[Reached]) -> frozenset[str]:
    """Classes whose limit is surely not reached."""
    return frozenset(r.name for r in found if r.state == "missed")
