"""The shopping list: what is measured says so with its interval, what is not promises nothing, goals weigh classes."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.vectors import vector_case
from tools.audit import run_checks
from tools.case import Case
from tools.effects import Measure
from tools.findings import Cost, Evidence, Finding, Outcome, Recommendation, Scope, severity
from tools.gap_trials import distinct, gap_of, try_gap
from tools.goals import Goals, Limit
from tools.shopping import ANY, CODES, Row, as_plan, class_weights, shopping_list
from tools.whatif import run_experiment


@pytest.fixture(scope="module")
def misled() -> Case:
    return cue_case()[0]


@pytest.fixture(scope="module")
def outcomes(misled: Case) -> tuple[Outcome, ...]:
    return tuple(run_checks(misled, list(CODES)))


def finding(code: str, name: str, *, slice: str | None = None, images: tuple[str, ...] = ()) -> Finding:
    collect = Recommendation("collect", f"pictures of {name} that are seen from below", code, "w", Cost(images=7))
    number = (Evidence("e", 1, "images"),)
    scope = Scope(classes=(name,), slice=slice)
    return Finding(code, f"{name} is short", severity(0.1), "s", number, scope, images, (collect,))


def test_every_row_is_measured_or_says_why_not(misled: Case, outcomes: tuple[Outcome, ...]) -> None:
    rows = shopping_list(misled, outcomes)
    assert {row.name for row in rows if row.condition == ANY} == {"apples", "citrus"}
    assert any("spurious-cue" in row.codes for row in rows)
    for row in rows:
        assert (row.gain is None) == bool(row.reason)
        assert row.pictures > 0
        for image in (row.there, row.fails):
            assert not image or misled.targets[misled.dataset.index[image]] == misled.classes.index(row.name)
        if row.fails:
            assert misled.derived.errors[misled.dataset.index[row.fails]]


def test_the_rare_setting_has_brought_more_per_picture_than_the_class(
    misled: Case, outcomes: tuple[Outcome, ...]
) -> None:
    rows = shopping_list(misled, outcomes)
    rare = [r for r in rows if r.codes == ("spurious-cue",) and r.per_picture is not None]
    whole = [r for r in rows if r.condition == ANY]
    assert rare
    assert max(r.per_picture or 0.0 for r in rare) > max(r.per_picture or 0.0 for r in whole)
    assert rows.index(rare[0]) < rows.index(whole[0])
    assert rare[0].of_condition is not None
    assert rare[0].of_condition.delta > 0.02


def test_what_is_left_out_is_the_condition_alone() -> None:
    case = vector_case({"a": 60, "b": 60}, test_share=0.3)
    marks = np.where(np.arange(120) % 60 < 30, "night", "day")
    case = replace(case, dataset=replace(case.dataset, metadata={"time": marks}))
    gap = gap_of(case, finding("weak-slices", "a", slice="time = night in a"))
    assert gap is not None
    assert gap.condition == "marked “time = night”"
    assert (gap.mask == ((marks == "night") & (case.targets == 0))).all()
    effect = try_gap(case, gap)
    assert effect.changed == pytest.approx((gap.mask & case.fit).sum() * 0.8, abs=3)  # by fold
    assert effect.cost.images == (gap.mask & case.fit).sum()
    assert [m.metric for m in effect.measures][-1] == "recall of a, marked “time = night”"


def test_measured_properties_and_likeness_are_conditions_too() -> None:
    case = vector_case({"a": 60, "b": 60})
    bright = np.linspace(0, 1, 120).astype(np.float32)
    case = replace(case, dataset=replace(case.dataset, properties={"brightness": bright}))
    gap = gap_of(case, finding("weak-slices", "b", slice="brightness high in b"))
    assert gap is not None
    assert gap.mask.sum() == 20
    assert bright[gap.mask].min() > bright[(case.targets == 1) & ~gap.mask].max()
    shown = tuple(case.ids[:6].tolist())
    alike = gap_of(case, finding("variety-angle", "a", images=shown))
    assert alike is not None
    assert alike.condition == "that are seen from below"
    assert alike.mask[:6].sum() >= 3
    assert not alike.mask[60:].any()


def test_nothing_untried_is_promised() -> None:
    case = vector_case({"a": 60, "b": 60})
    others = tuple(case.ids[60:70].tolist())
    lacking = finding("variety-angle", "a", images=others)
    rows = shopping_list(case, [Outcome("variety-angle", "found", "", 0.0, (lacking,))])
    row = next(r for r in rows if r.codes == ("variety-angle",))
    assert row.gain is None
    assert row.per_picture is None
    assert row.reason == "no training picture shows it, so nothing could be left out"
    assert (row.pictures, row.like) == (7, others[0])


def test_few_takes_say_nothing() -> None:
    case = vector_case({"a": 80, "b": 80, "c": 6})
    row = next(r for r in shopping_list(case, []) if r.name == "c")
    assert row.gain is None
    assert "too few independent takes" in row.reason


def test_settled_findings_are_left_alone() -> None:
    case = vector_case({"a": 60, "b": 60})
    settled = replace(finding("variety-angle", "a"), settled="dismissed")
    rows = shopping_list(case, [Outcome("variety-angle", "found", "", 0.0, (settled,))])
    assert [row.condition for row in rows] == [ANY, ANY]


def test_goals_weigh_classes() -> None:
    case = vector_case({"a": 60, "b": 60, "c": 60}, separation=0.5)
    assert class_weights(case, None) == {"a": 1.0, "b": 1.0, "c": 1.0}
    costs = Goals(costs=(("a", "miss", 3.0), ("b", "miss", 1.0), ("b", "false-alarm", 9.0)))
    assert class_weights(case, costs) == {"a": 1.5, "b": 0.5, "c": 1.0}
    missed = class_weights(case, Goals((Limit("a", "miss", 0.0), Limit("b", "miss", 0.99))))
    assert missed == {"a": 2.0, "b": 1.0, "c": 1.0}


def test_the_gain_per_picture_by_hand() -> None:
    measure = Measure("balanced accuracy", 0.7, 0.75, 0.01, 0.09, 0.01, "helps", 100, primary=True)
    row = Row("a", ANY, 25, measure, None, "", 2.0, "", "")
    assert row.per_picture == pytest.approx(2.0 * 0.05 / 25)


def test_one_condition_is_listed_once(misled: Case) -> None:
    shown = tuple(misled.ids[:8].tolist())
    gaps = [gap_of(misled, finding(code, "apples", images=shown)) for code in ("variety-angle", "variety-size")]
    assert len(distinct([g for g in gaps if g is not None])) == 1


def test_a_list_can_be_kept_as_a_shoot(misled: Case, outcomes: tuple[Outcome, ...]) -> None:
    rows = shopping_list(misled, outcomes)
    plan = as_plan(misled, [*rows, rows[0]])
    assert plan.kind == "list"
    assert len({c.folder for c in plan.cells}) == len(rows) + 1
    assert [c.wanted for c in plan.cells][:-1] == [r.pictures for r in rows]


def test_what_would_hurt_is_not_asked_for(misled: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def hurt(case: Case, kind: str, arguments: dict[str, str], **rest: object) -> object:
        effect = run_experiment(case, kind, arguments)
        bad = tuple(replace(m, verdict="hurts") if m.primary else m for m in effect.measures)
        return replace(effect, measures=bad) if arguments["class"] == "apples" else effect

    monkeypatch.setattr("tools.shopping.run_experiment", hurt)
    rows = shopping_list(misled, [], most=1)
    assert [row.name for row in rows] == ["citrus", "apples"]
    assert [row.hurts for row in rows] == [False, True]
