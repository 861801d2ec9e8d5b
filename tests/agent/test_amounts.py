"""Amounts by combination: every form of a share, a cost or a version in every sentence that carries one."""

from itertools import cycle, permutations, product

import pytest

from agent.amounts import goal_of
from agent.numbers import bare_share
from agent.phrases import NAME
from agent.version_numbers import versions_of

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


EVENTS_MISSED = (
    "a missed @", "overlooking a @", "one @ that goes through unseen", "an undetected @", "a @ reaching the customer",
    "a @ that slips through", "letting a @ out of the door", "a @ that we ship", "every @ we don't catch",
    "a false negative", "shipping a bad one", "an escape",
)  # fmt: skip
EVENTS_ALARMED = (
    "a false alarm", "throwing away a fine one", "a good one in the bin for nothing", "a false @ call",
    "a needless stop", "one thrown out for nothing", "scrapping a good one", "a false positive", "binning a sound one",
    "a wrong alarm", "every one it invents", "rejecting a perfectly good one",
)  # fmt: skip
PRICES = (
    ("40 euros", "30 cents", 40.0, 0.3), ("2 lira", "half a lira", 2.0, 0.5), ("$1,200", "$3", 1200.0, 3.0),
    ("40 quid", "2", 40.0, 2.0), ("30", "1", 30.0, 1.0), ("2k", "50", 2000.0, 50.0),
    ("3 hours", "5 minutes", 180.0, 5.0),
    ("₹ 900", "₹ 15", 900.0, 15.0), ("£2m", "£500", 2e6, 500.0), ("two and a half francs", "half a franc", 2.5, 0.5),
    ("80 cents", "10 cents", 80.0, 10.0),
)  # fmt: skip
VERBS = ("costs us", "costs", "sets us back about", "is", "=")


@pytest.mark.parametrize("miss", EVENTS_MISSED)
def test_costs_of_every_event(miss: str) -> None:
    joints = cycle(product(VERBS, (", ", " and ", "; ", ". ")))
    for alarm, (of_miss, of_alarm, value, other) in product(EVENTS_ALARMED, PRICES):
        verb, link = next(joints)
        if verb == "is" and not any(mark in of_miss + of_alarm for mark in "$₹£esq"):
            verb = "costs"  # "a miss is 30" alone speaks of no cost
        both = f"{miss} {verb} {of_miss}", f"{alarm} {verb} {of_alarm}"
        for one, two in (both, both[::-1]):
            question = f"{one}{link}{two}. which threshold".replace("@", NAME)
            assert goal_of(question) == {"kind": "cost", "value": value, "false_alarm": other}, question


WORSE = {
    "{} is ten times as bad as {}": 10.0, "{} is 20x worse than {}": 20.0, "{} costs twice as much as {}": 2.0,
    "{} is a hundred times as dear as {}": 100.0, "{} hurts five-fold compared with {}": 5.0,
    "{} is an order of magnitude more expensive than {}": 10.0, "{} weighs 3 times as heavily as {}": 3.0,
    "{} costs triple what {} costs": 3.0, "{} is 5 times the trouble of {}": 5.0,
}  # fmt: skip
MILDER = {
    "{} is ten times cheaper than {}": 10.0, "{} is half as bad as {}": 2.0, "{} is a tenth as bad as {}": 10.0,
    "{} is 4 times less serious than {}": 4.0,
}  # fmt: skip


@pytest.mark.parametrize("miss", EVENTS_MISSED)
@pytest.mark.parametrize("alarm", EVENTS_ALARMED)
def test_how_much_worse_each_event_is(miss: str, alarm: str) -> None:
    for (one, two), sentences in product(((miss, alarm), (alarm, miss)), (WORSE, MILDER)):
        for sentence, ratio in sentences.items():
            question = sentence.format(one, two).replace("@", NAME)
            first = (one == miss) == (sentences is WORSE)
            assert goal_of(question) == {
                "kind": "cost",
                "value": ratio if first else 1.0,
                "false_alarm": 1.0 if first else ratio,
            }, question


@pytest.mark.parametrize(
    "sentence",
    [
        "i'd rather have {} false alarms than one miss", "one missed @ is as bad as {} false alarms",
        "i accept {} false alarms to avoid a single miss", "better {} good ones in the bin than one @ sold",
        "one overlooked @ is worth {} false alarms", "i prefer {} false positives to 1 false negative",
    ],
)  # fmt: skip
def test_mistakes_weighed_against_each_other(sentence: str) -> None:
    for count, value in (("10", 10.0), ("twenty", 20.0), ("a hundred", 100.0)):
        question = sentence.format(count).replace("@", NAME)
        assert goal_of(question) == {"kind": "cost", "value": value, "false_alarm": 1.0}, question


