"""Test pictures beside training pictures, or plain ones, are found with what they hide; a fair split is silent."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.easy_test import make_plain, shadow
from benchmarks.planting.quality import with_properties
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks import test_too_easy as check_of_test
from tools.findings import Outcome, Scope
from tools.registry import Check

SIZES = {"cat": 200, "dog": 200, "hen": 200}


def outcome(case) -> Outcome:
    return run_check(case, Check("test-too-easy", "", check_of_test.check), Scope())


def clean(seed: int = 0, **arguments):
    return with_properties(vector_case(SIZES, seed=seed, test_share=0.4, **arguments), seed=seed)


def test_shadows_of_training_pictures_are_found_with_their_share() -> None:
    base = with_properties(vector_case(dict.fromkeys(("cat", "dog", "hen"), 60), separation=0.3, test_share=0.5))
    case, truth = shadow(base, 0.6, similarity=0.95)
    (finding,) = outcome(case).findings
    assert finding.value("share near") == pytest.approx(0.6, abs=0.08)
    assert len(set(finding.images) & truth) >= 0.9 * len(finding.images)
    assert finding.value("accuracy on the hard part") < finding.value("accuracy reported") - 0.05
    assert finding.severity.level == "high"
    assert "without them" in finding.summary


def test_plain_and_easy_pictures_hide_the_harder_half() -> None:
    case, _ = make_plain(clean(separation=0.8), "test", share=0.5, bits=0.45, easy=True)
    finding = next(f for f in outcome(case).findings if "plainer" in f.title)
    assert finding.value("effect") > 0.5
    assert finding.value("accuracy on the easy part") > finding.value("accuracy on the hard part") + 0.1
    assert finding.severity.level == "high"
    assert "on the harder half" in finding.summary


def test_plain_pictures_that_hide_nothing_are_low() -> None:
    case, _ = make_plain(clean(separation=0.8), "test", bits=0.3)
    (finding,) = outcome(case).findings
    assert finding.value("effect") == pytest.approx(2.0, abs=0.4)
    assert finding.severity.level == "low"


@pytest.mark.parametrize("separation", [0.8, 3.0])
@pytest.mark.parametrize("burst", [1, 5])
def test_a_fair_split_is_silent(burst: int, separation: float) -> None:
    for seed in range(3):
        result = outcome(clean(seed, separation=separation, burst=burst))
        assert result.status == "passed", [f.summary for f in result.findings]


def test_plainer_than_production_is_found_though_training_is_as_plain() -> None:
    case = clean()
    splits = case.dataset.splits.copy().astype("<U10")
    splits[np.random.default_rng(0).choice(600, 120, replace=False)] = "production"
    busy, _ = make_plain(replace(case, dataset=replace(case.dataset, splits=splits)), "production", bits=-0.3)
    found = outcome(busy).findings
    assert [f.title for f in found] == ["Test pictures are plainer than production pictures"]


def test_without_a_test_split_it_does_not_apply() -> None:
    assert outcome(vector_case(SIZES)).status == "not_applicable"
    assert outcome(vector_case({"cat": 20, "dog": 20}, test_share=0.3)).status == "not_applicable"


def test_without_properties_nearness_is_still_looked_at() -> None:
    result = outcome(vector_case(SIZES, test_share=0.4))
    assert result.status == "passed"
    assert "not measured" in result.measured.smallest_detectable
