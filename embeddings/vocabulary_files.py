"""Vocabularies from files: those of prompts/concepts, and a user's of the same form."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from embeddings.files import Limits, Unreadable, read_file
from embeddings.vocabulary import LONGEST, PLAIN_TEMPLATES, BadVocabulary, Concept, Vocabulary, check_text
from embeddings.words import clean

FILE = Limits(megabytes=1)
NULL = "null"
"""The file of null phrases: no axis, but what every phrase is compared with."""


def shipped(axis: str) -> Vocabulary:
    """A vocabulary of ``prompts/concepts`` by its axis.

    Raises
    ------
    BadVocabulary
        If there is none; the message lists those there are.
    """
    if axis not in axes():
        raise BadVocabulary(f"expected one of the axes {', '.join(axes())}, saw {clean(axis)[:LONGEST]!r}")
    return _shipped(axis)


@cache
def axes() -> tuple[str, ...]:
    """The axes that ship, sorted."""
    names = (entry.name.removesuffix(".toml") for entry in files("prompts").joinpath("concepts").iterdir())
    return tuple(sorted(name for name in names if name != NULL))


def null_phrases() -> tuple[str, ...]:
    """Everyday things of many fields; a score is a similarity less the mean over these."""
    return tuple(phrase for concept in _shipped(NULL).concepts for phrase in concept.phrases)


def read_vocabulary(path: Path) -> Vocabulary:
    """A user's file of the form of ``prompts/concepts/*.toml``.

    Raises
    ------
    BadVocabulary
        Naming the file, the concept and what to mend.
    """
    name = clean(path.name)[:LONGEST]
    if path.is_file() and not path.stat().st_size:
        raise BadVocabulary(f"{name}: expected a vocabulary, saw an empty file")
    try:
        return parse_vocabulary(read_file(path, root=None, limits=FILE), name)
    except Unreadable as fault:
        raise BadVocabulary(f"{name}: {fault.reason}") from None


def parse_vocabulary(data: bytes, name: str) -> Vocabulary:
    """A vocabulary from the bytes of a TOML file; ``name`` is the file's, for messages.

    Raises
    ------
    BadVocabulary
    """
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        raise BadVocabulary(f"{name}: expected UTF-8, saw another byte at {fault.start}; save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise BadVocabulary(f"{name}: not valid TOML ({clean(str(fault))[:LONGEST]})") from None
    _keys(name, table, {"axis", "concept"}, {"title", "templates"})
    entries = table["concept"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadVocabulary(f"{name}: expected concepts as tables, each headed [[concept]]")
    axis = _string(name, "axis", table["axis"])
    title = _string(name, "title", table.get("title", axis))
    templates = _strings(name, "templates", table.get("templates", list(PLAIN_TEMPLATES)))
    concepts = tuple(_concept(f"{name}, concept {number}", entry) for number, entry in enumerate(entries, start=1))
    try:
        return Vocabulary(axis, title, templates, concepts)
    except BadVocabulary as fault:
        raise BadVocabulary(f"{name}: {fault}") from None


@cache
def _shipped(axis: str) -> Vocabulary:
    file = files("prompts").joinpath("concepts", f"{axis}.toml")
    return parse_vocabulary(file.read_bytes(), f"{axis}.toml")


def _concept(place: str, entry: dict[str, Any]) -> Concept:
    _keys(place, entry, {"name", "phrases"}, {"label", "group"})
    name = _string(place, "name", entry["name"])
    label = _string(place, "label", entry.get("label", name))
    group = _string(place, "group", entry["group"]) if "group" in entry else ""
    return Concept(name, label, _strings(place, "phrases", entry["phrases"]), group)


def _keys(place: str, table: dict[str, Any], needed: set[str], optional: set[str]) -> None:
    if missing := sorted(needed - table.keys()):
        raise BadVocabulary(f"{place}: {missing[0]!r} is missing; add it")
    if unknown := sorted(table.keys() - needed - optional):
        known = ", ".join(sorted(needed | optional))
        raise BadVocabulary(f"{place}: unknown key {clean(unknown[0])[:LONGEST]!r}; expected {known}")


def _string(place: str, what: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadVocabulary(f"{place}: expected {what} to be a text in quotes, saw {type(value).__name__}")
    text = clean(value)
    check_text(place, what, text)
    return text


def _strings(place: str, what: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadVocabulary(f"{place}: expected {what} to be a list of texts, saw {type(value).__name__}")
    return tuple(_string(place, f"each of {what}", text) for text in value)
