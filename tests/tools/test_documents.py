"""JSON for machines: the promised keys, strict JSON, and a headline that puts trust first."""

import json
from dataclasses import replace

import numpy as np

from benchmarks.planting.cue import cue_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check, run_checks
from tools.documents import audit_document, effect_json, headline, proved_rung, ranked
from tools.findings import Evidence, Finding, Outcome, Scope, Severity
from tools.predictions import Predictions
from tools.registry import find_check
from tools.settings import Settings
from tools.whatif import run_experiment

SIZES = {"cat": 60, "dog": 60}


def finding(code: str, level: str) -> Finding:
    return Finding(code, code, Severity(level), f"{code} says so.", (Evidence("x", 1, "count"),))  # type: ignore[arg-type]


def test_the_audit_document_has_the_promised_keys_and_is_strict_json() -> None:
    case = vector_case(SIZES, test_share=0.3)
    document = json.loads(json.dumps(audit_document(case, run_checks(case)), allow_nan=False))
    assert {"schema_version", "case", "encoder", "subject", "seed", "headline", "dataset", "model", "outcomes"} <= set(
        document
    )
    assert {"version", "images", "skipped", "classes"} <= set(document["dataset"])
    assert document["dataset"]["classes"] == SIZES
    assert {"low", "high", "value", "n"} <= set(document["model"]["accuracy"])
    for outcome in document["outcomes"]:
        assert {"code", "status", "reason", "seconds", "findings", "measured", "smallest_detectable"} <= set(outcome)
        for found in outcome["findings"]:
            assert {"title", "severity", "scope", "summary", "evidence", "images", "recommendations"} <= set(found)
            assert {"level", "errors_explained", "gain"} == set(found["severity"])


def test_an_effect_lists_measures_with_one_primary() -> None:
    case = vector_case(SIZES, settings=Settings(repeats=2))
    document = json.loads(json.dumps(effect_json(run_experiment(case, "remove")), allow_nan=False))
    assert sum(m["primary"] for m in document["measures"]) == 1
    assert {"metric", "before", "after", "low", "high", "noise", "verdict"} <= set(document["measures"][0])


def test_what_decides_trust_speaks_first() -> None:
    outcomes = [
        Outcome("image-quantity", "found", "", 0, (finding("image-quantity", "high"),)),
        Outcome("grouped-images", "found", "", 0, (finding("grouped-images", "high"),)),
        Outcome("class-balance", "found", "", 0, (finding("class-balance", "medium"),)),
    ]
    assert [f.code for f in ranked(outcomes)] == ["grouped-images", "image-quantity", "class-balance"]
    assert headline(vector_case(SIZES), outcomes) == "grouped-images says so."


def test_nothing_found_says_so_with_the_accuracy() -> None:
    text = headline(vector_case(SIZES, separation=8), [Outcome("x", "passed", "", 0)])
    assert text.startswith("No check found anything above low. Accuracy is 100.0 %")


def test_how_far_effects_speak_for_the_users_model_stands_in_the_documents() -> None:
    case = vector_case(SIZES, separation=1.2, test_share=0.5, settings=Settings(repeats=2))
    says = case.derived.baseline.argmax(axis=1)
    mine = replace(case, predictions=Predictions("m", "1", np.full((120, 2), 0.5), says, full_vectors=True))
    document = json.loads(json.dumps(audit_document(mine, []), allow_nan=False))
    assert document["model"]["resemblance"]["evidence"] == document["model"]["fidelity"]
    effect = json.loads(json.dumps(effect_json(run_experiment(mine, "remove")), allow_nan=False))
    assert effect["fidelity"] == document["model"]["resemblance"]
    assert "agrees with m 1 on 100.0 %" in effect["fidelity"]["sentence"]
    assert "fidelity" not in audit_document(case, [])["model"]
    assert effect_json(run_experiment(case, "remove"))["fidelity"] is None


def test_a_cue_that_was_trained_against_with_success_is_fixable() -> None:
    case, _ = cue_case(each=300)
    cue = run_check(case, find_check("spurious-cue"), Scope()).findings[0]
    tried = {
        ("group-balance", (("pair", "apples|citrus"),)): run_experiment(
            case, "group-balance", {"pair": "apples|citrus"}
        )
    }
    assert {r.change for r in cue.recommendations} >= set(tried)
    assert (proved_rung(cue, {}), proved_rung(cue, tried)) == ("used", "fixable")
    assert proved_rung(replace(cue, rung="not_measurable"), tried) == "not_measurable"
