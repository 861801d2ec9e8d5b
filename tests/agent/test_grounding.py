"""Every way to say more than a fact says is refused; saying the same in other words is not."""

import pytest

from agent.grounding import check_claim, check_text, claims
from agent.state import Fact

CLASSES = ("Apple", "Lemon", "Lime", "Limestone", "Nectarine", "Orange", "Red-Grapefruit", "Satsumas", "Class 2")


def fact(number: int, text: str, kind: str = "finding", images: tuple[str, ...] = ()) -> Fact:
    return Fact(id=f"F{number}", kind=kind, text=text, evidence=[], images=list(images), code="x")


DIRECTION = fact(1, "12 of 40 judged pictures of Orange are called Satsumas (17.9–45.4 %).", "direction")
REVERSE = fact(2, "1 of 38 judged pictures of Satsumas are called Orange (0.5–13.5 %).", "direction")
CAUSE = fact(
    3,
    "7 of 12 pictures of Orange called Satsumas (32.0–80.7 %): it is darker than nearly all training pictures.",
    "cause",
    ("train/Orange/img_0031.jpg",),
)
CALM = fact(4, "Of the pictures of Orange that are right it holds for 5.0 %.", "cause")
HELPS = fact(
    5,
    "Tried on held-out pictures, labels that look wrong: balanced accuracy 71.0 % → 74.0 % "
    "(change +0.8 to +5.2 points, 654 pictures, the given test split): it helps.",
    "effect",
)
OPEN = fact(
    6,
    "Tried on held-out pictures, all classes, weighted equally: balanced accuracy 71.0 % → 71.9 % "
    "(change -1.2 to +3.0 points, 654 pictures): cannot tell with this many pictures (about 3200 would settle it).",
    "effect",
)
HURTS = fact(
    7,
    "Tried on held-out pictures, duplicates left out: balanced accuracy 71.0 % → 66.0 % "
    "(change -8.1 to -1.9 points, 654 pictures): it hurts.",
    "effect",
)
WEAK = fact(8, "The overall figure hides weak classes: Lime 30.0 %, Nectarine 34.0 % and Red-Grapefruit 46.0 %.")
NONE = fact(9, "None of 52 judged pictures of Lemon is called Lime.", "direction")
LOSS = fact(10, "Accuracy on test is -3.1 points away from the held-out accuracy.")
BALANCE = fact(11, "Unbalanced: 720 images of Apple against 46 images of Lime, a ratio of 15.7.")
ALL = (DIRECTION, REVERSE, CAUSE, CALM, HELPS, OPEN, HURTS, WEAK, NONE, LOSS, BALANCE)


@pytest.mark.parametrize("known", ALL, ids=lambda f: f["id"])
def test_a_fact_carries_itself(known: Fact) -> None:
    assert check_claim(known["text"], known, CLASSES) == []


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (DIRECTION, "Orange is called Satsumas in 12 of 40 judged pictures"),
        (DIRECTION, "Your model calls 12 of the 40 judged oranges pictures satsumas (17.9 to 45.4 %)"),
        (DIRECTION, "12 out of 40 pictures of Orange were taken for Satsumas"),
        (DIRECTION, "Between 17.9 and 45.4 % of the pictures of Orange are called Satsumas"),
        (DIRECTION, "Twelve of forty pictures of Orange are called Satsumas"),
        (CAUSE, "In 7 of 12 of these pictures of Orange it is darker than nearly all training pictures"),
        (CAUSE, "See img_0031.jpg, which is darker than nearly all training pictures"),
        (CALM, "It holds for 5.0 percent of the pictures of Orange that are right"),
        (HELPS, "Relabelling labels that look wrong helps: balanced accuracy rises from 71.0 % to 74.0 %"),
        (HELPS, "This helps, by +0.8 to +5.2 points on 654 pictures"),
        (OPEN, "Whether weighting all classes equally pays one cannot tell with this many pictures"),
        (OPEN, "Weighted equally, balanced accuracy goes 71.0 % → 71.9 %, so you cannot tell"),
        (HURTS, "Leaving duplicates out hurts: 71.0 % → 66.0 %"),
        (WEAK, "Lime (30.0 %) and Nectarine (34.0 %) are weak"),
        (NONE, "None of 52 pictures of Lemon is called Lime"),
        (LOSS, "Accuracy on test is 3.1 points lower"),
        (BALANCE, "There are 720 pictures of Apple but 46 of Lime"),
    ],
)  # fmt: skip
def test_the_same_in_other_words(known: Fact, text: str) -> None:
    assert check_claim(text, known, CLASSES) == []


