from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import views
from app.charts import effect_figure
from tools.case import Case
from tools.settings import Settings
from tools.workspace import Workspace

EFFECT = {
    "metric": "balanced accuracy",
    "before": 0.75,
    "after": 0.79,
    "low": 0.01,
    "high": 0.07,
    "noise": 0.012,
    "verdict": "helps",
}


def evidence(name: str = "recall of Lime", value: float = 0.3, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "share", "n": 30, "low": 0.12, "high": 0.57, "how": "Wilson", **more}


def finding(code: str, level: str, explained: float | None) -> dict[str, Any]:
    return {
        "code": code,
        "title": f"{code} {level}",
        "severity": {"level": level, "errors_explained": explained, "gain": None},
        "evidence": [evidence()],
    }


def test_numbers_stand_with_interval_and_count() -> None:
    rows = views.evidence_rows([evidence(), evidence("ratio\u202e", 8.33, unit="ratio", n=None, low=None, high=None)])

    assert rows[0] == {
        "Measured": "recall of Lime",
        "Value": "30.0 %",
        "Interval": "12.0–57.0 %",
        "Pictures": "30",
        "How": "Wilson",
    }
    assert rows[1]["Measured"] == "ratio\\u202e"
    assert (rows[1]["Value"], rows[1]["Interval"], rows[1]["Pictures"]) == ("8.3", "", "")


def test_findings_are_ranked_by_level_then_trust_then_share() -> None:
    given = [
        finding("class-balance", "medium", 0.1),
        finding("confusion-causes", "high", 0.9),
        finding("wrong-labels", "high", 0.2),
        finding("spurious-cue", "high", 0.95),
        finding("split-leakage", "high", None),
    ]
    audit = {"outcomes": [{"code": f["code"], "findings": [f]} for f in given]}

    assert [code for code, _ in views.ranked_findings(audit)] == [
        "split-leakage",
        "wrong-labels",
        "spurious-cue",
        "confusion-causes",
        "class-balance",
    ]


def test_an_effect_is_said_with_interval_noise_and_verdict() -> None:
    assert views.effect_sentence(EFFECT) == (
        "helps: balanced accuracy 75.0 % → 79.0 % (+4.0 points, interval +1.0 to +7.0 points; noise floor 1.2 points)"
    )
    unsure = {**EFFECT, "verdict": "cannot_tell", "low": -0.01, "needed": 900}
    assert views.effect_sentence(unsure).endswith("; about 900 evaluation pictures would settle it")


def test_an_effect_is_drawn_in_points() -> None:
    point = views.effect_point("relabel <b>12</b> $x$", EFFECT)
    assert (point.delta, point.low, point.high, point.noise) == pytest.approx((4.0, 1.0, 7.0, 1.2))

    figure = effect_figure([point])

    (trace,) = figure.data
    assert trace.x == pytest.approx((4.0,))
    assert trace.error_x.array == pytest.approx((3.0,))
    assert trace.error_x.arrayminus == pytest.approx((3.0,))
    band = figure.layout.shapes[0]
    assert (band.x0, band.x1) == pytest.approx((-1.2, 1.2))
    assert figure.layout.yaxis.ticktext == ("relabel &lt;b&gt;12&lt;/b&gt; &#36;x&#36;",)


def test_same_advice_for_several_targets_is_said_once() -> None:
    advice = [
        {"action": "collect", "target": "Lime", "why": "few", "experiment": None},
        {"action": "collect", "target": "Lemon", "why": "few", "experiment": None},
        {"action": "split", "target": "Lime", "why": "kinds", "experiment": "split-class"},
        {"action": "split", "target": "Lemon", "why": "kinds", "experiment": "split-class"},
    ]

    assert [a["target"] for a in views.merged_advice(advice)] == ["Lime, Lemon", "Lime", "Lemon"]


@pytest.fixture
def case(small_workspace: Path) -> Case:
    return Workspace.open(small_workspace).case(Settings(workspace=small_workspace))


def test_tiles_say_label_prediction_and_score(case: Case) -> None:
    wrong = [str(i) for i in case.ids[case.derived.errors]]
    assert wrong

    shown = views.tiles(case, [wrong[0], "no/such.jpg", wrong[0], str(case.ids[0])])

    assert [t.id for t in shown] == [wrong[0], str(case.ids[0])]
    row = case.dataset.index[wrong[0]]
    assert shown[0].label == case.classes[case.targets[row]]
    assert shown[0].predicted == case.classes[case.derived.predicted[row]]
    assert shown[0].score == pytest.approx(case.derived.scores[row].max())
    assert shown[0].wrong
    assert shown[0].said == f"{shown[0].predicted} {100 * (shown[0].score or 0):.0f}\xa0%"
    assert len(views.tiles(case, [str(i) for i in case.ids], limit=7)) == 7


def test_a_picture_that_was_not_judged_has_no_score(case: Case) -> None:
    case.derived.__dict__["predicted"] = np.full(len(case.ids), -1)

    (tile,) = views.tiles(case, [str(case.ids[0])])

    assert (tile.predicted, tile.score, tile.wrong, tile.said) == ("", None, False, "says nothing")


def test_worst_pairs_count_errors_by_hand(case: Case) -> None:
    n = len(case.ids)
    targets, predicted = case.targets, case.targets.copy()
    lime, lemon = case.number("Lime"), case.number("Lemon")
    predicted[np.flatnonzero(targets == lime)[:5]] = lemon
    predicted[np.flatnonzero(targets == lemon)[:3]] = lime
    case.derived.__dict__.update(predicted=predicted, judged=np.ones(n, bool), errors=predicted != targets)

    assert views.worst_pairs(case) == [("Lime", "Lemon", 5), ("Lemon", "Lime", 3)]
    questions = views.suggested_questions(case)
    assert questions[0] == "Why is my model confusing Lemon and Lime?"
    assert sum("confusing" in q for q in questions) == 1
    assert len(set(questions)) == len(questions)
