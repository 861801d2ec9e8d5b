"""A class seen from one side only, read by planted towers; without a text tower the reason."""

import numpy as np

from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.mono_view import PlantedTowers, viewed_case, with_encoder
from benchmarks.planting.one_background import varied_case
from tools.audit import run_check
from tools.case import Case
from tools.findings import Outcome, Scope
from tools.registry import find_check

VARIED = {"from above": 0.4, "at eye level": 0.3, "from below": 0.3}


def outcome(case: Case) -> Outcome:
    return run_check(case, find_check("variety-angle"), Scope())


def test_a_class_from_one_side_lacks_what_others_have() -> None:
    case, shown = viewed_case("camera_angle", {"cup": VARIED, "jug": {"from above": 1.0}, "pot": VARIED})
    found = outcome(case).findings
    (jug,) = [f for f in found if f.scope.classes == ("jug",)]
    assert "at eye level" in jug.summary
    others = case.fit & (case.targets != case.number("jug"))
    for view in ("at eye level", "from below"):
        assert jug.value(f"jug: read by the encoder as “{view}”") == 0
        there = jug.value(f"other classes: read by the encoder as “{view}”")
        assert abs(there - (shown[others] == view).mean()) < 0.02
    assert {f.scope.classes for f in found} == {("jug",)}
    assert all(f.severity.level == "low" for f in found)


def test_errors_from_below_are_found() -> None:
    case, shown = viewed_case("camera_angle", {"cup": VARIED, "jug": VARIED, "pot": VARIED}, test_share=0.5)
    below = shown == "from below"
    case = with_encoder(mistaken(case, below, 0.7, 0.05), PlantedTowers("camera_angle"))
    loud = [f for f in outcome(case).findings if f.severity.level != "low"]
    assert loud
    assert all(f.scope.slice == "read by the encoder as “from below”" for f in loud)
    together = next(f for f in loud if not f.scope.classes)
    rate = case.derived.errors[below & case.derived.judged].mean()
    assert abs(together.value("error share there") - rate) < 0.03  # near copies count once


def test_varied_views_are_silent() -> None:
    case, _ = viewed_case("camera_angle", {"cup": VARIED, "jug": VARIED, "pot": VARIED})
    result = outcome(case)
    assert result.status == "passed", [f.summary for f in result.findings]
    effective = next(e for e in result.measured.evidence if e.name == "height of cup: effective modes")
    assert abs(effective.value - np.exp(-sum(s * np.log(s) for s in VARIED.values()))) < 0.2


def test_one_view_of_everything_is_said_once() -> None:
    case, _ = viewed_case("camera_angle", {"cup": {"from above": 1.0}, "jug": {"from above": 1.0}})
    (finding,) = outcome(case).findings
    assert "Nearly all pictures are read by the encoder as “straight from above”: 100.0 %" in finding.summary
    assert finding.severity.level == "low"


def test_without_a_text_tower_it_does_not_apply() -> None:
    result = outcome(varied_case())
    assert result.status == "not_applicable"
    assert "needs a CLIP encoder" in result.reason
