"""A detector's boxes as a table: image, class, score and x, y, w, h or xmin, ymin, xmax, ymax."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from tools.cells import plain
from tools.readers.boxes_found import Found
from tools.readers.boxes_gathered import Place, Size, finite
from tools.readers.boxes_values import class_text, in_shares, place_of
from tools.readers.json_text import Malformed
from tools.readers.listing import written_class
from tools.readers.predictions_file import ID_NAMES, PRED_NAMES, SCORE_NAMES
from tools.readers.tables import Table

CORNERS = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom"))
SIDES = (
    ("x", "y", "w", "h"), ("x", "y", "width", "height"), ("left", "top", "width", "height"),
    ("bbox_x", "bbox_y", "bbox_w", "bbox_h"), ("bbox_x", "bbox_y", "bbox_width", "bbox_height"),
)  # fmt: skip
CLASS_NAMES = ("class", "class_name", "label", "category", *PRED_NAMES, "name", "class_id", "category_id")
SCORES = (*SCORE_NAMES, "conf")


def results_from_table(table: Table, found: Found) -> None:
    """Lay the boxes of a table onto pictures.

    Raises
    ------
    UnreadableInput
        If a column is missing.
    """
    image, label, score = table.column(ID_NAMES), table.column(CLASS_NAMES), table.column(SCORES)
    corners = _first(table, CORNERS)
    box = corners or _first(table, SIDES)
    if image is None or label is None or score is None or box is None:
        raise table.error(
            expected="the columns image, class, score, and x, y, w, h or xmin, ymin, xmax, ymax",
            seen=f"the columns {', '.join(map(str, table.frame.columns))}",
            todo="Name the columns so in the first row.",
        )
    records = table.frame.to_dict("records")
    shares = in_shares(_numbers([record[name] for name in box]) for record in records)
    if shares:
        found.notes.append(f"boxes taken as fractions of their picture, as none holds a number above 1: {len(records)}")
    for line, record in _lines(table):
        name, said = plain(str(record[image])), plain(str(record[label]))
        cells = [str(record[column]) for column in box]

        found.add(
            f"row {line}", found.named(name), class_text(name), _labelled(said, found), class_text(said),
            partial(_place, cells, bool(corners), shares), partial(finite, str(record[score])),
        )  # fmt: skip


def _lines(table: Table) -> Iterator[tuple[int, dict[Any, Any]]]:
    return iter(enumerate(table.frame.to_dict("records"), 2))


def _first(table: Table, ways: tuple[tuple[str, ...], ...]) -> list[str] | None:
    for way in ways:
        columns = [column for name in way if (column := table.column((name,))) is not None]
        if len(columns) == 4:
            return columns
    return None


def _numbers(cells: list[Any]) -> list[Any]:
    """Cells as numbers; a cell that is none stays text, which is refused later with its row."""
    out: list[Any] = []
    for cell in cells:
        try:
            out.append(finite(str(cell)))
        except Malformed:
            out.append(cell)
    return out


def _labelled(text: str, found: Found) -> int | None:
    """Class by its name, else by COCO's number."""
    label = found.classes.get(written_class(text))
    return found.boxset.numbers.categories.get(text) if label is None else label


def _place(cells: list[str], corners: bool, shares: bool, size: Size) -> Place:
    values = [finite(cell) for cell in cells]
    if corners:
        values[2:] = values[2] - values[0], values[3] - values[1]
    return place_of(values, size, shares)
