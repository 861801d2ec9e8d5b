"""Order and choice of actions."""

from typing import Any

import pytest

from agent.actions import action_facts, advised, cost_text, gather, ranked, with_effect, work
from agent.facts import FactList
from agent.plan import Trial
from agent.state import Json
from tools.effects import Effect, Measure, Verdict
from tools.findings import Cost, Evidence, Finding, Level, Recommendation, Severity


def finding(*recommendations: Recommendation, level: Level = "high", proven: bool = True) -> Finding:
    explained = 0.3 if proven else None
    evidence = (Evidence("n", 1, "count"),)
    return Finding("x", "t", Severity(level, explained), "s", evidence, recommendations=recommendations,
                   errors=frozenset({"1.jpg"}))  # fmt: skip


def recommend(action: str, experiment: str | None = None, **arguments: str) -> Recommendation:
    return Recommendation(action, f"target of {action}", "x", f"why {action}", Cost(clicks=12), experiment, arguments)


def tried(action: Json, verdict: Verdict, delta: float) -> Json:
    measure = Measure("balanced accuracy", 0.5, 0.5 + delta, -1, 1, 0.0, verdict, 10, primary=True)
    return with_effect(action, Effect("k", "t", {}, (measure,), 4, 5, 0.95, 1.0, "folds"), ["F1"])


def named(actions: list[Json]) -> list[Any]:
    return [a["action"] for a in actions]


def test_the_same_change_is_gathered_once_and_the_gravest_first() -> None:
    low = finding(recommend("remove", "remove"), recommend("relabel", "relabel"), level="low")
    high = finding(recommend("relabel", "relabel"))
    assert named(gather([low, high], ())) == ["relabel", "remove"]


def test_what_the_question_asks_for_comes_first_with_the_advice_of_the_check() -> None:
    split = recommend("split", "split-class", **{"class": "Apple"})
    first, second = gather(
        [finding(recommend("relabel", "relabel"), split)], [Trial("split-class", {"class": "Apple"})]
    )
    assert (first["asked"], first["why"]) == (True, "why split")
    assert second["action"] == "relabel"


def test_gain_per_minute_decides_among_what_helps() -> None:
    cheap, dear, untried = gather(
        [finding(recommend("a", "a"), Recommendation("b", "b", "x", "w", Cost(images=100), "b"), recommend("c"))], ()
    )
    cheap, dear = tried(cheap, "helps", 0.02), tried(dear, "helps", 0.05)
    assert named(ranked([untried, dear, cheap])) == ["a", "b", "c"]
    assert work({"images": 0, "clicks": 12, "minutes": 0}) == pytest.approx(2.0)
    assert work({"images": 100, "clicks": 0, "minutes": 0}) == pytest.approx(51.0)


@pytest.mark.parametrize(
    ("verdict", "delta", "kept"),
    [("helps", 0.1, True), ("hurts", -0.1, False), ("no_effect", 0.0, False), ("cannot_tell", 0.1, True),
     ("cannot_tell", -0.1, False)],
)  # fmt: skip
def test_only_what_is_promising_is_advised(verdict: Verdict, delta: float, kept: bool) -> None:
    (action,) = gather([finding(recommend("a", "a"))], ())
    assert bool(advised([tried(action, verdict, delta)])) is kept
    assert advised([{**tried(action, verdict, delta), "asked": True}])


def test_a_hint_is_followed_only_where_there_is_no_better() -> None:
    hint = gather([finding(recommend("hint"), proven=False)], ())
    better = gather([finding(recommend("better"))], ())
    assert named(advised(hint)) == ["hint"]
    assert named(advised([*hint, *better])) == ["better"]


def test_never_more_than_three() -> None:
    assert len(advised(gather([finding(*(recommend(c) for c in "abcde"))], ()))) == 3


def test_no_cost_is_no_text() -> None:
    assert cost_text({"images": 0, "clicks": 0, "minutes": 0}) == ""
    assert cost_text({"images": 0, "clicks": 1, "minutes": 1}) == "about 1 click, 1 minute"


def test_each_sentence_of_an_action_is_a_fact() -> None:
    facts = FactList()
    (action,) = gather([finding(Recommendation("collect", "Lime", "x", "new places help. Angles do not.", Cost()))], ())
    assert action_facts(facts, action) == ["F1", "F2"]
    assert [f["text"] for f in facts.facts] == ["Collect Lime: new places help.", "Angles do not."]