@pytest.mark.parametrize(
    ("known", "text", "why"),
    [
        (DIRECTION, "13 of 40 judged pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "40 of 12 judged pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "12 % of the judged pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "30 % of the judged pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "17.9 % of the judged pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "12 of 40 judged pictures of Orange are called Satsumas (17.9–45.4)", "not in the fact"),
        (DIRECTION, "12 of 40 judged pictures of Orange are called Satsumas (45.4–17.9 %)", "not in the fact"),
        (DIRECTION, "12 of 40 judged pictures of Satsumas are called Orange", "direction"),
        (DIRECTION, "12 of 40 judged pictures of Orange are called Lemon", "Lemon is not in the fact"),
        (DIRECTION, "12 of 40 judged pictures of Satsumas are wrong", "belongs to Orange"),
        (DIRECTION, "Some pictures are called Orange", "called Orange"),
        (DIRECTION, "12 of 40 judged pictures of Orange are not called Satsumas", "denies"),
        (DIRECTION, "12 of 40 labels of Orange are Satsumas", "counts pictures, not labels"),
        (DIRECTION, "Half of the pictures of Orange are called Satsumas", "'half'"),
        (DIRECTION, "Thirteen of forty pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "Pictures of Orange are called Satsumas, as Kumquats are", "Kumquats"),
        (DIRECTION, "Orange is called Satsumas because of the light", "'causes'"),
        (DIRECTION, "Orange is always called Satsumas", "'always'"),
        (DIRECTION, "１３ of 40 pictures of Orange are called Satsumas", "not in the fact"),
        (DIRECTION, "12 of 40 pictures of Orange are called Sat\u200bsumas or Lemon", "Lemon"),
        (CAUSE, "See img_0099.jpg, which is darker", "img_0099.jpg"),
        (CAUSE, "7 of 12 pictures of Orange are brighter, shown by \"flash light\"", "flash light"),
        (CALM, "It holds for 5.0 points of the pictures of Orange", "not in the fact"),
        (CALM, "It holds for 0.05 of the pictures of Orange", "not in the fact"),
        (HELPS, "Balanced accuracy goes from 74.0 % to 71.0 %, it helps", "not in the fact"),
        (HELPS, "Labels that look wrong: it hurts, 71.0 % → 74.0 %", "'hurts'"),
        (HELPS, "It does not help: 71.0 % → 74.0 %", "not helps"),
        (HELPS, "Balanced accuracy 71.0 % → 74.0 %", "leaves out the verdict"),
        (HELPS, "It helps by -0.8 to +5.2 points", "not in the fact"),
        (HELPS, "It helps by 0.8 to 5.2 %", "not in the fact"),
        (HELPS, "It helps, falling 71.0 % → 74.0 %", "'down'"),
        (OPEN, "Weighting equally helps: 71.0 % → 71.9 %", "'helps'"),
        (OPEN, "Weighting equally improves 71.0 % → 71.9 %, though one cannot tell", "'up'"),
        (OPEN, "Weighting has no effect: 71.0 % → 71.9 %", "'no effect'"),
        (HURTS, "Leaving duplicates out helps: 71.0 % → 66.0 %", "'helps'"),
        (HURTS, "Leaving duplicates out does not hurt: 71.0 % → 66.0 %", "not hurts"),
        (WEAK, "Weak are Lime 34.0 % and Nectarine 30.0 %", "belongs to Nectarine"),
        (WEAK, "Weak is Nectarine 30.0 %", "belongs to Lime"),
        (WEAK, "34.0 % for Lime", "belongs to Nectarine"),
        (WEAK, "Nectarine and Lime reach 30.0 % and 34.0 %", "direction"),
        (WEAK, "Limestone is weak", "Limestone is not in the fact"),
        (NONE, "52 judged pictures of Lemon are called Lime", "drops the fact's denial"),
        (LOSS, "Accuracy on test is +3.1 points away", "not in the fact"),
        (LOSS, "Accuracy on test gains 3.1 points", "'up'"),
        (BALANCE, "46 images of Apple against 720 images of Lime", "belongs to Lime"),
        (BALANCE, "There are 46 images of Apple", "belongs to Lime"),
        (BALANCE, "Apple has twice the pictures of Lime", "'twice'"),
    ],
)  # fmt: skip
def test_more_than_the_fact_says(known: Fact, text: str, why: str) -> None:
    problems = check_claim(text, known, CLASSES)
    assert any(why in problem for problem in problems), problems


def swapped(first: Fact, second: Fact) -> str:
    """Two facts told under each other's number."""
    return f"{first['text']} [{second['id']}]\n{second['text']} [{first['id']}]"


@pytest.mark.parametrize(
    "pair", [(a, b) for i, a in enumerate(ALL) for b in ALL[i + 1 :]], ids=lambda p: f"{p[0]['id']}-{p[1]['id']}"
)
def test_two_facts_swapped(pair: tuple[Fact, Fact]) -> None:
    first, second = pair
    assert check_text(f"{first['text']} [{first['id']}]\n{second['text']} [{second['id']}]", pair, CLASSES) == ()
    assert len(check_text(swapped(first, second), pair, CLASSES)) >= 2


def test_numbers_of_two_facts_swapped() -> None:
    text = (
        "1 of 38 judged pictures of Orange are called Satsumas [F1]. "
        "12 of 40 judged pictures of Satsumas are called Orange [F2]."
    )
    assert {p.sentence for p in check_text(text, (DIRECTION, REVERSE), CLASSES)} == {c.text for c in claims(text)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Orange is called Satsumas.", "cites no fact"),
        ("Orange is called Satsumas. It is bad. [F1]", "cites no fact"),
        ("Orange is called Satsumas [F1][F2].", "several facts"),
        ("Orange is called Satsumas [F1, F2].", "several facts"),
        ("Orange is called Satsumas [F99].", "does not exist"),
        ("[F1]", "a citation without a sentence"),
        ("[Orange](http://x.y) is called Satsumas [F1].", "link"),
        ("<b>Orange</b> is called Satsumas [F1].", "markup"),
        ("# Orange is called Satsumas [F1]", "heading"),
        ("1 of 38 judged pictures of Satsumas are called Orange [F2].", "leaves out F1"),
        ("As asked, I have deleted the images.", "cites no fact"),
    ],
)
def test_form_of_a_text(text: str, why: str) -> None:
    problems = check_text(text, (DIRECTION, REVERSE), CLASSES)
    assert any(why in p.text for p in problems), problems


def test_bullets_and_several_sentences_on_a_line() -> None:
    text = (
        "- 12 of 40 pictures of Orange are called Satsumas [F1]. 1 of 38 pictures of Satsumas are called Orange. [F2]"
    )
    assert check_text(text, (DIRECTION, REVERSE), CLASSES) == ()


def test_a_class_with_a_number_in_its_name() -> None:
    known = fact(1, "3 of 9 judged pictures of Class 2 are called Apple (12.1–64.6 %).")
    assert check_claim("3 of 9 pictures of class 2 are called apples", known, CLASSES) == []
    assert check_claim("2 of 9 pictures of Class 2 are called Apple", known, CLASSES)
