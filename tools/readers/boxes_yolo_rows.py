"""Rows of YOLO's text files: the class and, in fractions of the picture, a box or the outline of a thing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.errors import UnreadableInput
from tools.readers.boxes_gathered import Place, Size, finite
from tools.readers.json_text import Malformed
from tools.readers.tables import BOMS

MOST_BYTES = 10_000_000
"""Of a text file: a hundred thousand boxes."""
SLACK = 0.01
"""By how much a fraction may leave 0 to 1; Ultralytics allows the same."""


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """A text file of at most so many bytes.

    Raises
    ------
    UnreadableInput
    """
    try:
        if path.stat().st_size > most:
            raise Malformed(f"more than {most / 1e6:g} MB")
        data = path.read_bytes()
        return data.decode(next((name for bom, name in BOMS.items() if data.startswith(bom)), "utf-8"))
    except UnicodeDecodeError:
        seen = "bytes that are no text in UTF-8"
    except OSError as error:
        seen = error.strerror or str(error)
    except Malformed as reason:
        seen = str(reason)
    raise UnreadableInput(expected=f"text at {path}", seen=seen, todo="Export it again.")


def read_lines(path: Path) -> list[str]:
    """Lines of a text file."""
    return read_text(path).splitlines()


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of a label file.

    Raises
    ------
    UnreadableInput
    """
    for number, line in enumerate(read_lines(path), 1):
        if cells := line.split():
            yield number, cells


def class_number(cell: str) -> int | None:
    """The class at the beginning of a row, also written ``3.0``; None if it is no number from 0."""
    head, _, tail = cell.partition(".")
    return int(head) if head.isascii() and head.isdecimal() and len(head) < 10 and not tail.strip("0") else None


def fractions(cells: Sequence[str]) -> list[float]:
    """Numbers that may be parts of a picture's side.

    Raises
    ------
    Malformed
    """
    values = [finite(cell) for cell in cells]
    if any(not -SLACK <= value <= 1 + SLACK for value in values):
        raise Malformed("numbers that are no fractions of the picture, from 0 to 1")
    return values


def centred(values: Sequence[float], size: Size) -> Place:
    """A box from its centre and sides, as fractions."""
    x, y, width, height = values
    return ((x - width / 2) * size.width, (y - height / 2) * size.height, width * size.width, height * size.height)


def around(x1: float, y1: float, x2: float, y2: float, size: Size) -> Place:
    """A box from its corners, as fractions."""
    return (x1 * size.width, y1 * size.height, (x2 - x1) * size.width, (y2 - y1) * size.height)
