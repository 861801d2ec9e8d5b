"""Class names in questions."""

import pytest

from agent.names import find_names, singular, stems
from agent.plan import Plan
from agent.template import clarification

FRUIT = ("Apple", "Lemon", "Lime", "Orange", "Peach", "Pear", "Red-Grapefruit")


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("apples", ("Apple",)),
        ("APPLE", ("Apple",)),
        ("pineapple", ()),
        ("red grapefruits", ("Red-Grapefruit",)),
        ("Red_Grapefruit", ("Red-Grapefruit",)),
        ("redgrapefruit", ("Red-Grapefruit",)),
        ("grapefruit", ("Red-Grapefruit",)),
        ("oragne", ("Orange",)),
        ("peachs", ("Peach",)),
        ("pearl", ()),
        ("limestone", ()),
        ("limes, then lemons, then limes", ("Lime", "Lemon")),
        ("beach", ()),
        ("melon", ()),
    ],
)
def test_found(text: str, classes: tuple[str, ...]) -> None:
    assert find_names(text, FRUIT).classes == classes


def test_the_longer_name_wins() -> None:
    assert find_names("why are green apples bad", ("Apple", "Green-Apple")).classes == ("Green-Apple",)


def test_equally_near_names_are_left_open() -> None:
    assert find_names("black cot", ("black_cat", "black_cut")).choices == ("black_cat", "black_cut")
    assert find_names("tabby cat", ("black cat", "white cat")).choices == ("black cat", "white cat")


def test_unknown_words_keep_their_spelling() -> None:
    assert find_names("why is Kumquat called Apple", FRUIT).unknown == ("Kumquat",)


def test_everyday_words_are_names_only_when_asked_for_or_quoted() -> None:
    assert find_names("is it good?", ("good", "bad")).classes == ()
    assert find_names("is it good?", ("good", "bad"), everyday=True).classes == ("good",)
    assert find_names("is it 'good'?", ("good", "bad")).classes == ("good",)


def test_accents_and_other_scripts() -> None:
    assert find_names("why cafe?", ("Café",)).classes == ("Café",)
    assert find_names("苹果为什么不好", ("苹果", "橙子")).classes == ("苹果",)


def test_no_classes_at_all() -> None:
    assert find_names("why is apple bad", ()).classes == ()


def test_names_made_of_signs() -> None:
    assert find_names("why is ++ called --?", ("++", "--")).classes == ("++", "--")


def test_stems_of_one_thing_agree() -> None:
    assert stems("Bad-Cookies") == stems("bad_cookie") == stems("BadCookies")
    assert singular("glass") == "glass"


def test_a_misspelt_class_is_asked_back_and_never_assumed() -> None:
    plan = Plan("split", unknown=("Aple",))
    text = clarification(plan, ["Lemon", "Apple"])
    assert 'No class of these pictures is called "Aple"' in text
    assert "Did you mean Apple?" in text
    assert "should I split Apple?" in text
    assert "Did you mean" not in clarification(Plan("split", unknown=("citrus",)), ["Lemon", "Apple"])
