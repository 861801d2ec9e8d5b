"""Words that stand where a class would, and are none."""

import pytest

from agent.missing import about_any
from agent.plan import Plan
from agent.rules import RulesPlanner

FRUIT = ("Apple", "Lemon", "Lime", "Orange", "Peach")
ASKED_BACK = [
    "why are {w}s called lemons",
    "{w}s keep coming out as limes, reason?",
    "why does it call {w}s peaches",
    "does it confuse apples with {w}s?",
    "how many {w}s do I have to photograph",
    "do I need more pictures of {w}s",
    "how many more {w} photos should I take?",
    "are the {w}s labelled correctly?",
    "is the labelling of the {w} pictures correct?",
    "should I split {w}s?",
    "should I merge peaches and {w}s?",
]
ANSWERED = [
    "my {w} wants to know why limes are called lemons",
    "since we moved to the {w}, which labels are wrong?",
    "I need more pictures, the {w} is free tomorrow, which ones?",
    "the labels were made in the {w}, are they right?",
    "how many pictures of limes do I need for the {w}",
    "is it looking at the {w} instead of the lemon",
    "for {w}'s sake, why are lemons so bad",
]


def planned(question: str) -> Plan:
    return RulesPlanner().plan(question, FRUIT)


@pytest.mark.parametrize("word", ["banana", "kumquat", "muffin", "basalt", "zebra"])
@pytest.mark.parametrize("text", ASKED_BACK)
def test_what_is_no_class_is_asked_back(text: str, word: str) -> None:
    plan = planned(text.format(w=word))
    assert plan.unknown[0].removesuffix("s") == word
    assert plan.needs_clarifying, plan


@pytest.mark.parametrize("word", ["tripod", "warehouse", "nephew", "Rotterdam", "conveyor"])
@pytest.mark.parametrize("text", ANSWERED)
def test_words_of_a_story_are_not(text: str, word: str) -> None:
    assert not planned(text.format(w=word)).needs_clarifying


def test_words_of_a_question_that_needs_no_class_are_not() -> None:
    assert not Plan("search", choices=("good_cookies", "bad_cookies")).needs_clarifying
    assert not Plan("cue", unknown=("plums",)).needs_clarifying
    assert not Plan("labels", ("Lime",), unknown=("plums",)).needs_clarifying


@pytest.mark.parametrize(
    ("question", "general"),
    [
        ("is any class secretly two kinds", True),
        ("which labels could live together", True),
        ("tell me which categories are a hodgepodge", True),
        ("are any two of our stone types practically the same?", True),
        ("some of them are twins, I think", True),
        ("should I split it?", False),
        ("should I merge them?", False),
        ("merge these two", False),
        ("split", False),
    ],
)
def test_questions_about_whichever_classes_there_are(question: str, general: bool) -> None:
    assert about_any(question) == general
