"""Whatever an endpoint does, a question gets a plan in time; counted against a scripted server."""

import json
import time
from typing import Any

import pytest
from pydantic import ValidationError
from scripted_server import Script, drip, send, serving, stall

from agent.context import ModelSettings
from agent.display import shown_names
from agent.endpoint import Endpoint
from agent.model_planner import ModelPlanner, read_step, step_schema
from agent.plan import Plan
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
    script = Script(step(tool="confusion", classes=["Lime", "Apple"]))
    plan, endpoint, _ = planned(script)
    assert (plan.intent, plan.classes, plan.planner) == ("confusion", ("Lime", "Apple"), "model")
    assert script.calls == endpoint.calls == 1


def test_what_the_model_is_told() -> None:
    script = Script(step(tool="overview", classes=[]))
    planned(script)
    request = script.requests[0]
    assert [m["role"] for m in request["messages"]] == ["system", "user"]
    assert json.loads(request["messages"][1]["content"])["classes"] == list(CLASSES)
    assert request["response_format"]["json_schema"]["schema"] == step_schema({c: c for c in CLASSES})


GOOD = step(tool="confusion", classes=["Orange"])
MISBEHAVIOUR: dict[str, Script] = {
    "half JSON": Script(GOOD[:-9]),
    "prose": Script("I have looked into it and everything is fine."),
    "wrong tool": Script(step(tool="shell", command="rm -rf /")),
    "unknown argument": Script(step(tool="confusion", classes=["Orange"], force=True)),
    "missing argument": Script(step(tool="split")),
    "argument of another type": Script(step(tool="split", **{"class": 7})),
    "invented class": Script(step(tool="confusion", classes=["Grapefruit"])),
    "two steps": Script(json.dumps({"step": {"tool": "balance", "classes": []}, "then": {"tool": "none"}})),
    "a list": Script(json.dumps([{"tool": "balance", "classes": []}])),
    "merge of one": Script(step(tool="merge", classes=["Orange"])),
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
    assert seconds < 3.5


def test_refused_connection() -> None:
    with serving(Script("unused")) as model:
        pass
    endpoint = Endpoint(ModelSettings(model.base_url, "key", "m", timeout=2.0))
    plan = ModelPlanner(endpoint).plan(QUESTION, CLASSES)
    assert (plan.classes, plan.planner, endpoint.down) == (BY_RULES.classes, "rules", "cannot be reached")


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
    assert read_step(step(tool="split", **{"class": "Lime (2)"}), names).classes == (real[1],)


def test_words_that_are_no_class_are_asked_back() -> None:
    plan = read_step(step(tool="none", unknown=["citrus"]), shown_names(CLASSES))
    assert plan.unknown == ("citrus",)
    assert plan.needs_clarifying
    assert read_step(step(tool="none", unknown=[]), shown_names(CLASSES)).intent == "help"


def test_extra_keys_are_refused_at_every_level() -> None:
    for text in (step(tool="none", unknown=[], x=1), json.dumps({"step": {"tool": "none", "unknown": []}, "x": 1})):
        with pytest.raises(ValidationError):
            read_step(text, shown_names(CLASSES))
