"""German as the proof that a language is data: complete, with its numbers, and checked against the facts as well."""

import re
from string import Template
from typing import Any

import pytest
from scripted_server import Script, serving

from agent.context import Context
from agent.graph import ask
from agent.grounding import check_claim, check_text
from agent.prompts import languages, localised, sentence, speaking, table
from agent.state import Fact
from app.edge import WrongVariable, read_language
from benchmarks.planting.vectors import vector_case

CASE = vector_case({"Apple": 60, "Lime": 60, "Orange": 25}, separation=1.2, seed=3, burst=2, test_share=0.3)


def leaves(node: Any, path: str = "") -> dict[str, str]:
    if isinstance(node, dict):
        return {k: v for key, value in node.items() for k, v in leaves(value, f"{path}.{key}".strip(".")).items()}
    return {path: node} if isinstance(node, str) else {}


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_sentence_with_the_same_variables(language: str) -> None:
    english, other = leaves(table("sentences")), leaves(table("sentences", language))
    assert other.keys() == english.keys()
    for name, text in english.items():
        assert sorted(Template(other[name]).get_identifiers()) == sorted(Template(text).get_identifiers()), name
        assert not re.search(r"\d", other[name]), name


def test_german_is_there() -> None:
    assert languages() == ("de",)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("98.2 %", "98,2 %"), ("71.3–82.6 %", "71,3–82,6 %"), ("+3.1 points", "+3,1 Punkte"), ("684", "684"),
        ("0.75 to 0.90", "0,75 bis 0,90"), ("96.8 % (90.2–99.0 %)", "96,8 % (90,2–99,0 %)"), ("-0.3", "-0,3"),
        ("img_1.5.jpg", "img_1.5.jpg"), ("Class 2.5", "Class 2.5"), ("recall of Lime", "Erkennungsquote von Lime"),
        ("balanced accuracy", "ausgewogene Trefferquote"),
    ],
)  # fmt: skip
def test_numbers_as_german_writes_them(value: str, written: str) -> None:
    assert localised(value, "de") == written
    assert localised(value, "") == value


def test_speaking_ends_with_its_block() -> None:
    with speaking("de"):
        assert sentence("verdict.helps") == "das hilft"
    assert sentence("verdict.helps") == "it helps"


def answered(question: str, **more: Any) -> Any:
    return ask(question, Context(lambda: CASE, experiments=1, language="de", **more))


def test_an_answer_in_german() -> None:
    answer = answered("why is Apple called Lime?")
    assert re.search(r"\d+ von 18 beurteilten Bildern von Apple heißen Lime \(\d+,\d–\d+,\d %\)\.", answer.text)
    assert "Vergleichsmodell des Ratgebers" in answer.text
    assert "**Was die Wörter bedeuten**" in answer.text
    assert "*Zahlen in Klammern*" in answer.text
    assert re.search(r"\d,\d % → \d+,\d % \(Änderung", answer.text)
    assert answered("was ist das Wetter heute und wie geht es mir?").text.startswith("Das sieht nach German aus.")


def own(answer: Any) -> list[Fact]:
    """The facts that are worded in German: not those that checks word."""
    return [f for f in answer.facts if f["kind"] in {"standing", "direction", "account", "effect", "lay", "threshold"}]


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    asked = ("why is Apple called Lime?", "which classes are worst?", "which threshold gives 90 % precision?")
    return [fact for question in asked for fact in own(answered(question))]


def test_german_facts_carry_themselves_and_no_other_number(facts: list[Fact]) -> None:
    for fact in facts:
        assert check_claim(fact["text"], fact, CASE.classes) == [], fact["text"]
        for place in [m.start() for m in re.finditer(r"\d", fact["text"])]:
            wrong = str((int(fact["text"][place]) + 1) % 10)
            text = fact["text"][:place] + wrong + fact["text"][place + 1 :]
            assert check_claim(text, fact, CASE.classes), text


DIRECTION: Fact = {
    "id": "F1", "kind": "direction", "text": "12 von 40 beurteilten Bildern von Apple heißen Lime (17,9–45,4 %).",
    "evidence": [], "images": [], "code": "x",
}  # fmt: skip
SHARE: Fact = {
    "id": "F2", "kind": "effect",
    "text": "Erprobt auf zurückgehaltenen Bildern: Trefferquote 94,1 % → 98,2 % (Änderung +1,1 bis +7,0 Punkte, "
            "200 Bilder): das hilft.",
    "evidence": [], "images": [], "code": "x",
}  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (DIRECTION, "12 von den 40 Bildern von Apple heißen Lime"),
        (DIRECTION, "Zwischen 17,9 und 45,4 % der Bilder von Apple heißen Lime"),
        (SHARE, "Das hilft: von 94,1 % auf 98,2 %"),
        (SHARE, "Das hilft: 94.1 % → 98.2 %"),
        (SHARE, "Es hilft um +1,1 bis +7,0 Punkte auf 200 Bildern"),
    ],
)
def test_the_same_in_other_german_words(fact: Fact, text: str) -> None:
    assert check_claim(text, fact, CASE.classes) == []


@pytest.mark.parametrize(
    ("fact", "text", "why"),
    [
        (SHARE, "Das hilft: von 94,1 % auf 98,3 %", "98,3"),
        (SHARE, "Das schadet: von 94,1 % auf 98,2 %", "'hurts'"),
        (SHARE, "Das hilft nicht: von 94,1 % auf 98,2 %", "denies"),
        (SHARE, "Von 94,1 % auf 98,2 %", "verdict"),
        (SHARE, "Das hilft sicher: von 94,1 % auf 98,2 %", "'sicher'"),
        (DIRECTION, "12 von 40 Bildern von Lime heißen Apple", "direction"),
        (DIRECTION, "40 von 12 Bildern von Apple heißen Lime", "40 von 12"),
        (DIRECTION, "12,0 % der Bilder von Apple heißen Lime", "12,0 %"),
    ],
)
def test_more_than_the_german_fact_says(fact: Fact, text: str, why: str) -> None:
    problems = check_claim(text, fact, CASE.classes)
    assert any(why in problem for problem in problems), problems


def test_two_german_facts_swapped() -> None:
    text = f"{DIRECTION['text']} [F2]\n{SHARE['text']} [F1]"
    assert len(check_text(text, (DIRECTION, SHARE), CASE.classes)) >= 2


def test_a_model_is_told_the_language() -> None:
    script = Script("no plan")
    with serving(script, timeout=10.0) as model:
        answered("which classes are worst?", model=model)
    assert script.calls == 1
    good = Script(lambda _: '{"step": {"tool": "dataset_stats", "about": "accuracy", "classes": []}}')
    with serving(good, timeout=10.0) as model:
        answered("which classes are worst?", model=model)
    assert "German" in good.requests[1]["messages"][0]["content"]


def test_the_variable() -> None:
    assert [read_language({"ADVISOR_LANGUAGE": text}) for text in ("", "en", "DE ")] == ["", "", "de"]
    with pytest.raises(WrongVariable, match="en, de"):
        read_language({"ADVISOR_LANGUAGE": "xx"})
