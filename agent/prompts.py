"""Reads prompts and sentence templates; a variable that is missing or left over is an error.

Languages other than English are folders of ``prompts/`` with the same files; which one is spoken is known for the
length of a ``with speaking(…)``, not process-wide.
"""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Any

ENGLISH = ""
_ONE = r"[<+\-−]?\d+(?:\.\d+)?(?: ?(?:%|points))?"
_SPAN = rf"{_ONE}(?:(?:–| to ){_ONE})?"
NUMBER = re.compile(rf"{_SPAN}(?: \({_SPAN}\))?")
_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Sentences come in a language of ``languages()`` inside; English is the empty text."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """The language spoken here."""
    return _spoken.get()


@cache
def languages() -> tuple[str, ...]:
    """Languages there are besides English, by their two letters."""
    there = (entry.name for entry in files("prompts").iterdir() if entry.is_dir())
    return tuple(sorted(name for name in there if re.fullmatch("[a-z]{2}", name)))


def localised(value: str, language: str) -> str:
    """A number, or a measure's name, as the language writes it; any other text as it is.

    >>> localised("71.3–82.6 %", "de"), localised("+3.1 points", "de"), localised("v1.2 of Lime", "de")
    ('71,3–82,6 %', '+3,1 Punkte', 'v1.2 of Lime')
    """
    if language == ENGLISH:
        return value
    known = table("numbers", language)
    if NUMBER.fullmatch(value):
        return value.replace(".", known["point"]).replace("points", known["points"]).replace(" to ", known["to"])
    start = max((s for s in known["starts"] if value.startswith(s)), key=len, default="")
    return str(known["starts"][start] + value.removeprefix(start) if start else known["words"].get(value, value))


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
    language = spoken()
    found: Any = table("sentences", language)
    for part in name.split("."):
        found = found[part]
    return fill(str(found), {key: localised(value, language) for key, value in values.items()})


@cache
def version() -> str:
    """Digest of every prompt and sentence there is; stored with each answer."""
    digest = sha256()
    there = [(entry.name, entry) for entry in files("prompts").iterdir() if entry.is_file()]
    there += [(f"{name}/{e.name}", e) for name in languages() for e in files("prompts").joinpath(name).iterdir()]
    for name, entry in sorted(there, key=lambda pair: pair[0]):
        if name.endswith((".md", ".toml", ".txt")):
            digest.update(name.encode() + b"\0" + entry.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _text(name: str) -> str:
    return files("prompts").joinpath(name).read_text(encoding="utf-8")


@cache
def table(name: str, language: str = ENGLISH) -> dict[str, Any]:
    """A TOML file of ``prompts/`` by its stem, or of a language's folder in it."""
    return tomllib.loads(_text(f"{language}/{name}.toml" if language else f"{name}.toml"))


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of ``prompts/<name>.txt``, separated by blanks."""
    return frozenset(passage(name).split())


def passage(name: str) -> str:
    """The text of ``prompts/<name>.txt``."""
    return _text(f"{name}.txt")
