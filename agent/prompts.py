"""Reads prompts and sentence templates; a variable that is missing or left over is an error."""

import tomllib
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any


def fill(template: str, values: dict[str, str]) -> str:
    """Put values into a template with ``$variables``.

    Raises
    ------
    ValueError
        Naming the variables that the template wants and did not get, or got and does not use.

    >>> fill("$count pictures", {"count": "3"})
    '3 pictures'
    """
    parsed = Template(template)
    if not parsed.is_valid():
        raise ValueError(f"not a valid template: {template[:80]!r}")
    wanted, given = set(parsed.get_identifiers()), set(values)
    if wanted != given:
        raise ValueError(f"template lacks {sorted(wanted - given)} and does not use {sorted(given - wanted)}")
    return parsed.substitute(values)


def prompt(name: str, /, **values: str) -> str:
    """The prompt ``prompts/<name>.md``, filled.

    Raises
    ------
    ValueError
        For a missing or unused variable.
    """
    return fill(_text(f"{name}.md"), values)


def sentence(name: str, /, **values: str) -> str:
    """A sentence of ``prompts/sentences.toml`` by its dotted name, filled.

    Raises
    ------
    ValueError
        For a missing or unused variable.
    KeyError
        For a sentence that does not exist.
    """
    found: Any = table("sentences")
    for part in name.split("."):
        found = found[part]
    return fill(str(found), values)


@cache
def _text(name: str) -> str:
    return files("prompts").joinpath(name).read_text(encoding="utf-8")


@cache
def table(name: str) -> dict[str, Any]:
    """A TOML file of ``prompts/`` by its stem."""
    return tomllib.loads(_text(f"{name}.toml"))


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of ``prompts/<name>.txt``, separated by blanks."""
    return frozenset(_text(f"{name}.txt").split())
