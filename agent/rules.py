"""The rules planner: intent by patterns, classes by name; complete without any language model."""

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.names import Named, find_names
from agent.plan import Intent, Plan, Trial

_MIX = (
    r"confus|mix(es|ed|ing)?[ -]?up|\bmix(es|ed|ing)?\b|mistak|misclass|misrecogni|\bswap|instead of|rather than|"
    r"\btells?\b.* apart|telling .* apart|distinguish|differentiat|\bvs\b|versus|\btak(e|es|ing)\b.*\bfor\b|"
    r"\bcall(s|ed|ing)?\b|predict(s|ed|ing)? .* (as|for|when)|classif(y|ies|ied) .* as|thinks? .*(is|are)|look alike"
)
_WHAT_IF = (
    r"what (would|will|could) (happen|change)|what happens|what if|would it help|does it help|will it help|"
    r"would (removing|deleting|relabel|fixing|dedup|split|merg|balanc|reweigh|dropping)|\bif i\b|simulate|try out|"
    r"\btry (to )?(remov|relabel|dedup|split|merg|balanc|reweigh|dropp)|test whether|is it worth|effect of|"
    r"how much (would|will|better|do i gain|accuracy)"
)
_KINDS: tuple[tuple[str, str], ...] = (
    ("deduplicate", r"de-?dup|duplicat|copies"),
    ("relabel", r"re-?label|(fix|correct|repair|chang)\w* .*label|labels? .*(fixed|corrected)"),
    ("split-class", r"\bsplit|divid|sub-?class"),
    ("merge-classes", r"\bmerg|combin|\bjoin|lump"),
    ("group-balance", r"group|setting|background|rare cases"),
    ("reweight", r"balanc|weigh|even out"),
    ("remove", r"remov|delet|drop|discard|throw|left? out|leaving out|without"),
)
_INTENTS: tuple[tuple[Intent, str], ...] = (
    ("help", r"what can you|what do you do|who are you|how do i use|^\s*(help|hi|hello|hey)\b[^a-z]*$|what can i ask"),
    ("threshold", r"threshold|cut-?off|confidence level|operating point|\d+ ?(%|percent) (precision|recall)|"
     r"(precision|recall) (of|at) \d"),
    ("experiment", _WHAT_IF),
    ("split", r"\bsplit(?! (data|set|ratio))|\bdivide|sub-?(class|categor|kind|type|group)|two kinds|kinds of|"
     r"separate .* into|several (kinds|types)|hidden (class|group)|break (up|down)"),
    ("merge", r"\bmerg|\bcombin|\bjoin|one class|same class|single class|lump|collapse"),
    ("duplicates", r"duplicat|\bdupes?\b|\bcopies\b|same (picture|image|photo)|identical|leak|twice"),
    ("labels", r"mis-?label|label|annotat|tagg?(ed|ing)? wrong|wrong(ly)? tag"),
    ("cue", r"back-?ground|spurious|shortcut|\bcues?\b|cheat|\bbias|\brel(y|ies|ying)\b|looking at|lighting|"
     r"\bhands?\b|\bplates?\b|key feature|pays? attention|focus(es|ing)? on|right reason"),
    ("quality", r"blur|quality|too dark|underexpos|overexpos|resolution|too small|tiny|\bsharp|noisy (pic|ima|pho)|"
     r"dark (pic|ima|pho)|bad (pic|ima|pho)|unreadable"),
    ("confusion", _MIX),
    ("comparable", r"\b(test|validation|held-?out)\b.*(compar|similar|like|represent|realis|differ|match|easy|hard)|"
     r"train\w*.*(and|vs|versus|to).*test|over-?fit|generali[sz]|production|in the wild|real world|"
     r"(trust|believe|real|honest|inflated|optimistic|too good).*(accuracy|score|number|metric|result)|"
     r"(accuracy|score|number|metric|result).*(trust|believe|real|honest|inflated|optimistic|too good)|burst|shift"),
    ("collect", r"photograph|collect|gather|\bmore (data|images|pictures|photos|examples|samples)|enough (data|im|pic|"
     r"pho|ex|sam)|how many|take (more|next)|pictures? .*(next|missing)|what .*\b(take|shoot|add|need)\b|"
     r"learning curve|few (data|images|pictures|photos|examples|samples)|diminishing|\bsample size|"
     r"^\s*(is|are|do)\b.*\benough"),
    ("balance", r"balanc|skew|minorit|majorit|over-?represent|under-?represent|ratio|enough of"),
    ("slices", r"slice|subset|under (which|what) (condition|circum)|(which|what) (kind|type|sort)s? of|weak spot|"
     r"where does .*(fail|struggl)|when does .*(fail|struggl)|what do .* have in common"),
    ("overview", r"what (should|can|could|do) (i|we) (do|fix|change|try|improve)|\bimprov|\bdo first|next step|"
     r"hold\w* .*back"),
    ("worst", r"worst|weakest|lowest|poor|hardest|most difficult|struggl|per class|which (class|categor|label|one)|"
     r"how (good|well|accurate|bad)|accuracy|recall|performance|best class"),
    ("overview", r"what'?s? (is )?(wrong|off|up)|audit|improve|overview|summar|diagnos|problem|everything|fix|better|"
     r"hold\w* .*back|going on|issue|report|\bwrong\b|check (my|the|this)|health|bad\b|fail|next step|should i do|"
     r"help"),
)  # fmt: skip
_NEEDS: dict[Intent, int] = {"confusion": 2, "merge": 2, "split": 1}
_BACK = re.compile(r"\b(them|those|these|they|it|that|this (pair|class)|the two|both)\b|^\s*(why|and|but|so|ok)\b")
_REVERSE = re.compile(r"other way|reverse|vice versa|other direction")
_SLOT = re.compile(
    r"(?:\b(?:and|or|with|for|as|vs\.?|versus|from|like|than|of|called|calls?|calling|class|split|splitting|divide|"
    r"merge|merging|combine|confus\w*|mix(?:es|ed|ing)?(?: up)?|between|instead of|into|up|why|are|is|on)|[,&/])\s*"
    r"(?:(?:an?|the|my|some|any|our|those|these) )*[\"'“]?(?=([^\W\d_]\w*))",
    re.IGNORECASE,
)
_PAIRED = re.compile(r"\b(with|as|versus|vs\.?|against)\b")


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
        named = find_names(question, classes)
        text = _without_names(question, named).lower()
        intent = _intent(text, named)
        if _NEEDS.get(intent or "help", 0) > len(named.classes) and not named.choices:
            named = _reread(question, classes, named)
        previous = history[-1] if history else None
        if previous is not None and (carried := _follow_up(question, intent, named, previous)) is not None:
            return carried
        if intent is None:
            intent = "confusion" if named.classes or named.choices else "help"
        plan = Plan(intent, named.classes, (), _meant_as_classes(question, named.unknown), named.choices)
        return _completed(plan, text, question)


