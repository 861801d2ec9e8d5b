"""The benchmark of the agent runs against any server, and scores what it should."""

import json
from typing import Any

import pytest
from scripted_server import Script, serving

from agent.answer import Answer
from benchmarks import agent as benchmark
from benchmarks.agent_questions import questions

FRUIT = [row for row in questions("questions") if row["set"] == "fruit" and "before" not in row]


def router(body: dict[str, Any]) -> str:
    """A model that always explains the confusion of the first two classes, and retells facts word for word."""
    data = json.loads(body["messages"][1]["content"])
    if "response_format" in body:
        return json.dumps({"step": {"tool": "explain_confusion", "classes": data["classes"][:2]}})
    return "\n".join(f"- {f['text'].rstrip('.')} [{f['id']}]." for f in data["facts"][:12])


def test_a_model_that_has_one_answer_is_right_where_that_is_right() -> None:
    rows = FRUIT[:12]
    script = Script(router)
    with serving(script, timeout=10.0) as model:
        score = benchmark.scored(rows, model)
    explained = sum(row["intent"] == "confusion" for row in rows)
    assert (score.tools, score.of, score.calls, score.fallbacks) == (explained, 12, 12, 0)
    assert score.whole < score.tools
    assert script.calls == 12
    assert "12 calls" in score.line


def test_a_model_that_fails_falls_back_on_the_rules() -> None:
    with serving(Script("no idea"), timeout=10.0) as model:
        score = benchmark.scored(FRUIT[:5], model)
    assert score.fallbacks == 5
    assert score.whole == benchmark.scored(FRUIT[:5], None).whole


def test_wordings_are_counted() -> None:
    liar = Script(lambda body: router(body) if "response_format" in body else "All limes are 99.9 % perfect [F1].")
    with serving(Script(router), timeout=10.0) as honest:
        kept, ungrounded = benchmark.worded(FRUIT[:2], honest)
    with serving(liar, timeout=10.0) as model:
        refused, none = benchmark.worded(FRUIT[:2], model)
    assert (kept["kept"], ungrounded, refused["kept"], none) == (2, 0, 0, 0)


def test_a_stray_number_or_name_is_seen() -> None:
    fact: Any = {"id": "F1", "text": "3 of 9 pictures of Apple are called Lime."}
    said = Answer("q", "h", "- 4 of 9 pictures of Apple are called Orange [F1].", facts=(fact,))
    assert benchmark._strays(said, ("Apple", "Lime", "Orange")) == ["4", "Orange"]


def test_the_rules_score_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["agent"])
    monkeypatch.setattr(benchmark, "questions", lambda _: FRUIT[:6])
    benchmark.main()
    assert "questions: tool 6 of 6" in capsys.readouterr().out
