"""What pictures are looked for, whatever stands before and behind it: openings × things × tails."""

from itertools import product

import pytest

from agent.looked_for import LONGEST_SEARCH, searched
from agent.rules import RulesPlanner

THINGS = (
    "price tag", "wet stones", "half-eaten apples", "hands holding fruit", "red, shiny apples", "open bags",
    "fruit in a wooden crate", "mould on the stalk", "no label on the box", "two lemons on a plate",
)  # fmt: skip
OPENINGS = (
    "find", "show me", "search for", "Please look for", "I'd like to see", "could you list", "let me see a",
    "is there any", "do we have", "have we got some", "we're after", "query:", "where are the", "Hello! Could we see",
    "my boss wants to see", "I swear I once saw a", "there must be", "do you know whether we have", "pictures of",
    "any pics with", "give me everything with", "list imgs w/", "dig out the ones showing", "hunt down",
    "any photo in there with", "pull up every picture that has", "grep the images for", "which pictures show",
    "I could do with a couple of photos of", "whatever has a", "For the parents' evening I need",
)  # fmt: skip
TAILS = (
    "", "?", ", please", " in my data", " pls, thanks", ", for slide 12", ", my boss asks", " for the blog post",
    " so I can show my boss", ", got any?", " in any of these?", " in the training set", " that we have",
    " - the lawyer wants them", ", if you would", "\nRegards, Bob", " because the auditor asks",
)  # fmt: skip
ASKED_BEHIND = (
    "{} show me", "{}, find", "{}, got any?", "{}, let me see them", "{} do we have any?", "{}? Have we got some?",
    "{}, where are they", "{} - show", "{}. Can you find them?", "{}, can you pull them up?", "{} pictures",
    "{} ones, please",
)  # fmt: skip


@pytest.mark.parametrize("opening", OPENINGS)
def test_what_stands_before_and_behind_is_left_out(opening: str) -> None:
    wrong = {
        question: got
        for thing, tail in product(THINGS, TAILS)
        if (got := searched(question := f"{opening} {thing}{tail}")) != thing
    }
    assert not wrong


@pytest.mark.parametrize("around", ASKED_BEHIND)
def test_asking_may_come_last(around: str) -> None:
    assert [searched(around.format(thing)) for thing in THINGS] == list(THINGS)


@pytest.mark.parametrize("where", ["find everything where", "photos where", "pictures on which", "all pics in which"])
@pytest.mark.parametrize(
    "seen", ["is visible", "is to see", "is clearly shown", "is in it", "can be seen in the photo"]
)
def test_what_is_to_be_seen_on_them(where: str, seen: str) -> None:
    assert searched(f"{where} a plastic bag {seen}, our lawyer asks") == "plastic bag"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("green apples", "green apples"),
        ("somewhere in there is a photo with a cat in it, find it pls", "cat"),
        ("The inspector is here. Is there a human face in any of these?", "human face"),
        ("grab me the ones where somebody put down a hammer", "hammer"),
        ("show where somebody's fingers are in", "fingers"),
        ("There was a wasp in it once. I would love that. Could you find the wasp on the plum?", "wasp on the plum"),
        ("I sell fruit. My aunt is called Fay. rusty parts please", "rusty parts"),
        ("A shot of a wasp on fruit, from our trip. Could you dig it out?", "wasp on fruit"),
        ("Do any show green oranges with the stalk on?", "green oranges with the stalk on"),
        ("dig out the ones with a price sticker on", "price sticker"),
        ("pics apples with leaf", "apples with leaf"),
        ("photographs with the fingers of my grandson in them, bring", "fingers of my grandson"),
        ('search for "a striped tablecloth, folded"', "a striped tablecloth, folded"),
        ("show me lemons", "lemons"),
        ("a dog", "dog"),
        ("find it", ""),
        ("show me", ""),
        ("", ""),
    ],
)
def test_one_question(question: str, words: str) -> None:
    assert searched(question) == words


def test_a_part_that_only_asks_speaks_of_the_rest() -> None:
    said = "I once took a picture of a cat on the scales. My wife says I dreamt it. Can you find it?"
    assert searched(said) == "cat on the scales"


def test_it_is_no_longer_than_what_is_looked_at() -> None:
    assert len(searched("find " + "very " * 1000 + "old apples")) <= LONGEST_SEARCH
    assert searched("find " * 3000 + "apples") == "apples"


def test_a_class_that_the_words_leave_open_is_not_asked_back() -> None:
    plan = RulesPlanner().plan("I'd like to see cookies with chocolate chips", ["bad_cookies", "good_cookies"])
    assert (plan.intent, plan.words, plan.needs_clarifying) == ("search", "cookies with chocolate chips", False)
