"""The tools that a language model chooses among: pydantic models made from what checks and what-ifs say of themselves.

One tool per question, as one JSON object: a model of 1.5 billion parameters chose right 14 of 14 times by such a
schema and 0 of 14 times by native tool calls.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from agent.display import visible
from agent.plan import CHECKS, Intent, Plan, Trial
from agent.prompts import fill, table
from agent.proposals import CHANGES
from agent.state import Json
from tools.kinds import kinds
from tools.registry import checks

MOST_CLASSES = 6
LONGEST = 200
ABOUT: Mapping[str, Intent] = {
    "everything": "overview", "wrong_labels": "labels", "duplicates": "duplicates", "train_and_test": "comparable",
    "background_or_light": "cue", "picture_quality": "quality", "weak_groups": "slices", "amount_of_data": "collect",
}  # fmt: skip
BY_NAME = frozenset({"classes", "class_"})


class Tool(BaseModel):
    """Base of every tool: exactly its own arguments, of exactly their types."""

    model_config = ConfigDict(extra="forbid", strict=True)


@cache
def descriptions() -> dict[str, str]:
    """What each tool does, in words; a new check or what-if appears here by itself."""
    known = checks()
    about = "; ".join(
        f"{name} ({known[CHECKS[intent][0]].sentence.rstrip('.')})" if intent in CHECKS else name
        for name, intent in ABOUT.items()
    )
    tried = "; ".join(f"{kind} ({found.sentence.rstrip('.')})" for kind, found in kinds().items())
    values = {"about": about, "kinds": tried, "changes": ", ".join(sorted(CHANGES))}
    out = {}
    for name, entry in table("tools").items():
        wanted = {key: value for key, value in values.items() if f"${key}" in entry["says"]}
        out[name] = fill(entry["says"], wanted)
    return out


def reply_model(names: Sequence[str]) -> type[BaseModel]:
    """The reply as pydantic reads it: ``{"step": {"tool": …}}``, classes as an enumeration of their real names."""
    name: Any = _enumeration("Class", names) if names else str
    classes: Any = (Annotated[list[name], Field(max_length=MOST_CLASSES)], ...)
    kind: Any = _enumeration("Kind", list(kinds()))
    share: Any = (Annotated[float, Field(ge=0, le=1_000_000)], ...)
    fields: dict[str, dict[str, Any]] = {
        "dataset_stats": {"about": (Literal["accuracy", "pictures"], ...), "classes": classes},
        "explain_confusion": {"classes": (Annotated[list[name], Field(min_length=1, max_length=2)], ...)},
        "find_problems": {"about": (Literal[tuple(ABOUT)], ...), "classes": classes},
        "search_images": {"words": (Annotated[str, Field(min_length=1, max_length=LONGEST)], ...)},
        "run_experiment": {"kind": (kind, ...), "classes": classes},
        "tune_threshold": {
            "goal": (Literal["precision", "recall", "cost", "none"], ...), "value": share, "false_alarm": share,
            "classes": classes,
        },
        "retrain": {"changes": (Annotated[list[kind], Field(max_length=3)], ...), "classes": classes},
        "compare_versions": {
            "about": (Literal["versions", "progress"], ...),
            "versions": (Annotated[list[Annotated[int, Field(ge=0, le=1_000_000)]], Field(max_length=2)], ...),
        },
        "propose_change": {"change": (Literal[(*sorted(CHANGES), "undo")], ...), "classes": classes},
        "none": {"unknown": (Annotated[list[str], Field(max_length=20)], ...)},
    }  # fmt: skip
    tools = []
    for tool, own in fields.items():
        given: dict[str, Any] = {"tool": (Literal[tool], ...), **own}
        tools.append(create_model(tool, __base__=Tool, **given))
    step: Any = (Annotated[Union[tuple(tools)], Field(discriminator="tool")], ...)  # noqa: UP007
    reply: type[BaseModel] = create_model("Reply", __base__=Tool, step=step)
    return reply


def _enumeration(name: str, values: Sequence[str]) -> Any:
    return Enum(name, [(f"v{i}", value) for i, value in enumerate(values)], type=str)


def reply_schema(names: Sequence[str]) -> Json:
    """JSON Schema of a reply: one alternative per tool, every argument required.

    ``anyOf`` stands where pydantic writes ``oneOf``, which servers with strict schemas refuse; the constant ``tool``
    tells the alternatives apart, so that both mean the same. The longest a list may be stands in it: a model of 135
    million parameters that was not told it named one class again and again until it was cut off, 90 seconds later.
    """
    plain: Json = _plain(reply_model(names).model_json_schema())
    return plain


def _plain(node: Any) -> Any:
    """Without titles, defaults and discriminators, constants as enumerations: the words that strict servers know."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    out: Json = {}
    for key, value in node.items():
        if key in {"discriminator", "minLength", "maxLength", "minimum", "maximum"}:
            continue
        if key in {"title", "description", "default"} and not isinstance(value, dict):
            continue
        if key == "const":
            out["enum"] = [value]
        elif key in {"properties", "$defs"}:
            out[key] = {name: _plain(one) for name, one in value.items()}
        else:
            out["anyOf" if key == "oneOf" else key] = _plain(value)
    return out


