"""Patterns of questions, read from ``prompts/intents.toml``: which intent a text has, and which what-if it names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from agent.plan import Intent
from agent.prompts import table

NAME = "\ufffc"
"""Stands for a class name in the text that patterns are matched against."""


@dataclass(frozen=True)
class Rule:
    """One rule: the text has the intent if it fits ``fits`` and not ``unless``.

    Attributes
    ----------
    intent : Intent
    fits : pattern
    unless : pattern or None
    kind : bool
        Whether a what-if must be named as well.
    whole : pattern or None
        What must fit the whole text; it is certain then.
    """

    intent: Intent
    fits: re.Pattern[str]
    unless: re.Pattern[str] | None
    kind: bool
    whole: re.Pattern[str] | None


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are tried."""
    out = []
    for entry in table("intents")["rules"]:
        whole = [rf"^[^\w{NAME}]*(?:{pattern})[^\w{NAME}]*$" for pattern in entry.get("whole", ())]
        fits, unless = _joined([*whole, *entry.get("patterns", ())]), entry.get("unless", ())
        refused, certain = _joined(unless) if unless else None, _joined(whole) if whole else None
        out.append(Rule(cast(Intent, entry["intent"]), fits, refused, entry.get("kind", False), certain))
    return tuple(out)


@cache
def _kinds() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, _joined(patterns)) for kind, patterns in table("intents")["kinds"].items())


def with_parts(pattern: str, parts: Mapping[str, str]) -> str:
    """A pattern with each ``{name}`` replaced by the part of that name, and the parts within parts too.

    >>> with_parts("{a}{2}", {"a": "x{b}", "b": "y"})
    'xy{2}'
    """
    while (fuller := re.sub(r"\{([a-z_]+)\}", lambda m: parts[m[1]], pattern)) != pattern:
        pattern = fuller
    return pattern


def _joined(patterns: Sequence[str]) -> re.Pattern[str]:
    parts = table("intents")["parts"]
    filled = [re.sub(r"\{(\w+)\}", lambda m: parts.get(m[1], m[0]), pattern) for pattern in patterns]
    return re.compile("|".join(f"(?:{pattern})" for pattern in filled))


def kind_of(text: str) -> str | None:
    """The what-if that a text names; None if it names none."""
    return next((kind for kind, pattern in _kinds() if pattern.search(text)), None)


def intents(text: str) -> list[Intent]:
    """Intents that a text fits, the deciding one first."""
    out: list[Intent] = []
    for rule in rules():
        if not rule.fits.search(text) or (rule.unless is not None and rule.unless.search(text)):
            continue
        if rule.kind and kind_of(text) is None:
            continue
        out.append(rule.intent)
    return out


def certain(text: str) -> bool:
    """Whether the whole text is one that a rule knows: "yes, do it", "and the next one"."""
    return any(rule.whole is not None and rule.whole.search(text) for rule in rules())
