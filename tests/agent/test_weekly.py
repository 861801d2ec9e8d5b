"""Weeks of a workspace: each planted event stands in its week's report, and a week without one says so."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.weekly import weekly_report
from agent.weekly_parts import Sentence, action_list, data_sentences, finding_sentences, label_sentences
from agent.weekly_since import baseline
from app.report.first_page import compared_with
from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.dataset import Dataset, Label
from tools.decisions import Decisions, about_finding
from tools.errors import UnknownName
from tools.goals import Goals, Limit, set_goals
from tools.predictions import Predictions
from tools.reports import Report, Reports, WrongWeek, monday_of, week_after, week_of
from tools.settings import Settings
from tools.workspace import Workspace

MONDAY = datetime(2026, 11, 2, 7, tzinfo=timezone(timedelta(hours=1)))


def whole() -> Case:
    """120 training and 120 test pictures of two classes, with contents of their own."""
    case = vector_case({"cat": 120, "dog": 120}, separation=3, test_share=0.5)
    digests = np.array([f"{row:064x}" for row in range(len(case.ids))])
    return replace(case, dataset=replace(case.dataset, sha256=digests))


def kept_part(case: Case, rows: np.ndarray, names: list[str]) -> tuple[Dataset, Any]:
    data = case.dataset
    labels = tuple(Label(str(data.ids[row]), names[row]) for row in rows)
    dataset = replace(
        data, ids=data.ids[rows], sha256=data.sha256[rows], widths=data.widths[rows], heights=data.heights[rows],
        splits=data.splits[rows], labels=labels, metadata={k: v[rows] for k, v in data.metadata.items()},
        properties={k: v[rows] for k, v in data.properties.items()}, perceptual_hash=None,
    )  # fmt: skip
    space = case.space
    return dataset, replace(space, ids=space.ids[rows], vectors=space.vectors[rows], names=space.names[rows])


def told(report: Report, section: str) -> list[dict[str, Any]]:
    return next(s["sentences"] for s in report.document["sections"] if s["id"] == section)


def written(kept: Workspace, week: int, **more: Any) -> Report:
    case = kept.case(Settings(workspace=kept.path, repeats=2))
    return weekly_report(kept, case, MONDAY + timedelta(weeks=week), tries=0, **more)


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[Report]]:
    """Five weeks: half of the data; all of it; wrong labels; nothing; the labels mended, and a week missed between."""
    kept = Workspace.open(tmp_path_factory.mktemp("weeks") / "ws")
    case = whole()
    names = [case.classes[t] for t in case.targets]
    every = np.arange(len(names))
    half = np.flatnonzero(case.evaluation | (every % 2 == 0))
    wrong = list(names)
    for row in np.flatnonzero(case.fit)[::8]:
        wrong[row] = "dog" if wrong[row] == "cat" else "cat"
    out = []
    for week, (rows, labels) in {0: (half, names), 1: (every, names), 2: (every, wrong), 4: (every, names)}.items():
        kept.save_dataset(*kept_part(case, rows, labels))
        out.append(written(kept, week))
        if week == 2:
            out.append(written(kept, 3))
    return kept, out


def test_the_first_report_has_nothing_to_compare_with(weeks: tuple[Workspace, list[Report]]) -> None:
    first = weeks[1][0]
    assert first.week == "2026-W45"
    assert first.document["since"] is None
    assert first.document["headline"].startswith("The first report")
    assert first.document["next_due"] == "2026-11-09"
    assert "180 pictures in 2 classes." in [s["text"] for s in told(first, "data")]


def test_pictures_that_came_are_counted_by_class(weeks: tuple[Workspace, list[Report]]) -> None:
    texts = [s["text"] for s in told(weeks[1][1], "data")]
    assert "60 pictures added." in texts
    assert "Pictures by class: cat 90 before, 120 now; dog 90 before, 120 now." in texts


def test_wrong_labels_are_new_in_their_week_and_gone_when_mended(weeks: tuple[Workspace, list[Report]]) -> None:
    _, reports = weeks
    bad, mended = reports[2], reports[4]
    assert any(s["text"].startswith("15 pictures relabelled") for s in told(bad, "data"))
    new = [s for s in told(bad, "findings") if s["tone"] == "worse"]
    assert any("Labels that look wrong" in s["text"] for s in new)
    named = told(bad, "labels")[0]
    assert named["images"]
    assert any("Not found any more: Labels that look wrong" in s["text"] for s in told(mended, "findings"))


def test_advice_that_was_followed_is_held_against_its_promise(weeks: tuple[Workspace, list[Report]]) -> None:
    mended = weeks[1][4]
    done = [s for s in told(mended, "advice") if s["text"].startswith("Followed fully: relabel")]
    assert done
    assert "Measured: " in done[0]["text"]
    assert mended.document["followed"]
    waiting = [s for s in told(weeks[1][3], "advice") if s["text"].startswith("Followed")]
    assert not waiting


def test_a_week_without_events_is_short(weeks: tuple[Workspace, list[Report]]) -> None:
    quiet = weeks[1][3]
    assert quiet.document["headline"] == "Nothing changed."
    assert [s["text"] for s in told(quiet, "data")] == ["No picture and no label changed."]
    assert told(quiet, "labels") == []
    assert all(s["tone"] == "same" for section in quiet.document["sections"] for s in section["sentences"])


def test_a_missed_week_is_compared_with_the_last_one_there_is(weeks: tuple[Workspace, list[Report]]) -> None:
    kept, reports = weeks
    assert [r.week for r in Reports(kept).all()] == ["2026-W45", "2026-W46", "2026-W47", "2026-W48", "2026-W49"]
    assert reports[4].document["since"]["week"] == "2026-W48"


def test_every_number_of_a_sentence_is_evidence(weeks: tuple[Workspace, list[Report]]) -> None:
    for report in weeks[1]:
        for sentence in told(report, "data"):
            known = " ".join(e["text"] for e in sentence["evidence"])
            for number in (word for word in sentence["text"].replace(",", " ").split() if word.isdigit()):
                assert number in known


def test_the_trend_is_by_todays_labels(weeks: tuple[Workspace, list[Report]]) -> None:
    trend = weeks[1][4].document["trend"]
    assert [t["week"] for t in trend] == ["2026-W45", "2026-W46", "2026-W47", "2026-W48", "2026-W49"]
    assert all(t["low"] <= t["value"] <= t["high"] for t in trend)
    assert trend[2]["value"] == trend[3]["value"]


def test_a_second_run_in_the_week_refreshes_it(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    kept.save_dataset(case.dataset, case.space)
    first = written(kept, 0)
    again = written(kept, 0)
    assert (again.week, again.created) == (first.week, first.created)
    assert again.document["since"] is None
    assert len(Reports(kept).all()) == 1


def test_a_second_run_in_the_week_says_the_same_whatever_the_first_advised(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    names = [case.classes[t] for t in case.targets]
    wrong = list(names)
    for row in np.flatnonzero(case.fit)[::8]:
        wrong[row] = "dog" if wrong[row] == "cat" else "cat"
    fewer = np.setdiff1d(np.arange(len(names)), np.flatnonzero(case.fit)[1:30:8])
    weeks = [(fewer, wrong), (np.arange(len(names)), wrong), (np.arange(len(names)), names)]
    for week, (rows, labels) in enumerate(weeks):
        kept.save_dataset(*kept_part(case, rows, labels))
        first, second = written(kept, week), written(kept, week)
        for section in first.document["sections"]:
            assert told(second, section["id"]) == section["sentences"]
        assert second.document["headline"] == first.document["headline"]
        assert any("Not followed so far" in s["text"] for s in told(first, "advice")) == (week == 1)
    # What was told as followed is not told once more in a week without any change.
    after = told(written(kept, len(weeks)), "advice")
    assert not [s for s in after if s["text"].startswith("Followed")]


def test_a_better_and_a_worse_model_are_told(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    kept.save_dataset(case.dataset, case.space)
    judged, rng = np.flatnonzero(case.evaluation), np.random.default_rng(0)

    def predict(version: str, accuracy: float) -> None:
        said = case.targets.copy()
        wrong = rng.permutation(judged)[: round(len(judged) * (1 - accuracy))]
        said[wrong] = 1 - said[wrong]
        kept.save_predictions(case.dataset, Predictions("shop", version, np.eye(2)[said], said, True))

    predict("1", 0.7)
    written(kept, 0)
    predict("2", 0.95)
    better = written(kept, 1)
    assert told(better, "model")[0]["tone"] == "better"
    assert "Shop 2 now against shop 1 in 2026-W45" in told(better, "model")[0]["text"]
    predict("3", 0.7)
    worse = written(kept, 2)
    assert told(worse, "model")[0]["tone"] == "worse"
    assert "worse" in worse.document["headline"]


def test_the_same_predictions_are_nothing_new_when_pictures_go(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    kept.save_dataset(case.dataset, case.space)
    said = Predictions("shop", "1", np.eye(2)[case.targets], case.targets.copy(), True)
    kept.save_predictions(case.dataset, said)
    written(kept, 0)
    names = [case.classes[t] for t in case.targets]
    kept.save_dataset(*kept_part(case, np.arange(1, len(names)), names))
    assert [s["text"][:40] for s in told(written(kept, 1), "model")] == ["The model is the same: shop 1."]


def outcome(code: str, status: str, *findings: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "status": status, "findings": list(findings)}


def found(code: str, title: str, **more: Any) -> dict[str, Any]:
    level = {"level": "high", "errors_explained": 0.3}
    known = {"id": title, "code": code, "title": title, "severity": level, "settled": "", "evidence": [], "images": []}
    return {**known, **more}


@pytest.mark.parametrize(
    ("status", "done", "words", "tone"),
    [
        ("passed", {"x"}, "Not found any more: x.", "better"),
        ("passed", set(), "Not found any more: x.", "news"),
        ("failed", {"x"}, "Could not be looked for this time: x.", "news"),
        ("not_applicable", {"x"}, "Could not be looked for this time: x.", "news"),
    ],
)
def test_better_is_what_was_looked_for_after_something_was_done(
    status: str, done: set[str], words: str, tone: str
) -> None:
    then = {"findings": [{"id": "x", "code": "c", "title": "x", "level": "high", "settled": "", "images": []}]}
    told_now = finding_sentences({"outcomes": [outcome("c", status)]}, then, done)
    assert [(s.text, s.tone) for s in told_now] == [(words, tone)]


def test_a_label_that_two_findings_name_is_told_once() -> None:
    pair, whole_ = found("wrong-labels", "P", images=["a"]), found("wrong-labels", "W", images=["a", "b"])
    told_once = label_sentences({"outcomes": [outcome("wrong-labels", "found", pair, whole_)]}, None)
    assert [s.text for s in told_once] == ["2 labels look wrong (W)."]


def test_removing_what_can_be_relabelled_is_no_second_action() -> None:
    def action(key: str, delta: float, images: list[str]) -> dict[str, Any]:
        effect = [{"primary": True, "delta": delta}]
        return {"id": key, "verdict": "helps", "effect": effect, "images": images}

    three = [action("relabel", 0.05, ["a", "b"]), action("remove", 0.03, ["b", "a"]), action("other", 0.01, ["c"])]
    scope = {"classes": [], "pair": None}
    audit = {"outcomes": [outcome("c", "found", found("c", "T", scope=scope, recommendations=three))]}
    assert [a["id"] for a in action_list(audit)] == ["relabel", "other"]


def test_one_label_and_two() -> None:
    then = {"findings": []}
    one = {"outcomes": [outcome("wrong-labels", "found", found("wrong-labels", "T", images=["a"]))]}
    two = {"outcomes": [outcome("wrong-labels", "found", found("wrong-labels", "T", images=["a", "b"]))]}
    assert label_sentences(one, then)[0].text == "1 label looks wrong that was not named before (T)."
    assert label_sentences(two, None)[0].text == "2 labels look wrong (T)."


def test_a_step_that_fails_is_said_and_stops_nothing(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    kept.save_dataset(case.dataset, case.space)

    def broken() -> list[Sentence]:
        raise OSError("mailbox full")

    report = written(kept, 0, extra={"inbox": broken})
    assert {"step": "inbox", "error": "OSError: mailbox full"} in report.document["failed"]
    assert "step failed" in report.document["headline"] or "steps failed" in report.document["headline"]
    assert told(report, "data")


def test_what_was_dismissed_is_not_told(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    names = [case.classes[t] for t in case.targets]
    for row in np.flatnonzero(case.fit)[::8]:
        names[row] = "dog" if names[row] == "cat" else "cat"
    kept.save_dataset(*kept_part(case, np.arange(len(names)), names))
    first = written(kept, 0)
    assert any("Labels that look wrong" in s["text"] for s in told(first, "findings"))
    from tools.audit import run_checks
    from tools.documents import ranked

    found = next(f for f in ranked(run_checks(kept.case(Settings()), ["wrong-labels"])) if f.code == "wrong-labels")
    Decisions(kept).take([about_finding(found, "dismiss", who="Ada", why="drawn so")])
    second = written(kept, 1)
    (said,) = [
        s for s in told(second, "findings") if s["text"].startswith("Settled by a person: Labels that look wrong")
    ]
    assert said["tone"] == "news"  # a decision makes nothing better
    assert "dismissed by Ada" in said["text"]
    assert "drawn so" in said["text"]
    assert told(second, "labels") == []
    assert not any(a["code"] == "wrong-labels" for a in second.document["actions"])


def test_weeks_of_the_calendar() -> None:
    assert week_of(datetime(2021, 1, 3)) == "2020-W53"
    assert monday_of("2020-W53").isoformat() == "2020-12-28"
    assert week_after("2020-W53") == "2021-W01"
    for wrong in ("2026-48", "2026-W54", "2026-W00", "x"):
        with pytest.raises(WrongWeek):
            monday_of(wrong)


def test_actions_that_help_come_first_and_those_that_hurt_do_not_come() -> None:
    def advice(name: str, verdict: str | None, delta: float = 0.0) -> dict[str, Any]:
        effect = None if verdict is None else [{"primary": True, "delta": delta}]
        return {"id": name, "verdict": verdict, "effect": effect}

    finding = {
        "id": "f", "settled": None, "severity": {"level": "medium"}, "scope": {"classes": ["cat"], "pair": None},
        "recommendations": [
            advice("untried", None), advice("hurts", "hurts", -0.1), advice("small", "helps", 0.01),
            advice("large", "helps", 0.05), advice("nothing", "no_effect"),
        ],
    }  # fmt: skip
    found = action_list({"outcomes": [{"findings": [finding]}]})
    assert [a["id"] for a in found] == ["large", "small", "untried"]
    other = {**finding, "scope": {"classes": [], "pair": ["dog", "emu"]}, "recommendations": [advice("dog's", None)]}
    both = {"outcomes": [{"findings": [finding, other]}]}
    assert [a["id"] for a in action_list(both, frozenset({"dog"}))] == ["large", "small", "dog's"]


def test_the_goal_heads_the_report(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    case = whole()
    kept.save_dataset(case.dataset, case.space)
    set_goals(kept, case, Goals((Limit("cat", "miss", 0.0),)))
    report = written(kept, 0)
    assert report.document["headline"].startswith("Goal: miss at most 0 % of cat: ")
    assert report.document["sections"][0]["id"] == "goal"


def test_weeks_without_a_change_are_seldom_told_as_one() -> None:
    """At most 18 of 200 for "at most 5 %" (DECISIONS); here 60 weeks and their own 99 % quantile, 9."""
    from benchmarks.weekly import null_weeks

    for classes, pictures in ((2, 200), (9, 684)):
        assert null_weeks(60, classes, pictures, 0.8)[1] <= 9


def test_a_report_can_be_held_against_a_version_a_week_or_a_day(weeks: tuple[Workspace, list[Report]]) -> None:
    kept, reports = weeks
    case = kept.case(Settings(workspace=kept.path, repeats=2))
    then, said = baseline(kept, case, "2027-W01", "1")
    assert said is not None
    assert said["version"] == 1
    assert then is not None
    assert then["dataset"]["version"] == 1
    assert {f["code"] for f in then["findings"]} <= {f["code"] for f in reports[0].document["findings"]}
    added = [s.text for s in data_sentences(kept, case, then)]
    assert any("60 pictures added" in text for text in added)

    then, said = baseline(kept, case, "2027-W01", "2026-W46")
    assert said == {"week": "2026-W46", "created": reports[1].created}
    assert then == reports[1].document

    today = date.fromisoformat(reports[-1].created[:10])
    _, said = baseline(kept, case, "2027-W01", (today + timedelta(days=2)).isoformat())
    assert said == {"week": "2026-W49", "created": reports[-1].created}
    with pytest.raises(UnknownName, match="a day from"):
        baseline(kept, case, "2027-W01", (today - timedelta(days=9)).isoformat())
    with pytest.raises(UnknownName, match="the number of a version"):
        baseline(kept, case, "2027-W01", "last month")
    with pytest.raises(UnknownName, match="from 1 to 4"):
        baseline(kept, case, "2027-W01", "9")


def test_since_stands_in_the_report(weeks: tuple[Workspace, list[Report]]) -> None:
    kept, _ = weeks
    report = written(kept, 9, since="2")
    assert report.document["since"]["version"] == 2
    assert compared_with(report.document["since"]).startswith("Compared with version 2 of the data, of ")
    assert "No picture and no label changed." not in [s["text"] for s in told(report, "data")]
