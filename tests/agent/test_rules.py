"""The rules planner on questions as people ask them (questions.jsonl), and on follow-ups."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.plan import Plan
from agent.rules import RulesPlanner

CLASSES = {
    "fruit": ("Apple", "Lemon", "Lime", "Nectarine", "Orange", "Peach", "Pear", "Red-Grapefruit", "Satsumas"),
    "bakery": ("bad_cookies", "croissant", "good_cookies"),
    "stones": ("Granite", "GreyGranite", "Lime", "Limestone", "Sand Stone Brick", "Sandstone"),
    "parts": ("bad", "good", "other"),
    "signs": ("30 km/h", "80 km/h", "Cafe bar", "Café", "class_12", "class_2", "橙子", "苹果"),
}
ROWS = [json.loads(row) for row in (Path(__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()]
FRUIT = CLASSES["fruit"]


def test_there_are_enough_questions() -> None:
    assert len(ROWS) >= 60
    assert len({row["intent"] for row in ROWS}) >= 15


@pytest.mark.parametrize("row", ROWS, ids=[row["question"] for row in ROWS])
def test_question(row: dict[str, Any]) -> None:
    plan = RulesPlanner().plan(row["question"], CLASSES[row["set"]])
    assert plan.intent in {row["intent"], *row.get("also", ())}
    if "also" not in row:
        assert list(plan.classes) == row["classes"]
    assert [t.kind for t in plan.trials] == row.get("trials", [])
    assert plan.needs_clarifying == row.get("clarify", False)


def test_unknown_words_are_named() -> None:
    plan = RulesPlanner().plan("why is my model confusing apples and citrus?", FRUIT)
    assert plan.unknown == ("citrus",)


def test_several_classes_fit() -> None:
    plan = RulesPlanner().plan("should I split the cookies?", CLASSES["bakery"])
    assert plan.choices == ("bad_cookies", "good_cookies")


def follow(*questions: str) -> Plan:
    history: list[Plan] = []
    for question in questions:
        history.append(RulesPlanner().plan(question, FRUIT, history))
    return history[-1]


@pytest.mark.parametrize(
    ("questions", "intent", "classes"),
    [
        (("why is Orange called Satsumas?", "and for lemons?"), "confusion", ("Lemon",)),
        (("why is Orange called Satsumas?", "and with lemons?"), "confusion", ("Orange", "Lemon")),
        (("why is Orange called Satsumas?", "and the other way round?"), "confusion", ("Satsumas", "Orange")),
        (("why is Orange called Satsumas?", "should I merge them?"), "merge", ("Orange", "Satsumas")),
        (("should I split Apple?", "and Pear?"), "split", ("Pear",)),
        (("why is Orange called Satsumas?", "which labels are wrong?"), "labels", ()),
        (("why is Orange called Satsumas?", "are there duplicates?"), "duplicates", ()),
    ],
)
def test_follow_up(questions: tuple[str, ...], intent: str, classes: tuple[str, ...]) -> None:
    plan = follow(*questions)
    assert (plan.intent, plan.classes) == (intent, classes)


def test_follow_up_tries_the_other_class() -> None:
    assert follow("should I split Apple?", "and Pear?").trials[0].arguments == {"class": "Pear"}


def test_plans_survive_json() -> None:
    plan = RulesPlanner().plan("should I merge Nectarine and Peach?", FRUIT)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
