"""Whatever an endpoint does, a question gets a plan in time; counted against a scripted server."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError
from scripted_server import Script, drip, send, serving, stall

from agent.context import ModelSettings
from agent.display import shown_names
from agent.endpoint import Endpoint
from agent.model_planner import ModelPlanner, read_step
from agent.model_tools import descriptions, native_tools, read_reply, reply_schema, tool_of
from agent.plan import Plan
from agent.prompts import table
from agent.rules import RulesPlanner

CLASSES = ("Apple", "Lime", "Orange", "Satsumas")
QUESTION = "why is Orange called Satsumas?"
BY_RULES = RulesPlanner().plan(QUESTION, CLASSES)


def step(**fields: Any) -> str:
    return json.dumps({"step": fields})


def planned(script: Script, **settings: Any) -> tuple[Plan, Endpoint, float]:
    with serving(script, **settings) as model:
        endpoint = Endpoint(model)
        started = time.monotonic()
        plan = ModelPlanner(endpoint).plan(QUESTION, CLASSES)
        return plan, endpoint, time.monotonic() - started


def test_a_good_plan_costs_one_call() -> None:
    script = Script(step(tool="explain_confusion", classes=["Lime", "Apple"]))
    plan, endpoint, _ = planned(script)
    assert (plan.intent, plan.classes, plan.planner) == ("confusion", ("Lime", "Apple"), "model")
    assert script.calls == endpoint.calls == 1


def test_what_the_model_is_told() -> None:
    script = Script(step(tool="find_problems", about="everything", classes=[]))
    planned(script)
    request = script.requests[0]
    assert [m["role"] for m in request["messages"]] == ["system", "user"]
    assert json.loads(request["messages"][1]["content"])["classes"] == list(CLASSES)
    assert request["response_format"]["json_schema"]["schema"] == reply_schema(CLASSES)


GOOD = step(tool="explain_confusion", classes=["Orange"])
MISBEHAVIOUR: dict[str, Script] = {
    "half JSON": Script(GOOD[:-9]),
    "prose": Script("I have looked into it and everything is fine."),
    "wrong tool": Script(step(tool="shell", command="rm -rf /")),
    "unknown argument": Script(step(tool="explain_confusion", classes=["Orange"], force=True)),
    "missing argument": Script(step(tool="explain_confusion")),
    "argument of another type": Script(step(tool="explain_confusion", classes=[7])),
    "invented class": Script(step(tool="explain_confusion", classes=["Grapefruit"])),
    "two steps": Script(json.dumps({"step": {"tool": "none", "unknown": []}, "then": {"tool": "none"}})),
    "a list": Script(json.dumps([{"tool": "none", "unknown": []}])),
    "merge of one": Script(step(tool="run_experiment", kind="merge-classes", classes=["Orange"])),
    "a threshold beyond 1": Script(step(tool="tune_threshold", goal="recall", value=980, false_alarm=0, classes=[])),
    "a cost of nothing": Script(step(tool="tune_threshold", goal="cost", value=2, false_alarm=0, classes=[])),
    "an unknown what-if": Script(step(tool="run_experiment", kind="rm -rf", classes=[])),
    "an unknown change": Script(step(tool="propose_change", change="delete everything", classes=[])),
    "success claimed without a call": Script("Done! I relabelled everything and accuracy is now 99 %."),
    "empty message": Script("  "),
    "HTTP 429": Script(lambda h: send(h, b'{"error": {"message": "slow down"}}', 429), raw=True),
    "HTTP 500": Script(lambda h: send(h, b"oops", 500), raw=True),
    "HTTP 401": Script(lambda h: send(h, b'{"error": {"message": "key"}}', 401), raw=True),
    "HTML": Script(lambda h: send(h, b"<html>Welcome to the hotel network</html>", 200, "text/html"), raw=True),
    "no choices": Script(lambda h: send(h, b'{"choices": []}'), raw=True),
    "half a body": Script(lambda h: send(h, b'{"choices": [{"message": {"conte'), raw=True),
    "not a completion": Script(lambda h: send(h, b"[1, 2, 3]"), raw=True),
    "5 MB": Script("x" * 5_000_000),
    "stalls": Script(stall, raw=True),
    "one byte at a time": Script(drip, raw=True),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_misbehaviour_ends_in_the_rules(name: str) -> None:
    script = MISBEHAVIOUR[name]
    plan, endpoint, seconds = planned(script)
    assert (plan.intent, plan.classes, plan.planner) == (BY_RULES.intent, BY_RULES.classes, "rules")
    assert plan.fallback == endpoint.down != ""
    assert script.calls == 1
    assert seconds < 9


def test_refused_connection() -> None:
    with serving(Script("unused")) as model:
        pass
    endpoint = Endpoint(ModelSettings(model.base_url, "key", "m", timeout=2.0))
    plan = ModelPlanner(endpoint).plan(QUESTION, CLASSES)
    assert (plan.classes, plan.planner, endpoint.down) == (BY_RULES.classes, "rules", "cannot be reached")
    assert endpoint.usage["sent"] == 0, "nothing was sent"


def test_a_reply_that_was_cut_off_is_not_taken() -> None:
    choice = {"message": {"content": "Apples are 1"}, "finish_reason": "length"}
    body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}).encode()
    with serving(Script(lambda h: send(h, body), raw=True)) as model:
        endpoint = Endpoint(model)
        assert endpoint.ask([{"role": "user", "content": "x"}]) is None
    assert (endpoint.down, endpoint.usage["received"]) == ("was cut off before its end", 4)


def test_who_waits_is_told_what_for() -> None:
    heard: list[tuple[str, int, int]] = []
    with serving(Script("yes")) as model:
        Endpoint(model, on_step=lambda *step: heard.append(step)).ask([{"role": "user", "content": "x"}])
    assert heard == [("waiting for the language model", 0, 1)]


def test_a_dead_endpoint_is_not_asked_again() -> None:
    script = Script(lambda h: send(h, b"oops", 500), raw=True)
    with serving(script) as model:
        endpoint = Endpoint(model)
        for _ in range(3):
            assert endpoint.ask([{"role": "user", "content": "x"}]) is None
    assert script.calls == 1


def test_calls_are_limited() -> None:
    script = Script("again")
    with serving(script, max_calls=2) as model:
        endpoint = Endpoint(model)
        replies = [endpoint.ask([{"role": "user", "content": "x"}]) for _ in range(5)]
    assert replies == ["again", "again", None, None, None]
    assert script.calls == 2


def test_works_inside_a_running_event_loop() -> None:
    import asyncio

    with serving(Script("yes")) as model:

        async def inside() -> str | None:
            return Endpoint(model).ask([{"role": "user", "content": "x"}])

        assert asyncio.run(inside()) == "yes"


def test_fenced_json_is_read_as_json() -> None:
    names = shown_names(CLASSES)
    assert read_step(f"```json\n{GOOD}\n```", names).classes == ("Orange",)


def test_hidden_characters_are_not_shown_and_names_find_their_class() -> None:
    real = ("Lime", "Li\u200bme\u202e")
    names = shown_names(real)
    assert list(names) == ["Lime", "Lime (2)"]
    assert read_step(step(tool="explain_confusion", classes=["Lime (2)"]), names).classes == (real[1],)


def test_words_that_are_no_class_are_asked_back() -> None:
    plan = read_step(step(tool="none", unknown=["citrus"]), shown_names(CLASSES))
    assert plan.unknown == ("citrus",)
    assert plan.needs_clarifying
    assert read_step(step(tool="none", unknown=[]), shown_names(CLASSES)).intent == "help"


def test_extra_keys_are_refused_at_every_level() -> None:
    for text in (step(tool="none", unknown=[], x=1), json.dumps({"step": {"tool": "none", "unknown": []}, "x": 1})):
        with pytest.raises(ValidationError):
            read_step(text, shown_names(CLASSES))


def test_every_tool_is_made_and_its_example_is_accepted() -> None:
    names = {"A": "A", "B": "B"}
    expected = {
        "dataset_stats": "worst", "explain_confusion": "confusion", "find_problems": "labels",
        "search_images": "search", "run_experiment": "experiment", "tune_threshold": "threshold",
        "retrain": "retrain", "compare_versions": "versions", "propose_change": "change", "none": "confusion",
    }  # fmt: skip
    assert set(table("tools")) == set(descriptions()) == set(expected)
    for tool, entry in table("tools").items():
        plan = read_reply(json.dumps({"step": json.loads(entry["example"])}), names)
        assert plan.intent == expected[tool], tool
        assert plan.planner == "model"
        assert tool == "none" or tool_of(plan) == tool


def test_tools_speak_of_every_check_they_stand_for_and_every_what_if() -> None:
    from tools.kinds import kinds
    from tools.registry import checks

    said = descriptions()
    for kind, found in kinds().items():
        assert f"{kind} ({found.sentence.rstrip('.')})" in said["run_experiment"]
    assert checks()["wrong-labels"].sentence.rstrip(".") in said["find_problems"]


def test_the_schema_is_strict_for_servers() -> None:
    def objects(node: Any) -> list[dict[str, Any]]:
        if isinstance(node, list):
            return [found for item in node for found in objects(item)]
        if not isinstance(node, dict):
            return []
        mine = [node] if node.get("type") == "object" else []
        return mine + [found for value in node.values() for found in objects(value)]

    schema = reply_schema(CLASSES)
    found = objects(schema)
    assert len(found) == 11
    for node in found:
        assert node["additionalProperties"] is False
        assert set(node["required"]) == set(node["properties"])
    assert schema["$defs"]["Class"]["enum"] == list(CLASSES)
    assert json.dumps(schema).count("Satsumas") == 1
    assert "oneOf" not in json.dumps(schema)


def test_goals_of_thresholds() -> None:
    names = {"A": "A"}
    text = step(tool="tune_threshold", goal="precision", value=98, false_alarm=0, classes=["A"])
    assert read_reply(text, names).goal == {"kind": "precision", "value": 0.98}
    text = step(tool="tune_threshold", goal="cost", value=2, false_alarm=0.05, classes=[])
    assert read_reply(text, names).goal == {"kind": "cost", "value": 2, "false_alarm": 0.05}


def test_a_data_set_without_classes_can_be_asked_about() -> None:
    assert read_reply(step(tool="none", unknown=[]), {}).intent == "help"
    assert reply_schema(())["required"] == ["step"]


def calling(name: str, arguments: str) -> bytes:
    called = [{"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}]
    message = {"role": "assistant", "content": None, "tool_calls": called}
    return json.dumps({"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}).encode()


def native(name: str, arguments: str) -> tuple[Plan, Script]:
    script = Script(lambda h: send(h, calling(name, arguments)), raw=True)
    with serving(script) as model:
        plan = ModelPlanner(Endpoint(replace(model, native=True))).plan(QUESTION, CLASSES)
    return plan, script


def test_a_native_call_is_read_like_a_reply() -> None:
    plan, script = native("explain_confusion", '{"classes": ["Lime", "Apple"]}')
    assert (plan.intent, plan.classes, plan.planner) == ("confusion", ("Lime", "Apple"), "model")
    assert script.requests[0]["tools"] == json.loads(json.dumps(native_tools(CLASSES)))
    assert script.calls == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("explain_confusion", '{"classes": ["Lime"'),
        ("explain_confusion", "[1]"),
        ("explain_confusion", '{"classes": ["Lime"], "tool": "propose_change"}'),
        ("shell", '{"command": "rm"}'),
    ],
)
def test_wrong_native_calls_end_in_the_rules(name: str, arguments: str) -> None:
    plan, script = native(name, arguments)
    wanted = ("confusion", ("Lime",)) if "propose" in arguments else (BY_RULES.intent, BY_RULES.classes)
    assert (plan.intent, plan.classes) == wanted
    assert script.calls == 1


def test_tokens_are_counted_and_limited() -> None:
    heard: list[tuple[int, int]] = []
    body = {"choices": [{"message": {"content": "yes"}}], "usage": {"prompt_tokens": 40, "completion_tokens": 2}}
    script = Script(lambda h: send(h, json.dumps(body).encode()), raw=True)
    with serving(script, max_calls=9) as model:
        endpoint = Endpoint(replace(model, max_total_tokens=80), spent=lambda *pair: heard.append(pair))
        said = [endpoint.ask([{"role": "user", "content": "x"}]) for _ in range(3)]
    assert said == ["yes", "yes", None]
    assert (endpoint.usage, endpoint.down) == (
        {"sent": 80, "received": 4, "estimated": False}, "used up its tokens for this question",
    )  # fmt: skip
    assert heard == [(40, 2), (40, 2)]


def test_tokens_of_servers_that_do_not_count_are_estimated() -> None:
    with serving(Script("four words of text")) as model:
        endpoint = Endpoint(model)
        endpoint.ask([{"role": "user", "content": "x" * 400}])
    assert endpoint.usage["sent"] >= 100
    assert endpoint.usage["received"] == 4
    assert endpoint.usage["estimated"]


def stream(handler: Any) -> None:
    events = [{"choices": [{"delta": {"content": piece}}]} for piece in ("Limes ", "are ", "green.")]
    events.append({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
    lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + ": comment\n\ndata: [DONE]\n\n"
    send(handler, lines.encode(), 200, "text/event-stream")


def test_a_stream_is_heard_piece_by_piece() -> None:
    heard: list[str] = []
    script = Script(stream, raw=True)
    with serving(script) as model:
        endpoint = Endpoint(model)
        assert endpoint.ask([{"role": "user", "content": "x"}], heard=heard.append) == "Limes are green."
    assert heard == ["Limes ", "are ", "green."]
    assert script.requests[0]["stream"] is True
    assert endpoint.usage == {"sent": 7, "received": 3, "estimated": False}


@pytest.mark.parametrize("opening", [b": ping - 2026-01-01 00:00:00\r\n\r\n", b": PROCESSING\n\n"])
def test_a_stream_that_opens_with_a_comment_is_a_stream(opening: bytes) -> None:
    """Slow servers send comments while they compute, so that the connection is kept."""
    end = {"choices": [{"delta": {}, "finish_reason": "length"}]}
    for last, said in ((b"", "yes"), (f"data: {json.dumps(end)}\n\n".encode(), None)):
        text = f"data: {json.dumps({'choices': [{'delta': {'content': 'yes'}}]})}\n\n".encode()
        body = opening + text + last
        with serving(Script(lambda h, body=body: send(h, body, 200, "text/event-stream"), raw=True)) as model:
            assert Endpoint(model).ask([{"role": "user", "content": "x"}], heard=lambda _: None) == said


def test_a_server_that_does_not_stream_is_heard_at_the_end() -> None:
    with serving(Script("all at once")) as model:
        assert Endpoint(model).ask([{"role": "user", "content": "x"}], heard=lambda _: None) == "all at once"
