"""Questions in the middle of a story, two questions in one, and very long ones."""

import time
from itertools import product

import pytest

from agent.parts import BEGINNING, LONGEST_READ, asks, shortened
from agent.rules import RulesPlanner
from benchmarks.agent_questions import CLASSES

FRUIT = CLASSES["fruit"]
STORIES = (
    "I have been working on this for three months.", "My colleague bought a new camera in June!",
    "Hi there.", "We sell fruit at the market, and people complain.",
)  # fmt: skip
QUESTIONS = {
    "Why are limes called lemons?": ("confusion", ("Lime", "Lemon")),
    "Which labels are wrong?": ("labels", ()),
    "Do I have enough pictures of pears?": ("collect", ("Pear",)),
    "Should I merge peaches and nectarines?": ("merge", ("Peach", "Nectarine")),
    "Are there duplicates in my data?": ("duplicates", ()),
    "Is version 2 better than version 3?": ("versions", ()),
    "Which threshold gives 95 % precision for limes?": ("threshold", ("Lime",)),
    "Is it looking at the background?": ("cue", ()),
}


def planned(question: str) -> tuple[str, tuple[str, ...]]:
    plan = RulesPlanner().plan(question, FRUIT)
    return plan.intent, plan.classes


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_told_before_changes_nothing(question: str) -> None:
    for story in STORIES:
        plan = RulesPlanner().plan(f"{story} {question}", FRUIT)
        assert ((plan.intent, plan.classes), plan.second) == (QUESTIONS[question], ""), story


def test_two_questions() -> None:
    for (first, one), (second, other) in product(QUESTIONS.items(), QUESTIONS.items()):
        if one[0] == other[0]:
            continue
        for link in (" ", " Also, ", " And ", "\n"):
            plan = RulesPlanner().plan(first + link + second, FRUIT)
            assert (plan.intent, plan.classes, plan.second) == (*one, second), first + link + second
        assert planned(plan.second) == other


@pytest.mark.parametrize("link", [" and ", ", and also ", " plus ", ", but "])
def test_two_questions_in_one_sentence(link: str) -> None:
    halves = (
        "which labels are wrong",
        "are there duplicates",
        "is my dataset balanced",
        "should i merge limes and lemons",
    )
    for first, second in product(halves, halves):
        if first != second:
            plan = RulesPlanner().plan(first + link + second, FRUIT)
            assert (plan.intent, plan.second) == (planned(first)[0], second), first + link + second


def test_one_question_is_not_two() -> None:
    for question in (
        "Tell me my weakest classes and why they are weak", "which classes are worst and why?",
        "why are limes called lemons and what is the cause?", "are there copies? are any pictures duplicates?",
        "Any shortcut learning going on? I suspect the model keys on the tabletop rather than the fruit.",
    ):  # fmt: skip
        assert RulesPlanner().plan(question, FRUIT).second == "", question


def test_names_and_amounts_of_what_was_told_are_used() -> None:
    plan = RulesPlanner().plan(
        "We may let through no more than 1 in every 200 limes. Where do I set the cutoff?", FRUIT
    )
    assert (plan.classes, plan.goal) == (("Lime",), {"kind": "recall", "value": 0.995})


@pytest.mark.parametrize("sentences_told", [3, 5, 8])
def test_a_long_story_changes_nothing(sentences_told: int) -> None:
    story = (
        "Customers of three shops have complained since Easter about the fruit that our machine sorts into boxes. ",
        "My manager in Leeds has asked me twice this week to find out whatever is going on down there. ",
        "The belt was cleaned in March and the lamps above it were changed by the people from the agency. ",
        "Nobody remembers who bought the camera, and the man who installed it moved to Portugal last summer. ",
    )
    told = "".join((story * 2)[:sentences_told])
    for question, expected in QUESTIONS.items():
        plan = RulesPlanner().plan(told + question, FRUIT)
        assert ((plan.intent, plan.classes), plan.second) == (expected, ""), question


def test_a_long_story_keeps_amounts_and_missing_classes() -> None:
    told = "Customers of three shops have complained since Easter about the fruit that our machine sorts. " * 6
    plan = RulesPlanner().plan(told + "Which threshold should I take for Lemon? At most 1 in 50 may be missed.", FRUIT)
    assert (plan.intent, plan.classes, plan.goal) == ("threshold", ("Lemon",), {"kind": "recall", "value": 0.98})
    assert RulesPlanner().plan(told + "Why are bananas called lemons?", FRUIT).unknown == ("bananas",)


def test_a_very_long_question_is_quick_and_understood() -> None:
    rambling = "so we have been sorting since march and my colleague swears that the belt is to blame, anyway "
    for question in (
        rambling * 500 + ". Why are limes called lemons?",
        "Why are limes called lemons? " + rambling * 500,
    ):
        RulesPlanner().plan("which class is worst", FRUIT)  # examples are learnt once
        began = time.process_time()
        assert planned(question) == ("confusion", ("Lime", "Lemon"))
        assert time.process_time() - began < 1


def test_the_beginning_and_the_end_of_a_long_question_are_read() -> None:
    read = shortened("first " + "word " * 1000 + "last")
    assert len(read) <= LONGEST_READ
    assert read.startswith("first")
    assert read.endswith("last")
    assert len(shortened("x" * 10_000)) <= LONGEST_READ
    assert BEGINNING < LONGEST_READ


def test_telling_is_not_asking() -> None:
    assert asks("Also, do I have enough pears")
    assert asks("shoud i merge them")
    assert not asks("I have enough pears.")
