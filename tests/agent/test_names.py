"""Class names in questions."""

import time

import pytest

from agent.names import find_names
from agent.plan import Plan
from agent.template import clarification
from agent.words import singular, stems

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


PARTS = ("bad", "good", "other")
BAKERY = ("bad_cookies", "croissant", "good_cookies")
STONES = ("Granite", "GreyGranite", "Lime", "Limestone", "Sand Stone Brick", "Sandstone")
BESIDE = ["{a} and {b}", "{a} vs {b}", "{a}/{b}", "{a} or {b} mixed up", "{a} taken for {b}", "the {a} to {b} ratio"]
ALONE = [
    "upweight {a}",
    "99% recall on {a}, please",
    "how many {a} do we have",
    "more pictures of {a}",
    "remove class {a}",
    "is 200 of the {a} category plenty",
    "why is {a} called something else",
    "what must the score be before it is called {a}?",
    "labelled {a} by the night shift",
    "split {a} into its kinds",
]
THINGS = ["the {a} ones", "missed {a} parts cost us 5 euros", "our {a} bushings fall through", "every {a} piece counts"]
NO_CLASS = [
    "how {a} is it",
    "is it {a}",
    "{a} enough",
    "are there {a} pictures",
    "{a} labels",
    "the light was {a}",
    "why are its results so {a}",
    "is the accuracy {a} for production",
    "{a} backgrounds?",
    "that would be {a}",
    "remove the pictures, the {a} ones",
    "are the predictions {a}",
]
EVERYDAY_PAIRS = [("bad", "good"), ("dirty", "clean"), ("yes", "no"), ("same", "different"), ("left", "right")]


@pytest.mark.parametrize(("a", "b"), EVERYDAY_PAIRS)
@pytest.mark.parametrize("text", BESIDE)
def test_two_everyday_names_side_by_side_are_classes(text: str, a: str, b: str) -> None:
    assert find_names(text.format(a=a, b=b), (a, b, "third")).classes == (a, b)


@pytest.mark.parametrize("name", ["bad", "dirty", "yes", "maybe", "other", "same", "fail"])
@pytest.mark.parametrize("text", ALONE)
def test_an_everyday_name_where_only_a_class_can_stand(text: str, name: str) -> None:
    assert find_names(text.format(a=name), (name, "third")).classes == (name,)


@pytest.mark.parametrize("name", ["bad", "good", "dirty", "clean", "normal"])
@pytest.mark.parametrize("text", THINGS)
def test_an_everyday_name_before_things(text: str, name: str) -> None:
    assert find_names(text.format(a=name), (name, "third")).classes == (name,)


@pytest.mark.parametrize("name", ["bad", "good", "dirty", "clean", "normal"])
@pytest.mark.parametrize("text", NO_CLASS)
def test_an_everyday_word_that_speaks_of_pictures_or_of_the_model(text: str, name: str) -> None:
    assert find_names(text.format(a=name), (name, "third")).classes == ()


@pytest.mark.parametrize(
    "text",
    [
        "any other problems",
        "what other parts are there",
        "the other day",
        "each other",
        "on the other line",
        "good luck",
    ],
)
def test_words_that_only_lead_to_another(text: str) -> None:
    assert find_names(text, PARTS).classes == ()


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("good and bad cookies", ("good_cookies", "bad_cookies")),
        ("the ratio of the bad ones to the good ones", ("bad_cookies", "good_cookies")),
        ("are the good pictures enough", ()),
        ("is it good", ()),
    ],
)
def test_the_word_that_tells_a_class_from_the_others_stands_for_it(text: str, classes: tuple[str, ...]) -> None:
    assert find_names(text, BAKERY).classes == classes


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("which stone is worst", ()),
        ("dry-stone walls", ()),
        ("the same stone twice", ()),
        ("brick", ("Sand Stone Brick",)),
        ("gray granite", ("GreyGranite",)),
        ("sand stone", ("Sandstone",)),
    ],
)
def test_a_part_of_a_name_that_speaks_of_all_is_none(text: str, classes: tuple[str, ...]) -> None:
    named = find_names(text, STONES)
    assert (named.classes, named.choices) == (classes, ())


def test_a_word_of_all_names_is_none_and_of_some_is_asked_back() -> None:
    assert find_names("my cars", ("red car", "blue car", "green car")).choices == ()
    assert find_names("my cars", ("red car", "blue car", "truck")).choices == ("red car", "blue car")


@pytest.mark.parametrize("text", ["grapfruit", "grapefuit", "red grapfruits"])
def test_a_long_part_of_a_name_may_be_misspelt(text: str) -> None:
    assert find_names(text, FRUIT).classes == ("Red-Grapefruit",)


@pytest.mark.parametrize("text", ["it has gone pear shaped", "that compares apples with oranges", "rest in peace"])
def test_sayings_name_nothing(text: str) -> None:
    named = find_names(text, FRUIT)
    assert named.classes == ()


def test_classes_that_differ_in_signs_alone_are_named_as_written() -> None:
    classes = ("c++", "C#", "C")
    assert find_names("why is C# called C?", classes).classes == ("C#", "C")
    assert find_names("is c++ called C?", classes).classes == ("c++", "C")


def test_many_everyday_words_are_quick() -> None:
    began = time.process_time()
    find_names("IMG_0001.jpg good, " * 70, ("good", "bad", "other", "Lime"))
    assert time.process_time() - began < 2
