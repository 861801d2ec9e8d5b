"""Anything that changes the workspace or runs long stops here and waits until a person has seen exactly what it is."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.acting import arguments_for, perform
from agent.context import Context
from agent.display import markdown_safe
from agent.facts import FactList
from agent.plan import Plan
from agent.prompts import sentence
from agent.proposals import CHANGES, CannotPropose, Proposal, propose
from agent.state import Json, State
from tools.case import Case
from tools.errors import AdvisorError
from tools.kinds import kinds
from tools.registry import NotApplicable

CODE = "consent"
FINE_TUNING = re.compile(r"fine.?tun", re.IGNORECASE)


class Edits(BaseModel):
    """What a person may change about a proposal."""

    model_config = ConfigDict(extra="forbid", strict=True)
    leave_out: list[str] = Field(default_factory=list, max_length=100_000)
    name: str = Field(default="", max_length=200)
    names: list[str] = Field(default_factory=list, max_length=100)


class Decision(BaseModel):
    """A person's answer. To approve, the id and digest of the proposal that was shown must come along."""

    model_config = ConfigDict(extra="forbid", strict=True)
    decision: Literal["approve", "edit", "reject"]
    id: str = ""
    digest: str = ""
    edits: Edits = Field(default_factory=Edits)


def read_decision(given: Any, shown: Mapping[str, Any]) -> Decision:
    """A decision on the proposal that was shown; whatever is not clearly an approval of it is a rejection."""
    try:
        decided = Decision.model_validate(given)
    except ValidationError:
        return Decision(decision="reject")
    same = (decided.id, decided.digest) == (shown["id"], shown["digest"])
    if decided.decision == "approve" and not same:
        return Decision(decision="reject")
    if decided.decision == "edit":
        given_edits = decided.edits.model_dump(exclude_defaults=True)
        if not given_edits or set(given_edits) - set(shown["editable"]):
            return Decision(decision="reject")
    return decided


