"""The truth file."""

from pathlib import Path

import pytest

from app.demo.truth import Truth
from tools.errors import UnreadableInput

TRUTH = Truth(
    seed=5,
    names={"apples": "äpfel"},
    counts={"train": {"äpfel": 2}},
    wrong_labels={"train/citrus/img_0001.jpg": "äpfel"},
    duplicates=(("train/äpfel/img_0001.jpg", "test/äpfel/img_0002.jpg", "cropped"),),
    setting={"train/äpfel/img_0001.jpg": "hand"},
    kind={"train/äpfel/img_0001.jpg": "red apple"},
    dark=("test/äpfel/img_0002.jpg",),
)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    TRUTH.save(tmp_path / "new" / "truth.json")
    assert Truth.load(tmp_path / "new" / "truth.json") == TRUTH


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"duplicates": [["a"]], "dark": []}'])
def test_a_damaged_truth_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableInput, match=r"Draw the demo again"):
        Truth.load(tmp_path / "truth.json")


def test_a_missing_truth_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"truth\.json"):
        Truth.load(tmp_path / "truth.json")
