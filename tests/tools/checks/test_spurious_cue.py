"""A planted setting is found, named by its property and pointed at; a balanced twin is silent."""

from pathlib import Path

import pytest
from scipy.stats import binom

import embeddings.resolve
from benchmarks.nulls import BURST, RATE, null_case, rungs
from benchmarks.planting.cue import cue_case
from benchmarks.planting.pasted_cue import pasted_case
from benchmarks.planting.swapped_background import GridEncoder
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("spurious-cue"), scope or Scope())


def test_a_measured_cue_is_used_and_its_pictures_are_named() -> None:
    case, against = cue_case()
    finding = next(f for f in outcome(case).findings if f.scope.pair == ("apples", "citrus"))
    assert finding.rung == "used"
    assert finding.scope.slice == "border_brightness"
    assert finding.severity.level == "high"
    assert finding.errors is not None
    assert len(finding.errors & against) >= 0.9 * len(finding.errors)


def test_a_cue_without_a_property_is_found_as_a_kind_of_the_class() -> None:
    case, against = cue_case(measured=False, each=250, strength=6)
    used = [f for f in outcome(case).findings if f.rung == "used"]
    assert used
    assert all(f.scope.slice is not None and f.scope.slice.startswith("kinds of") for f in used)
    assert all(f.errors is not None and len(f.errors & against) >= 0.9 * len(f.errors) for f in used)


def test_without_counterexamples_use_is_not_measurable() -> None:
    case, _ = cue_case(agreement=0.985, strength=0.3)
    rungs = {f.rung for f in outcome(case).findings}
    assert rungs <= {"used", "not_measurable"}


@pytest.mark.parametrize("seed", range(6))
def test_a_balanced_twin_is_silent(seed: int) -> None:
    case, _ = cue_case(agreement=0.5, seed=seed)
    assert not outcome(case).findings


def test_without_confusion_it_is_not_applicable() -> None:
    result = outcome(vector_case({"cat": 60, "dog": 60}, separation=6))
    assert result.status == "not_applicable"


def test_a_pasted_mark_reaches_the_causal_rung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
    case, bears = pasted_case(tmp_path, agreement=0.9)
    finding = next(f for f in outcome(case).findings if f.scope.pair == ("apples", "citrus"))
    assert finding.rung == "causal"
    assert finding.severity.level == "high"
    assert finding.value("moved by the cue") > 0.3
    assert finding.errors is not None
    marked = set(case.ids[bears].tolist())
    assert len(finding.errors & marked) >= 0.9 * len(finding.errors)
    assert finding.value("suspects that contradict the cue") <= finding.value("suspected labels")


def test_without_pictures_it_says_why_it_went_no_further() -> None:
    finding = outcome(cue_case()[0]).findings[0]
    assert finding.rung == "used"
    assert "could not be tried" in finding.summary
    assert "Backgrounds were not looked at" in outcome(cue_case()[0]).measured.smallest_detectable


@pytest.mark.parametrize(("burst", "slices"), [(1, False), (BURST, True)])
def test_random_things_are_seldom_flagged(burst: int, slices: bool) -> None:
    runs = [rungs(null_case(majority=0.8, burst=burst, seed=seed, slices=slices)) for seed in range(16)]
    most = int(binom.ppf(0.99, len(runs), RATE))
    for name in ("present", "used", "whole check"):
        assert sum(run[name] for run in runs) <= most, name
