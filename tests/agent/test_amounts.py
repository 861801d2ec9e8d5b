"""Amounts by combination: every form of a share, a cost or a version in every sentence that carries one."""

from itertools import product

import pytest

from agent.amounts import bare_share, goal_of, versions_of

AT_LEAST = {
    "95 %": 0.95, "95%": 0.95, "0.95": 0.95, "0,95": 0.95, "ninety-five percent": 0.95, "95 per cent": 0.95,
    "19 out of 20": 0.95, "9 in 10": 0.9, "nine out of ten": 0.9, "99 of 100": 0.99, "98,5 %": 0.985,
}  # fmt: skip
AT_MOST = {
    "5 %": 0.05, "5%": 0.05, "five percent": 0.05, "1 in 20": 0.05, "one in twenty": 0.05, "one in every 20": 0.05,
    "1 out of 50": 0.02, "one in a hundred": 0.01, "1 in 200": 0.005, "0.5 %": 0.005, "half a percent": 0.005,
}  # fmt: skip
RIGHT = (
    "give me at least {} precision", "precision of at least {}", "{} of the accepted ones must be right",
    "it should be right in {} of the cases", "when it says lime i want it to be correct {} of the time",
)  # fmt: skip
ALARMS = (
    "at most {} false alarms", "no more than {} of its answers may be wrong", "i tolerate {} mistakes",
    "only {} may be a false positive", "a false positive rate below {}", "wrong at most {} of the time",
)  # fmt: skip
FOUND = (
    "i need {} recall", "recall >= {}", "it must find {} of the limes", "{} of all limes should be caught",
    "i want to catch {}", "a sensitivity of {}", "at least {} have to be recognised",
)  # fmt: skip
MISSED = (
    "miss at most {}", "we may let through no more than {} bad ones", "at most {} may slip through",
    "no more than {} may be overlooked", "only {} of the limes may go undetected", "at most {} escapes",
    "never lose more than {} of the limes", "a miss rate of at most {}",
)  # fmt: skip
ASKED = ("", "which threshold: ", "set the cutoff so that ")
GOALS = [
    (sentences, kind, form, value if sentences in (RIGHT, FOUND) else round(1 - value, 6))
    for sentences, kind, forms in (
        (RIGHT, "precision", AT_LEAST), (ALARMS, "precision", AT_MOST), (FOUND, "recall", AT_LEAST),
        (MISSED, "recall", AT_MOST),
    )
    for form, value in forms.items()
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "kind", "form", "value"), GOALS)
def test_shares(sentences: tuple[str, ...], kind: str, form: str, value: float) -> None:
    for opening, sentence in product(ASKED, sentences):
        question = opening + sentence.format(form)
        assert goal_of(question) == {"kind": kind, "value": value}, question


COSTS = (
    "a miss costs {miss} and a false alarm {alarm}", "a false alarm costs {alarm}, a miss {miss}",
    "missing a lime costs {miss}, a false positive costs {alarm}",
    "each missed lime is {miss}, each false alarm {alarm}",
    "if it misses one i lose {miss}; a false alarm costs me {alarm}", "{miss} per miss, {alarm} per false alarm",
    "{alarm} for a false alarm and {miss} for a miss", "an escape costs us {miss}, a false reject {alarm}",
    "we lose {miss} on every overlooked lime and {alarm} on every false alarm",
)  # fmt: skip
MISS = {"3 euros": 3.0, "$20": 20.0, "ten dollars": 10.0, "€ 4.50": 4.5, "two hundred euros": 200.0}
ALARM = {"50 cents": 0.5, "$1": 1.0, "one euro": 1.0, "a dollar": 1.0, "0.2 €": 0.2}


@pytest.mark.parametrize("sentence", COSTS)
def test_costs(sentence: str) -> None:
    for (miss, value), (alarm, other) in product(MISS.items(), ALARM.items()):
        question = sentence.format(miss=miss, alarm=alarm) + ", which threshold"
        assert goal_of(question) == {"kind": "cost", "value": value, "false_alarm": other}, question


@pytest.mark.parametrize(
    "sentence",
    [
        "compare version {} and {}", "compare v{} with v{}", "is v{} better than v{}", "version {} or {}?", "v{}->v{}",
        "does version {} beat version {}", "v{} vs v{}", "what changed from version {} to {}", "{} vs {}", "v{}..v{}",
        "model {} against model {}", "is number {} better than number {}", "versions {}, {}",
        "how does release {} do against release {}", "put version {} next to version {}",
    ],
)  # fmt: skip
def test_versions(sentence: str) -> None:
    for pair in ((2, 3), (1, 12), (7, 5)):
        assert versions_of(sentence.format(*pair), bare=True) == pair


@pytest.mark.parametrize(
    "question",
    [
        "is a score of 0.9 really right nine times out of ten", "does 90 % confidence mean 90 % right",
        "when it says 80 % is it 80 %", "is 0.7 a sensible threshold", "never miss one", "why is lime called lemon",
        "i have 300 pictures of limes", "it costs me 3 euros",
    ],
)  # fmt: skip
def test_no_goal_is_made_up(question: str) -> None:
    assert goal_of(question) == {}


def test_how_much_worse_one_mistake_is() -> None:
    assert goal_of("a miss is ten times worse than a false alarm") == {
        "kind": "cost",
        "value": 10.0,
        "false_alarm": 1.0,
    }
    assert goal_of("a false alarm is 3 times as bad as a miss") == {"kind": "cost", "value": 1.0, "false_alarm": 3.0}


def test_bare_amounts() -> None:
    assert bare_share("and at ninety percent?") == 0.9
    assert versions_of("is the accuracy 90 % after 3 weeks", bare=True) == ()
