"""Text in CSV cells that no spreadsheet runs as a formula, and the text back from them."""

import re
from collections.abc import Set

FORMULA = "=+-@\t\r\n＝＋－＠"
"""First characters that make a spreadsheet compute a cell (OWASP, "CSV injection")."""
QUOTE = "'"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(text: str, also: Set[str] = frozenset()) -> str:
    """A text as a cell: between apostrophes where a spreadsheet or our own reader would take it for something else.

    Parameters
    ----------
    text : str
    also : set of str
        Texts, in small letters, that a reader gives a meaning of their own.

    >>> guarded("apple"), guarded("=1+1"), guarded("-5.2"), guarded(" pear")
    ('apple', "'=1+1'", '-5.2', "' pear'")
    """
    computed = text[:1] in FORMULA and not _NUMBER.fullmatch(text)
    if text and (computed or text[0] == QUOTE or text != text.strip() or text.casefold() in also):
        return f"{QUOTE}{text}{QUOTE}"
    return text


def plain(cell: str, also: Set[str] = frozenset()) -> str:
    """Undo ``guarded``; any other cell stays as it is.

    >>> plain("'=1+1'"), plain("'tis"), plain("'so'")
    ('=1+1', "'tis", "'so'")
    """
    inner = cell[1:-1]
    return inner if inner and guarded(inner, also) == cell else cell


def guarded_path(image_id: str) -> str:
    """An image's id as a cell: a path that begins with ``./`` is no formula, and leads to the same file.

    >>> guarded_path("a/1.jpg"), guarded_path("=a/1.jpg")
    ('a/1.jpg', './=a/1.jpg')
    """
    return image_id if image_id[:1].isalnum() and image_id[1:2] != ":" else f"./{image_id}"
