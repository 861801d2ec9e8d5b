"""Sentences take numbers from evidence only."""

import pytest

from tools.findings import Evidence
from tools.wording import listed, phrase

EVIDENCE = (
    Evidence("accuracy", 0.7778, "share", 684, 0.721, 0.809),
    Evidence("images of Lime", 36, "images"),
    Evidence("change", -0.031, "points", 684, -0.05, -0.01),
)


def test_values_intervals_counts_and_names() -> None:
    text = phrase("{who}: {accuracy} ({accuracy|interval}) of {accuracy|n}, {images of Lime}", EVIDENCE, who="Class 7")
    assert text == "Class 7: 77.8 % (72.1–80.9 %) of 684, 36"
    assert phrase("{change} ({change|interval})", EVIDENCE) == "-3.1 points (-5.0 to -1.0 points)"


@pytest.mark.parametrize("template", ["50 pictures", "{accuracy} of 3", "half of ²"])
def test_literal_digits_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match="literal digit"):
        phrase(template, EVIDENCE)


@pytest.mark.parametrize("template", ["{precision}", "{Lime}", "{}"])
def test_unknown_fields_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match="neither evidence nor a name"):
        phrase(template, EVIDENCE)


@pytest.mark.parametrize("template", ["{images of Lime|interval}", "{images of Lime|n}"])
def test_a_part_that_is_not_there_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="has no"):
        phrase(template, EVIDENCE)


def test_braces_can_be_written() -> None:
    assert phrase("{{{images of Lime}}}", EVIDENCE) == "{36}"


def test_words_in_a_row() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"], "or") == "a or b"
    assert listed(["a", "b", "c"]) == "a, b and c"
