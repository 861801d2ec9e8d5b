"""Two styles in one class, one style in another: read by planted towers; without a text tower the reason."""

import pytest

from benchmarks.planting.mono_view import viewed_case
from benchmarks.planting.one_background import varied_case
from tools.audit import run_check
from tools.case import Case
from tools.findings import Outcome, Scope
from tools.registry import find_check

PHOTOS = {"photograph": 1.0}


def outcome(case: Case) -> Outcome:
    return run_check(case, find_check("variety-style"), Scope())


def test_a_class_of_photographs_and_cartoons_is_found_with_its_shares() -> None:
    case, shown = viewed_case("style", {"cat": PHOTOS, "mouse": {"photograph": 0.6, "cartoon": 0.4}, "dog": PHOTOS})
    mixed = [f for f in outcome(case).findings if "two styles" in f.title]
    (finding,) = mixed
    assert finding.scope.classes == ("mouse",)
    mine = case.fit & (case.targets == case.number("mouse"))
    cartoons = finding.value("mouse: read by the encoder as “a cartoon”")
    assert cartoons == pytest.approx((shown[mine] == "cartoon").mean(), abs=0.05)
    (advice,) = finding.recommendations
    assert (advice.action, advice.experiment, dict(advice.arguments)) == ("split", "split-class", {"class": "mouse"})
    assert finding.severity.level == "low"


def test_photographs_alone_are_the_rule_and_not_worth_a_word() -> None:
    case, _ = viewed_case("style", dict.fromkeys(("cat", "dog", "hen"), PHOTOS))
    result = outcome(case)
    assert result.status == "passed", [f.summary for f in result.findings]


def test_a_few_drawings_are_not_two_styles() -> None:
    mix = {"photograph": 0.93, "drawing": 0.07}
    case, _ = viewed_case("style", dict.fromkeys(("cat", "dog", "hen"), mix))
    assert not [f for f in outcome(case).findings if "two styles" in f.title]


def test_without_a_text_tower_it_does_not_apply() -> None:
    result = outcome(varied_case())
    assert result.status == "not_applicable"
    assert "needs a CLIP encoder" in result.reason
