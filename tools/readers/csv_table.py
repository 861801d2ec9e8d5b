"""CSV: ``filepath,label[,split,…metadata]``, one row per picture; paths relative to the table's folder."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.cells import plain
from tools.dataset import Skipped, decode_id, encode_id
from tools.errors import UnreadableInput
from tools.paths import inside
from tools.readers.listing import SPLIT_NAMES, SPLIT_WORDS, Listed, Listing, not_a_picture, written_class
from tools.readers.tables import Table, read_table

PATH_NAMES = ("filepath", "file_path", "path", "file", "filename", "file_name", "image", "image_path", "file_path_abs")
LABEL_NAMES = ("label", "class", "class_name", "category", "target")
SPLIT_COLUMN = ("split", "subset", "partition")
BOX_NAMES = frozenset({"x", "y", "w", "h", "xmin", "ymin", "xmax", "ymax", "bbox", "bbox_x", "bbox_y", "left", "top"})
SPLITS = {**SPLIT_NAMES, "production": "production"}
AMBIGUOUS = frozenset({"nan", "null", "none", "n/a", "na"})
"""What tools write for a missing cell, yet a class may be called so: refused instead of guessed."""


def read_csv(path: Path, split: str | None = None) -> Listing:
    """List the pictures of a table; none is opened.

    An empty label is an unlabelled image; files that are missing are skipped with that reason; further columns
    become metadata.

    Parameters
    ----------
    path : Path
    split : str, optional
        The column that holds the split; looked for by its usual names when left out.

    Raises
    ------
    UnreadableInput
        Naming file and row: a missing column, a path outside the table's folder, an unknown split, a label that may
        mean "missing", one picture with two labels, boxes.
    """
    table = read_table(path)
    paths, labels, splits = _columns(table, split)
    root = path.resolve().parent
    columns = [str(name) for name in table.frame.columns if name not in (paths, labels, splits)]
    rows: dict[str, Listed] = {}
    skipped: dict[str, Skipped] = {}
    repeated: list[Skipped] = []
    for number, record in enumerate(table.frame.to_dict("records")):
        relative = _relative(table, root, plain(str(record[paths])), number)
        listed = Listed(
            encode_id(relative),
            _label(table, str(record[labels]), number),
            _split(table, str(record[splits]), number, SPLITS if split is None else SPLIT_WORDS) if splits else "train",
            {plain(name): plain(str(record[name])) for name in columns},
        )
        _refuse_contradiction(table, rows.get(listed.id), listed, number)
        if listed.id in rows:
            repeated.append(Skipped(listed.id, "named in several rows of the table that say the same; taken once"))
        rows[listed.id] = listed
        reason = not_a_picture(relative.rpartition("/")[2]) or _absent(root, relative)
        if reason:
            skipped[listed.id] = Skipped(listed.id, reason)
    images = tuple(sorted((row for row in rows.values() if row.id not in skipped), key=lambda row: row.id))
    if not images:
        example = next(iter(skipped.values()), None)
        raise table.error(
            expected=f"rows that name pictures below {root}",
            seen=f"{len(rows)} rows, none of them with a file there" + (f", e.g. {example.path}" if example else ""),
            todo="Put the table into the folder that its paths are relative to.",
        )
    return Listing(root, images, (*skipped.values(), *dict.fromkeys(repeated)))


def _columns(table: Table, split: str | None) -> tuple[str, str, str | None]:
    seen = ", ".join(map(str, table.frame.columns))
    boxes = [str(name) for name in table.frame.columns if str(name).casefold() in BOX_NAMES]
    if len(boxes) >= 4 or "bbox" in boxes:
        raise table.error(
            expected="one class per picture: the columns filepath,label",
            seen=f"box columns {', '.join(boxes)}",
            todo="Boxes are taken as COCO, YOLO or Pascal VOC; for one class per picture leave those columns out.",
        )
    paths, labels = table.column(PATH_NAMES), table.column(LABEL_NAMES)
    if paths is None or labels is None:
        raise table.error(
            expected="the columns filepath and label (also path, file, image; class)",
            seen=f"the columns {seen}",
            todo="Name the columns so in the first row.",
        )
    if split is None:
        return paths, labels, table.column(SPLIT_COLUMN)
    column = table.column((split.casefold(),))
    if column is None or column in (paths, labels):
        raise table.error(
            expected=f"the column {split}, which --split names",
            seen=f"the columns {seen}",
            todo="Name the column that holds the split.",
        )
    return paths, labels, column


def _relative(table: Table, root: Path, text: str, number: int) -> str:
    """The path of a row relative to the table's folder, POSIX."""
    if Path(text).is_absolute() and Path(text).is_relative_to(root):
        text = Path(text).relative_to(root).as_posix()
    relative = next((way for way in _spellings(text) if (root / way).exists()), text.replace("\\", "/"))
    try:
        inside(root, relative)
    except UnreadableInput as error:
        raise table.error(
            expected=f"a picture inside the table's folder {root}",
            seen=error.seen,
            todo="Give paths relative to the table's folder, without '..'.",
            row=number,
        ) from None
    return "/".join(part for part in relative.split("/") if part not in ("", "."))


def _spellings(text: str) -> Iterator[str]:
    """What a cell may mean: a name as it is, one of our ids, a path written on Windows."""
    yield text
    if "\\" in text:
        with suppress(ValueError):
            yield decode_id(text)
        yield text.replace("\\", "/")


def _label(table: Table, text: str, number: int) -> str | None:
    if text.casefold() in AMBIGUOUS:
        raise table.error(
            expected="a class name, or an empty cell for an unlabelled picture",
            seen=f"the label {text!r}, which may mean a missing value",
            todo="Empty the cell if the label is missing; rename the class if it is one.",
            row=number,
        )
    return written_class(plain(text, AMBIGUOUS)) if text else None


def _split(table: Table, text: str, number: int, names: Mapping[str, str]) -> str:
    split = names.get(text.casefold() or "train")
    if split is None:
        raise table.error(
            expected=f"a split among {', '.join(names)}",
            seen=f"{text!r}",
            todo="Correct the split column, or name the one that holds the split: --split COLUMN.",
            row=number,
        )
    return split


def _refuse_contradiction(table: Table, before: Listed | None, now: Listed, number: int) -> None:
    if before is None or before == now:
        return
    what = "label" if before.label != now.label else "split" if before.split != now.split else "metadata"
    ways: dict[str, Sequence[object]] = {
        "label": (before.label, now.label),
        "split": (before.split, now.split),
        "metadata": (dict(before.metadata), dict(now.metadata)),
    }
    first, second = ways[what]
    raise table.error(
        expected="each picture once, with one class (several labels per picture are not taken yet)",
        seen=f"{now.id} with the {what} {first!r} and again with {second!r}",
        todo="Keep one row per picture.",
        row=number,
    )


def _absent(root: Path, relative: str) -> str:
    """Why a named file cannot be taken; empty if it is there."""
    target = root / relative
    if target.is_file():
        return ""
    return "named in the table, but not a regular file" if target.exists() else "named in the table, but not there"
