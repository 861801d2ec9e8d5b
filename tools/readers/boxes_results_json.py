"""A detector's boxes as COCO results: a JSON list of ``image_id``, ``category_id``, ``bbox`` and ``score``."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_found import AGAIN, Found
from tools.readers.boxes_gathered import number
from tools.readers.boxes_values import class_text, in_shares, key_of, place_of
from tools.readers.json_text import Malformed, read_json, storable
from tools.readers.listing import class_name

LISTS = ("annotations", "predictions", "results", "detections")
NAMED = ("category_name", "class_name", "label", "category", "class", "name")
"""Keys under which results hold a class by its name."""


def results_from_json(path: Path, found: Found) -> None:
    """Lay the boxes of a results file onto pictures.

    A file that lists ``images`` and ``categories`` of its own is read by their names.

    Raises
    ------
    UnreadableInput
    """
    try:
        document = read_json(path, constants=True)
    except UnreadableInput as error:
        raise UnreadableInput(expected=error.expected, seen=error.seen, todo=AGAIN) from None
    own: Mapping[str, Any] = document if isinstance(document, dict) else {}
    items = next((own[key] for key in LISTS if isinstance(own.get(key), list)), document)
    if not isinstance(items, list):
        raise UnreadableInput(
            expected=f"a JSON list of objects with image_id, category_id, bbox and score in {path}",
            seen="something else", todo=AGAIN,
        )  # fmt: skip
    files, names = _by_id(own.get("images"), "file_name"), _by_id(own.get("categories"), "name")
    results = [item for item in items if isinstance(item, dict)]
    classes = _class_numbers(path, results, found.boxset) if not names else {}
    shares = in_shares(item.get("bbox") for item in results)
    if shares:
        found.notes.append(f"boxes taken as fractions of their picture, as none holds a number above 1: {len(results)}")
    for position, item in enumerate(items):
        where = f"result number {position + 1}"
        try:
            if not isinstance(item, dict):
                raise Malformed("something else than an object")
            picture, picture_text = _picture_of(item, files, found)
            label, label_text = _class_of(item, names, classes, found)
        except Malformed as reason:
            found.bad(where, str(reason))
            continue
        found.add(
            where, picture, picture_text, label, label_text,
            partial(place_of, item.get("bbox"), shares=shares), partial(number, item.get("score")),
        )  # fmt: skip


def _by_id(items: object, what: str) -> dict[str, str]:
    """Names by id, where the results hold their own lists of pictures and categories."""
    out = {}
    for item in items if isinstance(items, list) else []:
        try:
            out[key_of(item["id"])] = storable(item[what])
        except (Malformed, KeyError, TypeError):
            continue
    return out


def _picture_of(item: Mapping[str, Any], files: Mapping[str, str], found: Found) -> tuple[int | None, str]:
    name = item.get("file_name")
    if isinstance(name, str) and (row := found.named(storable(name))) is not None:
        return row, ""
    key = key_of(item.get("image_id"))
    if key in files:
        return found.named(files[key]), class_text(files[key])
    known = found.boxset.numbers.pictures
    row = known.get(key)
    if row is None and not (known and key.isdecimal()):
        row = found.named(key)
    return row, class_text(key)


def _class_of(
    item: Mapping[str, Any], names: Mapping[str, str], classes: Mapping[str, int], found: Found
) -> tuple[int | None, str]:
    for key in NAMED:
        if isinstance(text := item.get(key), str) and text.strip():
            return found.classes.get(class_name(storable(text))), class_text(text)
    key = key_of(item.get("category_id"))
    if key in names:
        return found.classes.get(class_name(names[key])), class_text(names[key])
    label = classes.get(key)
    if label is None and not key.isdecimal():
        label = found.classes.get(class_name(key))
    return label, class_text(key)


def _class_numbers(path: Path, results: list[dict[str, Any]], boxset: BoxSet) -> Mapping[str, int]:
    """Class by ``category_id``; for YOLO's labels, whose exporters count from 0 or, since 2024, from 1."""
    numbers, count = boxset.numbers, len(boxset.numbers.positions)
    if numbers.categories or not count:
        return numbers.categories
    numeric = set()
    for item in results:
        with suppress(Malformed):
            if not any(isinstance(item.get(key), str) for key in NAMED):
                numeric.add(key_of(item.get("category_id")))
    numeric = {key for key in numeric if key.isdecimal()}
    first = 0 if "0" in numeric else 1 if str(count) in numeric else None
    if numeric and (first is None or {"0", str(count)} <= numeric):
        raise UnreadableInput(
            expected=f"category_id from 0 to {count - 1}, or from 1 to {count}, for the {count} classes of data.yaml",
            seen=f"numbers in {path} that fit both or neither: {', '.join(sorted(numeric)[:10])}",
            todo="Give the detector's text files instead (save_txt, save_conf), or add category_name to the results.",
        )
    return {str(place + (first or 0)): number for place, number in enumerate(numbers.positions)}
