"""Things at one size only, errors on small things; varied sizes are silent."""

import numpy as np

from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.mono_view import viewed_case
from benchmarks.planting.one_background import varied_case
from benchmarks.planting.scenery import seen
from tools.audit import run_check
from tools.case import Case
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case) -> Outcome:
    return run_check(case, find_check("variety-size"), Scope())


def areas(case: Case, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([0.05, 0.2, 0.5], len(case.ids))


def test_varied_sizes_are_silent() -> None:
    case = varied_case()
    result = outcome(seen(case, {"area": areas(case)}))
    assert result.status == "passed", [f.summary for f in result.findings]
    effective = next(e for e in result.measured.evidence if e.name == "size of cat: effective modes")
    assert 2.7 < effective.value <= 3


def test_a_class_at_one_size_lacks_the_others() -> None:
    case = varied_case()
    hen = case.targets == case.number("hen")
    area = np.where(hen, 0.2, areas(case))
    (finding,) = outcome(seen(case, {"area": area})).findings
    assert finding.scope.classes == ("hen",)
    assert finding.value("hen: small in the picture") == 0
    assert finding.value("other classes: large in the picture") == (area[case.fit & ~hen] == 0.5).mean()
    (advice,) = finding.recommendations
    assert np.isin(area[np.isin(case.ids, advice.images)], [0.05, 0.5]).all()


def test_errors_on_small_things_are_found() -> None:
    case = varied_case(test_share=0.5)
    area = areas(case)
    case = seen(mistaken(case, area == 0.05, 0.6, 0.05), {"area": area})
    together = next(f for f in outcome(case).findings if f.severity.level == "high" and not f.scope.classes)
    assert together.scope.slice == "small in the picture"
    assert together.value("error share there") == case.derived.errors[(area == 0.05) & case.derived.judged].mean()


def test_a_text_tower_reads_distance() -> None:
    mix = {"close-up": 0.5, "far away": 0.5}
    case, _ = viewed_case("size_and_number", {"cat": mix, "dog": mix, "hen": {"close-up": 1.0}})
    (finding,) = [f for f in outcome(case).findings if f.scope.classes == ("hen",)]
    assert "read by the encoder as “far away”" in finding.title


def test_without_pictures_it_does_not_apply() -> None:
    result = outcome(varied_case())
    assert result.status == "not_applicable"
    assert "cannot be encoded again" in result.reason
