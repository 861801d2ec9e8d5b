"""Ticks off the pictures of a shoot as they arrive: which cell each belongs to, and how many objects that makes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tools.case import Case
from tools.dataset import Dataset
from tools.duplicates import duplicates
from tools.shoots import Cell, Plan, slug

SHOOT, CELL, OBJECT = "shoot", "cell", "object"
"""Metadata columns that say the same as folders: of a table filepath,label,shoot,cell,object."""


@dataclass(frozen=True)
class Ticked:
    """What has arrived for one cell.

    Attributes
    ----------
    cell : Cell
    rows : tuple of int
        Rows of the case that count, in order.
    objects : tuple of str
        Of each of these rows: the name of its object.
    known, copies, mislabelled : int
        Pictures that do not count: there before the plan was, copies of one that counts, of another label.
    """

    cell: Cell
    rows: tuple[int, ...]
    objects: tuple[str, ...]
    known: int = 0
    copies: int = 0
    mislabelled: int = 0

    @property
    def arrived(self) -> int:
        """Different objects."""
        return len(set(self.objects))

    @property
    def missing(self) -> int:
        """Objects still to photograph."""
        return max(0, self.cell.wanted - self.arrived)


def tick_off(case: Case, plan: Plan, before: Dataset, sources: Mapping[str, str] | None = None) -> tuple[Ticked, ...]:
    """What has arrived for each cell.

    A picture belongs to a cell by its folder (``shoot-3/apples--in-hands/[object/]``, or
    ``apples/shoot-3/in-hands/[object/]`` below a class folder), or by the columns ``shoot``, ``cell`` and ``object``.
    Pictures without a named object are one object where they are alike enough to be one group.

    Parameters
    ----------
    case : Case
        The newest version.
    plan : Plan
    before : Dataset
        The version that the plan was made on: what it holds is nothing new.
    sources : mapping of str to str, optional
        Path under which a picture of the inbox came, by sha256.
    """
    data = case.dataset
    old = set(before.sha256.tolist())
    sets, groups = duplicates(case).sets, case.derived.grouping.groups
    old_sets = set(sets[np.isin(data.sha256, before.sha256)].tolist())
    seen: set[int] = set()
    found: dict[str, list[tuple[int, str]]] = {cell.folder: [] for cell in plan.cells}
    left: dict[str, list[int]] = {cell.folder: [0, 0, 0] for cell in plan.cells}
    for row, image in enumerate(data.ids.tolist()):
        place = _place(plan, case, row, (sources or {}).get(str(data.sha256[row]), image))
        if place is None:
            continue
        cell, name = place
        target = case.targets[row]
        if str(data.sha256[row]) in old or int(sets[row]) in old_sets:
            left[cell.folder][0] += 1
        elif int(sets[row]) in seen:
            left[cell.folder][1] += 1
        elif target < 0 or case.classes[target] != cell.name:
            left[cell.folder][2] += 1
        else:
            seen.add(int(sets[row]))
            found[cell.folder].append((row, name or f"group {groups[row]}"))
    return tuple(_ticked(cell, found[cell.folder], left[cell.folder]) for cell in plan.cells)


def _ticked(cell: Cell, pairs: list[tuple[int, str]], left: list[int]) -> Ticked:
    rows, objects = tuple(row for row, _ in pairs), tuple(name for _, name in pairs)
    return Ticked(cell, rows, objects, *left)


def _place(plan: Plan, case: Case, row: int, path: str) -> tuple[Cell, str] | None:
    """The cell and the object's name (empty where none is named) of a picture; None for others."""
    told = {
        name: str(case.dataset.metadata[name][row]) for name in (SHOOT, CELL, OBJECT) if name in case.dataset.metadata
    }
    if told.get(SHOOT, "").casefold() in (str(plan.number), plan.folder):
        cell = _cell(plan, told.get(CELL, ""))
        return None if cell is None else (cell, told.get(OBJECT, ""))
    parts = path.split("/")
    for at, part in enumerate(parts[:-2]):
        if part.casefold() == plan.folder:
            rest = parts[at + 1 : -1]
            above = parts[at - 1] if at else ""
            cell = _cell(plan, rest[0]) or _cell(plan, f"{above}--{rest[0]}")
            return None if cell is None else (cell, "/".join(rest[1:]))
    return None


def _cell(plan: Plan, name: str) -> Cell | None:
    """A cell by its folder's name, however it is spelt."""
    before, _, after = name.rpartition("--")
    wanted = before.casefold(), slug(after)
    return next((c for c in plan.cells if (c.name.casefold(), c.setting) == wanted), None)