MOST = {
    "2 %": 0.02, "two per cent": 0.02, "1 in 50": 0.02, "one in fifty": 0.02, "1/50": 0.02, "once in 50": 0.02,
    "5 per mille": 0.005, "5 ‰": 0.005, "500 ppm": 0.0005, "1-2 %": 0.02,
    "1 or 2 in 100": 0.02, "two in a hundred": 0.02,
    "a tenth": 0.1, "0.02": 0.02, "0,5 %": 0.005, "5 per thousand": 0.005, "half a per cent": 0.005,
}  # fmt: skip
LEAST = {
    "95 %": 0.95, "nine tenths": 0.9, "19 times out of 20": 0.95, "97 times in 100": 0.97, "95-98 %": 0.95,
    "ninety nine point five percent": 0.995, "99 out of every 100": 0.99, "three nines": 0.999, "98+ %": 0.98,
    "nineteen in twenty": 0.95, "9/10": 0.9, "0.97": 0.97, "four out of five": 0.8,
}  # fmt: skip
WRONG_ONES = (
    "when it shouts @, at most {} of those may turn out fine", "only {} of the stops may be for nothing",
    "no more than {} of the alarms may be bogus", "{} of the @ calls may be something else, tops",
    "if it says @, mistakes in {} of the cases are ok", "a false alarm rate of {} at most",
    "the share of wrong alarms below {}",
    "a false discovery rate under {}", "we can swallow {} of its @ calls being duds",
)  # fmt: skip
RIGHT_ONES = (
    "if it says @ i want it to be @ {}", "when it says @ i want that to hold {}", "precision(@) >= {}",
    "{} of the alarms have to be genuine", "of everything it calls @ {} must really be one",
    "req. srs-112: precision of {}", "it has to be right {}", "its answers should be true {}",
    "{} of its @ calls must be @",
    "it needs to be spot on {}", "{} of the warnings must be for real",
)  # fmt: skip
MISSED_ONES = (
    "{} of the @ may slip thru", "not more than {} of the @ may get past us", "{} of the @ may go unseen, tops",
    "i can afford to overlook {} of the @", "outflow of @ to the customer must be {} or less",
    "no more than {} of the @ may reach the shop undetected", "fnr of {} at most", "type ii error below {}",
    "don't let more than {} of the @ through", "find all but {} of the @",
)  # fmt: skip
FOUND_ONES = (
    "{} of the @ have to be found", "i want {} of all @ caught", "catch {} of the @", "recall(@) >= {}",
    "it should spot {} of the @", "tpr {}", "{} of the @ must not get past us", "a true positive rate of {}",
)  # fmt: skip
MORE_GOALS = [
    (sentence, kind, forms, wanted)
    for sentences, kind, forms, wanted in (
        (WRONG_ONES, "precision", MOST, False), (RIGHT_ONES, "precision", LEAST, True),
        (MISSED_ONES, "recall", MOST, False), (FOUND_ONES, "recall", LEAST, True),
    )
    for sentence in sentences
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "kind", "forms", "wanted"), MORE_GOALS)
def test_shares_in_other_words(sentence: str, kind: str, forms: dict[str, float], wanted: bool) -> None:
    for form, value in forms.items():
        for opening in ("", "my boss says: ", "i sell fruit. "):
            question = opening + sentence.format(form).replace("@", NAME) + ". what cutoff"
            assert goal_of(question) == {"kind": kind, "value": value if wanted else round(1 - value, 6)}, question


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("from {many} @ max {few} can slip thru", "recall"), ("out of {many} @ {few} may slip past me, tops", "recall"),
        ("per {many} @ i accept {few} escaping", "recall"),
        ("of {many} stops only {few} may be for nothing", "precision"),
        ("for every {many} alarms i tolerate {few} false ones", "precision"),
        ("{few} wrong alarms per {many}", "precision"), ("not more than {few} @ of {many} may escape", "recall"),
        ("max {few} of {many} @ calls being something else", "precision"),
        ("out of {many} that it calls @ only {few} may be false", "precision"),
    ],
)  # fmt: skip
def test_rates_in_either_order(sentence: str, kind: str) -> None:
    parts = {"1": 1, "one": 1, "2": 2, "three": 3, "5": 5}
    wholes = {"100": 100, "forty": 40, "a hundred": 100, "two hundred": 200}
    for few, many in product(parts, wholes):
        question = sentence.format(few=few, many=many).replace("@", NAME)
        assert goal_of(question) == {"kind": kind, "value": round(1 - parts[few] / wholes[many], 6)}, question


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
        "when it says 80 % is it 80 %", "it shows 0.8 – is that really eighty percent?",
        "of 200 pictures, what cutoff?",
        "when it says 0.9 do nine out of ten of those actually turn out right", "is 50% probability threshold ok",
        "we had 12 % false alarms last week, what cutoff is sane", "i just put confidence score > 0.7, sane?",
        "how often is it right above 0.9", "what precision do i get at 0.8", "which recall at threshold 0.7",
        "if i set 0.8 how many do i miss", "at a threshold of 0.9, how many limes are missed",
        "50% sure accept or not",
        "it said 99 % certain to a photo of my boot", "which cutoff for 3 classes", "which score for version 3",
        "we sell limes for 2 euros a kilo, which threshold", "recall over 90 test pictures",
        "precision for the 40 limes",
        "a miss is worse than a false alarm", "at this point five of them are wrong", "req. srs-112, which cutoff",
        "yesterday 3 in 100 were wrong. where to put the cutoff",
        "below 60 % i want it to say dunno",
        "60 % of my pictures are limes, what threshold", "i've got 2 cameras and 3 belts",
        "is 0.7 a sensible threshold", "never miss one", "why is lime called lemon",
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


