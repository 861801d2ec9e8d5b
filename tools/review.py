"""The sheet on which a person decides about suspected labels, and the tables that come back."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.case import Case
from tools.cells import guarded, guarded_path, plain
from tools.changing import Draft, NothingToChange
from tools.errors import AdvisorError, UnknownName
from tools.proposals import class_to_be, counted, edits_to, find_rows, relabel
from tools.readers.csv_table import LABEL_NAMES, PATH_NAMES
from tools.readers.match_ids import Places
from tools.readers.tables import Table, read_table
from tools.store import replace_file
from tools.suggestions import Suspect

COLUMNS = ("id", "label", "suggested", "decision", "split", "doubt")
ACCEPT, REJECT, REMOVE = "accept", "reject", "remove"
WORDS = {
    ACCEPT: "take the suggested label",
    REJECT: "keep the label, and do not ask again",
    REMOVE: "leave the picture out",
}
IDS = ("id", *PATH_NAMES)


@dataclass(frozen=True)
class Decisions:
    """What a table says of pictures.

    Attributes
    ----------
    wanted : tuple of (int, str or None)
        Rows of the case and their new labels; None = left out.
    kept : tuple of int
        Rows whose label a person confirmed.
    undecided : int
    """

    wanted: tuple[tuple[int, str | None], ...]
    kept: tuple[int, ...] = ()
    undecided: int = 0


def write_sheet(path: Path, found: Sequence[Suspect]) -> None:
    """Write suspects, one row each, for a person to fill in.

    Raises
    ------
    AdvisorError
        If the file is there already (it may be filled in), or cannot be written.
    """
    if path.exists():
        raise AdvisorError(
            expected="a new file for the review sheet",
            seen=f"{path}, which is there already and may be filled in",
            todo="Name another file, or delete that one.",
        )
    out = io.StringIO(newline="")
    sheet = csv.writer(out, quoting=csv.QUOTE_ALL)
    sheet.writerow(COLUMNS)
    for s in found:
        sheet.writerow([guarded_path(s.id), guarded(s.given), guarded(s.suggested), "", s.split, f"{s.doubt:.2f}"])
    write_table(path, out.getvalue())


def write_table(path: Path, text: str) -> None:
    """Write a table as spreadsheets read it (UTF-8 with its mark), whole or not at all.

    Raises
    ------
    AdvisorError
    """
    try:
        replace_file(path, text.encode("utf-8-sig"))
    except OSError as error:
        raise AdvisorError(
            expected="a file that can be written",
            seen=f"{path} ({error.strerror})",
            todo="Name a file in a folder that exists and that you may write to.",
        ) from None


def read_decisions(path: Path, case: Case, *, new_class: bool) -> Decisions:
    """A filled-in sheet, or any table with ids and the labels that the pictures are to have.

    Raises
    ------
    UnreadableInput
        Naming the row: an unknown picture or class, one picture twice, a sheet of labels that have changed since.
    """
    table = read_table(path)
    ids, labels, decision = table.column(IDS), table.column(LABEL_NAMES), table.column(("decision",))
    if ids is None or labels is None:
        raise table.error(
            expected="the columns id and label, or a sheet that advisor change sheet wrote",
            seen=f"the columns {', '.join(map(str, table.frame.columns))}",
            todo="Name the columns so in the first row.",
        )
    if decision is None:
        return Decisions(tuple(
            (row, _class(table, case, cell, at, new_class=new_class))
            for at, row, cell in _rows(table, case, ids, labels) if cell
        ))  # fmt: skip
    suggested = table.column(("suggested",))
    wanted: list[tuple[int, str | None]] = []
    kept: list[int] = []
    undecided = 0
    for at, row, cell in _rows(table, case, ids, decision):
        word = cell.casefold()
        if not cell:
            undecided += 1
            continue
        _still_labelled(table, case, row, plain(str(table.frame[labels].iloc[at])), at)
        if word in WORDS and any(name.casefold() == word for name in case.classes):
            raise table.error(
                expected="decisions that cannot be mistaken for a class",
                seen=f"{cell!r}, which is a class here,", row=at,
                todo="Give a table with the columns id and label instead.",
            )  # fmt: skip
        if word == REJECT:
            kept.append(row)
        elif word == REMOVE:
            wanted.append((row, None))
        else:
            if word == ACCEPT:
                cell = "" if suggested is None else str(table.frame[suggested].iloc[at])
            wanted.append((row, _class(table, case, cell, at, new_class=new_class)))
    return Decisions(tuple(wanted), tuple(kept), undecided)


def read_ids(path: Path, case: Case) -> list[int]:
    """Rows of the pictures that a table (a column id) or a list (one path a line) names.

    Raises
    ------
    UnreadableInput
    """
    if path.suffix.lower() in (".csv", ".tsv"):
        table = read_table(path)
        ids = _ids_column(table)
        return [row for _, row, _ in _rows(table, case, ids, ids)]
    return find_rows(case, listed_ids(path))


def listed_ids(path: Path) -> list[str]:
    """What a table (a column id) or a list (one path a line) names, as it stands there.

    Raises
    ------
    UnreadableInput
    """
    if path.suffix.lower() in (".csv", ".tsv"):
        table = read_table(path)
        return [plain(str(cell)) for cell in table.frame[_ids_column(table)] if str(cell)]
    try:
        lines = path.read_bytes().decode("utf-8-sig", "surrogateescape").splitlines()
    except OSError as error:
        raise AdvisorError(
            expected=f"a list at {path}", seen=str(error.strerror), todo="Check its name and that you may read it."
        ) from None
    return [line.strip() for line in lines if line.strip()]


def _ids_column(table: Table) -> str:
    ids = table.column(IDS)
    if ids is None:
        raise table.error(
            expected="a column id",
            seen=f"the columns {', '.join(map(str, table.frame.columns))}",
            todo="Name the column so in the first row.",
        )
    return ids


def reviewed(case: Case, decisions: Decisions, *, test_too: bool) -> Draft | None:
    """The change that a person's decisions ask for; None where labels were confirmed and nothing else.

    Raises
    ------
    NothingToChange
        If nothing is decided.
    """
    notes: tuple[str, ...] = ()
    if decisions.undecided:
        notes = (f"{counted(decisions.undecided)} without a decision stay as they are",)
    if edits_to(case, decisions.wanted):
        draft = relabel(case, decisions.wanted, test_too=test_too)
        return replace(draft, notes=(*draft.notes, *notes))
    if decisions.kept:
        return None
    raise NothingToChange(
        expected=f"at least one decision: {', '.join(WORDS)}, or another class",
        seen="no decision" if decisions.undecided else "labels that the pictures have already",
        todo="Fill in the column decision.",
    )


def _rows(table: Table, case: Case, ids: str, values: str) -> list[tuple[int, int, str]]:
    """Record number, row of the case and cell, record by record."""
    places = Places(case.dataset.index, case.dataset.root)
    texts = [str(text) for text in table.frame[ids]]
    found = places.find(texts)
    again = places.find([plain(text) for text in texts])
    out, seen = [], set()
    for at, (text, first, second) in enumerate(zip(texts, found, again, strict=True)):
        row = second if first is None else first
        if row is None:
            raise table.error(
                expected=f"images of the data set, such as {case.ids[0]}",
                seen=f"{text!a}", row=at,
                todo="Write each path as the import has it; take rows of other pictures out.",
            )  # fmt: skip
        if row in seen:
            raise table.error(
                expected="each picture once", seen=f"{text!a} again", row=at, todo="Keep one row per picture."
            )
        seen.add(row)
        out.append((at, row, str(table.frame[values].iloc[at])))
    return out


def _class(table: Table, case: Case, cell: str, at: int, *, new_class: bool) -> str:
    try:
        return class_to_be(case, cell if cell in case.classes else plain(cell), new_class=new_class)
    except UnknownName as error:
        raise table.error(expected=error.expected, seen=error.seen, todo=error.todo, row=at) from None


def _still_labelled(table: Table, case: Case, row: int, label: str, at: int) -> None:
    """A sheet speaks of the labels it was written for."""
    number = int(case.targets[row])
    now = case.classes[number] if number >= 0 else ""
    if label != now:
        raise table.error(
            expected=f"the label {now!r}, which {case.ids[row]} has now",
            seen=f"{label!r}", row=at,
            todo="The labels have changed since the sheet was written: write a new one.",
        )  # fmt: skip
