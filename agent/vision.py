"""Names for groups of pictures, from a language model that is shown a contact sheet: a name, never evidence.

Off unless the user switches it on, since small copies of pictures then leave the machine.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, ValidationError

from agent.context import Context
from agent.display import visible
from agent.endpoint import Endpoint
from agent.facts import FactList
from agent.prompts import prompt, sentence, spoken
from agent.state import Json, State
from agent.writer import LANGUAGES
from embeddings.images import Unreadable
from embeddings.sheets import contact_sheet
from tools.case import Case

CODES = frozenset({"weak-slices", "hidden-subclasses", "spurious-cue"})
"""Checks whose findings are of groups that only somebody who sees them can name."""
MOST_NAMED = 2
FEWEST, MOST_SHOWN = 3, 9
LONGEST = 60
SCHEMA: Json = {
    "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False,
}  # fmt: skip


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str


def look(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Ask for names of the first groups found; without leave, or a model, nothing happens."""
    context = runtime.context
    if context.model is None or not context.model.pictures or state["model_down"]:
        return {}
    limits = replace(context.model, max_calls=state["calls"] + MOST_NAMED)
    endpoint = Endpoint(limits, state["calls"], state.get("usage"), context.spent)
    case, facts, groups = context.load_case(), FactList(list(state["facts"])), []
    by_id = {fact["id"]: fact for fact in state["facts"]}
    named = 0
    for group in state["groups"]:
        fresh = dict(group)
        shown = by_id[group["facts"][0]] if group["facts"] else None
        if shown and shown["code"] in CODES and len(shown["images"]) >= FEWEST and named < MOST_NAMED:
            name = name_of(endpoint, case, shown["images"][:MOST_SHOWN])
            named += 1
            if name:
                said = facts.state("name", sentence("vision.name", name=name), images=shown["images"], code="vision")
                fresh["facts"] = [*group["facts"], said["id"]]
        groups.append(fresh)
    if not named:
        return {}
    return {
        "facts": facts.facts, "groups": groups, "usage": endpoint.usage,
        "steps": [*state["steps"], sentence("vision.step", count=str(named))],
    }  # fmt: skip


def name_of(endpoint: Endpoint, case: Case, images: list[str]) -> str:
    """What the model calls the pictures; empty if it gives no name that can be shown."""
    dataset = case.dataset
    try:
        sheet = contact_sheet([(dataset.path(image), dataset.root_of(image)) for image in images])
    except Unreadable:
        return ""
    address = f"data:image/jpeg;base64,{base64.b64encode(sheet).decode()}"
    messages: list[Mapping[str, Any]] = [
        {"role": "system", "content": prompt("name", language=LANGUAGES[spoken()])},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": address}}]},
    ]
    text = endpoint.ask(messages, SCHEMA)
    try:
        name = visible(_Named.model_validate(json.loads(text or "")).name).strip(" .\"'")
    except (ValueError, ValidationError):
        return ""
    plain = re.fullmatch(r"[^\W\d_][^\d<>\[\]()|`*#:/\\{}]*", name) is not None
    return name if plain and len(name) <= LONGEST and len(name.split()) <= 8 else ""
