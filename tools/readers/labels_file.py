"""Labels of a user's network: a text file with one a line, or JSON as the usual tools write it."""

import ast
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.errors import UnreadableInput
from tools.readers.listing import class_name

BESIDE = ("labels.txt", "labels.json", "classes.txt", "classes.json", "class_names.txt")
"""Names under which exporters put the labels beside the network."""
INSIDE = ("names", "labels", "classes", "class_names")
"""Metadata keys under which exporters put them into it."""
MOST_BYTES = 10_000_000


def read_labels(path: Path) -> tuple[str, ...]:
    """Labels in the order of the network's scores.

    JSON may be a list; a mapping of numbers to names or of names to numbers; or hold one of these under ``labels``,
    ``classes``, ``names``, ``class_names`` or ``id2label`` (as transformers' config.json does).

    Raises
    ------
    UnreadableInput
        For another file, numbers that leave gaps, empty or repeated labels.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES / 1e6:g} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as fault:
        seen = getattr(fault, "strerror", None) or type(fault).__name__
        raise _wrong(path, f"{path} ({seen})") from None
    if path.suffix.lower() == ".json":
        try:
            return checked(path, _from_json(json.loads(text)))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise _wrong(path, f"other JSON in {path}") from None
    return checked(path, [line.strip() for line in text.splitlines() if line.strip()])


def labels_inside(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Labels that an exporter wrote into the network's notes; empty if there are none that can be read."""
    for key in INSIDE:
        try:
            return checked(Path(key), _from_json(_literal(metadata[key])))
        except (KeyError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError, UnreadableInput):
            continue
    return ()


def labels_beside(model: Path) -> Path | None:
    """A labels file in the network's folder; None if there is none."""
    return next((file for name in BESIDE if (file := model.parent / name).is_file()), None)


def checked(path: Path, names: list[str]) -> tuple[str, ...]:
    """Labels spelt as classes are, none empty, none twice."""
    out = tuple(class_name(name) for name in names)
    repeated = [name for name, count in Counter(out).items() if count > 1]
    if len(out) < 2 or "" in out or repeated:
        seen = f"{repeated[0]!r} more than once" if repeated else "an empty label" if "" in out else f"{len(out)}"
        raise _wrong(path, f"{seen} in {path}")
    return out


def _literal(text: str) -> Any:
    """JSON, or a Python literal as Ultralytics writes it: read, never run."""
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def _from_json(found: Any) -> list[str]:
    if isinstance(found, list) and all(isinstance(name, str) for name in found):
        return found
    if not isinstance(found, dict) or not found:
        raise TypeError("no labels")
    for key in (*INSIDE, "id2label"):
        if isinstance(found.get(key), list | dict):
            return _from_json(found[key])
    if all(isinstance(value, int) for value in found.values()):
        found = {number: name for name, number in found.items()}
    numbered = {int(number): str(name) for number, name in found.items()}
    return [numbered[number] for number in range(len(numbered))]  # a gap is a KeyError


def _wrong(path: Path, seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected="at least two different labels, in the order of the network's scores",
        seen=seen,
        todo="Give a text file with one label a line, or a JSON list.",
    )
