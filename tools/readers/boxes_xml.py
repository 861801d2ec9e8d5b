"""XML that comes from elsewhere: parsed without document types, entities or endless nesting."""

from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from tools.readers.json_text import Malformed

LARGEST, DEEPEST = 10_000_000, 20
"""Bytes of one file, tens of thousands of boxes; and levels of its elements."""


def read_xml(path: Path) -> Element:
    """The root element of an XML file.

    Raises
    ------
    Malformed
        Also for a document type: nothing here needs one, and entities unpack to gigabytes or name other files.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Malformed(f"more than {LARGEST // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise Malformed(error.strerror or str(error)) from None
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Malformed("nested too deeply")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Malformed(f"no XML (line {error.lineno}: {expat.ErrorString(error.code)})") from None
    except (ValueError, LookupError):
        raise Malformed("XML in an unknown encoding") from None
    return builder.close()


def _refuse(*_: object) -> NoReturn:
    raise Malformed("a document type or entities, which labels do not need")
