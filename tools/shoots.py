"""Photo shoots that were written down: what is to be photographed, what is expected of it, and what came of it.

A plan is sealed before any picture arrives and never changed; a shoot has one result, and that stays too.
"""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any, Literal

from tools import records
from tools.errors import AdvisorError, UnknownName, WorkspaceDamaged
from tools.workspace import Workspace

LAYOUT = records.SHOOTS_SINCE
Kind = Literal["experiment", "list"]
Verdict = Literal["causal", "not_shown", "opposite"]
LONGEST_SLUG = 40


@dataclass(frozen=True)
class Expected:
    """Accuracy of a cell as the pictures of before give it.

    Attributes
    ----------
    share : float
    right, judged : int
        Pictures it was counted on; ``judged`` 0 = assumed.
    """

    share: float
    right: int = 0
    judged: int = 0


@dataclass(frozen=True)
class Cell:
    """Pictures to take of one class under one condition.

    Attributes
    ----------
    name : str
        The class.
    condition : str
        In words.
    wanted : int
        Different objects.
    own : bool
        For an experiment: whether the setting is the one that usually goes along with the class.
    expected : Expected or None
        For an experiment, if the cue is what misleads.
    """

    name: str
    condition: str
    wanted: int
    own: bool = True
    expected: Expected | None = None

    @property
    def setting(self) -> str:
        """The condition as a folder is called."""
        return slug(self.condition)

    @property
    def folder(self) -> str:
        """Folder of its pictures, below ``shoot-N``."""
        return f"{self.name}--{self.setting}"


@dataclass(frozen=True)
class Plan:
    """What was written down.

    Attributes
    ----------
    kind : {"experiment", "list"}
    title : str
    cells : tuple of Cell
        For an experiment four: both classes in their own, then both in the other's setting.
    dataset : int
        Version that the expectation comes from; pictures that it holds do not count.
    cue : str
        Name of the cue, as spurious-cue and the metadata name it; empty for a list.
    pair : tuple of str
    drop, low, high : float
        Expected cost of the other class's setting if the cue is what misleads; 0 for a list.
    power : float
        With which the experiment shows it.
    model, model_version : str
        Whose answers are judged; empty = the advisor's own baseline.
    prediction : str
        In one sentence, with the rule.
    by, why : str
    number : int
        0 before it is kept.
    at : str
        UTC, ISO 8601.
    """

    kind: Kind
    title: str
    cells: tuple[Cell, ...]
    dataset: int
    cue: str = ""
    pair: tuple[str, ...] = ()
    drop: float = 0.0
    low: float = 0.0
    high: float = 0.0
    power: float = 0.0
    model: str = ""
    model_version: str = ""
    prediction: str = ""
    by: str = ""
    why: str = ""
    number: int = 0
    at: str = ""

    @property
    def folder(self) -> str:
        """Where its pictures are put."""
        return f"shoot-{self.number}"


@dataclass(frozen=True)
class Result:
    """What an experiment showed.

    Attributes
    ----------
    shoot : int
    verdict : {"causal", "not_shown", "opposite"}
    text : str
        A sentence with the numbers, held against the prediction.
    value, low, high : float
        Cost of the other class's setting.
    cells : tuple of (right, objects)
        In the plan's order.
    speaker : str
        Who was asked.
    as_predicted : bool
        Whether the interval holds the predicted cost.
    early : bool
        Whether it was closed before the cells were full.
    cue, pair
        Of the plan.
    dataset : int
    at : str
    """

    shoot: int
    verdict: Verdict
    text: str
    value: float
    low: float
    high: float
    cells: tuple[tuple[float, int], ...]
    speaker: str
    as_predicted: bool
    early: bool
    cue: str
    pair: tuple[str, ...]
    dataset: int
    at: str = ""


