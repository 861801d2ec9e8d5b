"""Ids, keys and boxes as COCO's labels and results write them."""

from collections.abc import Iterable, Mapping
from typing import Any

from tools.readers.boxes_gathered import Place, Size, number
from tools.readers.json_text import Malformed, storable


def key_of(value: object) -> str:
    """A number or text that stands for a picture or class, in one spelling.

    Raises
    ------
    Malformed
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("an id that is neither a whole number nor text")
    return str(value)


def class_text(key: str) -> str:
    """A key of a file, short and without what cannot be shown."""
    return "".join(c for c in key[:40] if c.isprintable()) or "an unnamed key"


def in_shares(boxes: Iterable[object]) -> bool:
    """Whether boxes are fractions of their picture: there are some, and none holds a number above 1."""
    some = False
    for box in boxes:
        try:
            numbers = [number(value) for value in box] if isinstance(box, list) else []
        except Malformed:
            continue
        if any(value > 1 for value in numbers):
            return False
        some = some or len(numbers) == 4
    return some


def place_of(box: object, size: Size, shares: bool) -> Place:
    """A ``bbox`` in pixels.

    Raises
    ------
    Malformed
    """
    if not isinstance(box, list) or len(box) != 4:
        raise Malformed("a bbox that is no list of four numbers")
    x, y, width, height = map(number, box)
    if shares:
        return x * size.width, y * size.height, width * size.width, height * size.height
    return x, y, width, height


def whole_size(item: Mapping[str, Any]) -> tuple[int, int] | None:
    """The ``width`` and ``height`` that an object states; None where it states neither.

    Raises
    ------
    Malformed
    """
    if item.get("width") is None and item.get("height") is None:
        return None
    width, height = number(item.get("width")), number(item.get("height"))
    if width != int(width) or height != int(height):
        raise Malformed("a width or height that is no whole number")
    return int(width), int(height)
