"""Twelve weeks as a scheduler lives them: every event in its own week's report, no week and no letter twice."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.weekly import weekly_report
from app.schedule import Schedule, keep, once, parse, state
from benchmarks.planting.twelve_weeks import ZONE, Week, story
from tools.outbox import Outbox, TryLater
from tools.reports import Report, Reports, week_of
from tools.settings import Settings
from tools.workspace import Workspace

pytestmark = pytest.mark.slow
READER = "anna@example.org"


class Killed(BaseException):
    """What a kill looks like from inside: nothing after it runs."""


class Life:
    """A workspace, its scheduler and its mail."""

    def __init__(self, folder: Path) -> None:
        self.kept = Workspace.open(folder / "ws")
        self.schedule: Schedule = parse("mon 07:00", ZONE)
        keep(self.kept, self.schedule)
        self.received: list[str] = []
        self.said: list[str] = []
        self.down = False

    def make(self, moment: datetime) -> None:
        case = self.kept.case(Settings(workspace=self.kept.path, repeats=2))
        report = weekly_report(self.kept, case, moment, tries=2)
        Outbox(self.kept).queue(report.week, [READER])
        self.post()

    def post(self) -> None:
        outbox = Outbox(self.kept)
        for letter in outbox.waiting():
            outbox.send(letter, lambda week=letter.week: self.hand_over(week))

    def hand_over(self, week: str) -> None:
        if self.down:
            raise TryLater("no connection")
        self.received.append(week)

    def tick(self, moment: datetime) -> str:
        done = once(self.kept, self.schedule, moment, lambda: self.make(moment))
        self.said.append(done)
        return done


def live(life: Life, week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    """One week."""
    if week.change is not None:
        week.change(life.kept)
    early = week.moment - timedelta(minutes=35)
    assert "Not due" in life.tick(early)  # five to seven on the wall clock, also after clocks went back
    if week.event == "missed":
        return
    if week.event == "killed":
        with monkeypatch.context() as broken:
            broken.setattr(Reports, "keep", _die)
            with pytest.raises(Killed):
                life.tick(week.moment)
        overdue = state(life.kept, week.moment)
        assert overdue is not None
        assert overdue["overdue"]
    life.down = week.event == "mail down"
    assert life.tick(week.moment).startswith("Made")
    if life.down:
        assert week_of(week.moment) not in life.received
        life.post()
        life.down = False
        life.post()
    assert "there already" in life.tick(week.moment + timedelta(days=1))
    life.post()


def _die(*_: Any) -> None:
    raise Killed


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Life, list[Week]]:
    life, weeks = Life(tmp_path_factory.mktemp("twelve")), list(story())
    with pytest.MonkeyPatch.context() as patch:
        for week in weeks:
            live(life, week, patch)
    return life, weeks


def texts(report: Report) -> list[str]:
    found = [s["text"] for part in report.document["sections"] for s in part["sentences"]]
    return [report.document["headline"], *found]


def tones(report: Report, tone: str) -> list[str]:
    return [s["text"] for part in report.document["sections"] for s in part["sentences"] if s["tone"] == tone]


def by_week(life: Life, weeks: list[Week]) -> dict[int, Report]:
    there = {r.week: r for r in Reports(life.kept).all()}
    return {w.number: there[week_of(w.moment)] for w in weeks if week_of(w.moment) in there}


def test_every_event_stands_in_its_weeks_report_and_in_no_other(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    reports = by_week(life, weeks)
    for week in weeks:
        if week.event == "missed":
            assert week.number not in reports
            continue
        assert any(week.says in text for text in texts(reports[week.number])), (week.number, week.says)
    for said, number in (("pictures relabelled", 2), ("The first report", 0), ("Followed fully: relabel", 6)):
        there = [n for n, report in reports.items() if any(said in t for t in texts(report))]
        assert number in there
        assert set(there) <= {number, 6}  # mending relabels the same pictures back


def test_faults_are_told_when_they_come_and_when_they_go(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    reports = by_week(life, weeks)
    assert any("labels look wrong" in t or "label looks wrong" in t for t in texts(reports[2]))
    assert any(t.startswith("Not followed so far") and "relabel" in t for t in texts(reports[3]))
    assert any(s["tone"] == "better" for p in reports[6].document["sections"] for s in p["sentences"])
    leak = [t for t in tones(reports[9], "worse") if t.startswith("New: ") and ("test" in t or "copies" in t)]
    assert leak
    assert any(t.startswith("Not found any more") for t in tones(reports[10], "better"))


def test_a_week_without_change_tells_nothing_better_or_worse(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    reports = by_week(life, weeks)
    for week in weeks:
        if week.says == "No picture and no label changed.":
            assert not tones(reports[week.number], "better"), week.number
            assert not tones(reports[week.number], "worse"), week.number


def test_one_report_and_one_letter_a_week(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    expected = sorted(week_of(w.moment) for w in weeks if w.event != "missed")
    assert "2026-W53" in expected
    assert [r.week for r in Reports(life.kept).all()] == expected
    assert Counter(life.received) == Counter(expected)
    assert sum(text.startswith("Made") for text in life.said) == len(expected)


def test_the_trend_measures_old_weeks_on_todays_ruler(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    last = by_week(life, weeks)[11].document["trend"]
    assert len(last) == 11
    values = [entry["value"] for entry in last]
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in last)
    assert max(values[2:5]) < values[-1]  # trained on wrong labels, judged by today's
