"""A question that names a picture is answered with the training pictures behind what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from agent.context import Context
from agent.graph import ask
from agent.pictures import named_picture, picture_plan, places_of
from benchmarks.planting.vectors import assemble
from tests.tools.test_why import planted
from tools.case import Case
from tools.readers.match_ids import Places
from tools.workspace import Workspace

CLASSES = ("Lemon", "Lime", "img_7", "km 30")
LIME = "a/Lime/Lime_003.JPG"
IDS = (
    LIME,
    "a/Lemon/Lemon_017.png",
    "b/Lemon/Lemon_017.png",
    "a/IMG_7.jpg",
    "b/00042.jpg",
    "b/cut.jpg",
)
PLACES = Places({picture: row for row, picture in enumerate(IDS)}, Path("/pictures"))


def asked(case: Case, question: str) -> str:
    return ask(question, Context(load_case=lambda: case)).text


@pytest.mark.parametrize(
    "question",
    [
        "why is {0} called b?",
        'what is wrong with "{0}"?',
        "Why does my model say b of {0}?",
        "explain ./{0}, please",
    ],
)
def test_the_cause_is_told(question: str) -> None:
    case, row = planted(twin=2)
    answer = ask(question.format(case.ids[row]), Context(load_case=lambda: case))
    assert answer.intent == "picture"
    assert "These pictures cause the mistake." in answer.text
    assert str(case.ids[row]) in answer.text
    facts = [f for f in answer.facts if f["code"] == "why"]
    assert facts[0]["images"] == [str(case.ids[row])]
    assert set(facts[-1]["images"]) == {str(case.ids[120]), str(case.ids[121])}


def test_what_was_worked_out_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, row = planted(twin=2)
    kept = Workspace.open(tmp_path)
    question = f"why is {case.ids[row]} called b?"
    first = ask(question, Context(load_case=lambda: case, memory=kept))
    monkeypatch.setattr("agent.pictures.pushed", lambda *_: pytest.fail("worked out again"))
    again = ask(question, Context(load_case=lambda: case, memory=kept))
    assert (again.text, again.facts) == (first.text, first.facts)


def test_names_of_no_picture_are_left_to_the_planner() -> None:
    case, _ = planted()
    places = Places(case.dataset.index, case.dataset.root)
    for question in ("why is none.jpg called b?", "why is my model confusing a and b?", "see report.pdf"):
        assert named_picture(lambda: places, case.ids, question) == ("", "")
    assert ask("why is none.jpg called b?", Context(load_case=lambda: case)).intent != "picture"


def test_a_picture_about_which_nothing_can_be_told() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(8, 4)), ["a"] * 8)
    assert "two classes" in asked(case, "why is 00000.jpg wrong?")


def test_the_next_question_is_not_about_the_picture() -> None:
    case, row = planted(twin=1)
    context = Context(load_case=lambda: case)
    first = ask(f"why is {case.ids[row]} called b?", context)
    assert first.intent == "picture"
    assert ask("which labels are wrong?", context).intent == "labels"


@pytest.mark.parametrize(
    "word",
    ["Lime_003.JPG", "lime_003", "LIME_003.jpg", "a/lime/lime_003.jpg", "Lime/Lime_003", "./a/Lime/Lime_003.JPG", LIME],
)
@pytest.mark.parametrize(
    "question",
    ["why is {} called Lemon?", "{} is really lime?", "what about “{}”", "{}'s label ok", "see ({}), right?", "{}..."],
)
def test_a_picture_is_named_in_any_case_and_without_its_ending(word: str, question: str) -> None:
    picture, named = named_picture(lambda: PLACES, IDS, question.format(word), CLASSES)
    assert picture == LIME
    assert word.endswith(named)


@pytest.mark.parametrize(
    ("question", "picture"),
    [
        ("is Lemon_017 right?", ""),  # there are two
        ("is b/lemon/lemon_017 right?", IDS[2]),
        ("why is img_7 called Lime?", ""),  # a class
        ("why is img_7.jpg called Lime?", IDS[3]),
        ("show me fruit cut in half", ""),  # an everyday word
        ("what is wrong with cut.jpg", IDS[5]),
        ("00042 looks odd", IDS[4]),
        ("I have 42 limes and 0.95 precision", ""),
        ("precision/recall of Lime_004", ""),
    ],
)
def test_only_what_names_one_picture_for_certain_names_it(question: str, picture: str) -> None:
    assert named_picture(lambda: PLACES, IDS, question, CLASSES)[0] == picture


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("{} is really lime?", "picture"),
        ("why on earth did it call {} what it called it", "picture"),
        ("what made it answer like that for {}", "picture"),
        ("{} looks like a lemon to my kid. Is it tagged properly?", "picture"),
        ("{}, that's never a lime, is it?", "picture"),
        ("{}: label correct?", "picture"),
        ("should I delete {}?", "picture"),
        ("fix the label of {}", "picture"),  # as what, is asked first
        ("why did you put {} into Lemon", "picture"),
        ("{} - has that one a twin somewhere", "search"),
        ("Have you a sibling for {} in the pile?", "search"),
        ("anything nearly identical to {} around?", "search"),
        ("similar ones to {}", "search"),
        ("{} is odd. Is there another one like it?", "search"),
        ("do I have {} twice?", "search"),
        ("delete the copies of {}", "search"),
    ],
)
@pytest.mark.parametrize("word", [LIME, "Lime_003.jpg", "lime_003"])
def test_what_is_asked_about_one_picture(question: str, intent: str, word: str) -> None:
    plan = picture_plan(lambda: PLACES, IDS, question.format(word), CLASSES)
    assert plan is not None
    assert (plan.intent, plan.picture, plan.needs_clarifying) == (intent, LIME, False)


@pytest.mark.parametrize(
    ("question", "classes"),
    [
        ("relabel {} as lemon", ("Lemon",)),
        ("please move {} to lemon", ("Lemon",)),
        ("change {} from lime to lemon", ("Lemon",)),
        ("{} is labelled lime but is a lemon, fix it", ("Lemon",)),
        ("set the label of {} to lemon, not lime", ("Lemon",)),
        ("delete {}", ()),
        ("could you throw {} away", ()),
        ("{} is blurred, please take it out", ()),
    ],
)
def test_a_change_that_is_ordered(question: str, classes: tuple[str, ...]) -> None:
    plan = picture_plan(lambda: PLACES, IDS, question.format("lime_003"), CLASSES)
    assert plan is not None
    assert (plan.intent, plan.classes, plan.picture) == ("change", classes, LIME)


def test_the_tables_of_names_are_made_once_and_only_when_needed() -> None:
    case, _ = planted()
    assert places_of(case.dataset) is places_of(case.dataset)
    question = "why are my limes called lemons, and 30 of them?"
    assert named_picture(lambda: pytest.fail("needed"), case.ids, question, CLASSES) == ("", "")
