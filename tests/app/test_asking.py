"""``advisor ask`` at a keyboard and without one: conversations, consent, what a language model is told and costs."""

import json
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import app.asking
from agent.context import ModelSettings
from agent.spending import SPENDING, Spent, note_call, over_cap, spent
from app import cli
from app.edge import WrongVariable, read_model
from tests.agent.scripted_server import Script, serving, stall
from tools.changing import history
from tools.workspace import Workspace

RELABEL = "relabel the suspicious pictures"
MERGE = "merge Lime and Lemon"
WORST = json.dumps({"step": {"tool": "dataset_stats", "about": "accuracy", "classes": []}})
BALANCE = json.dumps({"step": {"tool": "dataset_stats", "about": "pictures", "classes": []}})
CONFUSED = json.dumps({"step": {"tool": "explain_confusion", "classes": ["A", "B"]}})
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(own_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs ``advisor ask`` in this process; its document."""
    for name in ("ADVISOR_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ADVISOR_MODEL_PRICE", "ADVISOR_MODEL_CAP",
                 "ADVISOR_MODEL_SECONDS"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        target = tmp_path / "answer.json"
        target.unlink(missing_ok=True)
        argv = ["advisor", "ask", *words, "--workspace", str(own_workspace), "--json", str(target)]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert (end.value.code or 0) == code
        return dict(json.loads(target.read_text("utf-8"))) if target.exists() else {}

    return run


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Somebody who types these lines."""

    def sit(*lines: str) -> None:
        typed = iter(lines)
        monkeypatch.setattr(app.asking, "interactive", lambda: True)
        monkeypatch.setattr("builtins.input", lambda *_: next(typed))

    return sit


def answers(body: dict[str, Any]) -> str:
    """Right answers to the questions by which a model is tried, by a schema; one step for all others."""
    if "response_format" not in body or "confusing A and B" not in body["messages"][1]["content"]:
        return BALANCE if "does each class have?" in body["messages"][1]["content"] else WORST
    return CONFUSED


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> Iterator[Script]:
    """A scripted language model that the environment names."""
    script = Script(answers)
    with serving(script, timeout=20.0) as settings:
        monkeypatch.setenv("ADVISOR_MODEL", settings.model)
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        monkeypatch.setenv("OPENAI_BASE_URL", settings.base_url)
        yield script


def test_without_a_keyboard_the_command_is_printed_and_nothing_done(
    ask: Ask, own_workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = ask(MERGE)
    assert document["action"]["decision"] == "reject"
    assert history(Workspace.open(own_workspace)).changes == ()
    assert "Nothing was changed." in capsys.readouterr().out


def test_a_yes_at_the_keyboard(
    ask: Ask, keyboard: Callable[..., None], own_workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard("y")
    document = ask(MERGE)
    assert document["action"]["decision"] == "approve"
    said = " ".join(capsys.readouterr().err.split())
    assert "merged as" in said
    assert "no file of yours" in said
    assert "Do it? [y/N or e to change something]" in said
    assert [c.kind for c in history(Workspace.open(own_workspace)).changes] == ["merge"]
    keyboard("")
    assert ask("undo")["action"]["decision"] == "reject"
    keyboard("yes")
    ask("undo")
    assert [c.kind for c in history(Workspace.open(own_workspace)).changes] == ["merge", "undo"]


def test_another_name_is_shown_again(ask: Ask, keyboard: Callable[..., None], own_workspace: Path) -> None:
    keyboard("e", "Citrus", "y")
    ask(MERGE)
    assert "Citrus" in Workspace.open(own_workspace).dataset().counts


def test_follow_ups_from_one_call_to_the_next(ask: Ask, keyboard: Callable[..., None]) -> None:
    assert ask("which classes are worst?", "--thread", "monday")["intent"] == "worst"
    assert ask("why?", "--thread", "monday")["intent"] == "confusion"
    assert ask("why?")["answer"].startswith("There is no number")
    there = ask("--threads")["conversations"]
    assert there == [{"name": "monday", "last": "why?", "waits": ""}]
    assert ask("--forget", "monday")["conversations"] == []
    ask("--forget", "monday", code=2)
    keyboard()
    ask("which classes are worst?")
    assert ask("why?")["intent"] == "confusion"


def test_an_answer_that_was_cut_off_before_it_was_shown_is_shown(
    ask: Ask, keyboard: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = ask("which classes are worst?", "--thread", "cut")
    after = ask("--resume", "--thread", "cut")
    assert (after["answer"], after["question"]) == (before["answer"], before["question"])
    assert "about the data as they were" not in capsys.readouterr().err
    keyboard("y")
    ask(MERGE, "--thread", "other")
    assert ask("--resume", "--thread", "cut")["answer"] == before["answer"]
    assert "about the data as they were" in " ".join(capsys.readouterr().err.split())


def test_nothing_to_go_on_with(ask: Ask) -> None:
    ask("--resume", "--thread", "t", code=2)
    ask("  ", code=2)
    ask("--agree-model", code=2)


def test_a_model_is_asked_only_after_consent(ask: Ask, model: Script, capsys: pytest.CaptureFixture[str]) -> None:
    first = ask("which classes are worst?")
    assert (model.calls, first["planner"]) == (0, "rules")
    assert any("before you agree" in step for step in first["steps"])
    ask("--agree-model")
    assert "it chooses what answers a question" in " ".join(capsys.readouterr().out.split())
    probing = model.calls
    assert probing == 3, "one call of a tool, refused; two forms"
    assert ask("which classes are worst?")["planner"] == "model"
    assert model.calls > probing
    ask("--withdraw-model")
    asked = model.calls
    ask("which classes are worst?")
    assert model.calls == asked


def test_what_leaves_is_shown_word_for_word(ask: Ask, model: Script, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask("which classes are worst?", "--show-prompt")
    assert model.calls == 0
    assert "Nothing was sent." in capsys.readouterr().out
    ask("--agree-model")
    before = model.calls
    model.replies = ["no wording", WORST]
    model.replies = [WORST]
    ask("which classes are worst?")
    sent = [request["messages"] for request in model.requests[before:]]
    assert sent[0] == json.loads(shown["first_call"])
    assert sent[1] == json.loads(shown["second_call"])


def test_a_no_at_the_keyboard_sends_nothing(
    ask: Ask, model: Script, keyboard: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard("n")
    ask("which classes are worst?")
    assert model.calls == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "No picture, no label table" in said
    assert "which classes are worst?" in said


def test_offline_opens_no_connection(ask: Ask, model: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("--agree-model")
    asked = model.calls
    tried: list[Any] = []

    def refuse(*where: Any, **_: Any) -> Any:
        tried.append(where)
        raise OSError("no connection is to be opened")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    document = ask("which classes are worst?", "--offline")
    assert document["planner"] == "rules"
    assert (tried, model.calls) == ([], asked)
    assert ask("which classes are worst?")["planner"] == "rules"
    assert tried, "the test would have seen a connection"


@pytest.mark.parametrize(("price", "told"), [(0.004, "under 0.01"), (0.01, "0.01"), (1.234, "1.23"), (0.0, "0.00")])
def test_a_small_months_total_is_not_nothing(price: float, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.spending.spent", lambda _: Spent(calls=3, price=price))
    settings = ModelSettings("http://127.0.0.1", "key", "some", price_sent=1.0)
    document = {"usage": {"sent": 9, "received": 1, "estimated": False}}
    (line,) = app.asking._price_lines(None, settings, document)  # type: ignore[arg-type]
    assert f"this month {told} in 3 calls" in line.plain


def test_price_and_cap(
    ask: Ask, model: Script, monkeypatch: pytest.MonkeyPatch, own_workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ADVISOR_MODEL_PRICE", "1000 2000")
    ask("--agree-model")
    usage = ask("which classes are worst?")["usage"]
    price = (usage["sent"] * 1000 + usage["received"] * 2000) / 1e6
    assert f"{price:.4f}; this month" in capsys.readouterr().out
    kept = Workspace.open(own_workspace)
    assert spent(kept).calls == model.calls
    assert spent(kept).price > price > 0
    monkeypatch.setenv("ADVISOR_MODEL_CAP", "0.5")
    asked = model.calls
    document = ask("which classes are worst?")
    assert model.calls == asked
    assert any("ADVISOR_MODEL_CAP" in step for step in document["steps"])


def test_spending_by_month(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path)
    settings = ModelSettings("u", "k", "m", price_sent=2.0, price_received=10.0, monthly_cap=0.02)
    assert spent(kept) == Spent()
    note_call(kept, settings, 1000, 500)
    note_call(kept, settings, 1000, 0)
    assert spent(kept) == Spent(2, 2000, 500, 0.009)
    assert not over_cap(kept, settings)
    note_call(kept, settings, 0, 2000)
    assert over_cap(kept, settings)
    kept.choose(SPENDING, {"2020-01": {"calls": 1, "sent": 1, "received": 1, "price": 9.0}})
    assert not over_cap(kept, settings)
    assert spent(kept, "2020-01").price == 9.0


@pytest.mark.parametrize("text", ["1", "1 2 3", "a b", "-1 2", "nan 1"])
def test_prices_that_cannot_be_read(text: str) -> None:
    with pytest.raises(WrongVariable, match="ADVISOR_MODEL_PRICE"):
        read_model({"ADVISOR_MODEL": "m", "OPENAI_API_KEY": "k", "ADVISOR_MODEL_PRICE": text})


def test_a_price_with_commas() -> None:
    found = read_model({"ADVISOR_MODEL": "m", "OPENAI_API_KEY": "k", "ADVISOR_MODEL_PRICE": "0.15, 0.60"})
    assert found is not None
    assert found.price(1_000_000, 2_000_000) == pytest.approx(1.35)


def test_a_model_that_gets_easy_questions_wrong_only_words_answers(
    ask: Ask, model: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    model.replies = [WORST]
    ask("--agree-model")
    assert "the rules go on" in " ".join(capsys.readouterr().out.split())
    document = ask("which classes are worst?")
    assert document["planner"] == "rules"
    assert any("easy question wrong" in step for step in document["steps"])
    assert "response_format" not in model.requests[-1], "asked to word the answer alone"


def test_a_slow_model_is_given_more_time(
    ask: Ask, model: Script, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = read_model({"ADVISOR_MODEL": "m", "OPENAI_API_KEY": "k", "ADVISOR_MODEL_SECONDS": "120"})
    assert found is not None
    assert found.timeout == 120
    with pytest.raises(WrongVariable):
        read_model({"ADVISOR_MODEL": "m", "OPENAI_API_KEY": "k", "ADVISOR_MODEL_SECONDS": "1e6"})
    ask("--agree-model")
    monkeypatch.setenv("ADVISOR_MODEL_SECONDS", "0.5")
    model.raw, model.replies = True, [stall]
    ask("which classes are worst?")
    said = " ".join(capsys.readouterr().out.split())
    assert "did not answer within 0.5 s ADVISOR_MODEL_SECONDS gives a slow server more time." in said
