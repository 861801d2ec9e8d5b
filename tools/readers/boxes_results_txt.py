"""A detector's boxes as YOLO writes them: a folder of text files with rows ``class xc yc w h conf``."""

from functools import partial
from pathlib import Path

from tools.errors import UnreadableInput
from tools.readers.boxes_found import Found
from tools.readers.boxes_gathered import Place, Size, finite
from tools.readers.boxes_yolo_plan import read_names
from tools.readers.boxes_yolo_rows import around, centred, class_number, fractions, read_rows
from tools.readers.local_pictures import LocalPictures


def results_from_folder(path: Path, found: Found) -> None:
    """Lay the boxes of text files onto the pictures that are called like them.

    Raises
    ------
    UnreadableInput
        For rows without confidence, and class numbers without a name.
    """
    positions = _positions(path, found)
    for item in LocalPictures(path, any_ending=True):
        name = item.parts[-1]
        if not name.endswith(".txt") or name in ("classes.txt", "labels.txt"):
            continue
        whole = item.id.removesuffix(".txt")
        ways = (whole, whole.replace("labels/", "images/"), whole.removeprefix("labels/"), whole.rpartition("/")[2])
        row = next((r for way in ways if (r := found.named(way)) is not None), None)
        for line, cells in read_rows(path / item.relative):
            where = f"{item.id}, line {line}"
            values = _values(path, where, cells)
            label = class_number(cells[0])
            if label is None or values is None:
                found.bad(where, "no row of class, x, y, width, height and confidence")
                continue
            if label >= len(positions):
                raise UnreadableInput(
                    expected=f"class numbers from 0 to {len(positions) - 1}", seen=f"{label} in {where} of {path}",
                    todo="Give the results of a detector with the classes of data.yaml, in its order.",
                )  # fmt: skip
            found.add(
                where, row, item.id, positions[label][0], positions[label][1],
                partial(_place, values), partial(finite, values[-1]),
            )  # fmt: skip


def _positions(path: Path, found: Found) -> list[tuple[int | None, str]]:
    """Class and its name by YOLO's number: as the results' own list of names says, else as the labels' did."""
    if (path / "classes.txt").is_file():
        return [(found.classes.get(name), name) for name in read_names(path / "classes.txt")]
    positions = found.boxset.numbers.positions
    if not positions:
        raise UnreadableInput(
            expected=f"the names of the class numbers in {path}", seen="none, and labels that are no YOLO labels",
            todo="Put classes.txt into that folder, with one name a line in the detector's order.",
        )  # fmt: skip
    return [(label, found.boxset.classes[label]) for label in positions]


def _values(path: Path, where: str, cells: list[str]) -> list[str] | None:
    """Box and confidence of a row, or outline and confidence; a track's number behind them is dropped."""
    if len(cells) == 5:
        raise UnreadableInput(
            expected="six columns: class, x and y of the centre, width, height, confidence",
            seen=f"five in {where} of {path}",
            todo="Predict again with save_txt and save_conf.",
        )
    if len(cells) in (6, 7):
        return cells[1:6]
    return cells[1:] if len(cells) >= 8 and len(cells) % 2 == 0 else None


def _place(values: list[str], size: Size) -> Place:
    numbers = fractions(values[:-1])
    if len(numbers) == 4:
        return centred(numbers, size)
    return around(min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]), size)
