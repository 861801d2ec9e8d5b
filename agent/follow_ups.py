"""Questions that lean on an earlier one of the same conversation: "and for lemons?", "at 90 %?", "do the second"."""

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.amounts import goal_of
from agent.names import Named
from agent.numbers import bare_share
from agent.plan import OF_THE_LAST, Intent, Plan, Trial

_BACK = re.compile(r"\b(them|those|these|they|it|that|this (pair|class)|the two|both)\b|^\s*(why|and|but|so|ok)\b")
_REVERSE = re.compile(r"other way|reverse|vice versa|other direction")
_PAIRED = re.compile(r"\b(with|as|versus|vs\.?|against)\b")
_ALL = re.compile(r"\b(for )?(all|every|each)( of them| the)?( other)?( class(es)?)?\b")
_WHICH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3}


def follow_up(question: str, text: str, intent: Intent | None, named: Named, history: Sequence[Plan]) -> Plan | None:
    """A plan that leans on the one before; None where the question stands on its own.

    Parameters
    ----------
    question : str
    text : str
        The same in lower case, without the names of classes.
    intent : Intent or None
        As the patterns have it.
    named : Named
    history : sequence of Plan
        Oldest first.
    """
    previous = history[-1] if history else None
    if intent in OF_THE_LAST or intent == "next":
        return _of_the_last(intent, text, named)
    if previous is None:
        return None
    low = question.lower()
    if _REVERSE.search(low) and previous.pair:
        return replace(previous, classes=previous.pair[::-1])
    if previous.intent == "threshold" and (goal := _goal(text, intent, previous)):
        return replace(previous, goal=goal, classes=named.classes or previous.classes, unknown=(), choices=())
    if intent is None and named.classes:
        return _for_other_classes(low, named.classes, previous)
    if intent is None and _ALL.search(low) and len(low.split()) <= 6:
        return replace(previous, classes=(), trials=(), unknown=(), choices=())
    if named.classes or named.choices or named.unknown or not previous.classes or not _BACK.search(low):
        return None
    if intent in {None, "overview", "help"}:
        return previous
    return Plan(intent, previous.classes) if intent else None


def _of_the_last(intent: Intent, text: str, named: Named) -> Plan | None:
    """Follow-ups to the last answer itself; with class names "show" and "why" are questions of their own."""
    if named.classes and intent in {"show", "why"}:
        return None
    which = next((number for word, number in _WHICH.items() if word in text), 0)
    if digit := re.search(r"number (\d)", text):
        which = int(digit[1])
    return Plan(intent, which=which)


def _goal(text: str, intent: Intent | None, previous: Plan) -> dict[str, object]:
    """Another goal for the threshold asked about before."""
    if intent not in {None, "threshold", "worst"}:
        return {}
    if found := goal_of(text):
        return found
    value = bare_share(text) if len(text.split()) <= 8 else None
    kind = previous.goal.get("kind", "precision")
    return {"kind": kind, "value": value} if value is not None and kind in {"precision", "recall"} else {}


def _for_other_classes(low: str, classes: tuple[str, ...], previous: Plan) -> Plan:
    if previous.classes and _PAIRED.search(low) and len(classes) == 1 and previous.intent == "confusion":
        return replace(previous, classes=(previous.classes[0], classes[0]), unknown=(), choices=(), second="")
    trials = tuple(_renamed(t, classes) for t in previous.trials)
    return replace(previous, classes=classes, trials=trials, unknown=(), choices=(), second="")


def _renamed(trial: Trial, classes: tuple[str, ...]) -> Trial:
    if "class" in trial.arguments:
        return Trial(trial.kind, {"class": classes[0]})
    if "pair" in trial.arguments and len(classes) >= 2:
        return Trial(trial.kind, {"pair": "|".join(sorted(classes[:2]))})
    return trial
