"""One backdrop for a class, neutral pictures that go wrong, kinds without a name; varied backgrounds are silent."""

import numpy as np
import pytest

from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.mono_view import viewed_case
from benchmarks.planting.one_background import narrowed, varied_case
from benchmarks.planting.scenery import seen
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.case import Case
from tools.findings import Outcome, Scope
from tools.registry import find_check

PLAIN, BUSY = 6.0, 30.0


def outcome(case: Case) -> Outcome:
    return run_check(case, find_check("variety-background"), Scope())


def test_varied_backgrounds_are_silent() -> None:
    case = varied_case()
    spread = np.random.default_rng(0).choice([PLAIN, BUSY], len(case.ids))
    result = outcome(seen(case, {"spread": spread}))
    assert result.status == "passed", [f.summary for f in result.findings]
    share = next(e for e in result.measured.evidence if e.name == "backdrop of cat: before a plain backdrop")
    mine = case.fit & (case.targets == case.number("cat"))
    assert share.value == pytest.approx((spread[mine] == PLAIN).mean())
    assert share.low is not None


def test_a_class_before_one_surround_is_named() -> None:
    case = narrowed(varied_case(), "hen", "border_brightness", 0.5)
    found = outcome(case).findings
    (finding,) = found
    assert finding.scope.classes == ("hen",)
    assert finding.value("hen: dark around the edges") == 0
    assert finding.value("hen: bright around the edges") == 0


def test_errors_before_plain_backdrops_are_found() -> None:
    case = varied_case(test_share=0.5)
    plain = np.arange(len(case.ids)) % 4 == 0
    case = seen(mistaken(case, plain, 0.7, 0.05), {"spread": np.where(plain, PLAIN, BUSY)})
    together = next(f for f in outcome(case).findings if f.severity.level == "high" and not f.scope.classes)
    assert together.scope.slice == "before a plain backdrop"
    assert together.value("error share there") == case.derived.errors[plain & case.derived.judged].mean()


def test_kinds_without_a_name_are_found_and_shown() -> None:
    case = varied_case()
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(2, case.space.vectors.shape[1]))
    hen = case.targets == case.number("hen")
    kind = np.where(hen, 0, rng.integers(0, 2, len(hen)))
    background = centres[kind] + 0.15 * rng.normal(size=case.space.vectors.shape)
    background /= np.linalg.norm(background, axis=1, keepdims=True)
    (finding,) = [f for f in outcome(seen(case, {"background": background})).findings if f.scope.classes]
    assert finding.scope.classes == ("hen",)
    assert "background kind B" in finding.title
    (advice,) = finding.recommendations
    assert (kind[np.isin(case.ids, advice.images)] == 1).all()


def test_one_backdrop_for_everything_is_said_and_low() -> None:
    case = varied_case()
    (finding,) = outcome(seen(case, {"spread": np.full(len(case.ids), PLAIN)})).findings
    assert finding.summary.startswith("Nearly all pictures are before a plain backdrop: 100.0 %")
    assert finding.severity.level == "low"


def test_a_text_tower_names_backgrounds() -> None:
    mix = {"indoors": 0.5, "outdoors": 0.5}
    case, _ = viewed_case("backgrounds", {"cat": mix, "dog": mix, "hen": {"indoors": 1.0}})
    found = outcome(case).findings
    assert any("read by the encoder as “outdoors”" in f.title and f.scope.classes == ("hen",) for f in found)


def test_without_anything_to_look_at_it_does_not_apply() -> None:
    result = outcome(vector_case({"cat": 30, "dog": 30}))
    assert result.status == "not_applicable"
    assert "cannot be encoded again" in result.reason
