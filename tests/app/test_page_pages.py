"""Overview, confusion, findings, thresholds: driven without a browser over the small workspace."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.commands import open_case, run_audit
from app.guide_rows import ROWS, checklist, state_of
from app.kept_audit import key_of, read_audit
from app.view_confusion import Confusion, cell_ids, cell_sentence, chosen_cell, confusion, heat_figure
from app.view_thresholds import at, by_hand, curve
from benchmarks.planting.vectors import vector_case
from tests.app.conftest import OpenPage, everything
from tools.decisions import Decisions
from tools.registry import checks
from tools.workspace import Workspace


@pytest.fixture
def audited(own_workspace: Path) -> Path:
    run_audit(checks=None, classes=(), tries=0, fail_on=None, group=None, seed=None, workspace=own_workspace, json=None)
    return own_workspace


def test_overview_before_any_check_offers_to_run_them(open_page: OpenPage) -> None:
    page = open_page("overview").run()

    assert not page.exception
    assert "have not been run" in page.info[0].value
    assert [b.label for b in page.button if b.key == "start-Run every check"] == ["Run every check"]
    assert [m.label for m in page.metric if m.label == "Balanced accuracy"]


def test_overview_says_headline_actions_events_and_guide_rows(audited: Path, open_page: OpenPage) -> None:
    page = open_page("overview").run()

    assert not page.exception
    kept, case = open_case(audited)
    audit = read_audit(kept.recall(key_of(case)) or "")
    assert {o.code for o in audit.outcomes} == set(checks())
    rows = page.main.dataframe[-1].value
    assert list(rows["Row"]) == [row.row for row in ROWS]
    assert "What to do first" in everything(page)
    assert "\u202e" not in everything(page)


def test_every_check_named_in_the_guide_rows_exists() -> None:
    assert {code for row in ROWS for code in row.checks} <= set(checks())


def test_the_state_of_a_guide_row_is_its_worst_open_finding() -> None:
    def found(level: str, *classes: str, settled: str | None = None) -> dict[str, object]:
        return {"severity": {"level": level}, "settled": settled, "scope": {"classes": list(classes), "pair": None}}

    outcomes = {
        "a": {"status": "found", "findings": [found("low", "Lime"), found("high", "Lemon")]},
        "b": {"status": "passed", "findings": []},
        "c": {"status": "not_applicable", "findings": []},
        "d": {"status": "found", "findings": [found("high", settled="dismissed")]},
    }
    assert [state_of([code], outcomes) for code in "abcde"] == ["to do", "fine", "not here", "fine", "not run"]
    assert state_of(["a"], outcomes, "Lime") == "look"
    assert state_of(["a"], outcomes, "Kiwi") == "fine"
    assert state_of(["b", "c"], outcomes) == "fine"
    document = {"outcomes": [{"code": "class-balance", **outcomes["a"]}]}
    row = next(r for r in checklist(document, ["Lime"]) if r["Row"] == "G11")
    assert (row["State"], row["Lime"]) == ("to do", "◐")


def test_findings_are_filtered_and_decided_on_the_page(audited: Path, open_page: OpenPage) -> None:
    page = open_page("findings").run()
    assert not page.exception
    toggles = [t for t in page.toggle if str(t.key).startswith("see-")]
    first = str(toggles[0].key).removeprefix("see-")
    toggles[0].set_value(True).run()
    assert not page.exception
    assert page.get("bidi_component") or "names no picture" in everything(page)

    page.text_input(key=f"why-{first}").set_value("known <b>").run()
    page.button(key=f"dismiss-{first}").click().run()

    assert not page.exception
    standing = Decisions(Workspace.open(audited)).standing()
    assert [(d.kind, d.about, d.why) for d in standing] == [("dismiss", first, "known <b>")]
    assert not [t for t in page.toggle if t.key == f"see-{first}"]
    page.segmented_control(key="findings-kind").set_value("Decided").run()
    assert "dismissed" in page.info[0].value
    page.button(key=f"reopen-{first}").click().run()
    assert not Decisions(Workspace.open(audited)).standing()


def test_passed_and_inapplicable_checks_are_shown_with_their_reasons(audited: Path, open_page: OpenPage) -> None:
    page = open_page("findings").run()
    for kind in ("Passed", "Not applicable"):
        page.segmented_control(key="findings-kind").set_value(kind).run()
        assert not page.exception
        assert len(page.markdown) > 4


def test_the_confusion_matrix_counts_what_was_judged(small_workspace: Path) -> None:
    _, case = open_case(small_workspace)
    found = confusion(case)

    assert found.counts.sum() == case.derived.judged.sum() == 30
    assert found.counts.trace() == (30 - case.derived.errors.sum())
    assert found.scores.sum(axis=1) == pytest.approx(1.0)
    for true in found.classes:
        for said in found.classes:
            count = found.counts[found.classes.index(true), found.classes.index(said)]
            assert len(cell_ids(case, true, said)) == count
            assert cell_sentence(found, true, said).startswith(f"{count} of 10 judged pictures of {true}")
    assert chosen_cell([{"point_index": 5}], found.classes) == (found.classes[1], found.classes[2])
    assert chosen_cell([], found.classes) is None
    assert chosen_cell([{"point_index": 99}], found.classes) is None
    drawn = heat_figure(found, "counts").to_json()
    assert "<b>" not in drawn
    assert "&lt;b&gt;" in drawn


def test_every_picture_of_the_matrix_is_written_into_it() -> None:
    counts = np.array([[999, 1], [0, 5]])
    drawn = heat_figure(Confusion(("a", "b"), counts, np.array([[0.999, 0.001], [0.0, 1.0]])), "counts")
    assert [(a.y, a.x, a.text) for a in drawn.layout.annotations] == [
        ("a", "a", "999"), ("a", "b", "1"), ("b", "b", "5")
    ]  # fmt: skip


def test_negative_is_no_class_of_the_matrix() -> None:
    case = vector_case({"apple": 40, "pear": 40, "Negative": 40}, seed=3, separation=1.0)
    found = confusion(case)
    inside = np.isin(case.targets, [case.number("apple"), case.number("pear")]) & case.derived.judged
    away = inside & (case.derived.predicted == case.number("Negative"))
    none = case.derived.judged & (case.targets == case.number("Negative"))
    called = int((none & (case.derived.predicted != case.number("Negative"))).sum())

    assert found.classes == ("apple", "pear")
    assert found.counts.sum() == inside.sum() - away.sum()
    assert found.outside[0].startswith(f"{called} of 40 judged pictures of Negative, which means none of the classes")
    assert f"; {away.sum()} of the classes" in found.outside[0]


def test_a_cell_leads_to_its_pictures_and_to_why(open_page: OpenPage) -> None:
    page = open_page("confusion").run()
    assert not page.exception
    page.selectbox(key="confusion-true").set_value("Lemon").run()
    page.selectbox(key="confusion-said").set_value("Lime").run()
    assert not page.exception
    assert "judged pictures of Lemon" in everything(page)
    assert page.get("bidi_component")
    page.button(key="confusion-why").click().run()
    assert not page.exception
    assert page.chat_message[0].markdown[0].value == "Why is my model confusing Lemon and Lime?"


def test_a_threshold_is_measured_by_hand(small_workspace: Path) -> None:
    _, case = open_case(small_workspace)
    rows = case.derived.judged
    number = case.number("Lime")
    yes, true = case.derived.scores[rows, number] >= 0.4, case.targets[rows] == number
    found = at(case, "Lime", 0.4)

    assert (found.hits, found.said, found.there) == (int((yes & true).sum()), int(yes.sum()), 10)
    assert found.precision[0] == pytest.approx(found.hits / found.said)
    assert found.recall[0] == pytest.approx(found.hits / 10)
    assert found.cost(5, 1) == 5 * (10 - found.hits) + (found.said - found.hits)
    assert at(case, "Lime", 0.0).recall[0] == 1.0
    assert curve(case, "Lime").shape == (41, 8)
    kept = by_hand(case, {"Lime": 0.4})
    assert kept["classes"]["Lime"]["threshold"] == 0.4
    assert json.loads(json.dumps(kept, allow_nan=False))["subject"] == "baseline"


def test_thresholds_move_and_a_goal_without_pictures_enough_is_said(open_page: OpenPage) -> None:
    page = open_page("thresholds").run()
    assert not page.exception
    page.selectbox(key="threshold-class").set_value("Lime").run()
    before = [m.value for m in page.metric]
    page.slider(key="threshold-Lime").set_value(0.9).run()
    assert not page.exception
    assert [m.value for m in page.metric] != before
    assert [b.label for b in page.get("download_button")]
    next(b for b in page.button if b.label == "Find").click().run()
    assert not page.exception
    assert "a threshold needs 60 judged pictures" in everything(page)
