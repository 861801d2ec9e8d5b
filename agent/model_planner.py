"""Lets a language model choose the plan, in one call; whatever it does wrong, the rules answer instead."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from agent.display import shown_names, visible
from agent.endpoint import Endpoint
from agent.plan import INTENTS, Plan, Trial
from agent.prompts import fill, prompt, table
from agent.rules import RulesPlanner
from agent.state import Json

KINDS = ("relabel", "remove", "deduplicate", "split-class", "merge-classes", "reweight", "group-balance")
MOST_CLASSES = 6
LONGEST_QUESTION = 2000
FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Step(_Strict):
    """Base of every step; ``tool`` tells them apart."""


class ModelPlanner:
    """Plans by one call to a language model."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._rules = RulesPlanner()

    def plan(self, question: str, classes: Sequence[str], history: Sequence[Plan] = ()) -> Plan:
        """The model's plan if it can be taken, else the rules' plan with the reason in ``fallback``."""
        names = shown_names(classes)
        text = self._endpoint.ask(_messages(question, names, history), step_schema(names))
        if text is not None:
            try:
                return read_step(text, names)
            except (ValidationError, ValueError):
                self._endpoint.down = "chose no step that exists"
        return replace(self._rules.plan(question, classes, history), fallback=self._endpoint.down)


def _messages(question: str, names: Mapping[str, str], history: Sequence[Plan]) -> list[dict[str, str]]:
    shown = {real: plain for plain, real in names.items()}
    steps = "\n".join(
        f"- {tool}: {entry['says']} Example: {fill(entry['example'], {})}" for tool, entry in table("tools").items()
    )
    data = {
        "question": visible(question)[:LONGEST_QUESTION],
        "classes": list(names),
        "earlier": [{"tool": p.intent, "classes": [shown.get(c, c) for c in p.classes]} for p in history],
    }
    return [
        {"role": "system", "content": prompt("plan", steps=steps)},
        {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
    ]


def step_schema(names: Mapping[str, str]) -> Json:
    """JSON Schema of a reply: one alternative per tool, class names as an enumeration.

    ``anyOf`` under an object and every field required: what servers with strict schemas accept.
    """
    classes: Json = {"type": "array", "items": {"$ref": "#/$defs/class"}}
    fields: dict[str, Json] = {
        "classes": classes,
        "class": {"$ref": "#/$defs/class"},
        "kind": {"type": "string", "enum": list(KINDS)},
        "unknown": {"type": "array", "items": {"type": "string"}},
    }
    steps = [
        {
            "type": "object",
            "properties": {
                "tool": {"type": "string", "enum": [tool]},
                **{name: fields[name] for name in entry["takes"]},
            },
            "required": ["tool", *entry["takes"]],
            "additionalProperties": False,
        }
        for tool, entry in table("tools").items()
    ]
    return {
        "type": "object",
        "properties": {"step": {"anyOf": steps}},
        "required": ["step"],
        "additionalProperties": False,
        "$defs": {"class": {"type": "string", "enum": list(names)}},
    }


def read_step(text: str, names: Mapping[str, str]) -> Plan:
    """A reply as a plan.

    Raises
    ------
    ValueError, ValidationError
        For anything but one known step with exactly its own arguments and existing class names.
    """
    fenced = FENCE.match(text.strip())
    value = _reply_model().model_validate_json(fenced[1] if fenced else text)
    step: dict[str, Any] = value.step.model_dump()  # type: ignore[attr-defined]
    tool = step["tool"]
    shown = [step["class"]] if "class" in step else list(step.get("classes", ()))
    unknown_names = [name for name in shown if name not in names]
    if unknown_names:
        raise ValueError(f"not a class: {unknown_names[0]}")
    classes = tuple(dict.fromkeys(names[name] for name in shown))
    if tool == "none":
        words = tuple(visible(word)[:60] for word in step["unknown"][:MOST_CLASSES])
        return Plan("confusion" if words else "help", unknown=words, planner="model")
    if tool not in INTENTS:
        raise ValueError(f"not a step: {tool}")
    if tool == "merge" and len(classes) != 2:
        raise ValueError("two classes are merged")
    return Plan(tool, classes, _trials(tool, step.get("kind"), classes), planner="model")


def _trials(tool: str, kind: str | None, classes: tuple[str, ...]) -> tuple[Trial, ...]:
    kind = {"split": "split-class", "merge": "merge-classes"}.get(tool, kind)
    if kind is None:
        return ()
    if kind == "split-class":
        return tuple(Trial(kind, {"class": name}) for name in classes[:1])
    if kind in {"merge-classes", "group-balance"}:
        return (Trial(kind, {"pair": "|".join(sorted(classes[:2]))}),) if len(classes) >= 2 else ()
    return (Trial(kind),)


def _reply_model() -> type[BaseModel]:
    """The reply as pydantic sees it: one model per tool, extra fields forbidden."""
    fields: dict[str, Any] = {
        "classes": (Annotated[list[str], Field(max_length=MOST_CLASSES)], ...),
        "class": (str, ...),
        "kind": (Literal[KINDS], ...),
        "unknown": (list[str], ...),
    }
    steps = []
    for tool, entry in table("tools").items():
        chosen = {name: fields[name] for name in entry["takes"]}
        chosen["tool"] = (Literal[tool], ...)
        steps.append(create_model(f"{tool.title()}Step", __base__=_Step, **chosen))
    reply: dict[str, Any] = {"step": (Annotated[Union[tuple(steps)], Field(discriminator="tool")], ...)}  # noqa: UP007
    return create_model("Reply", __base__=_Strict, **reply)
