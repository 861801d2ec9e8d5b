"""The rules planner on questions as people ask them (questions.jsonl, held_back*.jsonl), and on follow-ups.

``held_back.jsonl`` was written and committed before these rules; no rule may be changed for one of its rows. The
second and third were written later, before their author had read the rules (but after a look at some of
questions.jsonl, and for the third at what the second had missed): 45 of 66 of each were right at first sight. The same
author then mended what the second showed, which made it 50 of the third, and then what the third showed, so that both
guard what is understood and measure nothing new. They are among the examples by which questions are read now.

``held_back_fourth.jsonl`` was written by someone who had seen neither rules nor examples, and scored once when both
were done: 52 of 70 right, 59 with the right tool (patterns alone: 49 and 56). Its misses were then looked at and learnt
from, so that it guards what is understood, as the others do. The fifth, sixth and seventh, by other such hands, are
scored by ``benchmarks/agent.py`` and what is missed of them was not looked at: no test asks them anything.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.pictures import picture_plan
from agent.plan import INTENTS, Plan
from agent.rules import RulesPlanner
from benchmarks.agent_questions import CLASSES, PICTURES, Row, planned, questions, wrong
from tools.readers.match_ids import Places

ROWS, HELD_BACK = questions("questions"), questions("held_back")
FRUIT = CLASSES["fruit"]
PLACES = Places({picture: row for row, picture in enumerate(PICTURES)}, Path("/pictures"))
LEAST = 0.95
"""Share of held-back questions with the right tool and arguments."""


def by_rules(question: str, classes: Sequence[str], history: Sequence[Plan]) -> Plan:
    return picture_plan(lambda: PLACES, PICTURES, question, classes) or RulesPlanner().plan(question, classes, history)


def test_there_are_enough_questions() -> None:
    assert len(ROWS) >= 120
    assert len({row["intent"] for row in ROWS}) >= 15
    assert len(HELD_BACK) >= max(60, len(ROWS) / 3)
    assert {row["intent"] for row in ROWS} == set(INTENTS)
    assert not {row["question"] for row in ROWS} & {row["question"] for row in HELD_BACK}


@pytest.mark.parametrize("row", ROWS, ids=[row["question"] for row in ROWS])
def test_question(row: Row) -> None:
    assert wrong(row, planned(row, by_rules), by_rules) == []


def test_held_back_questions() -> None:
    missed = {row["question"]: said for row in HELD_BACK if (said := wrong(row, planned(row, by_rules), by_rules))}
    assert len(missed) <= (1 - LEAST) * len(HELD_BACK), missed


@pytest.mark.parametrize("name", ["held_back_second", "held_back_third"])
def test_questions_of_another_hand(name: str) -> None:
    rows = questions(name)
    missed = {row["question"]: said for row in rows if (said := wrong(row, planned(row, by_rules), by_rules))}
    assert len(rows) >= 60
    assert len(missed) <= (1 - LEAST) * len(rows), missed


def test_questions_by_someone_who_saw_neither_rules_nor_examples() -> None:
    rows = questions("held_back_fourth")
    right = sum(not wrong(row, planned(row, by_rules), by_rules) for row in rows)
    assert right >= LEAST * len(rows)  # 52 when they were scored first


@pytest.mark.parametrize("question", ["bananas?", "and what about bananas?", "Bananas"])
def test_a_lone_unknown_word_gets_the_list_of_classes(question: str) -> None:
    plan = RulesPlanner().plan(question, FRUIT)
    assert (plan.intent, plan.needs_clarifying) == ("confusion", True)
    assert plan.unknown[0].lower() == "bananas"


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
