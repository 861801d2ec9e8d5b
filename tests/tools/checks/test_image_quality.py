"""Spoilt pictures are found with their number; harm is claimed only where errors gather."""

import numpy as np
import pytest

from benchmarks.planting.quality import spoil, with_properties
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks.image_quality import FAULTS, flag
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 150, "dog": 150, "hen": 150}
BAD = [
    ("side", 40, "tiny", "medium"),
    ("side", 200, "small", "low"),
    ("brightness", 0.05, "dark", "low"),
    ("brightness", 0.15, "dark", "low"),
    ("brightness", 0.97, "overexposed", "low"),
    ("sharpness", 5.0, "blurred", "low"),
    ("entropy", 1.0, "empty", "low"),
    ("aspect", 5.0, "odd shape", "low"),
]


def outcome(case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("image-quality"), scope or Scope())


def clean(seed: int = 0, **arguments):
    return with_properties(vector_case(SIZES, seed=seed, **arguments), seed=seed)


@pytest.mark.parametrize(("column", "value", "name", "level"), BAD)
def test_spoilt_pictures_are_found_with_their_number(column: str, value: float, name: str, level: str) -> None:
    case, spoilt = spoil(clean(), column, value, 30)
    (finding,) = outcome(case).findings
    assert finding.value("pictures") == 30
    assert set(finding.images) == spoilt
    assert f" {name}" in finding.summary
    assert finding.severity.level == level


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_pictures_are_silent(seed: int) -> None:
    result = outcome(clean(seed))
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "brightness below 0.1" in result.measured.smallest_detectable


def test_harmful_faults_carry_their_errors() -> None:
    case, spoilt = spoil(clean(separation=3.0), "brightness", 0.05, 45, harmful=True)
    (finding,) = outcome(case).findings
    wrong = case.derived.errors[np.isin(case.ids, list(spoilt))]
    assert finding.value("error share there") == pytest.approx(wrong.mean())
    assert finding.value("excess") > 0.3
    assert "errors gather there" in finding.summary
    assert "no sign" not in finding.summary
    assert finding.severity.level == "high"


@pytest.mark.slow
def test_harmless_faults_are_not_blamed() -> None:
    blamed = 0
    for seed in range(40):
        case, _ = spoil(clean(seed, separation=0.8), "brightness", 0.05, 45, seed=seed + 100)
        blamed += "no sign" not in outcome(case).findings[0].summary
    assert blamed <= 4  # 5 % of 40 is 2; with probability over 0.95 at most 4


@pytest.mark.slow
def test_a_fault_that_comes_in_bursts_is_not_blamed_for_the_bursts() -> None:
    blamed = 0
    for seed in range(30):
        case = clean(seed, separation=0.8, burst=10, burst_spread=0.1)
        rng = np.random.default_rng(seed + 100)
        dark = np.isin(np.arange(450) // 10, rng.choice(45, 6, replace=False))
        brightness = np.where(dark, 0.05, case.dataset.properties["brightness"]).astype(np.float32)
        case.dataset.properties["brightness"][:] = brightness  # type: ignore[index]
        blamed += "no sign" not in outcome(case).findings[0].summary
    assert blamed <= 4


def test_a_class_that_is_hard_and_dark_is_not_blamed_on_the_dark() -> None:
    case = clean(separation=3.0)
    rng = np.random.default_rng(0)
    cats = case.targets == case.number("cat")
    noise = rng.normal(size=(int(cats.sum()), case.space.vectors.shape[1]))
    case.space.vectors[cats] = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    case.dataset.properties["brightness"][cats] = 0.05  # type: ignore[index]
    (finding,) = outcome(case).findings
    assert "no sign" in finding.summary


def test_doubtful_values_count_only_where_they_are_unusual() -> None:
    dark = next(f for f in FAULTS if f.name == "dark")
    night = np.full(100, 0.15) + np.linspace(-0.03, 0.03, 100)
    assert not flag(night, dark).any()
    assert flag(np.append(np.linspace(0.4, 0.5, 100), 0.15), dark).tolist() == [False] * 100 + [True]
    assert flag(np.full(5, 0.05), dark).all()


def test_tiny_and_small_do_not_overlap() -> None:
    tiny, small = FAULTS[0], FAULTS[1]
    sides = np.array([63.0, 64.0, 511.0, 512.0])
    assert flag(sides, tiny).tolist() == [True, False, False, False]
    assert flag(sides, small).tolist() == [False, True, True, False]


def test_scope_lists_only_its_classes() -> None:
    case, spoilt = spoil(clean(), "brightness", 0.05, 60)
    cats = {i for i in spoilt if int(i[:5]) < 150}
    (finding,) = outcome(case, Scope(classes=("cat",))).findings
    assert set(finding.images) == cats
    assert finding.value("pictures") == len(cats)


def test_without_properties_it_is_not_applicable() -> None:
    result = outcome(vector_case(SIZES))
    assert result.status == "not_applicable"
    assert "brightness" in result.reason
