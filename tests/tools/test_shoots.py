"""Designed shoots: the statistic by hand, plans that stay as written, ticking off, what is shown and what is not."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.new_photos import arrive
from tools.audit import run_checks
from tools.case import Case
from tools.designing import design, find_cue
from tools.errors import AdvisorError, UnknownName, WorkspaceDamaged
from tools.findings import Evidence, Finding, Outcome, Scope, severity
from tools.shoot_arrivals import tick_off
from tools.shoot_evaluation import evaluate, is_full
from tools.shoot_evidence import shown_by_shoots
from tools.shoots import Cell, Plan, Shoots, slug
from tools.statistics import wilson
from tools.timeline import timeline
from tools.two_by_two import Cell as Counted
from tools.two_by_two import drop, objects_needed, power_of, shown_in_draws
from tools.workspace import Workspace

PAIR = ("apples", "citrus")
PLENTY = 30
"""Objects per cell that show a planted cue nearly always; those that a plan asks for do in four of five draws."""


@pytest.fixture(scope="module")
def misled() -> Case:
    return cue_case()[0]


@pytest.fixture
def kept(tmp_path: Path, misled: Case) -> Workspace:
    workspace = Workspace.open(tmp_path / "ws")
    workspace.save_dataset(misled.dataset, misled.space)
    return workspace


def planned(case: Case, *, want: float | None = None) -> Plan:
    return design(case, PAIR, "border_brightness", settings=("in hands", "on plates"), drop=want)


def test_the_drop_by_hand() -> None:
    """(.9 + .8 − .6 − .5) / 2 = .3; distances to the Wilson limits of each cell, squared, added, halved."""
    own, other = [Counted(18, 20), Counted(16, 20)], [Counted(12, 20), Counted(10, 20)]
    found = drop(own, other)
    down = [c.share - wilson(c.right, 20)[0] for c in own]
    up = [wilson(c.right, 20)[1] - c.share for c in other]
    assert found.value == pytest.approx(0.3)
    assert found.low == pytest.approx(0.3 - sum(x * x for x in [*down, *up]) ** 0.5 / 2)
    assert found.shown
    assert shown_in_draws(np.array([[18.0, 16.0, 12.0, 10.0]]), 20).tolist() == [True]


def test_many_draws_say_the_same_as_one() -> None:
    rng = np.random.default_rng(0)
    right = rng.integers(0, 13, size=(200, 4)).astype(np.float64)
    one_by_one = [
        drop([Counted(a, 12), Counted(b, 12)], [Counted(c, 12), Counted(d, 12)]).shown for a, b, c, d in right
    ]
    assert shown_in_draws(right, 12).tolist() == one_by_one


def test_power_is_reached_with_the_fewest_objects() -> None:
    shares = (0.9, 0.9, 0.55, 0.7)
    needed = objects_needed(shares)
    assert needed is not None
    assert power_of(shares, needed) >= 0.8 > power_of(shares, needed - 1)
    assert power_of((0.8, 0.8, 0.8, 0.8), 30) <= 0.05
    assert objects_needed((0.8, 0.8, 0.79, 0.79)) is None


def test_a_cue_is_found_by_name_or_refused_with_those_there_are(misled: Case) -> None:
    assert find_cue(misled, PAIR, "Border_Brightness").cue.name == "border_brightness"
    with pytest.raises(UnknownName, match="border_brightness"):
        find_cue(misled, PAIR, "moon phase")
    with pytest.raises(UnknownName, match="pears"):
        find_cue(misled, ("apples", "pears"), "border_brightness")
    with pytest.raises(UnknownName, match="two different"):
        find_cue(misled, ("apples", "apples"), "border_brightness")


def test_the_plan_says_what_is_expected(misled: Case) -> None:
    plan = planned(misled)
    assert [c.folder for c in plan.cells] == [
        "apples--in-hands", "citrus--on-plates", "apples--on-plates", "citrus--in-hands",
    ]  # fmt: skip
    shares = [c.expected.share for c in plan.cells if c.expected]
    assert plan.drop == pytest.approx((shares[0] + shares[1] - shares[2] - shares[3]) / 2)
    assert plan.low < plan.drop < plan.high
    assert len({c.wanted for c in plan.cells}) == 1
    assert plan.cells[0].wanted == objects_needed(shares)
    assert f"{plan.cells[0].wanted} different objects per cell" in plan.prediction
    assumed = planned(misled, want=0.3)
    assert "(assumed)" in assumed.prediction
    assert assumed.drop == pytest.approx(0.3)


def test_what_costs_nothing_is_no_experiment() -> None:
    innocent = cue_case(agreement=0.5)[0]
    with pytest.raises(AdvisorError, match="costs"):
        planned(innocent)


def test_what_was_written_down_cannot_be_changed(kept: Workspace, misled: Case) -> None:
    shoots = Shoots(kept)
    plan = shoots.write_down(planned(misled))
    assert shoots.get(None) == plan
    assert plan.number == 1
    with kept.database.writing() as db:
        db.execute("UPDATE shoots SET plan = replace(plan, '\"drop\": 0', '\"drop\": 1')")
    with pytest.raises(WorkspaceDamaged, match="design the shoot again"):
        shoots.all()


def test_a_kill_while_writing_leaves_no_plan(kept: Workspace, misled: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.shoots._seal", fall)
    with pytest.raises(KeyboardInterrupt):
        Shoots(kept).write_down(planned(misled))
    monkeypatch.undo()
    assert Shoots(kept).all() == ()


def test_cells_of_one_folder_are_refused(kept: Workspace) -> None:
    cells = (Cell("a", "on plates", 5), Cell("a", "On plates!", 5))
    with pytest.raises(AdvisorError, match="--settings"):
        Shoots(kept).write_down(Plan("list", "x", cells, 1))
    with pytest.raises(UnknownName, match="none there"):
        Shoots(kept).get(4)


def test_pictures_are_ticked_off_once(kept: Workspace, misled: Case) -> None:
    plan = replace(Shoots(kept).write_down(planned(misled)), number=1)
    case = arrive(misled, plan, 5, pictures=3)
    ids, digests, labels = case.ids.copy(), case.dataset.sha256.copy(), list(case.dataset.labels)
    first = len(misled.ids)
    digests[first] = misled.dataset.sha256[0]  # there before
    digests[first + 4] = digests[first + 3]  # twice the same bytes
    labels[first + 6] = replace(labels[first + 6], name="citrus")  # in a cell of apples
    case = Case(replace(case.dataset, ids=ids, sha256=digests, labels=tuple(labels)), case.space, case.settings)
    ticked = tick_off(case, plan, misled.dataset)
    assert [t.arrived for t in ticked] == [5, 5, 5, 5]
    assert [len(t.rows) for t in ticked] == [12, 15, 15, 15]
    assert (ticked[0].known, ticked[0].copies, ticked[0].mislabelled) == (1, 1, 1)
    assert ticked[0].missing == plan.cells[0].wanted - 5
    assert not is_full(ticked)
    other = replace(plan, number=2)
    assert [t.arrived for t in tick_off(case, other, misled.dataset)] == [0, 0, 0, 0]


def test_columns_and_class_folders_say_the_same_as_cell_folders(misled: Case) -> None:
    plan = replace(planned(misled), number=4)
    case = arrive(misled, plan, 3)
    first = len(misled.ids)
    ids = case.ids.astype("U200").copy()
    columns = {name: np.full(len(ids), "", dtype="U40") for name in ("shoot", "cell", "object")}
    for row in range(first, len(ids)):
        _, cell, thing, name = ids[row].split("/")
        if row % 2:
            label, _, setting = cell.rpartition("--")
            ids[row] = f"train/{label}/Shoot-4/{setting}/{thing}/{name}"
        else:
            ids[row] = f"{row}.jpg"
            columns["shoot"][row], columns["cell"][row], columns["object"][row] = "4", cell.upper(), thing
    labels = tuple(replace(x, image_id=str(i)) for x, i in zip(case.dataset.labels, ids, strict=True))
    dataset = replace(case.dataset, ids=ids, labels=labels, metadata=columns)
    told = Case(dataset, replace(case.space, ids=ids), case.settings)
    assert [t.arrived for t in tick_off(told, plan, misled.dataset)] == [3, 3, 3, 3]


def test_what_comes_through_the_inbox_is_known_by_where_it_came_from(misled: Case) -> None:
    plan = replace(planned(misled), number=1)
    case = arrive(misled, plan, 2)
    first = len(misled.ids)
    names = np.array([f".inbox/{i}.jpg" for i in range(len(case.ids) - first)])
    ids = np.concatenate([misled.ids, names])
    labels = tuple(replace(x, image_id=str(i)) for x, i in zip(case.dataset.labels, ids, strict=True))
    told = Case(replace(case.dataset, ids=ids, labels=labels), replace(case.space, ids=ids), case.settings)
    sources = dict(zip(case.dataset.sha256[first:].tolist(), case.ids[first:].tolist(), strict=True))
    assert [t.arrived for t in tick_off(told, plan, misled.dataset, sources)] == [2, 2, 2, 2]


def test_the_cue_that_misleads_is_shown_to(kept: Workspace, misled: Case) -> None:
    plan = Shoots(kept).write_down(planned(misled))
    case = arrive(misled, plan, PLENTY)
    ticked = tick_off(case, plan, misled.dataset)
    assert is_full(ticked)
    result = Shoots(kept).close(evaluate(case, plan, ticked, misled.dataset))
    assert result.verdict == "causal"
    assert result.as_predicted
    assert not result.early
    assert Shoots(kept).results() == {1: result}
    with pytest.raises(AdvisorError, match="design another shoot"):
        Shoots(kept).close(result)
    kinds = [event.kind for event in timeline(kept)]
    assert kinds.count("shoot") == 2


def test_the_innocent_twin_is_not(kept: Workspace) -> None:
    innocent = cue_case(agreement=0.5)[0]
    plan = replace(planned(innocent, want=0.3), number=1)
    case = arrive(innocent, plan, plan.cells[0].wanted)
    result = evaluate(case, plan, tick_off(case, plan, innocent.dataset), innocent.dataset)
    assert result.verdict == "not_shown"
    assert not result.as_predicted
    assert "is not shown" in result.text


def test_the_pictures_of_the_shoot_train_nobody_who_is_asked(misled: Case) -> None:
    """However many pictures have come of either setting, the model that was misled is the one that is judged."""
    plan = replace(planned(misled), number=1)
    few, many = (arrive(misled, plan, n) for n in (40, 120))
    costs = [evaluate(case, plan, tick_off(case, plan, misled.dataset), misled.dataset).value for case in (few, many)]
    assert min(costs) > 0.1
    own = many.derived.baseline.argmax(axis=1) == many.targets
    new = np.arange(len(many.ids)) >= len(misled.ids)
    other = np.array(["citrus--in" in i or "apples--on" in i for i in many.ids.tolist()])
    trained_on_them = own[new & ~other].mean() - own[new & other].mean()
    assert trained_on_them < min(costs) - 0.05


def test_an_empty_cell_and_a_list_cannot_be_evaluated(misled: Case) -> None:
    plan = replace(planned(misled), number=1)
    with pytest.raises(AdvisorError, match="apples--in-hands"):
        evaluate(misled, plan, tick_off(misled, plan, misled.dataset), misled.dataset)
    listed = replace(plan, kind="list")
    with pytest.raises(AdvisorError, match="a list of pictures"):
        evaluate(misled, listed, tick_off(misled, listed, misled.dataset), misled.dataset)


def test_the_finding_climbs_the_ladder(misled: Case) -> None:
    plan = replace(planned(misled), number=1)
    case = arrive(misled, plan, PLENTY)
    result = evaluate(case, plan, tick_off(case, plan, misled.dataset), misled.dataset)
    (outcome,) = run_checks(misled, ["spurious-cue"])
    about = [f for f in outcome.findings if f.scope.slice == "border_brightness"]
    assert about
    assert all(f.rung == "used" for f in about)
    (after,) = shown_by_shoots([outcome], {1: result})
    for finding in after.findings:
        if finding.scope.slice == "border_brightness":
            assert finding.rung == "causal"
            assert finding.value("cost of the other setting in the shoot") == result.value
            assert "shows that it is a cause" in finding.summary
    other = Finding(
        "spurious-cue", "t", severity(None), "s", (Evidence("e", 1, "images"),), Scope(pair=("a", "b"), slice="x")
    )
    assert shown_by_shoots([Outcome("spurious-cue", "found", "", 0.0, (other,))], {1: result})[0].findings == (other,)


def test_folder_names() -> None:
    assert slug("  „Im Körbchen“ / 2 ") == "im-körbchen-2"
    assert slug("???") == "any"
    assert len(slug("x" * 300)) <= 40


def test_older_workspaces_have_no_shoots(tmp_path: Path, misled: Case) -> None:
    kept = Workspace.open(tmp_path / "old")
    kept.save_dataset(misled.dataset, misled.space)
    file = next((tmp_path / "old").glob("*.sqlite*"))
    with sqlite3.connect(file) as db:
        db.execute("DROP TABLE shoots")
        db.execute("DROP TABLE shoot_results")
        db.execute("PRAGMA user_version = 6")
    assert Shoots(kept).all() == ()
    assert Shoots(kept).results() == {}