def _meant_as_classes(question: str, unknown: Sequence[str]) -> tuple[str, ...]:
    """Unknown words that stand where a class would: after "confusing", "and", "as", "split" …"""
    slots = {m[1].lower() for m in _SLOT.finditer(question)}
    return tuple(dict.fromkeys(w for w in unknown if w.lower() in slots))


def _without_names(question: str, named: Named) -> str:
    out, at = "", 0
    for match in named.matches:
        out += question[at : match.start] + "\ufffc"
        at = match.end
    return out + question[at:]


def _intent(text: str, named: Named) -> Intent | None:
    if not any(c.isalpha() for c in text) and not named.matches:
        return "help"
    for intent, pattern in _INTENTS:
        if not re.search(pattern, text):
            continue
        if intent == "experiment" and _kind(text) is None:
            continue
        if intent in {"overview", "worst"} and named.classes:
            return "confusion"
        if intent == "labels" and len(named.classes) >= 2 and re.search(_MIX, text) and "wrong" not in text:
            return "confusion"
        return intent
    return None


def _kind(text: str) -> str | None:
    return next((kind for kind, pattern in _KINDS if re.search(pattern, text)), None)


def _reread(question: str, classes: Sequence[str], named: Named) -> Named:
    """Where classes are missing, classes called like everyday words (``good``, ``bad``) may be meant."""
    again = find_names(question, classes, everyday=True)
    return again if len(again.classes) > len(named.classes) else named


def _follow_up(question: str, intent: Intent | None, named: Named, previous: Plan) -> Plan | None:
    """A plan that leans on the previous one; None where the question stands on its own."""
    low = question.lower()
    if _REVERSE.search(low) and previous.pair:
        return replace(previous, classes=previous.pair[::-1])
    if intent is None and named.classes:
        if previous.classes and _PAIRED.search(low) and len(named.classes) == 1 and previous.intent == "confusion":
            return replace(previous, classes=(previous.classes[0], named.classes[0]), unknown=(), choices=())
        trials = tuple(_renamed(t, named.classes) for t in previous.trials)
        return replace(previous, classes=named.classes, trials=trials, unknown=(), choices=())
    if named.classes or named.choices or named.unknown or not previous.classes or not _BACK.search(low):
        return None
    if intent in {None, "overview", "help"}:
        return previous
    return _completed(Plan(intent, previous.classes), low, question) if intent else None


def _renamed(trial: Trial, classes: tuple[str, ...]) -> Trial:
    return Trial(trial.kind, {"class": classes[0]}) if "class" in trial.arguments else trial


def _completed(plan: Plan, text: str, question: str) -> Plan:
    """Adds what-ifs that the question itself asks for, and the words of a slice."""
    if plan.intent == "slices":
        return replace(plan, slice=question.strip()[:200])
    if plan.intent == "split":
        return replace(plan, trials=tuple(Trial("split-class", {"class": c}) for c in plan.classes[:1]))
    if plan.intent == "merge" and plan.pair:
        return replace(plan, trials=(Trial("merge-classes", {"pair": "|".join(sorted(plan.pair))}),))
    kind = _kind(text) if plan.intent == "experiment" else None
    if kind is None:
        return plan
    if kind == "split-class":
        return replace(plan, intent="split", trials=tuple(Trial(kind, {"class": c}) for c in plan.classes[:1]))
    if kind == "merge-classes":
        pair = (Trial(kind, {"pair": "|".join(sorted(plan.pair))}),) if plan.pair else ()
        return replace(plan, intent="merge", trials=pair)
    if kind == "group-balance":
        pair = (Trial(kind, {"pair": "|".join(sorted(plan.pair))}),) if plan.pair else ()
        return replace(plan, trials=pair)
    return replace(plan, trials=(Trial(kind),))
