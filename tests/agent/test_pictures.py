"""A question that names a picture is answered with the training pictures behind what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from agent.context import Context
from agent.graph import ask
from agent.pictures import named_picture
from benchmarks.planting.vectors import assemble
from tests.tools.test_why import planted
from tools.case import Case
from tools.readers.match_ids import Places
from tools.workspace import Workspace


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
