"""A model is tried before it is trusted, and what its server refuses is asked for in another way."""

import json
from dataclasses import replace
from typing import Any

import pytest
from scripted_server import Script, completion, send, serving

from agent.context import ModelSettings
from agent.endpoint import Endpoint
from agent.model_planner import UNFIT, ModelPlanner
from agent.model_tools import reply_schema
from agent.probe import Probed, probe

STEPS = {
    "why is the model confusing A and B?": {"tool": "explain_confusion", "classes": ["A", "B"]},
    "how many pictures does each class have?": {"tool": "dataset_stats", "about": "pictures", "classes": []},
}
RAMBLING = "The question is about A and B, or rather about the words A and B."
TOO_LONG = "request (9031 tokens) exceeds the available context size (8192 tokens), try increasing it"


def step(body: dict[str, Any]) -> dict[str, Any]:
    return STEPS[json.loads(body["messages"][1]["content"])["question"]]


def fills_in(body: dict[str, Any]) -> str:
    """A small model: right by a schema, talk where it should call a tool."""
    return RAMBLING if "tools" in body else json.dumps({"step": step(body)})


def probed(script: Script, **settings: Any) -> Probed:
    with serving(script) as model:
        return probe(replace(model, **settings), lambda _sent, _received: None)


def test_a_model_that_calls_tools_calls_them() -> None:
    def calls(handler: Any) -> None:
        given = dict(step(script.requests[-1]))
        function = {"name": given.pop("tool"), "arguments": json.dumps(given)}
        message = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": function}]}
        send(handler, json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode())

    script = Script(calls, raw=True)
    found = probed(script)
    assert (found.native, found.plans, script.calls) == (True, True, 2)
    assert "calls tools by itself" in found.said


def test_a_model_that_talks_instead_of_calling_fills_in_the_schema() -> None:
    script = Script(fills_in)
    found = probed(script)
    assert (found.native, found.form, found.plans, script.calls) == (False, "limits", True, 3)
    assert "fills in the form" in found.said


def test_a_model_that_gets_easy_questions_wrong_leaves_them_to_the_rules() -> None:
    wrong = json.dumps({"step": {"tool": "find_problems", "about": "wrong_labels", "classes": []}})
    script = Script(lambda body: RAMBLING if "tools" in body else wrong)
    found = probed(script)
    assert (found.native, found.plans) == (False, False)
    assert "the rules go on" in found.said
    with serving(script) as model:
        endpoint = Endpoint(replace(model, plans=False))
        plan = ModelPlanner(endpoint).plan("why is A called B?", ("A", "B"))
    assert (plan.intent, plan.planner, plan.fallback, endpoint.calls) == ("confusion", "rules", UNFIT, 0)
    assert endpoint.down == ""


def test_a_server_that_cannot_be_asked_says_nothing_of_its_model() -> None:
    with serving(Script("unused")) as model:
        pass
    found = probe(ModelSettings(model.base_url, "key", "m", timeout=2.0), lambda _sent, _received: None)
    assert (found.native, found.plans) == (False, True)
    assert "cannot be reached" in found.said


def refusing(taken: str, status: int, why: str) -> Script:
    """A server that takes no form of reply before this one."""

    def reply(handler: Any) -> None:
        asked = script.requests[-1].get("response_format", {})
        form = {"json_object": "object", "json_schema": "schema"}.get(asked.get("type", ""), "none")
        form = "limits" if "maxItems" in json.dumps(asked) and form == "schema" else form
        if form != taken:
            send(handler, json.dumps({"error": {"message": why}}).encode(), status)
        else:
            send(handler, completion("yes"))

    script = Script(reply, raw=True)
    return script


@pytest.mark.parametrize(
    ("taken", "status", "why", "requests"),
    [
        ("limits", 400, "", 1),
        ("schema", 400, "Invalid schema: 'maxItems' is not permitted", 2),
        ("object", 500, "'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'json_object'\"", 3),
        ("none", 422, "This response_format type is unavailable now", 4),
    ],
)
def test_a_refused_form_is_asked_for_in_another_way(taken: str, status: int, why: str, requests: int) -> None:
    script = refusing(taken, status, why)
    with serving(script) as model:
        endpoint = Endpoint(model)
        said = endpoint.ask([{"role": "user", "content": "x"}], reply_schema(("A", "B")))
        assert (said, endpoint.form, script.calls, endpoint.calls) == ("yes", taken, requests, 1)
        again = Endpoint(replace(model, form=endpoint.form))
        assert again.ask([{"role": "user", "content": "x"}], reply_schema(("A", "B"))) == "yes"
    assert script.calls == requests + 1


def test_what_is_refused_in_every_form_is_told_with_the_servers_reason_and_costs_nothing() -> None:
    script = refusing("never", 400, f"{TOO_LONG} key-that-is-secret\u202e")
    with serving(script) as model:
        endpoint = Endpoint(replace(model, api_key="key-that-is-secret"))
        assert endpoint.ask([{"role": "user", "content": "x"}], reply_schema(("A", "B"))) is None
    assert endpoint.down == f"answered with HTTP status 400 ({TOO_LONG} …)"
    assert (script.calls, endpoint.calls, endpoint.form) == (4, 0, "limits")
    assert (endpoint.usage["sent"], endpoint.usage["received"]) == (0, 0)


def test_a_list_in_the_schema_has_an_end() -> None:
    schema = reply_schema(("A", "B"))
    lists = [row for tool in schema["$defs"].values() for row in tool.get("properties", {}).values() if "items" in row]
    assert lists
    assert all(row["maxItems"] <= 20 for row in lists)
