"""Text tables as people's tools write them: UTF-8 with or without BOM, UTF-16; comma, semicolon or tab."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd

from tools.errors import UnreadableInput

BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
SEPARATORS = ",;\t"
FIRST_ROW = 2
"""Line of the first record, where the header is line 1: what a spreadsheet shows."""


@dataclass(frozen=True, eq=False)
class Table:
    """Cells as text.

    Attributes
    ----------
    path : Path
    frame : DataFrame
        Every cell a stripped str; column names as written, stripped; empty cells are empty strings.
    """

    path: Path
    frame: pd.DataFrame

    def column(self, names: Sequence[str]) -> str | None:
        """The column called one of ``names``, whatever its case; None if there is none."""
        by_name = {str(name).casefold(): str(name) for name in self.frame.columns}
        return next((by_name[name] for name in names if name in by_name), None)

    def error(self, *, expected: str, seen: str, todo: str, row: int | None = None) -> UnreadableInput:
        """An error that names the file and, for record number ``row``, its line."""
        where = f" in row {row + FIRST_ROW}" if row is not None else ""
        return UnreadableInput(expected=expected, seen=f"{seen}{where} of {self.path}", todo=todo)


def read_table(path: Path) -> Table:
    """Read a text table; nothing is guessed about types.

    Raises
    ------
    UnreadableInput
        For a file that is no table: wrong encoding, NUL characters, no header, ragged rows, repeated column names.
    """
    text = _decoded(path)
    header = text.lstrip("\r\n").partition("\n")[0]
    separator = max(SEPARATORS, key=header.count)
    try:
        rows = [row for row in csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True) if any(row)]
    except csv.Error as error:
        raise UnreadableInput(
            expected=f"a table with one record per row in {path}",
            seen=str(error),
            todo="Close the quotation marks, or save the file again as CSV.",
        ) from None
    if not rows:
        raise UnreadableInput(
            expected=f"a header and rows in {path}", seen="an empty file", todo="Export the table again."
        )
    names = [name.strip() for name in rows[0]]
    folded = [name.casefold() for name in names]
    repeated = next((name for i, name in enumerate(names) if folded[i] in folded[:i]), None)
    if repeated is not None:
        raise UnreadableInput(
            expected="column names that differ", seen=f"{repeated!r} twice in {path}", todo="Rename or drop one."
        )
    ragged = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
    if ragged is not None:
        raise UnreadableInput(
            expected=f"{len(names)} cells in every row, as in the header",
            seen=f"{len(rows[ragged])} cells in row {ragged + 1} of {path}",
            todo=f"Put cells that contain {separator!r} into quotation marks.",
        )
    cells = [[cell.strip() for cell in row] for row in rows[1:]]
    return Table(path, pd.DataFrame(cells, columns=pd.Index(names), dtype=object))


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(
            expected=f"a table at {path}", seen=str(error.strerror), todo="Check its name and that you may read it."
        ) from None
    encoding = next((name for bom, name in BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableInput(
            expected=f"text in UTF-8 or UTF-16 in {path}",
            seen=f"a byte at position {error.start} that is neither",
            todo="Save the table as 'CSV UTF-8'.",
        ) from None
    if "\0" in text:
        raise UnreadableInput(
            expected=f"text in {path}", seen="NUL characters", todo="Save the table as 'CSV UTF-8'; it looks binary."
        )
    return text
