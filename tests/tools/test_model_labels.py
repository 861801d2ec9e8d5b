"""Labels laid onto classes."""

import pytest

from tools.errors import UnreadableInput
from tools.model_labels import matched

CLASSES = ("Lemon", "Lime", "Red-Grapefruit")


def test_the_same_but_for_capitals_and_signs() -> None:
    found = matched(("red grapefruit", "LIME", "Lemon"), CLASSES, {})
    assert found.classes == ("Red-Grapefruit", "Lime", "Lemon")
    assert found.respelt == (("red grapefruit", "Red-Grapefruit"), ("LIME", "Lime"))
    assert (found.strange, found.missing) == ((), ())


def test_a_slip_is_asked_back_and_not_guessed() -> None:
    with pytest.raises(UnreadableInput, match="'Lemons': did you mean 'Lemon'"):
        matched(("Lemons", "Lime", "Red-Grapefruit"), CLASSES, {})
    assert matched(("Lemons", "Lime", "Red-Grapefruit"), CLASSES, {"Lemons": "Lemon"}).classes[0] == "Lemon"
    none = matched(("Lemons", "Lime", "Red-Grapefruit"), CLASSES, {"Lemons": ""})
    assert (none.classes[0], none.strange, none.missing) == (None, ("Lemons",), ("Lemon",))


def test_what_the_data_lacks_is_listed() -> None:
    found = matched(("Lime", "Lemon", "Banana"), CLASSES, {})
    assert (found.strange, found.missing) == (("Banana",), ("Red-Grapefruit",))


def test_nothing_in_common_and_two_for_one_are_refused() -> None:
    with pytest.raises(UnreadableInput, match="at least two labels"):
        matched(("0", "1", "2"), CLASSES, {})
    with pytest.raises(UnreadableInput, match="one label for each class"):
        matched(("Lime", "lime", "Lemon"), CLASSES, {})
    with pytest.raises(UnreadableInput, match="LABEL=CLASS"):
        matched(("Lime", "Lemon"), CLASSES, {"Pear": "Lime"})