def native_tools(names: Sequence[str]) -> list[Json]:
    """The same tools as functions, for a model that has shown that it calls them."""
    schema = reply_schema(names)
    out = []
    for reference in schema["properties"]["step"]["anyOf"]:
        name = reference["$ref"].rpartition("/")[2]
        own = dict(schema["$defs"][name])
        own["properties"] = {key: value for key, value in own["properties"].items() if key != "tool"}
        own["required"] = [key for key in own["required"] if key != "tool"]
        shared = {key: value for key, value in schema["$defs"].items() if key in {"Class", "Kind"}}
        function = {"name": name, "description": descriptions()[name], "parameters": {**own, "$defs": shared}}
        out.append({"type": "function", "function": function})
    return out


def instructions() -> str:
    """The tools as the prompt lists them, each with one example."""
    entries = table("tools")
    return "\n".join(f"- {name}: {text} Example: {entries[name]['example']}" for name, text in descriptions().items())


def read_reply(text: str, names: Mapping[str, str]) -> Plan:
    """A reply as a plan.

    Parameters
    ----------
    names : mapping of str to str
        Class names as the model was shown them, and what they really are.

    Raises
    ------
    ValueError, ValidationError
        For anything but one known tool with exactly its own arguments and existing class names.
    """
    value = reply_model(list(names)).model_validate_json(text)
    step: Json = value.step.model_dump(mode="json")  # type: ignore[attr-defined]
    classes = tuple(dict.fromkeys(names[name] for name in step.get("classes", ())))
    return _PLANS[step["tool"]](step, classes)


def _experiment(step: Json, classes: tuple[str, ...]) -> Plan:
    kind = step["kind"]
    if kind == "split-class":
        return Plan("split", classes, _trials(kind, classes), planner="model")
    if kind == "merge-classes":
        if len(classes) != 2:
            raise ValueError("two classes are merged")
        return Plan("merge", classes, _trials(kind, classes), planner="model")
    return Plan("experiment", classes, _trials(kind, classes), planner="model")


def _trials(kind: str, classes: tuple[str, ...]) -> tuple[Trial, ...]:
    if kind == "split-class":
        return tuple(Trial(kind, {"class": name}) for name in classes[:1])
    if kind in {"merge-classes", "group-balance"}:
        return (Trial(kind, {"pair": "|".join(sorted(classes[:2]))}),) if len(classes) >= 2 else ()
    if kind in {"collect-more", "drop-class", "add-negative"} and classes:
        return (Trial(kind, {"class": classes[0]}),)
    return (Trial(kind),)


def _threshold(step: Json, classes: tuple[str, ...]) -> Plan:
    goal, value = step["goal"], step["value"]
    if goal == "none":
        return Plan("threshold", classes, planner="model")
    if goal != "cost" and value > 1:
        value = value / 100
    if not value > 0 or (goal != "cost" and value > 1) or (goal == "cost" and not step["false_alarm"] > 0):
        raise ValueError(f"no such goal: {goal} {step['value']}")
    given = {"kind": goal, "value": value, **({"false_alarm": step["false_alarm"]} if goal == "cost" else {})}
    return Plan("threshold", classes, goal=given, planner="model")


def _change(step: Json, classes: tuple[str, ...]) -> Plan:
    if step["change"] == "undo":
        return Plan("undo", planner="model")
    return Plan("change", classes, _trials(step["change"], classes), planner="model")


def _none(step: Json, _: tuple[str, ...]) -> Plan:
    words = tuple(visible(word)[:60] for word in step["unknown"][:MOST_CLASSES])
    return Plan("confusion" if words else "help", unknown=words, planner="model")


def _versions(step: Json, _: tuple[str, ...]) -> Plan:
    intent: Intent = "progress" if step["about"] == "progress" else "versions"
    return Plan(intent, versions=tuple(step["versions"]), planner="model")


_PLANS: Mapping[str, Callable[[Json, tuple[str, ...]], Plan]] = {
    "dataset_stats": lambda s, c: Plan("worst" if s["about"] == "accuracy" else "balance", c, planner="model"),
    "explain_confusion": lambda _, c: Plan("confusion", c, planner="model"),
    "find_problems": lambda s, c: Plan(ABOUT[s["about"]], c, planner="model"),
    "search_images": lambda s, _: Plan("search", words=visible(s["words"])[:80], planner="model"),
    "run_experiment": _experiment,
    "tune_threshold": _threshold,
    "retrain": lambda s, c: Plan(
        "retrain", c, tuple(t for kind in s["changes"] for t in _trials(kind, c)), planner="model"
    ),
    "compare_versions": _versions,
    "propose_change": _change,
    "none": _none,
}  # fmt: skip


def tool_of(plan: Plan) -> str:
    """The tool that a plan amounts to."""
    found: dict[Intent, str] = {
        "worst": "dataset_stats", "balance": "dataset_stats", "confusion": "explain_confusion",
        "search": "search_images", "show": "search_images", "experiment": "run_experiment", "split": "run_experiment",
        "merge": "run_experiment", "threshold": "tune_threshold", "retrain": "retrain",
        "versions": "compare_versions", "progress": "compare_versions", "change": "propose_change",
        "undo": "propose_change", "do": "propose_change", "help": "none",
    }  # fmt: skip
    return found.get(plan.intent, "find_problems")


def step_json(plan: Plan) -> str:
    """A plan's step as text, for earlier questions in a prompt."""
    return json.dumps({"tool": tool_of(plan), "classes": list(plan.classes)})
