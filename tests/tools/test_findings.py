"""Numbers as people read them, the rule of severity, and what a finding must hold."""

import pytest

from tools.effects import Effect, Measure
from tools.findings import Evidence, Finding, Recommendation, Severity, Unit, number_text, severity, worst


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.7778, "share", "77.8 %"),
        (1.0, "share", "100.0 %"),
        (0.031, "points", "+3.1 points"),
        (-0.00001, "points", "+0.0 points"),
        (720, "images", "720"),
        (64.4, "pixels", "64"),
        (15.652, "ratio", "15.7"),
        (0.0421, "p", "0.042"),
        (0.00002, "p", "<0.001"),
        (0.9349, "similarity", "0.93"),
    ],
)
def test_numbers_as_people_read_them(value: float, unit: Unit, text: str) -> None:
    assert number_text(value, unit) == text


def test_intervals_say_their_unit_once() -> None:
    assert Evidence("a", 0.77, "share", 10, 0.721, 0.809).interval == "72.1–80.9 %"
    assert Evidence("a", 0.03, "points", 10, -0.01, 0.07).interval == "-1.0 to +7.0 points"
    assert Evidence("a", 3, "images", 10, 2, 5).interval == "2–5"
    assert Evidence("a", 3, "images").interval == ""


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_evidence_is_finite(value: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        Evidence("a", value, "share")


def test_half_an_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="half an interval"):
        Evidence("a", 0.5, "share", low=0.4)


@pytest.mark.parametrize(
    ("share", "trust", "floor", "level"),
    [
        (None, False, False, "low"),
        (0.049, False, False, "low"),
        (0.05, False, False, "medium"),
        (0.199, False, False, "medium"),
        (0.20, False, False, "high"),
        (None, True, False, "high"),
        (0.0, False, True, "medium"),
        (0.3, False, True, "high"),
    ],
)
def test_severity_follows_the_fixed_rule(share: float | None, trust: bool, floor: bool, level: str) -> None:
    judged = severity(share, blocks_trust=trust, below_floor=floor)
    assert judged.level == level
    assert judged.errors_explained == share


def finding(*evidence: Evidence) -> Finding:
    return Finding("a-code", "title", Severity("low"), "summary", evidence)


def test_a_finding_has_evidence_of_distinct_names() -> None:
    with pytest.raises(ValueError, match="no evidence"):
        finding()
    with pytest.raises(ValueError, match="alike"):
        finding(Evidence("a", 1, "count"), Evidence("a", 2, "count"))
    assert finding(Evidence("a", 1, "count"), Evidence("b", 2, "count")).value("b") == 2


def test_a_recommendations_id_outlives_its_wording_and_cost() -> None:
    first = Recommendation("collect", "Lime", "image-quantity", "why")
    again = Recommendation("collect", "Lime", "image-quantity", "other words", images=("a.jpg",))
    other = Recommendation("collect", "Lemon", "image-quantity", "why")
    assert first.id == again.id
    assert first.id != other.id
    assert len(first.id) == 12


def measure(primary: bool) -> Measure:
    return Measure("accuracy", 0.70, 0.75, 0.01, 0.09, 0.01, "helps", 100, primary=primary)


def test_an_effect_has_one_primary_measure() -> None:
    effect = Effect("relabel", "Lime", {}, (measure(True), measure(False)), 4, 5, 0.95, 3.0, "test")
    assert effect.primary.delta == pytest.approx(0.05)
    for measures in ((measure(False),), (measure(True), measure(True))):
        with pytest.raises(ValueError, match="exactly one primary"):
            Effect("relabel", "Lime", {}, measures, 4, 5, 0.95, 3.0, "test")


def test_the_worst_level() -> None:
    assert worst(["medium", "low"]) == "medium"
    assert worst([]) is None