def propose_node(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Work out what exactly would be done; nothing is changed here."""
    context, chosen = runtime.context, Plan.from_json(state["plan"])
    case, kept = context.load_case(), context.workspace
    decided, before = state.get("decision") or {}, state.get("proposal") or {}
    edited = bool(before) and decided.get("decision") == "edit"
    try:
        if kept is None:
            raise CannotPropose(sentence("cannot.no_workspace"))
        if edited:
            merged = {**before["edits"], **{k: v for k, v in decided["edits"].items() if v}}
            found = propose(kept, case, before["action"], before["arguments"], before["id"], merged)
        else:
            action, arguments = _wanted(case, chosen, state)
            found = propose(kept, case, action, arguments, uuid.uuid4().hex)
    except (AdvisorError, CannotPropose, NotApplicable) as reason:
        return _refused(state, reason)
    if found.command:
        found = replace(found, command=found.command + context.place)
    said = sentence("consent.asked", title=found.title)
    return {"proposal": found.to_json(), "decision": {}, "steps": [*state["steps"], said]}


def _wanted(case: Case, chosen: Plan, state: State) -> tuple[str, Json]:
    """The action that a question asks for, and its arguments."""
    match chosen.intent:
        case "undo":
            return "undo", {"number": -chosen.which if chosen.which < 0 else None}
        case "do":
            return _of_advice(case, chosen, state.get("last") or {})
        case "change" if chosen.picture:
            to = {"image": chosen.picture, "to": chosen.classes[0]} if chosen.classes else {"image": chosen.picture}
            return "relabel" if chosen.classes else "remove", to
    tier = {"tier": "fine-tune"} if FINE_TUNING.search(state["question"]) else {}
    if not chosen.trials:
        if chosen.intent == "retrain":
            return "retrain", tier
        raise CannotPropose(sentence("cannot.unclear"))
    trial = chosen.trials[0]
    if chosen.intent == "change":
        return _as_action(case, trial.kind, dict(trial.arguments), chosen.classes)
    given = arguments_for(case, trial.kind, trial.arguments, chosen.classes)
    return "retrain", {**tier, "changes": [[trial.kind, [list(item) for item in (given or {}).items()]]]}


def _of_advice(case: Case, chosen: Plan, last: Mapping[str, Any]) -> tuple[str, Json]:
    """The advice of the last answer that is meant: the one named by its place, else the first that can be done here."""
    actions = list(last.get("actions", ()))
    if not actions:
        raise CannotPropose(sentence("cannot.no_advice"))
    if chosen.which > len(actions):
        raise CannotPropose(sentence("cannot.no_such_advice", count=str(len(actions))))
    wanted = [actions[chosen.which - 1]] if chosen.which > 0 else actions
    doable = [a for a in wanted if a["experiment"] in CHANGES or _trains(a["experiment"])]
    if not doable:
        what = f"{wanted[0]['action']} {wanted[0]['target']}".strip()
        raise CannotPropose(sentence("cannot.by_hand", what=what))
    return _as_action(case, doable[0]["experiment"], doable[0]["arguments"], ())


def _trains(kind: str | None) -> bool:
    return kind in kinds() and kinds()[kind].trains if kind else False


def _as_action(case: Case, kind: str, given: Mapping[str, str], classes: tuple[str, ...]) -> tuple[str, Json]:
    if kind in CHANGES:
        needs = {"split-class": "class", "merge-classes": "pair"}.get(kind)
        if needs and needs not in given:
            raise CannotPropose(sentence("cannot.which"))
        return kind, dict(given)
    arguments = arguments_for(case, kind, given, classes)
    return "retrain", {"changes": [[kind, [list(item) for item in (arguments or {}).items()]]]}


def _refused(state: State, reason: Exception) -> dict[str, Any]:
    """Why nothing is proposed, as the answer."""
    if isinstance(reason, AdvisorError):
        text = sentence("cannot.error", expected=reason.expected, seen=reason.seen, todo=reason.todo)
    else:
        text = str(reason)
    text = markdown_safe(text).strip()
    return {
        "proposal": {}, "answer": text, "headline": text.splitlines()[0], "draft": "",
        "steps": [*state["steps"], sentence("consent.nothing_proposed")],
    }  # fmt: skip


def consent(state: State) -> dict[str, Any]:
    """Wait for the person; on resuming, this node runs again from its start and changes nothing itself."""
    decided = read_decision(interrupt(state["proposal"]), state["proposal"])
    return {"decision": decided.model_dump()}


def after_propose(state: State) -> Literal["consent", "finish"]:
    """Ask, or say why there is nothing to ask."""
    return "consent" if state["proposal"] else "finish"


def after_consent(state: State) -> Literal["act", "propose"]:
    """An edit is shown again before it is done."""
    return "propose" if state["decision"]["decision"] == "edit" else "act"


def act(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Do what was agreed to; a retry after a kill finds it done."""
    context, agreed = runtime.context, Proposal.from_json(state["proposal"])
    facts = FactList([])
    if state["decision"]["decision"] != "approve" or context.workspace is None:
        lines = [sentence("consent.rejected", title=agreed.title.rstrip("."))]
        lines += [sentence("consent.command", command=agreed.command)] if agreed.command else []
        done: Json = {}
    else:
        try:
            found = perform(context.workspace, context.load_case(), agreed, by=context.user, on_step=context.on_step)
        except (AdvisorError, CannotPropose, NotApplicable) as reason:
            return _refused(state, reason)
        lines, done = [found.headline, *found.sentences], found.document
    ids = [facts.state("done", line, code=CODE)["id"] for line in lines]
    text = "\n\n".join(f"{markdown_safe(f['text'])} [{f['id']}]" for f in facts.facts)
    return {
        "answer": text, "headline": lines[0], "facts": facts.facts, "done": done, "draft": "",
        "groups": [{"kind": "findings", "title": "", "facts": ids}],
        "steps": [*state["steps"], lines[0]],
    }  # fmt: skip
