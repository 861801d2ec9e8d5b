"""The rules planner: intent by patterns, classes by name; complete without any language model."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

from agent.amounts import goal_of
from agent.follow_ups import follow_up
from agent.heard import heard, in_two, without_names
from agent.looked_for import searched
from agent.missing import missing
from agent.names import spelt
from agent.parts import shortened
from agent.phrases import kind_of
from agent.plan import Intent, Plan, Trial
from agent.prompts import table
from agent.rereading import reread
from agent.tongues import other_language
from agent.version_numbers import versions_of

_ALONE = re.compile(r"(?:(?:and|or|but|what|how|about|for|the|with)\s+)*([^\W\d_][\w-]{2,})\W*", re.IGNORECASE)
_LEANING = re.compile(r"\W*(?:and|or|but|ok|so|then)?,?\s*(?:(?:what|how) about|and|for|with|same)\b")
LONGEST_LEANING = 6
"""Words of a question that no pattern fits, up to which it is taken for "and for lemons?"."""
OF_ITS_OWN = 0.5
"""Likeness from which on a short question is not taken for one that leans on the answer before."""


class RulesPlanner:
    """Plans without a language model: same question, classes and history, same plan."""

    def plan(self, question: str, classes: Sequence[str], history: Sequence[Plan] = ()) -> Plan:
        """How a question is understood.

        Parameters
        ----------
        question : str
        classes : sequence of str
        history : sequence of Plan
            Earlier plans of the same conversation, oldest first.
        """
        question = shortened(question)
        first, second = in_two(question, classes)
        plan = _plan(first, classes, history)
        return replace(plan, second=second) if second else plan


def _plan(question: str, classes: Sequence[str], history: Sequence[Plan]) -> Plan:
    part = heard(question, classes)
    question, told = part.words, part.told
    named, text, by_pattern, read = part.named, part.text, part.by_pattern, part.read
    language = other_language(text)
    if language and (not named.classes or any("a" <= c <= "z" for c in text)):  # names alone may still be understood
        return Plan("help", named.classes, language=language)
    short = len(text.split()) <= LONGEST_LEANING
    leans = (
        bool(history)
        and by_pattern is None
        and short
        and (read.strength < OF_ITS_OWN or _LEANING.match(text) is not None)
    )
    intent = None if leans else read.intent
    needed = table("intents")["needs"].get(intent or ("confusion" if named.classes else "help"), 0)
    if needed > len(named.classes) and not named.choices:
        named = reread(question, classes, named)
        text = spelt(without_names(question, named).lower())
    if (leaning := follow_up(question, text, intent, named, history)) is not None:
        return leaning if leaning.intent != intent else _completed(leaning, text, question, read.kind, told)
    alone = _ALONE.fullmatch(question.strip())
    unsure = by_pattern is None and read.strength < OF_ITS_OWN
    if unsure and alone and alone[1] in named.unknown and spelt(alone[1].lower()) == alone[1].lower():
        return Plan("confusion", unknown=(alone[1],))
    intent = intent or read.intent
    if intent is None:
        intent = "confusion" if named.classes or named.choices else "help"
    unknown = missing(intent, question, part.named.matches, part.named.unknown)
    about = tuple(dict.fromkeys((*named.classes, *classes)))
    readings = tuple(_about(example, about) for example in read.perhaps if example.count("@") <= len(about))
    plan = Plan(intent, named.classes, (), unknown, named.choices, readings=readings)
    return _completed(plan, text, question, read.kind, told)


def _about(example: str, classes: Sequence[str]) -> str:
    """An example with names of classes."""
    names = cycle(classes)
    return "".join(next(names, "") if letter == "@" else letter for letter in example)


def _completed(plan: Plan, text: str, question: str, kind: str, told: str) -> Plan:
    """Adds what the intent needs besides: what-ifs, the goal of a threshold, versions, words to look for.

    Amounts that the part that asks lacks are looked for in all that was told.
    """
    match plan.intent:
        case "slices":
            return replace(plan, slice=question.strip()[:200])
        case "threshold":
            return replace(plan, goal=goal_of(text) or goal_of(told) or plan.goal)
        case "versions":
            return replace(plan, versions=versions_of(text, bare=True) or versions_of(told), unknown=())
        case "search":
            return replace(plan, words=searched(question), unknown=(), choices=())
        case "undo":
            number = re.search(r"\b(?:change|entry|number|no\.?)\s*#?(\d+)", text)
            return replace(plan, which=-int(number[1]) if number else 0, unknown=())
        case "split":
            return replace(plan, trials=tuple(Trial("split-class", {"class": c}) for c in plan.classes[:1]))
        case "merge" if plan.pair:
            return replace(plan, trials=(_pair("merge-classes", plan.pair),))
        case "experiment" | "retrain" | "change":
            return _with_trial(plan, kind or kind_of(text))
    return plan


def _with_trial(plan: Plan, kind: str | None) -> Plan:
    if kind is None:
        return plan
    if kind == "split-class":
        intent: Intent = "split" if plan.intent == "experiment" else plan.intent
        return replace(plan, intent=intent, trials=tuple(Trial(kind, {"class": c}) for c in plan.classes[:1]))
    if kind in {"merge-classes", "group-balance"}:
        intent = "merge" if (plan.intent, kind) == ("experiment", "merge-classes") else plan.intent
        return replace(plan, intent=intent, trials=(_pair(kind, plan.pair),) if plan.pair else ())
    if kind in {"collect-more", "drop-class", "add-negative"} and plan.classes:
        return replace(plan, trials=(Trial(kind, {"class": plan.classes[0]}),))
    return replace(plan, trials=(Trial(kind),))


def _pair(kind: str, pair: tuple[str, str]) -> Trial:
    return Trial(kind, {"pair": "|".join(sorted(pair))})
