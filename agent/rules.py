"""The rules planner: intent by patterns, classes by name; complete without any language model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle

from agent.amounts import goal_of, versions_of
from agent.follow_ups import follow_up
from agent.looked_for import searched
from agent.missing import missing
from agent.names import Named, find_names, spelt
from agent.parts import asks, clauses, linked, sentences, shortened, without_opening
from agent.phrases import NAME, intents, kind_of
from agent.plan import OF_THE_LAST, Intent, Plan, Trial
from agent.prompts import table
from agent.reading import Read, read_as
from agent.rereading import reread
from agent.tongues import other_language

_MIX = re.compile(
    r"confus|mix|mistak|misclass|swap|instead of|rather than|apart|\bvs\b|versus|\btak(e|es|ing)\b.*\bfor\b|"
    r"\bcall(s|ed|ing)?\b|predict|classif|think|\bas\b"
)
_ALONE = re.compile(r"(?:(?:and|or|but|what|how|about|for|the|with)\s+)*([^\W\d_][\w-]{2,})\W*", re.IGNORECASE)
_LEANING = re.compile(r"\W*(?:and|or|but|ok|so|then)?,?\s*(?:(?:what|how) about|and|for|with|same)\b")
LONGEST_LEANING = 6
"""Words of a question that no pattern fits, up to which it is taken for "and for lemons?"."""
FEWEST_OF_SECOND = 3
"""Words of a second question that is joined to the first by "and"."""
SURE = 0.4
"""Likeness from which on two halves of one sentence are taken for two questions."""
OF_ITS_OWN = 0.5
"""Likeness from which on a short question is not taken for one that leans on the answer before."""
NO_SECOND: frozenset[Intent] = OF_THE_LAST | {"help", "next"}
"""What leans on an answer, or asks nothing of the pictures, is no question beside another."""


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
        first, second = _in_two(question, classes)
        plan = _plan(first, classes, history)
        return replace(plan, second=second) if second else plan


@dataclass(frozen=True)
class Part:
    """A part of a question, as it would be read alone."""

    words: str
    start: int
    end: int
    named: Named
    text: str
    by_pattern: Intent | None
    read: Read

    @property
    def requests(self) -> bool:
        """Whether it is something to answer."""
        return self.read.intent is not None and self.read.intent not in NO_SECOND and not self.read.tells


def _part(question: str, start: int, end: int, classes: Sequence[str]) -> Part:
    words = question[start:end]
    named = find_names(words, classes)
    text = spelt(_without_names(words, named).lower())
    by_pattern = _intent(text, named)
    return Part(words, start, end, named, text, by_pattern, read_as(text, by_pattern))


def _in_two(question: str, classes: Sequence[str]) -> tuple[str, str]:
    """The first question and, if a second of another kind follows, that one too."""
    parts = [_part(question, a, b, classes) for a, b in sentences(question)]
    asking = _asking(parts)
    for at, part in enumerate(asking[1:]):
        before = asking[at]
        if part.read.intent != before.read.intent or set(part.named.classes) - set(before.named.classes):
            return question[: part.start].strip(), without_opening(question[part.start :].strip())
    for part in asking:
        for end, start in linked(part.words):
            if len(part.words[start:].split()) < FEWEST_OF_SECOND:
                continue
            one, two = _part(part.words, 0, end, classes), _part(part.words, start, len(part.words), classes)
            sure = all(half.requests and half.read.strength >= SURE for half in (one, two))
            sure = sure and (bool(two.named.matches) or not two.words.lower().startswith("why"))
            if sure and (one.read.intent != two.read.intent or set(two.named.classes) - set(one.named.classes)):
                return question[: part.start + end].strip(), question[part.start + start :].strip()
    return question, ""


def _asking(parts: Sequence[Part]) -> list[Part]:
    """Parts that ask for something; where some have the form of a question, only those."""
    requests = [part for part in parts if part.requests]
    return [part for part in requests if asks(part.words)] or requests


def _asked(question: str, classes: Sequence[str]) -> Part:
    """The part of one question that decides what it asks for; all of it where none stands out."""
    whole = _part(question, 0, len(question), classes)
    spans = [(a + c, a + d) for a, b in sentences(question) for c, d in clauses(question[a:b])]
    if len(spans) == 1:
        return whole
    asking = _asking([_part(question, a, b, classes) for a, b in spans])
    if not asking:
        return whole
    asked = max(asking, key=lambda part: part.read.strength)
    return replace(asked, read=read_as(asked.text, asked.by_pattern, whole.text))


def _plan(question: str, classes: Sequence[str], history: Sequence[Plan]) -> Plan:
    part = _asked(question, classes)
    named, text, by_pattern, read = part.named, part.text, part.by_pattern, part.read
    all_named = find_names(question, classes)
    all_text = spelt(_without_names(question, all_named).lower())
    language = other_language(all_text)
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
    lacking = not named.classes or (intent == "merge" and len(named.classes) < needed)
    if lacking and not named.choices and len(all_named.classes) > len(named.classes):
        named = all_named  # named in what was told before
    if needed > len(named.classes) and not named.choices:
        named = reread(question, classes, named)
        text = spelt(_without_names(question, named).lower())
    if (leaning := follow_up(question, text, intent, named, history)) is not None:
        if leaning.intent != intent:
            return leaning
        return _completed(leaning, text, part.words, all_text, read.kind, question)
    alone = _ALONE.fullmatch(question.strip())
    unsure = by_pattern is None and read.strength < OF_ITS_OWN
    if unsure and alone and alone[1] in named.unknown and spelt(alone[1].lower()) == alone[1].lower():
        return Plan("confusion", unknown=(alone[1],))
    intent = intent or read.intent
    if intent is None:
        intent = "confusion" if named.classes or named.choices else "help"
    if read.perhaps and read.intent is not None and not needed > len(named.classes):
        intent = "help"  # one of two, and only the person knows which
    unknown = missing(intent, part.words, part.named.matches, part.named.unknown)
    if not unknown and needed > len(named.classes):
        unknown = missing(intent, question, all_named.matches, all_named.unknown)
    about = tuple(dict.fromkeys((*named.classes, *classes)))
    readings = tuple(_about(example, about) for example in read.perhaps) if intent == "help" else ()
    plan = Plan(intent, named.classes, (), unknown, named.choices, readings=readings)
    return _completed(plan, text, part.words, all_text, read.kind, question)


def _about(example: str, classes: Sequence[str]) -> str:
    """An example with names of classes."""
    names = cycle(classes)
    return "".join(next(names, "") if letter == "@" else letter for letter in example)


def _without_names(question: str, named: Named) -> str:
    out, at = "", 0
    for match in named.matches:
        out += question[at : match.start] + NAME
        at = match.end
    return out + question[at:]


def _intent(text: str, named: Named) -> Intent | None:
    if not any(c.isalpha() for c in text) and not named.matches:
        return "help"
    for intent in intents(text):
        if intent in {"overview", "worst"} and named.classes:
            return "confusion"
        if intent == "labels" and len(named.classes) >= 2 and _MIX.search(text) and "wrong" not in text:
            return "confusion"
        return intent
    return None


def _completed(plan: Plan, text: str, question: str, whole: str, kind: str, said: str) -> Plan:
    """Adds what the intent needs besides: what-ifs, the goal of a threshold, versions, words to look for.

    Amounts and words that the asking part lacks are looked for in all that was said.
    """
    match plan.intent:
        case "slices":
            return replace(plan, slice=question.strip()[:200])
        case "threshold":
            return replace(plan, goal=goal_of(text) or goal_of(whole) or plan.goal)
        case "versions":
            return replace(plan, versions=versions_of(text, bare=True) or versions_of(whole), unknown=())
        case "search":
            return replace(plan, words=searched(question, said), unknown=(), choices=())
        case "undo":
            number = re.search(r"\b(?:change|entry|number|no\.?)\s*#?(\d+)", text)
            return replace(plan, which=-int(number[1]) if number else 0, unknown=())
        case "split":
            return replace(plan, trials=tuple(Trial("split-class", {"class": c}) for c in plan.classes[:1]))
        case "merge" if plan.pair:
            return replace(plan, trials=(_pair("merge-classes", plan.pair),))
        case "experiment" | "retrain" | "change":
            return _with_trial(plan, kind_of(text) if plan.intent == "retrain" else kind or kind_of(text))
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
