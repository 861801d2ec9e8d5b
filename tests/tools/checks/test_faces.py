"""Labels that are people's names, faces by a text tower, and otherwise the exact reason."""

import numpy as np
import pytest

from benchmarks.planting.mono_view import viewed_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.case import Case
from tools.checks.faces import like_a_person
from tools.findings import Outcome, Scope
from tools.registry import find_check


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("faces"), scope or Scope())


@pytest.mark.parametrize("name", ["Maria", "john_smith", "Mary-Jane Watson", "KARL", "anna.k", "Jürgen Müller"])
def test_names_of_people(name: str) -> None:
    assert like_a_person(name)


@pytest.mark.parametrize(
    "name", ["rose", "Basil", "Granny-Smith", "Pink-Lady", "good", "", "cat 2", "john 3", "Maria in the big red hat"]
)
def test_names_of_things(name: str) -> None:
    assert not like_a_person(name)


def test_classes_named_like_people_are_advised_against() -> None:
    case = vector_case({"Anna K": 20, "Peter": 20, "nobody": 20})
    (finding,) = outcome(case).findings
    assert finding.value("classes named like people") == 2
    assert finding.scope.classes == ("Anna K", "Peter")
    assert finding.severity.level == "low"
    assert "personal data" in finding.recommendations[0].why
    assert not outcome(case, Scope(classes=("nobody",))).findings


def test_one_breed_named_like_a_person_says_nothing() -> None:
    result = outcome(vector_case({"Jack Russell": 20, "poodle": 20}))
    assert result.status == "not_applicable"
    assert "no face detector comes with this program" in result.reason
    assert "needs a CLIP encoder" in result.reason


def faces(share: float) -> Case:
    mix = {"face": share, "": 1 - share}
    case, _ = viewed_case("people", {"glad": mix, "sad": mix}, each=150)
    return case


def test_things_pass_with_a_text_tower() -> None:
    result = outcome(faces(0.0))
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "0 classes are named like people" in result.measured.smallest_detectable


def test_few_faces_among_things_are_measured_and_no_finding() -> None:
    result = outcome(faces(0.2))
    assert result.status == "passed"
    share = next(e for e in result.measured.evidence if e.name == "share of pictures")
    assert 0.15 < share.value < 0.25
    assert share.low is not None


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_pictures_that_are_mostly_faces_are_found_with_their_share(share: float) -> None:
    mix = {"face": share, "": 1 - share}
    case, shown = viewed_case("people", {"glad": mix, "sad": mix}, each=150)
    (finding,) = outcome(case).findings
    assert finding.value("share of pictures") == pytest.approx((shown == "face").mean(), abs=0.03)
    assert (shown[np.isin(case.ids, finding.images)] == "face").all()
    assert finding.severity.level == "low"
