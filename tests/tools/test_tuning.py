"""Thresholds for a goal: by hand, against scikit-learn, impossible goals said, and never claimed where chosen."""

import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV

from benchmarks.planting.vectors import vector_case
from tools.errors import UnknownName
from tools.registry import NotApplicable
from tools.tuning import Goal, WrongGoal, choose, service_json, tune, tuned_json

SIZES = {"cat": 200, "dog": 200, "hen": 200}


def test_recall_by_hand() -> None:
    scores, yes = np.linspace(1, 0.01, 100), np.arange(100) % 2 == 0
    assert choose(scores, yes, Goal("recall", 1.0)) == float("inf")  # 50 of 50 bound it by .986 only
    at = choose(scores, yes, Goal("recall", 0.8))
    assert yes[scores >= at].sum() == 43  # the fewest of 50 whose one-sided 80 % bound clears .8
    assert choose(scores, np.zeros(100, dtype=bool), Goal("recall", 0.5)) == float("inf")


def test_cost_by_hand() -> None:
    scores, yes = np.array([0.9, 0.8, 0.4, 0.3]), np.array([True, False, False, True])
    # saying 1, 2, 3, 4 of them: misses 1 1 1 0, alarms 0 1 2 2
    assert choose(scores, yes, Goal("cost", 1, 1)) == 0.9
    assert choose(scores, yes, Goal("cost", 5, 1)) == 0.3
    assert choose(scores, ~yes, Goal("cost", 1, 50)) == float("inf")  # silence is cheapest


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_best_f_is_that_of_scikit_learn(beta: float) -> None:
    rng = np.random.default_rng(3)
    yes = rng.random(300) < 0.4
    scores = np.clip(rng.normal(0.4 + 0.2 * yes, 0.2), 0.001, 0.999)

    class Given(DummyClassifier):
        def predict_proba(self, x: np.ndarray) -> np.ndarray:
            return np.stack([1 - x[:, 0], x[:, 0]], axis=1)

    scorer = make_scorer(fbeta_score, beta=beta)
    library = TunedThresholdClassifierCV(
        Given().fit(scores[:, None], yes), scoring=scorer, thresholds=np.unique(scores), cv="prefit", refit=False
    ).fit(scores[:, None], yes)
    ours = choose(scores, yes, Goal("f-beta", beta))
    assert fbeta_score(yes, scores >= ours, beta=beta) == pytest.approx(library.best_score_)


@pytest.mark.parametrize(("kind", "value"), [("precision", 1.2), ("recall", 0), ("f-beta", -1), ("cost", 0)])
def test_goals_out_of_range_say_what_to_write(kind: str, value: float) -> None:
    with pytest.raises(WrongGoal, match="Write"):
        Goal(kind, value)  # type: ignore[arg-type]


def test_a_precision_is_reached_where_it_was_not_chosen() -> None:
    case = vector_case(SIZES, separation=2.5, test_share=0.5)
    reached = tune(case, Goal("precision", 0.9))
    assert {t.name for t in reached} == set(SIZES)
    for tuned in reached:
        assert tuned.status == "reached"
        assert tuned.precision[0] >= 0.9
        assert tuned.low <= tuned.threshold <= tuned.high
        assert np.all(np.diff(tuned.curve[:, 0]) < 0)
    stricter = tune(case, Goal("precision", 0.97), ("cat",))[0]
    assert stricter.threshold > next(t for t in reached if t.name == "cat").threshold


def test_what_cannot_be_reached_is_said_with_the_best() -> None:
    case = vector_case(SIZES, separation=0.3, test_share=0.5)
    tuned = tune(case, Goal("precision", 0.99), ("cat",))[0]
    assert tuned.status == "impossible"
    assert 1 / 3 < tuned.best < 0.99
    assert tuned_json(tuned)["threshold"] is None


def test_the_option_not_to_answer() -> None:
    case = vector_case(SIZES, separation=1.5, test_share=0.5)
    tuned = tune(case, Goal("precision", 0.9), whole=True)[0]
    assert tuned.precision[0] > tuned.usual[0][0]
    assert tuned.recall[0] < 1
    with pytest.raises(WrongGoal, match="precision"):
        tune(case, Goal("recall", 0.9), whole=True)
    loaded = json.loads(json.dumps(service_json(case, Goal("precision", 0.9), (tuned,)), allow_nan=False))
    assert loaded["answer_from"] == tuned.threshold
    assert loaded["temperature"] > 0


def test_too_few_pictures_are_not_tuned_on() -> None:
    with pytest.raises(NotApplicable, match="60"):
        tune(vector_case({"cat": 25, "dog": 25}), Goal("precision", 0.9))
    with pytest.raises(NotApplicable, match="hen"):
        tune(vector_case({"cat": 60, "hen": 12}), Goal("precision", 0.9), ("hen",))


def test_a_class_too_small_for_halves_is_not_said_to_be_missed() -> None:
    case = vector_case({"cat": 24, "dog": 200}, separation=8.0)
    tuned = tune(case, Goal("precision", 0.95), ("cat",))[0]
    assert tuned.status == "unmeasured"
    assert np.isfinite(tuned.threshold)
    assert tuned.precision == (0.0, 0.0, 1.0)


def test_mistyped_classes_and_contradictions_say_what_there_is() -> None:
    case = vector_case(SIZES, test_share=0.5)
    with pytest.raises(UnknownName, match="Classes: cat"):
        tune(case, Goal("precision", 0.9), ("cta",))
    with pytest.raises(WrongGoal, match="Leave one"):
        tune(case, Goal("precision", 0.9), ("cat",), whole=True)
    with pytest.raises(WrongGoal, match="Write"):
        Goal("cost", 5, float("nan"))


def test_an_option_that_cannot_be_reached_is_exported_as_never() -> None:
    case = vector_case(SIZES, separation=0.3, test_share=0.5)
    goal = Goal("precision", 0.99)
    assert service_json(case, goal, tune(case, goal, whole=True))["answer_from"] == "never"
    assert service_json(case, goal, tune(case, goal))["answer_from"] is None
