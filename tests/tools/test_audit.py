"""Every check ends in one outcome; failures are kept and not remembered; memory returns equal results."""

import pytest

from benchmarks.planting.vectors import vector_case
from tools.audit import run_check, run_checks
from tools.errors import UnknownName
from tools.findings import Scope
from tools.registry import Check, checks


class Notes(dict):
    def recall(self, key: str) -> str | None:
        return self.get(key)

    def remember(self, key: str, text: str) -> None:
        self[key] = text


def test_every_check_has_exactly_one_outcome() -> None:
    outcomes = run_checks(vector_case({"cat": 60, "dog": 60}, test_share=0.3))
    assert [o.code for o in outcomes] == sorted(checks())
    assert {o.status for o in outcomes} <= {"found", "passed", "not_applicable"}
    assert all(o.reason for o in outcomes if o.status != "found")


def test_a_broken_check_is_reported_and_not_remembered() -> None:
    def broken(case, scope):
        raise ZeroDivisionError("seven")
        yield

    case = vector_case({"cat": 20, "dog": 20})
    outcome = run_check(case, Check("broken", "breaks", broken), Scope())
    assert outcome.status == "failed"
    assert "ZeroDivisionError: seven" in outcome.reason
    assert "broken" in outcome.reason


def test_memory_gives_the_same_outcomes_without_running_again(monkeypatch: pytest.MonkeyPatch) -> None:
    case, notes = vector_case({"cat": 60, "dog": 60}), Notes()
    first = run_checks(case, ["wrong-labels", "grouped-images"], remember=notes)
    monkeypatch.setattr("tools.audit.run_check", lambda *a: pytest.fail("ran again"))
    assert run_checks(case, ["wrong-labels", "grouped-images"], remember=notes) == first


def test_another_case_or_scope_is_not_mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes()
    run_checks(vector_case({"cat": 60, "dog": 60}), ["wrong-labels"], remember=notes)
    run_checks(vector_case({"cat": 60, "dog": 60}, seed=1), ["wrong-labels"], remember=notes)
    run_checks(vector_case({"cat": 60, "dog": 60}), ["wrong-labels"], Scope(classes=("cat",)), remember=notes)
    assert len(notes) == 3


def test_an_unknown_code_lists_the_codes() -> None:
    with pytest.raises(UnknownName, match="grouped-images"):
        run_checks(vector_case({"cat": 20, "dog": 20}), ["wrong-lables"])
