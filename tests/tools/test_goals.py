"""Limits and costs of mistakes: by hand, with what surely misses told from what these pictures cannot tell."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.errors import UnknownName
from tools.goals import Goals, Limit, WrongGoals, goals_of, not_reached, reached, set_goals
from tools.predictions import Predictions
from tools.statistics import wilson
from tools.workspace import Workspace


def said(missed: int, alarms: int) -> Case:
    """100 cats and 100 dogs judged; so many cats called dogs, and dogs called cats."""
    case = vector_case({"cat": 100, "dog": 100}, separation=3, test_share=0.5)
    predicted = case.targets.copy()
    for number, wrong in ((0, missed), (1, alarms)):
        rows = np.flatnonzero(case.evaluation & (case.targets == number))[:wrong]
        predicted[rows] = 1 - number
    return replace(case, predictions=Predictions("m", "1", np.eye(2)[predicted], predicted, True))


def cats(case: Case) -> int:
    return int((case.evaluation & (case.targets == 0)).sum())


def test_a_limit_by_hand() -> None:
    case = said(missed=20, alarms=0)
    (found,) = reached(case, Goals((Limit("cat", "miss", 0.1),), weekly=1000))
    n, judged = cats(case), int(case.evaluation.sum())
    values = {e.name: e.value for e in found.evidence}
    assert values["rate"] == pytest.approx(20 / n)
    assert values["away"] == pytest.approx(20 / n - 0.1)
    assert values["a week"] == pytest.approx(1000 * n / judged * (20 / n - 0.1))
    assert found.state == "missed"
    assert found.text.startswith("Goal: miss at most 10 % of cat: ")
    assert not_reached([found]) == {"cat"}


def test_false_alarms_are_shares_of_the_others() -> None:
    case = said(missed=0, alarms=10)
    (found,) = reached(case, Goals((Limit("cat", "false-alarm", 0.5),)))
    dogs = int((case.evaluation & (case.targets == 1)).sum())
    assert found.evidence[0].value == pytest.approx(10 / dogs)
    assert found.state == "met"
    assert found.text.endswith("reached.")


def test_what_these_pictures_cannot_tell_is_neither() -> None:
    case = said(missed=10, alarms=0)
    (found,) = reached(case, Goals((Limit("cat", "miss", 10 / cats(case) + 0.01),)))
    assert found.state == "open"
    assert "cannot tell" in found.text
    assert not not_reached([found])


def test_the_cost_by_hand() -> None:
    case = said(missed=6, alarms=4)
    goals = Goals(costs=(("cat", "miss", 5.0), ("cat", "false-alarm", 0.5)), weekly=1000, currency="EUR")
    (found,) = reached(case, goals)
    assert found.evidence[0].value == pytest.approx(1000 * (6 * 5 + 4 * 0.5) / int(case.evaluation.sum()))
    assert found.evidence[0].low is not None
    assert found.evidence[0].low < found.evidence[0].value < (found.evidence[0].high or 0)
    assert "EUR a week" in found.text


def test_what_right_answers_bring_by_hand() -> None:
    case = said(missed=6, alarms=4)
    judged = int(case.evaluation.sum())
    (found,) = reached(case, Goals(value=0.2, weekly=1000, currency="EUR"))
    assert found.evidence[0].value == pytest.approx(1000 * 0.2 * (judged - 10) / judged)
    assert found.text.startswith("Right answers bring ")
    assert found.text.endswith(" EUR a week.")
    _, net = reached(case, Goals(costs=(("cat", "miss", 5.0),), value=0.2))
    assert net.evidence[0].value == pytest.approx(100 * (0.2 * (judged - 10) - 6 * 5) / judged)
    assert net.text.endswith(" per hundred pictures after mistakes.")


def test_all_right_is_no_certainty() -> None:
    case = said(0, 0)
    groups = len(np.unique(case.derived.grouping.groups[case.derived.judged]))
    others = wilson(0, groups)[1]
    (worth,) = (r.evidence[0] for r in reached(case, Goals(value=0.2)))
    assert (worth.value, worth.low, worth.high) == pytest.approx((20, 20 * (1 - others), 20))
    costs = (("cat", "miss", 5.0), ("cat", "false-alarm", 0.5))
    cost, net = (r.evidence[0] for r in reached(case, Goals(costs=costs, value=0.2)))
    assert (cost.value, cost.low, cost.high) == pytest.approx((0, 0, 100 * others * 5.5))
    assert (net.low, net.high) == pytest.approx((20 - 100 * others * 5.7, 20))


def test_goals_are_kept_and_forgotten(tmp_path: Path) -> None:
    kept, case = Workspace.open(tmp_path / "ws"), said(0, 0)
    assert goals_of(kept) is None
    goals = Goals((Limit("cat", "miss", 0.02),), (("dog", "false-alarm", 0.05),), 2000, "EUR", 0.1)
    set_goals(kept, case, goals)
    assert goals_of(kept) == goals
    with pytest.raises(UnknownName, match="cat, dog"):
        set_goals(kept, case, Goals((Limit("emu", "miss", 0.1),)))
    assert goals_of(kept) == goals
    set_goals(kept, case, None)
    assert goals_of(kept) is None


def test_goals_that_make_no_sense() -> None:
    for limit in (-0.1, 1.0, 2.0):
        with pytest.raises(WrongGoals, match="a rate"):
            Goals((Limit("cat", "miss", limit),))
    with pytest.raises(WrongGoals, match="a value"):
        Goals(value=-1)
    with pytest.raises(WrongGoals, match="a cost"):
        Goals(costs=(("cat", "miss", float("nan")),))


def test_a_class_that_is_gone_is_said() -> None:
    (found,) = reached(said(0, 0), Goals((Limit("emu", "miss", 0.1),)))
    assert (found.state, found.evidence) == ("open", ())
    assert found.text.endswith("the data set has no such class any more.")
    (cost,) = reached(said(1, 0), Goals(costs=(("cat", "miss", 1.0), ("emu", "miss", 9.0))))
    assert cost.text.endswith("(without emu: no such class any more).")
