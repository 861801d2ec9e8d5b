"""Labels for pictures of the inbox, as a person names them or a filled-in sheet says: a change that can be undone."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.added import folder_of
from tools.case import Case
from tools.cells import guarded, guarded_path, plain
from tools.changes import Edit
from tools.changing import Draft, NothingToChange
from tools.dataset import decode_id
from tools.errors import AdvisorError, UnknownName
from tools.inbox import Inbox, Picture
from tools.inbox_order import Entry
from tools.proposals import class_to_be, counted
from tools.readers.csv_table import LABEL_NAMES
from tools.readers.tables import Table, read_table
from tools.review import IDS, write_table
from tools.wording import listed

SKIP, REJECT = "skip", "reject"
COLUMNS = ("id", "file", "says", "score", "why", "label")
RULER = (
    "They are test pictures from now on: figures from before and after this change are measured on different pictures "
    "and cannot be compared. advisor ledger compares both models on the new ones"
)


@dataclass(frozen=True)
class Filled:
    """What a filled-in sheet says.

    Attributes
    ----------
    wanted : tuple of (Picture, str)
    skipped, rejected : tuple of Picture
    undecided : int
    metadata : mapping of str to mapping of str to str
        By content: values of the data set's columns that the sheet has too.
    """

    wanted: tuple[tuple[Picture, str], ...]
    skipped: tuple[Picture, ...] = ()
    rejected: tuple[Picture, ...] = ()
    undecided: int = 0
    metadata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def labelled(case: Case, wanted: Sequence[tuple[Picture, str]], *, split: str, undecided: int = 0) -> Draft:
    """The change that gives pictures their labels, and so makes them a part of the next version.

    Raises
    ------
    NothingToChange
        If there is none.
    """
    if not wanted:
        raise NothingToChange(
            expected="pictures with a label", seen="none", todo="Name pictures and --as CLASS, or fill in the sheet."
        )
    counts = Counter(name for _, name in wanted)
    told = listed([f"{name} {count}" for name, count in sorted(counts.items())])
    edits = tuple(Edit(picture.id, picture.sha256, None, name) for picture, name in wanted)
    where = "" if split == "train" else f", for {split}"
    notes = [RULER] if split == "test" and case.has_test else []
    notes += _group_notes(case, [picture for picture, _ in wanted], split)
    fresh = sorted(set(counts) - set(case.classes))
    if fresh:
        notes.append(f"New here: {listed(fresh)}. A model that was not trained on it cannot say it")
    if undecided:
        notes.append(f"{counted(undecided)} without a decision: still in the inbox")
    return Draft("append", f"{counted(len(edits))} from the inbox labelled ({told}){where}", edits, notes=tuple(notes),
                 split=split)  # fmt: skip


def _group_notes(case: Case, pictures: Iterable[Picture], split: str) -> list[str]:
    """What the group column makes of them."""
    column = case.settings.group_column
    if column is None or column not in case.dataset.metadata:
        return []
    values = [picture.metadata.get(column, "") for picture in pictures]
    data = case.dataset
    other = data.splits == "test" if split != "test" else data.splits != "test"
    across = set(data.metadata[column][other].tolist()) - {""}
    shared, without = sum(value in across for value in values), values.count("")
    notes = []
    if shared:
        side = "test" if split != "test" else "training"
        notes.append(f"Of the same {column} as {side} pictures, and so not independent of them: {counted(shared)}")
    if without:
        notes.append(
            f"Without a {column}: {counted(without)}, each a group of its own; --set {column}=VALUE gives it one"
        )
    return notes


def write_inbox_sheet(path: Path, workspace: Path, entries: Sequence[Entry], columns: Sequence[str] = ()) -> None:
    """Write pictures in their order, one row each, for a person to fill in the column label.

    Parameters
    ----------
    columns : sequence of str
        Of the data set's metadata, to be filled in too.

    Raises
    ------
    AdvisorError
        If the file is there already (it may be filled in), or cannot be written.
    """
    if path.exists():
        raise AdvisorError(
            expected="a new file for the sheet", seen=f"{path}, which is there already and may be filled in",
            todo="Name another file, or delete that one.",
        )  # fmt: skip
    out = io.StringIO(newline="")
    sheet = csv.writer(out, quoting=csv.QUOTE_ALL)
    sheet.writerow([*COLUMNS, *map(guarded, columns)])
    folder = folder_of(workspace).absolute()
    for entry in entries:
        picture = entry.picture
        sheet.writerow([
            guarded_path(picture.name), guarded(_shown(folder / decode_id(picture.name))), guarded(entry.said),
            f"{entry.score:.2f}", guarded("; ".join(entry.why)), "",
            *(guarded(picture.metadata.get(name, "")) for name in columns),
        ])  # fmt: skip
    write_table(path, out.getvalue())


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()


def read_inbox_sheet(path: Path, inbox: Inbox, case: Case, *, new_class: bool) -> Filled:
    """A filled-in sheet, or any table with the columns id and label.

    Raises
    ------
    UnreadableInput
        Naming the row: an unknown picture or class, one picture twice, a word that is also a class.
    """
    table = read_table(path)
    ids, labels = table.column(IDS), table.column(LABEL_NAMES)
    if ids is None or labels is None:
        raise table.error(
            expected="the columns id and label, as advisor inbox sheet writes them",
            seen=f"the columns {', '.join(map(str, table.frame.columns))}",
            todo="Name the columns so in the first row.",
        )
    wanted: list[tuple[Picture, str]] = []
    aside: dict[str, list[Picture]] = {SKIP: [], REJECT: []}
    seen: set[str] = set()
    undecided = 0
    metadata: dict[str, dict[str, str]] = {}
    columns = [name for name in map(str, table.frame.columns) if name in case.dataset.metadata]
    for at, (text, cell) in enumerate(zip(table.frame[ids], table.frame[labels], strict=True)):
        picture = _picture(table, inbox, str(text), at)
        if picture.sha256 in seen:
            raise table.error(expected="each picture once", seen=f"{text!a} again", row=at, todo="Keep one row of it.")
        seen.add(picture.sha256)
        metadata[picture.sha256] = {n: plain(str(table.frame[n].iloc[at])) for n in columns}
        word = plain(str(cell))
        if not word:
            undecided += 1
        elif word.casefold() in aside:
            if word.casefold() in {name.casefold() for name in case.classes}:
                raise table.error(
                    expected="words that cannot be mistaken for a class", seen=f"{word!r}, which is a class here,",
                    row=at, todo="Label it with advisor inbox label PICTURE --as CLASS.",
                )  # fmt: skip
            aside[word.casefold()].append(picture)
        else:
            wanted.append((picture, _class(table, case, word, at, new_class=new_class)))
    return Filled(tuple(wanted), tuple(aside[SKIP]), tuple(aside[REJECT]), undecided, metadata)


def _picture(table: Table, inbox: Inbox, text: str, at: int) -> Picture:
    try:
        try:
            return inbox.find([text])[0]
        except UnknownName:
            return inbox.find([plain(text)])[0]
    except UnknownName as error:
        raise table.error(
            expected=error.expected, seen=error.seen, row=at,
            todo="It was labelled or rejected since, or never came: take the row out, or write a new sheet.",
        ) from None  # fmt: skip


def _class(table: Table, case: Case, word: str, at: int, *, new_class: bool) -> str:
    try:
        return class_to_be(case, word, new_class=new_class)
    except UnknownName as error:
        raise table.error(expected=error.expected, seen=error.seen, todo=error.todo, row=at) from None
