"""Every way to say more than a fact says is refused; saying the same in other words is not."""

import re

import pytest

from agent.context import Context
from agent.graph import ask
from agent.grounding import check_claim, check_text, claims
from agent.state import Fact
from benchmarks.planting.vectors import vector_case

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


REMOVE = fact(18, "Remove copies of test pictures in the training data: Take the training copies out and train again.")
RELABEL = fact(21, "Relabel 26 labels that look wrong: a wrong label teaches the opposite of what is meant.")
COPIES = fact(19, "Keep one picture of each set: copies count one object several times, in training and in metrics.")
MISLED = fact(20, "26 of 460 training labels look wrong (5.7 %, 3.9–8.2 %); most often Lemon that looks like Lime.")


@pytest.mark.parametrize(
    ("known", "text", "why"),
    [
        (CAUSE, "The answer is yes", "'yes'"),
        (CAUSE, "The answer is so", "other things"),
        (MISLED, "This is a drill to put a few odd labels in place", "other things"),
        (REMOVE, "Removed copies of test pictures in the training data", "'removed'"),
        (REMOVE, "The copies of test pictures in the training data were taken out", "'taken out'"),
        (
            RELABEL,
            "Remove 26 labels that look wrong: a wrong label teaches the opposite of what is meant",
            "would remove",
        ),
        (COPIES, "The moon is an object of great beauty that shines in the night", "other things"),
    ],
)
def test_what_a_small_model_made_of_facts(known: Fact, text: str, why: str) -> None:
    """Sentences of a model of 135 million parameters that held no number, name or direction to be caught by."""
    problems = check_claim(text, known, CLASSES)
    assert any(why in problem for problem in problems), problems


def test_ends_of_another_format_are_markup() -> None:
    assert any("markup" in p.text for p in check_text(f"{COPIES['text'][:-1]}}}]}}}} [F19]", [COPIES], CLASSES))


ACCURACY = fact(12, "On the given test split, your model is right on 77.5 % (71.3–82.6 %) of 684 pictures.", "standing")
SUSPECTS = fact(13, "20 of 758 training labels look wrong (2.6 %, 1.7–4.0 %).", "finding", ("train/Lime/Lime_017.jpg",))
CHANCE = fact(14, "With so few errors this may be chance.", "cause")
RECALL = fact(15, "Of 35 judged pictures of Nectarine, 28.6 % (12.4–53.0 %) are recognised.", "standing")
PLENTY = fact(16, "Lime has enough training pictures: 120 images.")
PLAIN = fact(17, "In plain words: of each hundred such pictures, 1 to 9 more come out right.", "lay")


@pytest.mark.parametrize(
    ("known", "text", "why"),
    [
        (ACCURACY, "Your model is wrong on 77.5 % of 684 pictures", "'wrong'"),
        (ACCURACY, "On the given test split, your model is right on 0.775 of 684 pictures", "0.775"),
        (ACCURACY, "Your model is right on 77.5 of 684 pictures", "77.5"),
        (ACCURACY, "Your model is right on 77.5 points of 684 pictures", "77.5"),
        (ACCURACY, "On the training pictures your model is right on 77.5 %", "'training'"),
        (ACCURACY, "Your model is reliable: it is right on 77.5 % of the 684 pictures of the test split", "'trust'"),
        (SUSPECTS, "20 of 758 training labels are wrong", "is sure of what"),
        (SUSPECTS, "20 of 758 test labels look wrong", "'test'"),
        (SUSPECTS, "20 of 758 training labels look right", "'right'"),
        (SUSPECTS, "Lime_018.jpg looks wrong", "Lime_018.jpg"),
        (SUSPECTS, "train/Lemon/Lime_017.jpg looks wrong", "train/Lemon/Lime_017.jpg"),
        (CHANCE, "With so few errors this is chance", "is sure of what"),
        (RECALL, "Of 35 judged pictures of Nectarine, 28.6 % are missed", "'missed'"),
        (PLENTY, "Lime has too few training pictures: 120 images", "'too few'"),
        (PLENTY, "Lime has 120 test pictures", "'test'"),
        (BALANCE, "The classes are balanced: 720 images of Apple against 46 images of Lime", "'balanced'"),
        (PLAIN, "Of each hundred such pictures, 1 to 9 fewer come out right", "'less'"),
        (PLAIN, "Of each hundred such pictures, 1 to 9 more come out wrong", "'wrong'"),
    ],
)  # fmt: skip
def test_opposites_and_dropped_doubts(known: Fact, text: str, why: str) -> None:
    problems = check_claim(text, known, CLASSES)
    assert any(why in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (ACCURACY, "Your model is right on 77.5 % of 684 pictures"),
        (SUSPECTS, "20 of 758 training labels may be wrong"),
        (SUSPECTS, "Look at Lime_017.jpg first: its label looks wrong"),
        (HELPS, "Changing labels that look wrong helps: 71.0 % → 74.0 %"),
        (RECALL, "Of 35 pictures of Nectarine 28.6 % are recognised"),
    ],
)
def test_doubts_that_are_kept(known: Fact, text: str) -> None:
    assert check_claim(text, known, CLASSES) == []


OPPOSITES = (
    ("right", "wrong"), ("helps", "hurts"), ("more", "fewer"), ("higher", "lower"), ("training", "test"),
    ("recognised", "missed"), ("better", "worse"), ("enough", "too few"), ("largest", "smallest"),
)  # fmt: skip


def turned(text: str, one: str, other: str) -> str:
    """A text with two words exchanged."""
    return re.sub(rf"\b({one}|{other})\b", lambda m: other if m[1] == one else one, text)


@pytest.fixture(scope="module")
def real_facts() -> list[Fact]:
    """Facts of real answers."""
    sizes = {"Apple": 60, "Lime": 60, "Orange": 25}
    case = vector_case(sizes, separation=1.2, seed=3, burst=2, test_share=0.3)
    asked = ("why is Apple called Lime?", "what is wrong with my model?", "which threshold gives 90 % precision?")
    answers = (ask(q, Context(lambda: case, experiments=2)) for q in asked)
    return [known for answer in answers for known in answer.facts]


def test_real_facts_carry_themselves_and_no_opposite(real_facts: list[Fact]) -> None:
    classes = ("Apple", "Lime", "Orange")
    tried = 0
    for known in real_facts:
        assert check_claim(known["text"], known, classes) == []
        for one, other in (*OPPOSITES, ("Apple", "Lime"), ("Lime", "Orange")):
            text = turned(known["text"], one, other)
            if text == known["text"]:
                continue
            tried += 1
            assert check_claim(text, known, classes), text
    assert tried > 40


def test_a_changed_digit_is_always_seen(real_facts: list[Fact]) -> None:
    for known in real_facts:
        for place in [m.start() for m in re.finditer(r"\d", known["text"])]:
            digit = known["text"][place]
            text = known["text"][:place] + str((int(digit) + 1) % 10) + known["text"][place + 1 :]
            assert check_claim(text, known, ("Apple", "Lime", "Orange")), text


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
