"""The page, driven without a browser over the real graph and the small workspace."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from agent import graph
from agent.events import Progress, Token
from app.conversations import conversations, new_thread, put_turn, turns
from app.edge import user_name
from tests.app.conftest import OpenPage, everything, page_named
from tools.workspace import Workspace

QUESTION = "Why is my model confusing Lemon and Lime?"


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("chat")


def test_without_a_workspace_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["shell.py", "--workspace", str(tmp_path / "none")])
    page = page_named("chat").run()

    assert not page.exception
    assert page.title[0].value == "Nothing to look at yet"
    assert "advisor import PATH" in page.code[0].value
    assert not (tmp_path / "none").exists()


def test_a_damaged_workspace_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "advisor.sqlite").write_bytes(b"nonsense" * 200)
    monkeypatch.setattr(sys, "argv", ["shell.py", "--workspace", str(tmp_path)])
    page = page_named("chat").run()

    assert not page.exception
    assert "**Expected**" in page.error[0].value


def test_first_page_says_what_it_knows_and_what_to_ask(page: AppTest) -> None:
    page.run()

    assert not page.exception
    side = "\n".join(str(e.value) for e in page.sidebar.markdown) + "\n".join(
        str(e.value) for e in page.sidebar.caption
    )
    assert "the advisor's own baseline, not your model" in side
    assert "**90** pictures" in side
    assert "planted" in side
    assert "no key needed" in side
    labels = [b.label for b in page.button]
    assert any("confusing Lemon and Lime" in label for label in labels)


def test_a_question_is_answered_with_words_numbers_and_pictures(page: AppTest, own_workspace: Path) -> None:
    page.run()
    page.chat_input[0].set_value(QUESTION).run()

    assert not page.exception
    assert [m.name for m in page.chat_message] == ["user", "assistant"]
    kept = Workspace.open(own_workspace)
    (one,) = conversations(kept, user_name())
    (turn,) = turns(kept, user_name(), one.thread)
    answer = turn.answer
    assert answer is not None
    assert answer["question"] == QUESTION
    assert "Lemon" in answer["answer"]
    assert page.get("bidi_component")
    assert len(page.dataframe) > len(answer["causes"])
    assert any("Every number behind this answer" in e.label for e in page.expander)
    shown = everything(page)
    assert "F1" in shown
    assert "\u202e" not in shown
    page.run()
    assert len(page.chat_message) == 2


def test_a_suggested_question_is_asked_by_its_button(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = graph.stream_answer

    def watched(question: str, *rest: object, **options: object) -> object:
        asked.append(question)
        return real(question, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(graph, "stream_answer", watched)
    page.run()
    page.button(key="suggested-0").click().run()

    assert not page.exception
    assert asked == [QUESTION]
    assert not [b for b in page.button if b.key == "suggested-0"]


def test_names_from_data_neither_link_nor_style(page: AppTest) -> None:
    page.run()
    page.chat_input[0].set_value("Which labels are wrong? <b>x</b> [a](http://evil.example)").run()

    assert not page.exception
    question = page.chat_message[0].markdown[0].value
    assert "\\<b" in question
    assert "http: //" in question.replace("\\", "")
    assert "](http" not in everything(page)


def test_a_change_waits_for_consent_and_is_done_once_it_is_given(page: AppTest, own_workspace: Path) -> None:
    page.run()
    page.chat_input[0].set_value("Merge Lemon and Lime").run()
    assert not page.exception
    kept = Workspace.open(own_workspace)
    assert kept.dataset().version == 1
    assert "merged" in everything(page)

    again = page_named("chat").run()  # another tab, after this one was closed
    (one,) = conversations(kept, user_name())
    again.button(key=f"open-{one.thread}").click().run()
    assert not again.exception
    again.text_input(key="consent-name").set_value("Citrus").run()
    again.button(key="consent-edit").click().run()
    assert not again.exception
    assert kept.dataset().version == 1
    again.button(key="consent-yes").click().run()

    assert not again.exception
    assert kept.dataset().version == 2
    assert "Citrus" in kept.dataset().classes
    assert not [b for b in again.button if b.key == "consent-yes"]


def test_a_refused_change_leaves_everything_as_it_is(page: AppTest, own_workspace: Path) -> None:
    page.run()
    page.chat_input[0].set_value("Merge Lemon and Lime").run()
    page.button(key="consent-no").click().run()

    assert not page.exception
    assert Workspace.open(own_workspace).dataset().version == 1
    assert not [b for b in page.button if b.key == "consent-no"]


def test_a_viewer_cannot_agree(page: AppTest, own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.roles import Person

    monkeypatch.setattr("app.place.person_here", lambda choice, secrets: Person("eve@x.org", "viewer"))
    page.run()
    page.chat_input[0].set_value("Merge Lemon and Lime").run()

    assert not page.exception
    assert page.button(key="consent-yes").disabled
    assert not page.button(key="consent-no").disabled


def test_a_question_that_was_cut_off_can_be_asked_again(
    page: AppTest, own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Workspace.open(own_workspace)
    thread = new_thread(user_name())
    put_turn(kept, user_name(), thread, 0, QUESTION, None)
    page.run()
    page.button(key=f"open-{thread}").click().run()
    assert not page.exception
    page.button(key="chat-again").click().run()

    assert not page.exception
    assert turns(kept, user_name(), thread)[0].answer is not None


def test_nobody_reads_another_persons_conversation(own_workspace: Path) -> None:
    kept = Workspace.open(own_workspace)
    thread = new_thread("ada@x.org")
    put_turn(kept, "ada@x.org", thread, 0, "secret?", None)

    assert [c.title for c in conversations(kept, "ada@x.org")] == ["secret?"]
    assert conversations(kept, "bob@x.org") == []
    assert turns(kept, "bob@x.org", thread) == []
    with pytest.raises(ValueError, match="another person"):
        put_turn(kept, "bob@x.org", thread, 1, "mine?", None)


def test_what_a_model_is_writing_is_shown_as_not_checked_and_only_meanwhile(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    real = graph.stream_answer

    def stream(*arguments: Any, **named: Any) -> Iterator[Any]:
        *before, answer = real(*arguments, **named)
        yield from [*before, Token("Limes are "), Token("<b>green"), Progress("trying", 1, 2), answer]

    monkeypatch.setattr(graph, "stream_answer", stream)
    caption = DeltaGenerator.caption

    def noted(self: DeltaGenerator, body: Any, *arguments: Any, **named: Any) -> Any:
        shown.append(str(body))
        return caption(self, body, *arguments, **named)

    monkeypatch.setattr(DeltaGenerator, "caption", noted)
    page.run()
    page.chat_input[0].set_value(QUESTION).run()
    assert not page.exception
    drafts = [text for text in shown if "not checked yet" in text]
    assert len(drafts) == 2
    assert "Limes are" in drafts[1]
    assert "<b>" not in drafts[1]
    assert "trying 1/2" in shown
    assert "Limes are" not in everything(page)
