"""An unbalanced set is found with its ratio and what it lacks; whether errors follow is measured apart."""

import numpy as np
import pytest

from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 200, "dog": 200, "hen": 200}


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("class-balance"), scope or Scope())


def test_the_sentence_gives_both_counts_and_the_ratio() -> None:
    (finding,) = outcome(vector_case({"Apple": 720, "Lime": 46, "Pear": 500})).findings
    assert finding.summary.startswith("Not balanced: 720 vs 46 images, ratio 15.7")
    assert finding.title == "Many more pictures of Apple than of Lime"
    assert finding.scope.classes == ("Lime",)
    assert finding.value("missing of Lime") == 360 - 46
    assert finding.severity.level in ("medium", "high")
    kinds = {r.action: r for r in finding.recommendations}
    assert (kinds["reweight"].experiment, dict(kinds["reweight"].arguments)) == ("reweight", {})
    assert kinds["collect"].cost.images == 360 - 46


@pytest.mark.parametrize(("keep", "missing"), [(99, 1), (60, 40), (10, 90)])
def test_a_thinned_class_is_found_with_its_size(keep: int, missing: int) -> None:
    (finding,) = outcome(thin_out(vector_case(SIZES), "dog", keep)).findings
    assert finding.value("smallest") == keep
    assert finding.value("missing of dog") == missing
    assert len(finding.images) == keep


@pytest.mark.parametrize("keep", [100, 200])
def test_half_the_largest_is_balanced(keep: int) -> None:
    result = outcome(thin_out(vector_case(SIZES), "dog", keep))
    assert result.status == "passed"
    assert result.reason


def test_an_odd_largest_class_rounds_the_advice_up() -> None:
    (finding,) = outcome(vector_case({"cat": 101, "dog": 50})).findings
    assert finding.value("missing of dog") == 1


def test_errors_that_follow_the_imbalance_are_told_from_errors_that_do_not() -> None:
    sizes = {"big": 600, "mid": 250, "few": 120, "rare": 120}
    follows = outcome(vector_case(sizes, separation=0.3)).findings[0]
    assert follows.summary.endswith("errors follow the imbalance.")
    spread = outcome(vector_case(sizes, separation=0.55)).findings[0]
    assert spread.summary.endswith("no more than that.")
    assert follows.value("named as the largest") > follows.value("expected by size")
    case = vector_case(sizes, separation=0.3)
    wrong = case.derived.errors & np.isin(case.targets, [case.number("few"), case.number("rare"), case.number("mid")])
    shares = (case.derived.predicted[wrong] == case.number("big")).mean()
    assert follows.value("named as the largest") == pytest.approx(shares)
    clean = outcome(vector_case(sizes, separation=6.0)).findings[0]
    assert "follow" not in clean.summary  # too few errors to say where they go
    assert clean.severity.level == "medium"


def test_expected_by_size_is_the_mean_over_the_errors() -> None:
    case = vector_case({"big": 400, "mid": 150, "few": 80}, separation=0.4)
    finding = outcome(case).findings[0]
    wrong = case.targets[case.derived.errors]
    mid, few = (wrong == case.number("mid")).sum(), (wrong == case.number("few")).sum()
    by_hand = (mid * 400 / (400 + 80) + few * 400 / (400 + 150)) / (mid + few)
    assert finding.value("expected by size") == pytest.approx(by_hand)


def test_scope_restricts_the_classes_named() -> None:
    case = thin_out(thin_out(vector_case(SIZES | {"owl": 180}), "dog", 60), "hen", 50)
    assert outcome(case, Scope(classes=("dog",))).findings[0].scope.classes == ("dog",)
    assert outcome(case, Scope(classes=("owl",))).status == "passed"


def test_the_largest_class_is_told_which_others_fall_short() -> None:
    case = thin_out(thin_out(vector_case(SIZES), "dog", 60), "hen", 50)
    (found,) = outcome(case, Scope(classes=("cat",))).findings
    assert found.scope.classes == ("dog", "hen")


def test_one_class_is_not_applicable() -> None:
    result = outcome(thin_out(vector_case({"cat": 50, "dog": 50}), "dog", 0))
    assert result.status == "not_applicable"
    assert "two classes" in result.reason
