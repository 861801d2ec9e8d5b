"""A class in one light lacks what others have; errors in the dark are found there; varied light is silent."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.one_background import narrowed, varied_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("variety-lighting"), scope or Scope())


@pytest.mark.parametrize("seed", range(3))
def test_varied_light_is_silent(seed: int) -> None:
    case = mistaken(varied_case(seed=seed), np.ones(600, bool), 0.2, seed=seed)
    result = outcome(case)
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "would have been seen" in result.measured.smallest_detectable


def test_a_class_in_one_light_lacks_the_others() -> None:
    case = narrowed(varied_case(), "hen", "brightness", 0.4)
    (finding,) = outcome(case).findings
    assert finding.scope.classes == ("hen",)
    assert finding.severity.level == "low"
    assert finding.value("hen: clearly darker than usual for their class") == 0
    others = case.fit & (case.targets != case.number("hen"))
    median = np.array(
        [np.median(case.dataset.properties["brightness"][case.fit & (case.targets == k)]) for k in range(4)]
    )
    beyond = case.dataset.properties["brightness"] - median[case.targets]
    expected = (beyond[others] < -0.1).mean()
    assert finding.value("other classes: clearly darker than usual for their class") == pytest.approx(expected)
    (advice,) = finding.recommendations
    shown = np.isin(case.ids, advice.images)
    assert shown.any()
    assert not (case.targets[shown] == case.number("hen")).any()
    assert (np.abs(beyond[shown]) > 0.1).all()


def test_errors_in_the_dark_are_found_with_their_size() -> None:
    case = varied_case(test_share=0.5)
    dog = case.targets == case.number("dog")
    usual = np.median(case.dataset.properties["brightness"][dog & case.fit])
    dark = dog & (case.dataset.properties["brightness"] < usual - 0.1)
    case = mistaken(case, dark, 0.8, 0.05)
    (finding,) = [f for f in outcome(case).findings if f.scope.classes == ("dog",)]
    assert finding.value("error share there") == case.derived.errors[dark & case.derived.judged].mean()
    assert finding.severity.level == "high"
    assert "clearly darker than usual" in finding.summary
    assert set(finding.images) <= set(case.ids[dark])
    assert not outcome(case, Scope(classes=("owl",))).findings


def test_without_measurements_it_does_not_apply() -> None:
    result = outcome(vector_case({"cat": 30, "dog": 30}))
    assert result.status == "not_applicable"
    assert "import the folder again" in result.reason


def test_one_burst_is_one_take() -> None:
    """Sixty frames of four objects are four takes, too few to lack anything."""
    case = narrowed(varied_case(burst=15), "hen", "brightness", 0.4)
    result = outcome(case)
    assert "hen" not in {name for f in result.findings for name in f.scope.classes}
    assert replace(case).derived.grouping.source == "column"


def test_a_border_is_no_other_light() -> None:
    """A bright ring round half of the dogs raises the mean of the whole picture; light inside it is as before."""
    case = varied_case(test_share=0.5)
    rows = np.arange(len(case.ids))
    ringed = (case.targets == case.number("dog")) & (rows % 2 == 0)
    light = np.where(rows % 3 == 0, 0.35, 0.45)
    ring = np.where(ringed, 0.9, light)
    properties = {
        "brightness": 0.64 * light + 0.36 * ring,
        "border_brightness": ring,
        "centre_difference": light - ring,
    }
    measured = {name: values.astype(np.float32) for name, values in properties.items()}
    bordered = replace(case, dataset=replace(case.dataset, properties=measured))
    errors = mistaken(bordered, ringed, 0.8, 0.05)
    assert outcome(errors).status == "passed"
    blind = replace(errors.dataset, properties={"brightness": measured["brightness"]})
    assert outcome(replace(errors, dataset=blind)).status == "found"
