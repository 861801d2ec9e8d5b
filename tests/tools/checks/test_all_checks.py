"""What holds for every check on disk, whatever it looks for."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import tools.checks
from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.quality import spoil, with_properties
from benchmarks.planting.similar import halve
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.case import Case
from tools.findings import Evidence, Outcome, Scope
from tools.registry import checks, find_check

SIZES = {"cat 2": 120, "dog": 160, "hen": 120, "owl": 120}
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def faulty() -> Case:
    """Every fault that vectors can carry: copies across splits, a small class, one class twice, dark pictures."""
    case = with_hashes(with_properties(vector_case(SIZES, separation=1.2, burst=3, test_share=0.3)))
    case, _ = halve(case, "dog", "wolf")
    case, _ = spoil(thin_out(case, "hen", 20), "brightness", 0.05, 40, harmful=True)
    case, _ = plant_copies(case, 20, into="test", relabel=True)
    return case


def clean() -> Case:
    return with_hashes(with_properties(vector_case(SIZES, separation=3.0, test_share=0.3)))


def small() -> Case:
    return with_hashes(with_properties(vector_case({"cat 2": 6, "dog": 5})))


def unlabelled() -> Case:
    case = vector_case({"cat": 30})
    return replace(case, dataset=replace(case.dataset, labels=()))


CASES = {"faulty": faulty, "clean": clean, "small": small, "unlabelled": unlabelled}


@cache
def case_of(name: str) -> Case:
    return CASES[name]()


@cache
def outcome_of(name: str, code: str) -> Outcome:
    scope = Scope(pair=("dog", "wolf")) if code == "confusion-causes" and name == "faulty" else Scope()
    return run_check(case_of(name), find_check(code), scope)


ALL = sorted(checks())
EVERYWHERE = [(name, code) for name in CASES for code in ALL]


def numbers_of(evidence: Evidence) -> set[str]:
    texts = [evidence.text, evidence.interval, "" if evidence.n is None else str(evidence.n)]
    return {number for text in texts for number in NUMBER.findall(text)}


def without_names(text: str, case: Case) -> str:
    for name in sorted(case.classes, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def test_every_code_is_a_file_name() -> None:
    folder = Path(next(iter(tools.checks.__path__)))
    files = {file.stem.replace("_", "-") for file in folder.glob("*.py") if file.stem != "__init__"}
    assert set(ALL) == files


@pytest.mark.parametrize(("name", "code"), EVERYWHERE)
def test_no_check_fails(name: str, code: str) -> None:
    outcome = outcome_of(name, code)
    assert outcome.status != "failed", outcome.reason


@pytest.mark.parametrize(("name", "code"), EVERYWHERE)
def test_every_finding_carries_its_code_and_its_numbers(name: str, code: str) -> None:
    case = case_of(name)
    for finding in outcome_of(name, code).findings:
        # a cause of a confusion carries the code of the check that speaks of that kind of fault
        assert finding.code == code or (code == "confusion-causes" and finding.code in ALL)
        known = {number for evidence in finding.evidence for number in numbers_of(evidence)}
        said = set(NUMBER.findall(without_names(finding.summary, case)))
        assert said <= known, f"{said - known} in {finding.summary!r} is no evidence"


@pytest.mark.parametrize(("name", "code"), EVERYWHERE)
def test_images_and_classes_are_the_cases(name: str, code: str) -> None:
    case = case_of(name)
    ids = set(case.ids.tolist())
    for finding in outcome_of(name, code).findings:
        listed = set(finding.images) | {i for r in finding.recommendations for i in r.images}
        assert listed <= ids
        assert len(set(finding.images)) == len(finding.images)
        assert set(finding.scope.classes) | set(finding.scope.pair or ()) <= set(case.classes)
        assert all(r.code == code and r.why for r in finding.recommendations)


@pytest.mark.parametrize(("name", "code"), EVERYWHERE)
def test_silence_says_what_it_could_have_shown(name: str, code: str) -> None:
    outcome = outcome_of(name, code)
    if outcome.status == "passed":
        assert outcome.measured.smallest_detectable
    if outcome.status == "not_applicable":
        assert outcome.reason


@pytest.mark.parametrize("code", ALL)
def test_the_clean_twin_has_nothing_above_low(code: str) -> None:
    loud = [f.summary for f in outcome_of("clean", code).findings if f.severity.level != "low"]
    assert not loud


@pytest.mark.parametrize("code", ALL)
def test_running_again_gives_the_same_findings(code: str) -> None:
    again = CASES["faulty"]()
    scope = Scope(pair=("dog", "wolf")) if code == "confusion-causes" else Scope()
    assert run_check(again, find_check(code), scope).findings == outcome_of("faulty", code).findings
