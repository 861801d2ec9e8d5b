"""Twelve weeks as a scheduler lives them: every event in its own week's report, no week and no letter twice."""

from collections import Counter

import pytest

from benchmarks.planting.twelve_lived import EVENTS, Event, Life, changed_without_reason, sentences, told_in, told_twice
from benchmarks.planting.twelve_weeks import Week, story
from tools.reports import Report, Reports, week_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Life, list[Week]]:
    life, weeks = Life(tmp_path_factory.mktemp("twelve")), list(story())
    for week in weeks:
        life.live(week)
    return life, weeks


def tones(report: Report, tone: str) -> list[str]:
    return [text for text, its in sentences(report) if its == tone]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.what)
def test_every_event_stands_in_its_weeks_report_and_in_no_other(event: Event, lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    assert told_in(life.by_number(weeks), event) == event.weeks


def test_every_week_says_what_happened_and_the_missed_one_nothing(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    reports = life.by_number(weeks)
    for week in weeks:
        if week.event == "missed":
            assert week.number not in reports
            assert reports[week.number + 1].document["since"]["week"] == week_of(weeks[week.number - 1].moment)
        else:
            assert any(week.says in text for text, _ in sentences(reports[week.number])), week.says


def test_what_gets_worse_and_better_is_told_so(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    reports = life.by_number(weeks)
    assert any(t.startswith("New: Labels that look wrong") for t in tones(reports[2], "worse"))
    assert any(t.startswith("Not found any more: Labels that look wrong") for t in tones(reports[6], "better"))


def test_a_week_without_change_tells_nothing_better_or_worse(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    assert not changed_without_reason(life.by_number(weeks))


def test_one_report_and_one_letter_a_week(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    expected = sorted(week_of(w.moment) for w in weeks if w.event != "missed")
    assert "2026-W53" in expected
    assert [r.week for r in Reports(life.kept).all()] == expected
    assert Counter(life.received) == Counter(expected)
    assert not told_twice(life)
    assert sum(text.startswith("Made") for text in life.said) == len(expected)
    # Five to seven on the wall clock is early also after clocks went back; a day later the report is there already.
    assert sum(text.startswith("Not due") for text in life.said) == len(weeks)
    assert sum("there already" in text for text in life.said) == len(expected)


def test_a_job_killed_half_way_is_overdue_and_then_made(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    assert life.overdue == [week_of(w.moment) for w in weeks if w.event == "killed"]


def test_letters_of_a_day_without_a_mail_server_arrive_afterwards(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    down = next(week_of(w.moment) for w in weeks if w.event == "mail down")
    assert life.received[life.received.index(down) - 1] < down
    assert life.received.count(down) == 1


def test_the_trend_measures_old_weeks_on_todays_ruler(lived: tuple[Life, list[Week]]) -> None:
    life, weeks = lived
    last = life.by_number(weeks)[11].document["trend"]
    assert len(last) == 11
    values = [entry["value"] for entry in last]
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in last)
    assert max(values[2:5]) < values[-1]  # trained on wrong labels, judged by today's