@pytest.mark.parametrize(
    ("question", "goal"),
    [
        ("precision is at 80 % right now, what cutoff gives 95 %", ("precision", 0.95)),
        ("with 0.5 we had 10 % false alarms, i want at most 3 %", ("precision", 0.97)),
        ("at the moment 8 % of the limes slip through; i need it to be 2 %", ("recall", 0.98)),
        ("currently we miss 1 in 10 limes. acceptable would be 1 in 50", ("recall", 0.98)),
        ("the blog optimised f1, no use to us. which one gets 99% of the bad parts caught?", ("recall", 0.99)),
    ],
)  # fmt: skip
def test_what_is_told_beside_a_goal(question: str, goal: tuple[str, float]) -> None:
    assert goal_of(question) == dict(zip(("kind", "value"), goal, strict=True))


@pytest.mark.parametrize(
    ("question", "beta"),
    [
        ("best f1", 1.0),
        ("f0.5 threshold", 0.5),
        ("maximise f2", 2.0),
        ("f-beta with beta 2", 2.0),
        ("best f score", 1.0),
    ],
)
def test_f_beta(question: str, beta: float) -> None:
    assert goal_of(question) == {"kind": "f-beta", "value": beta}


@pytest.mark.parametrize(
    "sentence",
    [
        "is number {} any better than {} or did we waste a week", "did {} beat {}", "iteration {} vs iteration {}",
        "checkpoint {} compared to {}", "is version {} much worse than version {} was",
        "back from release {} to release {}?",
        "i liked version {}, now {} is live", "put {} next to {}, i want to see who wins", "mk {} against mk {}",
        "run {} or run {}?", "are we better off with {} than with {}",
        "version {} was 90 % right, version {} 3 weeks later",
    ],
)  # fmt: skip
def test_versions_in_other_words(sentence: str) -> None:
    words = {1: "1", 2: "two", 4: "four", 7: "7", 12: "twelve"}
    for one, two in permutations(words, 2):
        assert versions_of(sentence.format(words[one], words[two]), bare=True) == (one, two)


@pytest.mark.parametrize(
    ("question", "versions"),
    [
        ("first vs third model", (1, 3)), ("the 2nd and the 4th version", (2, 4)),
        ("version one vs version two", (1, 2)),
        ("is the third any good compared to the first", (3, 1)), ("versions 3, 4 and 6", (3, 4, 6)),
        ("there are like nine ckpts, which one to ship", ()), ("which of the last five runs won", ()),
        ("of the five that i trained, which is best", ()), ("since may 3 is it better", ()),
        ("accuracy went from 91 to 93 percent, which version did that", ()), ("is v2.5 better", ()),
    ],
)  # fmt: skip
def test_which_numbers_are_versions(question: str, versions: tuple[int, ...]) -> None:
    assert versions_of(question, bare=True) == versions


def test_two_classes_of_a_cost() -> None:
    for one, two in (("to let go a @", "to stop a @"), ("letting a @ through", "throwing away a @")):
        question = f"{one} is ten times more expensive than {two}".replace("@", NAME)
        assert goal_of(question) == {"kind": "cost", "value": 10.0, "false_alarm": 1.0}


def test_bare_amounts() -> None:
    assert bare_share("and at ninety percent?") == 0.9
    assert versions_of("is the accuracy 90 % after 3 weeks", bare=True) == ()
