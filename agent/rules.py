"""The rules planner: intent by patterns, classes by name; complete without any language model."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

from agent.amounts import goal_of, versions_of
from agent.follow_ups import follow_up
from agent.names import Named, contrasted, find_names, spelt
from agent.phrases import NAME, intents, kind_of
from agent.plan import Intent, Plan, Trial
from agent.prompts import table
from agent.reading import read_as
from agent.tongues import other_language

_MIX = re.compile(
    r"confus|mix|mistak|misclass|swap|instead of|rather than|apart|\bvs\b|versus|\btak(e|es|ing)\b.*\bfor\b|"
    r"\bcall(s|ed|ing)?\b|predict|classif|think|\bas\b"
)
_SLOT = re.compile(
    r"(?:\b(?:and|or|with|for|as|vs\.?|versus|from|like|than|of|called|calls?|calling|class|split|splitting|divide|"
    r"merge|merging|combine|confus\w*|mix(?:es|ed|ing)?(?: up)?|between|instead of|into|up|why|are|is|on)|[,&/])\s*"
    r"(?:(?:an?|the|my|some|any|our|those|these) )*[\"'“]?(?=([^\W\d_]\w*))",
    re.IGNORECASE,
)
_SEARCHED = re.compile(
    r"(?:(?:pictures?|images?|photos?|photographs?|pics?|shots?|examples?|ones?)\s+(?:of|with|that show|showing|that "
    r"contain|containing|in which there (?:is|are)|where there (?:is|are)|on which there (?:is|are)|where|in which|"
    r"that have|like|that look like|similar to|next to)|search(?:ing)?(?: through)?(?: (?:my|the|all))?"
    r"(?: (?:pictures|images|photos))?(?: for)?|(?:show|find)(?: me)?(?: (?:some|all|any|the|a few))?|look for|"
    r"(?:pictures?|images?|photos?) (?:show|contain|have))\s+",
    re.IGNORECASE,
)
_ALONE = re.compile(r"(?:(?:and|or|but|what|how|about|for|the|with)\s+)*([^\W\d_][\w-]{2,})\W*", re.IGNORECASE)
_ARTICLES = re.compile(r"^(?:(?:an?|the|some|any|all|my|our|more|there (?:is|are))\s+)+", re.IGNORECASE)
_TAIL = re.compile(
    r"[\s,]*(?:\b(?:please|in (?:it|them|there)|in (?:my|the|our) (?:data(?: ?set)?|pictures|images|photos|collection)"
    r"|for me|anywhere|thanks?|thank you)\b)?[\s?.!\"”]*$",
    re.IGNORECASE,
)
_ASKS = "what|which|why|how|is|are|do|does|did|should|can|could|would|will|where|who|show|find|compare|tell|has|have"
_BOTH = re.compile(
    r"(?:(?:(?<=[?!;])\s+|(?<=\w\w\.)\s+(?=[A-Z]))(?:and |also |then |plus |oh and )?|"
    rf",?\s+(?:and|also|plus|but)\s+(?=(?:also |then |please )?(?:{_ASKS})\b)|\s*\n+\s*)",
    re.IGNORECASE,
)
LONGEST_SEARCH = 80
LONGEST_LEANING = 6
"""Words of a question that no pattern fits, up to which it is taken for "and for lemons?"."""
FEWEST_WORDS = 2
"""Of a second question: a single word after a full stop belongs to the sentence before it."""


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
        first, second = self._parts(question, classes, history)
        plan = _plan(first, classes, history)
        return replace(plan, second=second) if second else plan

    def _parts(self, question: str, classes: Sequence[str], history: Sequence[Plan]) -> tuple[str, str]:
        """The first question and, if a second of another kind follows, that one too."""
        for gap in _BOTH.finditer(question):
            one, two = question[: gap.start()].strip(), question[gap.end() :].strip()
            if not one or not two or len(two.split()) < FEWEST_WORDS:
                continue
            before, after = (self._alone(part, classes) for part in (one, two))
            if before is None or after is None or after.intent in {"help", "why", "show", "next"}:
                continue
            if before.intent != after.intent or set(after.classes) - set(before.classes):
                return one, two
        return question, ""

    def _alone(self, part: str, classes: Sequence[str]) -> Plan | None:
        """A part as a question of its own; None if it is none."""
        named = find_names(part, classes)
        if not intents(spelt(_without_names(part, named).lower())):
            return None
        plan = _plan(part, classes, ())
        return None if plan.language else plan


def _plan(question: str, classes: Sequence[str], history: Sequence[Plan]) -> Plan:
    named = find_names(question, classes)
    text = spelt(_without_names(question, named).lower())
    language = other_language(text)
    if language and (not named.classes or any("a" <= c <= "z" for c in text)):  # names alone may still be understood
        return Plan("help", named.classes, language=language)
    by_pattern = _intent(text, named)
    read = read_as(text, by_pattern)
    leans = bool(history) and by_pattern is None and len(text.split()) <= LONGEST_LEANING
    intent = None if leans else read.intent
    usual = "confusion" if named.classes else "help"
    if table("intents")["needs"].get(intent or usual, 0) > len(named.classes) and not named.choices:
        named = _reread(question, classes, named)
        text = spelt(_without_names(question, named).lower())
    if (leaning := follow_up(question, text, intent, named, history)) is not None:
        return leaning if leaning.intent != intent else _completed(leaning, text, question, read.kind)
    alone = _ALONE.fullmatch(question.strip())
    if by_pattern is None and alone and alone[1] in named.unknown and spelt(alone[1].lower()) == alone[1].lower():
        return Plan("confusion", unknown=(alone[1],))
    intent = intent or read.intent
    if intent is None:
        intent = "confusion" if named.classes or named.choices else "help"
    unknown = _meant_as_classes(question, [w for w in named.unknown if spelt(w.lower()) == w.lower()])
    readings = tuple(_about(example, classes) for example in read.perhaps) if intent == "help" else ()
    plan = Plan(intent, named.classes, (), unknown, named.choices, readings=readings)
    return _completed(plan, text, question, read.kind)


def _about(example: str, classes: Sequence[str]) -> str:
    """An example with names of classes."""
    names = cycle(classes)
    return "".join(next(names, "") if letter == "@" else letter for letter in example)


def _meant_as_classes(question: str, unknown: Sequence[str]) -> tuple[str, ...]:
    """Unknown words that stand where a class would: after "confusing", "and", "as", "split" …"""
    slots = {m[1].lower() for m in _SLOT.finditer(question)}
    return tuple(dict.fromkeys(w for w in unknown if w.lower() in slots))


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


def _reread(question: str, classes: Sequence[str], named: Named) -> Named:
    """Where classes are missing, classes called like everyday words (``good``, ``bad``) may be meant."""
    again = find_names(question, classes, everyday=True)
    again = again if len(again.classes) > len(named.classes) else named
    return again if len(again.classes) > 1 else contrasted(question, classes, again)


def _completed(plan: Plan, text: str, question: str, kind: str) -> Plan:
    """Adds what the intent needs besides: what-ifs, the goal of a threshold, versions, words to look for."""
    match plan.intent:
        case "slices":
            return replace(plan, slice=question.strip()[:200])
        case "threshold":
            return replace(plan, goal=goal_of(text) or plan.goal)
        case "versions":
            return replace(plan, versions=versions_of(text), unknown=())
        case "search":
            return replace(plan, words=searched(question) or _described(question), unknown=())
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


def searched(question: str) -> str:
    """What pictures are looked for, as the question says it; empty if it does not.

    >>> searched("show me pictures of green apples, please"), searched("any photos with a price tag in them?")
    ('green apples', 'price tag')
    """
    if quoted := re.search(r"[\"“«]([^\"”»]+)[\"”»]", question):
        return quoted[1].strip()[:LONGEST_SEARCH]
    found = list(_SEARCHED.finditer(question))
    if not found:
        return ""
    rest = _TAIL.sub("", question[found[0].end() :])
    while (shorter := _ARTICLES.sub("", _SEARCHED.sub("", rest, count=1) if _SEARCHED.match(rest) else rest)) != rest:
        rest = shorter
    return rest.strip()[:LONGEST_SEARCH]


def _described(question: str) -> str:
    """What is looked for where a question is nothing but its description: ``green apples, please``."""
    rest = re.sub(r"[\s,]*\b(?:pls|please|thanks)\b", "", question.strip(" ?!."), flags=re.IGNORECASE)
    return _ARTICLES.sub("", rest).strip()[:LONGEST_SEARCH]
