"""What a YOLO folder is told by: ``data.yaml`` with names and splits, or a list of class names beside the labels."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tools.dataset import encode_id
from tools.errors import UnreadableInput
from tools.readers.boxes_yolo_rows import read_lines, read_text
from tools.readers.json_text import Malformed, storable
from tools.readers.listing import class_name, not_a_picture

YAMLS = (".yaml", ".yml")
NAMES_FILES = ("classes.txt", "obj.names", "labels/classes.txt", "images/classes.txt", "classes.names")
KEYS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
MOST_YAML = 300_000
"""Bytes of ``data.yaml``: ten thousand names."""
LAYOUT = "data.yaml with names, train and val; or the folders images/ and labels/ with classes.txt"


@dataclass(frozen=True)
class Plan:
    """What ``data.yaml``, or a list of names, says of a folder.

    Attributes
    ----------
    path : Path
        Of the file.
    names : tuple of str
        Classes by number.
    splits : mapping of str to tuple of str
        Split → paths as written; empty where folders alone tell.
    points : bool
        Whether rows go on with key points behind the box.
    """

    path: Path
    names: tuple[str, ...]
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    points: bool = False


def is_yolo(path: Path) -> bool:
    """Whether a folder or a ``data.yaml`` is YOLO's: class names are read, no label is."""
    if path.is_dir():
        return any(_says_names(file) for file in _yamls(path)) or any(_named(path))
    return path.suffix.lower() in YAMLS and _says_names(path)


def _yamls(path: Path) -> list[Path]:
    """Those of a folder, ``data.yaml`` first."""
    try:
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in YAMLS and p.is_file())
    except OSError:
        return []
    return sorted(found, key=lambda p: p.stem.casefold() not in ("data", "dataset"))


def _says_names(path: Path) -> bool:
    try:
        return "names" in _document(path)
    except UnreadableInput:
        return False


def _named(path: Path) -> Iterator[Path]:
    """Lists of class names, where label files lie as well."""
    for name in NAMES_FILES:
        file = path / name
        if file.is_file() and (name.endswith(".names") or (path / "labels").is_dir() or _has_rows(path)):
            yield file


def _has_rows(path: Path) -> bool:
    """Whether a picture in a folder has a text file beside it."""
    with os.scandir(path) as entries:
        names = {entry.name for entry in entries}
    return any(f"{n.rpartition('.')[0]}.txt" in names for n in names if not not_a_picture(n))


def read_plan(path: Path) -> Plan:
    """What ``data.yaml`` says, or a list of class names beside the labels.

    Raises
    ------
    UnreadableInput
    """
    if not path.is_dir():
        return _plan(path)
    for file in _yamls(path):
        if _says_names(file):
            return _plan(file)
    for file in _named(path):
        return Plan(file, read_names(file))
    raise UnreadableInput(
        expected=LAYOUT, seen=f"no class names in {path}", todo="Add data.yaml, or classes.txt with one name a line."
    )


def read_names(path: Path) -> tuple[str, ...]:
    """Class names of a text file, one a line.

    Raises
    ------
    UnreadableInput
        If one is there twice, or none at all.
    """
    return _checked(path, [line.strip() for line in read_lines(path) if line.strip()])


def _plan(path: Path) -> Plan:
    found = _document(path)
    above = _texts(found.get("path"))[:1]
    splits: dict[str, tuple[str, ...]] = {}
    for key, split in KEYS.items():
        if written := _texts(found.get(key)):
            written = tuple(text if text.startswith("/") else "/".join((*above, text)) for text in written)
            splits[split] = (*splits.get(split, ()), *written)
    return Plan(path, _names(path, found.get("names")), splits, "kpt_shape" in found)


def _document(path: Path) -> Mapping[str, yaml.Node]:
    """The top level of a YAML file as parsed nodes: scalars stay the text that is written, so a class may be ``no``."""
    try:
        node = yaml.compose(read_text(path, MOST_YAML), yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise _no_yaml(path, f"no YAML{line}") from None
    except RecursionError:
        raise _no_yaml(path, "YAML that is nested too deeply") from None
    if not isinstance(node, yaml.MappingNode):
        raise _no_yaml(path, "something else than names with values")
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _no_yaml(path: Path, seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected=f"names, train and val in {path}", seen=seen, todo="Mend the file; Ultralytics' documents show how."
    )


def _texts(node: object) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        return (node.value,) if node.value.strip() and node.tag != "tag:yaml.org,2002:null" else ()
    if isinstance(node, yaml.SequenceNode):
        return tuple(item.value for item in node.value if isinstance(item, yaml.ScalarNode) and item.value.strip())
    return ()


def _names(path: Path, node: object) -> tuple[str, ...]:
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return _checked(path, [item.value for item in node.value])
    if isinstance(node, yaml.MappingNode):
        numbered = {}
        for key, value in node.value:
            if not (isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)):
                raise _wrong_names(path, "a name that is no text")
            if not (key.value.isascii() and key.value.isdecimal() and len(key.value) < 7):
                raise _wrong_names(path, f"{encode_id(key.value[:40])!r} where the number of a class belongs")
            numbered[int(key.value)] = value.value
        if sorted(numbered) != list(range(len(node.value))):
            raise _wrong_names(path, "numbers that leave gaps or stand twice")
        return _checked(path, [numbered[i] for i in range(len(numbered))])
    raise _wrong_names(path, "none" if node is None else "something else")


def _checked(path: Path, texts: Sequence[str]) -> tuple[str, ...]:
    try:
        names = tuple(class_name(storable(text)) for text in texts)
    except Malformed as reason:
        raise _wrong_names(path, str(reason)) from None
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None or not names:
        raise _wrong_names(path, "none" if repeated is None else f"{repeated!r} twice")
    return names


def _wrong_names(path: Path, seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected=f"the classes' names, each once, as a list or numbered from 0, in {path}", seen=seen,
        todo="Write names: [first, second], or names: with 0: first, 1: second.",
    )  # fmt: skip
