"""Lets a language model choose the plan, in one call; whatever it does wrong, the rules answer instead."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import ValidationError

from agent.display import shown_names, visible
from agent.endpoint import Endpoint
from agent.model_tools import instructions, native_tools, read_reply, reply_schema, tool_of
from agent.plan import Plan
from agent.prompts import prompt
from agent.rules import RulesPlanner

LONGEST_QUESTION = 2000
UNFIT = "got an easy question wrong when it was tried"
FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)
Messages = list[dict[str, str]]


class ModelPlanner:
    """Plans by one call to a language model."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._rules = RulesPlanner()

    def plan(self, question: str, classes: Sequence[str], history: Sequence[Plan] = ()) -> Plan:
        """The model's plan if it can be taken, else the rules' plan with the reason in ``fallback``."""
        if not self._endpoint.settings.plans:
            return replace(self._rules.plan(question, classes, history), fallback=UNFIT)
        names = shown_names(classes)
        text = ask_step(self._endpoint, messages(question, names, history), list(names))
        if text is not None:
            try:
                return read_step(text, names)
            except (ValidationError, ValueError):
                self._endpoint.down = "chose no step that exists"
        return replace(self._rules.plan(question, classes, history), fallback=self._endpoint.down)


def ask_step(endpoint: Endpoint, said: Messages, names: Sequence[str]) -> str | None:
    """The model's reply, called natively or by a schema; None if there is none."""
    if not endpoint.settings.native:
        return endpoint.ask(said, reply_schema(names))
    called = endpoint.call(said, native_tools(names))
    return None if called is None else native_reply(*called)


def messages(question: str, names: Mapping[str, str], history: Sequence[Plan] = ()) -> Messages:
    """All that the planning model is told: the tools, the question, the names of classes, and earlier questions."""
    shown = {real: plain for plain, real in names.items()}
    data = {
        "question": visible(question)[:LONGEST_QUESTION],
        "classes": list(names),
        "earlier": [{"tool": tool_of(p), "classes": [shown.get(c, c) for c in p.classes]} for p in history],
    }
    return [
        {"role": "system", "content": prompt("plan", steps=instructions())},
        {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
    ]


def native_reply(name: str, arguments: str) -> str:
    """A native tool call as the reply it stands for; what is no object stays as it is and is refused later."""
    try:
        given = json.loads(arguments)
    except ValueError:
        return arguments
    return json.dumps({"step": {**given, "tool": name}}) if isinstance(given, dict) else arguments


def read_step(text: str, names: Mapping[str, str]) -> Plan:
    """A reply as a plan, fenced as Markdown or not.

    Raises
    ------
    ValueError, ValidationError
        For anything but one known tool with exactly its own arguments and existing class names.
    """
    fenced = FENCE.match(text.strip())
    return read_reply(fenced[1] if fenced else text, names)
