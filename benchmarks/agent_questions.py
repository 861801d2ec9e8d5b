"""Questions as people ask them, with what a right plan is; shared by the tests and ``benchmarks/agent.py``."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from agent.examples import Example
from agent.names import find_names, spelt
from agent.plan import Plan
from agent.reading import WITH_KINDS
from tools.readers.match_ids import Places

FOLDER = Path(__file__).parents[1] / "tests" / "agent"
CLASSES = {
    "fruit": ("Apple", "Lemon", "Lime", "Nectarine", "Orange", "Peach", "Pear", "Red-Grapefruit", "Satsumas"),
    "bakery": ("bad_cookies", "croissant", "good_cookies"),
    "stones": ("Granite", "GreyGranite", "Lime", "Limestone", "Sand Stone Brick", "Sandstone"),
    "parts": ("bad", "good", "other"),
    "signs": ("30 km/h", "80 km/h", "Cafe bar", "Café", "class_12", "class_2", "橙子", "苹果"),
}
PICTURES = ("train/Apple/Apple_001.jpg", "train/Lemon/Lemon_017.jpg", "test/Lime/Lime_003.jpg")
PLACES = Places({picture: row for row, picture in enumerate(PICTURES)}, Path("/pictures"))
Row = dict[str, Any]
Planned = Callable[[str, Sequence[str], Sequence[Plan]], Plan]


def questions(name: str) -> list[Row]:
    """Rows of ``tests/agent/<name>.jsonl``."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def masked_question(row: Row) -> str:
    """A row's question as examples are written: lower case, each class ``@``."""
    question, out, at = row["question"], "", 0
    for match in find_names(question, CLASSES[row["set"]]).matches:
        out, at = out + question[at : match.start] + "@", match.end
    return spelt((out + question[at:]).lower()).strip()


def as_examples(row: Row) -> list[Example]:
    """A row as the planner may learn from it: one example, or two of a row that asks two things."""
    phrasing, kinds = masked_question(row).lstrip("[]#= "), row.get("trials", ())
    if row["intent"] == "picture" or not any(c.isalpha() for c in phrasing):
        return []
    labels = [row["intent"] + (f".{kinds[0]}" if kinds and row["intent"] in WITH_KINDS else "")]
    labels += [row["second"]["intent"]] if "second" in row else []
    return [(label, phrasing) for label in labels]


def without(examples: Iterable[Example], rows: Iterable[Row]) -> list[Example]:
    """Examples that no row asks."""
    asked = {masked_question(row) for row in rows}
    return [(label, phrasing) for label, phrasing in examples if phrasing not in asked]


def planned(row: Row, plan: Planned) -> Plan:
    """The plan of a row's question, after the questions before it."""
    history: list[Plan] = []
    classes = CLASSES[row["set"]]
    for question in row.get("before", ()):
        history.append(plan(question, classes, history))
    return plan(row["question"], classes, history)


def wrong(row: Row, got: Plan, plan: Planned) -> list[str]:
    """What is wrong with a plan, in words; empty = tool and arguments are right."""
    out: list[str] = []
    alike = row["intent"] == "picture" and (got.intent, got.picture) == ("search", row["picture"])
    if alike:  # pictures like it are looked for
        return out
    if got.intent not in {row["intent"], *row.get("also", ())}:
        out.append(f"intent {got.intent}, not {row['intent']}")
    elif got.intent == row["intent"]:
        out += _arguments(row, got)
    if (got.second != "") != ("second" in row):
        out.append(f"second question {got.second!r}")
    elif "second" in row:
        after = plan(got.second, CLASSES[row["set"]], [got])
        if (after.intent, list(after.classes)) != (row["second"]["intent"], row["second"]["classes"]):
            out.append(f"second {after.intent} {list(after.classes)}")
    return out


def _arguments(row: Row, got: Plan) -> Iterable[str]:
    named, wanted = list(got.classes), row["classes"]
    if row.get("any_order"):
        named, wanted = sorted(named), sorted(wanted)
    if not row.get("any_classes") and named != wanted:
        yield f"classes {list(got.classes)}, not {row['classes']}"
    if row["intent"] != "picture" and [t.kind for t in got.trials] != row.get("trials", []):
        yield f"trials {[t.kind for t in got.trials]}, not {row.get('trials', [])}"
    if got.needs_clarifying != row.get("clarify", False):
        yield f"asks back: {got.needs_clarifying}"
    if got.language != row.get("language", ""):
        yield f"language {got.language!r}"
    if got.picture != row.get("picture", ""):
        yield f"picture {got.picture!r}"
    if row.get("which", got.which) != got.which:
        yield f"which {got.which}"
    asked = row.get("arguments", {})
    if "versions" in asked and list(got.versions) != asked["versions"]:
        yield f"versions {list(got.versions)}, not {asked['versions']}"
    if "words" in asked and got.words.lower() != asked["words"]:
        yield f"words {got.words!r}, not {asked['words']!r}"
    goal = {k: v for k, v in asked.items() if k not in {"versions", "words"}}
    if goal and _goal(got) != goal:
        yield f"goal {_goal(got)}, not {goal}"


def _goal(plan: Plan) -> dict[str, float]:
    if plan.goal.get("kind") == "cost":
        return {"cost_miss": plan.goal["value"], "cost_false_alarm": plan.goal["false_alarm"]}
    return {plan.goal["kind"]: plan.goal["value"]} if plan.goal else {}
