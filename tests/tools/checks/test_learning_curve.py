"""A class that is short of pictures gains by more; a long-learnt one is flat; neither is claimed without proof."""

import numpy as np

from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.unrelated_labels import rename_at_random
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import Check


def outcome(case, scope: Scope | None = None) -> Outcome:
    from tools.checks import learning_curve

    return run_check(case, Check("learning-curve", "", learning_curve.check), scope or Scope())


def thin(seed: int = 0, keep: int = 16):
    sizes = {"cat": 500, "dog": 500, "hen": 500}
    return thin_out(vector_case(sizes, seed=seed, separation=1.3, test_share=0.4), "hen", keep)


def titles(result: Outcome) -> list[str]:
    return [f.title for f in result.findings]


def test_a_thin_class_still_gains_and_by_how_much() -> None:
    found = 0
    for seed in range(4):
        result = outcome(thin(seed))
        finding = next((f for f in result.findings if f.scope.classes == ("hen",) and "still help" in f.title), None)
        if finding is None:
            continue
        found += 1
        assert 7.5 <= finding.value("pictures at a half") <= 9.5  # groups are drawn, some hold two
        assert round(finding.value("pictures now")) == 16
        gain = finding.value("recall now") - finding.value("recall at a half")
        assert 0 < finding.value("last doubling") < gain + 0.02  # less what it takes from the other classes
        assert finding.recommendations[0].action == "collect"
        assert finding.recommendations[0].cost.images == 16
    assert found >= 2  # a gain of some 8 points with an interval of 5 either way


def test_the_measured_gain_is_the_gain_of_collecting() -> None:
    """What the curve expects of doubling 16 pictures holds against what doubling them does."""
    expected, real = [], []
    for seed in range(4):
        case = thin(seed)
        evidence = {e.name: e for e in outcome(case).measured.evidence}
        expected.append(evidence["another doubling: hen"].value)
        after = {e.name: e for e in outcome(thin(seed, 32)).measured.evidence}
        real.append(after["recall now: hen"].value - evidence["recall now: hen"].value)
    assert np.mean(real) > 0.01
    assert abs(np.mean(expected) - np.mean(real)) < 0.05


def test_a_long_learnt_class_is_flat_and_errors_remain() -> None:
    case = vector_case({"cat": 2500, "dog": 2500}, separation=0.8, test_share=0.6)
    result = outcome(case)
    assert not [t for t in titles(result) if "still help" in t]
    finding = next(f for f in result.findings if "will not help" in f.title)
    assert set(finding.scope.classes) <= {"cat", "dog"}
    assert finding.severity.level == "low"
    assert "at most" in finding.summary


def test_an_easy_set_is_silent_about_more_pictures() -> None:
    result = outcome(vector_case({"cat": 150, "dog": 150}, separation=5.0))
    assert not [t for t in titles(result) if "still help" in t]


def test_a_class_of_random_pictures_gains_nothing() -> None:
    loud = 0
    for seed in range(4):
        case, _ = rename_at_random(vector_case({"cat": 500}, seed=seed), "new", 0.5, seed=seed)
        loud += len([t for t in titles(outcome(case)) if "still help" in t])
    assert loud <= 1


def test_training_accuracy_is_put_in_its_place() -> None:
    case = vector_case({"cat": 60, "dog": 60, "hen": 60}, separation=0.8)
    finding = next(f for f in outcome(case).findings if "promises too much" in f.title)
    assert finding.value("accuracy on training pictures") > finding.value("accuracy on unseen pictures") + 0.05
    assert finding.severity.level == "low"


def test_few_pictures_cannot_tell() -> None:
    result = outcome(vector_case({"cat": 30, "dog": 30}, separation=1.0))
    assert "cannot tell" in result.measured.smallest_detectable


def test_too_few_do_not_apply() -> None:
    assert outcome(vector_case({"cat": 6, "dog": 6})).status == "not_applicable"
    assert outcome(vector_case({"cat": 60})).status == "not_applicable"
