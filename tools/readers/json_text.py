"""JSON that comes from elsewhere: parsed without NaN, endless nesting or text that cannot be stored."""

import json
from pathlib import Path
from typing import Any, NoReturn

from tools.errors import UnreadableInput
from tools.readers.tables import BOMS

LARGEST = 512_000_000
"""Bytes of one JSON file: about a million pictures with their scores."""


class Malformed(Exception):
    """A text that is not the JSON it should be; the message is the reason, without what the text holds."""


def parsed(text: str, *, constants: bool = False) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    text : str
    constants : bool
        Let NaN and Infinity through as numbers, for a reader that judges every number itself.

    Raises
    ------
    Malformed

    Examples
    --------
    >>> parsed('{"a": [1]}')
    {'a': [1]}
    >>> parsed('{"a": NaN}')
    Traceback (most recent call last):
    ...
    tools.readers.json_text.Malformed: NaN or Infinity, which JSON does not have
    """
    try:
        return json.loads(text, parse_constant=float if constants else _constant)
    except RecursionError:
        raise Malformed("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON ({error.msg.lower()} at character {error.pos})") from None
    except ValueError:  # Python refuses whole numbers of more than 4,300 digits
        raise Malformed("a number that is too long") from None


def _constant(_: str) -> NoReturn:
    raise Malformed("NaN or Infinity, which JSON does not have")


def storable(value: object) -> str:
    """A text that can be kept and shown.

    Raises
    ------
    Malformed
        If it is no text, is empty, or holds half a character or a NUL.
    """
    if not isinstance(value, str) or not value.strip():
        raise Malformed("empty text, or something else than text")
    if "\0" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise Malformed("text with a character that is none")
    return value.strip()


def read_json(path: Path, *, constants: bool = False) -> Any:
    """The value of a JSON file in UTF-8 or, as PowerShell writes it, UTF-16; see ``parsed``.

    Raises
    ------
    UnreadableInput
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Malformed(f"more than {LARGEST // 1_000_000} MB")
        data = path.read_bytes()
        encoding = next((name for bom, name in BOMS.items() if data.startswith(bom)), "utf-8")
        return parsed(data.decode(encoding), constants=constants)
    except UnicodeDecodeError as error:
        seen = f"a byte at position {error.start} that is no UTF-8"
    except OSError as error:
        seen = error.strerror or str(error)
    except Malformed as reason:
        seen = str(reason)
    raise UnreadableInput(expected=f"JSON in {path}", seen=seen, todo="Save the answer of the service again.")
