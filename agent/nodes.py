"""The five nodes. Each loads what it needs from the context and returns plain JSON."""

import time
from collections.abc import Sequence
from typing import Any, Literal

from langgraph.runtime import Runtime

from agent import actions as todo
from agent import facts as stated
from agent import standing, template, writer
from agent.acting import arguments_for
from agent.context import Context
from agent.endpoint import Endpoint, open_endpoint
from agent.facts import FactList
from agent.gathered import Gathered
from agent.gathering import gather
from agent.lay import words_in
from agent.missing import about_any
from agent.model_planner import ModelPlanner
from agent.pictures import picture_plan, places_of
from agent.plan import ACTS, OF_THE_LAST, Plan, Trial
from agent.prompts import sentence, spoken
from agent.recalling import keep
from agent.rules import RulesPlanner
from agent.state import Fact, Json, State, plain_json
from tools.case import Case
from tools.documents import case_head, effect_json, outcome_json
from tools.effects import Effect
from tools.kinds import kinds
from tools.registry import NotApplicable, checks

HISTORY = 10
"""Earlier questions of a thread that are remembered."""
NOT_REMEMBERED = ACTS | OF_THE_LAST | {"help", "next", "picture"}
"""Intents that a later question never leans on."""


def plan(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Decide what answers the question: checks and what-ifs, the last answer, or an action that needs consent."""
    context = runtime.context
    case, began = context.load_case(), time.time()
    last, question = state.get("last") or {}, state["question"]
    earlier = [Plan.from_json(p) for p in state.get("history", [])]
    endpoint = open_endpoint(context)
    chosen = understood(question, case, earlier, last, endpoint)
    left = state.get("left", "")
    if chosen.intent == "next" and left:
        question, left = left, ""
        chosen = understood(question, case, earlier, last, endpoint)
    if chosen.intent == "why" and last.get("intent") == "worst" and (name := standing.worst_class(case)):
        chosen = Plan("confusion", (name,), planner=chosen.planner)
    how = sentence("step.understood", intent=chosen.intent)
    how += f" ({', '.join(chosen.classes)})" if chosen.classes else ""
    how += f"; by rules, since the language model {chosen.fallback}" if chosen.fallback else ""
    how += f"; {context.model_note}" if context.model_note else ""
    asked = chosen.intent not in NOT_REMEMBERED and not chosen.needs_clarifying
    history = [*state.get("history", []), *([chosen.to_json()] if asked else [])]
    return {
        "question": question,
        "plan": chosen.to_json(),
        "classes": list(case.classes),
        "head": case_head(case, ""),
        "history": history[-HISTORY:],
        "calls": endpoint.calls if endpoint else 0,
        "model_down": endpoint.down if endpoint else "",
        "usage": endpoint.usage if endpoint else {},
        "began": began,
        "left": chosen.second or left,
        **{name: [] for name in ("outcomes", "effects", "causes", "actions", "facts", "groups", "not_checked")},
        **dict.fromkeys(("draft", "answer", "headline"), ""),
        **{name: {} for name in ("proposal", "decision", "done")},
        "writer": "template",
        "steps": [*state.get("steps", []), how],
    }


def understood(question: str, case: Case, earlier: Sequence[Plan], last: Json, endpoint: Endpoint | None) -> Plan:
    """The plan of a question; short follow-ups to the last answer need no language model."""
    about = picture_plan(lambda: places_of(case.dataset), case.ids, question, case.classes)
    if about is not None:
        return about
    by_rules = RulesPlanner().plan(question, case.classes, earlier)
    if endpoint is None or (last and by_rules.intent in {*OF_THE_LAST, "next"}):
        return by_rules
    return ModelPlanner(endpoint).plan(question, case.classes, earlier)


def after_plan(state: State) -> Literal["run", "write", "recall", "propose"]:
    """Questions that cannot be answered from pictures, or not yet, go straight to the answer."""
    chosen = Plan.from_json(state["plan"])
    if chosen.intent in {"show", "why"}:
        return "recall"
    if chosen.intent in ACTS and not chosen.needs_clarifying:
        return "propose"
    return "write" if chosen.intent in {"help", "next"} or _clarify(chosen, state["question"]) else "run"


def _clarify(chosen: Plan, question: str) -> bool:
    lacks = {"merge": 2, "split": 1}.get(chosen.intent, 0) > len(chosen.classes) and not about_any(question)
    nothing = chosen.intent == "search" and not (chosen.words or chosen.picture or chosen.classes)
    return chosen.needs_clarifying or lacks or nothing


def run(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Run the plan's checks and state facts from what they report."""
    context = runtime.context
    case, chosen = context.load_case(), Plan.from_json(state["plan"])
    found = gather(case, chosen, context, tuple(checks()))
    usual = [r for r in todo.USUAL if chosen.intent == "confusion" and kinds()[r.experiment or ""].eligible(case)]
    gathered = todo.gather(found.findings, chosen.trials, usual)
    count = len(found.findings)
    return plain_json(
        {
            "outcomes": [outcome_json(o) for o in found.outcomes],
            "causes": found.causes,
            "actions": gathered,
            "facts": found.facts.facts,
            "groups": found.groups,
            "not_checked": found.not_checked,
            "headline": _headline(chosen, found),
            "steps": [*state["steps"], f"Ran {len(found.outcomes)} checks, {count} findings bear on the question"],
        }
    )


def _headline(chosen: Plan, found: Gathered) -> str:
    """How often for a confusion, else the gravest finding; every number from a fact."""
    facts = found.facts.facts
    if chosen.intent == "confusion":
        lines = [f["text"] for f in facts if f["kind"] == "direction"] or [facts[-1]["text"]]
        sure = [c for c in found.causes if c["established"]]
        if sure:
            best = max(sure, key=lambda c: c["count"])
            lines.append(sentence("headline.cause", title=best["title"]))
        return " ".join(lines)
    grouped = [g["facts"][0] for g in found.groups if g["kind"] == "findings"]
    finding = next((f for f in facts if f["id"] in grouped), None)
    if finding is not None:
        return finding["text"]
    if chosen.intent in {"worst", "threshold", "experiment"}:
        return facts[0]["text"]
    return sentence("headline.clean")


def verify(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Try the first recommendations that can be tried; what is not shown to help is said so."""
    context = runtime.context
    case = context.load_case()
    facts = FactList(list(state["facts"]))
    gathered, not_checked = list(state["actions"]), list(state["not_checked"])
    effects: list[Json] = []
    causes = list(state["causes"])
    asked_about = Plan.from_json(state["plan"]).classes
    started = time.monotonic()
    for action in gathered:
        if action["asked"]:
            fitting = arguments_for(case, action["experiment"], action["arguments"], asked_about)
            action["arguments"] = action["arguments"] if fitting is None else fitting
    possible = [number for number, a in enumerate(gathered) if a["experiment"] is not None]
    for number in possible[: context.experiments]:
        action = gathered[number]
        trial = Trial(action["experiment"], action["arguments"])
        if effects and time.monotonic() - started > context.seconds:
            not_checked.append(sentence("not_checked.out_of_time", kind=trial.kind))
            continue
        if (reason := _untriable(case, trial)) is not None:
            not_checked.append(sentence("not_checked.experiment", kind=trial.kind, reason=reason))
            continue
        try:
            tried = context.run_experiment(
                case, trial.kind, trial.arguments, on_step=context.on_step, remember=context.memory
            )
        except NotApplicable as missing:
            not_checked.append(sentence("not_checked.experiment", kind=trial.kind, reason=str(missing)))
            continue
        effects.append(effect_json(tried))
        causes = [_fixable(facts, cause, tried) for cause in causes]
        said = [f for f in stated.effect(facts, tried, asked_about) if f["kind"].startswith(("effect", "lay"))]
        decided = [m.metric for m in tried.measures if m.verdict in {"helps", "hurts"}]
        plain = {"effect", "lay"}
        shown = [f["id"] for f in said if f["kind"] in plain or action["asked"] or _about(f["text"], decided)]
        gathered[number] = todo.with_effect(action, tried, shown)
    if effects:
        standing.fidelity_fact(case, facts)
    gathered = [a for a in gathered if not a["asked"] or a["effect"] is not None]
    answers = [todo.asked_fact(facts, a) for a in gathered if a["asked"]]
    advised = [{**a, "facts": [*todo.action_facts(facts, a), *a["facts"]]} for a in todo.advised(gathered)]
    helped = [a for a in advised if a["verdict"] == "helps"]
    headline = " ".join(answers) or state["headline"]
    if helped and not answers:
        best = helped[0]
        headline += " " + sentence("headline.helps", action=best["action"], target=best["target"])
    elif effects and not answers:
        headline += " " + sentence("headline.untried")
    return plain_json(
        {
            "actions": advised,
            "causes": causes,
            "effects": effects,
            "facts": facts.facts,
            "not_checked": not_checked,
            "headline": headline.strip(),
            "steps": [*state["steps"], f"Tried {len(effects)} changes on held-out pictures, {len(helped)} help"],
        }
    )


def _fixable(facts: FactList, cause: Json, tried: Effect) -> Json:
    """The top rung for a cue whose own advice, tried, helps the pictures it misleads."""
    a, b = cause["pair"]
    if cause["code"] != "spurious-cue" or cause["rung"] not in ("used", "causal"):
        return cause
    if tried.kind not in cause["experiments"] or not tried.raises_the_rare((a, b)):
        return cause
    said = stated.rung(facts, "fixable", cause["title"], cause["images"], cause["code"])
    return {**cause, "rung": "fixable", "facts": [*cause["facts"], said["id"]]}


def _about(text: str, metrics: list[str]) -> bool:
    return any(metric in text for metric in metrics)


def _untriable(case: Case, trial: Trial) -> str | None:
    """Why a what-if cannot be tried here; None if it can."""
    known = kinds()
    if trial.kind not in known:
        return "this version cannot try it"
    if dict(trial.arguments) not in known[trial.kind].eligible(case):
        return "there is nothing on these pictures to try it with"
    return None


def write(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Word the facts: by the language model if there is one, by the template otherwise."""
    chosen = Plan.from_json(state["plan"])
    classes = state["classes"]
    if chosen.intent in {"help", "next"} or _clarify(chosen, state["question"]):
        text = _without_facts(chosen, classes)
        first = text.splitlines()[0]
        return {"answer": text, "headline": first, "draft": "", "steps": [*state["steps"], "Asked back"]}
    text = template.answer_text(chosen, state)
    endpoint = _endpoint(state, runtime.context)
    if endpoint is None:
        return {"answer": text, "draft": "", "steps": [*state["steps"], f"Wrote {len(state['facts'])} facts"]}
    draft = writer.draft(endpoint, state["question"], _evidence(state), runtime.context.tokens)
    said = "The language model worded the facts" if draft else f"Wrote the facts; the language model {endpoint.down}"
    return {
        "answer": text,
        "draft": draft or "",
        "calls": endpoint.calls,
        "usage": endpoint.usage,
        "model_down": endpoint.down,
        "steps": [*state["steps"], said],
    }


def _without_facts(chosen: Plan, classes: list[str]) -> str:
    if chosen.intent == "next":
        return sentence("recall.nothing_to_next")
    if chosen.intent == "help":
        return template.help_text(classes, chosen.language, chosen.readings)
    return template.clarification(chosen, classes)


def ground(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Check every sentence of the draft against the fact it cites; one repair, else the template stays."""
    head = {**state["head"], "headline": state["headline"]}
    if not state["draft"]:
        return {"head": head, "steps": [*state["steps"], "Every sentence is a fact of the advisor's own"]}
    facts = _evidence(state)
    worded, endpoint = state["draft"], _endpoint(state, runtime.context)
    problems = writer.problems(worded, facts, state["classes"])
    if problems and endpoint is not None:
        worded = writer.repair(endpoint, worded, problems, facts) or ""
        problems = writer.problems(worded, facts, state["classes"]) if worded else problems
    spent = {"calls": endpoint.calls, "usage": endpoint.usage} if endpoint else {}
    if problems:
        said = f"The language model's wording was refused ({problems[0].text}); the facts stand as they are"
        return {"head": head, **spent, "steps": [*state["steps"], said]}
    text = writer.shown(worded, facts, state["not_checked"], state.get("told", ()))
    said = "Every number, name and verdict of the wording was found in the fact it cites"
    return {"head": head, "answer": text, "writer": "model", **spent, "steps": [*state["steps"], said]}


def _evidence(state: State) -> list[Fact]:
    """The facts that may be worded: a name that a model gave is none."""
    return [fact for fact in state["facts"] if fact["kind"] != "name"]


def finish(state: State) -> dict[str, Any]:
    """Say which question is left, and keep what later ones may come back to."""
    chosen = Plan.from_json(state["plan"])
    told = {*state.get("told", ()), *(word.term for word in words_in(state["answer"], spoken()))}
    out: dict[str, Any] = {"told": sorted(told)}
    if chosen.second:
        out["answer"] = f"{state['answer']}\n\n{template.left(chosen.second)}"
    elif chosen.readings and chosen.intent != "help" and not _clarify(chosen, state["question"]):
        out["answer"] = f"{state['answer']}\n\n{template.perhaps(chosen.readings[0])}"
    if chosen.intent not in NOT_REMEMBERED - {"picture"} and not _clarify(chosen, state["question"]):
        out["last"] = keep(state)
    return out


def _endpoint(state: State, context: Context) -> Endpoint | None:
    left = context.seconds - (time.time() - state["began"])
    down = state["model_down"] or ("" if left > 0 else "had no time left")
    return open_endpoint(context, state["calls"], down, state.get("usage"))
