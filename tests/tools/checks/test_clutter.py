"""Clutter is measured, errors that follow it are found, and tidy pictures pass."""

import numpy as np
import pytest

from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.mono_view import viewed_case
from benchmarks.planting.one_background import varied_case
from benchmarks.planting.scenery import seen
from tools.audit import run_check
from tools.case import Case
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("clutter"), scope or Scope())


@pytest.mark.parametrize("seed", range(3))
def test_tidy_pictures_pass(seed: int) -> None:
    case = seen(mistaken(varied_case(seed=seed), np.ones(600, bool), 0.2, seed=seed), seed=seed)
    result = outcome(case)
    assert result.status == "passed", [f.summary for f in result.findings]
    median = next(e for e in result.measured.evidence if e.name == "edges behind cat")
    assert 0.02 < median.value < 0.04


def test_cluttered_pictures_are_counted() -> None:
    case = varied_case()
    edges = np.where(np.arange(len(case.ids)) % 5 == 0, 0.2, 0.02)
    (finding,) = outcome(seen(case, {"edges": edges})).findings
    assert finding.value("share of cluttered pictures") == pytest.approx((edges > 0.1).mean())
    assert finding.severity.level == "low"
    assert (edges[np.isin(case.ids, finding.images)] > 0.1).all()


def test_errors_that_follow_clutter_are_found_within_classes() -> None:
    case = varied_case(test_share=0.5)
    edges = np.random.default_rng(0).uniform(0, 0.06, len(case.ids))
    edges[case.targets == 0] += 0.02  # one class is busier by nature, and no worse for it
    usual = np.array([np.median(edges[case.fit & (case.targets == k)]) for k in range(4)])
    busy = edges > usual[case.targets]
    case = seen(mistaken(case, busy, 0.5, 0.05), {"edges": edges})
    together = next(f for f in outcome(case).findings if f.severity.level == "high" and not f.scope.classes)
    assert "busier background" in together.title
    assert together.value("error share there") == case.derived.errors[busy & case.derived.judged].mean()


def test_a_text_tower_reads_marks() -> None:
    mix = {"watermark": 0.3, "": 0.7}
    case, shown = viewed_case("clutter", dict.fromkeys(("cat", "dog"), mix), each=240, test_share=0.5)
    edges = np.full(len(case.ids), 0.01)
    encoder = case.eyes.encoder
    case = mistaken(case, shown == "watermark", 0.7, 0.05)
    vars(case.eyes)["encoder"] = encoder
    found = outcome(seen(case, {"edges": edges})).findings
    assert any("showing a watermark" in f.title and f.severity.level == "high" for f in found)


def test_without_pictures_it_does_not_apply() -> None:
    result = outcome(varied_case())
    assert result.status == "not_applicable"
    assert "cannot be encoded again" in result.reason