def slug(text: str) -> str:
    """A condition as a part of a folder's name.

    >>> slug("marked “setting = hand”"), slug("In hands!")
    ('marked-setting-hand', 'in-hands')
    """
    return re.sub(r"[^\w]+", "-", text.casefold()).strip("-_")[:LONGEST_SLUG].strip("-") or "any"


@cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


class Shoots:
    """The shoots of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> tuple[Plan, ...]:
        """Every plan, oldest first.

        Raises
        ------
        WorkspaceDamaged
            If one is no longer what was written down.
        """

        def look(db: sqlite3.Connection) -> tuple[Plan, ...]:
            rows = db.execute("SELECT number, at, plan, seal FROM shoots ORDER BY number")
            return tuple(self._plan(*row) for row in rows)

        return self._workspace.database.read(look, layout=LAYOUT) or ()

    def _plan(self, number: int, at: str, text: str, seal: str) -> Plan:
        if _seal(number, at, text) != seal:
            raise WorkspaceDamaged(
                expected=f"shoot {number} as it was written down on {at}", seen="another text in the workspace",
                todo="A prediction that was changed afterwards is none: design the shoot again.",
            )  # fmt: skip
        found: Plan = _adapter(Plan).validate_python({**json.loads(text), "number": number, "at": at})
        return found

    def get(self, number: int | None) -> Plan:
        """A plan by its number, the last one unless told.

        Raises
        ------
        UnknownName
        """
        there = self.all()
        found = next((p for p in reversed(there) if number in (None, p.number)), None)
        if found is None:
            numbers = ", ".join(str(p.number) for p in there) or "none there"
            raise UnknownName(
                expected=f"the number of a shoot ({numbers})", seen=str(number) if number else "none",
                todo="Design one: advisor shoot design --cue CUE --pair A B.",
            )  # fmt: skip
        return found

    def write_down(self, plan: Plan) -> Plan:
        """Seal a plan; returns it with its number and time."""
        if len({cell.folder.casefold() for cell in plan.cells}) < len(plan.cells):
            raise AdvisorError(
                expected="cells whose folders differ", seen=", ".join(cell.folder for cell in plan.cells),
                todo='Name the two settings: --settings "in hands" "on plates".',
            )  # fmt: skip
        text = json.dumps(_adapter(Plan).dump_python(replace(plan, number=0, at=""), mode="json"), sort_keys=True)
        with self._workspace.database.writing() as db:
            number = int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM shoots").fetchone()[0])
            at = records.now()
            db.execute("INSERT INTO shoots VALUES (?,?,?,?)", (number, at, text, _seal(number, at, text)))
        return replace(plan, number=number, at=at)

    def results(self) -> Mapping[int, Result]:
        """What experiments showed, by shoot."""

        def look(db: sqlite3.Connection) -> dict[int, Result]:
            rows = db.execute("SELECT shoot, at, document FROM shoot_results ORDER BY shoot")
            return {n: _adapter(Result).validate_python({**json.loads(text), "at": at}) for n, at, text in rows}

        return self._workspace.database.read(look, layout=LAYOUT) or {}

    def close(self, result: Result) -> Result:
        """Keep an experiment's result; the first stays.

        Raises
        ------
        AdvisorError
            If there is one already.
        """
        kept = replace(result, at=records.now())
        with self._workspace.database.writing() as db:
            if db.execute("SELECT 1 FROM shoot_results WHERE shoot = ?", (result.shoot,)).fetchone():
                raise AdvisorError(
                    expected="an experiment without a result", seen=f"that of shoot {result.shoot}",
                    todo="A second look at the same question needs new pictures: design another shoot.",
                )  # fmt: skip
            document = json.dumps(asdict(kept))
            db.execute("INSERT INTO shoot_results VALUES (?,?,?,?)", (kept.shoot, kept.at, kept.dataset, document))
        return kept


def _seal(number: int, at: str, text: str) -> str:
    return sha256(f"{number}\0{at}\0{text}".encode("utf-8", "surrogateescape")).hexdigest()
