"""The JSON that other people's scripts rely on fits the committed schemas; a broken document does not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from agent.context import Context
from agent.graph import ask
from benchmarks.planting.cue import cue_case
from tools.audit import run_checks
from tools.documents import audit_document, case_head, effect_json
from tools.predictions import Predictions
from tools.settings import Settings
from tools.whatif import run_experiment

SCHEMAS = Path(__file__).resolve().parents[1] / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def plain(document: dict[str, Any]) -> Any:
    return json.loads(json.dumps(document, allow_nan=False))


def test_audit() -> None:
    case, _ = cue_case()
    document = plain(audit_document(case, run_checks(case)))
    jsonschema.validate(document, schema("audit"))
    document["outcomes"][0]["status"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("audit"))


def test_ask() -> None:
    case, _ = cue_case()
    answer = ask("why is my model confusing apples and citrus?", Context(load_case=lambda: case))
    jsonschema.validate(plain(answer.to_json()), schema("ask"))


def test_experiment() -> None:
    case, _ = cue_case()
    effect = run_experiment(case, "remove")
    document = plain({**case_head(case, "x"), "experiment": effect_json(effect)})
    jsonschema.validate(document, schema("experiment"))
    assert Settings().repeats == effect.repeats


def test_resemblance_of_the_users_model() -> None:
    case, _ = cue_case()
    said = case.derived.baseline.argmax(axis=1)
    scores = np.full((len(said), 2), 0.5)
    mine = replace(case, predictions=Predictions("m", "1", scores, said, full_vectors=True))
    effect = run_experiment(mine, "remove")
    document = plain({**case_head(mine, "x"), "experiment": effect_json(effect)})
    jsonschema.validate(document, schema("experiment"))
    assert document["experiment"]["fidelity"]["resembles"] == "closely"
    jsonschema.validate(plain(audit_document(mine, [])), schema("audit"))
    document["experiment"]["fidelity"]["resembles"] = "quite"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("experiment"))
