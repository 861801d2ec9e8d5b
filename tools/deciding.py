"""What to say of a picture by thresholds, and reading them from what ``advisor threshold`` wrote."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.case import Case
from tools.errors import UnreadableInput
from tools.tuning import NEVER
from tools.versions import Version


@dataclass(frozen=True)
class Rule:
    """What to say of a picture, from a file that ``advisor threshold --export`` wrote.

    Attributes
    ----------
    answer_from : float or None
        Top score below which nothing is said.
    classes : mapping of str to (float or None)
        Threshold of each class; None = never. Empty = the class with the highest score.
    """

    answer_from: float | None
    classes: Mapping[str, float | None]

    def decide(self, scores: Mapping[str, float]) -> tuple[str, ...]:
        """Classes said, the surest first.

        >>> Rule(0.6, {}).decide({"cat": 0.7, "dog": 0.3}), Rule(0.8, {}).decide({"cat": 0.7, "dog": 0.3})
        (('cat',), ())
        >>> Rule(None, {"cat": 0.9, "dog": 0.2}).decide({"cat": 0.7, "dog": 0.3})
        ('dog',)
        """
        order = sorted(scores, key=lambda name: -scores[name])
        if self.answer_from is not None and scores[order[0]] < self.answer_from:
            return ()
        if not self.classes:
            return (order[0],)
        limits = {name: self.classes.get(name) for name in order}
        return tuple(name for name in order if (limit := limits[name]) is not None and scores[name] >= limit)


def read_rule(file: Path, case: Case, version: Version | None = None) -> Rule:
    """Thresholds of a file, if they were chosen for the version, or for the baseline, on this encoder.

    Raises
    ------
    UnreadableInput
        If it is no such file, or of another model or other classes.
    """
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        rule, chosen_for = rule_of(found), (found["subject"], found["encoder"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UnreadableInput(
            expected="a file written by: advisor threshold … --export FILE", seen=f"{file} ({type(fault).__name__})",
            todo="Write it again.",
        ) from None  # fmt: skip
    whose = ("baseline" if version is None else "user", case.space.encoder.fingerprint)
    if chosen_for != whose or (version is not None and found["model"] != version.name):
        raise UnreadableInput(
            expected="thresholds chosen for the advisor's own baseline on this encoder" if version is None
            else f"thresholds chosen for {version.name}",
            seen=f"those of {found.get('model', 'another model')}",
            todo="Use the file with its own model." if version is None
            else f"Write them: advisor threshold --version {version.number} … --export FILE.",
        )  # fmt: skip
    there = case.classes if version is None else version.classes
    if foreign := sorted(set(rule.classes) - set(there)):
        raise UnreadableInput(
            expected=f"thresholds of the classes {', '.join(there)}", seen=f"one of {foreign[0]}",
            todo="Write the file again with this workspace.",
        )  # fmt: skip
    return rule


def rule_of(found: Mapping[str, Any]) -> Rule:
    """What ``tools.tuning.service_json`` says, as a rule.

    Raises
    ------
    KeyError, TypeError
        If it is no such document.
    """
    limits = {str(name): entry["threshold"] for name, entry in found["classes"].items()}
    rule = Rule(float("inf") if found["answer_from"] == NEVER else found["answer_from"], limits)
    if not all(isinstance(v, int | float) for v in (rule.answer_from, *limits.values()) if v is not None):
        raise TypeError("a threshold is not a number")
    return rule
